# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The versions of Exchange as data: their order, their roles, and how their shell is reached.

Sources: receive-connector.md parts 3 and 5, remote-powershell.md parts 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass

# Oldest first. 2019 and Subscription Edition share 15.2 and differ by build.
VERSIONS = ("2007", "2010", "2013", "2016", "2019", "SE")

CULTURES = ("en", "de", "fr")

EDGE = "edge"
MAILBOX = "mailbox"
CLIENT_ACCESS = "client_access"
HUB_TRANSPORT = "hub_transport"

# The roles that one server of a version may hold together; all of them unless the lab file says otherwise.
_ROLES = {
    "2007": (MAILBOX, CLIENT_ACCESS, HUB_TRANSPORT),
    "2010": (MAILBOX, CLIENT_ACCESS, HUB_TRANSPORT),
    "2013": (MAILBOX, CLIENT_ACCESS),
}

_SNAP_IN_2007 = "Microsoft.Exchange.Management.PowerShell.Admin"
_SNAP_IN_2010 = "Microsoft.Exchange.Management.PowerShell.E2010"
_SNAP_IN_2013 = "Microsoft.Exchange.Management.PowerShell.SnapIn"


def roles_of(version: str) -> tuple[str, ...]:
    """The roles that a version's servers inside the organisation may hold; Edge Transport stands alone besides."""
    return _ROLES.get(version, (MAILBOX,))


def at_least(version: str, since: str) -> bool:
    """Whether a version is `since` or newer."""
    return VERSIONS.index(version) >= VERSIONS.index(since)


@dataclass(frozen=True)
class Platform:
    """What decides which cmdlets, parameters and properties a server has.

    `edge_refuses`: a parameter that Edge Transport does not support binds and is refused by the cmdlet, instead of not
    existing at all (switch edge_parameters).
    """

    version: str
    edge: bool = False
    edge_refuses: bool = False

    def has(self, since: str, until: str | None = None) -> bool:
        """Whether something that exists from version `since` to version `until` exists here."""
        position = VERSIONS.index(self.version)
        return VERSIONS.index(since) <= position <= VERSIONS.index(until or VERSIONS[-1])


FRONTEND_TRANSPORT = "FrontendTransport"
TRANSPORT = "HubTransport"


def transport_roles(version: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    """The transport services of a server by the role of their connectors; the first one owns port 25.

    Edge Transport has the Transport service alone; 2007 and 2010 have it with Hub Transport; 2013 has it with Mailbox
    and the Front End Transport service with Client Access; later Mailbox servers have both.
    """
    if EDGE in roles or HUB_TRANSPORT in roles:
        return (TRANSPORT,)
    if not at_least(version, "2013"):
        return ()
    front = at_least(version, "2016") or CLIENT_ACCESS in roles
    back = MAILBOX in roles
    return (*((FRONTEND_TRANSPORT,) if front else ()), *((TRANSPORT,) if back else ()))


def snap_in(version: str, edge: bool) -> str | None:
    """The snap-in of a server that has no Exchange endpoint: every Edge Transport server, and every one of 2007."""
    if version == "2007":
        return _SNAP_IN_2007
    if not edge:
        return None
    return _SNAP_IN_2010 if version == "2010" else _SNAP_IN_2013


# Major, minor, build and revision of AdminDisplayVersion. 2016 and 2019 are those of captures; the others are what
# Microsoft's list of builds gives for the last or first build of the version (unverified here).
BUILDS = {
    "2007": (8, 3, 83, 6),
    "2010": (14, 3, 123, 4),
    "2013": (15, 0, 1497, 2),
    "2016": (15, 1, 2507, 18),
    "2019": (15, 2, 986, 5),
    "SE": (15, 2, 2562, 17),
}
