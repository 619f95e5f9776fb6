# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The commands of a plan, as an administrator reads them: the right ones, in the right order, and no others."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError, PlanRefused

from .rollouts import Promise, carry_out, dn, plan_for, relay, rolled_out, services, short
from .simulated_exchange import DC, RIGHT, Row, SimulatedExchange

TAIL = f" -DomainController '{DC}'"
ANONYMOUS = "NT AUTHORITY\\ANONYMOUS LOGON"
USER = "LAB\\svc-relay"


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


# -- creation ---------------------------------------------------------------------------------------------------------


def test_a_new_anonymous_relay_is_made_in_three_commands(server: SimulatedExchange) -> None:
    plan = relay(server, sources=["10.0.0.9", "10.0.0.1"], connector={"comment": "it's ours"})
    assert plan.commands == [
        "New-ReceiveConnector -Name 'Relay a' -Server 'EX1' -Usage 'Custom' -Bindings '0.0.0.0:25'"
        " -RemoteIPRanges '10.0.0.1','10.0.0.9' -TransportRole 'FrontendTransport' -Enabled:$false"
        " -Comment 'it''s ours' -PermissionGroups 'AnonymousUsers' -AuthMechanism 'Tls'" + TAIL,
        f"Add-ADPermission -Identity '{dn(server)}' -User '{ANONYMOUS}' -ExtendedRights '{RIGHT}'" + TAIL,
        f"Set-ReceiveConnector -Identity '{dn(server)}' -Enabled:$true" + TAIL,
    ]


def test_a_new_externally_secured_relay_is_enabled_last_too(server: SimulatedExchange) -> None:
    plan = relay(server, sources=["10.0.0.1"], method="externally_secured")
    assert "-PermissionGroups 'ExchangeServers' -AuthMechanism 'Tls','ExternalAuthoritative'" in plan.commands[0]
    assert short(plan, server)[1:] == ["Set-ReceiveConnector -Enabled:$true"]


def test_what_only_set_takes_comes_with_the_last_command(server: SimulatedExchange) -> None:
    plan = relay(server, sources=["10.0.0.1"], connector={"bare_linefeed_rejection_enabled": True})
    assert "BareLinefeed" not in plan.commands[0]
    assert short(plan, server)[-1] == "Set-ReceiveConnector -Enabled:$true -BareLinefeedRejectionEnabled:$true"


def test_throttling_comes_with_the_creation(server: SimulatedExchange) -> None:
    plan = relay(server, sources=["10.0.0.1"], throttling={"profile": "high_volume", "tarpit_interval": "00:00:01"})
    assert "-ConnectionTimeout '00:30:00' -ConnectionInactivityTimeout '00:20:00'" in plan.commands[0]
    assert "-TarpitInterval '00:00:01'" in plan.commands[0]
    assert len(plan.steps) == 3


def test_a_service_that_is_declared_off_is_never_enabled(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"], connector={"enabled": False})
    assert not server.connectors[dn(server)].properties["Enabled"]
    assert relay(server, sources=["10.0.0.1"], connector={"enabled": False}).steps == ()
    assert short(relay(server, sources=["10.0.0.1"]), server) == ["Set-ReceiveConnector -Enabled:$true"]


@pytest.mark.parametrize("name", ['Relay, "A" + B = C; D <E> #1 \\', "#a", "a;b", "A=B"])
def test_the_distinguished_name_of_an_odd_name_is_escaped(server: SimulatedExchange, name: str) -> None:
    plan = relay(server, sources=["10.0.0.1"], connector_name=name)
    identity = str(plan.steps[1].command.value("Identity"))
    first = re.match(r"CN=((?:\\.|[^,\\])*),CN=SMTP Receive Connectors,", identity)
    assert first is not None
    assert re.sub(r"\\(.)", r"\1", first[1]) == name


def test_the_name_of_anonymous_comes_from_the_server(server: SimulatedExchange) -> None:
    german = SimulatedExchange(anonymous="NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG")
    plan = relay(german, sources=["10.0.0.1"])
    assert plan.steps[1].command.value("User") == "NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG"
    assert carry_out(plan, german)


def test_a_documented_name_is_only_used_when_the_own_access_list_confirms_it() -> None:
    german = SimulatedExchange(anonymous="NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG")
    german.connectors = {}
    plan = relay(german, sources=["10.0.0.1"])
    assert plan.steps[1].command.value("User") == ANONYMOUS
    with pytest.raises(AssertionError, match="must show"):
        carry_out(plan, german)


# -- nothing, half-made, changes --------------------------------------------------------------------------------------


def test_a_second_run_has_nothing_to_do(server: SimulatedExchange) -> None:
    rolled_out(
        server, sources=["10.0.0.1", "10.1.0.0/24"], throttling="guarded", connector={"fqdn": "relay.lab.example"}
    )
    same = {"sources": ["10.1.0.0-10.1.0.255", "10.0.0.1/32"], "throttling": "guarded"}
    plan = relay(server, **same, connector={"fqdn": "RELAY.lab.example"})
    assert (plan.steps, plan.changes, plan.diff) == ((), [], {"before": "", "after": ""})
    assert plan.refusal is None


@pytest.mark.parametrize(
    ("commands", "left"),
    [
        (1, ["Add-ADPermission", "Set-ReceiveConnector -Enabled:$true"]),
        (2, ["Set-ReceiveConnector -Enabled:$true"]),
    ],
)
def test_a_half_made_connector_is_finished(server: SimulatedExchange, commands: int, left: list[str]) -> None:
    carry_out(relay(server, sources=["10.0.0.1"]), server, commands=commands)
    found = short(relay(server, sources=["10.0.0.1"]), server)
    assert len(found) == len(left)
    assert all(line.startswith(start) for line, start in zip(found, left, strict=True))


def test_an_enabled_connector_without_the_right_only_gets_the_right(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    made.rows = [row for row in made.rows if row.right != RIGHT]
    plan = relay(server, sources=["10.0.0.1"])
    assert [line.split()[0] for line in plan.commands] == ["Add-ADPermission"]
    assert {check.needs for check in plan.steps[0].requires} == {"access", "connector"}


def test_a_client_that_a_broken_connector_gains_can_send_all_the_time(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    made.rows = [row for row in made.rows if row.right not in (RIGHT, "ms-Exch-SMTP-Submit")]
    plan = relay(server, sources=["10.0.0.2"])
    assert [line.split(" ")[0] for line in short(plan, server)] == [
        "Set-ReceiveConnector",
        "Add-ADPermission",
        "Set-ReceiveConnector",
    ]
    assert "-Enabled:$false" in plan.commands[0], "the default connector answers it meanwhile"
    assert carry_out(plan, server, Promise(server, ["10.0.0.1", "10.0.0.2"], {"10.0.0.2"}))


def test_exactly_the_missing_rights_are_added(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    made.rows = [row for row in made.rows if row.right != "ms-Exch-SMTP-Accept-Any-Sender"]
    plan = relay(server, sources=["10.0.0.1"])
    assert [step.command.value("ExtendedRights") for step in plan.steps] == [("ms-Exch-SMTP-Accept-Any-Sender",)]


def test_rights_beyond_the_five_stay(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    made.rows += [Row(USER, RIGHT)]
    assert relay(server, sources=["10.0.0.1"]).steps == ()


def test_sources_change_in_one_command(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1", "10.0.0.2"])
    plan = relay(server, sources=["10.0.0.2", "10.0.0.3"], connector={"comment": "new"})
    assert short(plan, server) == ["Set-ReceiveConnector -RemoteIPRanges '10.0.0.2','10.0.0.3' -Comment 'new'"]
    assert [type(check).__name__ for check in plan.steps[0].requires] == ["Unchanged"]


def test_a_connector_that_somebody_changed_meanwhile_is_not_written(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    plan = relay(server, sources=["10.0.0.1", "10.0.0.2"])
    made.properties["RemoteIPRanges"] = ["10.0.0.1", "10.0.0.7"]
    with pytest.raises(AssertionError, match="somebody else has changed it"):
        carry_out(plan, server)
    assert made.properties["RemoteIPRanges"] == ["10.0.0.1", "10.0.0.7"]


def test_both_timeouts_go_in_one_command(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    plan = relay(server, sources=["10.0.0.1"], throttling="high_volume")
    assert len(plan.steps) == 1
    assert "-ConnectionTimeout '00:30:00' -ConnectionInactivityTimeout '00:20:00'" in plan.commands[0]


def test_groups_that_are_equal_are_never_written(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    made.properties["PermissionGroups"] = "AnonymousUsers, Partners"
    plan = relay(server, sources=["10.0.0.2"])
    assert "PermissionGroups" not in plan.commands[0]


def test_no_sources_switch_the_connector_off_when_somebody_says_why(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    with pytest.raises(PlanRefused, match=r"\[empty_sources\]"):
        relay(server, sources=[])
    plan = relay(server, sources=[], accept_findings={"empty_sources": "moved to the cloud"})
    assert short(plan, server) == ["Set-ReceiveConnector -Enabled:$false"]
    assert [finding.accepted for finding in plan.findings] == ["moved to the cloud"]
    assert plan.refusal is None
    carry_out(plan, server)
    assert short(relay(server, sources=["10.0.0.2"]), server) == [
        "Set-ReceiveConnector -RemoteIPRanges '10.0.0.2' -Enabled:$true"
    ]


def test_no_sources_make_no_connector(server: SimulatedExchange) -> None:
    with pytest.raises(PlanRefused, match=r"\[empty_sources\]"):
        relay(server, sources=[])
    assert relay(server, sources=[], accept_findings={"empty_sources": "later"}).steps == ()


def test_a_service_that_is_gone_from_the_variables_is_not_touched(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    assert plan_for(server, services({}, server)).steps == ()


def test_a_removal_is_one_command_and_then_none(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    plan = relay(server, state="absent")
    assert plan.commands == [f"Remove-ReceiveConnector -Identity '{dn(server)}' -Confirm:$false" + TAIL]
    assert carry_out(plan, server)
    assert relay(server, state="absent").steps == ()


# -- methods ----------------------------------------------------------------------------------------------------------


def test_from_anonymous_to_externally_secured(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    plan = relay(server, sources=["10.0.0.1"], method="externally_secured")
    assert short(plan, server) == [
        "Set-ReceiveConnector -PermissionGroups 'ExchangeServers' -AuthMechanism 'Tls','ExternalAuthoritative'",
        f"Remove-ADPermission -User '{ANONYMOUS}' -ExtendedRights '{RIGHT}' -Confirm:$false # if still present",
    ]
    assert [step.conditional for step in plan.steps] == [False, True]


def test_from_externally_secured_to_anonymous_without_a_write_of_groups_at_the_end(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"], method="externally_secured")
    plan = relay(server, sources=["10.0.0.1"])
    assert short(plan, server) == [
        "Set-ReceiveConnector -PermissionGroups 'AnonymousUsers','ExchangeServers'",
        f"Add-ADPermission -User '{ANONYMOUS}' -ExtendedRights '{RIGHT}'",
        "Set-ReceiveConnector -AuthMechanism 'Tls'",
    ]
    assert plan.findings == []


@pytest.mark.parametrize("replacement", ["keeps_manual", "removes_dropped", "removes_manual"])
def test_groups_declared_to_the_letter_may_cost_a_moment_and_that_is_told(replacement: str) -> None:
    server = SimulatedExchange(replacement)
    rolled_out(server, sources=["10.0.0.1"], method="externally_secured")
    exact = {"sources": ["10.0.0.1"], "connector": {"permission_groups": ["AnonymousUsers"]}}
    plan = relay(server, **exact)
    assert [finding.id for finding in plan.findings] == ["service_gap"]
    assert "undocumented" in plan.findings[0].message
    assert plan.refusal is not None
    assert short(plan, server)[-2:] == [
        "Set-ReceiveConnector -PermissionGroups 'AnonymousUsers' -AuthMechanism 'Tls'",
        f"Add-ADPermission -User '{ANONYMOUS}' -ExtendedRights '{RIGHT}' # if still missing",
    ]
    assert carry_out(plan, server)
    assert server.relays("10.0.0.1")
    assert relay(server, **exact).steps == ()


def test_a_second_group_on_a_living_relay_may_cost_a_moment(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    plan = relay(server, sources=["10.0.0.1"], connector={"permission_groups": {"add": "ExchangeUsers"}})
    assert [finding.id for finding in plan.findings] == ["service_gap"]
    assert [step.conditional for step in plan.steps] == [False, True]


def test_a_left_over_right_is_taken_away(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"], method="externally_secured")
    made.rows.append(Row(ANONYMOUS, RIGHT))
    plan = relay(server, sources=["10.0.0.1"], method="externally_secured")
    assert short(plan, server) == [f"Remove-ADPermission -User '{ANONYMOUS}' -ExtendedRights '{RIGHT}' -Confirm:$false"]


def test_a_method_cannot_be_taken_out_by_a_change_of_its_list(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    with pytest.raises(InputError, match="method anonymous needs AnonymousUsers"):
        relay(server, sources=["10.0.0.1"], connector={"permission_groups": {"remove": "AnonymousUsers"}})
    with pytest.raises(InputError, match="method anonymous excludes ExternalAuthoritative"):
        relay(server, sources=["10.0.0.1"], connector={"auth_mechanism": {"add": "ExternalAuthoritative"}})


def test_what_excludes_the_method_is_told_before_exchange_refuses(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    made.properties["DomainSecureEnabled"] = True
    with pytest.raises(InputError, match="domain_secure_enabled: true excludes ExternalAuthoritative"):
        relay(server, sources=["10.0.0.1"], method="externally_secured")


# -- several connectors -----------------------------------------------------------------------------------------------


def test_a_range_inside_another_moves_without_a_gap(server: SimulatedExchange) -> None:
    old = {"a": {"sources": ["10.0.0.0/24"]}, "b": {"sources": ["10.9.9.9"]}}
    assert carry_out(plan_for(server, services(old, server)), server)
    new = {"a": {"sources": ["10.0.1.0/24"]}, "b": {"sources": ["10.9.9.9", "10.0.0.7"]}}
    plan = plan_for(server, services(new, server))
    assert plan.findings == []
    assert [step.connector for step in plan.steps] == ["Relay a", "Relay b", "Relay a"]


@pytest.mark.parametrize("taker", [{}, {"b": {"sources": ["10.9.9.9"]}}])
@pytest.mark.parametrize("method", ["anonymous", "externally_secured"])
def test_a_service_grows_around_what_it_gives_to_another_without_a_gap(
    taker: dict[str, Any], method: str, server: SimulatedExchange
) -> None:
    old = {"a": {"sources": ["10.0.0.1", "10.0.0.2"]}, **taker}
    assert carry_out(plan_for(server, services(old, server)), server)
    new = {"b": {"sources": ["10.0.0.2"]}, "a": {"sources": ["10.0.0.0/24"], "method": method}}
    plan = plan_for(server, services(new, server))
    assert plan.refusal is None
    promise = Promise(server, ["10.0.0.1", "10.0.0.2", "10.0.0.66", "10.0.1.1"], {"10.0.0.1", "10.0.0.2", "10.0.0.66"})
    assert carry_out(plan, server, promise)
    assert promise.relaying() == promise.after
    assert plan_for(server, services(new, server)).steps == ()


def test_the_same_range_moves_with_a_gap_that_is_told(server: SimulatedExchange) -> None:
    old = {"a": {"sources": ["10.0.0.1", "10.0.7.2"]}, "b": {"sources": ["10.9.9.9"]}}
    assert carry_out(plan_for(server, services(old, server)), server)
    new = {"a": {"sources": ["10.0.0.1"]}, "b": {"sources": ["10.9.9.9", "10.0.7.2"]}}
    plan = plan_for(server, services(new, server))
    [gap] = plan.findings
    assert (gap.id, gap.addresses, gap.connectors) == ("service_gap", ("10.0.7.2",), ("Relay a", "Relay b"))
    assert plan.refusal is not None
    new["b"] = {**new["b"], "accept_findings": {"service_gap": "at night"}}  # type: ignore[dict-item]
    accepted = plan_for(server, services(new, server))
    assert accepted.refusal is None
    assert accepted.findings[0].accepted == "at night"


def test_a_service_takes_over_the_sources_of_one_that_goes(server: SimulatedExchange) -> None:
    assert carry_out(plan_for(server, services({"a": {"sources": ["10.0.0.1"]}}, server)), server)
    new = {"b": {"sources": ["10.0.0.1"]}, "a": {"state": "absent"}}
    plan = plan_for(server, services(new, server))
    assert plan.commands[0].split()[0] == "Remove-ReceiveConnector"
    assert {finding.id: finding.refuses for finding in plan.findings} == {
        "too_many_removed": False,
        "service_gap": True,
    }
    assert carry_out(plan, server)
    assert server.relays("10.0.0.1")


def test_two_connectors_that_swap_all_they_have_cannot_do_it_at_once(server: SimulatedExchange) -> None:
    old = {"a": {"sources": ["10.0.0.1"]}, "b": {"sources": ["10.0.7.2"]}}
    assert carry_out(plan_for(server, services(old, server)), server)
    plan = plan_for(server, services({"a": {"sources": ["10.0.7.2"]}, "b": {"sources": ["10.0.0.1"]}}, server))
    assert "range_conflict" in {finding.id for finding in plan.findings}
    assert plan.refusal is not None
    assert "do it in two rollouts" in str(plan.refusal)


def test_the_order_does_not_depend_on_chance(server: SimulatedExchange) -> None:
    declared = {"a": {"sources": ["10.0.0.1", "10.0.0.2"]}, "b": {"sources": ["10.1.0.0/24"]}}
    one, two = (plan_for(SimulatedExchange(), services(declared, server)) for _ in range(2))
    assert one.commands == two.commands
    assert one.plan_id == two.plan_id
    assert re.fullmatch(r"[0-9a-f]{16}", one.plan_id)
    other = plan_for(SimulatedExchange(), services({"a": {"sources": ["10.0.0.1"]}}, server))
    assert other.plan_id != one.plan_id
