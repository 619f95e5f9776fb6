# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: services whose sources only send to recipients inside, which takes no connector.

Source: Microsoft's "Receive connectors" page: the default connector of the Front End Transport service takes mail for
accepted domains from everybody; the default connectors of 2007 and 2010 do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from .answering import SMTP_PORT
from .coverage import Cuts, Endpoint, endpoints_of, flagged, served, sharing
from .desired import DesiredConnector
from .findings import Finding, finding
from .pictures import Picture
from .ranges import IPRange, aggregate
from .target import Target
from .world import World


def internal_findings(target: Target, final: World) -> Iterator[Finding]:
    """The findings for sources that no connector would take mail from, and for those that may relay all the same.

    Args:
        target: the service's connector, which is not there in the end.
        final: the server after the plan.
    """
    refused: list[IPRange] = []
    relaying: dict[str, list[IPRange]] = {}
    for endpoint, sources, cuts in _places(target, final):
        wanted = _slots(sources, cuts)
        may_relay, may_send = served(final, endpoint, cuts)
        refused += cuts.ranges(wanted & ~may_send)
        for name, answered in _answering(final, endpoint, cuts, wanted & may_relay):
            relaying.setdefault(name, []).extend(cuts.ranges(answered))
    if refused:
        yield finding("internal_refused", final.facts.name, (target.name,), aggregate(refused))
    for name, ranges in sorted(relaying.items()):
        yield finding("internal_relays", final.facts.name, (target.name, name), aggregate(ranges), f"'{name}'")


def answered_by(target: Target, final: World) -> tuple[str, ...]:
    """Names of the connectors that answer the sources in the end, sorted."""
    found: set[str] = set()
    for endpoint, sources, cuts in _places(target, final):
        found |= {name for name, _answered in _answering(final, endpoint, cuts, _slots(sources, cuts))}
    return tuple(sorted(found))


def may_answer(desired: DesiredConnector, before: Picture | None, pictures: Iterable[Picture]) -> list[Picture]:
    """The connectors that may answer some of the sources, before or after whatever else changes on the server.

    Args:
        desired: the service's connector, which is not to be there.
        before: as it is, None when there is none.
        pictures: the server's connectors.
    """
    endpoints = [endpoint for endpoint, _sources in _connections(desired, before)]
    return [
        picture
        for picture in pictures
        if picture is not before
        and picture.enabled
        and any(endpoint.reached_by(binding) for endpoint in endpoints for binding in picture.bindings)
        and sharing(_sources_of(desired), picture.ranges)
    ]


def _answering(final: World, endpoint: Endpoint, cuts: Cuts, wanted: int) -> Iterator[tuple[str, int]]:
    """Names of the connectors that answer some of the wanted slots, and which."""
    for picture in final if wanted else ():
        answered = flagged(final, endpoint, cuts, partial(_is, picture)) & wanted
        if answered:
            yield picture.name, answered


def _is(wanted: Picture, picture: Picture) -> int:
    return int(picture is wanted)


def _places(target: Target, final: World) -> Iterator[tuple[Endpoint, frozenset[IPRange], Cuts]]:
    known = frozenset(entry for picture in final for entry in picture.ranges)
    for endpoint, sources in _connections(target.desired, target.before):
        yield endpoint, sources, Cuts.of(endpoint.version, sources | known)


def _connections(desired: DesiredConnector, before: Picture | None) -> Iterator[tuple[Endpoint, frozenset[IPRange]]]:
    """Where the sources connect to: where the service's connector listened, else the SMTP port of any address."""
    endpoints = [] if before is None else endpoints_of([before])
    for version in (4, 6):
        own = frozenset(entry for entry in _sources_of(desired) if entry.version == version)
        places = [one for one in endpoints if one.version == version] or [Endpoint(version, 0, SMTP_PORT)]
        for endpoint in places if own else ():
            yield endpoint, own


def _sources_of(desired: DesiredConnector) -> frozenset[IPRange]:
    return frozenset() if desired.sources is None else desired.sources.ranges


def _slots(sources: frozenset[IPRange], cuts: Cuts) -> int:
    return int.from_bytes(cuts.painted(((sources, False, 1),)), "little")
