# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which servers' connectors the cmdlets of a server change (remote-powershell.md part 5).

A server is managed with cmdlets of its own version or newer, and those of 2013 and later do not manage all of 2007 and
2010. What Exchange does otherwise is unverified: it refuses unless a switch says `allowed`. Reading is never refused.
"""

from __future__ import annotations

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.definition import Invocation
from exchange_lab.organization.model import ExchangeServer
from exchange_lab.versions import at_least


def check_reach(run: Invocation, target: ExchangeServer) -> None:
    """Raise TaskFailure when the executing server's cmdlets do not change connectors of `target`."""
    switches = run.organization.config.switches
    own, theirs = run.server.config.version, target.config.version
    if not at_least(own, theirs) and switches.older_cmdlets == "refused":
        raise errors.wrong_server("server_is_newer", target.name, run.server.name)
    if at_least(own, "2013") and not at_least(theirs, "2013") and switches.newer_cmdlets == "refused":
        raise errors.wrong_server("server_is_older", target.name, run.server.name)
