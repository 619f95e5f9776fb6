# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connector that gets another name stays the same object, with everything that belongs to it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import (
    DesiredConnector,
    DesiredConnectors,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import TODAY, Promise, carry_out, dn, plan_for, services, short
from .simulated_exchange import RIGHT, Row, SimulatedExchange
from .test_rollback import picture, run_and_undo

REPLACEMENTS = ("keeps_manual", "removes_dropped", "removes_manual")
USER = "LAB\\svc-relay"
OLD = {"sources": ["10.0.0.1", "10.0.0.2"], "connector_name": "Old"}


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def service(server: SimulatedExchange, **options: Any) -> Plan:
    declared = {"connector_name": "New", "previous_connector_name": "Old", **options}
    return plan_for(server, services({"a": declared}, server))


def connector(server: SimulatedExchange, **options: Any) -> Plan:
    return plan_for(server, parse_receive_connector(options, server.name))


def in_short(plan: Plan, server: SimulatedExchange) -> list[str]:
    found = short(plan, server)
    for name in ("Old", "New"):
        found = [line.replace(f" -Identity '{dn(server, name)}'", f" {name}") for line in found]
    return found


def made(server: SimulatedExchange, **options: Any) -> str:
    """Roll the service out under its old name; returns the connector's GUID."""
    carry_out(plan_for(server, services({"a": {**OLD, **options}}, server)), server)
    return server.named("Old").guid


def test_a_rename_is_one_set_and_a_second_run_writes_nothing(server: SimulatedExchange) -> None:
    guid = made(server)
    plan = service(server, sources=OLD["sources"])
    assert in_short(plan, server) == ["Set-ReceiveConnector Old -Name 'New'"]
    assert plan.changes == [{"connector": "New", "property": "name", "before": "Old", "after": "New"}]
    assert plan.diff == {"before": "New:\n  name: Old\n", "after": "New:\n  name: New\n"}
    assert plan.findings == []
    promise = Promise(server, ["10.0.0.1", "10.0.0.2", "10.0.0.3"], {"10.0.0.1", "10.0.0.2"})
    assert carry_out(plan, server, promise)
    assert server.named("New").guid == guid
    assert service(server, sources=OLD["sources"]).commands == []


def test_the_name_goes_in_the_same_set_as_what_else_differs(server: SimulatedExchange) -> None:
    made(server)
    plan = service(server, sources=["10.0.0.2", "10.0.0.3"], connector={"comment": "x"})
    assert in_short(plan, server) == [
        "Set-ReceiveConnector Old -Name 'New' -RemoteIPRanges '10.0.0.2','10.0.0.3' -Comment 'x'"
    ]
    assert carry_out(plan, server)


def test_later_commands_know_the_connector_by_its_new_name(server: SimulatedExchange) -> None:
    made(server)
    server.named("Old").rows = [row for row in server.named("Old").rows if row.right != RIGHT]
    plan = service(server, sources=["10.0.0.1"])
    assert in_short(plan, server) == [
        "Set-ReceiveConnector Old -Name 'New' -RemoteIPRanges '10.0.0.1'",
        f"Add-ADPermission New -User '{server.anonymous}' -ExtendedRights '{RIGHT}'",
    ]
    assert carry_out(plan, server)
    assert server.relays("10.0.0.1")


@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("before", ["anonymous", "externally_secured"])
@pytest.mark.parametrize("after", ["anonymous", "externally_secured"])
def test_a_rename_beside_a_switch_of_method_keeps_grants_and_every_promise(
    before: str, after: str, replacement: str
) -> None:
    wanted = {"sources": ["10.0.0.2", "10.0.0.3"], "method": after}
    clients = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]
    for kill in range(8):
        server = SimulatedExchange(replacement)
        guid = made(server, method=before)
        server.named("Old").rows += [Row(USER, RIGHT), Row(USER, "ms-Exch-Bypass-Anti-Spam")]
        plan = service(server, **wanted)
        assert plan.refusal is None
        promise = Promise(server, clients, {"10.0.0.2", "10.0.0.3"})
        if not carry_out(plan, server, promise, commands=kill):
            assert carry_out(service(server, **wanted), server, promise)
        else:
            rows = {(row.user, row.right) for row in server.named("New").rows}
            assert {(USER, RIGHT), (USER, "ms-Exch-Bypass-Anti-Spam")} <= rows
        assert server.named("New").guid == guid
        assert service(server, **wanted).commands == []
        assert promise.relaying() == {"10.0.0.2", "10.0.0.3"}


@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("method", ["anonymous", "externally_secured"])
def test_undoing_renames_back(method: str, replacement: str) -> None:
    server = SimulatedExchange(replacement)
    made(server, method="anonymous", connector={"comment": "was"})
    server.named("Old").rows.append(Row(USER, RIGHT))
    before = picture(server)
    plan = service(server, sources=["10.0.0.2"], method=method, connector={"comment": "is"}, throttling="high_volume")
    for commands in range(len(plan.steps) + 1):
        tried = copy.deepcopy(server)
        run_and_undo(plan, tried, commands, {"10.0.0.1", "10.0.0.2"}, set())
        assert picture(tried) == before


def test_the_name_of_anonymous_is_asked_where_the_connector_is_by_then() -> None:
    """Only the renamed connector tells it, and by the time it is asked it has its new name."""
    server = SimulatedExchange(anonymous="NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG")
    made(server)
    server.connectors = {name: entry for name, entry in server.connectors.items() if entry.name == "Old"}
    both = {
        "a": {"connector_name": "New", "previous_connector_name": "Old", "sources": OLD["sources"]},
        "b": {"sources": ["10.1.0.1"], "method": "externally_secured"},
    }
    assert carry_out(plan_for(server, services(both, server)), server)
    both["b"]["method"] = "anonymous"
    both["a"] = {**both["a"], "connector_name": "Newer", "previous_connector_name": "New"}
    assert carry_out(plan_for(server, services(both, server)), server)
    assert server.relays("10.1.0.1")


def test_a_connector_is_found_by_its_guid_whatever_it_is_called(server: SimulatedExchange) -> None:
    guid = made(server)
    plan = connector(server, name="New", guid=guid.upper(), comment="x")
    assert in_short(plan, server) == ["Set-ReceiveConnector Old -Name 'New' -Comment 'x'"]
    assert carry_out(plan, server)
    assert connector(server, name="new", guid="{" + guid + "}", comment="x").commands == []
    gone = connector(server, name="whatever", guid=guid, state="absent")
    assert in_short(gone, server) == ["Remove-ReceiveConnector New -Confirm:$false"]
    assert carry_out(gone, server)
    assert connector(server, name="whatever", guid=guid, state="absent").commands == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "New", "guid": "00000000-0000-0000-0000-000000000000"}, "no receive connector on EX1 has the GUID"),
        ({"name": "Default EX1", "guid": "own"}, "cannot get the name 'Default EX1', because another"),
        ({"name": "Other", "previous_name": "Old"}, "cannot get its name from 'Old', because both exist"),
    ],
)
def test_what_is_not_clear_is_refused_in_one_sentence(
    server: SimulatedExchange, options: dict[str, Any], told: str
) -> None:
    guid = made(server)
    server.add("Other", {"Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]})
    if options.get("guid") == "own":
        options = {**options, "guid": guid}
    with pytest.raises(InputError, match=told):
        connector(server, **options)


def test_a_rename_of_what_is_not_there_creates(server: SimulatedExchange) -> None:
    plan = service(server, sources=["10.0.0.1"])
    assert plan.commands[0].startswith("New-ReceiveConnector -Name 'New'")
    assert carry_out(plan, server)


def test_two_declarations_that_want_one_connector_or_name_are_refused(server: SimulatedExchange) -> None:
    guid = made(server)
    declared = {
        "a": {"connector_name": "New", "previous_connector_name": "Old", "sources": OLD["sources"]},
        "b": {"connector_name": "Old", "sources": ["10.1.0.1"]},
    }
    with pytest.raises(InputError, match="'Old'"):
        plan_for(server, services(declared, server))
    twice = DesiredConnectors(
        (DesiredConnector("New", "connector", guid=guid), DesiredConnector("Old", "connector")),
    )
    with pytest.raises(InputError, match="'New' and 'Old' on EX1 both have to do with the name 'old'"):
        plan_for(server, twice)


def test_connectors_of_one_name_on_two_servers_are_two(server: SimulatedExchange) -> None:
    other = SimulatedExchange(name="EX2")
    made(server)
    guid = made(other)
    plan = service(server, sources=OLD["sources"])
    assert carry_out(plan, server)
    assert other.named("Old").guid == guid
    with pytest.raises(InputError, match="no receive connector on EX1 has the GUID"):
        connector(server, name="Newer", guid=guid)
    assert all(",CN=EX1," in line for line in plan.commands)


def test_a_default_connector_is_not_renamed(server: SimulatedExchange) -> None:
    plan = connector(server, name="Relay", previous_name="Default Frontend EX1")
    assert plan.refusal is not None
    assert [entry.id for entry in plan.refusal.findings] == ["default_connector"]


def test_a_reason_of_the_service_counts_under_either_name(server: SimulatedExchange) -> None:
    made(server)
    declared = {
        "a": {
            "connector_name": "New",
            "previous_connector_name": "Old",
            "sources": ["10.0.0.9"],
            "accept_findings": {"too_many_removed": "they moved out"},
        }
    }
    desired = parse_services(declared, None, None, None, server.name, TODAY)
    assert plan_for(server, desired, Policy()).refusal is None


def test_an_odd_name_is_renamed_and_back(server: SimulatedExchange) -> None:
    odd = 'Relay, "A" + B = C; D <E> #1 \\'
    made(server)
    assert carry_out(connector(server, name=odd, previous_name="Old"), server)
    plan = connector(server, name="New", previous_name=odd, comment="x")
    assert carry_out(plan, server)
    assert server.named("New").dn == dn(server, "New")
