# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one place that imports netaddr. PRIVATE to the collection.

The collection can be loaded without netaddr, so that its documentation and its error can be shown.
"""

from __future__ import annotations

from .errors import RelayError

# netaddr has no types of its own.
# mypy: disable-error-code="no-untyped-call"

try:
    import netaddr
except ImportError:  # pragma: no cover - every test environment has netaddr
    HAS_NETADDR = False
else:
    HAS_NETADDR = True


def _require() -> None:
    if not HAS_NETADDR:
        raise RelayError(
            "The Python package netaddr is missing on the control node: install what meta/ee-requirements.txt of the "
            "collection names into Ansible's own Python environment."
        )


def address_to_int(text: str, version: int) -> int:
    """The number of one address of IP version 4 or 6.

    Raises:
        ValueError: the text is no such address.
        RelayError: netaddr is not installed.
    """
    _require()
    try:
        return int(netaddr.IPAddress(text, version))
    except netaddr.AddrFormatError as error:
        raise ValueError(str(error)) from None


def int_to_address(number: int, version: int) -> str:
    """The address in its usual short form, ``10.0.0.1`` or ``2001:db8::1``."""
    _require()
    return str(netaddr.IPAddress(number, version))


def block_bounds(text: str, version: int, prefix: int) -> tuple[int, int]:
    """First and last number of the block of this prefix length that holds the address.

    Raises:
        ValueError: the text is no address, or the prefix is too long.
    """
    _require()
    try:
        network = netaddr.IPNetwork(f"{text}/{prefix}", version=version)
    except netaddr.AddrFormatError as error:
        raise ValueError(str(error)) from None
    return int(network.first), int(network.last)


def mask_to_prefix(text: str) -> int:
    """Prefix length of an IPv4 netmask.

    Raises:
        ValueError: the text is no netmask; wildcard masks such as 0.0.0.255 are none.
    """
    mask = netaddr.IPAddress(address_to_int(text, 4), 4)
    if not mask.is_netmask():
        raise ValueError(f"{text} is not a netmask")
    return int(mask.netmask_bits())
