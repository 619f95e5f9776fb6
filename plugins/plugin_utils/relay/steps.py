# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: a plan and its steps, the one thing that check mode, diff and run share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .checks import Check
from .commands import Command, render
from .errors import PlanRefused
from .findings import Finding
from .ranges import IPRange

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Undo:
    """One cmdlet that takes part in undoing a step.

    expects: the connector's lists (option -> canonical value) as they are right before it, unless somebody else wrote
    too meanwhile.
    restores: the lists that the command writes. Where the connector is not as expected, only the difference between
    these and what was expected is given back, so that what somebody else added or removed stays.
    """

    command: Command
    expects: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    restores: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True)
class Step:
    """One cmdlet of a plan.

    requires: read afresh right before the command; when one does not hold, the plan stops there.
    only_if: the command runs only when this holds, read afresh (None: always). Such a step is `conditional`:
    its need depends on an effect that Microsoft does not document.
    undo: what undoes this step, in order.
    """

    command: Command
    connector: str
    requires: tuple[Check, ...] = ()
    only_if: Check | None = None
    undo: tuple[Undo, ...] = ()

    @property
    def inverse(self) -> tuple[Command, ...]:
        """The commands, in order, that undo this step where nobody else writes meanwhile."""
        return tuple(undo.command for undo in self.undo)

    @property
    def conditional(self) -> bool:
        """Whether the command runs only if it is still needed when its turn comes."""
        return self.only_if is not None

    @property
    def text(self) -> str:
        """The command as it can be pasted into the Exchange Management Shell."""
        line = render(self.command)
        if self.only_if is None:
            return line
        remark = "present" if self.command.cmdlet.startswith("Remove-") else "missing"
        return f"{line} # if still {remark}"


@dataclass(frozen=True)
class ServiceOutcome:
    """What becomes of one service, over all its connectors.

    connectors: their names in lower case, also of those that leave with this plan.
    ranges: who may relay through them in the end.
    answered_by: of a service without a connector, the connectors that answer its sources in the end.
    """

    connectors: frozenset[str]
    ranges: frozenset[IPRange]
    answered_by: tuple[str, ...] = ()


_NO_SERVICES: Mapping[str, ServiceOutcome] = MappingProxyType({})


@dataclass(frozen=True)
class Plan:
    """Everything that is to happen on one server, in order, and what is noteworthy about it.

    assumed_anonymous: the anonymous principal's name that the steps were made with, where no connector tells it before
    the plan's own does; else empty.
    """

    server: str
    steps: tuple[Step, ...]
    changes: list[dict[str, object]]
    findings: list[Finding]
    diff: dict[str, str]
    domain_controller: str | None = None
    services: Mapping[str, ServiceOutcome] = field(default_factory=lambda: _NO_SERVICES)
    assumed_anonymous: str = ""

    @property
    def commands(self) -> list[str]:
        """The commands as text; the same in check mode and in the run."""
        return [step.text for step in self.steps]

    @property
    def plan_id(self) -> str:
        """Stable short name of this plan: the same server and commands give the same id."""
        digest = hashlib.sha256("\n".join([self.server.casefold(), *self.commands]).encode())
        return digest.hexdigest()[:16]

    @property
    def refusal(self) -> PlanRefused | None:
        """Why this plan must not run: it has steps, and a guard found something nobody accepted."""
        objections = [finding for finding in self.findings if finding.refuses]
        return PlanRefused(tuple(objections)) if self.steps and objections else None
