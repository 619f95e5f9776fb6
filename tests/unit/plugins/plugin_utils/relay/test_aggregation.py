# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Merging ranges: the same addresses, fewer entries, and every address answered by the connector that had it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.aggregation import (
    ENTRY_LIMIT,
    aggregated,
    fitted,
    refuse_too_many,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.answering import answering_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ReceiveConnector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import (
    Binding,
    IPRange,
    parse_ranges,
    read_exchange_range,
    same_addresses,
)

FIRST = 0x0A000000  # 10.0.0.0
WILDCARD, LITERAL = Binding(4, 0, 25), Binding(4, 0x0A010101, 25)


def ranges(text: str) -> frozenset[IPRange]:
    return parse_ranges(text, "sources")


def texts(found: Iterable[IPRange]) -> list[str]:
    return [str(entry) for entry in sorted(found)]


def connector(name: str, entries: Iterable[IPRange], *bindings: Binding) -> ReceiveConnector:
    values = {
        "enabled": True,
        "bindings": frozenset(bindings or (WILDCARD,)),
        "remote_ip_ranges": frozenset(entries),
        "transport_role": "FrontendTransport",
    }
    return ReceiveConnector("EX1", name, "", f"CN={name}", "", values)


ANY = connector("Default Frontend", [read_exchange_range("0.0.0.0-255.255.255.255")])

small = st.tuples(st.integers(0, 24), st.integers(0, 9)).map(
    lambda pair: IPRange(4, FIRST + pair[0], FIRST + min(pair[0] + pair[1], 25))
)
singles = st.integers(0, 25).map(lambda number: IPRange(4, FIRST + number, FIRST + number))
own_ranges = st.frozensets(st.one_of(small, singles, singles), max_size=12)
other_connectors = st.lists(
    st.tuples(st.frozensets(small, max_size=3), st.sampled_from([(WILDCARD,), (LITERAL,), (WILDCARD, LITERAL)])),
    max_size=3,
)


@settings(max_examples=400, deadline=None)
@given(own_ranges, other_connectors)
def test_no_address_is_answered_by_another_connector(
    own: frozenset[IPRange], others: list[tuple[frozenset[IPRange], tuple[Binding, ...]]]
) -> None:
    # Rules of Exchange that keep equal ranges off one binding are not assumed: any neighbours will do.
    neighbours = [ANY, *(connector(f"Other {n}", *[entries], *bound) for n, (entries, bound) in enumerate(others))]
    foreign = [entry for entries, _bound in others for entry in entries] + list(ANY.values["remote_ip_ranges"])
    merged = aggregated(own, foreign)
    assert same_addresses(merged, own)
    assert len(merged) <= len(own)
    before, after = [*neighbours, connector("Relay", own)], [*neighbours, connector("Relay", merged)]
    for server in ("10.1.1.1", "10.2.2.2"):
        local = IPRange(4, *[next(iter(ranges(server))).low] * 2)
        for number in range(FIRST - 1, FIRST + 28):
            client = IPRange(4, number, number)
            was, is_now = (answering_connector(world, local, 25, client) for world in (before, after))
            assert was is not None and is_now is not None
            assert was.connector.name == is_now.connector.name, f"{client}: {texts(own)} became {texts(merged)}"


@settings(max_examples=60, deadline=None)
@given(own_ranges, st.frozensets(small, max_size=4))
def test_merging_what_is_merged_changes_nothing(own: frozenset[IPRange], foreign: frozenset[IPRange]) -> None:
    merged = aggregated(own, foreign)
    assert aggregated(merged, foreign) == merged


@settings(max_examples=60, deadline=None)
@given(own_ranges)
def test_without_neighbours_nothing_that_touches_stays_apart(own: frozenset[IPRange]) -> None:
    merged = sorted(aggregated(own, []))
    assert all(one.high + 1 < two.low for one, two in pairwise(merged))


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        ("10.0.0.1, 10.0.0.2, 10.0.0.3", "", ["10.0.0.1-10.0.0.3"]),
        ("10.0.0.0/25, 10.0.0.128/25", "", ["10.0.0.0/24"]),
        ("10.0.0.0/24, 10.0.0.7", "", ["10.0.0.0/24"]),
        ("10.0.0.1, 10.0.0.3", "", ["10.0.0.1", "10.0.0.3"]),
        # The other one is wider than the result: it lost before and loses after.
        ("10.0.0.1, 10.0.0.2", "10.0.0.0/24", ["10.0.0.1-10.0.0.2"]),
        # Merged, it would be as wide as the other one, or wider, and lose its clients to it.
        ("10.0.0.0, 10.0.0.1", "10.0.0.0/31", ["10.0.0.0", "10.0.0.1"]),
        ("10.0.0.0, 10.0.0.1, 10.0.0.2", "10.0.0.0/31", ["10.0.0.0", "10.0.0.1", "10.0.0.2"]),
        ("10.0.0.0/25, 10.0.0.128/25, 10.0.1.0/24", "10.0.0.0/24", ["10.0.0.0/25", "10.0.0.128/25", "10.0.1.0/24"]),
        # The other one is inside a piece and answers its clients already.
        ("10.0.0.0/25, 10.0.0.128/25", "10.0.0.5", ["10.0.0.0/24"]),
        # Inside one piece and around another, which has to keep its own entry.
        ("10.0.0.0/24, 10.0.0.5, 10.0.1.0/24", "10.0.0.4/31", ["10.0.0.0/23", "10.0.0.5"]),
        ("2001:db8::1, 2001:db8::2, 10.0.0.2", "", ["10.0.0.2", "2001:db8::1-2001:db8::2"]),
    ],
)
def test_what_is_merged(own: str, others: str, expected: list[str]) -> None:
    assert texts(aggregated(ranges(own), ranges(others))) == expected


def test_scope_ids_keep_ranges_apart() -> None:
    merged = aggregated(ranges("fe80::1%3, fe80::2%3, fe80::3%4"), [])
    assert sorted(entry.parameter for entry in merged) == ["fe80::1%3-fe80::2%3", "fe80::3%4"]


def apart(count: int) -> frozenset[IPRange]:
    return frozenset(IPRange(4, FIRST + 2 * n, FIRST + 2 * n) for n in range(count))


def together(count: int) -> frozenset[IPRange]:
    return frozenset(IPRange(4, FIRST + n, FIRST + n) for n in range(count))


def test_up_to_the_limit_nothing_is_merged_unless_asked_for() -> None:
    assert fitted(together(ENTRY_LIMIT), [], None, "x") == together(ENTRY_LIMIT)
    assert fitted(together(5), [], False, "x") == together(5)
    assert texts(fitted(together(5), [], True, "x")) == ["10.0.0.0-10.0.0.4"]


def test_over_the_limit_it_is_merged_where_nobody_forbids_it() -> None:
    assert texts(fitted(together(ENTRY_LIMIT + 1), [], None, "x")) == ["10.0.0.0-10.0.4.176"]


@pytest.mark.parametrize(
    ("entries", "merge", "told"),
    [
        (apart(1201), None, "1201 sources (1201 when aggregated) are more than the 1200 entries"),
        (apart(1201), True, "; spread them with split: {connectors: 2}."),
        (apart(1201), False, "1201 sources are more than the 1200 entries that one connector can have; spread them"),
        (together(1201), False, "; allow aggregate, which makes 1 of them, or spread them with split: {connectors: 2}"),
        (apart(1200) | together(3000), None, "split: {connectors: "),
    ],
)
def test_too_many_entries_are_an_error_that_names_the_way_out(
    entries: frozenset[IPRange], merge: bool | None, told: str
) -> None:
    if len(entries) > 2000:
        entries |= frozenset(IPRange(4, FIRST * 2 + 2 * n, FIRST * 2 + 2 * n) for n in range(1200))
    for check in (lambda: refuse_too_many(entries, merge, "here"), lambda: fitted(entries, [], merge, "here")):
        with pytest.raises(InputError) as caught:
            check()
        assert str(caught.value).startswith("here: ") and told in str(caught.value)
        assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_what_the_neighbours_keep_apart_is_told_as_it_is() -> None:
    # Merged it would fit, but a neighbour inside the gaps of the pieces forbids every merge.
    neighbours = [IPRange(4, FIRST + n, FIRST + n + 1) for n in range(0, 1300, 2)]
    refuse_too_many(together(1300), None, "here")
    with pytest.raises(InputError, match=r"1300 sources \(1300 when aggregated\)"):
        fitted(together(1300), neighbours, None, "here")
