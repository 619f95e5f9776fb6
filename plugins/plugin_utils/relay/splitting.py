# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Spreading the sources of one service over several numbered connectors. PRIVATE to the collection.

Rendezvous hashing (highest random weight): every connector has a score for a source, made from the source alone, and
the highest score wins. So a source keeps its connector whatever other sources come and go, and one connector more
only takes sources from the others, about its fair share.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from itertools import accumulate

from .errors import InputError
from .ranges import IPRange

BUCKET_CAPACITY = 1000
"""Up to how many sources a numbered connector is filled: below the limit of entries, so that there is room to grow."""

_REST = 7  # bytes of a score after its first one


def bucket_of(entry: IPRange, connectors: int) -> int:
    """Which of the connectors, numbered from 1, has this source. It depends on its addresses and on nothing else.

    Args:
        entry: the source; however it is written, the same addresses give the same connector.
        connectors: how many there are, at least 1.
    """
    scores = _Scores(entry, connectors)
    best = max(scores.first)
    tied = [number for number, byte in enumerate(scores.first) if byte == best] if scores.first.count(best) > 1 else []
    return (max(tied, key=scores.rest_of) if tied else scores.first.index(best)) + 1


def split(ranges: Iterable[IPRange], connectors: int, capacity: int = BUCKET_CAPACITY) -> list[frozenset[IPRange]]:
    """The ranges of each connector, the first one's first. None of them gets more than `capacity`.

    Raises:
        InputError: a connector would get more; the rest of a sentence that names how many connectors are needed.
    """
    buckets: list[set[IPRange]] = [set() for _number in range(connectors)]
    entries = frozenset(ranges)
    for entry in entries:
        buckets[bucket_of(entry, connectors) - 1].add(entry)
    fullest = max(range(connectors), key=lambda number: len(buckets[number]))
    if len(buckets[fullest]) > capacity:
        raise InputError(
            f"{len(entries)} sources over {connectors} connector{'s' if connectors != 1 else ''} would put "
            f"{len(buckets[fullest])} into number {fullest + 1}, and {capacity} is the most for one; "
            f"set connectors to {connectors_needed(entries, capacity)}"
        )
    return [frozenset(bucket) for bucket in buckets]


def cut_apart(ranges: Iterable[IPRange]) -> dict[IPRange, IPRange | None]:
    """What is left of ranges that overlap another one in part, None for nothing; the others are not in it.

    On two connectors Exchange refuses ranges that overlap in part, and takes those inside one another. Of two that
    overlap in part the one that starts later gives up what the other has: together they hold the same addresses.
    """
    waiting = [(entry.version, entry.low, -entry.high, entry) for entry in ranges]
    heapify(waiting)
    cut: dict[IPRange, IPRange | None] = {}
    # Ranges around the current place, each inside the one before it: version, first and last address.
    around: list[tuple[int, int, int]] = []
    while waiting:
        version, low, minus_high, entry = heappop(waiting)
        while around and (around[-1][0] != version or around[-1][2] < low):
            around.pop()
        if around and around[-1][2] < entry.high:
            heappush(waiting, (version, around[-1][2] + 1, minus_high, entry))
        elif around and around[-1] == (version, low, entry.high):
            cut[entry] = None
        else:
            around.append((version, low, entry.high))
            if low != entry.low:
                cut[entry] = IPRange(version, low, entry.high, entry.scope)
    return cut


def connectors_needed(ranges: Iterable[IPRange], capacity: int = BUCKET_CAPACITY) -> int:
    """The smallest number of connectors over which these very ranges spread with at most `capacity` in each."""
    entries = frozenset(ranges)
    if len(entries) <= capacity:
        return 1
    # With so many, chance would have to be absurd for one of them to be too full; then the search goes on with more.
    highest = 2 * -(-len(entries) // capacity) + 8
    while True:
        found = _smallest(entries, highest, capacity)
        if found:
            return found
        highest *= 2


def _smallest(entries: frozenset[IPRange], highest: int, capacity: int) -> int:
    """The smallest sufficient number up to `highest`, 0 when none is.

    Counted for one connector after the other: number n takes exactly those sources whose n-th score is their highest
    so far, so that a source moves only a few times (the harmonic series), and nothing is hashed twice.
    """
    taken: list[list[int]] = [[] for _number in range(highest)]
    for entry in entries:
        before = 0
        for number in _winners(_Scores(entry, highest)):
            taken[number].append(before)
            before = number
    counts: Counter[int] = Counter()
    counts[0] = len(entries)
    for number in range(1, highest):
        counts.subtract(taken[number])
        counts[number] = len(taken[number])
        if max(counts.values()) <= capacity:
            return number + 1
    return 0


def _winners(scores: _Scores) -> Iterator[int]:
    """Positions (from 1 on) whose score is higher than all before it."""
    winner = 0
    for number, (byte, highest) in enumerate(zip(scores.first, accumulate(scores.first, max), strict=True)):
        if number and byte == highest:
            best = scores.first[winner]
            if byte > best or (byte == best and scores.rest_of(number) > scores.rest_of(winner)):
                winner = number
                yield number


class _Scores:
    """One score a connector, of eight bytes. The first byte decides most often, so the others wait until asked for.

    The scores of fewer connectors are the first of these: SHAKE's output only gets longer.
    """

    def __init__(self, entry: IPRange, connectors: int) -> None:
        self._name = f"{entry.version} {entry.low:x}-{entry.high:x}".encode()
        self._rest = b""
        self.first = hashlib.shake_128(self._name).digest(connectors)

    def rest_of(self, number: int) -> bytes:
        """The score of one connector, from 0 on, without its first byte."""
        if not self._rest:
            self._rest = hashlib.shake_128(self._name + b" rest").digest(_REST * len(self.first))
        return self._rest[_REST * number : _REST * (number + 1)]
