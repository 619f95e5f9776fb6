# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what a writing module returns, the same with and without check mode."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from .steps import Plan

MAX_COMMANDS = 250_000
"""Characters that all commands of a result may have together before long lists in them are cut short."""

_LISTED = 20
_ENTRY = r"'(?:[^']|'')*'"
_LONG_LIST = re.compile(rf"((?:{_ENTRY},){{{_LISTED}}})((?:{_ENTRY},){{{_LISTED},}}{_ENTRY})")


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
        "commands": shown_commands(plan.commands),
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
        result["remaining"] = shown_commands(applied.remaining)
    return result


def shown_commands(commands: Sequence[str]) -> list[str]:
    """The commands, ready to paste; where they are too much for a result, without the long lists.

    A command without its list would take sources away, so it becomes a remark that no shell carries out.
    """
    if sum(map(len, commands)) <= MAX_COMMANDS:
        return list(commands)
    return [_cut_short(line) for line in commands]


def _cut_short(line: str) -> str:
    def rest(match: re.Match[str]) -> str:
        return f"{match[1]}... {len(re.findall(_ENTRY, match[2]))} more"

    short = _LONG_LIST.sub(rest, line)
    return line if short == line else f"# {short}"
