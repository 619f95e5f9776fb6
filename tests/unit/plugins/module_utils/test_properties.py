# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of properties: complete, consistent, and readable by the Python of old managed hosts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils import _properties
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import (
    BY_EXCHANGE,
    BY_OPTION,
    KINDS,
    LIST_KINDS,
    PROPERTIES,
    THROTTLING,
    VERSIONS,
    Property,
)

TABLES = ("_property", "_properties", "_limit_properties", "_findings", "_profiles", "_argument_spec")

# Names as Microsoft spells them; snake_case alone does not tell where EHLO or GSSAPI are capitals.
REQUIRED = {
    "name": "Name",
    "bindings": "Bindings",
    "remote_ip_ranges": "RemoteIPRanges",
    "transport_role": "TransportRole",
    "permission_groups": "PermissionGroups",
    "auth_mechanism": "AuthMechanism",
    "enabled": "Enabled",
    "comment": "Comment",
    "fqdn": "Fqdn",
    "banner": "Banner",
    "protocol_logging_level": "ProtocolLoggingLevel",
    "connection_timeout": "ConnectionTimeout",
    "connection_inactivity_timeout": "ConnectionInactivityTimeout",
    "tarpit_interval": "TarpitInterval",
    "auth_tarpit_interval": "AuthTarpitInterval",
    "max_acknowledgement_delay": "MaxAcknowledgementDelay",
    "max_inbound_connection": "MaxInboundConnection",
    "max_inbound_connection_per_source": "MaxInboundConnectionPerSource",
    "max_inbound_connection_percentage_per_source": "MaxInboundConnectionPercentagePerSource",
    "message_rate_limit": "MessageRateLimit",
    "message_rate_source": "MessageRateSource",
    "max_message_size": "MaxMessageSize",
    "max_header_size": "MaxHeaderSize",
    "max_recipients_per_message": "MaxRecipientsPerMessage",
    "max_protocol_errors": "MaxProtocolErrors",
    "max_logon_failures": "MaxLogonFailures",
    "max_hop_count": "MaxHopCount",
    "max_local_hop_count": "MaxLocalHopCount",
    "size_enabled": "SizeEnabled",
}


def test_every_property_that_relays_need_is_there() -> None:
    assert {option: BY_OPTION[option].exchange for option in REQUIRED} == REQUIRED


def test_names_are_unique() -> None:
    assert len(BY_OPTION) == len(BY_EXCHANGE) == len(PROPERTIES)


@pytest.mark.parametrize("row", PROPERTIES, ids=lambda row: row.option)
def test_a_row_is_consistent(row: Property) -> None:
    assert row.kind in KINDS
    assert row.option.replace("_", "") == row.exchange.lower()
    assert row.since in VERSIONS
    assert row.until is None or VERSIONS.index(row.until) >= VERSIONS.index(row.since)
    assert row.mutable_list == (row.kind in LIST_KINDS)
    assert bool(row.choices) == (row.kind in ("enum", "flags", "tls_capabilities"))
    assert row.description
    assert all(sentence.endswith(".") for sentence in row.description)
    if row.kind in ("int", "unlimited", "timespan", "size"):
        assert row.minimum is not None
        assert row.maximum is not None
        assert row.minimum < row.maximum
    # What Set cannot change must not be compared, or every run would find the same difference.
    assert row.on_set or (row.on_new and not row.returned)


def test_throttling_holds_what_limits_and_nothing_else() -> None:
    options = {row.option for row in THROTTLING}
    assert {"tarpit_interval", "max_message_size", "size_enabled"} <= options
    assert not options & {"name", "bindings", "permission_groups", "enabled", "comment"}


@pytest.mark.parametrize(
    ("option", "version", "is_edge", "there"),
    [
        ("transport_role", "2010", False, False),
        ("transport_role", "2013", False, True),
        ("transport_role", "2019", True, False),
        ("auth_tarpit_interval", "2013", False, False),
        ("auth_tarpit_interval", "2016", False, True),
        ("max_acknowledgement_delay", "2007", False, False),
        ("message_rate_source", "2007", False, False),
        ("comment", "2007", True, True),
        ("comment", "SE", False, True),
    ],
)
def test_version_gates(option: str, version: str, is_edge: bool, there: bool) -> None:
    assert BY_OPTION[option].available(version, is_edge) is there


def test_a_property_can_end() -> None:
    row = Property("old", "Old", "bool", since="2010", until="2013")
    assert [version for version in VERSIONS if row.available(version)] == ["2010", "2013"]


def test_an_unknown_version_is_an_error_and_not_a_gate() -> None:
    with pytest.raises(ValueError):
        BY_OPTION["comment"].available("2003")


@pytest.mark.parametrize("name", TABLES)
def test_tables_parse_on_old_python(name: str) -> None:
    source = Path(_properties.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    # Annotations stay text, so that dict[...] in them is no error on 3.8.
    assert "from __future__ import annotations" in source
