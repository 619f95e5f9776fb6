# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The uniqueness of binding and remote range on one server (receive-connector.md part 7).

Same transport role and binding: ranges may be disjoint or one may wholly contain the other. Different roles: the same
local address and port is refused whatever the ranges.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from exchange_lab.cmdlets import errors
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.settings import Switches
from exchange_lab.values.addresses import IPBinding, IPRange


def check_conflicts(draft: ReceiveConnector, others: Iterable[ReceiveConnector], switches: Switches) -> None:
    """Raise TaskFailure when a connector conflicts with another one of its server.

    Whether disabled connectors take part is unverified (switch disabled_connector_conflicts).
    """
    counts_disabled = switches.disabled_connector_conflicts
    if not draft.enabled and not counts_disabled:
        return
    for other in others:
        if other.guid == draft.guid or not (other.enabled or counts_disabled):
            continue
        if other.role != draft.role:
            if _roles_collide(draft.bindings, other.bindings, switches.cross_role_bindings_overlap):
                raise errors.role_conflict(other.identity)
        elif set(draft.bindings) & set(other.bindings) and ranges_conflict(draft.ranges, other.ranges):
            raise errors.range_conflict(other.identity)


def _roles_collide(mine: Iterable[IPBinding], theirs: Iterable[IPBinding], overlap: bool) -> bool:
    """Whether 10.0.0.5:25 collides with 0.0.0.0:25 of another role is unverified (`overlap`)."""
    known = list(theirs)
    return any(a.overlaps(b) if overlap else a == b for a in mine for b in known)


def ranges_conflict(mine: Iterable[IPRange], theirs: Iterable[IPRange]) -> bool:
    """Whether a range of one list equals or partly overlaps one of the other. O(n log n): lists may hold thousands."""
    left, right = list(mine), list(theirs)
    for family in (4, 6):
        ours = [(entry.low, entry.high) for entry in left if entry.family == family]
        others = [(entry.low, entry.high) for entry in right if entry.family == family]
        if ours and others and _crossing(ours, others):
            return True
    return False


def _crossing(ours: list[tuple[int, int]], others: list[tuple[int, int]]) -> bool:
    if set(ours) & set(others):
        return True
    by_low = sorted(others)
    by_high = sorted((high, low) for low, high in others)
    highest = _Extremes([high for _, high in by_low], largest=True)
    lowest = _Extremes([low for _, low in by_high], largest=False)
    lows = [low for low, _ in by_low]
    highs = [high for high, _ in by_high]
    for low, high in ours:
        # One that starts inside (after our start) and ends beyond our end.
        top = highest.over(bisect_right(lows, low), bisect_right(lows, high))
        if top is not None and top > high:
            return True
        # One that ends inside (before our end) and starts before our start.
        bottom = lowest.over(bisect_left(highs, low), bisect_left(highs, high))
        if bottom is not None and bottom < low:
            return True
    return False


class _Extremes:
    """The largest or smallest of any slice of a list, after one pass (a sparse table)."""

    def __init__(self, values: list[int], largest: bool) -> None:
        self._pick = max if largest else min
        self._levels = [values]
        width = 1
        while 2 * width <= len(values):
            below = self._levels[-1]
            self._levels.append(
                [self._pick(below[start], below[start + width]) for start in range(len(values) - 2 * width + 1)]
            )
            width *= 2

    def over(self, start: int, end: int) -> int | None:
        """The extreme of values[start:end], None for an empty slice."""
        if start >= end:
            return None
        level = (end - start).bit_length() - 1
        values = self._levels[level]
        return int(self._pick(values[start], values[end - (1 << level)]))
