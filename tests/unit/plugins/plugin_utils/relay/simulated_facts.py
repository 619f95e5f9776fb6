# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the simulated server knows by heart: names, defaults and what each version and usage has."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Any

DC = "dc1.lab.example"
GROUP_FLAGS = ("AnonymousUsers", "ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers", "Partners")
MECHANISMS = ("Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer", "ExternalAuthoritative")
RIGHT = "ms-Exch-SMTP-Accept-Any-Recipient"
ANONYMOUS_RIGHTS = (
    "ms-Exch-Accept-Headers-Routing",
    "ms-Exch-SMTP-Accept-Any-Sender",
    "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender",
    "ms-Exch-SMTP-Submit",
)
NINE = (
    *ANONYMOUS_RIGHTS,
    RIGHT,
    "ms-Exch-Bypass-Anti-Spam",
    "ms-Exch-Bypass-Message-Size-Limit",
    "ms-Exch-SMTP-Accept-Authentication-Flag",
    "ms-Exch-SMTP-Accept-Exch50",
)
USER_RIGHTS = ("ms-Exch-Accept-Headers-Routing", "ms-Exch-Bypass-Anti-Spam", RIGHT, "ms-Exch-SMTP-Submit")
SUBMIT = ANONYMOUS_RIGHTS[3]
# What the first pages on 2007 do not list for who does not log on, and for who does.
LATER_RIGHTS = ("ms-Exch-SMTP-Accept-Authoritative-Domain-Sender", "ms-Exch-Accept-Headers-Routing")
HEADERS = ("ms-Exch-Accept-Headers-Forest", "ms-Exch-Accept-Headers-Organization")
# Two stand for the eight rights that servers of 2013 and later keep for each other.
INTERNAL = ("ms-Exch-SMTP-Accept-Xattr", "ms-Exch-SMTP-Accept-XProxyFrom")
EXTERNALLY_SECURED = "MS Exchange\\Externally Secured Servers"

# Language -> Windows' names for who does not log on, and for everybody who does. The French ones are unverified.
NAMES = {
    "en": ("NT AUTHORITY\\ANONYMOUS LOGON", "NT AUTHORITY\\Authenticated Users"),
    "de": ("NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG", "NT-AUTORITÄT\\Authentifizierte Benutzer"),
    "fr": ("AUTORITE NT\\ANONYMOUS LOGON", "AUTORITE NT\\Utilisateurs authentifiés"),
}

_ALL_WAYS = "Tls, Integrated, BasicAuth, BasicAuthRequireTLS, ExchangeServer"
_SERVERS = "ExchangeServers, ExchangeLegacyServers"
# Kind of server -> what setup makes: (name, transport role, port, permission groups, mechanisms).
SETUP = {
    "front end": (
        (
            "Default Frontend",
            "FrontendTransport",
            25,
            "AnonymousUsers, ExchangeServers, ExchangeLegacyServers",
            _ALL_WAYS,
        ),
        ("Client Frontend", "FrontendTransport", 587, "ExchangeUsers", _ALL_WAYS),
        ("Default", "HubTransport", 2525, f"ExchangeUsers, {_SERVERS}", _ALL_WAYS),
    ),
    "transport": (
        ("Default", "", 25, f"ExchangeUsers, {_SERVERS}", _ALL_WAYS),
        ("Client", "", 587, "ExchangeUsers", _ALL_WAYS),
    ),
    "edge": (
        (
            "Default internal receive connector",
            "",
            25,
            "AnonymousUsers, ExchangeServers, Partners",
            "Tls, ExchangeServer",
        ),
    ),
}
# Parameters that Edge Transport does not have.
NOT_ON_EDGE = ("TransportRole",)

# Properties of a new custom connector, as Get-ReceiveConnector shows them.
NEW_CONNECTOR: dict[str, Any] = {
    "Enabled": True,
    "Comment": "",
    "Banner": "",
    "AuthMechanism": "Tls",
    "PermissionGroups": "None",
    "ProtocolLoggingLevel": "None",
    "TransportRole": "HubTransport",
    "RequireTLS": False,
    "DomainSecureEnabled": False,
    "BinaryMimeEnabled": True,
    "ChunkingEnabled": True,
    "ConnectionTimeout": "00:10:00",
    "ConnectionInactivityTimeout": "00:05:00",
    "TarpitInterval": "00:00:05",
    "AuthTarpitInterval": "00:00:05",
    "MaxAcknowledgementDelay": "00:00:30",
    "MaxInboundConnection": "5000",
    "MaxInboundConnectionPerSource": "20",
    "MaxInboundConnectionPercentagePerSource": 2,
    "MessageRateLimit": "Unlimited",
    "MessageRateSource": "IPAddress",
    "MaxMessageSize": "36 MB (37,748,736 bytes)",
    "MaxRecipientsPerMessage": 200,
    "BareLinefeedRejectionEnabled": False,
}
SET_ONLY = ("BareLinefeedRejectionEnabled",)
COMMON = ("DomainController", "Confirm")

# Parameters that came with a version, and the one that only versions with a front end have.
SINCE = {
    "MessageRateSource": "2010",
    "MaxAcknowledgementDelay": "2010",
    "BareLinefeedRejectionEnabled": "2010",
    "TransportRole": "2013",
    "AuthTarpitInterval": "2016",
}
# Values of a multi-valued attribute: Active Directory stops somewhere between 1,200 and 1,300.
ENTRY_LIMIT = 1200

_USER_AUTH = "Tls, Integrated, BasicAuth, BasicAuthRequireTLS"
_ANY = ["0.0.0.0-255.255.255.255"]
# usage -> (parameters it needs, parameters it does not take, what it chooses)
USAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...], dict[str, Any]]] = {
    "Custom": (("Bindings", "RemoteIPRanges"), (), {"PermissionGroups": "None", "AuthMechanism": "Tls"}),
    "Partner": (("Bindings", "RemoteIPRanges"), (), {"PermissionGroups": "Partners", "AuthMechanism": "Tls"}),
    "Internet": (
        ("Bindings",),
        ("RemoteIPRanges",),
        {"PermissionGroups": "AnonymousUsers", "AuthMechanism": "Tls", "RemoteIPRanges": _ANY},
    ),
    "Client": (
        ("RemoteIPRanges",),
        ("Bindings",),
        {"PermissionGroups": "ExchangeUsers", "AuthMechanism": _USER_AUTH, "Bindings": ["0.0.0.0:587"]},
    ),
    "Internal": (
        ("RemoteIPRanges",),
        ("Bindings",),
        {
            "PermissionGroups": "ExchangeServers, ExchangeLegacyServers",
            "AuthMechanism": "Tls, ExchangeServer",
            "Bindings": ["0.0.0.0:25"],
        },
    ),
}


@lru_cache(maxsize=4096)
def bounds(text: str) -> tuple[int, int, int]:
    """Version, first and last address of a range."""
    if "-" in text:
        low, high = (ipaddress.ip_address(part) for part in text.split("-"))
        return low.version, int(low), int(high)
    network = ipaddress.ip_network(text, strict=False)
    return network.version, int(network[0]), int(network[-1])


def clash(one: tuple[int, int, int], two: tuple[int, int, int]) -> bool:
    """Identical, or overlapping without one holding the other."""
    if one[0] != two[0] or one[2] < two[1] or two[2] < one[1]:
        return False
    if one == two:
        return True
    inside = (one[1] <= two[1] and two[2] <= one[2]) or (two[1] <= one[1] and one[2] <= two[2])
    return not inside
