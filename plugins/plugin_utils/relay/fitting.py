# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the ranges of declared connectors, as few and as many as a connector can have.

Ranges are merged next to what every other connector of the server will have, so that a second run comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .aggregation import ENTRY_LIMIT, fitted
from .errors import InputError
from .ranges import Binding, IPRange
from .target import Target
from .world import World

_RANGES = "remote_ip_ranges"


def fit(targets: Sequence[Target], world: World) -> list[Target]:
    """The targets with ranges that fit into their connectors: merged where that is asked for or needed.

    Raises:
        InputError: a connector would get more entries than it can have.
    """
    return [_fitted(target, targets, world) for target in targets]


def _fitted(target: Target, targets: Sequence[Target], world: World) -> Target:
    ranges = target.values.get(_RANGES)
    if not ranges or not target.present:
        return target
    if target.desired.aspect == "service" and (target.desired.aggregate or len(ranges) > ENTRY_LIMIT):
        if len(ranges) > ENTRY_LIMIT and _no_more_than_before(target, ranges):
            return target
        where = f"Connector {target.desired.name!r} on {world.facts.name}: sources"
        others = _others(target, targets, world)
        return target.with_ranges(fitted(ranges, others, target.desired.aggregate, where))
    if len(ranges) > ENTRY_LIMIT and not _no_more_than_before(target, ranges):
        raise InputError(
            f"Connector {target.desired.name!r} on {world.facts.name}: {_RANGES}: {len(ranges)} entries are more than "
            f"the {ENTRY_LIMIT} that one connector can have; spread them over several connectors, or declare them as a "
            "service of module relay with split."
        )
    return target


def _no_more_than_before(target: Target, ranges: frozenset[IPRange]) -> bool:
    """Whether an overfull list, which was accepted once, stays or gets shorter."""
    return target.before is not None and len(ranges) <= len(target.before.ranges)


def _others(target: Target, targets: Sequence[Target], world: World) -> set[IPRange]:
    """The ranges that all other connectors will have which may be asked for the same clients."""
    bindings = target.values.get("bindings", target.before.bindings if target.before is not None else frozenset())
    planned = {other.name.casefold(): other for other in targets}
    found: set[IPRange] = set()
    for picture in world:
        if picture.key not in planned and _meet(bindings, picture.bindings):
            found |= picture.ranges
    for other in targets:
        if other is target or not other.present:
            continue
        before = other.before
        theirs = other.values.get("bindings", before.bindings if before is not None else frozenset())
        if _meet(bindings, theirs):
            found |= other.values.get(_RANGES, before.ranges if before is not None else frozenset())
    return found


def _meet(some: Iterable[Binding], others: Iterable[Binding]) -> bool:
    return any(one.conflicts_with(other) for one in some for other in others)
