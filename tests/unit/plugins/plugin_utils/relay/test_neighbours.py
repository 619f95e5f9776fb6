# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings about a connector and the others of its server: who takes clients from whom, and who IPv6 passes by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.findings import Finding
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.guards import Audit
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ExchangeServerAddresses
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import plan_server
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import parse_address
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import Reader, carry_out, dn, plan_for, read_state, relay, rolled_out, services
from .simulated_exchange import RIGHT, Connector, Row, SimulatedExchange


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def add(server: SimulatedExchange, name: str, *ranges: str, **properties: Any) -> Connector:
    """A connector that somebody made by hand."""
    usual = {
        "Bindings": ["0.0.0.0:25"],
        "RemoteIPRanges": list(ranges),
        "TransportRole": "FrontendTransport",
        "PermissionGroups": "AnonymousUsers",
    }
    return server.add(name, {**usual, **properties})


def authenticated(server: SimulatedExchange, name: str, *ranges: str) -> Connector:
    """A connector for users that log on."""
    mechanisms = "Tls, BasicAuth, BasicAuthRequireTLS"
    return add(server, name, *ranges, PermissionGroups="ExchangeUsers", AuthMechanism=mechanisms)


def told(plan: Plan) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    return [(one.id, one.severity, one.connectors, one.addresses) for one in plan.findings]


def audit(server: SimulatedExchange) -> dict[str, list[Finding]]:
    """The findings of a report of all connectors with all their access lists."""
    nothing = services({}, server)
    state = read_state(server, nothing)
    access = {identity: Reader(server).read_access(identity) for identity in server.connectors}
    report = Audit(replace(state, access=access), Policy(), server.anonymous)
    return {one.name: found for one in state.connectors if (found := report.findings(one.name))}


# -- taking clients ---------------------------------------------------------------------------------------------------


def test_the_default_connectors_are_there_to_be_taken_from(server: SimulatedExchange) -> None:
    assert told(
        relay(server, sources=["10.0.0.1", "fd00::/64"], connector={"bindings": ["0.0.0.0:25", "[::]:25"]})
    ) == [("open_relay", "critical", ("Relay a",), ("fd00::/64",))]


def test_a_default_connector_that_somebody_narrowed_is_not(server: SimulatedExchange) -> None:
    frontend = server.connectors[dn(server, "Default Frontend EX1")]
    frontend.properties["RemoteIPRanges"] = ["10.0.0.0/8"]
    plan = relay(server, sources=["10.0.0.1"])
    assert told(plan) == [("stolen_clients", "warning", ("Relay a", "Default Frontend EX1"), ("10.0.0.1",))]
    assert plan.refusal is None


def test_devices_that_log_on_and_others_that_relay_go_together_with_a_warning(server: SimulatedExchange) -> None:
    authenticated(server, "Submission", "10.0.0.0/8")
    plan = relay(server, sources=["10.0.0.1", "10.0.0.2", "172.16.0.1"])
    [found] = plan.findings
    assert (found.id, found.severity, plan.refusal) == ("stolen_clients", "warning", None)
    assert found.message == (
        "Connector 'Relay a' on EX1 takes 10.0.0.1-10.0.0.2 away from connector 'Submission' with its wider range, "
        "where users can log on as they cannot here."
    )
    assert carry_out(plan, server)
    accepted = relay(server, sources=["10.0.0.1", "10.0.0.2", "172.16.0.1"], accept_findings={"stolen_clients": "so"})
    assert [one.accepted for one in accepted.findings] == ["so"]


def test_the_authenticated_one_declared_is_told_who_answers_in_it(server: SimulatedExchange) -> None:
    add(server, "Foreign", "10.0.0.7")
    options = {
        "name": "Submission",
        "bindings": "0.0.0.0:25",
        "remote_ip_ranges": "10.0.0.0/8",
        "permission_groups": "ExchangeUsers",
        "auth_mechanism": "Tls, BasicAuth, BasicAuthRequireTLS",
    }
    plan = plan_for(server, parse_receive_connector(options, "EX1"))
    [found] = plan.findings
    assert (found.id, found.connectors, plan.refusal) == ("shadowed_source", ("Submission", "Foreign"), None)
    assert found.message == (
        "Connector 'Submission' on EX1 is for 10.0.0.7, but connector 'Foreign' has a narrower range there and "
        "answers, which takes their mail for accepted domains only."
    )


def test_a_change_that_has_nothing_to_do_with_it_tells_nothing(server: SimulatedExchange) -> None:
    authenticated(server, "Submission", "10.0.0.0/8")
    add(server, "Foreign", "10.0.0.7")
    assert told(plan_for(server, parse_receive_connector({"name": "Foreign", "comment": "x"}, "EX1"))) == []


@pytest.mark.parametrize(
    ("rights", "severity", "what"),
    [
        ([], "warning", "which takes their mail for accepted domains only."),
        ([Row("NT AUTHORITY\\ANONYMOUS LOGON", RIGHT)], "warning", "which was not read."),
    ],
)
def test_a_source_that_another_connector_answers(
    server: SimulatedExchange, rights: list[Row], severity: str, what: str
) -> None:
    add(server, "Foreign", "10.0.0.7").rows.extend(rights)
    [found] = relay(server, sources=["10.0.0.0/24"]).findings
    assert (found.id, found.severity, found.addresses) == ("shadowed_source", severity, ("10.0.0.7",))
    assert found.message.endswith(what)


def test_between_declared_services_a_pair_is_told_once(server: SimulatedExchange) -> None:
    declared = {"wide": {"sources": ["10.0.0.0/24"]}, "narrow": {"sources": ["10.0.0.7", "10.0.0.9"]}}
    plan = plan_for(server, services(declared, server))
    [found] = plan.findings
    assert (found.id, found.connectors) == ("shadowed_source", ("Relay wide", "Relay narrow"))
    assert found.addresses == ("10.0.0.7", "10.0.0.9")
    assert found.severity == "info", "they may relay here and there"
    assert "lets them relay too" in found.message


def test_trust_that_is_lost_is_a_warning(server: SimulatedExchange) -> None:
    wide = {"sources": ["10.0.0.0/24"], "method": "externally_secured"}
    plan = plan_for(server, services({"wide": wide, "narrow": {"sources": ["10.0.0.7"]}}, server))
    assert [(one.id, one.severity) for one in plan.findings] == [
        ("externally_secured_bypass", "warning"),
        ("shadowed_source", "warning"),
    ]


def test_disabled_connectors_and_other_ports_take_nobody(server: SimulatedExchange) -> None:
    add(server, "Foreign", "10.0.0.7", Enabled=False)
    add(server, "Other port", "10.0.0.8", Bindings=["0.0.0.0:26"])
    add(server, "Other service", "10.0.0.9", Bindings=["10.99.0.1:2525"], TransportRole="HubTransport")
    assert told(relay(server, sources=["10.0.0.0/24"])) == []


def test_a_connector_at_one_address_takes_clients_there(server: SimulatedExchange) -> None:
    add(server, "One address", "10.0.0.7", Bindings=["10.99.0.1:25"])
    assert told(relay(server, sources=["10.0.0.0/24"])) == [
        ("shadowed_source", "warning", ("Relay a", "One address"), ("10.0.0.7",))
    ]
    [found] = relay(server, sources=["10.0.0.7"]).findings
    assert "not documented" in found.message, "nobody tells who wins with the same range"


def test_a_report_tells_of_every_connector_what_is_its_own(server: SimulatedExchange) -> None:
    authenticated(server, "Submission", "10.0.0.0/8")
    assert carry_out(relay(server, sources=["10.0.0.0/24"]), server)
    add(server, "Foreign", "10.0.0.7")
    found = {name: [(one.id, one.connectors[1:]) for one in ones] for name, ones in audit(server).items()}
    # What Foreign takes from Submission, the relay would have; only who relays and does not answer is told.
    assert found == {"Relay a": [("stolen_clients", ("Submission",)), ("shadowed_source", ("Foreign",))]}


def test_a_report_tells_conflicts_that_slipped_in(server: SimulatedExchange) -> None:
    add(server, "Old", "10.0.0.7", Bindings=["10.99.0.1:25"], TransportRole="HubTransport")
    assert [one.id for one in audit(server)["Old"]] == ["hub_transport_on_port_25", "role_conflict"]
    assert list(audit(server)) == ["Old"]


def test_a_report_tells_the_same_range_twice(server: SimulatedExchange) -> None:
    add(server, "One", "10.0.0.7")
    add(server, "Two", "10.0.0.7/32", Enabled=False)
    found = audit(server)
    assert {name: [(one.id, one.severity) for one in ones] for name, ones in found.items()} == {
        "One": [("range_conflict", "warning")],
        "Two": [("range_conflict", "warning")],
    }


# -- conflicts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("conflicts", [True, False])
@pytest.mark.parametrize("source", ["10.0.0.7", "10.0.0.0-10.0.0.7"])
def test_a_disabled_connector_only_warns_whatever_exchange_does(source: str, conflicts: bool) -> None:
    server = SimulatedExchange(disabled_conflicts=conflicts)
    add(server, "Old", "10.0.0.7-10.0.0.9" if "-" in source else "10.0.0.7", Enabled=False)
    plan = relay(server, sources=[source])
    assert [(one.id, one.severity) for one in plan.findings] == [("range_conflict", "warning")]
    assert plan.refusal is None
    if conflicts:
        with pytest.raises(AssertionError, match="Exchange refuses"):
            carry_out(plan, server)
    else:
        assert carry_out(plan, server)


def test_a_conflict_of_a_connector_that_stays_disabled_only_warns(server: SimulatedExchange) -> None:
    add(server, "Old", "10.0.0.7")
    options = {"name": "New", "bindings": "0.0.0.0:25", "remote_ip_ranges": "10.0.0.7", "enabled": False}
    plan = plan_for(server, parse_receive_connector(options, "EX1"))
    assert ([(one.id, one.severity) for one in plan.findings], plan.refusal) == ([("range_conflict", "warning")], None)


@pytest.mark.parametrize(
    ("binding", "conflict"),
    [
        ("0.0.0.0:2525", True),
        ("10.99.0.1:2525", True),
        ("[::]:2525", True),
        ("[fd00::1]:2525", True),
        ("0.0.0.0:2526", False),
        ("10.99.0.1:26", False),
    ],
)
def test_a_port_of_the_other_service_conflicts_at_every_address(
    server: SimulatedExchange, binding: str, conflict: bool
) -> None:
    plan = relay(server, sources=["10.0.0.7"], connector={"bindings": binding})
    assert ("role_conflict" in {one.id for one in plan.findings}) is conflict
    assert (plan.refusal is not None) is conflict


# -- IPv6 -------------------------------------------------------------------------------------------------------------


def with_addresses(server: SimulatedExchange, desired: DesiredConnectors, *addresses: str) -> Plan:
    own = ExchangeServerAddresses("ex1", tuple(parse_address(text, "test") for text in addresses))
    other = ExchangeServerAddresses("EX2", (parse_address("fd00::2", "test"),))
    return plan_server(desired, replace(read_state(server, desired), addresses=(own, other)), Policy())


@pytest.mark.parametrize(
    ("address", "bypass"),
    [
        ("2001:db8::1", True),
        ("fd00::1", True),
        ("fe80::1", False),
        ("::1", False),
        ("ff02::1", False),
        ("::ffff:10.99.0.1", False),
        ("10.99.0.1", False),
    ],
)
@pytest.mark.parametrize("bindings", ["0.0.0.0:25", "10.99.0.1:25"])
def test_a_server_that_clients_reach_over_ipv6(
    server: SimulatedExchange, address: str, bindings: str, bypass: bool
) -> None:
    desired = services({"a": {"sources": ["10.0.0.7"], "connector": {"bindings": bindings}}}, server)
    plan = with_addresses(server, desired, "10.99.0.9", address)
    assert [one.id for one in plan.findings] == (["ipv6_bypass"] if bypass else [])
    assert plan.refusal is None
    if bypass:
        assert plan.findings[0].message == (
            f"Connector 'Relay a' on EX1 only listens on IPv4, while the server can be reached at {address} too, where "
            "'Default Frontend EX1' answers."
        )


@pytest.mark.parametrize("bindings", ["0.0.0.0:25,[::]:25", "10.99.0.1:25,[fd00::1]:25"])
def test_a_connector_on_both_versions_is_passed_by_by_nobody(server: SimulatedExchange, bindings: str) -> None:
    declared = {"sources": ["10.0.0.7", "fd00::7"], "connector": {"bindings": bindings}}
    assert told(with_addresses(server, services({"a": declared}, server), "fd00::1", "10.99.0.1")) == []


def test_sources_that_can_never_reach_it(server: SimulatedExchange) -> None:
    [found] = relay(server, sources=["10.0.0.7", "fd00::7"]).findings
    assert (found.id, found.severity, found.addresses) == ("ipv6_bypass", "warning", ("fd00::7",))
    assert "it is for fd00::7, from where nobody reaches it" in found.message


def test_a_connector_that_does_not_relay_is_nobody_s_trouble(server: SimulatedExchange) -> None:
    options = {"name": "X", "bindings": "0.0.0.0:25", "remote_ip_ranges": "10.0.0.7", "permission_groups": "Partners"}
    desired = parse_receive_connector({**options, "enabled": False}, "EX1")
    assert told(with_addresses(server, desired, "fd00::1")) == []


# -- capabilities and floods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("capability", ["AcceptCloudServicesMail", "acceptoorgprotocol"])
def test_a_capability_of_the_cloud_on_a_relay(server: SimulatedExchange, capability: str) -> None:
    entry = f"mail.protection.outlook.com:{capability}"
    plan = relay(server, sources=["10.0.0.7"], connector={"tls_domain_capabilities": [entry]})
    [found] = plan.findings
    assert (found.id, found.severity) == ("hybrid_on_relay", "critical")
    assert "mail.protection.outlook.com" in found.message
    assert plan.refusal is not None
    made = rolled_out(server, sources=["10.0.0.7"])
    made.properties["TlsDomainCapabilities"] = [entry]
    plan = relay(server, sources=["10.0.0.7", "10.0.0.8"])
    assert [(one.id, one.severity) for one in plan.findings] == [("hybrid_on_relay", "warning")]
    assert plan.refusal is None, "somebody else put it there"
    assert "TlsDomainCapabilities" not in " ".join(plan.commands)
    assert [one.id for one in audit(server)["Relay a"]] == ["hybrid_on_relay"]


def test_other_capabilities_and_other_connectors_are_fine(server: SimulatedExchange) -> None:
    plan = relay(
        server, sources=["10.0.0.7"], connector={"tls_domain_capabilities": ["fabrikam.com:AcceptProxyProtocol"]}
    )
    assert told(plan) == []
    frontend = server.connectors[dn(server, "Default Frontend EX1")]
    frontend.properties["TlsDomainCapabilities"] = ["mail.protection.outlook.com:AcceptCloudServicesMail"]
    assert audit(server) == {}


@pytest.mark.parametrize("count", [50, 51])
@pytest.mark.parametrize(
    ("throttling", "unlimited"),
    [
        ("high_volume", True),
        (
            {"max_inbound_connection_per_source": "unlimited", "max_inbound_connection_percentage_per_source": 100},
            True,
        ),
        ({"profile": "high_volume", "max_inbound_connection_per_source": 100}, False),
        ("guarded", False),
    ],
)
def test_high_volume_is_for_few(server: SimulatedExchange, throttling: Any, unlimited: bool, count: int) -> None:
    plan = relay(server, sources=[f"10.0.0.{last + 1}" for last in range(count)], throttling=throttling)
    expected = [("high_volume_many_sources", "warning")] if unlimited and count > 50 else []
    assert [(one.id, one.severity) for one in plan.findings] == expected
    assert plan.refusal is None
    if expected:
        assert "51 sources, which are more than 50" in plan.findings[0].message
