# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: one order over all connectors of a server, when ranges go from one to another.

On one binding Exchange refuses ranges that are identical or overlap in part, and accepts ranges inside one another.
So a range that another connector is to get has to be given up first where it would clash (that is a gap, and is
told as one), and is given up last where the two may stand together (then there is none). Where a gap would be, both
may still have its addresses together in other pieces; see `bridging`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .aggregation import ENTRY_LIMIT
from .bridging import Bridge, bridge
from .coverage import sharing
from .draft import Order
from .moments import RELEVANT, Flaw, flaws
from .moves import Move, Write
from .overlaps import clashes
from .ranges import Binding, IPRange, aggregate, count_addresses
from .sequence import orders
from .target import Target
from .world import World


@dataclass(frozen=True)
class _Exchange:
    """What one connector gives up and gets.

    early: given up before others get it. late: given up after they have it.
    bridge: what it gets in pieces first, as long as another connector still has it.
    """

    target: Target
    loses: frozenset[IPRange]
    gains: frozenset[IPRange]
    old_bindings: frozenset[Binding]
    new_bindings: frozenset[Binding]
    early: frozenset[IPRange] = frozenset()
    late: frozenset[IPRange] = frozenset()
    bridge: Bridge = field(default_factory=Bridge)

    @property
    def whole(self) -> bool:
        """Whether it can only give up everything at once: it goes away, or moves to other bindings."""
        return not self.target.present or self.old_bindings != self.new_bindings


def ordered_moves(targets: Sequence[Target], world: World) -> tuple[list[Move], list[Flaw]]:
    """The moves for all connectors, in the one order to carry them out, and what is wrong with the best there is.

    Args:
        targets: what the declared connectors are to be, in the order of declaration.
        world: the server as it is.
    """
    plans = _entangled([_exchange(target, world) for target in targets])
    moves = _carried_out(plans, world)
    best, least = moves, flaws(world, moves)
    for other in _other_ways(plans, world) if least else ():
        moves = _carried_out(other, world)
        found = flaws(world, moves)
        if _harm(found) < _harm(least):
            best, least = moves, found
        if not least:
            break
    return best, least


def _other_ways(plans: list[_Exchange], world: World) -> list[list[_Exchange]]:
    """The same exchanges in other pieces, or one connector after the other in another order."""
    others: list[list[_Exchange]] = []
    if any(plan.early for plan in plans):
        others += [[_holding_on(plan) for plan in plans], _bridged(plans, world)]
    # A client of two connectors is answered by the narrower one: whether that has to be ready before the wider one
    # changes, or after, depends on what both do.
    narrow_first = sorted(plans, key=lambda plan: max((entry.size for entry in plan.loses | _final(plan)), default=0))
    new_first = sorted(plans, key=lambda plan: bool(plan.old_bindings))
    others += [narrow_first, narrow_first[::-1], new_first, new_first[::-1]]
    return [other for other in others if other != plans]


def _harm(found: Sequence[Flaw]) -> tuple[int, int, int]:
    """How bad an order is: strangers let in and moves refused first, then everybody who waits, then how often."""
    worst = sum(flaw.kind in ("window", "clash") for flaw in found)
    return worst, count_addresses(entry for flaw in found for entry in flaw.addresses), len(found)


def _holding_on(plan: _Exchange) -> _Exchange:
    """Nothing is given up early whose clients the connector's own new ranges hold.

    The connector then gets those in the same write, and nobody waits for the other connector to answer again.
    """
    return plan if plan.whole else replace(plan, early=plan.early - sharing(plan.early, plan.gains))


class _Course:
    """The moves so far, and the server as they leave it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.moves: list[Move] = []

    def carry_out(self, added: Order) -> None:
        for move in added:
            self.world = self.world.after(move)
            self.moves.append(move)


def _carried_out(plans: Sequence[_Exchange], world: World) -> list[Move]:
    course = _Course(world)
    _hand_over(plans, course)
    for plan in plans:
        course.carry_out(_early(plan, course.world, plan.early))
    for plan in plans:
        course.carry_out(_main(plan, course.world, plans, patient=True))
    waiting = [plan for plan in plans if not (plan.late and plan.whole)]
    while waiting:
        # What was held back because of what another connector had: whoever is free now, else the first, come what may.
        plan = next((entry for entry in waiting if not _blocked(entry, course.world, plans)), waiting[0])
        waiting.remove(plan)
        course.carry_out(_main(plan, course.world, plans, patient=False))
    for plan in plans:
        course.carry_out(_late(plan, course.world))
    for plan in plans:
        course.carry_out(_best(plan.target, course.world) if plan.bridge.ranges else [])
    return course.moves


def _exchange(target: Target, world: World) -> _Exchange:
    picture = world.get(target.name)
    old, old_bindings = (picture.ranges, picture.bindings) if picture is not None else (frozenset(), frozenset())
    if not target.present:
        return _Exchange(target, old, frozenset(), old_bindings, frozenset())
    new = target.values.get("remote_ip_ranges", old)
    new_bindings = target.values.get("bindings", old_bindings)
    if old_bindings != new_bindings:
        return _Exchange(target, old, new, old_bindings, new_bindings)
    starts = picture is not None and not picture.enabled and target.values.get("enabled") is True
    return _Exchange(target, old - new, new if starts else new - old, old_bindings, new_bindings)


def _entangled(plans: list[_Exchange]) -> list[_Exchange]:
    return [_against(plan, [other for other in plans if other is not plan]) for plan in plans]


def _against(plan: _Exchange, others: Sequence[_Exchange]) -> _Exchange:
    """Sort what a connector gives up by what the others get."""
    early: set[IPRange] = set()
    late: set[IPRange] = set()
    if not plan.loses:
        return plan
    for other in others:
        # Whom a connector leaves that goes away, another one may answer that changes what it lets them do.
        wanted = other.gains if plan.target.present else other.gains | _final(other)
        if not wanted or not _meet(plan.old_bindings, other.new_bindings):
            continue
        if plan.old_bindings & other.new_bindings:
            early.update(mine for mine, _theirs in clashes(plan.loses, other.gains))
        late.update(sharing(plan.loses, wanted))
    return replace(plan, early=frozenset(early), late=frozenset(late - early))


def _meet(some: frozenset[Binding], others: frozenset[Binding]) -> bool:
    return any(one.conflicts_with(other) for one in some for other in others)


def _hand_over(plans: Sequence[_Exchange], course: _Course) -> None:
    """What clashes goes from one connector to one other at a time, so that its clients wait for as little as can be.

    A run that is killed then leaves few sources on no connector at all.
    """
    for getter in plans:
        wanted = getter.gains - getter.bridge.ranges
        if not wanted or not getter.target.present or (getter.old_bindings and getter.whole):
            continue
        for giver in plans:
            if giver is getter or not giver.old_bindings & getter.new_bindings:
                continue
            due = frozenset(mine for mine, _theirs in clashes(giver.early, wanted))
            if due:
                course.carry_out(_early(giver, course.world, due))
                course.carry_out(_main(getter, course.world, plans, patient=True, holding=True))


def _early(plan: _Exchange, world: World, due: frozenset[IPRange]) -> Order:
    """Give up what would clash with another connector's gain."""
    picture = world.get(plan.target.name)
    if not due or picture is None:
        return []
    remaining = picture.ranges - due
    if plan.whole and not plan.late and not (remaining and due < plan.early and not plan.target.present):
        return _best(plan.target, world)
    # Exchange takes no empty list, so the narrowest range stays for now where everything would go.
    remaining = remaining or frozenset((min(picture.ranges, key=lambda entry: (entry.size, entry)),))
    if remaining == picture.ranges:
        return []
    return [Write(plan.target.name, {**_harmless(plan.target.differing(picture)), "remote_ip_ranges": remaining})]


def _harmless(differing: Mapping[str, object]) -> dict[str, object]:
    """What may be written beside ranges that are given up: all of it when nothing decides who may relay, or the name.

    Values that belong together, such as a mechanism and what it needs, stay together.
    """
    decisive = RELEVANT & set(differing) - {"remote_ip_ranges"}
    return {option: value for option, value in differing.items() if not decisive or option == "name"}


def _main(plan: _Exchange, world: World, plans: Sequence[_Exchange], patient: bool, holding: bool = False) -> Order:
    """Everything but what is given up late; a patient connector also leaves what another one still has.

    holding: it also keeps what it has yet to hand over.
    """
    if plan.late and plan.whole:
        return []
    picture = world.get(plan.target.name)
    present = picture.ranges if picture is not None else frozenset()
    blocked = _blocked(plan, world, plans) if patient else frozenset()
    kept = (plan.late | plan.early if holding else plan.late) & present
    if not kept and not blocked and not plan.bridge.ranges:
        return _best(plan.target, world)
    ranges = _in_pieces(plan, plan.target.values.get("remote_ip_ranges", present)) - blocked
    ranges |= _room_for(kept, ranges)
    if not ranges and picture is None:
        return []
    order = _best(plan.target.with_ranges(ranges or present), world)
    if plan.late and all(isinstance(move, Write) and not RELEVANT & set(move.values) for move in order):
        return []  # what it gives up later takes that along
    return order


def _in_pieces(plan: _Exchange, ranges: frozenset[IPRange]) -> frozenset[IPRange]:
    return (ranges - plan.bridge.ranges) | plan.bridge.pieces


def _room_for(kept: frozenset[IPRange], ranges: frozenset[IPRange]) -> frozenset[IPRange]:
    """As many of the ranges to keep for a while as the connector's list has room for."""
    room = max(ENTRY_LIMIT - len(ranges), 0)
    return kept if len(kept) <= room else frozenset(sorted(kept)[:room])


def _blocked(plan: _Exchange, world: World, plans: Sequence[_Exchange]) -> frozenset[IPRange]:
    """Of the ranges a connector is to get, those that clash with what another planned connector has at the moment."""
    picture = world.get(plan.target.name)
    gains = plan.gains - plan.bridge.ranges
    if picture is not None:
        gains -= picture.ranges
    found: set[IPRange] = set()
    for other in plans:
        theirs = world.get(other.target.name)
        if other is plan or theirs is None or not gains or not theirs.bindings & plan.new_bindings:
            continue
        # Only what the other gives up in the end: the rest is a clash for good, which waiting does not mend.
        found.update(mine for mine, _its in clashes(gains, theirs.ranges & other.loses))
    return frozenset(found)


def _late(plan: _Exchange, world: World) -> Order:
    """Give up what others have got meanwhile."""
    if not plan.late:
        return []
    if not plan.bridge.ranges:
        return _best(plan.target, world)
    return _best(plan.target.with_ranges(_in_pieces(plan, plan.target.values["remote_ip_ranges"])), world)


def _bridged(plans: Sequence[_Exchange], world: World) -> list[_Exchange]:
    """The same exchanges, where as much as possible is got in pieces before another connector gives it up."""
    before = _singles(picture.ranges for plan in plans if (picture := world.get(plan.target.name)) is not None)
    after = _singles(_final(plan) for plan in plans)
    kept = before & after
    found: list[_Exchange] = []
    for position, plan in enumerate(plans):
        found.append(replace(plan, bridge=_bridge_for(plan, [*found, *plans[position + 1 :]], world, kept)))
    return [_given_up_late(plan, [other for other in found if other is not plan]) for plan in found]


def _singles(lists: Iterable[frozenset[IPRange]]) -> set[IPRange]:
    """Single addresses: whatever range is put around one of them, its own connector goes on answering it."""
    return {entry for ranges in lists for entry in ranges if entry.low == entry.high}


def _final(plan: _Exchange) -> frozenset[IPRange]:
    ranges: frozenset[IPRange] = plan.target.values.get("remote_ip_ranges", frozenset())
    return ranges if plan.target.present else frozenset()


def _bridge_for(plan: _Exchange, others: Sequence[_Exchange], world: World, kept: Iterable[IPRange]) -> Bridge:
    """What one connector may get in pieces. kept: single addresses that are a source before and after."""
    if not plan.gains or (plan.old_bindings and plan.whole):
        return Bridge()
    beside = [other for other in others if other.early and other.old_bindings & plan.new_bindings]
    wanted = {mine for other in beside for mine, _theirs in clashes(plan.gains, other.early)}
    if not wanted:
        return Bridge()
    neighbours: set[IPRange] = set()
    own: frozenset[IPRange] = frozenset()
    for picture in world:
        if picture.key == plan.target.name.casefold():
            own = picture.ranges & _final(plan)
        elif picture.bindings & plan.new_bindings:
            neighbours |= picture.ranges
    for other in others:
        if other.new_bindings & plan.new_bindings:
            neighbours |= _final(other) | other.bridge.pieces
    found = bridge(wanted, neighbours, aggregate((*kept, *own)))
    entries = _in_pieces(replace(plan, bridge=found), _final(plan))
    return found if len(entries | plan.late) <= ENTRY_LIMIT else Bridge()


def _given_up_late(plan: _Exchange, others: Sequence[_Exchange]) -> _Exchange:
    """Only what another connector cannot have in pieces is given up early."""
    early: set[IPRange] = set()
    for other in others:
        if plan.old_bindings & other.new_bindings:
            early.update(mine for mine, _theirs in clashes(plan.early, other.gains - other.bridge.ranges))
    return replace(plan, early=frozenset(early), late=plan.late | (plan.early - early))


def _best(target: Target, world: World) -> Order:
    """The simplest order of moves for one connector that has no flaw, else the simplest."""
    found = orders(target, world)
    return next((order for order in found if len(found) == 1 or not flaws(world, order)), found[0])
