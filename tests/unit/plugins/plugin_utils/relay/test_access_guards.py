# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings about access lists: what comes from above and opens every connector, and what is given and taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.guards import Audit
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ServerState
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy

from .rollouts import Reader, dn, facts_of, plan_for, relay, rolled_out, services
from .simulated_exchange import RIGHT, Row, SimulatedExchange

SUBMIT = "ms-Exch-SMTP-Submit"
FRONT_END, USERS = "Default Frontend EX1", "Client Frontend EX1"


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def from_above(server: SimulatedExchange, *rows: tuple[str, str, bool]) -> None:
    """Let every connector, also those to come, inherit these rows."""
    for connector in server.connectors.values():
        connector.rows += [Row(user, right, deny, inherited=True) for user, right, deny in rows]


def audited(server: SimulatedExchange, identifier: str) -> dict[str, Any]:
    """The finding of this id by connector, of all connectors with all access lists read."""
    reader = Reader(server)
    connectors = tuple(found for key in server.connectors if (found := reader.read_connector(key)) is not None)
    access = {key: reader.read_access(key) for key in server.connectors}
    audit = Audit(ServerState(facts_of(server), connectors, access), Policy(), server.anonymous)
    every = {one.name: audit.findings(one.name) for one in connectors}
    return {name: found for name, told in every.items() for found in told if found.id == identifier}


def test_nothing_is_told_of_what_is_usual(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    from_above(server, ("LAB\\Enterprise Admins", RIGHT, False))
    assert audited(server, "inherited_relay") == {}
    assert audited(server, "relay_denied") == {}


def test_a_right_from_above_is_told_of_every_connector_it_opens(server: SimulatedExchange) -> None:
    """The default ones too: Default Frontend takes everybody's mail, and now relays it."""
    rolled_out(server, sources=["10.0.0.1"])
    from_above(server, (server.anonymous, RIGHT, False))
    told = audited(server, "inherited_relay")
    assert set(told) == {FRONT_END, "Relay a"}
    assert len({id(found) for found in told.values()}) == 1, "it is one entry, so relay_findings tells it once"
    found = told[FRONT_END]
    assert set(found.connectors) == set(told)
    assert (found.severity, found.guard) == ("critical", False)
    assert "lets clients that do not log on relay" in found.message
    assert "where it is defined" in found.remedy


def test_a_connector_of_its_own_that_denies_is_not_opened(server: SimulatedExchange) -> None:
    from_above(server, (server.anonymous, RIGHT, False))
    server.named(FRONT_END).rows.append(Row(server.anonymous, RIGHT, deny=True))
    assert audited(server, "inherited_relay") == {}


def test_two_entries_from_above_are_told_with_the_doubt(server: SimulatedExchange) -> None:
    from_above(server, (server.anonymous, RIGHT, False), (server.anonymous, RIGHT, True))
    found = audited(server, "inherited_relay")[FRONT_END]
    assert found.severity == "warning"
    assert "unless a denying entry is nearer to the connector (which is not shown)" in found.message


def test_users_are_told_of_where_they_can_log_on(server: SimulatedExchange) -> None:
    from_above(server, (server.everybody, RIGHT, False), (server.everybody, SUBMIT, False))
    told = audited(server, "inherited_relay")
    assert USERS in told
    assert {(found.severity, "everybody who has logged on relay" in found.message) for found in told.values()} == {
        ("warning", True)
    }


def test_secured_sessions_have_other_principals(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"], method="externally_secured")
    from_above(server, (server.anonymous, RIGHT, False))
    assert "Relay a" not in audited(server, "inherited_relay")


def test_a_connector_that_is_still_to_come_inherits_what_the_others_do(server: SimulatedExchange) -> None:
    from_above(server, (server.anonymous, RIGHT, False))
    plan = relay(server, sources=["10.0.0.1"])
    assert [found.connectors for found in plan.findings if found.id == "inherited_relay"] == [("Relay a",)]
    assert plan.refusal is None and plan.steps


def test_a_writer_reports_it_and_goes_on(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    from_above(server, (server.anonymous, RIGHT, False))
    plan = relay(server, sources=["10.0.0.1", "10.0.0.2"])
    told = [found for found in plan.findings if found.id == "inherited_relay"]
    assert [found.connectors for found in told] == [("Relay a",)]
    assert plan.refusal is None and plan.steps
    gone = plan_for(server, services({"a": {"state": "absent"}}, server))
    assert [found.id for found in gone.findings if found.id == "inherited_relay"] == []


# -- given and taken --------------------------------------------------------------------------------------------------


def test_users_whom_a_denial_keeps_from_relaying(server: SimulatedExchange) -> None:
    made = server.add(
        "Users",
        {
            "Bindings": ["0.0.0.0:26"],
            "RemoteIPRanges": ["10.0.0.1"],
            "PermissionGroups": "ExchangeUsers",
            "AuthMechanism": "Tls, BasicAuth, BasicAuthRequireTLS",
        },
    )
    made.rows.append(Row(server.everybody, RIGHT, deny=True))
    found = audited(server, "relay_denied")["Users"]
    assert (found.severity, found.guard) == ("warning", False)
    assert f"denies everybody who has logged on {RIGHT}, so that" in found.message
    made.properties["AuthMechanism"] = "Tls"
    assert audited(server, "relay_denied") == {}, "nobody can log on"


def test_everybody_is_no_account_where_his_name_is_no_known_one() -> None:
    server = SimulatedExchange(anonymous="NT-AUTORIT\u00c4T\\ANONYMOUS-ANMELDUNG")
    spanish = "AUTORIDAD NT\\Usuarios autentificados"
    for connector in server.connectors.values():
        connector.rows = [replace(row, user=spanish) if row.user == server.everybody else row for row in connector.rows]
    server.named(USERS).rows.append(Row(spanish, RIGHT, deny=True))
    assert audited(server, "relay_denied") == {}, "default connectors are their owner's business"
    made = server.add(
        "Users",
        {
            "Bindings": ["0.0.0.0:26"],
            "RemoteIPRanges": ["10.0.0.1"],
            "PermissionGroups": "None",
            "AuthMechanism": "Tls, BasicAuth, BasicAuthRequireTLS",
        },
    )
    made.rows += [Row(spanish, RIGHT), Row(spanish, RIGHT, deny=True)]
    assert f"denies everybody who has logged on {RIGHT}" in audited(server, "relay_denied")["Users"].message


def test_an_account_that_is_given_and_denied_the_same(server: SimulatedExchange) -> None:
    account = server.account("svc-app")
    made = rolled_out(server, sources=["10.0.0.1"], method="authenticated", accounts=[{"principal": account}])
    made.rows.append(Row(account, RIGHT, deny=True))
    assert f"denies {account} {RIGHT}, so that" in audited(server, "relay_denied")["Relay a"].message
    more = relay(server, sources=["10.0.0.1", "10.0.0.2"], method="authenticated", accounts=[{"principal": account}])
    assert "relay_denied" in [found.id for found in more.findings]
    assert more.refusal is not None, "the service would answer the account only to refuse it"


def test_a_service_of_secured_sessions_is_refused_where_they_are_denied(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"], method="externally_secured")
    made.rows.append(Row("MS Exchange\\Externally Secured Servers", SUBMIT, deny=True))
    assert f"denies externally secured sessions {SUBMIT}, so that" in audited(server, "relay_denied")["Relay a"].message
    plan = relay(server, sources=["10.0.0.1", "10.0.0.2"], method="externally_secured")
    assert plan.refusal is not None
    assert "relay_denied" in [found.id for found in plan.findings]


def test_an_access_list_that_was_not_read_tells_nothing(server: SimulatedExchange) -> None:
    from_above(server, (server.anonymous, RIGHT, False))
    reader = Reader(server)
    connector = reader.read_connector(dn(server, FRONT_END))
    assert connector is not None
    state = ServerState(facts_of(server), (connector,), {})
    assert Audit(state, Policy(), server.anonymous).findings(FRONT_END) == []
    state = replace(state, access={connector.distinguished_name: reader.read_access(connector.distinguished_name)})
    assert {found.id for found in Audit(state, Policy(), server.anonymous).findings(FRONT_END)} >= {"inherited_relay"}
