# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: whether some moment of a plan is wrong, and which.

The moves are played on the world as it is, once for every outcome of what Microsoft does not document. After each of
them, nobody may relay who could neither before nor shall afterwards, and everybody may who could before and shall. That
holds for clients that never log on, for those that always do, and for those that do where they have to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from .coverage import Cuts, Endpoint, endpoints_of, served, served_after_logon, sharing
from .moves import Create, Move, Write
from .overlaps import clashes
from .pictures import Picture
from .ranges import IPRange, aggregate
from .world import OUTCOMES, Outcome, World

Fault = Literal["gap", "mute", "window", "clash"]
# Options whose change can change who is answered, or what a connector does for whom it answers.
RELEVANT = frozenset(
    ("remote_ip_ranges", "bindings", "transport_role", "enabled", "permission_groups", "auth_mechanism")
)


@dataclass(frozen=True)
class Flaw:
    """A moment that is wrong.

    kind: "gap" (clients may not relay who could and shall), "mute" (clients may not even send to recipients inside who
    could and shall), "window" (clients may relay who must not), "clash" (Exchange would refuse the move).
    connectors: those whose moves it lies between, the first one first.
    addresses: the clients.
    certain: False when it happens only with some outcome that Microsoft does not document.
    """

    kind: Fault
    connectors: tuple[str, ...]
    addresses: tuple[IPRange, ...]
    certain: bool = True


def flaws(world: World, moves: Sequence[Move]) -> list[Flaw]:
    """Everything that is wrong between two of the moves; nothing when the order keeps the promise."""
    if not any(_matters(move) for move in moves):
        return []
    found: dict[tuple[Fault, tuple[str, ...]], dict[Outcome, list[IPRange]]] = {}
    outcomes = OUTCOMES if any(_unverified(move) for move in moves) else OUTCOMES[:1]
    for outcome in outcomes:
        worlds = [world]
        for move in moves:
            worlds.append(worlds[-1].after(move, outcome))
        for kind, connectors, addresses in _wrong_moments(worlds, moves):
            found.setdefault((kind, connectors), {}).setdefault(outcome, []).extend(addresses)
    told = [
        Flaw(
            kind,
            connectors,
            aggregate(entry for part in by_outcome.values() for entry in part),
            len(by_outcome) == len(outcomes),
        )
        for (kind, connectors), by_outcome in found.items()
    ]
    return _merged(told) + _clashes_on_the_way(world, moves)


def _merged(found: Sequence[Flaw]) -> list[Flaw]:
    """One flaw where several of a kind concern the same connectors: a long moment is still one."""
    merged: list[Flaw] = []
    for flaw in found:
        for other in [
            entry for entry in merged if entry.kind == flaw.kind and set(entry.connectors) & set(flaw.connectors)
        ]:
            merged.remove(other)
            flaw = Flaw(
                flaw.kind,
                tuple(dict.fromkeys((*other.connectors, *flaw.connectors))),
                aggregate((*other.addresses, *flaw.addresses)),
                flaw.certain or other.certain,
            )
        merged.append(flaw)
    return merged


def _matters(move: Move) -> bool:
    return not isinstance(move, Write) or bool(RELEVANT & set(move.values))


def _unverified(move: Move) -> bool:
    return isinstance(move, Write) and "permission_groups" in move.values


def _wrong_moments(
    worlds: Sequence[World], moves: Sequence[Move]
) -> list[tuple[Fault, tuple[str, ...], tuple[IPRange, ...]]]:
    touched = {move.name.casefold() for move in moves}
    users = _who_logs_on(worlds, touched)
    worlds = _at_stake(worlds, users)
    ours = [picture for world in worlds for picture in world if picture.key in touched]
    found: list[tuple[Fault, tuple[str, ...], tuple[IPRange, ...]]] = []
    for endpoint in endpoints_of(ours):
        cuts = Cuts.of(endpoint.version, _ranges_at(worlds, endpoint))
        moments = [served(world, endpoint, cuts) for world in worlds]
        logged_on = [[served_after_logon(world, endpoint, cuts, user) for world in worlds] for user in users]
        relaying = _ways([relay for relay, _send in moments], logged_on)
        # Who may relay after logging on may send inside too; that is all that is known of sending after a logon.
        sending = _ways([send for _relay, send in moments], logged_on)
        for position in range(1, len(worlds) - 1):
            missing, mute = _refused(relaying, position), _refused(sending, position)
            stray = 0
            for way in relaying:
                stray |= way[position] & ~(way[0] | way[-1])
            wrong: tuple[tuple[Fault, int], ...] = (("gap", missing), ("mute", mute & ~missing), ("window", stray))
            for kind, slots in wrong:
                if slots:
                    found.append((kind, _between(moves, position), cuts.ranges(slots)))
    return found


def _ways(without: list[int], logged_on: list[list[int]]) -> list[list[int]]:
    """For each kind of client the slots from which it is taken, a number a moment.

    Args:
        without: for clients that do not log on.
        logged_on: for clients that always do, of each user.
    """
    either = [[one | other for one, other in zip(without, user, strict=True)] for user in logged_on]
    return [without, *logged_on, *either]


def _refused(ways: list[list[int]], position: int) -> int:
    """Slots of clients that are refused at this moment, and were taken before and shall be afterwards."""
    found = 0
    for way in ways:
        found |= way[0] & way[-1] & ~way[position]
    return found


def _who_logs_on(worlds: Sequence[World], touched: Collection[str]) -> tuple[str, ...]:
    """Users to think of: one without rights of his own (""), and each account; of those that fare alike only one.

    Nobody where no connector lets anybody relay after logging on, of those that the plan touches or that listen where
    they do.
    """
    seen = {
        id(found): (world, found)
        for world in worlds
        for key in touched
        if (found := world.pictures.get(key)) is not None
    }
    pictures = list(seen.values())
    bound = {binding for _world, found in pictures for binding in found.bindings}
    others = (found for found in worlds[0] if found.key not in touched)
    beside = [(worlds[0], found) for found in others if not bound.isdisjoint(found.bindings)]
    if not any(world.serves_after_logon(found) for world, found in (*pictures, *beside)):
        return ()
    accounts = dict.fromkeys(account for world, found in pictures for account in world.accounts(found))
    alike = {
        tuple(world.relays_after_logon(found, account) for world, found in pictures): account
        for account in (*accounts, "")
    }
    return tuple(alike.values())


def _at_stake(worlds: Sequence[World], users: Sequence[str]) -> list[World]:
    """The same worlds, with only those ranges whose clients can be answered differently from one to another.

    Those are ranges that come or go, all ranges of a connector that itself changes what it does, and whatever shares
    addresses with them. Thousands of others are the same in every world.
    """
    changing: set[IPRange] = set()
    stable: set[IPRange] = set()
    for key in dict.fromkeys(picture.key for world in worlds for picture in world):
        pictures = {id(found): (world, found) for world in worlds if (found := world.pictures.get(key)) is not None}
        always = all(key in world.pictures for world in worlds)
        lists = {id(found.ranges): found.ranges for _world, found in pictures.values()}
        every = frozenset().union(*lists.values())
        kept: frozenset[IPRange] = frozenset()
        if always and len({_behaviour(world, found, users) for world, found in pictures.values()}) == 1:
            kept = every.intersection(*lists.values())
        changing |= every - kept
        stable |= kept
    relevant = changing | sharing(stable - changing, changing)
    narrowed: dict[int, Picture] = {}

    def narrow(picture: Picture) -> Picture:
        if id(picture) not in narrowed:
            ranges = picture.ranges & relevant
            narrowed[id(picture)] = replace(picture, values={**picture.values, "remote_ip_ranges": ranges})
        return narrowed[id(picture)]

    return [replace(world, pictures={key: narrow(one) for key, one in world.pictures.items()}) for world in worlds]


def _behaviour(world: World, picture: Picture, users: Sequence[str]) -> tuple[object, ...]:
    """Everything but its ranges that decides whom a connector answers, and what it lets them do."""
    role = picture.values.get("transport_role")
    after_logon = tuple(world.relays_after_logon(picture, user) for user in users)
    return picture.enabled, picture.bindings, role, world.relays(picture), world.accepts(picture), after_logon


def _ranges_at(worlds: Sequence[World], endpoint: Endpoint) -> set[IPRange]:
    ranges: set[IPRange] = set()
    seen: set[int] = set()
    for world in worlds:
        for picture in world:
            if id(picture) not in seen and any(endpoint.reached_by(binding) for binding in picture.bindings):
                ranges |= picture.ranges
            seen.add(id(picture))
    return ranges


def _between(moves: Sequence[Move], position: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys((moves[position - 1].name, moves[position].name)))


def _clashes_on_the_way(world: World, moves: Sequence[Move]) -> list[Flaw]:
    """Moves that Exchange would refuse because of ranges that another connector has only at that moment.

    Clashes of the final state are told by the guards, with or without an order of moves.
    """
    found: list[Flaw] = []
    final = world
    for move in moves:
        final = final.after(move)
    for move in moves:
        before = world.get(move.name)
        world = world.after(move)
        picture = world.get(move.name)
        if picture is None or not isinstance(move, (Create, Write)):
            continue
        new = picture.ranges
        if before is not None and before.bindings == picture.bindings:
            new -= before.ranges
        for other in world if new else ():
            if other.key == picture.key or not other.bindings & picture.bindings:
                continue
            pairs = clashes(new, other.ranges)
            if pairs and not _still_there(final, picture, other):
                found.append(Flaw("clash", (picture.name, other.name), aggregate(mine for mine, _other in pairs)))
    return found


def _still_there(final: World, picture: Picture, other: Picture) -> bool:
    one, two = final.get(picture.name), final.get(other.name)
    return (
        one is not None
        and two is not None
        and bool(one.bindings & two.bindings)
        and bool(clashes(one.ranges, two.ranges))
    )
