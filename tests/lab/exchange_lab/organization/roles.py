# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Role-based access control: which cmdlets an account sees (remote-powershell.md part 3).

A cmdlet that no role of the account holds does not exist for it; PowerShell then says that it is not recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exchange_lab.settings import AccountConfig

# Role -> cmdlets. Which view-only role reads access control entries is unverified (switch view_only_reads_permissions).
ROLES: Mapping[str, frozenset[str]] = {
    "Receive Connectors": frozenset(
        {"New-ReceiveConnector", "Set-ReceiveConnector", "Get-ReceiveConnector", "Remove-ReceiveConnector"}
    ),
    "Active Directory Permissions": frozenset({"Get-ADPermission", "Add-ADPermission", "Remove-ADPermission"}),
    "Exchange Servers": frozenset(
        {"Get-ExchangeServer", "Get-NetworkConnectionInfo", "Get-ServerComponentState", "Get-ReceiveConnector"}
    ),
    "Remote and Accepted Domains": frozenset({"Get-AcceptedDomain"}),
    "View-Only Configuration": frozenset(
        {
            "Get-ReceiveConnector",
            "Get-ExchangeServer",
            "Get-NetworkConnectionInfo",
            "Get-ServerComponentState",
            "Get-AcceptedDomain",
        }
    ),
}

ROLE_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Organization Management": tuple(ROLES),
    "Server Management": ("Receive Connectors", "Exchange Servers"),
    "Hygiene Management": ("Receive Connectors", "View-Only Configuration"),
    "View-Only Organization Management": ("View-Only Configuration",),
}

# What every restricted session may call whatever its roles.
ALWAYS = frozenset({"Get-Command"})


def all_cmdlets() -> frozenset[str]:
    """Every cmdlet, as a snap-in brings them: without role-based access control."""
    return frozenset(cmdlet for cmdlets in ROLES.values() for cmdlet in cmdlets) | ALWAYS


def visible_cmdlets(
    account: AccountConfig, groups: Mapping[str, Iterable[str]], view_only_reads_permissions: bool
) -> frozenset[str]:
    """Return the cmdlets that an account's role groups give it; empty when it has no role at all."""
    roles = {role for group in account.role_groups for role in groups.get(group, ())}
    if not roles:
        return frozenset()
    cmdlets = {cmdlet for role in roles for cmdlet in ROLES[role]} | ALWAYS
    if view_only_reads_permissions and "View-Only Configuration" in roles:
        cmdlets.add("Get-ADPermission")
    return frozenset(cmdlets)
