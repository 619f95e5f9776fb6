# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading addresses, ranges and bindings from text. PRIVATE to the collection.

netaddr does the arithmetic, but only after the text has passed the patterns here: netaddr takes wildcard masks for
netmasks, and other readers take leading zeros for octal. Every function raises ValueError with the rest of a sentence
that starts with the value.
"""

from __future__ import annotations

import re

from ansible_collections.mailrelay.exchange.plugins.module_utils._words import unseen

from ._netaddr import address_to_int, block_bounds, mask_to_prefix

BITS = {4: 32, 6: 128}
Bounds = tuple[int, int, int, str]
_OCTET = r"(?:0|[1-9][0-9]{0,2})"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)
_IPV6 = re.compile(r"(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)([0-9A-Fa-f:.]+)(?:%([0-9]{1,10}))?", re.ASCII)
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII)
_NETMASK = re.compile(r"(?P<address>[^/()]+)\((?P<mask>[^/()]+)\)", re.ASCII)
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)

FORMS = "an address (10.0.0.5), a range (10.0.0.5-10.0.0.9), or a block (10.0.0.0/24, 2001:db8::/64)"


def _read_address(text: str) -> tuple[int, int, str]:
    """(version, number, scope) of one address. Raises ValueError with the rest of a sentence."""
    if _IPV4.fullmatch(text):
        try:
            return 4, address_to_int(text, 4), ""
        except ValueError:
            raise ValueError(f"is not an IP address; write {FORMS}") from None
    match = _IPV6.fullmatch(text)
    if match:
        try:
            return 6, address_to_int(match[1], 6), match[2] or ""
        except ValueError:
            raise ValueError(f"is not an IPv6 address; write {FORMS}") from None
    raise ValueError(_why_no_address(text))


def _why_no_address(text: str) -> str:
    trouble = unseen(text)
    if trouble and not re.search(r"[\r\n\u2028\u2029]", text):
        return f"{trouble}; take it out"
    if any(sign.isspace() for sign in text):
        return "has a blank inside; put commas or line breaks between addresses"
    if re.search(r"(?![0-9])\d", text):
        return "has digits other than the digits 0 to 9; write it with those"
    if re.search(r"[\u2010-\u2015\u2212]", text):
        return "has a dash in it that is no hyphen; write first-last with a hyphen"
    if "%" in text and ":" in text:
        return "has no number after the %; write the number of the network adapter, such as fe80::1%4"
    if "*" in text:
        return f"has a wildcard; write {FORMS}"
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", text, re.ASCII):
        return "has a number with a leading zero, which may be read as octal; write it without"
    if re.fullmatch(r"[0-9.]+", text, re.ASCII):
        return f"is not a whole IPv4 address of four numbers; write {FORMS}"
    if re.fullmatch(r"[A-Za-z0-9_.-]+", text, re.ASCII):
        return f"is a name, and names are not looked up here; write {FORMS}"
    return f"is not an IP address; write {FORMS}"


def read_range(text: str) -> Bounds:
    """A range in any written form, Exchange's netmask form too: version, low, high and scope id."""
    netmask = _NETMASK.fullmatch(text)
    if netmask:
        return _read_block(netmask["address"], netmask["mask"])
    if "/" in text:
        address, _slash, length = text.partition("/")
        return _read_block(address, length)
    if "-" in text and (":" in text or not re.search(r"[A-Za-z]", text)):
        first, _dash, last = text.partition("-")
        if not (first.strip() and last.strip()):
            raise ValueError("has only one end; write both addresses whole, such as 10.0.0.5-10.0.0.9")
        return _read_pair(first.strip(), last.strip())
    version, number, scope = _read_address(text)
    return version, number, number, scope


def _read_pair(first: str, last: str) -> Bounds:
    if re.fullmatch(r"[0-9.]*", last, re.ASCII) and last.count(".") < 3 and _IPV4.fullmatch(first):
        raise ValueError("has a shortened end; write both addresses whole, such as 10.0.0.5-10.0.0.9")
    version, low, scope = _read_address(first)
    other_version, high, other_scope = _read_address(last)
    if version != other_version:
        raise ValueError("mixes IPv4 and IPv6; write both ends of one family")
    if scope != other_scope:
        raise ValueError("has two different scope ids; write the same at both ends")
    if low > high:
        raise ValueError("ends before it starts; write the lower address first")
    return version, low, high, scope


def _read_block(address: str, length: str) -> Bounds:
    version, _number, scope = _read_address(address)
    if _PREFIX.fullmatch(length):
        prefix = int(length)
    elif version == 4 and _IPV4.fullmatch(length):
        try:
            prefix = mask_to_prefix(length)
        except ValueError:
            raise ValueError("has no netmask after the address; write a prefix length, such as 10.0.0.0/24") from None
    else:
        raise ValueError("has no prefix length after the slash; write one, such as 10.0.0.0/24")
    if prefix > BITS[version]:
        raise ValueError(f"has a prefix length above {BITS[version]}; write one from 0 to {BITS[version]}")
    low, high = block_bounds(address.partition("%")[0], version, prefix)
    return version, low, high, scope


def read_binding(text: str) -> tuple[int, int, str, int]:
    """A binding: version, number of the address, scope id and port."""
    bracketed = re.fullmatch(r"\[([^\[\]]*)\]:([0-9]+)", text, re.ASCII)
    plain = re.fullmatch(r"([^:\[\]]*):([0-9]+)", text, re.ASCII)
    match = bracketed or plain
    if match is None:
        raise ValueError("is not an address with a port")
    if not _PORT.fullmatch(match[2]) or int(match[2]) > 65535:
        raise ValueError("has no port between 1 and 65535")
    version, number, scope = _read_address(match[1])
    if (version == 6) != (bracketed is not None):
        raise ValueError("has brackets in the wrong place")
    return version, number, scope, int(match[2])
