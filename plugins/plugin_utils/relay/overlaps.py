# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: ranges that Exchange refuses beside each other, found without comparing all pairs.

Source: Microsoft's page of New-ReceiveConnector: on one binding two connectors may not have identical ranges, nor
ranges that overlap in part; one may hold the other whole.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from .ranges import IPRange

_Bounds = tuple[int, int]


def clashes(ranges: Iterable[IPRange], others: Iterable[IPRange]) -> list[tuple[IPRange, IPRange]]:
    """Ranges that clash with one of the others, sorted, each once with an example of what it clashes with.

    Takes n log n for n ranges on both sides together, however they lie.
    """
    mine, theirs = list(ranges), list(others)
    found: dict[IPRange, IPRange] = {}
    for version in (4, 6):
        here = [entry for entry in mine if entry.version == version]
        there = [entry for entry in theirs if entry.version == version]
        # Mostly a few are held against thousands, which then are out of it at once.
        if len(here) <= len(there):
            there = _near(there, here)
            here = _near(here, there)
        else:
            here = _near(here, there)
            there = _near(there, here)
        if here and there and not _nested((entry.low, entry.high) for entry in (*here, *there)):
            found.update(_clashing(here, there))
    return sorted(found.items())


def _near(entries: Sequence[IPRange], others: Sequence[IPRange]) -> list[IPRange]:
    """Those of the entries that share an address with one of the others, all of one IP version."""
    merged: list[list[int]] = []
    for low, high in sorted((other.low, other.high) for other in others):
        if merged and low <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    lows, highs = [low for low, _high in merged], [high for _low, high in merged]
    count = len(merged)
    return [entry for entry in entries if (at := bisect_left(highs, entry.low)) < count and lows[at] <= entry.high]


def free_of_clashes(ranges: Iterable[IPRange]) -> bool:
    """Whether no two of these ranges clash, whoever has them: the usual case, told in one pass over all of them."""
    every = list(ranges)
    return all(_nested((entry.low, entry.high) for entry in every if entry.version == version) for version in (4, 6))


def _nested(bounds: Iterable[_Bounds]) -> bool:
    """Whether any two intervals are apart or one strictly inside the other."""
    enclosing: list[_Bounds] = []
    for low, negative_high in sorted((low, -high) for low, high in bounds):
        high = -negative_high
        while enclosing and enclosing[-1][1] < low:
            enclosing.pop()
        if enclosing and (high > enclosing[-1][1] or enclosing[-1] == (low, high)):
            return False
        enclosing.append((low, high))
    return True


def _clashing(mine: Sequence[IPRange], theirs: Sequence[IPRange]) -> Iterator[tuple[IPRange, IPRange]]:
    same = {(entry.low, entry.high): entry for entry in theirs}
    from_below = _Crossings([(entry.low, entry.high) for entry in theirs])
    # Seen in a mirror, a range that crosses the upper end crosses the lower one.
    from_above = _Crossings([(-entry.high, -entry.low) for entry in theirs])
    for entry in mine:
        bounds = (entry.low, entry.high)
        if bounds in same:
            yield entry, same[bounds]
            continue
        below = from_below.crossing(entry.low, entry.high)
        above = None if below is not None else from_above.crossing(-entry.high, -entry.low)
        if below is not None:
            yield entry, theirs[below]
        elif above is not None:
            yield entry, theirs[above]


class _Crossings:
    """Intervals, to be asked for one that begins below another interval and ends inside it.

    Sorted by their ends, those that end inside are neighbours; of these the one with the lowest beginning decides. A
    sparse table (the lowest beginning of every 1, 2, 4, ... neighbours) answers that in one step.
    """

    def __init__(self, bounds: Sequence[_Bounds]) -> None:
        order = sorted(range(len(bounds)), key=lambda index: bounds[index][1])
        self._highs = [bounds[index][1] for index in order]
        level = [(bounds[index][0], index) for index in order]
        self._levels = [level]
        width = 1
        while 2 * width <= len(order):
            level = [min(level[at], level[at + width]) for at in range(len(level) - width)]
            self._levels.append(level)
            width *= 2

    def crossing(self, low: int, high: int) -> int | None:
        """Index of an interval that begins before `low` and ends at `low` or later, but before `high`."""
        first, last = bisect_left(self._highs, low), bisect_right(self._highs, high - 1)
        if first >= last:
            return None
        step = (last - first).bit_length() - 1
        level = self._levels[step]
        begins, index = min(level[first], level[last - (1 << step)])
        return index if begins < low else None
