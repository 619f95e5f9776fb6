# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the connectors that Exchange's setup made, told by name and by what they are like."""

from __future__ import annotations

from .model import ServerFacts
from .pictures import Picture

# Source: Microsoft's "Receive connectors" page for 2013 and later, the help of 2007 and 2010, and of Edge servers.
_OF_A_MAILBOX_SERVER = (
    "Default Frontend {server}",
    "Client Frontend {server}",
    "Outbound Proxy Frontend {server}",
    "Default {server}",
    "Client Proxy {server}",
)
_OF_A_HUB_TRANSPORT_SERVER = ("Default {server}", "Client {server}")
_OF_AN_EDGE_SERVER = ("Default internal receive connector {server}",)
# A connector for everybody that offers these is one for mail servers or mail users, not for devices.
_OF_MAIL_SERVERS_AND_USERS = frozenset(("ExchangeServer", "Integrated"))

# A relay for everybody is on another port: Exchange allows no second connector for everybody on one of these.
_PORTS_OF_SETUP = frozenset((25, 465, 587, 717, 2525))


def is_default_connector(picture: Picture, facts: ServerFacts) -> bool:
    """Whether a connector is one of setup's: by its name, or, renamed, by its properties."""
    if picture.key in {name.format(server=facts.name).casefold() for name in _names(facts)}:
        return True
    everybody = any(entry.is_any for entry in picture.ranges)
    everywhere = any(binding.is_wildcard and binding.port in _PORTS_OF_SETUP for binding in picture.bindings)
    return everybody and everywhere and bool(_OF_MAIL_SERVERS_AND_USERS & picture.mechanisms)


def _names(facts: ServerFacts) -> tuple[str, ...]:
    if facts.is_edge:
        return _OF_AN_EDGE_SERVER
    return _OF_A_HUB_TRANSPORT_SERVER if facts.version in ("2007", "2010") else _OF_A_MAILBOX_SERVER
