# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: clients for whom more than one connector could answer, over whole address space at once.

Where `answering` tells for one client who answers, this tells for all of them who would have if another had not. The
same rules of selection apply. One sweep over the client addresses takes n log n for n ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from .answering import listeners, services_of
from .coverage import endpoints_of, role_of
from .pictures import Picture
from .ranges import IPRange, aggregate
from .world import World


@dataclass(frozen=True)
class Contest:
    """Clients whom one connector answers while another has them in its ranges too.

    Attributes:
        winner: the connector that answers.
        loser: one that has the clients in a wider range.
        addresses: the clients, as few ranges as possible.
        runner_up: those of them whom the loser would answer if the winner did not.
        doubtful: those of them for whom no source tells that the winner wins: two ranges that are the same or overlap
            in part, at different bindings.
    """

    winner: Picture
    loser: Picture
    addresses: tuple[IPRange, ...]
    runner_up: tuple[IPRange, ...]
    doubtful: tuple[IPRange, ...]


def contests(world: World, ignored: Mapping[str, frozenset[IPRange]]) -> list[Contest]:
    """Every contest between two connectors of a server, the winners in the order of the world.

    Ranges that Exchange does not take beside each other are no contest but a conflict.

    Args:
        world: the server.
        ignored: key of a connector -> ranges that shall not count, such as those of a connector that is for everybody.
    """
    found: dict[tuple[str, str], _Clients] = {}
    enabled = [picture for picture in world if picture.enabled]
    services = services_of(world.facts)
    for endpoint in endpoints_of(enabled):
        listening = listeners((role_of(picture) for picture in world), endpoint.port, services)
        candidates = [
            _Candidate(picture, any(specific), picture.ranges - ignored.get(picture.key, frozenset()))
            for picture in enabled
            for specific in [[not b.is_wildcard for b in picture.bindings if endpoint.reached_by(b)]]
            if specific and role_of(picture) in listening
        ]
        for clients, ranked in _ranked(candidates, endpoint.version):
            best = ranked[0]
            for place, other in enumerate(ranked[1:]):
                doubtful = _is_doubtful(best.range, other.range)
                if doubtful and best.specific == other.specific:
                    continue  # They are on the same binding, where Exchange takes only one of them.
                pair = found.setdefault((best.picture.key, other.picture.key), _Clients([], [], []))
                pair.note(clients, place == 0, doubtful)
    order = {picture.key: at for at, picture in enumerate(world)}
    return [
        Contest(world.pictures[winner], world.pictures[loser], *clients.aggregated())
        for (winner, loser), clients in sorted(found.items(), key=lambda item: [order[key] for key in item[0]])
    ]


@dataclass
class _Clients:
    every: list[IPRange]
    runner_up: list[IPRange]
    doubtful: list[IPRange]

    def note(self, clients: IPRange, runner_up: bool, doubtful: bool) -> None:
        self.every.append(clients)
        if runner_up:
            self.runner_up.append(clients)
        if doubtful:
            self.doubtful.append(clients)

    def aggregated(self) -> tuple[tuple[IPRange, ...], tuple[IPRange, ...], tuple[IPRange, ...]]:
        return aggregate(self.every), aggregate(self.runner_up), aggregate(self.doubtful)


@dataclass(frozen=True)
class _Candidate:
    picture: Picture
    specific: bool
    ranges: frozenset[IPRange]


@dataclass(frozen=True)
class _Place:
    """A candidate at some client address, with its most specific range there."""

    picture: Picture
    specific: bool
    range: IPRange


def _ranked(candidates: Sequence[_Candidate], version: int) -> Iterator[tuple[IPRange, list[_Place]]]:
    """Stretches of clients that several candidates have, with these in the order in which they would answer."""
    starts = sorted(
        (entry.low, at, entry.size, entry)
        for at, candidate in enumerate(candidates)
        for entry in candidate.ranges
        if entry.version == version
    )
    points = sorted({point for row in starts for point in (row[0], row[3].high + 1)})
    # What of each candidate's ranges is under the sweep, the smallest first; what is over is thrown out late.
    open_ranges: dict[int, list[tuple[int, IPRange]]] = {}
    started = 0
    for position, point in enumerate(points[:-1]):
        while started < len(starts) and starts[started][0] == point:
            _low, at, size, entry = starts[started]
            heappush(open_ranges.setdefault(at, []), (size, entry))
            started += 1
        for at in list(open_ranges):
            while open_ranges[at] and open_ranges[at][0][1].high < point:
                heappop(open_ranges[at])
            if not open_ranges[at]:
                del open_ranges[at]
        if len(open_ranges) > 1:
            order = sorted(open_ranges, key=lambda at: _rank(candidates[at], open_ranges[at][0][0]))
            places = [_Place(candidates[at].picture, candidates[at].specific, open_ranges[at][0][1]) for at in order]
            yield IPRange(version, point, points[position + 1] - 1), places


def _rank(candidate: _Candidate, size: int) -> tuple[int, bool, str]:
    return size, not candidate.specific, candidate.picture.key


def _is_doubtful(best: IPRange, other: IPRange) -> bool:
    return best == other or not other.contains(best)
