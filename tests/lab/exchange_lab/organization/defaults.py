# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What setup creates on a server, and what each usage seeds on a new connector (receive-connector.md parts 1 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange_lab.organization.properties import PROPERTIES
from exchange_lab.values import enums
from exchange_lab.values.addresses import IPRange, parse_binding, parse_range
from exchange_lab.values.directory import Fqdn
from exchange_lab.values.scalars import Unlimited, timespan

ANY_RANGES: tuple[IPRange, ...] = (
    parse_range("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    parse_range("0.0.0.0-255.255.255.255"),
)

_WITHOUT_EXCHANGE = "Tls,Integrated,BasicAuth,BasicAuthRequireTLS"
_ALL = f"{_WITHOUT_EXCHANGE},ExchangeServer"


@dataclass(frozen=True)
class DefaultConnector:
    """A connector that setup creates; `name` holds {server}; `special` are the values that differ from the table."""

    name: str
    role: str
    port: int
    mechanisms: str
    groups: frozenset[str]
    special: Mapping[str, object] = field(default_factory=dict)


_CLIENT = {
    "MessageRateLimit": Unlimited(5),
    "MessageRateSource": enums.MESSAGE_RATE_SOURCE.value("User"),
    "EnableAuthGSSAPI": True,
}
_VERBOSE = {
    "ProtocolLoggingLevel": enums.PROTOCOL_LOGGING_LEVEL.value("Verbose"),
    "DomainSecureEnabled": True,
}

# A Mailbox server of 2019, in the order of the capture.
MAILBOX_DEFAULTS: tuple[DefaultConnector, ...] = (
    DefaultConnector(
        "Default {server}",
        "HubTransport",
        2525,
        _ALL,
        frozenset({"ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers"}),
        {
            "MaxInboundConnectionPerSource": Unlimited(None),
            "MaxInboundConnectionPercentagePerSource": 100,
            "MaxRecipientsPerMessage": 5000,
            "SizeEnabled": enums.SIZE_MODE.value("EnabledWithoutValue"),
        },
    ),
    DefaultConnector(
        "Client Proxy {server}", "HubTransport", 465, _ALL, frozenset({"ExchangeUsers", "ExchangeServers"}), _CLIENT
    ),
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


def table_defaults(server_fqdn: str) -> dict[str, object]:
    """The values of a new connector before its usage speaks."""
    values = {item.name: item.default for item in PROPERTIES if item.name != "PermissionGroups"}
    return {**values, "Fqdn": Fqdn(server_fqdn)}


def setup_values(default: DefaultConnector, server_fqdn: str) -> dict[str, object]:
    """The stored values of a default connector."""
    four, six = parse_binding(f"0.0.0.0:{default.port}"), parse_binding(f"[::]:{default.port}")
    return {
        **table_defaults(server_fqdn),
        # The capture shows this order: only `Default <server>` has IPv4 first.
        "Bindings": (four, six) if default.port == 2525 else (six, four),
        "RemoteIPRanges": ANY_RANGES,
        "AuthMechanism": enums.AUTH_MECHANISMS.value(default.mechanisms),
        "TransportRole": enums.SERVER_ROLE.value(default.role),
        **default.special,
    }


@dataclass(frozen=True)
class Usage:
    """What -Usage seeds, and which of Bindings and RemoteIPRanges it wants (required, optional, forbidden)."""

    mechanisms: str
    groups: frozenset[str]
    bindings: str
    ranges: str
    default_binding: str = ""


USAGES: Mapping[str, Usage] = {
    "Custom": Usage("Tls", frozenset(), "required", "required"),
    "Partner": Usage("Tls", frozenset({"Partners"}), "required", "required"),
    "Internet": Usage("Tls", frozenset({"AnonymousUsers"}), "required", "forbidden"),
    # Text and syntax of the documentation disagree on Bindings for these two (switch usage_bindings).
    "Client": Usage(
        "Tls,BasicAuth,BasicAuthRequireTLS,Integrated",
        frozenset({"ExchangeUsers"}),
        "optional",
        "required",
        "0.0.0.0:587",
    ),
    "Internal": Usage(
        "Tls,ExchangeServer",
        frozenset({"ExchangeLegacyServers", "ExchangeServers"}),
        "optional",
        "required",
        "0.0.0.0:25",
    ),
}
