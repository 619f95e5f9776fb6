# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remote IP ranges and bindings as values, and what is asked about them. PRIVATE to the collection.

Two ranges are equal when they hold the same addresses, however they are written (receive connectors are compared
so: see the equality rules of the property table's documentation). Nothing here merges adjacent ranges on its own,
because the width of a range decides which connector answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailrelay.exchange.plugins.module_utils._words import shown

from ._netaddr import int_to_address
from .address_text import BITS, FORMS, read_binding, read_range
from .errors import InputError, UndecodableValue

__all__ = [
    "LOOPBACK",
    "Binding",
    "IPRange",
    "aggregate",
    "count_addresses",
    "overlapping",
    "parse_address",
    "parse_binding",
    "parse_range",
    "parse_ranges",
    "read_exchange_binding",
    "read_exchange_range",
    "same_addresses",
    "shown",
    "split_entries",
]

# How exactly Exchange writes a range in its netmask format is unverified.
_BLANK_BEFORE_NETMASK = re.compile(r"\s+(?=\()")
_SEPARATORS = re.compile(r"[,;\r\n]")
# Address space that no host on the internet can have or reach. Everything else counts as public: space reserved for
# documentation too, because nothing of one's own lives there either.
_INTERNAL = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1",
    "fc00::/7",
    "fe80::/10",
)
_MAPPED = 0xFFFF << 32


@dataclass(frozen=True, order=True)
class IPRange:
    """Addresses from low to high, both included, of one IP version.

    Attributes:
        version: 4 or 6.
        low: number of the first address.
        high: number of the last address.
        scope: scope id of an IPv6 range, "" without; kept for Exchange, not compared.
        text: as it was written; kept for people, not compared.
    """

    version: int
    low: int
    high: int
    scope: str = field(default="", compare=False)
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        """The one canonical form: an address, a CIDR block where it is one, else low-high."""
        first = int_to_address(self.low, self.version)
        if self.low == self.high:
            return first
        prefix = self.prefix
        if prefix is None or self.is_any:
            return f"{first}-{int_to_address(self.high, self.version)}"
        return f"{first}/{prefix}"

    @property
    def parameter(self) -> str:
        """The text for a cmdlet: the canonical form, with the scope id when there is one."""
        if not self.scope:
            return str(self)
        first = f"{int_to_address(self.low, self.version)}%{self.scope}"
        if self.low == self.high:
            return first
        return f"{first}-{int_to_address(self.high, self.version)}%{self.scope}"

    @property
    def size(self) -> int:
        """How many addresses it holds."""
        return self.high - self.low + 1

    @property
    def prefix(self) -> int | None:
        """Prefix length when the range is exactly one CIDR block, else None."""
        size = self.size
        if size & (size - 1) or self.low % size:
            return None
        return BITS[self.version] - size.bit_length() + 1

    @property
    def is_any(self) -> bool:
        """Whether it holds every address of its version."""
        return self.low == 0 and self.high == (1 << BITS[self.version]) - 1

    @property
    def holds_public_space(self) -> bool:
        """Whether any of its addresses lies outside private, loopback, link-local and shared carrier space.

        IPv4 addresses mapped into IPv6 (``::ffff:10.0.0.1``) count as the IPv4 addresses they stand for.
        """
        plain = self.unmapped
        return not any(space.contains(plain) for space in _internal_space())

    @property
    def unmapped(self) -> IPRange:
        """The IPv4 addresses that it stands for, when all of it is IPv4 mapped into IPv6; else itself."""
        if self.version == 6 and self.low >= _MAPPED and self.high <= _MAPPED | 0xFFFFFFFF:
            return IPRange(4, self.low - _MAPPED, self.high - _MAPPED)
        return self

    def contains(self, other: IPRange) -> bool:
        """Whether every address of the other range is in this one."""
        return self.version == other.version and self.low <= other.low and other.high <= self.high

    def overlaps(self, other: IPRange) -> bool:
        """Whether any address is in both."""
        return self.version == other.version and self.low <= other.high and other.low <= self.high

    def intersection(self, other: IPRange) -> IPRange | None:
        """The addresses in both, None when there are none."""
        if not self.overlaps(other):
            return None
        return IPRange(self.version, max(self.low, other.low), min(self.high, other.high))


LOOPBACK = (IPRange(4, 0x7F000001, 0x7F000001), IPRange(6, 1, 1))
"""A server's addresses for itself, 127.0.0.1 and ::1; made of numbers, so that loading needs no netaddr."""


@dataclass(frozen=True, order=True)
class Binding:
    """A local address and port that a connector listens on.

    Attributes:
        version: 4 or 6.
        address: number of the address; 0 stands for all addresses of the version.
        port: TCP port, 1-65535.
        scope: scope id of an IPv6 address, "" without; kept for Exchange, not compared.
    """

    version: int
    address: int
    port: int
    scope: str = field(default="", compare=False)

    def __str__(self) -> str:
        text = int_to_address(self.address, self.version)
        return f"{text}:{self.port}" if self.version == 4 else f"[{text}]:{self.port}"

    @property
    def parameter(self) -> str:
        """The text for a cmdlet: the canonical form, with the scope id when there is one."""
        return str(self).replace("]", f"%{self.scope}]") if self.scope else str(self)

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for all local addresses of its version."""
        return self.address == 0

    @property
    def address_range(self) -> IPRange:
        """The literal address as a range of one, or all addresses of the version for a wildcard."""
        if self.is_wildcard:
            return IPRange(self.version, 0, (1 << BITS[self.version]) - 1)
        return IPRange(self.version, self.address, self.address)

    def covers(self, address: IPRange, port: int) -> bool:
        """Whether a connection to this local address (a range of one) and port reaches the binding."""
        return self.port == port and self.address_range.contains(address)

    def conflicts_with(self, other: Binding) -> bool:
        """Whether some connection could reach both."""
        return self.port == other.port and self.address_range.overlaps(other.address_range)


def split_entries(raw: object, where: str, right: str = f"write {FORMS}") -> list[str]:
    """The entries of a list of texts, or of one text with commas, semicolons or line breaks between them.

    Blanks around an entry and empty entries of a text are dropped, as surveys and CSV files have them.

    Args:
        raw: the list or text.
        where: the option's name, for the message.
        right: what would be right, for the message.

    Raises:
        InputError: raw is something else, or the list holds something that is not text.
    """
    if isinstance(raw, str):
        return [entry for entry in (part.strip() for part in _SEPARATORS.split(raw)) if entry]
    if not isinstance(raw, (list, tuple, set, frozenset)):
        raise InputError(f"{where}: {shown(raw)} is neither text nor a list; {right}, one or several.")
    entries: list[str] = []
    for entry in raw:
        if not isinstance(entry, str):
            raise InputError(f"{where}: the entry {shown(entry)} is not text; {right}, in quotes.")
        if _SEPARATORS.search(entry):
            entries += split_entries(entry, where, right)
        elif not entry.strip():
            raise InputError(f"{where}: the list has an empty entry; take it out, or {right}.")
        else:
            entries.append(entry.strip())
    return entries


def parse_range(text: object, where: str) -> IPRange:
    """One declared range.

    Args:
        text: an address, low-high, address/prefix (host bits mean the whole block) or address/netmask.
        where: the option's name, for the message.

    Raises:
        InputError: one sentence with the option, the value and what would be right.
    """
    if not isinstance(text, str):
        raise InputError(f"{where}: {shown(text)} is not text; write {FORMS}, in quotes.")
    try:
        found = _range(text)
    except ValueError as error:
        raise InputError(f"{where}: {shown(text)} {error}.") from None
    if found.low == found.high == 0:
        every = "0.0.0.0-255.255.255.255" if found.version == 4 else "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        raise InputError(f'{where}: {shown(text)} is one address and not "any"; if any is meant, write {every}.')
    return found


def parse_ranges(raw: object, where: str) -> frozenset[IPRange]:
    """Declared ranges as a set: a list or a text with separators. Empty input gives an empty set.

    Raises:
        InputError: as parse_range and split_entries.
    """
    return frozenset(parse_range(entry, where) for entry in split_entries(raw, where))


def read_exchange_range(text: object) -> IPRange:
    """One range as Exchange shows it, in any of its formats.

    Raises:
        UndecodableValue: it is none of them.
    """
    if isinstance(text, str):
        try:
            return _range(_BLANK_BEFORE_NETMASK.sub("", text.strip()))
        except ValueError:
            pass
    raise UndecodableValue(f"Exchange shows the remote IP range {shown(text)}, which is in no known format.")


def parse_binding(text: object, where: str) -> Binding:
    """One declared binding, ``address:port`` or ``[address]:port``.

    Raises:
        InputError: one sentence with the option, the value and what would be right.
    """
    right = "write address:port (0.0.0.0:25) or [address]:port ([::]:25)"
    if not isinstance(text, str):
        raise InputError(f"{where}: {shown(text)} is not text; {right}, in quotes.")
    try:
        return _binding(text)
    except ValueError as error:
        raise InputError(f"{where}: {shown(text)} {error}; {right}.") from None


def read_exchange_binding(text: object) -> Binding:
    """One binding as Exchange shows it.

    Raises:
        UndecodableValue: it is not in a known form.
    """
    if isinstance(text, str):
        try:
            return _binding(text)
        except ValueError:
            pass
    raise UndecodableValue(f"Exchange shows the binding {shown(text)}, which is in no known format.")


def parse_address(text: object, where: str) -> IPRange:
    """One single address, as a range of one.

    Raises:
        InputError: it is not a single address.
    """
    found = parse_range(text, where)
    if found.size != 1:
        raise InputError(f"{where}: {shown(text)} is not a single address; write one, such as 10.0.0.5.")
    return found


def aggregate(ranges: Iterable[IPRange]) -> tuple[IPRange, ...]:
    """The same addresses as the fewest low-high ranges, sorted; never more than went in.

    Merging changes which connector answers, so the result is for reports and counts, not for writing.
    """
    merged: list[IPRange] = []
    for entry in sorted(ranges):
        last = merged[-1] if merged else None
        if last is not None and last.version == entry.version and entry.low <= last.high + 1:
            if entry.high > last.high:
                merged[-1] = IPRange(last.version, last.low, entry.high)
        else:
            merged.append(entry)
    return tuple(merged)


def count_addresses(ranges: Iterable[IPRange]) -> int:
    """How many addresses the ranges hold together, each counted once."""
    return sum(entry.size for entry in aggregate(ranges))


def same_addresses(one: Iterable[IPRange], other: Iterable[IPRange]) -> bool:
    """Whether both hold the same addresses, however they are cut into ranges."""
    return [(r.version, r.low, r.high) for r in aggregate(one)] == [
        (r.version, r.low, r.high) for r in aggregate(other)
    ]


def overlapping(ranges: Iterable[IPRange], others: Sequence[IPRange]) -> list[tuple[IPRange, IPRange]]:
    """Every pair (range, other) that shares an address, in the order of the ranges; for few others."""
    return [(entry, other) for entry in sorted(ranges) for other in others if entry.overlaps(other)]


def _internal_space() -> tuple[IPRange, ...]:
    if not _CACHE:
        _CACHE.extend(aggregate(_range(text) for text in _INTERNAL))
    return tuple(_CACHE)


_CACHE: list[IPRange] = []


def _range(text: str) -> IPRange:
    version, low, high, scope = read_range(text)
    return IPRange(version, low, high, scope, text)


def _binding(text: str) -> Binding:
    version, address, scope, port = read_binding(text)
    return Binding(version, address, port, scope)
