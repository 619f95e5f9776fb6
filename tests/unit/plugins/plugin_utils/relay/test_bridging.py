# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pieces that stand in for a range while another connector still has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.bridging import bridge
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.coverage import sharing
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.overlaps import clashes
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import IPRange, aggregate, parse_ranges

small = st.builds(
    lambda low, size: IPRange(4, low, low + size), st.integers(1, 40), st.sampled_from([0, 0, 0, 1, 3, 8])
)


def addresses(entries: frozenset[IPRange] | tuple[IPRange, ...]) -> set[int]:
    return {number for entry in entries for number in range(entry.low, entry.high + 1)}


@given(st.frozensets(small, min_size=1), st.frozensets(small), st.frozensets(small))
def test_pieces_hold_the_ranges_and_clash_with_nothing(
    ranges: frozenset[IPRange], others: frozenset[IPRange], relaying: frozenset[IPRange]
) -> None:
    merged = aggregate(relaying)
    found = bridge(ranges, others | ranges, merged)
    assert found.ranges <= ranges
    assert addresses(found.ranges) <= addresses(found.pieces)
    assert addresses(found.pieces) <= addresses(found.ranges) | addresses(merged), "nobody else gets in"
    assert clashes(found.pieces, others | ranges) == []


@pytest.mark.parametrize(
    ("wanted", "others", "relaying", "pieces"),
    [
        ("10.0.0.0/24", "", "", "10.0.0.0/25,10.0.0.128/25"),
        ("10.0.0.4-10.0.0.5", "", "", "10.0.0.4,10.0.0.5"),
        ("10.0.0.0/24", "10.0.0.0/25", "", "10.0.0.0-10.0.0.254,10.0.0.255"),
        ("10.0.0.5-10.0.0.15", "10.0.0.1-10.0.0.10", "", "10.0.0.5-10.0.0.10,10.0.0.11-10.0.0.15"),
        ("10.0.0.5-10.0.0.15", "10.0.0.9-10.0.0.20", "", "10.0.0.5-10.0.0.8,10.0.0.9-10.0.0.15"),
        ("10.0.0.7", "", "", ""),
        ("10.0.0.7", "", "10.0.0.7,10.0.0.8", "10.0.0.7-10.0.0.8"),
        ("10.0.0.7", "", "10.0.0.6,10.0.0.7", "10.0.0.6-10.0.0.7"),
        ("10.0.0.7", "", "10.0.0.9", ""),
        ("10.0.0.7,10.0.0.8", "", "", "10.0.0.7-10.0.0.8"),
        ("10.0.0.7,10.0.0.8", "10.0.0.8-10.0.0.9", "", ""),
        ("10.0.0.7,10.0.0.8", "10.0.0.8-10.0.0.9", "10.0.0.7-10.0.0.10", "10.0.0.7-10.0.0.9"),
        ("fd00::/126", "", "", "fd00::/127,fd00::2/127"),
        ("fd00::1", "", "10.0.0.1-10.0.0.9", ""),
    ],
)
def test_what_the_pieces_are(wanted: str, others: str, relaying: str, pieces: str) -> None:
    ranges = parse_ranges(wanted, "x")
    beside = ranges | parse_ranges(others, "x")
    found = bridge(ranges, beside, aggregate(parse_ranges(relaying, "x") | ranges if relaying else ()))
    assert found.pieces == parse_ranges(pieces, "x")


@given(st.frozensets(small), st.frozensets(small))
def test_sharing_is_what_comparing_every_pair_finds(ranges: frozenset[IPRange], others: frozenset[IPRange]) -> None:
    assert sharing(ranges, others) == {one for one in ranges if any(one.overlaps(other) for other in others)}
