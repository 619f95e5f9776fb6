# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Findings of many results in one list, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.mailrelay.exchange.plugins.module_utils._findings import BY_ID, SEVERITIES

_RIGHT = "it takes results of the modules, their receive_connectors, or lists of findings"


def relay_findings(
    results: Any, severity: str = SEVERITIES[-1], ids: Any = None, accepted: bool | None = None
) -> list[dict[str, Any]]:
    """Every finding once: at least this severe, of these ids, accepted or not, as asked for."""
    if severity not in SEVERITIES:
        raise AnsibleFilterError(f"relay_findings: severity {severity!r} is none of {', '.join(SEVERITIES)}.")
    wanted = set(BY_ID) if ids is None else {ids} if isinstance(ids, str) else set(ids)
    unknown = sorted(wanted - set(BY_ID))
    if unknown:
        raise AnsibleFilterError(f"relay_findings: there is no finding {unknown[0]!r}.")
    limit = SEVERITIES.index(severity)
    found: list[dict[str, Any]] = []
    for finding in _findings(results):
        if finding["id"] not in wanted or _rank(finding) > limit:
            continue
        if accepted is not None and accepted != ("accepted" in finding):
            continue
        if finding not in found:
            found.append(dict(finding))
    return sorted(found, key=lambda one: (_rank(one), str(one.get("server")), str(one.get("connectors")), one["id"]))


def _rank(finding: Mapping[str, Any]) -> int:
    """How bad it is, 0 for the worst: as it was found, which may be less than its kind usually is."""
    severity = finding.get("severity")
    return SEVERITIES.index(severity if severity in SEVERITIES else BY_ID[finding["id"]].severity)


def _findings(raw: Any) -> Iterator[Mapping[str, Any]]:
    """The findings in a finding, a result, a connector of a result, or a list of any of these."""
    if isinstance(raw, Mapping):
        if raw.get("id") in BY_ID and "message" in raw:
            yield raw
            return
        parts = [raw[name] for name in ("findings", "receive_connectors", "results") if name in raw]
        if not parts:
            raise AnsibleFilterError(f"relay_findings: {_RIGHT}.")
        for part in parts:
            yield from _findings(part)
    elif isinstance(raw, Sequence) and not isinstance(raw, str):
        for entry in raw:
            yield from _findings(entry)
    else:
        raise AnsibleFilterError(f"relay_findings: {_RIGHT}.")


class FilterModule:
    """Filter relay_findings."""

    def filters(self) -> dict[str, Any]:
        """Filters by name."""
        return {"relay_findings": relay_findings}
