# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access control entries above the connectors, and which of them come down to a connector.

The objects above a connector are those of Exchange's configuration tree; the rules are Windows' own (an entry comes
down or not by its inheritance type, and a nearer one goes before a farther one). What Get-ADPermission says of the type
of an inherited row is unverified.
"""

from __future__ import annotations

from collections.abc import Iterable

from exchange_lab.organization.acl import Ace
from exchange_lab.organization.principals import Principals
from exchange_lab.section import LabFileError
from exchange_lab.settings import InheritedPermission, ServerConfig

LEVELS = (
    "connectors",
    "protocols",
    "server",
    "servers",
    "administrative_group",
    "administrative_groups",
    "organization",
)
"""What stands above a connector, the nearest first."""

OF_ONE_SERVER = LEVELS[:3]
"""Those that every server has of its own."""

FULL_CONTROL, EVERY_EXTENDED_RIGHT = "GenericAll", "ExtendedRight"
"""Words for an entry that names no right and gives every extended right."""


def distance(level: str) -> int:
    """How many steps up from a connector an object is; the container of the connectors is the first."""
    return LEVELS.index(level) + 1


def comes_down(entry: InheritedPermission) -> bool:
    """Whether a connector inherits the entry at all, by its inheritance type."""
    if entry.inheritance in ("SelfAndChildren", "Children"):
        return distance(entry.level) == 1
    return entry.inheritance != "None"


def configured_rows(
    entries: Iterable[InheritedPermission], principals: Principals, server: ServerConfig
) -> tuple[Ace, ...]:
    """The rows that the connectors of a server inherit by the lab file.

    An Edge Transport server's directory is its own: it has those entries only that name it.

    Raises:
        LabFileError: an entry is for a user or group that the lab does not have.
    """
    rows = [(entry, _row(entry, principals)) for entry in entries if _above(entry, server)]
    return tuple(row for entry, row in rows if comes_down(entry))


def _above(entry: InheritedPermission, server: ServerConfig) -> bool:
    return entry.server.lower() == server.name.lower() if entry.server else not server.edge


def _row(entry: InheritedPermission, principals: Principals) -> Ace:
    principal = principals.find(entry.user, sids=True)
    if principal is None:
        raise LabFileError(f"inherited_permissions: the lab knows no user or group {entry.user!r}.")
    whole = entry.right in (FULL_CONTROL, EVERY_EXTENDED_RIGHT)
    return Ace(
        principal,
        "" if whole else entry.right,
        entry.deny,
        distance=distance(entry.level),
        access=entry.right if whole else "ExtendedRight",
        inheritance="None" if entry.inheritance in ("SelfAndChildren", "Children") else "All",
    )
