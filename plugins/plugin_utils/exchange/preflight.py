# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the account may do all of what is about to be done, asked before the first write. PRIVATE to the collection.

RBAC hides what an account may not use. One Get-Command tells which cmdlets are there, and where Exchange shows them
(unverified whether it does) their parameters too. A write scope shows in nothing that such an account can read; only a
write meets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.needs import lacking

from .management_roles import remedy, role_of

# By this one the server was read, so whoever gets here has it, and gave it an identity.
_USED_BEFORE = Command.of("Get-ExchangeServer", Identity="")


class Asked(Protocol):
    """Of whom it is asked: the facade of an open session."""

    @property
    def account(self) -> str: ...

    @property
    def hides_cmdlets(self) -> bool: ...

    def visible_parameters(self, names: Iterable[str]) -> Mapping[str, frozenset[str] | None] | None: ...


def missing_rights(commands: Sequence[Command], undoing: Sequence[Command], server: str, exchange: Asked) -> str:
    """One sentence about what of these commands the account does not see, and the roles that hold it; else empty.

    Args:
        commands: all that is to be run.
        undoing: what may have to be run when one of them fails.
        server: whose objects they change, for the sentence.
        exchange: where it is asked, with one command; not at all behind a snap-in, which knows no roles.
    """
    if not commands or not exchange.hides_cmdlets:
        return ""
    names = dict.fromkeys(command.cmdlet for command in (_USED_BEFORE, *commands, *undoing))
    seen = exchange.visible_parameters(names)
    # An answer without what was just used is no answer.
    if seen is None or _USED_BEFORE.cmdlet not in seen:
        return ""
    if lacking((_USED_BEFORE,), seen):
        seen = dict.fromkeys(seen)
    missing = lacking(commands, seen)
    given = {role_of(one.cmdlet) for one in missing}
    undo = [one for one in lacking(undoing, seen) if role_of(one.cmdlet) not in given]
    if not missing and not undo:
        return ""
    what = ", ".join(map(str, missing))
    if undo:
        what += f"{', nor ' if what else ''}{', '.join(map(str, undo))}, which would undo a run that fails,"
    whose = f"The account {exchange.account}" if exchange.account else "The account"
    return f"{whose} may not use {what} on {server}: {remedy(one.cmdlet for one in (*missing, *undo))}."
