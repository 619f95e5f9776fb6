# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import RELAY_CMDLETS
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.management_roles import remedy, role_of


def test_every_cmdlet_of_the_collection_has_a_role():
    assert [cmdlet for cmdlet in RELAY_CMDLETS if not role_of(cmdlet)] == []


@pytest.mark.parametrize(
    ("cmdlet", "role"),
    [
        ("Remove-ADPermission", "Active Directory Permissions"),
        ("set-receiveconnector", "Receive Connectors"),
        ("Get-Widget", ""),
        ("nonsense", ""),
    ],
)
def test_the_role_of_a_cmdlet(cmdlet: str, role: str):
    assert role_of(cmdlet) == role


@pytest.mark.parametrize(
    ("cmdlets", "sentence"),
    [
        (
            ["Add-ADPermission", "Remove-ADPermission"],
            "give it the management role 'Active Directory Permissions' (by default Organization Management alone "
            "holds it)",
        ),
        (
            ["New-ReceiveConnector", "Add-ADPermission"],
            "give it the management roles 'Receive Connectors' and 'Active Directory Permissions' (by default "
            "Organization Management, Server Management and Hygiene Management hold 'Receive Connectors', and "
            "Organization Management alone holds 'Active Directory Permissions')",
        ),
        (["Get-Widget"], "find the role that holds it with `Get-ManagementRole -Cmdlet Get-Widget`"),
        (
            ["Add-ADPermission", "Get-Widget"],
            "find the role that holds it with `Get-ManagementRole -Cmdlet Get-Widget`",
        ),
    ],
)
def test_what_an_administrator_is_told_to_do(cmdlets: list[str], sentence: str):
    assert remedy(cmdlets) == sentence
