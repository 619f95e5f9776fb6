# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: how many sources a run takes away from a service, and how many addresses it lets in.

Counted over all connectors of a service and by addresses, not by entries: a source that moves to another connector of
the service, or that is written another way, is neither lost nor gained. Why it goes (it was taken out, it expired, its
file was cut short) makes no difference.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from .cutting import without_addresses
from .desired import INTERNAL
from .findings import Finding, finding
from .pictures import Picture
from .policy import Safety
from .ranges import IPRange, aggregate, count_addresses
from .target import Target
from .world import World


def blast_radius(targets: Sequence[Target], before: World, final: World, safety: Safety) -> Iterator[Finding]:
    """Findings about services that would lose or gain more in this plan than the limits allow.

    Args:
        targets: what was declared, with the left-over connectors of services.
        before: the server as it is.
        final: the server after the plan.
        safety: the limits; where only a connector was declared, those of them that somebody named.
    """
    services: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        aspect = target.desired.aspect
        if aspect == "service":
            services.setdefault((aspect, target.desired.service or target.desired.name), []).append(target)
        elif aspect == "connector" and (safety.limits_removed or safety.limits_added):
            services.setdefault((aspect, target.desired.name), []).append(target)
    for (kind, name), own in services.items():
        service = _Service(f"service {name!r}" if kind == "service" else "the connector", own, before, final)
        if kind == "service" or safety.limits_removed:
            yield from service.losing(safety)
        if kind == "service" or safety.limits_added:
            yield from service.gaining(safety)


class _Service:
    """All connectors of one service, before and after."""

    def __init__(self, name: str, targets: Sequence[Target], before: World, final: World) -> None:
        self._name = name
        self._targets = targets
        self._server = final.facts.name
        self._there = [picture for target in targets if (picture := before.get(target.name)) is not None]
        self._had = _ranges(self._there, only_enabled=True)
        self._has = _ranges((final.get(target.name) for target in targets if target.present), only_enabled=True)
        # Who is listed for mail inside only is not lost from sight: somebody wrote so.
        self._inside = frozenset(
            entry
            for target in targets
            if target.desired.method == INTERNAL and target.desired.sources is not None
            for entry in target.desired.sources.ranges
        )

    @property
    def _for_nobody(self) -> bool:
        """An empty list of sources is a finding of its own."""
        return all(
            target.present and target.desired.sources is not None and not target.desired.values.get("remote_ip_ranges")
            for target in self._targets
        )

    def losing(self, safety: Safety) -> Iterator[Finding]:
        lost = _not_covered(self._had, self._has | self._inside)
        if not lost or self._for_nobody:
            return
        allowed = safety.may_lose(len(self._had))
        sources = f"{len(self._had)} source{'s' if len(self._had) != 1 else ''}"
        if not any(target.present for target in self._targets):
            detail = f"{self._name} is removed with its {sources}"
        elif len(lost) > allowed:
            detail = f"{self._name} loses {len(lost)} of its {sources}, and {allowed} may go in one run"
        else:
            return
        yield finding("too_many_removed", self._server, self._connectors, lost, detail)

    def gaining(self, safety: Safety) -> Iterator[Finding]:
        if not self._there:
            return
        # What stands on a connector that is still off was let in by a run that did not come to its end.
        known = _ranges(self._there, only_enabled=False)
        gained = without_addresses(frozenset(aggregate(self._has)), known)
        count = count_addresses(gained)
        if count > safety.added_addresses:
            detail = f"{self._name} gains {count} addresses, and {safety.added_addresses} may come in one run"
            yield finding("too_many_added", self._server, self._connectors, sorted(gained), detail)

    @property
    def _connectors(self) -> tuple[str, ...]:
        return tuple(target.name for target in self._targets)


def _ranges(pictures: Iterable[Picture | None], only_enabled: bool) -> frozenset[IPRange]:
    found: set[IPRange] = set()
    for picture in pictures:
        if picture is not None and (picture.enabled or not only_enabled):
            found |= picture.ranges
    return frozenset(found)


def _not_covered(ranges: Iterable[IPRange], by: Iterable[IPRange]) -> list[IPRange]:
    """Those of the ranges that have an address which the others together do not have, sorted."""
    merged = aggregate(by)
    starts = [(entry.version, entry.low) for entry in merged]

    def covered(entry: IPRange) -> bool:
        position = bisect_right(starts, (entry.version, entry.low)) - 1
        return position >= 0 and merged[position].contains(entry)

    return sorted(entry for entry in ranges if not covered(entry))
