# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: how a range goes to another connector without a moment in which nobody answers it.

Exchange refuses a range that another connector has on the same binding, so the two cannot have it together. They can
have the same addresses in other pieces: parts of the range on the connector that gets it while the other one still
has the whole, or a wider range on it while the other one still has the narrow one. When the other connector has given
its range up, the pieces become the range. A single address has no parts, so it needs a neighbour that may relay too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .overlaps import clashes
from .ranges import IPRange

# How far a piece reaches below and above the addresses it stands for, one proposal after the other.
_REACHES = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (2, 2))
_CUTS = 4
_ROUNDS = len(_REACHES) + 1


@dataclass(frozen=True)
class Bridge:
    """Ranges, and the pieces that stand in for them for as long as another connector has them."""

    ranges: frozenset[IPRange] = frozenset()
    pieces: frozenset[IPRange] = frozenset()


def bridge(ranges: Iterable[IPRange], others: Iterable[IPRange], relaying: Sequence[IPRange]) -> Bridge:
    """Pieces for as many of the ranges as there are any that clash with nothing.

    Args:
        ranges: that a connector is to get and that clash with one of another connector.
        others: all that other connectors have meanwhile on the same bindings.
        relaying: addresses that a piece may hold beside its range, merged and sorted: those of the connector itself,
            and those that a narrower range of another one keeps.
    """
    neighbours = list(others)
    waiting = set(_together(ranges))
    wholes = {part.ranges[0] for part in waiting if part.divisible}
    crossing = dict(clashes(wholes, set(neighbours) - wholes))
    found: dict[_Part, frozenset[IPRange]] = {}
    for attempt in range(_ROUNDS):
        tried: dict[_Part, frozenset[IPRange]] = {}
        for part in waiting:
            cut = _cut(part.ranges[0], attempt, crossing) if part.divisible else _around(part, attempt, relaying)
            if pieces := frozenset(cut):
                tried[part] = pieces
        refused = {mine for mine, _theirs in clashes({one for pieces in tried.values() for one in pieces}, neighbours)}
        for part, pieces in tried.items():
            if not pieces & refused:
                found[part] = pieces
                waiting.discard(part)
    found = _apart(found)
    return Bridge(
        frozenset(entry for part in found for entry in part.ranges),
        frozenset(piece for pieces in found.values() for piece in pieces),
    )


@dataclass(frozen=True)
class _Part:
    """One range of several addresses, or single addresses that touch each other."""

    ranges: tuple[IPRange, ...]

    @property
    def divisible(self) -> bool:
        return self.ranges[0].size > 1


def _together(ranges: Iterable[IPRange]) -> Iterator[_Part]:
    run: list[IPRange] = []
    for entry in sorted(ranges):
        touches = run and entry.version == run[-1].version and entry.low == run[-1].high + 1
        if entry.size > 1 or entry.scope:
            yield _Part((entry,))
            continue
        if run and not touches:
            yield _Part(tuple(run))
            run = []
        run.append(entry)
    if run:
        yield _Part(tuple(run))


def _cut(whole: IPRange, attempt: int, crossing: Mapping[IPRange, IPRange]) -> Iterator[IPRange]:
    """In two: first where a range that crosses it begins or ends, then in the middle, then near its ends."""
    other = crossing.get(whole, whole) if attempt == 0 else whole
    middle = whole.low + whole.size // 2
    if whole.low < other.low <= whole.high:
        cut = other.low
    elif whole.low <= other.high < whole.high:
        cut = other.high + 1
    elif attempt < _CUTS:
        cut = (middle, middle, whole.low + 1, whole.high)[attempt]
    else:
        return
    yield IPRange(whole.version, whole.low, cut - 1, whole.scope)
    yield IPRange(whole.version, cut, whole.high, whole.scope)


def _around(part: _Part, attempt: int, relaying: Sequence[IPRange]) -> Iterator[IPRange]:
    """One range around single addresses, with neighbours that may relay too."""
    version, first, last = part.ranges[0].version, part.ranges[0].low, part.ranges[-1].high
    position = bisect_right(relaying, IPRange(version, first, 1 << 128)) - 1
    run = relaying[position] if position >= 0 else None
    if run is None or not run.contains(IPRange(version, first, last)):
        run = IPRange(version, first, last)
    low, high = run.low, run.high
    if attempt < len(_REACHES):
        below, above = _REACHES[attempt]
        low, high = first - below, last + above
    if run.low <= low < high <= run.high:
        yield IPRange(version, low, high)


def _apart(found: dict[_Part, frozenset[IPRange]]) -> dict[_Part, frozenset[IPRange]]:
    """Only parts whose pieces share no address with those of another part."""
    owners = sorted(((piece, part) for part, pieces in found.items() for piece in pieces), key=lambda pair: pair[0])
    kept = dict(found)
    last: tuple[IPRange, _Part] | None = None
    for piece, part in owners:
        if part not in kept:
            continue
        if last is not None and last[1] is not part and last[0].overlaps(piece):
            del kept[part]
            continue
        if last is None or piece.high >= last[0].high or piece.version != last[0].version:
            last = (piece, part)
    return kept
