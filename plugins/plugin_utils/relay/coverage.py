# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what clients may do at one moment, for whole address space at once.

Where `answering` tells for one client which connector answers, this tells for all clients between two cuts what the
connector that answers them lets them do. The same selection rules apply: enabled connectors with a fitting binding,
most specific range first, and with equal ranges the more specific binding.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from .answering import listeners, services_of
from .pictures import Picture
from .ranges import Binding, IPRange, aggregate
from .world import World


@dataclass(frozen=True, order=True)
class Endpoint:
    """Where clients connect to. address: 0 stands for every local address that no binding names."""

    version: int
    address: int
    port: int

    def reached_by(self, binding: Binding) -> bool:
        """Whether a connector with this binding listens here."""
        return (
            binding.version == self.version
            and binding.port == self.port
            and (binding.is_wildcard or binding.address == self.address)
        )


def endpoints_of(pictures: Iterable[Picture]) -> list[Endpoint]:
    """Every place where connections may be answered differently, sorted."""
    return sorted({Endpoint(b.version, b.address, b.port) for picture in pictures for b in picture.bindings})


# What one connector puts on the slots: its ranges, whether its binding names the address, and what its clients may do.
_Layer = tuple[frozenset[IPRange], bool, int]


@dataclass(frozen=True)
class Cuts:
    """Client addresses of one version, cut wherever some range starts or ends."""

    version: int
    points: tuple[int, ...]
    # What was found before: a plan asks for many worlds that differ in one connector, or in nothing that matters here.
    _places: dict[IPRange, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)
    _painted: dict[tuple[_Layer, ...], bytes] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, version: int, ranges: Iterable[IPRange]) -> Cuts:
        """The cuts that these ranges need."""
        points: set[int] = set()
        for entry in ranges:
            if entry.version == version:
                points.update((entry.low, entry.high + 1))
        return cls(version, tuple(sorted(points)))

    def ranges(self, marked: int) -> tuple[IPRange, ...]:
        """The addresses of the marked slots (a byte a slot, 1 for marked), as few ranges as possible."""
        flags = marked.to_bytes(max(len(self.points) - 1, 1), "little")
        slots = zip(flags, pairwise(self.points), strict=False)
        return aggregate(IPRange(self.version, low, high - 1) for flag, (low, high) in slots if flag)

    def painted(self, layers: tuple[_Layer, ...]) -> bytes:
        """A byte a slot: the flag of the connector that answers its clients, 0 where none does."""
        if layers not in self._painted:
            slots = bytearray(max(len(self.points) - 1, 0))
            rows = [
                (-entry.size, specific, flag, entry)
                for ranges, specific, flag in layers
                for entry in ranges
                if entry.version == self.version
            ]
            # The most specific range is painted last, and with equal ranges the more specific binding.
            for _width, _specific, flag, entry in sorted(rows, key=lambda row: row[:2]):
                first, last = self._place(entry)
                slots[first:last] = bytes((flag,)) * (last - first)
            self._painted[layers] = bytes(slots)
        return self._painted[layers]

    def _place(self, entry: IPRange) -> tuple[int, int]:
        """The slots of a range, the first and the one after the last."""
        place = self._places.get(entry)
        if place is None:
            place = bisect_left(self.points, entry.low), bisect_left(self.points, entry.high + 1)
            self._places[entry] = place
        return place


def served(world: World, endpoint: Endpoint, cuts: Cuts) -> tuple[int, int]:
    """Slots of `cuts` whose clients may relay at this endpoint, and those whose clients may send at all.

    Both are numbers with a byte a slot (1 or 0). A connector whose access list is unknown counts as one that does not
    relay.
    """
    found = flagged(world, endpoint, cuts, lambda one: world.relays(one) + 2 * world.accepts(one))
    ones = int.from_bytes(b"\x01" * max(len(cuts.points) - 1, 0), "little")
    return found & ones, found >> 1 & ones


def served_after_logon(world: World, endpoint: Endpoint, cuts: Cuts, account: str) -> int:
    """Slots of `cuts` whose clients may relay at this endpoint once they have logged on.

    Args:
        world: the server.
        endpoint: where they connect to.
        cuts: the client addresses.
        account: whom they log on as; "" for a user without rights of his own.
    """
    return flagged(world, endpoint, cuts, lambda one: int(world.relays_after_logon(one, account)))


def flagged(world: World, endpoint: Endpoint, cuts: Cuts, flag: Callable[[Picture], int]) -> int:
    """A byte a slot: the flag of the connector that answers its clients, 0 where none does."""
    listening = listeners((role_of(picture) for picture in world), endpoint.port, services_of(world.facts))
    layers = tuple(
        (picture.ranges, specific, flag(picture))
        for picture in world
        if role_of(picture) in listening
        for specific in _best_binding(picture, endpoint)
    )
    return int.from_bytes(cuts.painted(layers), "little")


def _best_binding(picture: Picture, endpoint: Endpoint) -> list[bool]:
    """[True] for a binding that names the address, [False] for a wildcard, [] when it does not answer there."""
    fitting = [not binding.is_wildcard for binding in picture.bindings if endpoint.reached_by(binding)]
    return [any(fitting)] if fitting and picture.enabled else []


def role_of(picture: Picture) -> str | None:
    """The transport service a connector belongs to; None before Exchange 2013 and on Edge."""
    role = picture.values.get("transport_role")
    return None if role is None else str(role)


def within(ranges: Iterable[IPRange], others: Iterable[IPRange]) -> frozenset[IPRange]:
    """Those of the ranges whose addresses all are among the addresses of the others."""
    wide = aggregate(others)

    def is_held(entry: IPRange) -> bool:
        # Merged ranges are apart and sorted, so only the last one that starts before may hold the entry.
        at = bisect_right(wide, IPRange(entry.version, entry.low, 1 << 128)) - 1
        return at >= 0 and wide[at].contains(entry)

    return frozenset(entry for entry in ranges if is_held(entry))


def sharing(ranges: Iterable[IPRange], others: Iterable[IPRange]) -> set[IPRange]:
    """Those of the ranges that share an address with one of the others."""
    found: set[IPRange] = set()
    both = sorted([(entry, True) for entry in ranges] + [(entry, False) for entry in others])
    # For every range the widest reach to the right of any range that starts before it, of the other side.
    reach = (0, -1)
    for entry, mine in both:
        if mine and reach[0] == entry.version and reach[1] >= entry.low:
            found.add(entry)
        if not mine:
            reach = max(reach, (entry.version, entry.high))
    reach_low = {4: 1 << 32, 6: 1 << 128}
    for entry, mine in reversed(both):
        if mine and reach_low[entry.version] <= entry.high:
            found.add(entry)
        if not mine:
            reach_low[entry.version] = min(reach_low[entry.version], entry.low)
    return found
