# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the planner has to have read, and what it makes of access lists that do not tell enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import RelayError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import access_needed, plan_server
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy

from .rollouts import carry_out, dn, plan_for, read_state, relay, rolled_out, services
from .simulated_exchange import RIGHT, Row, SimulatedExchange

ANONYMOUS = "NT AUTHORITY\\ANONYMOUS LOGON"
USER = "LAB\\svc-relay"


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def names_needed(server: SimulatedExchange, declared: Mapping[str, Any]) -> list[str]:
    desired = services(declared, server)
    needed = access_needed(desired, replace(read_state(server, desired), access={}))
    return [server.connectors[entry].name for entry in needed]


def test_only_what_is_needed_is_read(server: SimulatedExchange) -> None:
    one = {"sources": ["10.0.0.1"]}
    assert names_needed(server, {"a": one}) == ["Default Frontend EX1"]
    assert names_needed(server, {"a": {**one, "method": "externally_secured"}}) == []
    rolled_out(server, **one)
    assert names_needed(server, {"a": one}) == ["Relay a"]
    assert names_needed(server, {"a": one, "b": {"sources": ["10.0.0.2"]}}) == ["Relay a"]
    assert names_needed(server, {"a": {**one, "method": "externally_secured"}}) == ["Relay a"]
    assert names_needed(server, {"a": {"state": "absent"}}) == ["Relay a"]
    carry_out(relay(server, **one, method="externally_secured"), server)
    assert names_needed(server, {"a": {**one, "method": "externally_secured"}}) == ["Relay a", "Default Frontend EX1"]


@pytest.mark.parametrize("leaving", [{"sources": ["10.0.0.1"], "method": "externally_secured"}, {"state": "absent"}])
def test_the_name_is_asked_of_a_connector_that_still_tells_it_at_that_moment(
    server: SimulatedExchange, leaving: Mapping[str, Any]
) -> None:
    both = {name: {"sources": [f"10.0.0.{ord(name)}"]} for name in ("a", "b")}
    assert carry_out(plan_for(server, services(both, server)), server)
    taken = server.connectors[dn(server, "Relay b")]
    taken.rows = [row for row in taken.rows if row.right != RIGHT] + [Row(ANONYMOUS, "ms-Exch-Bypass-Anti-Spam")]
    desired = services({"a": leaving, "b": both["b"]}, server)
    assert dn(server, "Default Frontend EX1") in read_state(server, desired).access
    assert carry_out(plan_for(server, desired), server)
    assert server.relays("10.0.0.98")


def test_an_access_list_that_was_not_read_is_no_empty_one(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    desired = services({"a": {"sources": ["10.0.0.1"]}}, server)
    with pytest.raises(RelayError, match="was not read"):
        plan_server(desired, replace(read_state(server, desired), access={}), Policy())


def test_an_account_with_like_rights_is_never_taken_for_anonymous(server: SimulatedExchange) -> None:
    for name in ("a", "b"):
        assert carry_out(plan_for(server, services({name: {"sources": [f"10.0.0.{ord(name)}"]}}, server)), server)
    made = server.connectors[dn(server, "Relay b")]
    for row in made.rows:
        if row.user == ANONYMOUS:
            row.user = USER
    with pytest.raises(RelayError, match="name the anonymous principal differently"):
        plan_for(server, services({name: {"sources": [f"10.0.0.{ord(name)}"]} for name in "ab"}, server))
