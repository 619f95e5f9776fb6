# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: a finding, something unsafe or wrong with a stable id, and its acceptance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ansible_collections.mailrelay.exchange.plugins.module_utils._findings import BY_ID

MAX_LISTED_ADDRESSES = 20
_MAX_NAMED_ADDRESSES = 3


@dataclass(frozen=True)
class Finding:
    """One finding.

    guard: whether it refuses a plan that has steps. accepted: the reason somebody gave for going ahead, None as long
    as nobody did.
    """

    id: str
    severity: str
    server: str
    connectors: tuple[str, ...]
    addresses: tuple[str, ...]
    message: str
    remedy: str
    guard: bool = False
    accepted: str | None = None

    @property
    def refuses(self) -> bool:
        """Whether it forbids to run a plan."""
        return self.guard and self.accepted is None

    def to_result(self) -> dict[str, object]:
        """The plain form that results, filters and reports show."""
        listed = list(self.addresses[:MAX_LISTED_ADDRESSES])
        if len(self.addresses) > MAX_LISTED_ADDRESSES:
            listed.append(f"... {len(self.addresses) - MAX_LISTED_ADDRESSES} more")
        plain: dict[str, object] = {
            "id": self.id,
            "severity": self.severity,
            "server": self.server,
            "connectors": list(self.connectors),
            "addresses": listed,
            "message": self.message,
            "remedy": self.remedy,
        }
        if self.accepted is not None:
            plain["accepted"] = self.accepted
        return plain


def finding(
    identifier: str,
    server: str,
    connectors: tuple[str, ...],
    addresses: Iterable[object] = (),
    detail: str = "",
    guard: bool | None = None,
    severity: str | None = None,
) -> Finding:
    """A finding of the table, with its sentence filled in.

    Args:
        identifier: id of the kind.
        server: name of the server.
        connectors: names of the connectors it is about, the one to name in the sentence first.
        addresses: ranges it is about.
        detail: what the kind's sentence has as {detail}.
        guard: False where this case only deserves a warning although its kind refuses.
        severity: where this case is not as bad as its kind.
    """
    kind = BY_ID[identifier]
    texts = tuple(str(address) for address in addresses)
    message = kind.sentence(
        server=server,
        connector=f"'{connectors[0]}'" if connectors else "",
        addresses=name_addresses(texts),
        detail=detail,
    )
    guards = kind.guard if guard is None else guard
    told = severity or (kind.severity if guards == kind.guard else "warning")
    return Finding(identifier, told, server, connectors, texts, message, kind.remedy, guards)


def name_addresses(texts: tuple[str, ...]) -> str:
    """The first few addresses for a sentence, and how many more there are."""
    named = ", ".join(texts[:_MAX_NAMED_ADDRESSES])
    more = len(texts) - _MAX_NAMED_ADDRESSES
    return f"{named} and {more} more" if more > 0 else named


def with_acceptance(found: Finding, reasons: Mapping[str, str]) -> Finding:
    """The finding, marked as accepted when `reasons` (finding id -> reason) names it."""
    reason = reasons.get(found.id)
    if reason is None or found.accepted is not None:
        return found
    return replace(found, accepted=reason)
