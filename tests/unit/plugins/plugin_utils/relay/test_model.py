# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Servers, connectors and access entries as Exchange returns them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, PROPERTIES
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    AccessEntry,
    ReceiveConnector,
    ServerFacts,
    ServerState,
    version_of,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import ALL_RIGHTS
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import parse_option, to_option

from .captures import read_capture

CONNECTORS = "GetReceiveConnectorEmptyTlsCertificateName.xml"
SERVERS = ("GetExchangeServer_E16.xml", "GetExchangeServer_two-E16-servers.xml")

SERVER = {
    "Name": "EX1",
    "Fqdn": "ex1.contoso.com",
    "DistinguishedName": "CN=EX1,CN=Servers,CN=First Administrative Group",
    "AdminDisplayVersion": "Version 15.2 (Build 986.5)",
    "IsEdgeServer": False,
    "IsHubTransportServer": True,
    "IsFrontendTransportServer": True,
    "IsMailboxServer": True,
    "IsClientAccessServer": True,
    "Site": "contoso.com/Configuration/Sites/Munich",
    "CurrentConfigDomainController": "dc1.contoso.com",
    "OriginatingServer": "dc2.contoso.com",
}

CONNECTOR = {
    "Name": "Relay External",
    "Server": "EX1",
    "Identity": "EX1\\Relay External",
    "Guid": "5f6d2c1e-0000-4000-8000-000000000001",
    "DistinguishedName": "CN=Relay External,CN=SMTP Receive Connectors,CN=Protocols,CN=EX1",
    "WhenChangedUTC": "2026-08-21T08:43:54Z",
    "Bindings": ["0.0.0.0:25"],
    "RemoteIPRanges": ["10.20.4.11", "10.31.0.0/24"],
    "PermissionGroups": "AnonymousUsers, Custom",
    "AuthMechanism": "Tls",
    "Enabled": True,
    "MaxMessageSize": "36 MB (37,748,736 bytes)",
}

ENTRY = {
    "User": "NT AUTHORITY\\ANONYMOUS LOGON",
    "ExtendedRights": ["ms-Exch-SMTP-Accept-Any-Recipient"],
    "AccessRights": ["ExtendedRight"],
    "Deny": False,
    "IsInherited": False,
}


def without(plain: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key != name}


# -- servers ----------------------------------------------------------------------------------------------------------


def test_a_server() -> None:
    assert ServerFacts.from_exchange(SERVER) == ServerFacts(
        name="EX1",
        fqdn="ex1.contoso.com",
        distinguished_name=str(SERVER["DistinguishedName"]),
        version_text="Version 15.2 (Build 986.5)",
        version="2019",
        is_hub_transport=True,
        is_frontend_transport=True,
        is_mailbox=True,
        is_client_access=True,
        domain_controller="dc1.contoso.com",
        site="Munich",
    )


def test_the_domain_controller_that_answered_is_second_best() -> None:
    plain = {**SERVER, "CurrentConfigDomainController": None}
    assert ServerFacts.from_exchange(plain).domain_controller == "dc2.contoso.com"
    assert ServerFacts.from_exchange(without(plain, "OriginatingServer")).domain_controller is None


def test_an_edge_server_has_no_domain_controller() -> None:
    facts = ServerFacts.from_exchange({**SERVER, "IsEdgeServer": True, "Site": None})
    assert facts.is_edge
    assert facts.domain_controller is None
    assert facts.site == ""


def test_old_versions_know_no_front_end() -> None:
    plain = without({**SERVER, "AdminDisplayVersion": "Version 14.3 (Build 123.4)"}, "IsFrontendTransportServer")
    facts = ServerFacts.from_exchange(plain)
    assert (facts.version, facts.is_frontend_transport) == ("2010", False)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Version 8.3 (Build 83.6)", "2007"),
        ("Version 14.0 (Build 639.21)", "2010"),
        ("Version 14.3 (Build 123.4)", "2010"),
        ("Version 15.0 (Build 1497.2)", "2013"),
        ("Version 15.1 (Build 2507.18)", "2016"),
        ("Version 15.2 (Build 221.12)", "2019"),
        ("Version 15.2 (Build 1748.10)", "2019"),
        ("Version 15.2 (Build 2562.17)", "SE"),
        ("Version 15.2 (Build 3000)", "SE"),
        ("Version 8.1 (Build 240.6)", "2007"),
        ("15.1 (Build 2507.18)", "2016"),
        ("Версия 15.2 (Сборка 986.5)", "2019"),
    ],
)
def test_versions(text: str, version: str) -> None:
    assert version_of(text) == version


def test_2007_without_a_service_pack_is_refused() -> None:
    with pytest.raises(UndecodableValue, match="2007 without a service pack; install Service Pack 1"):
        version_of("Version 8.0 (Build 685.24)")


@pytest.mark.parametrize("text", ["", "15.2.986.5", "Version 15.3 (Build 1.1)", "Version 6.5 (Build 7638.2)", "SE"])
def test_an_unknown_version_is_not_guessed(text: str) -> None:
    with pytest.raises(UndecodableValue, match="newer release"):
        version_of(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Name", None),
        ("Fqdn", ""),
        ("DistinguishedName", 5),
        ("AdminDisplayVersion", None),
        ("IsEdgeServer", "False"),
        ("IsHubTransportServer", None),
        ("IsFrontendTransportServer", "yes"),
    ],
)
def test_a_server_that_cannot_be_judged_is_an_error(name: str, value: object) -> None:
    with pytest.raises(UndecodableValue, match=name):
        ServerFacts.from_exchange({**SERVER, name: value})


@pytest.mark.parametrize("name", SERVERS)
def test_real_servers_are_understood(name: str) -> None:
    for plain in read_capture(name):
        facts = ServerFacts.from_exchange(plain)
        assert facts.version == "2016"
        assert facts.fqdn.lower().startswith(facts.name.lower() + ".")
        assert facts.is_hub_transport
        assert facts.is_frontend_transport
        assert not facts.is_edge
        assert facts.site
        assert facts.domain_controller


# -- connectors -------------------------------------------------------------------------------------------------------


def test_a_connector() -> None:
    connector = ReceiveConnector.from_exchange(CONNECTOR)
    assert (connector.server, connector.name) == ("EX1", "Relay External")
    assert connector.guid == CONNECTOR["Guid"]
    assert connector.when_changed == "2026-08-21T08:43:54Z"
    assert connector.values["permission_groups"] == frozenset({"AnonymousUsers"})
    assert connector.values["remote_ip_ranges"] == parse_option(
        BY_OPTION["remote_ip_ranges"], "10.31.0.0/24, 10.20.4.11"
    )
    assert connector.read_only["PermissionGroups"] == "AnonymousUsers, Custom"
    # What the version does not have is not there, which is something else than empty.
    assert "transport_role" not in connector.values


def test_names_are_plain_text() -> None:
    assert type(ReceiveConnector.from_exchange(CONNECTOR).name) is str


def test_the_server_may_come_from_the_identity() -> None:
    assert ReceiveConnector.from_exchange(without(CONNECTOR, "Server")).server == "EX1"


@pytest.mark.parametrize(
    "name",
    ["Name", "DistinguishedName", "Bindings", "RemoteIPRanges", "PermissionGroups", "AuthMechanism", "Enabled"],
)
def test_a_connector_without_what_counts_is_an_error(name: str) -> None:
    with pytest.raises(UndecodableValue, match=name):
        ReceiveConnector.from_exchange(without(CONNECTOR, name))
    with pytest.raises(UndecodableValue, match=name):
        ReceiveConnector.from_exchange({**CONNECTOR, name: None if name != "Name" else 5})


def test_an_unknown_value_names_the_connector_and_the_property() -> None:
    with pytest.raises(UndecodableValue, match=r"Relay External.*AuthMechanism"):
        ReceiveConnector.from_exchange({**CONNECTOR, "AuthMechanism": "Tls, Quantum"})


def test_ranges_that_were_lost_on_the_way_are_not_empty() -> None:
    with pytest.raises(UndecodableValue, match="RemoteIPRanges"):
        ReceiveConnector.from_exchange({**CONNECTOR, "RemoteIPRanges": "None"})


def test_real_connectors_are_understood() -> None:
    connectors = {found.name: found for found in map(ReceiveConnector.from_exchange, read_capture(CONNECTORS))}
    assert len(connectors) == 5
    default = connectors["Default Frontend WIN-CTD3L0RGEN4"]
    assert default.server == "WIN-CTD3L0RGEN4"
    assert default.distinguished_name.startswith("CN=Default Frontend WIN-CTD3L0RGEN4,CN=SMTP Receive Connectors,")
    assert {entry.is_any for entry in default.values["remote_ip_ranges"]} == {True}
    assert {str(entry) for entry in default.values["bindings"]} == {"0.0.0.0:25", "[::]:25"}
    assert default.values["permission_groups"] == {"AnonymousUsers", "ExchangeServers", "ExchangeLegacyServers"}
    assert default.values["transport_role"] == "FrontendTransport"
    assert default.values["protocol_logging_level"] == "Verbose"
    hub = connectors["Default WIN-CTD3L0RGEN4"].values
    assert hub["max_inbound_connection_per_source"] == "unlimited"
    assert hub["max_inbound_connection_percentage_per_source"] == 100
    assert hub["size_enabled"] == "EnabledWithoutValue"
    assert hub["max_message_size"].bytes == 37748736
    assert connectors["Client Frontend WIN-CTD3L0RGEN4"].values["message_rate_source"] == {"User"}


def test_real_connectors_have_every_property_of_the_table() -> None:
    for plain in read_capture(CONNECTORS):
        assert set(ReceiveConnector.from_exchange(plain).values) == {row.option for row in PROPERTIES if row.returned}


def test_what_the_version_cannot_write_is_no_value() -> None:
    facts = ServerFacts.from_exchange(SERVER)
    plain = {**CONNECTOR, "LiveCredentialEnabled": False, "ProxyEnabled": True, "TransportRole": "HubTransport"}
    found = ReceiveConnector.from_exchange(plain, facts)
    assert not {"live_credential_enabled", "proxy_enabled"} & set(found.values)
    assert found.read_only["ProxyEnabled"] is True
    assert "transport_role" in found.values
    edge = replace(facts, is_edge=True)
    assert "transport_role" not in ReceiveConnector.from_exchange(plain, edge).values
    old = replace(facts, version="2013")
    assert ReceiveConnector.from_exchange(plain, old).values["proxy_enabled"] is True


def test_options_of_real_connectors_are_input_for_the_same() -> None:
    for plain in read_capture(CONNECTORS):
        for option, value in ReceiveConnector.from_exchange(plain).values.items():
            assert parse_option(BY_OPTION[option], to_option(BY_OPTION[option], value)) == value


# -- access entries ---------------------------------------------------------------------------------------------------


def test_an_entry() -> None:
    assert AccessEntry.from_exchange(ENTRY) == (
        AccessEntry("NT AUTHORITY\\ANONYMOUS LOGON", "ms-Exch-SMTP-Accept-Any-Recipient"),
    )


def test_every_right_of_a_row_is_an_entry() -> None:
    rights = ["MS-EXCH-SMTP-SUBMIT", "ms-Exch-Accept-Exch50", "ms-Exch-New-Right"]
    found = AccessEntry.from_exchange({**ENTRY, "ExtendedRights": rights, "Deny": True, "IsInherited": True})
    assert [entry.right for entry in found] == [
        "ms-Exch-SMTP-Submit",
        "ms-Exch-SMTP-Accept-Exch50",
        "ms-Exch-New-Right",
    ]
    assert all(entry.deny and entry.inherited for entry in found)


def test_rights_may_come_as_one_text() -> None:
    plain = {**ENTRY, "ExtendedRights": "ms-Exch-SMTP-Submit, ms-Exch-Bypass-Anti-Spam"}
    assert len(AccessEntry.from_exchange(plain)) == 2


@pytest.mark.parametrize(
    ("access", "rights"),
    [(["GenericAll"], [ALL_RIGHTS]), (["ExtendedRight"], [ALL_RIGHTS]), (["ReadProperty", "WriteProperty"], [])],
)
def test_a_row_without_names_may_still_give_every_right(access: list[str], rights: list[str]) -> None:
    plain = {**ENTRY, "ExtendedRights": None, "AccessRights": access}
    assert [entry.right for entry in AccessEntry.from_exchange(plain)] == rights


@pytest.mark.parametrize(
    ("inheritance", "entries"),
    [("All", 1), ("None", 1), ("SelfAndChildren", 1), ("Descendents", 0), ("Children", 0), (None, 1)],
)
def test_a_row_for_objects_below_is_no_entry_of_the_connector(inheritance: str | None, entries: int) -> None:
    assert len(AccessEntry.from_exchange({**ENTRY, "InheritanceType": inheritance})) == entries


@pytest.mark.parametrize(
    ("name", "value"),
    [("User", None), ("Deny", None), ("IsInherited", "False"), ("ExtendedRights", 5), ("ExtendedRights", [None])],
)
def test_an_entry_that_cannot_be_judged_is_an_error(name: str, value: object) -> None:
    with pytest.raises(UndecodableValue, match=name):
        AccessEntry.from_exchange({**ENTRY, name: value})


def test_a_state_finds_connectors_in_any_case() -> None:
    connector = ReceiveConnector.from_exchange(CONNECTOR)
    state = ServerState(ServerFacts.from_exchange(SERVER), (connector,))
    assert state.connector("relay external") is connector
    assert state.connector("Relay") is None
    assert dict(state.access) == {}
