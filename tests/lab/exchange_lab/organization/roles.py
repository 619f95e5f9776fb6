# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Role-based access control: which cmdlets and parameters an account sees, and which servers it may change
(remote-powershell.md parts 3 and 7).

A role holds cmdlets with some or all of their parameters. A role group assigns roles, within a write scope or
everywhere. What no assignment gives an account does not exist for it: PowerShell says that it does not know the cmdlet,
or the parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exchange_lab.settings import AccountConfig, ManagementRoleConfig, RoleGroupConfig


@dataclass(frozen=True)
class Entry:
    """What a role holds of one cmdlet, its parameters in lower case. only: these, None for all; without: not these."""

    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    def shows(self, parameter: str) -> bool:
        name = parameter.lower()
        return name not in self.without and (self.only is None or name in self.only)


WHOLE = Entry()

Role = Mapping[str, Entry]


def _whole(*cmdlets: str) -> Role:
    return dict.fromkeys(cmdlets, WHOLE)


# Which view-only role reads access control entries is unverified (switch view_only_reads_permissions).
VIEW_ONLY = "View-Only Configuration"

ROLES: Mapping[str, Role] = {
    "Receive Connectors": _whole(
        "New-ReceiveConnector", "Set-ReceiveConnector", "Get-ReceiveConnector", "Remove-ReceiveConnector"
    ),
    "Active Directory Permissions": _whole("Get-ADPermission", "Add-ADPermission", "Remove-ADPermission"),
    "Exchange Servers": _whole(
        "Get-ExchangeServer", "Get-NetworkConnectionInfo", "Get-ServerComponentState", "Get-ReceiveConnector"
    ),
    # No source names the role of these (unverified).
    "Recipient Policies": _whole(
        "Get-ThrottlingPolicy", "New-ThrottlingPolicy", "Set-ThrottlingPolicy", "Remove-ThrottlingPolicy"
    ),
    "Remote and Accepted Domains": _whole("Get-AcceptedDomain"),
    VIEW_ONLY: _whole(
        "Get-ReceiveConnector",
        "Get-ExchangeServer",
        "Get-NetworkConnectionInfo",
        "Get-ServerComponentState",
        "Get-AcceptedDomain",
        "Get-ThrottlingPolicy",
    ),
}

ROLE_GROUPS: Mapping[str, RoleGroupConfig] = {
    "Organization Management": RoleGroupConfig(tuple(ROLES)),
    "Server Management": RoleGroupConfig(("Receive Connectors", "Exchange Servers")),
    "Hygiene Management": RoleGroupConfig(("Receive Connectors", VIEW_ONLY)),
    "View-Only Organization Management": RoleGroupConfig((VIEW_ONLY,)),
}

# What every restricted session may call whatever its roles.
_ALWAYS = _whole("Get-Command")


@dataclass(frozen=True)
class Assignment:
    """A role as a role group gives it. servers: those, in lower case, whose objects it may change; None: any object."""

    role: Role
    servers: frozenset[str] | None = None


class View:
    """What an account sees at an endpoint, and what it may change: the union of its assignments."""

    def __init__(self, assignments: Iterable[Assignment]) -> None:
        self._assignments = tuple(assignments)
        self.cmdlets = frozenset(cmdlet for assignment in self._assignments for cmdlet in assignment.role)

    def shows(self, cmdlet: str, parameter: str) -> bool:
        """Whether a parameter of a cmdlet exists for the account."""
        return any(
            assignment.role[cmdlet].shows(parameter) for assignment in self._assignments if cmdlet in assignment.role
        )

    def may_change(self, cmdlet: str, server: str | None) -> bool:
        """Whether a cmdlet may change what belongs to a server; None: what belongs to the whole organisation.

        The scopes of all assignments that hold the cmdlet add up, whatever parameters each of them holds (unverified).
        """
        return any(
            assignment.servers is None or (server is not None and server.lower() in assignment.servers)
            for assignment in self._assignments
            if cmdlet in assignment.role
        )


NOTHING = View(())

# What a snap-in brings: every cmdlet, without role-based access control.
EVERYTHING = View((*(Assignment(role) for role in ROLES.values()), Assignment(_ALWAYS)))


def custom_roles(configured: Mapping[str, ManagementRoleConfig]) -> dict[str, Role]:
    """Every role of an organisation: Exchange's own, and its children with what was taken out of them."""
    roles = dict(ROLES)
    for name, child in configured.items():
        parent = roles[child.parent]
        roles[name] = {
            cmdlet: Entry(entry.only, entry.without | {gone.lower() for gone in child.without.get(cmdlet) or ()})
            for cmdlet, entry in parent.items()
            if cmdlet not in child.without or child.without[cmdlet] is not None
        }
    return roles


def view_of(
    account: AccountConfig,
    groups: Mapping[str, RoleGroupConfig],
    roles: Mapping[str, Role],
    view_only_reads_permissions: bool,
) -> View:
    """What an account's role groups give it; nothing when it has no role at all."""
    assignments = []
    for group in (groups[name] for name in account.role_groups):
        servers = None if group.servers is None else frozenset(server.lower() for server in group.servers)
        assignments += [Assignment(roles[role], servers) for role in group.roles]
        if view_only_reads_permissions and VIEW_ONLY in group.roles:
            assignments.append(Assignment(_whole("Get-ADPermission"), servers))
    return View((*assignments, Assignment(_ALWAYS))) if assignments else NOTHING
