# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connectors that setup creates on a server, by version and role (receive-connector.md part 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange_lab.organization.defaults import ANY_RANGES, table_defaults
from exchange_lab.organization.properties import BY_NAME
from exchange_lab.settings import ServerConfig
from exchange_lab.values import enums
from exchange_lab.values.addresses import parse_binding
from exchange_lab.values.scalars import Unlimited, timespan

_WITHOUT_EXCHANGE = "Tls,Integrated,BasicAuth,BasicAuthRequireTLS"
_ALL = f"{_WITHOUT_EXCHANGE},ExchangeServer"


@dataclass(frozen=True)
class DefaultConnector:
    """A connector that setup creates; `name` holds {server}; `special` are the values that differ from the table.

    families: the addresses it binds, in the order of its Bindings: `six-four`, `four-six` or `four`; ranges follow.
    """

    name: str
    role: str
    port: int
    mechanisms: str
    groups: frozenset[str]
    special: Mapping[str, object] = field(default_factory=dict)
    families: str = "six-four"


_CLIENT = {
    "MessageRateLimit": Unlimited(5),
    "MessageRateSource": enums.MESSAGE_RATE_SOURCE.value("User"),
    "EnableAuthGSSAPI": True,
}
_VERBOSE = {
    "ProtocolLoggingLevel": enums.PROTOCOL_LOGGING_LEVEL.value("Verbose"),
    "DomainSecureEnabled": True,
}
_SERVERS_OF_ALL_KINDS = frozenset({"ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers"})
_BETWEEN_SERVERS = {
    "MaxInboundConnectionPerSource": Unlimited(None),
    "MaxInboundConnectionPercentagePerSource": 100,
    "MaxRecipientsPerMessage": 5000,
    "SizeEnabled": enums.SIZE_MODE.value("EnabledWithoutValue"),
}

# The Transport service of 2013 and later, in the order of the capture, which shows IPv4 first for `Default` alone.
_TRANSPORT = (
    DefaultConnector(
        "Default {server}", "HubTransport", 2525, _ALL, _SERVERS_OF_ALL_KINDS, _BETWEEN_SERVERS, "four-six"
    ),
    DefaultConnector(
        "Client Proxy {server}", "HubTransport", 465, _ALL, frozenset({"ExchangeUsers", "ExchangeServers"}), _CLIENT
    ),
)

# The Front End Transport service of 2013 and later.
_FRONT_END = (
    DefaultConnector(
        "Default Frontend {server}",
        "FrontendTransport",
        25,
        _ALL,
        frozenset({"AnonymousUsers", "ExchangeServers", "ExchangeLegacyServers"}),
        _VERBOSE,
    ),
    DefaultConnector(
        "Outbound Proxy Frontend {server}",
        "FrontendTransport",
        717,
        _ALL,
        frozenset({"ExchangeServers"}),
        {**_VERBOSE, "TarpitInterval": timespan("00:00:00")},
    ),
    DefaultConnector(
        "Client Frontend {server}",
        "FrontendTransport",
        587,
        _WITHOUT_EXCHANGE,
        frozenset({"ExchangeUsers"}),
        _CLIENT,
    ),
)

# Hub Transport of 2007 and 2010: no anonymous client on port 25. The order of bindings and the message rate of `Client`
# are those of later versions (unverified).
_HUB_TRANSPORT = (
    DefaultConnector("Default {server}", "HubTransport", 25, _ALL, _SERVERS_OF_ALL_KINDS, _BETWEEN_SERVERS),
    DefaultConnector("Client {server}", "HubTransport", 587, _WITHOUT_EXCHANGE, frozenset({"ExchangeUsers"}), _CLIENT),
)

_EDGE_TRANSPORT = (
    DefaultConnector(
        "Default internal receive connector {server}",
        "HubTransport",
        25,
        "Tls,ExchangeServer",
        frozenset({"AnonymousUsers", "ExchangeServers", "Partners"}),
        {"DomainSecureEnabled": True},
        "four",
    ),
)


def default_connectors(server: ServerConfig) -> tuple[DefaultConnector, ...]:
    """What setup creates on a server of its version and roles."""
    if server.edge:
        return _EDGE_TRANSPORT
    roles = server.transport_roles
    if not server.platform.has("2013"):
        return _HUB_TRANSPORT if roles else ()
    back = _TRANSPORT if "HubTransport" in roles else ()
    front = _FRONT_END if "FrontendTransport" in roles else ()
    return (*back, *front)


def setup_values(default: DefaultConnector, server: ServerConfig, split_mailbox_port: int) -> dict[str, object]:
    """The stored values of a default connector.

    split_mailbox_port: where `Default` listens on a server whose Transport service has no front end beside it.
    """
    port = default.port
    if port == 2525 and "FrontendTransport" not in server.transport_roles:
        port = split_mailbox_port
    known = {"four": parse_binding(f"0.0.0.0:{port}"), "six": parse_binding(f"[::]:{port}")}
    families = default.families.split("-")
    special = {name: value for name, value in default.special.items() if server.platform.has(BY_NAME[name].since)}
    return {
        **table_defaults(server),
        "Bindings": tuple(known[family] for family in families),
        "RemoteIPRanges": ANY_RANGES if "six" in families else ANY_RANGES[1:],
        "AuthMechanism": enums.AUTH_MECHANISMS.value(default.mechanisms),
        "TransportRole": enums.SERVER_ROLE.value(default.role),
        **special,
    }
