# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Services over several connectors: from one number of them to another, on a simulated server."""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import MEANT, Promise, carry_out, plan_for, services
from .simulated_exchange import RIGHT, Row, SimulatedExchange, bounds

REPLACEMENTS = ("keeps_manual", "removes_dropped", "removes_manual")
ALONE = ["10.3.0.1", "10.4.0.1", "10.5.0.1", "10.6.0.1"]
TOGETHER = [f"10.0.0.{n}" for n in range(1, 7)]
WIDE = ["10.1.0.0/24", "10.1.0.7", "10.2.0.0-10.2.0.9", "10.2.0.128/25"]
SOURCES = [*ALONE, *TOGETHER, *WIDE]
CLIENTS = tuple(
    [*ALONE, *TOGETHER, "10.0.0.0", "10.0.0.7", "10.3.0.2", "10.1.1.0", "10.9.9.9"]
    + [f"10.1.0.{n}" for n in (0, 6, 7, 8, 127, 128, 255)]
    + [f"10.2.0.{n}" for n in (0, 4, 5, 9, 10, 127, 128, 255)]
)


def inside(sources: Iterable[str]) -> set[str]:
    found = [bounds(text) for text in sources]
    numbers = {client: int(ipaddress.ip_address(client)) for client in CLIENTS}
    return {client for client, number in numbers.items() if any(low <= number <= high for _v, low, high in found)}


def plan(server: SimulatedExchange, sources: list[str], connectors: int = 0, **options: Any) -> Plan:
    split = {"split": {"connectors": connectors}} if connectors else {}
    return plan_for(server, services({"a": {"sources": sources, **split, **options}}, server))


def gaps(found: Plan) -> set[str]:
    return inside(text for entry in found.findings if entry.id == "service_gap" for text in entry.addresses)


class Transition:
    """A plan carried out, with no gap but for the clients that it told of."""

    def __init__(self, server: SimulatedExchange, sources: list[str]) -> None:
        self.server = server
        self.promise = Promise(server, CLIENTS, inside(sources))

    def run(self, found: Plan, commands: int = 1000) -> bool:
        told = gaps(found)
        missed: set[str] = set()
        for count in range(1, len(found.steps) + 1):
            if count > commands:
                return False
            tried = copy.deepcopy(self.server)
            done = carry_out(found, tried, commands=count)
            watched = copy.copy(self.promise)
            watched.server = tried
            missed |= watched.gap()
            assert watched.gap() <= told, f"after {found.commands[count - 1]}: {watched.gap() - told}"
            assert not watched.window(), f"after {found.commands[count - 1]}"
            if done:
                break
        assert told <= missed, "a gap was told that does not happen"
        return carry_out(found, self.server, commands=commands)


def assert_spread(server: SimulatedExchange, sources: list[str], connectors: int) -> None:
    """Every source on exactly one connector, each connector with its own rights, and nothing left to do."""
    assert plan(server, sources, connectors).commands == []
    own = [connector for connector in server.connectors.values() if connector.name.startswith("Relay a")]
    found = [text for connector in own for text in connector.properties["RemoteIPRanges"]]
    assert sorted(found) == sorted(found_once := set(found))
    assert inside(found_once) == inside(sources)
    assert {client for client in CLIENTS if server.relays(client)} == inside(sources)
    for connector in own:
        assert RIGHT in {row.right for row in connector.rows if row.user == server.anonymous}
        assert connector.properties["Enabled"]
        number = connector.name.removeprefix("Relay a").strip()
        assert (number == "") if not connectors else (1 <= int(number) <= connectors)


@pytest.mark.parametrize("before", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("after", [1, 2, 3, 4, 6])
def test_a_service_goes_from_any_number_of_connectors_to_any_other(before: int, after: int) -> None:
    server = SimulatedExchange()
    assert carry_out(plan(server, SOURCES, before), server)
    guids = {connector.guid for connector in server.connectors.values()}
    found = plan(server, SOURCES, after, accept_findings={"service_gap": "at night"})
    assert found.refusal is None
    assert gaps(found) <= {*ALONE, *TOGETHER}, "a range with parts never waits"
    assert len(gaps(found) & set(TOGETHER)) <= 1, "with neighbours one waits only where all of them go different ways"
    assert Transition(server, SOURCES).run(found)
    assert_spread(server, SOURCES, after)
    kept = {connector.guid for connector in server.connectors.values()} & guids
    assert len(kept) >= 3 + min(max(before, 1), after) - 1, "connectors stay the same objects"


def test_back_to_one_connector_is_one_rename(server: SimulatedExchange) -> None:
    assert carry_out(plan(server, SOURCES, 1), server)
    guid = server.named("Relay a 1").guid
    found = plan(server, SOURCES, 0, previous_connector_name="Relay a 1")
    assert [line.split()[0] for line in found.commands] == ["Set-ReceiveConnector"]
    assert Transition(server, SOURCES).run(found)
    assert server.named("Relay a").guid == guid
    assert_spread(server, SOURCES, 0)


def test_the_first_part_is_the_connector_that_was_whole(server: SimulatedExchange) -> None:
    assert carry_out(plan(server, TOGETHER), server)
    whole = server.named("Relay a")
    whole.rows.append(Row("LAB\\svc-relay", RIGHT))
    found = plan(server, TOGETHER, 2)
    renames = [line for line in found.commands if "-Name 'Relay a 1'" in line]
    assert len(renames) == 1
    assert "-RemoteIPRanges" in renames[0], "with what else differs, in one Set"
    assert Transition(server, TOGETHER).run(found)
    assert server.named("Relay a 1") is whole
    assert ("LAB\\svc-relay", RIGHT) in {(row.user, row.right) for row in whole.rows}


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 4),
    st.lists(st.sampled_from(SOURCES), min_size=4, unique=True),
    st.integers(1, 5),
    st.lists(st.sampled_from(SOURCES), min_size=4, unique=True),
    st.sampled_from(["anonymous", "externally_secured"]),
    st.sampled_from(REPLACEMENTS),
    st.integers(0, 20),
)
def test_sources_and_connectors_change_together_wherever_it_is_killed(
    before: int, old: list[str], after: int, new: list[str], method: str, replacement: str, kill: int
) -> None:
    server = SimulatedExchange(replacement)
    assert carry_out(plan(server, old, before), server)
    transition = Transition(server, new)
    found = plan(server, new, after, method=method)
    assert {entry.id for entry in found.findings if entry.refuses} <= {"service_gap", "open_window"}
    if "open_window" in {entry.id for entry in found.findings}:
        event("two rollouts are needed")
        return
    if not transition.run(found, kill):
        event("killed")
        assert carry_out(plan(server, new, after, method=method), server)
    assert plan(server, new, after, method=method).commands == []
    assert transition.promise.relaying() == inside(new)


def test_a_killed_rollout_leaves_few_sources_without_a_connector(server: SimulatedExchange) -> None:
    """So few that the next run may add them without being asked whether so many are meant."""
    many = [f"10.{n // 100}.{n % 100}.7" for n in range(400)]
    accepted = {"service_gap": "at night"}

    def planned(on: SimulatedExchange, connectors: int) -> Plan:
        declared = {"sources": many, "split": {"connectors": connectors}, "accept_findings": accepted}
        return plan_for(on, services({"a": declared}, on), Policy())

    assert carry_out(plan(server, many), server)
    whole = planned(server, 3)
    for kill in range(len(whole.steps)):
        tried = copy.deepcopy(server)
        assert not carry_out(whole, tried, commands=kill)
        again = planned(tried, 3)
        assert again.refusal is None
        assert carry_out(again, tried)
        assert planned(tried, 3).commands == []


@pytest.mark.parametrize("version", ["2010", "2007"])
def test_versions_without_a_transport_role_are_spread_too(version: str) -> None:
    server = SimulatedExchange(version=version)
    for connectors in (0, 3, 2):
        assert carry_out(plan(server, SOURCES, connectors), server)
        assert_spread(server, SOURCES, connectors)


def test_every_part_gets_throttling_options_and_rights(server: SimulatedExchange) -> None:
    options = {"throttling": "high_volume", "connector": {"comment": "x", "bare_linefeed_rejection_enabled": True}}
    assert carry_out(plan(server, SOURCES, 3, **options), server)
    for number in (1, 2, 3):
        properties = server.named(f"Relay a {number}").properties
        assert (properties["Comment"], properties["ConnectionTimeout"]) == ("x", "00:30:00")
        assert properties["BareLinefeedRejectionEnabled"] is True
    assert plan(server, SOURCES, 3, **options).commands == []
    changed = plan(server, SOURCES, 3, **{**options, "throttling": "exchange_default"})
    assert len(changed.commands) == 3


def test_what_other_services_own_is_no_left_over(server: SimulatedExchange) -> None:
    """A connector "Relay a 3" may just as well be the one of a service called "a 3"."""
    assert carry_out(plan(server, SOURCES, 3), server)
    declared = {
        "a": {"sources": ALONE, "split": {"connectors": 2}},
        "b": {"sources": TOGETHER, "connector_name": "Relay a 3"},
        "c": {"sources": WIDE, "connector_name": "Relay c", "previous_connector_name": "Relay a 4"},
    }
    server.add("Relay a 4", {"Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.7.0.1"]})
    found = plan_for(server, services(declared, server))
    assert not any(line.startswith("Remove-ReceiveConnector") for line in found.commands)
    assert carry_out(found, server)
    assert {connector.name for connector in server.connectors.values()} >= {"Relay a 3", "Relay c"}


@pytest.mark.parametrize("name", ["Relay a 02", "Relay a 2b", "Relay a", "Relay b 3", "xRelay a 3", "Relay a 3 old"])
def test_only_a_plain_number_makes_a_left_over(server: SimulatedExchange, name: str) -> None:
    assert carry_out(plan(server, ALONE, 1), server)
    if name == "Relay a":
        return
    server.add(name, {"Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.7.0.1"]})
    assert plan(server, ALONE, 1).commands == []


def test_without_split_nothing_is_guessed(server: SimulatedExchange) -> None:
    server.add("Relay a 2", {"Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.7.0.1"]})
    assert not any("Relay a 2" in line for line in plan(server, ALONE).commands)


def test_a_left_over_that_relays_counts_as_part_of_the_service(server: SimulatedExchange) -> None:
    assert carry_out(plan(server, ALONE, 1), server)
    server.add(
        "Relay a 7", {"Bindings": ["0.0.0.0:25"], "RemoteIPRanges": TOGETHER, "TransportRole": "FrontendTransport"}
    )
    found = plan_for(server, services({"a": {"sources": ALONE, "split": {"connectors": 1}}}, server), Policy())
    assert found.commands[0].startswith("Remove-ReceiveConnector")
    assert [entry.id for entry in found.findings if entry.refuses] == ["too_many_removed"]


@pytest.mark.parametrize("before", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("after", [1, 2, 4])
def test_a_spread_service_gets_another_name_and_stays_the_same_objects(
    server: SimulatedExchange, before: int, after: int
) -> None:
    assert carry_out(plan(server, SOURCES, before), server)
    guids = {connector.guid for connector in server.connectors.values()}
    options = {"connector_name": "Gate", "previous_connector_name": "Relay a"}
    found = plan(server, SOURCES, after, **options)
    assert {entry.id for entry in found.findings if entry.refuses} <= {"service_gap"}
    if before == after:
        assert [line.split()[0] for line in found.commands] == ["Set-ReceiveConnector"] * after
        assert gaps(found) == set()
    assert Transition(server, SOURCES).run(found)
    assert plan(server, SOURCES, after, **options).commands == []
    names = {connector.name for connector in server.connectors.values()}
    assert {name for name in names if name.startswith(("Gate", "Relay a"))} == {f"Gate {n + 1}" for n in range(after)}
    kept = {connector.guid for connector in server.connectors.values()} & guids
    assert len(kept) >= 3 + min(max(before, 1), after) - 1


def test_retiring_a_spread_service_removes_all_of_it(server: SimulatedExchange) -> None:
    assert carry_out(plan(server, SOURCES, 3), server)
    gone = services({"a": {"state": "absent", "split": {"connectors": 2}}}, server)
    found = plan_for(server, gone, MEANT)
    assert [line.split()[0] for line in found.commands] == ["Remove-ReceiveConnector"] * 3
    assert carry_out(found, server)
    assert plan_for(server, gone).commands == []


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()
