# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: a finding, something unsafe or wrong with a stable id, and its acceptance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_LISTED_ADDRESSES = 20


@dataclass(frozen=True)
class Finding:
    """One finding; `id`, `severity` and whether it guards come from the table of findings.

    accepted: the reason somebody gave for going ahead, None as long as nobody did.
    """

    id: str
    severity: str
    server: str
    connectors: tuple[str, ...]
    addresses: tuple[str, ...]
    message: str
    remedy: str
    accepted: str | None = None

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


def with_acceptance(finding: Finding, reasons: Mapping[str, str]) -> Finding:
    """The finding, marked as accepted when `reasons` (finding id -> reason) names it."""
    reason = reasons.get(finding.id)
    if reason is None or finding.accepted is not None:
        return finding
    return Finding(
        finding.id,
        finding.severity,
        finding.server,
        finding.connectors,
        finding.addresses,
        finding.message,
        finding.remedy,
        reason,
    )
