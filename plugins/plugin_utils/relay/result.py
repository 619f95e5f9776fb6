# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what a writing module returns, the same with and without check mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .steps import Plan


class AppliedPlan(Protocol):
    """What the executor of a plan tells about it."""

    @property
    def commands_run(self) -> Sequence[str]:
        """The commands that ran."""

    @property
    def rolled_back(self) -> str | None:
        """None when nothing had to be undone, else "true", "false" or "partial"."""

    @property
    def remaining(self) -> Sequence[str]:
        """Commands that would still be needed to undo what happened."""

    @property
    def error(self) -> Exception | None:
        """Why the plan stopped, None when it went through."""

    @property
    def warnings(self) -> Sequence[str]:
        """What Exchange warned of."""


def writer_result(plan: Plan, applied: AppliedPlan | None, domain_controller: str | None = None) -> dict[str, object]:
    """The result of a writing module; `applied` is None in check mode and when there was nothing to do.

    `changed` says whether the server differs from before: in a run that failed and was undone it is false.
    """
    result: dict[str, object] = {
        "changed": bool(plan.steps),
        "changes": plan.changes,
        "commands": plan.commands,
        "findings": [finding.to_result() for finding in plan.findings],
        "diff": plan.diff,
        "domain_controller": domain_controller if domain_controller is not None else plan.domain_controller,
        "plan_id": plan.plan_id,
    }
    if applied is None:
        return result
    if applied.warnings:
        result["exchange_warnings"] = list(applied.warnings)
    if applied.error is not None or applied.rolled_back is not None:
        result["changed"] = bool(applied.commands_run) and applied.rolled_back != "true"
        result["rolled_back"] = applied.rolled_back
        result["remaining"] = list(applied.remaining)
    return result
