# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody else edits the same connector: no source of theirs or ours is lost, and nothing half-done stays."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.apply import (
    Applied,
    RequirementFailed,
    apply_plan,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import CmdletFailed, ErrorRecord
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import Reader, plan_for, rolled_out, services
from .simulated_exchange import Connector, SimulatedExchange

Edit = Callable[[Connector], None]


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


class Shared(Reader):
    """The server as a plan sees it, while somebody else works on it too.

    edits: what they do right before our command of this number (from 0). failing: our command that fails.
    """

    def __init__(self, server: SimulatedExchange, edits: dict[int, Callable[[], None]], failing: int = -1) -> None:
        super().__init__(server)
        self._edits = edits
        self._failing = failing
        self.writes = 0

    def read_connector(self, distinguished_name: str) -> Any:
        self._edit()
        return super().read_connector(distinguished_name)

    def run(self, command: Any) -> list[str]:
        self._edit()
        self.writes += 1
        if self.writes == self._failing + 1:
            raise CmdletFailed(command.cmdlet, ErrorRecord("nein", command.cmdlet))
        return super().run(command)

    def _edit(self) -> None:
        edit = self._edits.pop(self.writes, None)
        if edit is not None:
            edit()


def adds(connector: Connector, address: str) -> Callable[[], None]:
    return lambda: connector.properties["RemoteIPRanges"].append(address)


def ranges(server: SimulatedExchange, name: str = "Relay a") -> set[str]:
    return set(server.named(name).properties["RemoteIPRanges"])


def relay(server: SimulatedExchange, **service: Any) -> Plan:
    return plan_for(server, services({"a": service}, server))


def carried_out(plan: Plan, shared: Shared) -> tuple[Applied, str]:
    applied = apply_plan(plan, shared)
    return applied, str(applied.error)


def test_an_entry_that_somebody_adds_in_between_is_never_overwritten(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1", "10.0.0.2"])
    plan = relay(server, sources=["10.0.0.1", "10.0.0.3"])
    applied, told = carried_out(plan, Shared(server, {0: adds(made, "10.0.0.9")}))
    assert isinstance(applied.error, RequirementFailed)
    assert told == (
        "Set-ReceiveConnector for Relay a was not run: somebody else (Exchange does not tell who) changed "
        f"{made.dn} after it was read, and writing now would lose that (remote_ip_ranges: added 10.0.0.9): decide "
        "whether the change belongs into the declaration, and run again."
    )
    assert ranges(server) == {"10.0.0.1", "10.0.0.2", "10.0.0.9"}
    assert (applied.commands_run, applied.rolled_back, applied.remaining) == ([], None, [])


def test_many_changes_are_told_in_few_words(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=[f"10.0.0.{n}" for n in range(1, 9)])
    plan = relay(server, sources=["10.0.0.1"])

    def edit() -> None:
        made.properties["RemoteIPRanges"] = ["10.0.0.1"]
        made.properties["Enabled"] = False
        made.properties["TransportRole"] = "HubTransport"

    _applied, told = carried_out(plan, Shared(server, {0: edit}))
    assert "removed 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6 and 2 more" in told
    assert "enabled is False, was True" in told
    assert "transport_role is HubTransport, was FrontendTransport" in told


EDITS: dict[str, Edit] = {
    "remote_ip_ranges": lambda one: one.properties["RemoteIPRanges"].append("10.9.9.9"),
    "bindings": lambda one: one.properties["Bindings"].append("10.99.0.1:25"),
    "permission_groups": lambda one: one.properties.update(PermissionGroups="AnonymousUsers, ExchangeUsers"),
    "auth_mechanism": lambda one: one.properties.update(AuthMechanism="Tls, Integrated"),
    "enabled": lambda one: one.properties.update(Enabled=False),
    "transport_role": lambda one: one.properties.update(TransportRole="HubTransport"),
}
WRITES: dict[str, dict[str, Any]] = {
    "ranges": {"remote_ip_ranges": ["10.0.0.7"]},
    "add": {"remote_ip_ranges": {"add": ["10.0.0.7"]}},
    "remove": {"remote_ip_ranges": {"remove": ["10.0.0.1"]}},
    "bindings": {"bindings": {"add": ["10.99.0.2:25"]}},
    "groups": {"permission_groups": {"add": ["Partners"]}},
    "mechanisms": {"auth_mechanism": {"set": ["Tls", "BasicAuth"]}},
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("write", WRITES)
def test_every_list_write_refuses_every_change_it_would_build_on(
    server: SimulatedExchange, write: str, edit: str
) -> None:
    made = rolled_out(server, sources=["10.0.0.1", "10.0.0.2"])
    plan = plan_for(server, parse_receive_connector({"name": "Relay a", **WRITES[write]}, server.name))
    assert plan.steps[0].command.cmdlet == "Set-ReceiveConnector"
    EDITS[edit](made)
    before = copy.deepcopy(made.properties)
    _applied, told = carried_out(plan, Shared(server, {}))
    assert "somebody else" in told
    assert edit in told
    assert made.properties == before


def test_what_nobody_relies_on_is_no_conflict(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1", "10.0.0.2"])
    plan = relay(server, sources=["10.0.0.1", "10.0.0.3"])
    made.properties["Comment"] = "seen"
    made.properties["RemoteIPRanges"].reverse()
    applied, _told = carried_out(plan, Shared(server, {}))
    assert applied.error is None
    assert made.properties["Comment"] == "seen"


@pytest.mark.parametrize("how", ["removed", "renamed"])
def test_a_connector_that_is_gone_or_renamed_is_told(server: SimulatedExchange, how: str) -> None:
    made = rolled_out(server, sources=["10.0.0.1", "10.0.0.2"])
    plan = relay(server, sources=["10.0.0.1", "10.0.0.3"])
    del server.connectors[made.dn]
    if how == "renamed":
        made.dn = made.dn.replace("Relay a", "Mine now")
        server.connectors[made.dn] = made
    _applied, told = carried_out(plan, Shared(server, {}))
    assert "is not there any more; somebody else removed or renamed it; run again" in told


def test_a_new_connector_written_in_two_steps_is_looked_at_too(server: SimulatedExchange) -> None:
    """Part 2 is made with pieces first, and gets its own ranges when part 1 has given them up."""
    rolled_out(server, sources=["10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.4.0.0/24"])
    plan = relay(server, sources=["10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.4.0.0/24"], split={"connectors": 2})
    last = len(plan.steps) - 1
    assert "RemoteIPRanges" in plan.commands[last]
    before = ranges(server)
    shared = Shared(server, {last: lambda: adds(server.named("Relay a 2"), "10.9.9.9")()})
    applied, told = carried_out(plan, shared)
    assert "'Relay a 2'" not in told
    assert "added 10.9.9.9" in told
    assert ranges(server, "Relay a 2") >= {"10.9.9.9"}, "a connector that somebody else uses is not removed either"
    assert applied.rolled_back == "partial"
    assert [line.split()[0] for line in applied.remaining] == ["Remove-ReceiveConnector"]
    assert any("Remove-ReceiveConnector was not run" in text for text in applied.warnings)
    assert ranges(server) == before


def undone(server: SimulatedExchange, edit: Callable[[], None]) -> Applied:
    """A plan for two services whose last command fails, after somebody else edited what its first one wrote."""
    plan = plan_for(
        server, services({"a": {"sources": ["10.0.0.1", "10.0.0.3"]}, "b": {"sources": ["10.1.0.1"]}}, server)
    )
    assert "RemoteIPRanges" in plan.commands[0]
    return apply_plan(plan, Shared(server, {len(plan.steps) - 1: edit}, failing=len(plan.steps) - 1))


def test_undoing_gives_back_what_we_wrote_and_keeps_what_they_did(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1", "10.0.0.2"])
    applied = undone(server, adds(made, "10.0.0.9"))
    assert ranges(server) == {"10.0.0.1", "10.0.0.2", "10.0.0.9"}
    assert applied.rolled_back == "true"
    told = "Somebody else changed remote_ip_ranges of connector 'Relay a' meanwhile; that was kept when what this plan"
    assert [text.startswith(told) for text in applied.warnings] == [True]


def test_undoing_does_not_bring_back_what_they_took_away(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1", "10.0.0.2"])
    applied = undone(server, lambda: made.properties["RemoteIPRanges"].remove("10.0.0.1"))
    assert ranges(server) == {"10.0.0.2"}
    assert applied.rolled_back == "true"


def test_undoing_without_them_is_as_before(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1", "10.0.0.2"])
    applied = undone(server, lambda: None)
    assert ranges(server) == {"10.0.0.1", "10.0.0.2"}
    assert (applied.rolled_back, applied.warnings) == ("true", [])


SOURCES = [f"10.0.{n}.1" for n in range(8)]


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.sampled_from(SOURCES), min_size=2),
    st.sets(st.sampled_from(SOURCES), min_size=2),
    st.integers(0, 3),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_whenever_somebody_adds_a_source_it_is_still_there_in_the_end(
    old: set[str], new: set[str], connectors: int, when: int, failing: int
) -> None:
    """Edited before any of our reads, with or without a command of ours that fails later."""
    server = SimulatedExchange()
    rolled_out(server, sources=sorted(old))
    split = {"split": {"connectors": connectors}} if connectors else {}
    plan = relay(server, sources=sorted(new), **split)
    theirs = "10.77.7.7"

    def edit() -> None:
        own = [connector for connector in server.connectors.values() if connector.name.startswith("Relay a")]
        own[0].properties["RemoteIPRanges"].append(theirs)

    shared = EditedBeforeARead(server, when, edit, failing)
    apply_plan(plan, shared)
    if shared.edited:
        found = {
            text
            for connector in server.connectors.values()
            if connector.name.startswith("Relay a")
            for text in connector.properties["RemoteIPRanges"]
        }
        assert theirs in found


class EditedBeforeARead(Reader):
    """The edit comes right before our read of that number, which is when a plan can still see it."""

    def __init__(self, server: SimulatedExchange, when: int, edit: Callable[[], None], failing: int) -> None:
        super().__init__(server)
        self._when, self._edit, self._failing = when, edit, failing
        self._reads = self._writes = 0
        self.edited = False

    def read_connector(self, distinguished_name: str) -> Any:
        if self._reads == self._when:
            self._edit()
            self.edited = True
        self._reads += 1
        return super().read_connector(distinguished_name)

    def run(self, command: Any) -> list[str]:
        self._writes += 1
        if self._writes == self._failing + 1:
            raise CmdletFailed(command.cmdlet, ErrorRecord("nein", command.cmdlet))
        return super().run(command)
