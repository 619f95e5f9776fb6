# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Contested clients: the sweep says of all of them what asking for each one says."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.answering import answering_connector, services_of
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.contests import Contest, contests
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ReceiveConnector, ServerFacts
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.pictures import Picture
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import Binding, IPRange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.world import World

FACTS = ServerFacts(
    "EX1",
    "ex1.lab.example",
    "CN=EX1",
    "Version 15.2 (Build 986.5)",
    "2019",
    is_hub_transport=True,
    is_frontend_transport=True,
)
SPECIFIC = 0x0A630001
EVERYWHERE, ONE_ADDRESS = Binding(4, 0, 25), Binding(4, SPECIFIC, 25)

ranges = st.builds(
    lambda low, width: IPRange(4, low, low + width), st.integers(1, 24), st.sampled_from((0, 0, 0, 1, 3, 7, 15))
)
connectors = st.fixed_dictionaries(
    {
        "enabled": st.sampled_from((True, True, True, False)),
        "bindings": st.sampled_from(([EVERYWHERE], [EVERYWHERE], [ONE_ADDRESS], [EVERYWHERE, ONE_ADDRESS])).map(
            frozenset
        ),
        "remote_ip_ranges": st.frozensets(ranges, min_size=1, max_size=4),
        "transport_role": st.sampled_from(("FrontendTransport", "FrontendTransport", "HubTransport", None)),
    }
)


def world_of(values: Iterable[dict[str, object]]) -> World:
    pictures = [Picture(f"C{at}", f"CN=C{at}", one, ()) for at, one in enumerate(values)]
    return World(FACTS, "anonymous", {picture.key: picture for picture in pictures})


def holds(places: Iterable[IPRange], client: int) -> bool:
    return any(entry.low <= client <= entry.high for entry in places)


@settings(max_examples=150, deadline=None)
@given(st.lists(connectors, min_size=1, max_size=5))
def test_every_contest_is_what_the_clients_meet(values: list[dict[str, object]]) -> None:
    world = world_of(values)
    read = [ReceiveConnector("EX1", one.name, "", "", "", one.values) for one in world]
    found = contests(world, {})
    for client in range(1, 41):
        met: dict[tuple[str, str], bool] = {}
        for local in (1, SPECIFIC):
            answer = answering_connector(
                read, IPRange(4, local, local), 25, IPRange(4, client, client), services_of(FACTS)
            )
            if answer is None or answer.second is None:
                continue
            same_binding = answer.binding.is_wildcard == answer.second.binding.is_wildcard
            if same_binding and not (
                answer.second.range != answer.range and answer.second.range.contains(answer.range)
            ):
                continue  # a conflict
            met[answer.connector.name, answer.second.connector.name] = True
        told = {(one.winner.name, one.loser.name) for one in found if holds(one.runner_up, client)}
        assert told == set(met), client


def pair(found: list[Contest]) -> Contest:
    [only] = found
    return only


def connector(*entries: IPRange, binding: Binding = EVERYWHERE) -> dict[str, object]:
    return {"bindings": frozenset((binding,)), "remote_ip_ranges": frozenset(entries)}


def test_clients_are_told_as_few_ranges() -> None:
    wide, singles = IPRange(4, 0, 255), [IPRange(4, at, at) for at in (7, 8, 9, 20)]
    only = pair(contests(world_of([connector(wide), connector(*singles)]), {}))
    assert (only.winner.name, only.loser.name) == ("C1", "C0")
    assert only.addresses == only.runner_up == (IPRange(4, 7, 9), IPRange(4, 20, 20))
    assert only.doubtful == ()


def test_third_parties_are_losers_and_no_runners_up() -> None:
    values = [connector(IPRange(4, 0, 255)), connector(IPRange(4, 0, 15)), connector(IPRange(4, 7, 7))]
    found = {(one.winner.name, one.loser.name): one.runner_up for one in contests(world_of(values), {})}
    assert found == {
        ("C1", "C0"): (IPRange(4, 0, 6), IPRange(4, 8, 15)),
        ("C2", "C1"): (IPRange(4, 7, 7),),
        ("C2", "C0"): (),
    }


def test_what_is_ignored_is_no_loss() -> None:
    wide = IPRange(4, 0, 255)
    values = [connector(wide), connector(IPRange(4, 7, 7))]
    assert contests(world_of(values), {"c0": frozenset((wide,))}) == []


def test_the_same_range_at_another_binding_is_doubtful() -> None:
    values = [connector(IPRange(4, 7, 7)), connector(IPRange(4, 7, 7), binding=ONE_ADDRESS)]
    only = pair(contests(world_of(values), {}))
    assert (only.winner.name, only.doubtful) == ("C1", (IPRange(4, 7, 7),))
    same = [connector(IPRange(4, 7, 7)), connector(IPRange(4, 7, 7))]
    assert contests(world_of(same), {}) == [], "Exchange refuses it, which is told elsewhere"
