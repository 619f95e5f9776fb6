# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which servers' connectors the cmdlets of a server change, and an account by them (remote-powershell.md parts 3, 5).

A server is managed with cmdlets of its own version or newer, and those of 2013 and later do not manage all of 2007 and
2010. What Exchange does otherwise is unverified: it refuses unless a switch says `allowed`. Reading is never refused,
neither for that nor for an account's write scope.
"""

from __future__ import annotations

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.definition import Invocation
from exchange_lab.organization.model import ExchangeServer
from exchange_lab.versions import at_least

CONNECTOR = "ReceiveConnector"


def check_reach(run: Invocation, target: ExchangeServer) -> None:
    """Raise TaskFailure when the executing server's cmdlets do not change connectors of `target`."""
    switches = run.organization.config.switches
    own, theirs = run.server.config.version, target.config.version
    if not at_least(own, theirs) and switches.older_cmdlets == "refused":
        raise errors.wrong_server("server_is_newer", target.name, run.server.name)
    if at_least(own, "2013") and not at_least(theirs, "2013") and switches.newer_cmdlets == "refused":
        raise errors.wrong_server("server_is_older", target.name, run.server.name)


def check_scope(run: Invocation, kind: str, identity: str, server: ExchangeServer | None) -> None:
    """Raise TaskFailure when the account's write scopes do not hold the object that the cmdlet would write.

    kind: class of the object. server: whose object it is; None for one of the whole organisation, which only an account
    without a write scope changes. Where among a cmdlet's checks this one comes is unverified: before anything is
    written.
    """
    if not run.view.may_change(run.cmdlet.name, None if server is None else server.name):
        while_saving = run.organization.config.switches.write_scope_error == "saving"
        raise errors.out_of_scope(identity, kind, while_saving)
