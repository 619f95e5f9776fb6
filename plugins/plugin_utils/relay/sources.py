# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: source groups (who may relay, who owns that, until when) and their resolution."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from .declaration import mapping, near_match, only_keys, text
from .errors import InputError
from .policy import Expired
from .ranges import IPRange, parse_range, shown, split_entries
from .source_files import FileRow, read_rows
from .values import ListChange

EXPIRING_DAYS = 30
"""How many days ahead an address that will expire is reported."""

_GROUP_KEYS = ("owner", "ticket", "reason", "expires", "addresses", "file", "content")
_CHANGE_KEYS = ("add", "remove", "set")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
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

    entries: who may relay; of a change, what is added.
    expired: those of the entries whose last day is over; they are entries all the same.
    expiring: those of the entries that have at most 30 days left.
    removed: sources whose last day is over and that leave for it; they are no entries.
    change: what is added to and removed from the list that the connector has; None where the whole list is declared.
    """

    entries: tuple[Source, ...]
    expired: tuple[Source, ...] = ()
    expiring: tuple[Source, ...] = ()
    removed: tuple[Source, ...] = ()
    change: ListChange | None = None
    _labels: dict[IPRange, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def ranges(self) -> frozenset[IPRange]:
        """The ranges of the entries alone."""
        return frozenset(entry.range for entry in self.entries)

    @property
    def value(self) -> frozenset[IPRange] | ListChange:
        """A receive connector's remote_ip_ranges: all of them, or the change of them."""
        return self.ranges if self.change is None else self.change

    @property
    def nobody(self) -> bool:
        """Whether it says that nobody may relay, which a change of a list never does."""
        return self.change is None and not self.entries

    def label(self, address: IPRange) -> str:
        """How a message names one of the ranges."""
        if not self._labels:
            self._labels.update((entry.range, entry.label) for entry in self.entries)
        return self._labels.get(address, str(address))

    def parts(
        self, buckets: Sequence[frozenset[IPRange]], cut: Mapping[IPRange, IPRange | None] | None = None
    ) -> list[SourceList]:
        """What is known of the ranges in each of the buckets, which share none.

        Args:
            buckets: ranges of the entries.
            cut: what is left of those ranges that are not written whole, None for nothing.
        """
        number_of = {entry: number for number, bucket in enumerate(buckets) for entry in bucket}

        def spread(sources: tuple[Source, ...]) -> list[tuple[Source, ...]]:
            found: list[list[Source]] = [[] for _bucket in buckets]
            for source in sources:
                left = source.range if cut is None else cut.get(source.range, source.range)
                if left is not None and source.range in number_of:
                    kept = source if left is source.range else replace(source, range=left)
                    found[number_of[source.range]].append(kept)
            return [tuple(part) for part in found]

        rows = zip(spread(self.entries), spread(self.expired), spread(self.expiring), strict=True)
        return [SourceList(entries, over, soon) for entries, over, soon in rows]


@dataclass(frozen=True)
class SourceGroup:
    """One named group of sources."""

    name: str
    sources: tuple[Source, ...]


def parse_source_groups(raw: object) -> dict[str, SourceGroup]:
    """relay_source_groups as declared (None: no groups).

    A group with `file` needs what the file holds in `content` (text or bytes, see source_files), which the caller
    reads: nothing here opens files. Groups that are parsed already stay as they are.

    Raises:
        InputError: one sentence naming the group, the value and what would be right.
    """
    if raw is None:
        return {}
    groups = mapping(raw, "source_groups", "{payroll: {owner: hr@contoso.com, addresses: [10.20.4.11]}}")
    return {name: _parse_group(name, value) for name, value in groups.items()}


def _parse_group(name: str, raw: object) -> SourceGroup:
    if isinstance(raw, SourceGroup):
        return raw
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
        expires=_parse_date(group.get("expires"), f"{where}.expires"),
    )
    given = [key for key in ("addresses", "file") if group.get(key) is not None]
    if len(given) != 1:
        found = "neither addresses nor file" if not given else "both addresses and file"
        raise InputError(f"{where}: the group has {found}; give one of them ([] when it is to be empty).")
    if given == ["addresses"]:
        return SourceGroup(name, _parse_addresses(group["addresses"], origin, where))
    return SourceGroup(name, tuple(_parse_file(group, origin, where)))


def _parse_file(group: Mapping[str, object], origin: Source, where: str) -> Iterator[Source]:
    # Never cut short: the end of a path is what tells one file from another.
    content, name = group.get("content"), repr(str(group["file"]))
    if content is None:
        raise InputError(
            f"{where}: the file {name} has not been read, so its addresses are unknown; give them as addresses."
        )
    if not isinstance(content, (str, bytes)):
        raise InputError(f"{where}.content: {shown(content)} is not the text of the file {name}; leave content out.")
    # All of it is read before any of it counts.
    rows = list(read_rows(content, f"{where}.file: {name}"))
    return (_parse_row(row, origin, f"{where}.file: {name}, line {row.line}, column") for row in rows)


def _parse_row(row: FileRow, origin: Source, where: str) -> Source:
    cells = row.cells
    if not cells["address"]:
        raise InputError(f"{where} address: the cell is empty; give the address, or take the row out.")
    expires = cells.get("expires")
    return Source(
        parse_range(cells["address"], f"{where} address"),
        origin.group,
        cells.get("name") or origin.name,
        cells.get("owner") or origin.owner,
        cells.get("ticket") or origin.ticket,
        cells.get("reason") or origin.reason,
        _parse_date(expires, f"{where} expires") if expires else origin.expires,
    )


def _parse_addresses(raw: object, origin: Source, where: str) -> tuple[Source, ...]:
    """The sources of a group. Only [] says that there are none; what else is empty is a variable gone wrong."""
    found = tuple(_each_address(raw, origin, where))
    if not found and raw != []:
        raise InputError(f"{where}.addresses: {shown(raw)} names nobody; write addresses, or [] when there are none.")
    return found


def _each_address(raw: object, origin: Source, where: str) -> Iterator[Source]:
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
        expires=_parse_date(entry.get("expires"), f"{where}.expires") or origin.expires,
        **known,
    )


def _parse_date(raw: object, where: str) -> date | None:
    if raw is None:
        return None
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str) and _DATE.fullmatch(raw.strip()):
        try:
            return date.fromisoformat(raw.strip())
        except ValueError:
            pass
    raise InputError(f"{where}: {shown(raw)} is not a date; write year-month-day, such as 2027-03-31.")


def resolve_sources(
    sources: object, groups: Mapping[str, SourceGroup], today: date, where: str, expired: Expired = "report"
) -> SourceList:
    """Names of groups and literal addresses as one list of sources, or as a change of the list that is there.

    Args:
        sources: what was declared: a list, survey text, or a mapping of set, or of add and remove.
        groups: the groups by name.
        today: the day that expiry is judged by; an address is good through its last day.
        where: the option, for messages.
        expired: "remove" takes the sources out whose last day is over; of a change, off the connector too.

    Raises:
        InputError: nothing was declared, a group is unknown, an address is wrong.
    """
    if not isinstance(sources, Mapping):
        return _judged(_found(sources, groups, where), today, expired)
    unknown = sorted(shown(key) for key in sources if key not in _CHANGE_KEYS)
    if unknown:
        raise InputError(f"{where}: {', '.join(unknown)} is not known here; the mapping takes add, remove and set.")
    given = [key for key in _CHANGE_KEYS if sources.get(key) is not None]
    if not given:
        raise InputError(f"{where}: the mapping is empty; give add, remove or set ([] in set when nobody may relay).")
    if "set" in given:
        if len(given) > 1:
            raise InputError(f"{where}: set gives the whole list; take out add and remove, or take out set.")
        return _judged(_found(sources["set"], groups, f"{where}.set"), today, expired)
    named = {key: _found(sources[key], groups, f"{where}.{key}") for key in given}
    return _changed(named.get("add", ()), named.get("remove", ()), today, where, expired)


def _found(sources: object, groups: Mapping[str, SourceGroup], where: str) -> Iterable[Source]:
    """What a list of words stands for. An empty list is one, an empty text is a variable that holds nothing."""
    if sources is None:
        raise InputError(f"{where}: no sources are declared; name who may relay, or [] when nobody may.")
    words = split_entries(sources, where, "write names of source groups or addresses")
    if not words and sources != []:
        raise InputError(f"{where}: the list of sources is empty; name who may relay, or [] when nobody may.")
    return (source for word in words for source in _resolve(word, groups, where))


def _changed(
    added: Iterable[Source], removed: Iterable[Source], today: date, where: str, expired: Expired
) -> SourceList:
    adding = _judged(added, today, expired)
    leaving = {source.range: source for source in removed}
    both = [entry.label for entry in adding.entries if entry.range in leaving]
    if both:
        raise InputError(f"{where}: {', '.join(both[:3])} is in add and in remove; decide for one of them.")
    change = ListChange(adding.ranges, frozenset(leaving) | {source.range for source in adding.removed})
    return replace(adding, change=change)


def _judged(sources: Iterable[Source], today: date, expired: Expired) -> SourceList:
    """Without duplicates: of several that mean the same addresses, the one that lasts longest, the first of equals."""
    found: dict[IPRange, Source] = {}
    for source in sources:
        other = found.setdefault(source.range, source)
        if other is not source and _lasts_longer(source, other):
            found[source.range] = source
    over = tuple(entry for entry in found.values() if entry.expires is not None and entry.expires < today)
    soon = today + timedelta(days=EXPIRING_DAYS)
    expiring = tuple(e for e in found.values() if e.expires is not None and today <= e.expires <= soon)
    if expired == "remove":
        left = frozenset(entry.range for entry in over)
        entries = tuple(entry for entry in found.values() if entry.range not in left)
        return SourceList(entries, (), expiring, over)
    return SourceList(tuple(found.values()), over, expiring)


def _lasts_longer(one: Source, other: Source) -> bool:
    return other.expires is not None and (one.expires is None or one.expires > other.expires)


def _as_meant(word: str) -> str:
    """A word with plain digits and hyphens and without what nobody sees, to tell what it was meant to be."""
    if word.isascii() and word.isprintable():
        return word
    seen = [sign for sign in word if unicodedata.category(sign) not in ("Cc", "Cf", "Cs")]
    plain = (str(unicodedata.digit(sign, "")) or sign for sign in seen)
    return "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in plain)


def _resolve(word: str, groups: Mapping[str, SourceGroup], where: str) -> tuple[Source, ...]:
    group = groups.get(word)
    if group is not None:
        return group.sources
    if _LIKE_AN_ADDRESS.fullmatch(_as_meant(word)):
        return (Source(parse_range(word, where)),)
    raise InputError(f"{where}: source group {shown(word)} is not defined; {near_match(word, groups)}")
