# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: services that are spread over numbered connectors, seen as a whole.

What was declared names connectors 1 to N. The server may have more of them from before; their sources have moved to
the declared ones, so they leave in the same plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .desired import DesiredConnector, DesiredConnectors
from .existing import existing
from .model import ReceiveConnector, ServerState


def with_left_overs(desired: DesiredConnectors, state: ServerState) -> DesiredConnectors:
    """The declaration, and the removal of numbered connectors that a service does not have any more."""
    if not any(entry.parts for entry in desired):
        return desired
    owned = [existing(entry, state.connectors, state.facts.name) for entry in desired]
    taken = {entry.key for entry in desired} | {found.name.casefold() for found in owned if found is not None}
    left_over: dict[str, DesiredConnector] = {}
    for entry in desired:
        for connector in _beyond(entry, state.connectors):
            key = connector.name.casefold()
            if key not in taken:
                left_over.setdefault(key, _removal(entry, connector))
    return DesiredConnectors((*desired, *left_over.values()))


def _beyond(part: DesiredConnector, connectors: Iterable[ReceiveConnector]) -> Iterator[ReceiveConnector]:
    """Connectors with the name of this part, or its previous one, but a number that the service does not have."""
    if part.parts is None or part.part is None:
        return
    names = (name.removesuffix(f" {part.part}") for name in (part.name, part.previous_name) if name)
    for base in dict.fromkeys(names):
        numbered = re.compile(re.escape(base) + r" ([1-9][0-9]*)", re.IGNORECASE | re.ASCII)
        for connector in connectors:
            match = numbered.fullmatch(connector.name)
            if match and int(match[1]) > part.parts:
                yield connector


def _removal(part: DesiredConnector, connector: ReceiveConnector) -> DesiredConnector:
    return DesiredConnector(
        connector.name,
        part.aspect,
        "absent",
        part.service,
        parts=part.parts,
        accept_findings=part.accept_findings,
    )
