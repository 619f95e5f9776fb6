# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Carry out a plan, and undo it when it cannot be finished. PRIVATE to the collection.

Half-done never stays: as long as there is a session, what was done is undone in reverse order. Without a session
nothing is attempted blindly; the next run reads what is there and repairs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.checks import (
    Check,
    GrantAbsent,
    GrantPresent,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command, render
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import RelayError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.late_name import LateName
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    AccessEntry,
    PrincipalAnswer,
    ReceiveConnector,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan, Step, Undo
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import to_parameter

from .errors import ObjectNotFound, SessionLost


class Target(Protocol):
    """What a plan is carried out on: the facade of an open session."""

    def read_connector(self, distinguished_name: str) -> ReceiveConnector | None: ...

    def read_access(self, distinguished_name: str) -> tuple[AccessEntry, ...]: ...

    def read_principal(self, distinguished_name: str, principal: str) -> PrincipalAnswer: ...

    def run(self, command: Command) -> list[str]: ...


class RequirementFailed(RelayError):
    """What a step relies on does not hold when its turn comes."""


@dataclass
class Applied:
    """What became of a plan.

    Attributes:
        commands_run: the plan's commands that ran, in order. When the session was lost with a command under way, it is
            the last of them: nobody knows whether it ran.
        undo_run: the commands that undid them, in order.
        rolled_back: None when nothing had to be undone; "true" when everything was, "false" when nothing could be,
            "partial" in between.
        remaining: commands that would still be needed to undo what happened.
        error: why the plan stopped, None when it went through.
        warnings: what Exchange warned of.
    """

    commands_run: list[str] = field(default_factory=list)
    undo_run: list[str] = field(default_factory=list)
    rolled_back: str | None = None
    remaining: list[str] = field(default_factory=list)
    error: Exception | None = None
    warnings: list[str] = field(default_factory=list)


def apply_plan(plan: Plan, exchange: Target) -> Applied:
    """Run the steps of a plan in order; stop at the first that fails and undo what was done.

    Never raises for what Exchange does or refuses: the outcome tells.
    """
    applied = Applied()
    done: list[Step] = []
    late_name = LateName(plan.assumed_anonymous)
    for planned in plan.steps:
        step, writing, reading = planned, False, _Reading(exchange)
        try:
            step = late_name.bind(planned, reading.access)
            if not _is_due(step, reading):
                continue
            writing = True
            applied.warnings += exchange.run(step.command)
        except SessionLost as lost:
            if writing and lost.may_have_run:
                done.append(step)
                applied.commands_run.append(render(step.command))
            _leave(applied, plan, done, lost)
            return applied
        except Exception as error:
            # Whatever it is, the half-done must not stay.
            applied.error = error
            _roll_back(done, exchange, applied)
            return applied
        done.append(step)
        applied.commands_run.append(render(step.command))
    return applied


class _Reading:
    """What the server says right before one step; each object is asked for once."""

    def __init__(self, exchange: Target) -> None:
        self._exchange = exchange
        self._connectors: dict[str, ReceiveConnector | None] = {}
        self._access: dict[str, Sequence[AccessEntry]] = {}

    def holds(self, check: Check) -> bool:
        if check.needs == "access":
            entries = self.access(check.distinguished_name)
            return self._as_shown(check, entries).holds(None, entries)
        return check.holds(self.connector(check.distinguished_name), ())

    def _as_shown(self, check: Check, entries: Sequence[AccessEntry]) -> Check:
        """The check about a principal under the name that the access list shows for it.

        An account may have been declared in another form, and as long as it had no entries nothing told its name.
        """
        if not isinstance(check, GrantPresent | GrantAbsent):
            return check
        if check.principal.casefold() in {entry.principal.casefold() for entry in entries}:
            return check
        name = self._exchange.read_principal(check.distinguished_name, check.principal).name if entries else ""
        return replace(check, principal=name) if name else check

    def connector(self, distinguished_name: str) -> ReceiveConnector | None:
        if distinguished_name not in self._connectors:
            self._connectors[distinguished_name] = self._exchange.read_connector(distinguished_name)
        return self._connectors[distinguished_name]

    def objection(self, check: Check) -> str:
        return check.objection(None if check.needs == "access" else self.connector(check.distinguished_name))

    def access(self, distinguished_name: str) -> Sequence[AccessEntry]:
        if distinguished_name not in self._access:
            try:
                self._access[distinguished_name] = self._exchange.read_access(distinguished_name)
            except ObjectNotFound:
                self._access[distinguished_name] = ()  # no object, no entries: what the check expects decides
        return self._access[distinguished_name]


def _is_due(step: Step, reading: _Reading) -> bool:
    """Whether the step is still needed; RequirementFailed when it must not be taken.

    What a write of a list relies on is asked last, so that as little time as possible lies between.
    """
    for check in sorted(step.requires, key=lambda check: check.needs == "connector"):
        if not reading.holds(check):
            raise RequirementFailed(
                f"{step.command.cmdlet} for {step.connector} was not run: {reading.objection(check)}."
            )
    return step.only_if is None or reading.holds(step.only_if)


def _leave(applied: Applied, plan: Plan, done: Sequence[Step], lost: SessionLost) -> None:
    """The session is gone: say how far it came. Undoing without knowing what ran could do harm."""
    applied.remaining = [render(command) for command in _inverses(done)]
    applied.rolled_back = "false" if done else None
    applied.error = SessionLost(
        f"{lost} {len(done)} of {len(plan.steps)} commands for {plan.server} were sent; nothing was rolled back, as "
        f"there is no session any more: run again, the next run reads what is there and repairs it.",
        may_have_run=bool(done),
    )


def _roll_back(done: Sequence[Step], exchange: Target, applied: Applied) -> None:
    """Undo the steps in reverse order. One that fails does not keep the others from being undone.

    The step that failed is not undone: Exchange validates before it writes, and undoing a New-ReceiveConnector that
    failed because the name was taken would remove somebody else's connector.
    """
    if not done:
        return
    undos = [undo for step in reversed(done) for undo in step.undo]
    for position, undo in enumerate(undos):
        command = undo.command
        try:
            command = _sparing(undo, exchange, applied.warnings)
            applied.warnings += exchange.run(command)
        except ObjectNotFound:
            if not command.cmdlet.startswith("Remove-"):
                applied.remaining.append(render(command))
        except SessionLost:
            applied.remaining += [render(left.command) for left in undos[position:]]
            break
        except Exception:
            applied.remaining.append(render(command))
        else:
            applied.undo_run.append(render(command))
    if not applied.remaining:
        applied.rolled_back = "true"
    else:
        applied.rolled_back = "partial" if len(applied.remaining) < len(undos) else "false"


class _Entangled(RelayError):
    """A command that would undo somebody else's work too."""


def _sparing(undo: Undo, exchange: Target, warnings: list[str]) -> Command:
    """The command that undoes, changed so that what somebody else wrote meanwhile stays.

    Raises:
        _Entangled: nothing can be undone without losing that.
    """
    command = undo.command
    identity = command.value("Identity")
    if not undo.expects or not isinstance(identity, str):
        return command
    connector = exchange.read_connector(identity)
    if connector is None:
        return command
    changed = [option for option, value in undo.expects.items() if connector.values.get(option) != value]
    told = f"Somebody else changed {', '.join(changed)} of connector {connector.name!r} meanwhile"
    if changed and not undo.restores:
        warnings.append(f"{told}; {command.cmdlet} was not run, because it would lose that.")
        raise _Entangled(told)
    for option in changed:
        row, expected, wanted = BY_OPTION[option], undo.expects[option], undo.restores[option]
        kept = (connector.values[option] - (expected - wanted)) | (wanted - expected)
        if not kept and wanted:
            warnings.append(f"{told}; what is left of {option} cannot be given back without losing that.")
            raise _Entangled(told)
        command = command.with_parameters(**{row.exchange: to_parameter(row, kept)})
    if changed:
        warnings.append(f"{told}; that was kept when what this plan had written was undone.")
    return command


def _inverses(done: Sequence[Step]) -> Iterable[Command]:
    return (command for step in reversed(done) for command in step.inverse)
