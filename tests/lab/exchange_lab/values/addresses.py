# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remote IP ranges and bindings as Exchange reads, keeps and renders them (receive-connector.md parts 2-4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from exchange_lab.clixml import Complex, Long, Value

Address = IPv4Address | IPv6Address

_SCOPE = re.compile(r"%[^-/]+")
_HIGHEST = {4: 2**32 - 1, 6: 2**128 - 1}

_ENDPOINT_TYPES = (
    "Microsoft.Exchange.Data.IPBinding",
    "System.Net.IPEndPoint",
    "System.Net.EndPoint",
    "System.Object",
)
_RANGE_TYPES = ("Microsoft.Exchange.Data.IPRange", "System.Object")


def parse_address(text: str) -> Address:
    """Return the address; scope ids stay. Raise ValueError for anything but one plain address."""
    return ip_address(text)


@dataclass(frozen=True)
class IPRange:
    """One entry of RemoteIPRanges: an interval of one family, and the form in which it was written."""

    family: int
    low: int
    high: int
    format: str
    expression: str

    @property
    def bounds(self) -> tuple[int, int, int]:
        return self.family, self.low, self.high

    @property
    def size(self) -> int:
        return self.high - self.low + 1

    def holds(self, address: Address) -> bool:
        return address.version == self.family and self.low <= int(address) <= self.high

    def without_scopes(self) -> IPRange:
        """The range without the scope ids of its addresses; whether Get shows them is unverified (switch scope_ids)."""
        return IPRange(*self.bounds, self.format, _SCOPE.sub("", self.expression))

    def echoed(self, style: str) -> IPRange:
        """Return the range as Get shows it. Whether Exchange keeps host bits and the form as entered is unverified;
        `style` (switch range_echo) is entered, network or lohi."""
        if style == "entered" or self.format == "SingleAddress":
            return self
        low, high = _address(self.family, self.low), _address(self.family, self.high)
        if style == "network" and self.format == "CIDR":
            return IPRange(*self.bounds, "CIDR", f"{low}/{self.expression.rpartition('/')[2]}")
        return IPRange(*self.bounds, "LoHi", f"{low}-{high}")

    def rendered(self) -> Complex:
        return _rendered_range(self)


@cache  # thousands of ranges are shown again with every Get
def _rendered_range(entry: IPRange) -> Complex:
    properties: list[tuple[str, Value]] = [
        ("LowerBound", str(_address(entry.family, entry.low))),
        ("UpperBound", str(_address(entry.family, entry.high))),
        ("RangeFormat", entry.format),
        ("Size", _count(entry.size)),
        ("Expression", entry.expression),
    ]
    return Complex(_RANGE_TYPES, entry.expression, properties)


def _address(family: int, number: int) -> Address:
    return IPv4Address(number) if family == 4 else IPv6Address(number)


def _count(size: int) -> str:
    """A range's size in IPv6 notation, saturated; .NET writes counts of 17 to 32 bits with a dotted tail (derived)."""
    capped = min(size, _HIGHEST[6])
    if 2**16 <= capped < 2**32:
        return f"::{IPv4Address(capped)}"
    return str(IPv6Address(capped))


_NETMASK = re.compile(r"(?P<address>[0-9.]+)\((?P<mask>[0-9.]+)\)")


def parse_range(text: str) -> IPRange:
    """Read a single address, lo-hi, CIDR (host bits allowed: the whole block is meant) or address(netmask).

    Raises ValueError when the text is none of them or the bounds are reversed or of two families.
    """
    entered = text.strip()
    if (masked := _NETMASK.fullmatch(entered)) is not None:
        # How Exchange writes this form is unverified.
        prefix = _prefix_of_mask(IPv4Address(masked["mask"]))
        return _block(parse_address(masked["address"]), prefix, "Netmask", entered)
    if "/" in entered:
        address, _, bits = entered.partition("/")
        if not re.fullmatch(r"[0-9]{1,3}", bits):
            raise ValueError(f"{text!r} has no prefix length")
        return _block(parse_address(address), int(bits), "CIDR", entered)
    if "-" in entered:
        low, high = (parse_address(part.strip()) for part in entered.split("-", 1))
        if low.version != high.version:
            raise ValueError(f"{text!r} mixes IPv4 and IPv6")
        if int(low) > int(high):
            raise ValueError(f"{text!r} starts after its end")
        return IPRange(low.version, int(low), int(high), "LoHi", f"{low}-{high}")
    single = parse_address(entered)
    return IPRange(single.version, int(single), int(single), "SingleAddress", str(single))


def _block(address: Address, bits: int, style: str, entered: str) -> IPRange:
    width = address.max_prefixlen
    if bits > width:
        raise ValueError(f"a prefix of {bits} bits is too long")
    span = (1 << (width - bits)) - 1
    low = int(address) & ~span
    return IPRange(address.version, low, low | span, style, entered)


def _prefix_of_mask(mask: IPv4Address) -> int:
    inverted = _HIGHEST[4] ^ int(mask)
    if inverted & (inverted + 1):
        raise ValueError(f"{mask} is no netmask")
    return 32 - inverted.bit_length()


@dataclass(frozen=True)
class IPBinding:
    """One local address and TCP port; 0.0.0.0 and :: stand for every address of their family."""

    address: Address
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.address.version == 6 else f"{self.address}:{self.port}"

    @property
    def is_any(self) -> bool:
        return int(self.address) == 0

    def covers(self, local: Address, port: int) -> bool:
        if port != self.port or local.version != self.address.version:
            return False
        return self.is_any or int(local) == int(self.address)

    def overlaps(self, other: IPBinding) -> bool:
        """True when one socket could be meant by both."""
        same_family = self.address.version == other.address.version
        return self.port == other.port and same_family and (self.is_any or other.is_any or self == other)

    def rendered(self) -> Complex:
        properties: list[tuple[str, Value]] = [
            ("Port", self.port),
            ("AddressFamily", _family_name(self.address)),
            ("Address", render_address(self.address)),
        ]
        return Complex(_ENDPOINT_TYPES, str(self), properties)


def parse_binding(text: str) -> IPBinding:
    """Read `address:port` or `[IPv6 address]:port`; raise ValueError otherwise."""
    match = re.fullmatch(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no address:port")
    address = IPv6Address(match["six"]) if match["six"] else IPv4Address(match["four"])
    port = int(match["port"])
    if not 1 <= port <= 65535:
        raise ValueError(f"port {port} is out of range")
    return IPBinding(address, port)


def _family_name(address: Address) -> str:
    return "InterNetworkV6" if address.version == 6 else "InterNetwork"


def render_address(address: Address) -> Complex:
    """Render a System.Net.IPAddress; its number is little-endian and only IPv4 has one."""
    six = isinstance(address, IPv6Address)
    properties: list[tuple[str, Value]] = []
    if isinstance(address, IPv4Address):
        properties.append(("Address", Long(int.from_bytes(address.packed, "little"))))
    properties.append(("AddressFamily", _family_name(address)))
    if isinstance(address, IPv6Address):
        scope = address.scope_id or "0"
        properties.append(("ScopeId", Long(int(scope) if scope.isdecimal() else 0)))
    properties += [
        ("IsIPv6Multicast", six and address.is_multicast),
        ("IsIPv6LinkLocal", six and address.is_link_local),
        ("IsIPv6SiteLocal", isinstance(address, IPv6Address) and address.is_site_local),
        ("IsIPv6Teredo", isinstance(address, IPv6Address) and address.teredo is not None),
        ("IsIPv4MappedToIPv6", isinstance(address, IPv6Address) and address.ipv4_mapped is not None),
    ]
    text = str(address)
    types = ("System.Net.IPAddress", "System.Object")
    return Complex(types, text, properties, members={"IPAddressToString": text}, serialized=False)
