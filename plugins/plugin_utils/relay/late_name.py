# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the anonymous principal's name where only a connector that a plan makes can tell it.

Setup of Exchange 2007 and 2010 lets no connector take anonymous mail, so no access list shows how the server names
anonymous clients until the plan's own connector has the permission group. Such a plan is made with the name of
Microsoft's documentation; while it is carried out, the connector's own list tells the real one, in the language of the
server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .checks import AnonymousPrincipalIs, Check, GrantAbsent, GrantPresent
from .commands import Command
from .model import AccessEntry
from .rights import anonymous_principal
from .steps import Step

Access = Callable[[str], Sequence[AccessEntry]]
"""Distinguished name -> the access entries that the server shows now."""


class LateName:
    """Puts the real name into the steps of one plan, once a connector has told it.

    Args:
        assumed: the name that the plan was made with; empty when a connector told it before.
    """

    def __init__(self, assumed: str) -> None:
        self._assumed = assumed
        self._told: str | None = None

    def bind(self, step: Step, access: Access) -> Step:
        """The step with the name that the server uses; as it was planned while nothing tells."""
        if self._assumed and self._told is None:
            self._told = _told(step, self._assumed, access)
        if self._told is None or self._told.casefold() == self._assumed.casefold():
            return step
        return _renamed(step, self._assumed, self._told)


def _told(step: Step, assumed: str, access: Access) -> str | None:
    """What the access list says that the step would rely on: one principal with exactly the group's rights, or none."""
    for check in step.requires:
        if isinstance(check, AnonymousPrincipalIs) and check.name.casefold() == assumed.casefold():
            return anonymous_principal(access(check.distinguished_name))
    return None


def _renamed(step: Step, old: str, new: str) -> Step:
    return replace(
        step,
        command=_command(step.command, old, new),
        requires=tuple(_check(check, old, new) for check in step.requires),
        only_if=None if step.only_if is None else _check(step.only_if, old, new),
        undo=tuple(replace(undo, command=_command(undo.command, old, new)) for undo in step.undo),
    )


def _command(command: Command, old: str, new: str) -> Command:
    user = command.value("User")
    if isinstance(user, str) and user.casefold() == old.casefold():
        return command.with_parameters(User=new)
    return command


def _check(check: Check, old: str, new: str) -> Check:
    if isinstance(check, AnonymousPrincipalIs) and check.name.casefold() == old.casefold():
        return replace(check, name=new)
    if isinstance(check, GrantPresent | GrantAbsent) and check.principal.casefold() == old.casefold():
        return replace(check, principal=new)
    return check
