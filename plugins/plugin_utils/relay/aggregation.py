# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fewer entries for the same addresses, without another connector answering any of them. PRIVATE to the collection.

Exchange lets the narrowest range answer, so a merged range may lose clients to another connector that its narrow
pieces kept. Pieces are therefore merged only where every range of another connector

- shares no address with the merged one, or
- strictly contains it, so that it loses to the merged range as it lost to each piece, or
- lies strictly inside every piece that it shares an address with, so that it wins as it won before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .errors import InputError
from .ranges import IPRange, aggregate
from .splitting import connectors_needed

ENTRY_LIMIT = 1200
"""How many remote IP ranges one connector can have: what a multi-valued attribute of Active Directory holds, rounded
down (AdminLimitExceeded between 1,200 and 1,300 values)."""


def aggregated(ranges: Iterable[IPRange], others: Iterable[IPRange]) -> frozenset[IPRange]:
    """The same addresses as few low-high ranges, each address answered by the connector that answered it before.

    Never more ranges than went in; a range that is not merged stays as it was written.

    Args:
        ranges: of one connector.
        others: of every other connector that may be asked for the same clients; of more is no harm.
    """
    pieces, neighbours = set(ranges), set(others)
    merged: list[IPRange] = []
    for version in (4, 6):
        own = sorted((one for one in pieces if one.version == version), key=lambda one: (one.low, -one.high))
        merged += _merged(own, [one for one in neighbours if one.version == version])
    return frozenset(merged)


def fitted(
    ranges: frozenset[IPRange], others: Iterable[IPRange], aggregate_them: bool | None, where: str
) -> frozenset[IPRange]:
    """The ranges as a connector gets them: merged where that is asked for or needed, and never too many.

    Args:
        ranges: of one connector, as declared.
        others: as for `aggregated`.
        aggregate_them: True: always merge; False: never; None: only when the entries would pass the limit.
        where: the option or connector, for the message.

    Raises:
        InputError: there are more entries than one connector can have.
    """
    entries = ranges
    if aggregate_them or (aggregate_them is None and len(ranges) > ENTRY_LIMIT):
        entries = aggregated(ranges, others)
    if len(entries) > ENTRY_LIMIT:
        raise InputError(f"{where}: {_too_many(ranges, len(entries), aggregate_them)}.")
    return entries


def refuse_too_many(ranges: frozenset[IPRange], aggregate_them: bool | None, where: str) -> None:
    """Refuse what cannot fit into one connector, whatever the others have: for before anything is asked of Exchange.

    Raises:
        InputError: as `fitted`.
    """
    if len(ranges) <= ENTRY_LIMIT:
        return
    least = len(aggregate(ranges))
    if aggregate_them is False or least > ENTRY_LIMIT:
        raise InputError(f"{where}: {_too_many(ranges, least, aggregate_them)}.")


def _too_many(ranges: frozenset[IPRange], merged: int, aggregate_them: bool | None) -> str:
    """How many there are, how many there may be, and every way that leads out."""
    ways = [f"spread them with split: {{connectors: {connectors_needed(ranges)}}}"]
    counted = f"{len(ranges)} sources"
    if aggregate_them is not False:
        counted += f" ({merged} when aggregated)"
    elif (least := len(aggregate(ranges))) <= ENTRY_LIMIT:
        ways.insert(0, f"allow aggregate, which makes {least} of them")
    return f"{counted} are more than the {ENTRY_LIMIT} entries that one connector can have; {', or '.join(ways)}"


@dataclass
class _Run:
    """Pieces that touch, to be written as one range; within: what the merged range has to stay in."""

    low: int
    high: int
    within: _Bounds
    pieces: list[IPRange]

    def takes(self, piece: IPRange, bounds: _Bounds) -> bool:
        """Add the piece when that keeps everybody's answer; True when it is in. A scope id holds for a whole range."""
        low, high, within = min(self.low, piece.low), max(self.high, piece.high), self.within.and_also(bounds)
        if piece.scope != self.pieces[0].scope or not within.allow(low, high):
            return False
        self.low, self.high, self.within = low, high, within
        self.pieces.append(piece)
        return True

    def merged(self) -> IPRange:
        """One range; a piece that holds all the others stays as it was written."""
        for piece in self.pieces:
            if (piece.low, piece.high) == (self.low, self.high):
                return piece
        return IPRange(self.pieces[0].version, self.low, self.high, self.pieces[0].scope)


@dataclass(frozen=True)
class _Bounds:
    """What a merged range may cover: low to high; strict: not all of it, because another connector has just that."""

    low: int
    high: int
    strict: bool

    def and_also(self, other: _Bounds) -> _Bounds:
        """What both allow."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        strict = any(one.strict and (one.low, one.high) == (low, high) for one in (self, other))
        return _Bounds(low, high, strict)

    def allow(self, low: int, high: int) -> bool:
        """Whether a range from low to high fits."""
        return self.low <= low and high <= self.high and not (self.strict and (low, high) == (self.low, self.high))


_UNBOUND = _Bounds(-1, 1 << 129, False)


def _merged(pieces: Sequence[IPRange], others: Sequence[IPRange]) -> list[IPRange]:
    """Of one IP version, pieces sorted by start, the wider first: runs as long as they can be, from left to right.

    Whatever may be merged may also be merged in part, so the longest runs from the left are the fewest ranges.
    """
    neighbours = _Neighbours(others)
    alone: list[IPRange] = []
    run: _Run | None = None
    for piece in pieces:
        bounds = neighbours.bounds_of(piece)
        touches = run is not None and piece.low <= run.high + 1
        if bounds is None:
            alone.append(piece)
        elif run is not None and touches and run.takes(piece, bounds):
            continue
        elif run is not None and touches and piece.high <= run.high:
            # It lies inside the run, which can go on without it.
            alone.append(piece)
        else:
            if run is not None:
                alone.append(run.merged())
            run = _Run(piece.low, piece.high, bounds, [piece])
    return alone if run is None else [*alone, run.merged()]


class _Neighbours:
    """The other connectors' ranges of one IP version, for pieces asked about in the order of their starts."""

    def __init__(self, others: Sequence[IPRange]) -> None:
        self._sorted = sorted(others, key=lambda other: other.low)
        self._starts = [entry.low for entry in self._sorted]
        self._next = 0
        # Those that start before the piece and may still hold it.
        self._open: list[IPRange] = []

    def bounds_of(self, piece: IPRange) -> _Bounds | None:
        """What a merged range with this piece in it has to stay in; None when the piece has to stay as it is."""
        first_inside = bisect_right(self._starts, piece.low)
        self._open += self._sorted[self._next : first_inside]
        self._next = first_inside
        self._open = [other for other in self._open if other.high >= piece.low]
        bounds = _UNBOUND
        for other in self._open:
            if other.high >= piece.high and (other.low, other.high) != (piece.low, piece.high):
                bounds = bounds.and_also(_Bounds(other.low, other.high, True))
            elif other.low < piece.low or other.high >= piece.high:
                return None
        last_inside = bisect_right(self._starts, piece.high)
        if any(other.high > piece.high for other in self._sorted[first_inside:last_inside]):
            return None
        return bounds
