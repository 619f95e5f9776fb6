# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Twice as many sources take about twice as many operations, in every step that sees all of them.

Calls are counted, Python's and C's, so that the outcome does not depend on the machine or on what else it does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from types import FrameType
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.aggregation import aggregated
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.guards import Audit
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ReceiveConnector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.overlaps import clashes
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import IPRange, count_addresses
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.sources import (
    SourceList,
    parse_source_groups,
    resolve_sources,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.splitting import connectors_needed, split

from .rollouts import Reader, plan_for, read_state, services
from .simulated_exchange import RIGHT, Row, SimulatedExchange

TODAY = date(2026, 11, 21)
SMALL, LARGE = 400, 1600
# n log n grows 4.9 times from 400 to 1,600; what is quadratic grows 16 times.
MOST = 5.5


def operations(work: Callable[[], Any]) -> int:
    """How many functions are called while the work is done."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def texts(count: int) -> list[str]:
    """Hosts in rows of four, blocks, ranges and IPv6, as many as asked for."""
    kinds = (
        lambda n: f"10.{n // 200}.{n % 200}.{4 * (n % 60)}",
        lambda n: f"10.{n // 200}.{n % 200}.{4 * (n % 60) + 1}",
        lambda n: f"172.16.{n // 60}.{4 * (n % 60)}/30",
        lambda n: f"192.168.{n // 60}.{4 * (n % 60)}-192.168.{n // 60}.{4 * (n % 60) + 2}",
        lambda n: f"fd00::{n:x}",
    )
    return [kinds[number % 5](number // 5) for number in range(count)]


def sources(count: int) -> SourceList:
    return resolve_sources(texts(count), {}, TODAY, "sources")


def ranges(count: int) -> frozenset[IPRange]:
    return sources(count).ranges


def parse_file(count: int) -> None:
    rows = "".join(f"{text};host;owner@contoso.com;2028-03-31\n" for text in texts(count))
    content = "address;name;owner;expires\n" + rows
    groups = parse_source_groups({"legacy": {"file": "legacy.csv", "content": content}})
    assert len(resolve_sources(["legacy"], groups, TODAY, "sources").entries) == count


def merge(count: int) -> None:
    # Neighbours of every kind: around, inside, and nested eight deep.
    others = [IPRange(4, (10 << 24) + n * 256, (10 << 24) + n * 256 + 255 - n % 8) for n in range(count)]
    around = [IPRange(4, 0, (1 << 32) - 1 - n) for n in range(8)]
    assert len(aggregated(ranges(count), [*others, *around])) <= count


def compare(count: int) -> None:
    plain = {
        "Name": "Relay",
        "DistinguishedName": "CN=Relay",
        "Bindings": ["0.0.0.0:25"],
        "RemoteIPRanges": [str(entry) for entry in ranges(count)],
        "AuthMechanism": "Tls",
        "PermissionGroups": "AnonymousUsers",
        "Enabled": True,
    }
    assert ReceiveConnector.from_exchange(plain).values["remote_ip_ranges"] == ranges(count)


def labels(count: int) -> None:
    known = sources(count)
    assert all(known.label(entry.range) for entry in known.entries)


def plan_of_one_more(count: int) -> None:
    """A plan over four connectors, all moments of it proved, findings included."""
    declared = {"external": {"sources": texts(count), "split": {"connectors": 4}}}
    server = SimulatedExchange()
    desired = parse_services(declared, None, None, None, server.name, TODAY)
    assert plan_for(server, desired, Policy()).steps


def clash_of_all_with_all(count: int) -> None:
    mine = [IPRange(4, at, 2 * count + 5 - at) for at in range(count)]
    theirs = [IPRange(4, count + at, 5 * count + at) for at in range(count)]
    assert len(clashes(mine, theirs)) == count


def server_with_rivals(count: int) -> SimulatedExchange:
    """Four relays with so many ranges together, inside the wide range of a connector for users that log on."""
    server = SimulatedExchange()
    usual = {"Bindings": ["0.0.0.0:25"], "TransportRole": "FrontendTransport"}
    listed = [f"10.{at // 60000}.{at // 240 % 250}.{at % 240 + 1}" for at in range(0, 2 * count, 2)]
    server.add("Submission", {**usual, "PermissionGroups": "ExchangeUsers", "RemoteIPRanges": ["10.0.0.0/8"]})
    for part in range(4):
        relay = {**usual, "PermissionGroups": "AnonymousUsers", "RemoteIPRanges": listed[part::4]}
        server.add(f"Relay {part}", relay).rows.append(Row(server.anonymous, RIGHT))
    return server


def audit(count: int) -> None:
    """The findings of a report about connectors that take clients from each other."""
    server = server_with_rivals(count)
    state = read_state(server, services({}, server))
    access = {one.distinguished_name: Reader(server).read_access(one.distinguished_name) for one in state.connectors}
    report = Audit(replace(state, access=access), Policy(), server.anonymous)
    found = [one for connector in state.connectors for one in report.findings(connector.name)]
    assert {one.id for one in found} == {"stolen_clients"}
    assert sum(len(one.addresses) for one in found) == count


STEPS: dict[str, Callable[[int], object]] = {
    "parse a file": parse_file,
    "normalise": sources,
    "aggregate": merge,
    "split": lambda count: split(ranges(count), 8),
    "connectors needed": lambda count: connectors_needed(ranges(count), count // 8),
    "name sources": labels,
    "compare": compare,
    "find clashes": lambda count: clashes(ranges(count), ranges(count)),
    "find clashes of all with all": clash_of_all_with_all,
    "audit": audit,
    "count addresses": lambda count: count_addresses(ranges(count)),
    "plan": plan_of_one_more,
}


@pytest.mark.parametrize("step", STEPS)
def test_four_times_the_sources_take_little_more_than_four_times_the_operations(step: str) -> None:
    work = STEPS[step]
    work(SMALL)  # what is kept for the next call is not counted
    few, many = operations(lambda: work(SMALL)), operations(lambda: work(LARGE))
    assert many <= MOST * few, f"{many} calls for {LARGE} sources, {few} for {SMALL}"


def test_counting_would_notice_what_is_quadratic() -> None:
    def pairs(entries: Iterable[IPRange]) -> int:
        known = list(entries)
        return sum(one.overlaps(other) for one in known for other in known)

    few, many = operations(lambda: pairs(ranges(100))), operations(lambda: pairs(ranges(400)))
    assert many > MOST * few
