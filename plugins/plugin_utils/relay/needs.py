# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: which cmdlets and parameters somebody needs who carries out a plan, or undoes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .checks import GrantAbsent, GrantPresent, Needs
from .commands import Command
from .steps import Plan, Step

_READS = {"access": "Get-ADPermission", "connector": "Get-ReceiveConnector"}


def commands_needed(plan: Plan) -> tuple[Command, ...]:
    """Every command that a run of the plan takes when nothing fails: its steps, and what is read right before them.

    A connector that is created counts as read too: the next run asks who may relay through it, whatever its method, so
    an account that cannot would leave behind what it can never touch again.
    """
    needed = [step.command for step in plan.steps]
    for step in plan.steps:
        needed += _reads(step, plan.domain_controller)
        if step.command.cmdlet == "New-ReceiveConnector":
            needed.append(_read("access", "", plan.domain_controller))
    return tuple(dict.fromkeys(needed))


def commands_undoing(plan: Plan) -> tuple[Command, ...]:
    """Every command that may undo the plan: it must not stay half-done for want of a right."""
    return tuple(dict.fromkeys(command for step in plan.steps for command in step.inverse))


def _reads(step: Step, domain_controller: str | None) -> Iterator[Command]:
    for check in (*step.requires, *(() if step.only_if is None else (step.only_if,))):
        yield _read(check.needs, check.distinguished_name, domain_controller)
        # Where a list does not show an account by the declared name, Exchange is asked which one it is.
        if isinstance(check, GrantPresent | GrantAbsent):
            read = _read(check.needs, check.distinguished_name, domain_controller)
            yield read.with_parameters(User=check.principal)


def _read(what: Needs, distinguished_name: str, domain_controller: str | None) -> Command:
    named = {"DomainController": domain_controller} if domain_controller else {}
    return Command.of(_READS[what], Identity=distinguished_name, **named)


@dataclass(frozen=True)
class Lacking:
    """What an account does not see of one cmdlet. parameters: those it lacks; empty when it lacks the cmdlet."""

    cmdlet: str
    parameters: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.cmdlet, *(f"-{name}" for name in self.parameters)))


def lacking(commands: Iterable[Command], seen: Mapping[str, frozenset[str] | None]) -> tuple[Lacking, ...]:
    """What of these commands an account does not see, in their order.

    Args:
        commands: what it needs.
        seen: cmdlet -> its parameters in lower case, None where nothing tells them; a cmdlet that is not there is one
            that the account does not see.
    """
    wanted: dict[str, dict[str, str]] = {}
    for command in commands:
        parameters = wanted.setdefault(command.cmdlet, {})
        for name, _value in command.parameters:
            parameters.setdefault(name.lower(), name)
    found = []
    for cmdlet, parameters in wanted.items():
        shown = seen.get(cmdlet, frozenset())
        if cmdlet not in seen:
            found.append(Lacking(cmdlet))
        elif shown is not None and not parameters.keys() <= shown:
            found.append(Lacking(cmdlet, tuple(name for key, name in parameters.items() if key not in shown)))
    return tuple(found)
