# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: services whose sources only send to recipients inside, which takes no connector.

Source: Microsoft's "Receive connectors" page: the default connector of the Front End Transport service takes mail for
accepted domains from everybody; the default connectors of 2007 and 2010 do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .coverage import Cuts, Endpoint, endpoints_of, flagged, served
from .findings import Finding, finding
from .pictures import Picture
from .ranges import IPRange, aggregate
from .target import Target
from .world import World

_SMTP_PORT = 25


def internal_findings(target: Target, final: World) -> Iterator[Finding]:
    """The finding for sources that no connector would take mail from.

    Args:
        target: the service's connector, which is not there in the end.
        final: the server after the plan.
    """
    refused: list[IPRange] = []
    for endpoint, sources, cuts in _places(target, final):
        _relaying, sending = served(final, endpoint, cuts)
        refused += cuts.ranges(_slots(sources, cuts) & ~sending)
    if refused:
        addresses = aggregate(refused)
        yield finding("internal_refused", final.facts.name, (target.name,), addresses)


def answered_by(target: Target, final: World) -> tuple[str, ...]:
    """Names of the connectors that answer the sources in the end, sorted."""
    found: set[str] = set()
    pictures = list(final)
    for endpoint, sources, cuts in _places(target, final):
        wanted = _slots(sources, cuts)
        for picture in pictures:
            if flagged(final, endpoint, cuts, partial(_is, picture)) & wanted:
                found.add(picture.name)
    return tuple(sorted(found))


def _is(wanted: Picture, picture: Picture) -> int:
    return int(picture is wanted)


def _places(target: Target, final: World) -> Iterator[tuple[Endpoint, frozenset[IPRange], Cuts]]:
    """Where the sources connect to: where the service's connector listened, else the SMTP port of any address."""
    declared = target.desired.sources
    sources = frozenset() if declared is None else declared.ranges
    endpoints = [] if target.before is None else endpoints_of([target.before])
    for version in (4, 6):
        own = frozenset(entry for entry in sources if entry.version == version)
        places = [one for one in endpoints if one.version == version] or [Endpoint(version, 0, _SMTP_PORT)]
        for endpoint in places if own else ():
            known = {entry for picture in final for entry in picture.ranges}
            yield endpoint, own, Cuts.of(version, own | known)


def _slots(sources: frozenset[IPRange], cuts: Cuts) -> int:
    return int.from_bytes(cuts.painted(((sources, False, 1),)), "little")
