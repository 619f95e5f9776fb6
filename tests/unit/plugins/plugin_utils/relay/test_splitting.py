# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Spreading sources: nobody moves without need, nobody is lost, and the number that is asked for is the right one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.overlaps import clashes
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import (
    IPRange,
    parse_range,
    parse_ranges,
    same_addresses,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.splitting import (
    BUCKET_CAPACITY,
    bucket_of,
    connectors_needed,
    cut_apart,
    split,
)

ranges = st.tuples(st.sampled_from([4, 6]), st.integers(0, 2**31), st.integers(0, 300)).map(
    lambda row: IPRange(row[0], row[1], row[1] + row[2])
)


def numbered(count: int) -> frozenset[IPRange]:
    return frozenset(IPRange(4, (10 << 24) + n, (10 << 24) + n) for n in range(count))


@settings(max_examples=60, deadline=None)
@given(st.frozensets(ranges, max_size=60), ranges, st.integers(1, 9))
def test_one_source_more_moves_no_other(entries: frozenset[IPRange], new: IPRange, connectors: int) -> None:
    before, after = split(entries, connectors), split(entries | {new}, connectors)
    assert frozenset().union(*before) == entries and sum(map(len, before)) == len(entries)
    assert [len(now - was) for was, now in zip(before, after, strict=True)].count(1) == (new not in entries)
    assert all(was <= now for was, now in zip(before, after, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.frozensets(ranges, max_size=60), st.integers(1, 9))
def test_one_connector_more_only_takes(entries: frozenset[IPRange], connectors: int) -> None:
    before, after = split(entries, connectors), split(entries, connectors + 1)
    assert all(now <= was for was, now in zip(before, after, strict=False))


@settings(max_examples=200, deadline=None)
@given(ranges, st.integers(1, 400))
def test_the_highest_score_wins(entry: IPRange, connectors: int) -> None:
    # With so many connectors the first byte of a score is often the same for several.
    name = f"{entry.version} {entry.low:x}-{entry.high:x}".encode()
    first = hashlib.shake_128(name).digest(connectors)
    rest = hashlib.shake_128(name + b" rest").digest(7 * connectors)
    scores = [(first[n], rest[7 * n : 7 * n + 7]) for n in range(connectors)]
    assert bucket_of(entry, connectors) == scores.index(max(scores)) + 1
    assert bucket_of(entry, connectors + 1) in (bucket_of(entry, connectors), connectors + 1)


@pytest.mark.parametrize(
    "spellings",
    [
        ("10.0.0.5", "10.0.0.5/32", "10.0.0.5-10.0.0.5"),
        ("10.0.0.0/24", "10.0.0.77/24", "10.0.0.0-10.0.0.255"),
        ("2001:DB8::CD3", "2001:db8:0:0:0:0:0:cd3"),
    ],
)
def test_it_is_the_addresses_that_decide_and_not_how_they_are_written(spellings: tuple[str, ...]) -> None:
    assert len({bucket_of(parse_range(text, "x"), 7) for text in spellings}) == 1


def test_the_connector_of_a_source_is_the_same_in_every_release() -> None:
    # Were it another, an upgrade would move thousands of sources from connector to connector.
    told = [("10.0.0.5", 3), ("10.0.0.6", 3), ("10.31.0.0/24", 3), ("10.0.0.5", 12), ("2001:db8::1", 12)]
    assert [bucket_of(parse_range(text, "x"), connectors) for text, connectors in told] == [2, 3, 2, 6, 4]


small = st.tuples(st.integers(1, 30), st.integers(0, 15)).map(lambda row: IPRange(4, row[0], row[0] + row[1]))


@settings(max_examples=200, deadline=None)
@given(st.frozensets(small, max_size=12))
def test_ranges_that_overlap_in_part_are_cut_apart_without_losing_an_address(entries: frozenset[IPRange]) -> None:
    cut = cut_apart(entries)
    assert all(left is None or (entry.contains(left) and entry != left) for entry, left in cut.items())
    left_over = [left for entry in entries if (left := cut.get(entry, entry)) is not None]
    assert same_addresses(left_over, entries)
    assert len(set(left_over)) == len(left_over)
    assert clashes(left_over, left_over) == [(entry, entry) for entry in sorted(left_over)]


def test_only_what_overlaps_in_part_is_cut() -> None:
    whole = parse_ranges("10.0.0.0-10.0.0.9, 10.0.0.5-10.0.0.20, 10.0.0.7, 10.1.0.0/24, 10.1.0.0/25, fd00::/64", "x")
    assert {str(entry): str(left) for entry, left in cut_apart(whole).items()} == {
        "10.0.0.5-10.0.0.20": "10.0.0.10-10.0.0.20"
    }
    gone = parse_ranges("10.0.0.0-10.0.0.9, 10.0.0.5-10.0.0.20, 10.0.0.10-10.0.0.20", "x")
    assert {str(entry): left for entry, left in cut_apart(gone).items()} in (
        {"10.0.0.5-10.0.0.20": None},
        {"10.0.0.5-10.0.0.20": parse_range("10.0.0.10-10.0.0.20", "x"), "10.0.0.10-10.0.0.20": None},
    )


def test_all_connectors_get_about_the_same() -> None:
    sizes = [len(bucket) for bucket in split(numbered(8000), 10)]
    # Eight standard deviations around the mean of 800.
    assert all(580 < size < 1020 for size in sizes)


def test_one_connector_has_everything() -> None:
    assert split(numbered(5), 1) == [numbered(5)]


def test_without_sources_every_connector_is_empty() -> None:
    assert split([], 3) == [frozenset()] * 3


@pytest.mark.parametrize(("count", "capacity", "connectors"), [(40, 10, 2), (300, 20, 5), (5, 1, 3), (41, 20, 2)])
def test_too_few_connectors_are_an_error_that_names_the_number_that_does(
    count: int, capacity: int, connectors: int
) -> None:
    with pytest.raises(InputError) as caught:
        split(numbered(count), connectors, capacity)
    needed = int(str(caught.value).rpartition(" ")[2])
    assert needed == connectors_needed(numbered(count), capacity)
    assert max(map(len, split(numbered(count), needed, capacity))) <= capacity
    for fewer in range(1, needed):
        with pytest.raises(InputError):
            split(numbered(count), fewer, capacity)


def test_a_connector_is_filled_to_a_thousand() -> None:
    assert BUCKET_CAPACITY == 1000
    assert connectors_needed(numbered(1000)) == 1 and len(split(numbered(1000), 1)[0]) == 1000
    with pytest.raises(InputError, match="1001 sources over 1 connector would put 1001 into number 1, and 1000 is the"):
        split(numbered(1001), 1)
