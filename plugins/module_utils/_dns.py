# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a DNS alias should be, and what one atomic update must do to make it so. PRIVATE to the collection.

Pure: names and records are plain text in their canonical form (lower case, no final dot), nothing here talks to a
server. `_dnspython` does; `ensure_alias` joins both.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ansible_collections.mailrelay.exchange.plugins.module_utils._words import shown

if TYPE_CHECKING:
    from ansible_collections.mailrelay.exchange.plugins.module_utils._dnspython import DnsClient

ALIAS_TYPES = ("CNAME", "A", "AAAA")
# Everything else that a name may own and that a CNAME must not stand beside (RFC 1034 3.6.2).
OTHER_TYPES = ("NS", "MX", "TXT", "SRV", "CAA", "PTR", "SSHFP", "HTTPS", "SVCB", "DHCID", "URI", "NAPTR")
DEFAULT_TTL = 300

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


class DnsError(Exception):
    """What is wrong with the input, the name or the server: one sentence with the remedy."""


class PreconditionFailed(DnsError):
    """The name did not hold what was read before: the server refused the whole update."""


@dataclass(frozen=True)
class Record:
    """One resource record of the name: type, TTL in seconds, value as canonical text."""

    type: str
    ttl: int
    value: str

    def as_dict(self) -> dict[str, object]:
        """Return {"type", "ttl", "value"}."""
        return {"type": self.type, "ttl": self.ttl, "value": self.value}


@dataclass(frozen=True)
class Alias:
    """What is declared: `name` holds exactly `targets`, or nothing when `present` is False.

    kind: cname, a, aaaa or address (A and AAAA); ttl: seconds, or None = leave the present one alone.
    """

    name: str
    kind: str
    targets: tuple[str, ...]
    ttl: int | None = None
    present: bool = True
    zone: str | None = None


@dataclass(frozen=True)
class Change:
    """One update message: what must still be true, what goes, what comes. All of it happens, or nothing.

    expected: the records that were read (all record sets of the name that this module knows); whole_name: delete
    every record set of the name, else only CNAME, A and AAAA; added: the records that come.
    """

    name: str
    expected: tuple[Record, ...]
    whole_name: bool
    added: tuple[Record, ...]


@dataclass(frozen=True)
class Outcome:
    """What ensure_alias found and did; serial is that of the zone afterwards."""

    changed: bool
    zone: str
    before: tuple[Record, ...]
    after: tuple[Record, ...]
    serial: int


def parse_alias(
    name: str,
    kind: str = "cname",
    targets: list[str] | None = None,
    ttl: int | None = None,
    present: bool = True,
    zone: str | None = None,
) -> Alias:
    """Return the Alias for a module's options.

    targets: list of names or addresses; survey text (commas, blanks, newlines) in an element is taken apart.
    Raises DnsError in one sentence for anything that cannot be an alias.
    """
    owner = canonical_name(name, "name")
    if ttl is not None and not 0 <= ttl <= 2147483647:
        raise DnsError(f"ttl {ttl} is not a time to live: give seconds from 0 to 2147483647.")
    values = [part for element in targets or () for part in re.split(r"[\s,]+", element) if part]
    if present and not values:
        raise DnsError(f"No target is given for {owner}: list at least one in `targets`, or use `state: absent`.")
    parse = _parse_target if kind == "cname" else _parse_address
    wanted = tuple(sorted({parse(value, kind, owner) for value in values})) if present else ()
    if kind == "cname" and len(wanted) > 1:
        raise DnsError(
            f"{owner} cannot be a CNAME of {len(wanted)} names ({', '.join(wanted)}): "
            "DNS allows one; use `type: address` with the servers' addresses instead."
        )
    return Alias(owner, kind, wanted, ttl, present, canonical_name(zone, "zone") if zone else None)


def canonical_name(text: str, option: str) -> str:
    """Return a fully qualified name in lower case without its final dot; raise DnsError when it is none."""
    name = text.strip()
    name = name[:-1] if name.endswith(".") else name
    try:
        name = name.encode("ascii").decode("ascii").lower()
    except UnicodeEncodeError:
        try:
            name = name.encode("idna").decode("ascii").lower()
        except UnicodeError:
            raise DnsError(f"{option} {shown(text)} is not a DNS name: check its spelling.") from None
    if is_address(name):
        raise DnsError(f"{option} {shown(text)} is an address: a DNS name belongs there.")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise DnsError(f"{option} {shown(text)} is not a DNS name: check its spelling.")
    if option != "zone" and len(labels) < 2:
        raise DnsError(f"{option} {shown(text)} is not fully qualified: write it in full, such as {name}.contoso.com.")
    return name


def is_address(text: str) -> bool:
    """Return whether the text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def in_zone(name: str, zone: str) -> bool:
    """Return whether a canonical name is the zone's apex or below it."""
    return name == zone or name.endswith("." + zone)


def _parse_target(value: str, _kind: str, owner: str) -> str:
    if is_address(value):
        raise DnsError(
            f"Target {value} of {owner} is an address: a CNAME needs a name, addresses need `type: address`."
        )
    target = canonical_name(value, "target")
    if target == owner:
        raise DnsError(f"{owner} cannot be an alias of itself: give the name of a server as target.")
    return target


def _parse_address(value: str, kind: str, owner: str) -> str:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        raise DnsError(
            f"Target {shown(value)} of {owner} is not an address: "
            f"`type: {kind}` needs addresses, names need `type: cname`."
        ) from None
    if address.is_unspecified or address.is_multicast:
        raise DnsError(f"Target {value} of {owner} is not the address of a server: give the server's own address.")
    wrong = {"a": address.version != 4, "aaaa": address.version != 6}.get(kind, False)
    if wrong:
        raise DnsError(f"Target {value} of {owner} does not fit `type: {kind}`: use `type: address` for both families.")
    return str(address)


def desired_records(alias: Alias, before: tuple[Record, ...]) -> tuple[Record, ...]:
    """Return the records that the name should hold, with the TTL that is declared, else kept, else 300."""
    present = [record.ttl for record in before if record.type in ALIAS_TYPES]
    ttl = alias.ttl if alias.ttl is not None else (min(present) if present else DEFAULT_TTL)
    return tuple(sorted((Record(_type_of(alias, value), ttl, value) for value in alias.targets), key=_order))


def plan_change(alias: Alias, zone: str, before: tuple[Record, ...]) -> tuple[Change | None, tuple[Record, ...]]:
    """Return (Change or None, records afterwards) for what the name holds now.

    Raises DnsError for what must not be done: a CNAME at the zone's apex or beside other records, a name outside the
    zone. A TTL differs only when one is declared.
    """
    if not in_zone(alias.name, zone):
        raise DnsError(f"{alias.name} is outside the zone {zone}: give the zone that holds the name.")
    others = tuple(record for record in before if record.type not in ALIAS_TYPES)
    held = tuple(record for record in before if record.type in ALIAS_TYPES)
    wanted = desired_records(alias, before)
    if alias.kind == "cname" and wanted:
        _refuse_impossible_cname(alias, zone, others)
    if _same(held, wanted, alias.ttl):
        return None, before
    whole_name = alias.kind == "cname" and alias.present
    change = Change(alias.name, tuple(before), whole_name, wanted)
    return change, tuple(sorted(others + wanted, key=_order))


def _refuse_impossible_cname(alias: Alias, zone: str, others: tuple[Record, ...]) -> None:
    if alias.name == zone:
        raise DnsError(
            f"{alias.name} is the apex of its zone, where DNS allows no CNAME: "
            "use `type: address`, or a name below the zone."
        )
    if others:
        types = ", ".join(sorted({record.type for record in others}))
        raise DnsError(
            f"{alias.name} also holds {types} records, beside which DNS allows no CNAME: "
            "remove them first, or use `type: address`."
        )


def _same(held: tuple[Record, ...], wanted: tuple[Record, ...], ttl: int | None) -> bool:
    if {(record.type, record.value) for record in held} != {(record.type, record.value) for record in wanted}:
        return False
    return ttl is None or all(record.ttl == ttl for record in held)


def _type_of(alias: Alias, value: str) -> str:
    if alias.kind == "cname":
        return "CNAME"
    return "AAAA" if ":" in value else "A"


def _order(record: Record) -> tuple[str, str]:
    return (record.type, record.value)


def record_text(name: str, records: tuple[Record, ...]) -> str:
    """Return records as zone file lines, the way an administrator reads them; "" for none."""
    return "".join(f"{name}. {r.ttl} IN {r.type} {_value_text(r)}\n" for r in sorted(records, key=_order))


def _value_text(record: Record) -> str:
    return record.value + "." if record.type in ("CNAME", "NS", "PTR") else record.value


def ensure_alias(alias: Alias, client: DnsClient, check_mode: bool = False) -> Outcome:
    """Make the name what is declared by at most one update, prove it by a query, and return the Outcome.

    client: see `_dnspython.DnsClient` (find_zone, read, read_wildcard, serial, update, wait_until). Nothing is written
    in check mode or when nothing differs. Records that a wildcard of the zone would answer just the same are taken as
    the wildcard's: they satisfy a declaration, and are never removed. Raises DnsError.
    """
    zone = client.find_zone(alias.name)
    if alias.zone and alias.zone != zone:
        raise DnsError(f"{alias.name} belongs to zone {zone} on {client.server}, not to {alias.zone}: correct `zone`.")
    before = client.read(alias.name)
    change, after = plan_change(alias, zone, before)
    if change and before and client.read_wildcard(alias.name, zone) == before:
        change, after = plan_change(alias, zone, ())
    if change is None:
        return Outcome(False, zone, before, before, client.serial(zone))
    if check_mode:
        return Outcome(True, zone, before, after, client.serial(zone))
    _apply(client, zone, change, before)
    found = client.wait_until(alias.name, lambda records: _made(alias, change, before, records))
    return Outcome(True, zone, before, found, client.serial(zone))


def _apply(client: DnsClient, zone: str, change: Change, read: tuple[Record, ...]) -> None:
    try:
        client.update(zone, change)
    except PreconditionFailed:
        if change.expected or not read:
            raise
        # The name does own the very records that the wildcard would have answered.
        client.update(zone, replace(change, expected=read))


def _made(alias: Alias, change: Change, before: tuple[Record, ...], records: tuple[Record, ...]) -> bool:
    held = _alias_part(records)
    if alias.present:
        return _same(held, change.added, alias.ttl)
    # A wildcard may answer in the place of what was removed.
    return held != _alias_part(before) or not held


def _alias_part(records: tuple[Record, ...]) -> tuple[Record, ...]:
    return tuple(record for record in records if record.type in ALIAS_TYPES)
