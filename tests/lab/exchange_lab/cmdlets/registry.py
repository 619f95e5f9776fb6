# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All cmdlets of the lab by name."""

from __future__ import annotations

from exchange_lab.cmdlets import ad_permission, receive_connector, server, throttling_policy
from exchange_lab.cmdlets.command import get_command
from exchange_lab.cmdlets.definition import Cmdlet
from exchange_lab.versions import Platform


def _all() -> tuple[Cmdlet, ...]:
    return tuple(CMDLETS.values())


CMDLETS: dict[str, Cmdlet] = {
    cmdlet.name.lower(): cmdlet
    for cmdlet in (
        *receive_connector.CMDLETS,
        *ad_permission.CMDLETS,
        *server.CMDLETS,
        *throttling_policy.CMDLETS,
        get_command(_all),
    )
}


def find_cmdlet(name: str, platform: Platform | None = None) -> Cmdlet | None:
    """Return a cmdlet whatever the case of its name; None also when the server does not have it."""
    cmdlet = CMDLETS.get(name.strip().lower())
    if cmdlet is None or (platform is not None and not cmdlet.exists(platform)):
        return None
    return cmdlet
