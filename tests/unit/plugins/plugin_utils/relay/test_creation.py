# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""New connectors: of every usage, with what only Set takes, on every kind of version, killed on the way."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import Promise, carry_out, plan_for, services
from .simulated_exchange import SimulatedExchange

LISTS = {"bindings": ["0.0.0.0:2526"], "remote_ip_ranges": ["10.0.0.0/24"]}
SET_ONLY = {"bare_linefeed_rejection_enabled": True}
DECLARED: dict[str, dict[str, Any]] = {
    "Custom": LISTS,
    "Partner": LISTS,
    "Internet": {"bindings": ["0.0.0.0:2526"]},
    "Client": LISTS,
    "Internal": LISTS,
}


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def connector(server: SimulatedExchange, **options: Any) -> Plan:
    return plan_for(server, parse_receive_connector({"name": "Made", **options}, server.name))


def cmdlets(plan: Plan) -> list[str]:
    return [line.split()[0] for line in plan.commands]


@pytest.mark.parametrize("usage", DECLARED)
@pytest.mark.parametrize("enabled", [{}, {"enabled": True}, {"enabled": False}], ids=["left", "on", "off"])
@pytest.mark.parametrize("more", [{}, SET_ONLY], ids=["plain", "set_only"])
def test_a_connector_of_every_usage_is_made_in_at_most_two_calls(
    server: SimulatedExchange, usage: str, enabled: dict[str, bool], more: dict[str, bool]
) -> None:
    options = {"usage": usage, **DECLARED[usage], **enabled, **more}
    plan = connector(server, **options)
    two = bool(more) or usage in ("Client", "Internal")
    assert cmdlets(plan) == ["New-ReceiveConnector", "Set-ReceiveConnector"][: 1 + two]
    assert f"-Usage '{usage}'" in plan.commands[0]
    assert carry_out(plan, server)
    made = server.named("Made").properties
    assert made["Bindings"] == ["0.0.0.0:2526"]
    assert made["Enabled"] is enabled.get("enabled", True)
    assert made["BareLinefeedRejectionEnabled"] is bool(more)
    assert connector(server, **options).commands == []


@pytest.mark.parametrize("usage", DECLARED)
def test_what_a_usage_seeds_is_known_before_it_is_read(server: SimulatedExchange, usage: str) -> None:
    """A group that the usage brings is not added again, and one beside it comes with the creation."""
    options = {"usage": usage, **DECLARED[usage], "permission_groups": {"add": ["Partners"]}}
    assert carry_out(connector(server, **options), server)
    groups = set(server.named("Made").properties["PermissionGroups"].split(", "))
    seeded = {"Custom": set(), "Internet": {"AnonymousUsers"}, "Client": {"ExchangeUsers"}}.get(usage, groups)
    assert groups >= seeded | {"Partners"}
    assert connector(server, **options).commands == []


def test_a_new_connector_answers_nobody_before_all_of_it_is_there(server: SimulatedExchange) -> None:
    plan = connector(server, usage="Client", **LISTS, enabled=True, **SET_ONLY)
    assert "-Enabled:$false" in plan.commands[0]
    assert "-Bindings" not in plan.commands[0]
    assert "-Enabled:$true" in plan.commands[1]
    assert not carry_out(plan, server, commands=1)
    again = connector(server, usage="Client", **LISTS, enabled=True, **SET_ONLY)
    assert cmdlets(again) == ["Set-ReceiveConnector"]
    assert carry_out(again, server)
    assert server.named("Made").properties["Enabled"] is True


def test_the_usage_says_nothing_about_a_connector_that_exists(server: SimulatedExchange) -> None:
    assert carry_out(connector(server, **LISTS), server)
    assert connector(server, usage="Client", **LISTS).commands == []


@pytest.mark.parametrize(
    ("usage", "missing"),
    [
        ("Custom", "bindings"),
        ("Custom", "remote_ip_ranges"),
        ("Partner", "bindings"),
        ("Internet", "bindings"),
        ("Client", "remote_ip_ranges"),
        ("Internal", "remote_ip_ranges"),
    ],
)
def test_what_a_usage_needs_is_asked_for(server: SimulatedExchange, usage: str, missing: str) -> None:
    options = {name: value for name, value in DECLARED[usage].items() if name != missing}
    with pytest.raises(
        InputError, match=f"^{missing}: connector 'Made' does not exist on EX1 yet, and a new one needs"
    ):
        connector(server, usage=usage, **options)


@pytest.mark.parametrize("commands", [0, 1, 2])
def test_undoing_a_creation_removes_it(server: SimulatedExchange, commands: int) -> None:
    plan = connector(server, usage="Internal", **LISTS, **SET_ONLY)
    before = copy.deepcopy(server.connectors)
    done = plan.steps[:commands]
    for step in done:
        server.execute(step.command.cmdlet, dict(step.command.parameters))
    for step in reversed(done):
        for command in step.inverse:
            server.execute(command.cmdlet, dict(command.parameters))
    assert server.connectors.keys() == before.keys()


@pytest.mark.parametrize("version", ["2007", "2010", "2013", "2016", "2019"])
@pytest.mark.parametrize("method", ["anonymous", "externally_secured"])
@pytest.mark.parametrize("kill", range(5))
def test_a_service_is_made_and_changed_on_every_version(version: str, method: str, kill: int) -> None:
    server = SimulatedExchange(version=version)
    first = services({"a": {"sources": ["10.0.0.1"], "throttling": "high_volume"}}, server)
    if not carry_out(plan_for(server, first), server, commands=kill):
        assert carry_out(plan_for(server, first), server)
    made = server.named("Relay a").properties
    assert ("TransportRole" in made) is (version >= "2013")
    changed = {"sources": ["10.0.0.1", "10.0.0.2"], "method": method, "previous_connector_name": "Relay a"}
    desired = services({"a": {**changed, "connector_name": "Relay b"}}, server)
    promise = Promise(server, ["10.0.0.1", "10.0.0.2", "10.0.0.3"], {"10.0.0.1", "10.0.0.2"})
    if not carry_out(plan_for(server, desired), server, promise, commands=kill):
        assert carry_out(plan_for(server, desired), server, promise)
    assert plan_for(server, desired).commands == []
    assert promise.relaying() == {"10.0.0.1", "10.0.0.2"}
