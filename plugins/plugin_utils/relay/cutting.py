# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: ranges cut into smaller ones."""

from __future__ import annotations

from bisect import bisect_left

from .ranges import IPRange, aggregate


def without_addresses(ranges: frozenset[IPRange], gone: frozenset[IPRange]) -> frozenset[IPRange]:
    """The ranges without these addresses; one that holds some of them is cut. For ranges that may be merged ones."""
    holes = aggregate(gone)
    kept: set[IPRange] = set()
    for entry in ranges:
        low = entry.low
        # The holes are apart and sorted, so the one before the position may still reach into the entry.
        position = max(bisect_left(holes, IPRange(entry.version, entry.low, entry.low)) - 1, 0)
        cut = False
        while position < len(holes) and (holes[position].version, holes[position].low) <= (entry.version, entry.high):
            hole = holes[position]
            position += 1
            if not hole.overlaps(entry):
                continue
            cut = True
            if low < hole.low:
                kept.add(IPRange(entry.version, low, hole.low - 1, entry.scope))
            low = hole.high + 1
        if not cut:
            kept.add(entry)
        elif low <= entry.high:
            kept.add(IPRange(entry.version, low, entry.high, entry.scope))
    return frozenset(kept)
