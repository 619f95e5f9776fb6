# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One organisation with a server of every kind, and what a receive connector can hold on each: a reading of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .lab import ROOT, Server

DOWNGRADED = {"downgraded_exchange_auth": True}  # without it no connector may suppress X-ANONYMOUSTLS
SERVERS: dict[str, dict[str, Any]] = {
    "EX07": {"version": "2007"},
    "EX10": {"version": "2010", **DOWNGRADED},
    "EX13": {"version": "2013", **DOWNGRADED},
    "CAS13": {"version": "2013", "roles": ["client_access"], **DOWNGRADED},
    "MBX13": {"version": "2013", "roles": ["mailbox"], **DOWNGRADED},
    "EX16": {"version": "2016", "culture": "de", **DOWNGRADED},
    "EX19": {"version": "2019", "culture": "fr", **DOWNGRADED},
    "EXSE": {"version": "SE", **DOWNGRADED},
    "EDGE10": {"version": "2010", "roles": ["edge"], "auth": ["ntlm"], **DOWNGRADED},
    "EDGE19": {"version": "2019", "roles": ["edge"], "auth": ["ntlm"], **DOWNGRADED},
}
# How each is reached, beside the snap-in: an Edge Transport server stands in no domain.
ACCOUNTS: dict[str, dict[str, Any]] = {
    "EX07": {"ansible_exchange_kerberos_delegation": True},
    "EDGE10": {"ansible_exchange_auth": "ntlm", "ansible_user": "EDGE10\\administrator"},
    "EDGE19": {"ansible_exchange_auth": "ntlm", "ansible_user": "EDGE19\\administrator"},
}

SINCE = {
    "2010": (
        "advertise_client_settings",
        "bare_linefeed_rejection_enabled",
        "extended_protection_policy",
        "max_acknowledgement_delay",
        "message_rate_source",
        "suppress_x_anonymous_tls",
        "tls_domain_capabilities",
    ),
    "2013": ("service_discovery_fqdn", "smtp_utf8_enabled", "tls_certificate_name", "transport_role"),
    "2016": (
        "auth_tarpit_interval",
        "reject_reserved_second_level_recipient_domains",
        "reject_reserved_top_level_recipient_domains",
        "reject_single_label_recipient_domains",
    ),
}
ONLY = {"live_credential_enabled": ("2010", "2013"), "proxy_enabled": ("2013",)}
NOT_ON_EDGE = ("transport_role",)
SET_ONLY = ("bare_linefeed_rejection_enabled", "smtp_utf8_enabled")

VERSIONS = ("2007", "2010", "2013", "2016", "2019", "SE")

# Every option of a connector with a value that no server gives a new one.
VALUES: dict[str, Any] = {
    "bindings": ["0.0.0.0:2626", "[::]:2626"],
    "remote_ip_ranges": ["10.20.4.11", "10.31.0.0/24", "2001:db8::/64"],
    "transport_role": "HubTransport",
    "enabled": False,
    "comment": "Everything another way",
    "permission_groups": ["AnonymousUsers", "Partners"],
    "auth_mechanism": ["Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS"],
    "require_tls": True,
    "require_ehlo_domain": True,
    "domain_secure_enabled": True,
    "extended_protection_policy": "Allow",
    "enable_auth_gssapi": True,
    "suppress_x_anonymous_tls": True,
    "live_credential_enabled": True,
    "proxy_enabled": True,
    "advertise_client_settings": True,
    "fqdn": "relay.lab.example",
    "banner": "220 relay.lab.example ready",
    "service_discovery_fqdn": "discover.lab.example",
    "default_domain": "lab.example",
    "tls_certificate_name": "<I>CN=Lab Authority<S>CN=relay.lab.example",
    "tls_domain_capabilities": ["fabrikam.com:AcceptOorgProtocol"],
    "protocol_logging_level": "Verbose",
    "connection_timeout": "00:20:00",
    "connection_inactivity_timeout": "00:12:00",
    "tarpit_interval": "00:00:07",
    "auth_tarpit_interval": "00:00:08",
    "max_acknowledgement_delay": "00:01:00",
    "max_inbound_connection": 4000,
    "max_inbound_connection_per_source": 50,
    "max_inbound_connection_percentage_per_source": 7,
    "message_rate_limit": 100,
    "message_rate_source": "All",
    "max_protocol_errors": 9,
    "max_logon_failures": 2,
    "max_message_size": "20MB",
    "max_header_size": "128KB",
    "max_recipients_per_message": 300,
    "max_hop_count": 40,
    "max_local_hop_count": 9,
    "size_enabled": "Disabled",
    "chunking_enabled": False,
    "binary_mime_enabled": False,
    "eight_bit_mime_enabled": False,
    "delivery_status_notification_enabled": False,
    "enhanced_status_codes_enabled": False,
    "pipelining_enabled": False,
    "long_addresses_enabled": True,
    "orar_enabled": True,
    "bare_linefeed_rejection_enabled": True,
    "smtp_utf8_enabled": False,
    "reject_reserved_top_level_recipient_domains": True,
    "reject_reserved_second_level_recipient_domains": True,
    "reject_single_label_recipient_domains": True,
}


def documented_options() -> set[str]:
    """Options of a connector that the reference page lists, but for its name and what it is created for."""
    page = (ROOT / "docs" / "reference" / "properties.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) - {"name", "usage"}


def lacking(server: Server) -> dict[str, Any]:
    """Options that a server's version does not have, with their values."""
    position = VERSIONS.index(server.version)
    missing = {option for since, options in SINCE.items() if position < VERSIONS.index(since) for option in options}
    missing |= {option for option, versions in ONLY.items() if server.version not in versions}
    missing |= set(NOT_ON_EDGE) if server.edge else set()
    return {option: value for option, value in VALUES.items() if option in missing}


def everything(server: Server) -> dict[str, Any]:
    """Every option that a server has, each with a value that is not its default."""
    values: dict[str, Any] = {option: value for option, value in VALUES.items() if option not in lacking(server)}
    # Defaults that differ between versions, as the lab has them.
    if server.version == "2010":
        values["advertise_client_settings"] = False
    if server.version in ("2013", "2016"):
        values["smtp_utf8_enabled"] = True
    if "transport_role" in values and "mailbox" not in server.roles:
        # A Client Access server has no Transport service, to which long addresses belong too.
        values |= {"transport_role": "FrontendTransport", "long_addresses_enabled": False}
    return values


def host_variables(servers: Mapping[str, Server]) -> dict[str, dict[str, Any]]:
    """What the plays of these tests need of each server: `everything` and `lacking`, as data."""
    return {
        name: {
            **ACCOUNTS.get(name, {}),
            "everything": everything(server),
            "lacking": [{option: value} for option, value in lacking(server).items()],
        }
        for name, server in servers.items()
    }
