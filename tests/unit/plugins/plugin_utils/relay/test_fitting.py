# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists that fit into a connector: merged where that is asked for or needed, refused where they do not fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.cutting import without_addresses
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import IPRange, parse_ranges
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import carry_out, plan_for, services
from .simulated_exchange import SimulatedExchange

APART = [f"10.{n // 10_000}.{n // 100 % 100}.{2 * (n % 100)}" for n in range(1, 1302)]
TOUCHING = [f"10.5.{n // 250}.{n % 250}" for n in range(1301)]


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def relay(server: SimulatedExchange, **services_declared: Any) -> Plan:
    return plan_for(server, services(services_declared, server))


def written(server: SimulatedExchange, name: str = "Relay a") -> list[str]:
    found: list[str] = server.named(name).properties["RemoteIPRanges"]
    return found


def rolled_out(server: SimulatedExchange, **declared: Any) -> None:
    assert carry_out(relay(server, **declared), server)
    assert relay(server, **declared).commands == [], "a second run has nothing to do"


def test_sources_are_merged_only_where_they_would_not_fit(server: SimulatedExchange) -> None:
    rolled_out(server, a={"sources": TOUCHING[:1200]})
    assert len(written(server)) == 1200
    rolled_out(server, a={"sources": TOUCHING})
    assert sorted(written(server)) == [
        "10.5.0.0-10.5.0.249",
        "10.5.1.0-10.5.1.249",
        "10.5.2.0-10.5.2.249",
        "10.5.3.0-10.5.3.249",
        "10.5.4.0-10.5.4.249",
        "10.5.5.0-10.5.5.50",
    ]


def test_sources_are_merged_where_that_is_declared(server: SimulatedExchange) -> None:
    rolled_out(server, a={"sources": ["10.0.0.1", "10.0.0.2", "10.0.0.9"], "aggregate": True})
    assert sorted(written(server)) == ["10.0.0.1-10.0.0.2", "10.0.0.9"]
    rolled_out(server, a={"sources": ["10.0.0.1", "10.0.0.2", "10.0.0.9"]})
    assert sorted(written(server)) == ["10.0.0.1", "10.0.0.2", "10.0.0.9"]


def test_merging_minds_the_other_connectors_as_they_will_be(server: SimulatedExchange) -> None:
    """What b loses in this very plan does not keep a from merging, or the next run would merge it."""
    rolled_out(server, a={"sources": ["10.0.0.1"]}, b={"sources": ["10.0.0.0-10.0.0.3", "10.9.0.0/30"]})
    merged = {"sources": ["10.0.0.0/31", "10.0.0.2/31"], "aggregate": True}
    rolled_out(server, a=merged, b={"sources": ["10.9.0.0/30"]})
    assert written(server) == ["10.0.0.0/30"]


def test_a_change_of_a_merged_list_cuts_it(server: SimulatedExchange) -> None:
    rolled_out(server, a={"sources": ["10.0.0.0/28"], "aggregate": True})
    rolled_out(server, a={"sources": {"remove": ["10.0.0.5"], "add": ["10.0.0.16"]}, "aggregate": True})
    assert sorted(written(server)) == ["10.0.0.0-10.0.0.4", "10.0.0.6-10.0.0.16"]
    assert not server.relays("10.0.0.5")


def test_removing_a_part_of_a_source_is_refused_because_it_would_go_on_relaying(server: SimulatedExchange) -> None:
    rolled_out(server, a={"sources": ["10.0.0.0/28", "10.0.0.5"]})
    for gone in ("10.0.0.5", "10.0.0.6"):
        with pytest.raises(InputError, match=rf"sources.remove: {gone} is part of its source 10.0.0.0/28"):
            relay(server, a={"sources": {"remove": [gone]}})
    assert relay(server, a={"sources": {"remove": ["10.7.7.7"]}}).commands == [], "gone already"


def test_the_last_source_is_not_removed_by_a_change(server: SimulatedExchange) -> None:
    rolled_out(server, a={"sources": ["10.0.0.1"]})
    with pytest.raises(InputError, match=r"nobody would be left; write sources: \[\]"):
        relay(server, a={"sources": {"remove": ["10.0.0.1"]}})


def connector(server: SimulatedExchange, ranges: object) -> Plan:
    options = {"name": "Relay a", "bindings": ["0.0.0.0:2526"], "remote_ip_ranges": ranges}
    return plan_for(server, parse_receive_connector(options, server.name))


def test_more_than_a_connector_can_have_is_refused_before_anything_is_written(server: SimulatedExchange) -> None:
    with pytest.raises(InputError, match="'Relay a' on EX1: remote_ip_ranges: 1301 entries are more than the 1200"):
        connector(server, APART)
    assert carry_out(connector(server, APART[:1200]), server)
    with pytest.raises(InputError, match="1201 entries are more than the 1200"):
        connector(server, {"add": [APART[1200]]})
    with pytest.raises(InputError, match=r"split: \{connectors: 2\}"):
        relay(server, b={"sources": APART})
    with pytest.raises(InputError, match="allow aggregate"):
        relay(server, b={"sources": TOUCHING, "aggregate": False})


def test_a_list_that_is_too_long_already_may_stay_and_shrink(server: SimulatedExchange) -> None:
    server.add("Relay a", {"Bindings": ["0.0.0.0:2526"], "RemoteIPRanges": list(APART)})
    assert connector(server, APART).commands == []
    assert len(connector(server, {"remove": [APART[0]]}).commands) == 1
    with pytest.raises(InputError, match="1302 entries"):
        connector(server, {"add": ["10.200.0.1"]})


small = st.builds(lambda low, size: IPRange(4, low, low + size), st.integers(0, 40), st.integers(0, 9))


@given(st.frozensets(small), st.frozensets(small))
def test_cutting_takes_exactly_these_addresses(ranges: frozenset[IPRange], gone: frozenset[IPRange]) -> None:
    def addresses(entries: frozenset[IPRange]) -> set[int]:
        return {number for entry in entries for number in range(entry.low, entry.high + 1)}

    left = without_addresses(ranges, gone)
    assert addresses(left) == addresses(ranges) - addresses(gone)
    assert {entry for entry in ranges if not addresses(frozenset((entry,))) & addresses(gone)} <= left


def test_versions_are_cut_apart() -> None:
    ranges = parse_ranges(["10.0.0.0/30", "fd00::/126"], "x")
    assert without_addresses(ranges, parse_ranges(["fd00::1"], "x")) == parse_ranges(
        ["10.0.0.0/30", "fd00::", "fd00::2/127"], "x"
    )
