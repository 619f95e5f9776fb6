# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings: what is told, what refuses, what a reason accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.findings import Finding
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.guards import Audit
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ExchangeServerAddresses
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import (
    parse_receive_connector,
    parse_receive_connector_permission,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import plan_server
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import (
    Policy,
    Safety,
    parse_accepted,
    parse_protected,
    parse_safety,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import parse_address
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import carry_out, dn, plan_for, read_state, relay, rolled_out, services
from .simulated_exchange import ANONYMOUS_RIGHTS, RIGHT, Row, SimulatedExchange

ANY = "0.0.0.0-255.255.255.255"


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def found(plan: Plan) -> list[str]:
    return [finding.id for finding in plan.findings]


def only(plan: Plan) -> Finding:
    [finding] = plan.findings
    return finding


def judged(server: SimulatedExchange, policy: Policy, **service: Any) -> Plan:
    return plan_for(server, services({"a": service}, server), policy)


def addresses(*servers: tuple[str, tuple[str, ...]]) -> tuple[ExchangeServerAddresses, ...]:
    return tuple(
        ExchangeServerAddresses(name, tuple(parse_address(text, "test") for text in texts)) for name, texts in servers
    )


def connector(server: SimulatedExchange, name: str, **options: Any) -> Plan:
    return plan_for(server, parse_receive_connector({"name": name, **options}, server.name))


def permission(name: str, *grants: Mapping[str, Any]) -> DesiredConnectors:
    return parse_receive_connector_permission({"connector": name, "grants": grants}, "EX1")


# -- open relay -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (ANY, "every address there is"),
        ("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "every address there is"),
        ("8.8.8.8", "public address space"),
        ("10.0.0.0-11.0.0.0", "public address space"),
        ("2001:db8::/64", "public address space"),
        ("10.0.0.0/15", "larger than the limit of 65536 addresses"),
        ("fd00::/64", "larger than the limit of 65536 addresses"),
    ],
)
@pytest.mark.parametrize("method", ["anonymous", "externally_secured"])
def test_a_range_that_is_too_wide_refuses(server: SimulatedExchange, source: str, why: str, method: str) -> None:
    plan = relay(server, sources=[source, "10.0.0.1"], method=method)
    finding = next(entry for entry in plan.findings if entry.id == "open_relay")
    assert why in finding.message
    assert len(finding.addresses) == 1
    assert finding.severity == "critical"
    assert finding.remedy
    assert plan.refusal is not None
    assert "[open_relay]" in str(plan.refusal)


def test_the_limit_is_what_was_declared(server: SimulatedExchange) -> None:
    assert found(judged(server, Policy(), sources=["10.0.0.0/16"])) == []
    assert found(judged(server, Policy(safety=Safety(255)), sources=["10.0.0.0/24"])) == ["open_relay"]
    assert found(judged(server, Policy(safety=Safety(256)), sources=["10.0.0.0/24"])) == []


def test_a_reason_accepts_and_stays_visible(server: SimulatedExchange) -> None:
    accepted = {"open_relay": "test network, CHG1"}
    by_service = relay(server, sources=["8.8.8.8"], accept_findings=accepted)
    by_call = judged(server, Policy(accepted=accepted), sources=["8.8.8.8"])
    for plan in (by_service, by_call):
        assert plan.refusal is None
        assert only(plan).accepted == "test network, CHG1"
        assert only(plan).to_result()["accepted"] == "test network, CHG1"


def test_the_reason_of_one_service_is_none_for_another(server: SimulatedExchange) -> None:
    one = {"sources": ["8.8.8.8"], "accept_findings": {"open_relay": "mine"}}
    plan = plan_for(server, services({"a": one, "b": {"sources": ["9.9.9.9"]}}, server))
    assert {entry.connectors: entry.accepted for entry in plan.findings} == {("Relay a",): "mine", ("Relay b",): None}
    assert plan.refusal is not None
    assert [entry.connectors for entry in plan.refusal.findings] == [("Relay b",)]


def test_without_steps_a_finding_is_only_reported(server: SimulatedExchange) -> None:
    accepted = {"open_relay": "for now"}
    rolled_out(server, sources=["8.8.8.8"], accept_findings=accepted)
    plan = relay(server, sources=["8.8.8.8"])
    assert plan.steps == ()
    assert found(plan) == ["open_relay"]
    assert plan.refusal is None


def test_a_right_granted_by_hand_on_a_wide_connector_refuses(server: SimulatedExchange) -> None:
    options = {"bindings": "0.0.0.0:26", "remote_ip_ranges": ANY, "permission_groups": "AnonymousUsers"}
    plan = connector(server, "Wide", **options)
    assert found(plan) == []
    assert carry_out(plan, server)
    granting = plan_for(server, permission("Wide", {"principal": "anonymous", "rights": [RIGHT]}))
    assert found(granting) == ["open_relay", "exchange_server_address"], "everybody is the server itself, too"
    assert granting.refusal is not None


# -- default connectors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("name", ["Default Frontend EX1", "default frontend ex1", "Client Frontend EX1", "Default EX1"])
def test_a_service_never_has_a_default_connector(server: SimulatedExchange, name: str, state: str) -> None:
    sources = {"sources": ["10.0.0.1"]} if state == "present" else {}
    plan = relay(server, connector_name=name, state=state, **sources)
    assert "default_connector" in found(plan)
    assert plan.refusal is not None


@pytest.mark.parametrize(
    "options",
    [
        {"remote_ip_ranges": "10.0.0.0/8"},
        {"permission_groups": {"add": "ExchangeUsers"}},
        {"auth_mechanism": ["Tls"]},
        {"state": "absent"},
    ],
)
def test_what_makes_a_default_connector_a_relay_is_refused(server: SimulatedExchange, options: dict[str, Any]) -> None:
    plan = connector(server, "Default Frontend EX1", **options)
    assert "default_connector" in found(plan)
    assert plan.refusal is not None


@pytest.mark.parametrize("options", [{"protocol_logging_level": "verbose"}, {"max_message_size": "10MB"}])
def test_harmless_properties_of_a_default_connector_may_change(
    server: SimulatedExchange, options: dict[str, Any]
) -> None:
    plan = connector(server, "Default Frontend EX1", **options)
    assert len(plan.steps) == 1
    assert found(plan) == []


def test_the_right_to_relay_on_a_default_connector_is_refused(server: SimulatedExchange) -> None:
    for principal in ("anonymous", "LAB\\svc-relay"):
        plan = plan_for(server, permission("Default Frontend EX1", {"principal": principal, "rights": [RIGHT]}))
        assert "default_connector" in found(plan)
    other = permission("Default Frontend EX1", {"principal": "LAB\\svc-relay", "rights": [ANONYMOUS_RIGHTS[3]]})
    assert found(plan_for(server, other)) == []


def test_a_renamed_default_connector_is_told_by_what_it_is_like(server: SimulatedExchange) -> None:
    identity = dn(server, "Default Frontend EX1")
    server.connectors[identity].name = "Inbound"
    assert "default_connector" in found(connector(server, "Inbound", remote_ip_ranges="10.0.0.0/8"))


# -- ports and conflicts ----------------------------------------------------------------------------------------------


def test_the_transport_service_must_not_have_port_25(server: SimulatedExchange) -> None:
    plan = relay(server, sources=["10.0.0.1"], connector={"transport_role": "HubTransport"})
    assert found(plan) == ["hub_transport_on_port_25", "role_conflict"]
    other = relay(server, sources=["10.0.0.1"], connector={"transport_role": "HubTransport", "bindings": "0.0.0.0:26"})
    assert found(other) == []


def test_the_repair_of_a_wrong_role_is_not_refused(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    made.properties["TransportRole"] = "HubTransport"
    assert found(relay(server, sources=["10.0.0.1"])) == ["hub_transport_on_port_25"]
    plan = relay(server, sources=["10.0.0.1"], connector={"transport_role": "FrontendTransport"})
    assert (len(plan.steps), found(plan)) == (1, [])


@pytest.mark.parametrize("bindings", ["0.0.0.0:2525", "10.99.0.1:2525"])
def test_two_services_cannot_share_a_port(server: SimulatedExchange, bindings: str) -> None:
    plan = relay(server, sources=["10.0.0.1"], connector={"bindings": bindings})
    assert found(plan) == ["role_conflict"]
    assert "'Default EX1'" in only(plan).message


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("10.0.0.0/24", ["range_conflict"]),
        ("10.0.0.128-10.0.1.5", ["range_conflict"]),
        ("10.0.0.7", ["stolen_clients"]),
        ("10.0.0.0/16", ["shadowed_source"]),
        ("10.7.7.7", []),
    ],
)
def test_ranges_that_exchange_refuses_are_told_before(server: SimulatedExchange, source: str, told: list[str]) -> None:
    conflict = told == ["range_conflict"]
    foreign = {
        "Bindings": ["0.0.0.0:25"],
        "RemoteIPRanges": ["10.0.0.0/24"],
        "TransportRole": "FrontendTransport",
        "PermissionGroups": "AnonymousUsers",
    }
    made = server.add("Foreign", foreign)
    plan = relay(server, sources=[source])
    assert found(plan) == told
    if conflict:
        assert only(plan).connectors == ("Relay a", "Foreign")
        assert plan.refusal is not None
        made.properties["Enabled"] = False
        warned = relay(server, sources=[source])
        assert (only(warned).severity, warned.refusal) == ("warning", None), "nobody knows whether Exchange minds"
    apart = relay(server, sources=[source], connector={"bindings": "10.99.0.1:25"})
    assert (found(apart), apart.refusal) == ([] if conflict else told, None), "another binding conflicts with nothing"


def test_two_declared_services_that_clash_are_refused(server: SimulatedExchange) -> None:
    plan = plan_for(server, services({"a": {"sources": ["10.0.0.1"]}, "b": {"sources": ["10.0.0.1/32"]}}, server))
    assert set(found(plan)) == {"range_conflict"}
    assert plan.refusal is not None


# -- methods and rights -----------------------------------------------------------------------------------------------


def test_two_ways_to_relay_are_told(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"], method="externally_secured")
    groups = ["ExchangeServers", "AnonymousUsers"]
    made.rows.append(Row(server.anonymous, RIGHT))
    plan = connector(server, "Relay a", permission_groups=groups)
    assert "two_methods" in found(plan)
    assert plan.refusal is not None


def test_the_price_of_trust_is_accepted_before_it_is_paid_and_shown_afterwards(server: SimulatedExchange) -> None:
    plan = judged(server, Policy(), sources=["10.0.0.1"], method="externally_secured")
    assert (only(plan).id, only(plan).severity) == ("externally_secured_bypass", "warning")
    assert plan.refusal is not None
    assert "antispam" in str(plan.refusal)
    rolled_out(server, sources=["10.0.0.1"], method="externally_secured")
    plan = judged(server, Policy(), sources=["10.0.0.2"], method="externally_secured")
    assert (only(plan).id, only(plan).severity, plan.refusal) == ("externally_secured_bypass", "info", None)


TRUSTED = {"permission_groups": ["ExchangeServers"], "auth_mechanism": ["Tls", "ExternalAuthoritative"]}
PLAIN = {"auth_mechanism": ["Tls", "BasicAuth"]}
ONE_CLIENT = {"bindings": ["0.0.0.0:25"], "remote_ip_ranges": ["10.0.0.7"]}


def unaccepted(server: SimulatedExchange, name: str, **options: Any) -> Plan:
    return plan_for(server, parse_receive_connector({"name": name, **options}, server.name), Policy())


@pytest.mark.parametrize(
    ("identifier", "options"), [("externally_secured_bypass", TRUSTED), ("plain_basic", PLAIN)], ids=["trust", "plain"]
)
def test_what_a_connector_of_ones_own_newly_allows_is_accepted_first(
    server: SimulatedExchange, identifier: str, options: Mapping[str, Any]
) -> None:
    created = unaccepted(server, "Made", **ONE_CLIENT, **options)
    assert (only(created).id, created.refusal is not None) == (identifier, True)
    assert carry_out(unaccepted(server, "Made", **ONE_CLIENT), server)
    changed = unaccepted(server, "Made", **options)
    assert (only(changed).id, changed.refusal is not None) == (identifier, True)

    desired = parse_receive_connector({"name": "Made", **options}, server.name)
    accepted = plan_for(server, desired, Policy(accepted={identifier: "CHG1: the scanners need it"}))
    assert (only(accepted).accepted, accepted.refusal) == ("CHG1: the scanners need it", None)
    assert carry_out(accepted, server)
    other = unaccepted(server, "Made", comment="another text", **options)
    assert other.steps
    assert (only(other).id, other.refusal) == (identifier, None), "what is there already is no news"


@pytest.mark.parametrize("options", [TRUSTED, PLAIN], ids=["trust", "plain"])
def test_a_connector_that_is_restored_allows_it_anew(server: SimulatedExchange, options: Mapping[str, Any]) -> None:
    meant = Policy(accepted={"externally_secured_bypass": "they are ours", "plain_basic": "they cannot encrypt"})
    desired = parse_receive_connector({"name": "Made", **ONE_CLIENT, **options}, server.name)
    assert carry_out(plan_for(server, desired, meant), server)
    assert carry_out(connector(server, "Made", state="absent"), server)
    assert plan_for(server, desired, Policy()).refusal is not None
    assert plan_for(server, desired, meant).refusal is None


def test_a_password_that_was_encrypted_and_is_no_longer_is_refused(server: SimulatedExchange) -> None:
    encrypted = {"auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"]}
    plan = unaccepted(server, "Made", **ONE_CLIENT, **encrypted)
    assert (plan.findings, plan.refusal) == ([], None)
    assert carry_out(plan, server)
    plan = unaccepted(server, "Made", auth_mechanism={"remove": ["BasicAuthRequireTLS"]})
    assert (only(plan).id, plan.refusal is not None) == ("plain_basic", True)


@pytest.mark.parametrize("method", ["anonymous", "authenticated"])
def test_a_service_of_any_method_asks_for_no_plain_password(server: SimulatedExchange, method: str) -> None:
    plan = judged(server, Policy(), sources=["10.0.0.1"], method=method, connector=PLAIN)
    assert plan.refusal is not None
    assert [entry.id for entry in plan.refusal.findings] == ["plain_basic"]


@pytest.mark.parametrize("version", ["2007", "2010"])
def test_trust_that_only_lasts_while_the_method_changes_is_told_and_refuses_nothing(version: str) -> None:
    server = SimulatedExchange(whole_groups=True, version=version)
    sources = {"sources": ["10.0.0.1"]}
    rolled_out(server, **sources, method="authenticated", accounts=["LAB\\svc-relay"])
    plan = judged(server, Policy(), **sources)
    assert any("'ExternalAuthoritative'" in command for command in plan.commands), "else nothing is passed through"
    assert (only(plan).id, only(plan).severity, plan.refusal) == ("externally_secured_bypass", "info", None)
    assert "trusts its sources for a moment, while the method changes:" in only(plan).message
    assert carry_out(plan, server)
    assert judged(server, Policy(), **sources).findings == []


def test_where_nothing_is_trusted_on_the_way_nothing_is_told() -> None:
    server = SimulatedExchange(whole_groups=True)
    rolled_out(server, sources=["10.0.0.1"], method="authenticated", accounts=["LAB\\svc-relay"])
    plan = judged(server, Policy(), sources=["10.0.0.1"])
    assert (bool(plan.steps), plan.findings) == (True, [])


def test_who_leaves_trust_does_not_pass_through_it(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"], method="externally_secured")
    plan = judged(server, Policy(), sources=["10.0.0.1"])
    assert (bool(plan.steps), plan.findings) == (True, [])


def test_a_denied_right_is_told(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    made.rows.append(Row(server.anonymous, RIGHT, deny=True))
    plan = relay(server, sources=["10.0.0.1"])
    assert only(plan).id == "relay_denied"
    assert RIGHT in only(plan).message
    assert plan.refusal is None, "there is nothing to do"
    assert relay(server, sources=["10.0.0.2"]).refusal is not None, "it would be refused what it could send before"
    assert relay(server, sources=["10.0.0.2"], connector={"enabled": False}).refusal is None


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["10.0.0.21", "10.0.0.0/24", "127.0.0.1", "::1", "::ffff:10.0.0.21"])
def test_a_source_that_holds_an_exchange_server_is_refused(server: SimulatedExchange, source: str) -> None:
    policy = Policy(exchange_addresses=addresses(("EX2", ("10.0.0.21", "fd00::21"))))
    plan = judged(server, policy, sources=[source, "10.9.9.9"])
    held, *others = plan.findings
    assert (held.id, held.addresses) == ("exchange_server_address", (source,))
    assert ("EX2" if "10.0.0." in source else "EX1") in held.message
    assert plan.refusal is not None
    assert [entry.id for entry in others] == (["ipv6_bypass"] if source == "::1" else [])


def test_an_address_that_a_binding_names_is_one_of_the_server(server: SimulatedExchange) -> None:
    plan = relay(server, sources=["10.99.0.1"], connector={"bindings": "10.99.0.1:25"})
    assert found(plan) == ["exchange_server_address"]


def test_what_is_found_and_what_is_declared_add_up(server: SimulatedExchange) -> None:
    desired = services({"a": {"sources": ["10.0.0.21", "10.0.0.22"]}}, server)
    state = replace(read_state(server, desired), addresses=addresses(("EX2", ("10.0.0.21",))))
    plan = plan_server(desired, state, Policy(exchange_addresses=addresses(("ex2", ("10.0.0.22",)))))
    assert only(plan).addresses == ("10.0.0.21", "10.0.0.22")


def test_a_server_without_known_addresses_fails_closed(server: SimulatedExchange) -> None:
    policy = Policy(exchange_addresses=addresses(("EX7", ())))
    plan = judged(server, policy, sources=["10.0.0.1"])
    assert found(plan) == ["exchange_addresses_unknown"]
    assert "EX7" in only(plan).message
    assert plan.refusal is not None
    accepted = {"exchange_addresses_unknown": "EX7 is switched off"}
    assert judged(server, replace(policy, accepted=accepted), sources=["10.0.0.1"]).refusal is None
    by_service = judged(server, policy, sources=["10.0.0.1"], accept_findings=accepted)
    assert by_service.refusal is None


def test_a_connector_that_does_not_relay_asks_for_no_addresses(server: SimulatedExchange) -> None:
    options = {"name": "X", "bindings": "0.0.0.0:26", "remote_ip_ranges": ANY}
    policy = Policy(exchange_addresses=addresses(("EX7", ()), ("EX2", ("10.0.0.21",))))
    assert found(plan_for(server, parse_receive_connector(options, "EX1"), policy)) == []


@pytest.mark.parametrize(("group", "finding"), [("edge", "protected_address"), ("shared", "shared_address")])
def test_protected_addresses_are_no_sources(server: SimulatedExchange, group: str, finding: str) -> None:
    policy = Policy(protected=parse_protected({group: "10.9.1.10-10.9.1.13", "other": None}))
    plan = judged(server, policy, sources=["10.9.1.12", "10.0.0.1"])
    assert found(plan) == [finding]
    assert only(plan).addresses == ("10.9.1.12",)
    assert plan.refusal is not None


def test_expired_sources_are_told_by_name_and_refuse_nothing(server: SimulatedExchange) -> None:
    groups = {"payroll": {"owner": "hr", "addresses": {"pay": {"address": "10.0.0.1", "expires": "2026-01-31"}}}}
    desired = parse_services({"a": {"sources": ["payroll"]}}, groups, None, None, "EX1", date(2026, 2, 1))
    plan = plan_for(server, desired)
    assert only(plan).id == "expired_source"
    assert "10.0.0.1 (payroll/pay, hr) on 2026-01-31" in only(plan).message
    assert (only(plan).severity, plan.refusal) == ("warning", None)
    assert "-RemoteIPRanges '10.0.0.1'" in plan.commands[0]


# -- reports and policies ---------------------------------------------------------------------------------------------


def test_a_report_tells_what_is_without_a_declaration(server: SimulatedExchange) -> None:
    wide = {"sources": ["8.8.8.8"], "accept_findings": {"open_relay": "x"}}
    rolled_out(server, **wide)
    state = read_state(server, services({"a": wide}, server))
    audit = Audit(state, Policy(), server.anonymous)
    ids = {entry.name: [one.id for one in audit.findings(entry.name)] for entry in state.connectors}
    assert {name: told for name, told in ids.items() if told} == {"Relay a": ["open_relay"]}
    frontend = server.connectors[dn(server, "Default Frontend EX1")]
    frontend.rows.append(Row(server.anonymous, RIGHT))
    state = read_state(server, services({"b": {"sources": ["10.0.0.1"]}}, server))
    state = replace(state, access={frontend.dn: state.access.get(frontend.dn, ())})
    assert Audit(state, Policy(), server.anonymous).findings("Default Frontend EX1")


@pytest.mark.parametrize("name", ["S-1-5-7", "NT AUTHORITY\\ANONYMOUS LOGON", "NT-AUTORIT\u00c4T\\ANONYMOUS-ANMELDUNG"])
def test_a_report_knows_strangers_by_every_name_that_they_have(server: SimulatedExchange, name: str) -> None:
    """A list may show their SID, or the name in the language of another server."""
    wide = {"sources": ["8.8.8.8"], "accept_findings": {"open_relay": "x"}}
    rolled_out(server, **wide).rows[:] = [Row(name, "ms-Exch-SMTP-Submit"), Row(name, RIGHT)]
    audit = Audit(read_state(server, services({"a": wide}, server)), Policy(), server.anonymous)
    assert [found.id for found in audit.findings("Relay a") if found.severity == "critical"] == ["open_relay"]


def test_many_addresses_do_not_fill_a_result(server: SimulatedExchange) -> None:
    plan = relay(server, sources=[f"8.8.{n // 250}.{n % 250 + 1}" for n in range(1000)])
    result = only(plan).to_result()
    assert len(result["addresses"]) == 21  # type: ignore[arg-type]
    assert result["addresses"][-1] == "... 980 more"  # type: ignore[index]
    assert "and 997 more" in str(result["message"])


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("x", "safety: 'x' is not a dictionary"),
        ({"max_addresses": True}, "true is not a whole number"),
        ({"max_addresses": "many"}, "'many' is not a whole number"),
        ({"max_addresses": -1}, "-1 is not a whole number"),
        ({"max_adresses": 1}, "did you mean max_addresses"),
        ({"max_removed": 5}, r"safety.max_removed: 5 is not a dictionary; write \{count: 5, percent: 2\}"),
        ({"max_removed": {"count": 0}}, "safety.max_removed.count: 0 is not a whole number from 1 on"),
        ({"max_removed": {"count": 2.5}}, "2.5 is not a whole number"),
        ({"max_removed": {"percent": 101}}, "safety.max_removed.percent: 101 is not a number from 0 to 100"),
        ({"max_removed": {"percent": float("nan")}}, "nan is not a number"),
        ({"max_removed": {"percent": "2 %"}}, "'2 %' is not a number"),
        ({"max_removed": {"number": 3}}, "'number' is not an option here"),
        ({"max_added_addresses": -1}, "safety.max_added_addresses: -1 is not a whole number from 0 on"),
        ({"max_added_addresses": "\u0661"}, "is not a whole number"),
        ({"expired": "delete"}, "safety.expired: 'delete' is neither report nor remove"),
        ({"expired": True}, "true is neither report nor remove"),
    ],
)
def test_wrong_limits_get_one_sentence(raw: object, told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_safety(raw)


def test_limits_and_acceptances_are_read() -> None:
    assert parse_safety(None) == parse_safety({"max_addresses": None}) == Safety()
    assert parse_safety({"max_addresses": "12"}) == Safety(12)
    assert parse_safety({"max_removed": {"count": "3"}}) == Safety(removed_count=3, limits_removed=True)
    assert parse_safety({"max_removed": {"percent": "0.5"}}) == Safety(removed_percent=0.5, limits_removed=True)
    assert parse_safety({"max_added_addresses": 0}) == Safety(added_addresses=0, limits_added=True)
    assert parse_safety({"expired": "remove"}).expired == "remove"
    assert parse_accepted(None, "accept_findings") == {}
    assert parse_accepted({"open_relay": " why "}, "accept_findings") == {"open_relay": "why"}
    assert parse_protected(None).groups == ()
