# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clashing ranges: the same as comparing every pair, in less time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.coverage import within
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.overlaps import clashes
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import IPRange, parse_range

ranges = st.builds(
    lambda version, low, width: IPRange(version, low, low + width),
    st.sampled_from((4, 4, 6)),
    st.integers(1, 20),
    st.sampled_from((0, 0, 1, 2, 5, 9)),
)


def clash(one: IPRange, two: IPRange) -> bool:
    return one == two or (one.overlaps(two) and not one.contains(two) and not two.contains(one))


@given(st.frozensets(ranges, max_size=7), st.frozensets(ranges, max_size=7))
def test_it_finds_what_comparing_every_pair_finds(mine: frozenset[IPRange], theirs: frozenset[IPRange]) -> None:
    found = clashes(mine, theirs)
    assert [entry for entry, _other in found] == sorted({one for one in mine if any(clash(one, two) for two in theirs)})
    assert all(other in theirs and clash(entry, other) for entry, other in found)


@pytest.mark.parametrize(
    ("mine", "theirs", "clashing"),
    [
        ("10.0.0.0/24", "10.0.0.0-10.0.0.255", True),
        ("10.0.0.0/24", "10.0.0.128-10.0.1.5", True),
        ("10.0.0.128-10.0.1.5", "10.0.0.0/24", True),
        ("10.0.0.0/24", "10.0.0.7", False),
        ("10.0.0.0/25", "10.0.0.0/24", False),
        ("10.0.0.128/25", "10.0.0.0/24", False),
        ("10.0.0.0/25", "10.0.0.128/25", False),
        ("0.0.0.1-0.0.0.9", "::1-::9", False),
    ],
)
def test_what_clashes(mine: str, theirs: str, clashing: bool) -> None:
    found = clashes([parse_range(mine, "test")], [parse_range(theirs, "test")])
    assert found == ([(parse_range(mine, "test"), parse_range(theirs, "test"))] if clashing else [])


@given(st.frozensets(ranges, max_size=7), st.frozensets(ranges, max_size=7))
def test_what_lies_within_others_is_told_by_address(mine: frozenset[IPRange], theirs: frozenset[IPRange]) -> None:
    def addresses(entries: frozenset[IPRange]) -> set[tuple[int, int]]:
        return {(entry.version, at) for entry in entries for at in range(entry.low, entry.high + 1)}

    there = addresses(theirs)
    assert within(mine, theirs) == {entry for entry in mine if addresses(frozenset((entry,))) <= there}
