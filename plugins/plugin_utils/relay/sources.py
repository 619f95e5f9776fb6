# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: source groups (who may relay, who owns that, until when) and their resolution."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from .declaration import mapping, near_match, only_keys, text
from .errors import InputError
from .ranges import IPRange, parse_range, shown, split_entries

_GROUP_KEYS = ("owner", "ticket", "reason", "addresses", "file", "content")
_ADDRESS_KEYS = ("address", "expires", "owner", "ticket", "reason", "name")
# Enough of an address to be judged as one, so that a typing error in it is not taken for the name of a group.
_LIKE_AN_ADDRESS = re.compile(r"[0-9a-fA-F]*[.:][0-9a-fA-F.:%/()*\s-]*|[0-9][0-9./*\s-]*")


@dataclass(frozen=True)
class Source:
    """One address, range or network that may relay; the texts are for people, "" when unknown."""

    range: IPRange
    group: str = ""
    name: str = ""
    owner: str = ""
    ticket: str = ""
    reason: str = ""
    expires: date | None = None

    @property
    def label(self) -> str:
        """How a message names it: the address with what is known of it."""
        known = [part for part in ("/".join(filter(None, (self.group, self.name))), self.owner) if part]
        return f"{self.range} ({', '.join(known)})" if known else str(self.range)


@dataclass(frozen=True)
class SourceList:
    """The resolved sources of one service: without duplicates, in the order of declaration.

    expired: those of the entries whose last day is over; they are entries all the same.
    """

    entries: tuple[Source, ...]
    expired: tuple[Source, ...] = ()

    @property
    def ranges(self) -> frozenset[IPRange]:
        """The ranges alone, as a receive connector's remote_ip_ranges."""
        return frozenset(entry.range for entry in self.entries)

    def label(self, address: IPRange) -> str:
        """How a message names one of the ranges."""
        return next((entry.label for entry in self.entries if entry.range == address), str(address))


@dataclass(frozen=True)
class SourceGroup:
    """One named group of sources."""

    name: str
    sources: tuple[Source, ...]


def parse_source_groups(raw: object) -> dict[str, SourceGroup]:
    """relay_source_groups as declared (None: no groups).

    A group with `file` needs what the file holds in `content` (a list, or text with an entry a line), which the
    caller reads: nothing here opens files.

    Raises:
        InputError: one sentence naming the group, the value and what would be right.
    """
    if raw is None:
        return {}
    groups = mapping(raw, "source_groups", "{payroll: {owner: hr@contoso.com, addresses: [10.20.4.11]}}")
    return {name: _parse_group(name, value) for name, value in groups.items()}


def _parse_group(name: str, raw: object) -> SourceGroup:
    where = f"source_groups.{name}"
    if _LIKE_AN_ADDRESS.fullmatch(name):
        raise InputError(f"{where}: the name of a group must not look like an address; give it another name.")
    group = mapping(raw, where, "{owner: hr@contoso.com, addresses: [10.20.4.11]}")
    only_keys(group, _GROUP_KEYS, where)
    origin = Source(
        IPRange(4, 0, 0),
        name,
        owner=text(group.get("owner"), f"{where}.owner"),
        ticket=text(group.get("ticket"), f"{where}.ticket"),
        reason=text(group.get("reason"), f"{where}.reason"),
    )
    return SourceGroup(name, tuple(_parse_addresses(_declared_addresses(group, where), origin, where)))


def _declared_addresses(group: Mapping[str, object], where: str) -> object:
    given = [key for key in ("addresses", "file") if group.get(key) is not None]
    if len(given) != 1:
        found = "neither addresses nor file" if not given else "both addresses and file"
        raise InputError(f"{where}: the group has {found}; give one of them ([] when it is to be empty).")
    if given == ["addresses"]:
        return group["addresses"]
    if group.get("content") is None:
        raise InputError(
            f"{where}: the file {shown(group['file'])} has not been read, so its addresses are unknown; "
            "give them as addresses."
        )
    return group["content"]


def _parse_addresses(raw: object, origin: Source, where: str) -> Iterator[Source]:
    if isinstance(raw, Mapping):
        for name, value in mapping(raw, f"{where}.addresses", "{pay01: 10.20.4.11}").items():
            yield _parse_address(value, replace(origin, name=name), f"{where}.addresses.{name}")
        return
    if isinstance(raw, str):
        entries: list[object] = list(split_entries(raw, f"{where}.addresses"))
        if not entries:
            raise InputError(f"{where}.addresses: the text is empty; write addresses, or [] when there are none.")
    elif isinstance(raw, (list, tuple)):
        entries = list(raw)
    else:
        raise InputError(f"{where}.addresses: {shown(raw)} is neither a list, a mapping nor text; write [10.20.4.11].")
    for entry in entries:
        if isinstance(entry, Mapping):
            yield _parse_address(entry, origin, f"{where}.addresses")
        else:
            for word in split_entries([entry], f"{where}.addresses"):
                yield _parse_address(word, origin, f"{where}.addresses")


def _parse_address(raw: object, origin: Source, where: str) -> Source:
    if not isinstance(raw, Mapping):
        return replace(origin, range=parse_range(raw, where))
    entry = mapping(raw, where, "{address: 10.20.4.12, expires: 2027-03-31}")
    only_keys(entry, _ADDRESS_KEYS, where)
    known = {key: text(entry[key], f"{where}.{key}") for key in ("name", "owner", "ticket", "reason") if entry.get(key)}
    return replace(
        origin,
        range=parse_range(entry.get("address"), f"{where}.address"),
        expires=_parse_date(entry.get("expires"), f"{where}.expires"),
        **known,
    )


def _parse_date(raw: object, where: str) -> date | None:
    if raw is None:
        return None
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str):
        try:
            return date.fromisoformat(raw.strip())
        except ValueError:
            pass
    raise InputError(f"{where}: {shown(raw)} is not a date; write year-month-day, such as 2027-03-31.")


def resolve_sources(sources: object, groups: Mapping[str, SourceGroup], today: date, where: str) -> SourceList:
    """Names of groups and literal addresses (a list, or survey text) as one list of sources.

    Args:
        sources: what was declared.
        groups: the groups by name.
        today: the day that expiry is judged by; an address is good through its last day.
        where: the option, for messages.

    Raises:
        InputError: nothing was declared, a group is unknown, an address is wrong.
    """
    if sources is None:
        raise InputError(f"{where}: no sources are declared; name who may relay, or [] when nobody may.")
    words = split_entries(sources, where, "write names of source groups or addresses")
    if not words and sources != []:
        raise InputError(f"{where}: the list of sources is empty; name who may relay, or [] when nobody may.")
    found: dict[IPRange, Source] = {}
    for word in words:
        for source in _resolve(word, groups, where):
            found.setdefault(source.range, source)
    entries = tuple(found.values())
    return SourceList(entries, tuple(entry for entry in entries if entry.expires is not None and entry.expires < today))


def _resolve(word: str, groups: Mapping[str, SourceGroup], where: str) -> tuple[Source, ...]:
    group = groups.get(word)
    if group is not None:
        return group.sources
    if _LIKE_AN_ADDRESS.fullmatch(word):
        return (Source(parse_range(word, where)),)
    raise InputError(f"{where}: source group {shown(word)} is not defined; {near_match(word, groups)}")
