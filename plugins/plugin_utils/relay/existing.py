# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: which connector of a server a declaration is about.

A name is unique on one server only, so only the connectors of that server are ever looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from .desired import DesiredConnector
from .errors import InputError


class Known(Protocol):
    """A connector as far as it can be recognised."""

    @property
    def name(self) -> str: ...

    @property
    def guid(self) -> str: ...


Found = TypeVar("Found", bound=Known)


def existing(desired: DesiredConnector, connectors: Iterable[Found], server: str) -> Found | None:
    """The connector that a declaration is about, under its new name, its previous one or by its GUID; None for none.

    Raises:
        InputError: it is not clear which one is meant, or the one that is to get the name cannot have it.
    """
    known = list(connectors)
    named = _named(desired.name, known)
    if desired.guid:
        return _by_guid(desired, known, named, server)
    former = [found for name in _former_names(desired) if (found := _named(name, known)) not in (None, named)]
    candidates = [found for found in (named, *former) if found is not None]
    if len(candidates) > 1:
        names = " and ".join(repr(found.name) for found in candidates)
        raise InputError(
            f"Connector {desired.name!r} on {server} cannot get its name from {former[0].name!r}, because both exist "
            f"({names}); remove one of the two, or leave the previous name out."
        )
    return candidates[0] if candidates else None


def _former_names(desired: DesiredConnector) -> list[str]:
    """What the connector may have been called: a numbered one also by its number under the service's previous name."""
    previous = desired.previous_name
    if not previous or desired.part is None or previous.endswith(f" {desired.part}"):
        return [previous] if previous else []
    return [previous, f"{previous} {desired.part}"]


def _named(name: str, connectors: Iterable[Found]) -> Found | None:
    wanted = name.casefold()
    return next((entry for entry in connectors if entry.name.casefold() == wanted), None)


def _by_guid(desired: DesiredConnector, connectors: Iterable[Found], named: Found | None, server: str) -> Found | None:
    wanted = _plain(desired.guid)
    found = next((entry for entry in connectors if _plain(entry.guid) == wanted), None)
    if desired.state == "absent":
        return found
    if found is None:
        raise InputError(
            f"guid: no receive connector on {server} has the GUID {desired.guid}; look it up with "
            "receive_connector_info, or leave guid out for a connector that is new."
        )
    if named is not None and named is not found:
        raise InputError(
            f"guid: connector {found.name!r} on {server} cannot get the name {desired.name!r}, because another "
            "connector has it; choose another name, or remove that connector first."
        )
    return found


def _plain(guid: str) -> str:
    return guid.strip("{} ").casefold()
