# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sources that are declared for mail inside only, and connectors that let them relay all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import access_needed
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import MEANT, carry_out, plan_for, read_state, services
from .simulated_exchange import RIGHT, Connector, Row, SimulatedExchange
from .simulated_facts import SUBMIT

SCAN = {"method": "internal", "sources": ["10.0.0.1", "10.0.9.1"]}
WIDE = {"name": "Wide", "bindings": ["0.0.0.0:25"], "remote_ip_ranges": ["10.0.0.0/24"], "transport_role": None}


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange(whole_groups=True)


def planned(server: SimulatedExchange, **others: Mapping[str, Any]) -> Plan:
    return plan_for(server, services({"scan": SCAN, **others}, server), Policy())


def told(plan: Plan) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(entry.id, entry.connectors, entry.addresses) for entry in plan.findings]


def wide(server: SimulatedExchange, *groups: str, **others: Any) -> Connector:
    """A connector that nobody declares as a service, for some of the sources."""
    options = {**WIDE, "permission_groups": list(groups), **others}
    assert carry_out(plan_for(server, parse_receive_connector(options, server.name), MEANT), server)
    return server.named("Wide")


def test_a_connector_that_only_takes_mail_inside_is_as_it_should_be(server: SimulatedExchange) -> None:
    wide(server, "AnonymousUsers")
    assert planned(server).findings == []


@pytest.mark.parametrize("opened_by", ["right", "trust"])
def test_a_connector_that_lets_the_sources_relay_is_named(server: SimulatedExchange, opened_by: str) -> None:
    if opened_by == "right":
        wide(server, "AnonymousUsers").rows.append(Row(server.anonymous, RIGHT))
    else:
        wide(server, "ExchangeServers", auth_mechanism=["Tls", "ExternalAuthoritative"])
    plan = planned(server)
    assert told(plan) == [("internal_relays", ("Relay scan", "Wide"), ("10.0.0.1",))]
    [entry] = plan.findings
    assert (entry.severity, plan.refusal) == ("warning", None)
    assert entry.message == (
        "On EX1 connector 'Wide' lets 10.0.0.1 relay, which the service of 'Relay scan' declares for mail to "
        "recipients inside only."
    )
    accepted = plan_for(server, services({"scan": {**SCAN, "accept_findings": {"internal_relays": "x"}}}, server))
    assert [entry.accepted for entry in accepted.findings] == ["x"]


def test_rights_count_whatever_the_server_calls_clients_that_do_not_log_on() -> None:
    server = SimulatedExchange(whole_groups=True, anonymous="NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG")
    made = wide(server)
    made.rows += [Row(server.anonymous, SUBMIT), Row(server.anonymous, RIGHT)]
    assert told(planned(server)) == [("internal_relays", ("Relay scan", "Wide"), ("10.0.0.1",))]


def test_a_default_connector_that_relays_for_everybody_is_named_too(server: SimulatedExchange) -> None:
    default = server.named("Default Frontend EX1")
    default.rows.append(Row(server.anonymous, RIGHT))
    [entry] = planned(server).findings
    assert (entry.id, entry.connectors[1], entry.addresses) == (
        "internal_relays",
        "Default Frontend EX1",
        ("10.0.0.1", "10.0.9.1"),
    )


def test_another_service_of_the_same_plan_is_named_too(server: SimulatedExchange) -> None:
    plan = planned(server, open={"sources": ["10.0.9.0/24"]})
    assert ("internal_relays", ("Relay scan", "Relay open"), ("10.0.9.1",)) in told(plan)


def test_what_comes_to_light_when_the_own_connector_goes_counts(server: SimulatedExchange) -> None:
    assert carry_out(plan_for(server, services({"scan": {"sources": SCAN["sources"]}}, server)), server)
    wide(server, "AnonymousUsers").rows.append(Row(server.anonymous, RIGHT))
    plan = planned(server)
    assert [step.command.cmdlet for step in plan.steps] == ["Remove-ReceiveConnector"]
    assert told(plan) == [("internal_relays", ("Relay scan", "Wide"), ("10.0.0.1",))]


def test_only_lists_of_connectors_that_may_answer_are_read(server: SimulatedExchange) -> None:
    wide(server, "AnonymousUsers")
    elsewhere = {**WIDE, "name": "Elsewhere", "remote_ip_ranges": ["10.5.0.0/24"]}
    assert carry_out(plan_for(server, parse_receive_connector(elsewhere, server.name), MEANT), server)
    desired = services({"scan": SCAN}, server)
    needed = access_needed(desired, read_state(server, desired))
    assert sorted(server.connectors[name].name for name in needed) == ["Default Frontend EX1", "Wide"]
