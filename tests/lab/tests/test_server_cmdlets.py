# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cmdlets that only read, and which cmdlets an account sees at all."""

from __future__ import annotations

import pytest

from exchange_lab.interface import CallContext

from .conftest import MakeShell, Shell

CONNECTORS = {"New-ReceiveConnector", "Set-ReceiveConnector", "Get-ReceiveConnector", "Remove-ReceiveConnector"}
PERMISSIONS = {"Get-ADPermission", "Add-ADPermission", "Remove-ADPermission"}
POLICIES = {f"{verb}-ThrottlingPolicy" for verb in ("Get", "New", "Set", "Remove")}
SERVERS = {"Get-ExchangeServer", "Get-NetworkConnectionInfo", "Get-ServerComponentState"}


def test_servers(shell: Shell) -> None:
    first, second = shell.objects("Get-ExchangeServer")
    assert (first["Name"], second["Name"]) == ("EX1", "EX2")
    assert first["Fqdn"] == "ex1.lab.example"
    assert first["AdminDisplayVersion"] == "Version 15.2 (Build 986.5)"
    # ServerRole says less than the booleans.
    assert first["ServerRole"] == "Mailbox"
    roles = ("IsHubTransportServer", "IsFrontendTransportServer", "IsMailboxServer", "IsClientAccessServer")
    assert [first[name] for name in roles] == [True] * 4
    assert first["IsEdgeServer"] is False
    assert first["Site"] == "lab.example/Configuration/Sites/Default-First-Site-Name"


def test_status_fills_the_domain_controller_of_each_server(shell: Shell) -> None:
    plain = shell.one("Get-ExchangeServer", "EX2")
    assert plain["CurrentConfigDomainController"] == ""
    assert plain["CurrentDomainControllers"] == []
    full = shell.one("Get-ExchangeServer", "EX2", Status=True)
    assert full["CurrentConfigDomainController"] == "dc2.lab.example"
    assert full["CurrentDomainControllers"] == ["dc2.lab.example"]
    assert full["OriginatingServer"] == "dc1.lab.example", "the executing server's domain controller answered"
    assert (
        shell.one("Get-ExchangeServer", "EX1", DomainController="dc2.lab.example")["OriginatingServer"]
        == "dc2.lab.example"
    )


@pytest.mark.parametrize("identity", ["ex1", "EX1.lab.example"])
def test_a_server_by_name(shell: Shell, identity: str) -> None:
    assert shell.one("Get-ExchangeServer", identity)["Name"] == "EX1"


def test_an_unknown_server(shell: Shell) -> None:
    for cmdlet in SERVERS:
        error = shell.refused(cmdlet, "EX9")
        assert "object 'EX9' couldn't be found on 'dc1.lab.example'" in error.message


def test_network_adapters(shell: Shell) -> None:
    found = shell.objects("Get-NetworkConnectionInfo", "EX1")
    assert [item["IPAddresses"] for item in found] == [["127.0.1.1"], ["fd00::1"]]
    assert [item["IPAddresses"] for item in shell.on("EX2").objects("Get-NetworkConnectionInfo")] == [["127.0.1.2"]]


def test_component_states(make_shell: MakeShell) -> None:
    shell = make_shell(
        servers={
            "EX1": {"address": "127.0.1.1"},
            "EX2": {"address": "127.0.1.2", "components": {"FrontendTransport": "Inactive"}},
        }
    )
    states = {item["Component"]: item["State"] for item in shell.objects("Get-ServerComponentState", "EX2")}
    assert states["FrontendTransport"] == "Inactive"
    assert states["HubTransport"] == states["ServerWideOffline"] == "Active"
    assert states["ForwardSyncDaemon"] == "Inactive", "as on every server"
    assert shell.one("Get-ServerComponentState", "EX1", Component="frontendtransport")["State"] == "Active"
    assert "was not found" in shell.refused("Get-ServerComponentState", "EX1", Component="Frontend").message


def test_accepted_domains(make_shell: MakeShell) -> None:
    domains = [
        {"name": "lab.example", "default": True},
        {"name": "Partner", "domain": "*.partner.example", "type": "InternalRelay"},
    ]
    shell = make_shell(accepted_domains=domains)
    found = shell.objects("Get-AcceptedDomain")
    assert [(item["Name"], item["DomainName"], item["DomainType"], item["Default"]) for item in found] == [
        ("lab.example", "lab.example", "Authoritative", True),
        ("Partner", "*.partner.example", "InternalRelay", False),
    ]
    assert shell.one("Get-AcceptedDomain", "partner")["Name"] == "Partner"
    assert "couldn't be found" in shell.refused("Get-AcceptedDomain", "other.example").message


# --- roles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "visible"),
    [
        ("administrator", CONNECTORS | PERMISSIONS | SERVERS | POLICIES | {"Get-AcceptedDomain"}),
        ("operator", CONNECTORS | SERVERS),
        ("hygienist", CONNECTORS | SERVERS | {"Get-AcceptedDomain", "Get-ADPermission", "Get-ThrottlingPolicy"}),
        (
            "auditor",
            SERVERS | {"Get-ReceiveConnector", "Get-AcceptedDomain", "Get-ADPermission", "Get-ThrottlingPolicy"},
        ),
    ],
)
def test_what_an_account_sees(shell: Shell, user: str, visible: set[str]) -> None:
    mine = shell.on(user=user)
    assert {item["Name"] for item in mine.objects("Get-Command")} == visible | {"Get-Command"}
    for cmdlet in CONNECTORS | PERMISSIONS | SERVERS | POLICIES | {"Get-AcceptedDomain"}:
        ids = [error.error_id for error in mine.call(cmdlet).errors]
        assert ("CommandNotFoundException" in ids) is (cmdlet not in visible)


def test_view_only_and_entries_by_switch(make_shell: MakeShell) -> None:
    auditor = make_shell(switches={"view_only_reads_permissions": False}).on(user="auditor")
    assert auditor.refused("Get-ADPermission", r"EX1\Default EX1").error_id == "CommandNotFoundException"


def test_a_role_group_of_ones_own(make_shell: MakeShell) -> None:
    shell = make_shell(
        role_groups={"Relay Operators": ["Receive Connectors", "Active Directory Permissions"]},
        accounts={"relay": {"password": "x", "role_groups": ["Relay Operators"]}},
    ).on(user="relay")
    assert {item["Name"] for item in shell.objects("Get-Command")} == CONNECTORS | PERMISSIONS | {"Get-Command"}


def test_get_command(shell: Shell) -> None:
    assert [item["Name"] for item in shell.objects("Get-Command", "*-adpermission")] == [
        "Add-ADPermission",
        "Get-ADPermission",
        "Remove-ADPermission",
    ]
    assert shell.one("Get-Command", Name="get-acceptedDOMAIN", CommandType="Cmdlet")["CommandType"] == "Cmdlet"
    assert shell.objects("Get-Command", CommandType="Function") == []
    assert shell.objects("Get-Command", "Nothing*") == []
    outcome = shell.on(user="operator").call("Get-Command", ["New-ReceiveConnector", "Add-ADPermission"])
    assert len(outcome.output) == 1
    [error] = outcome.errors
    assert error.error_id == "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand"
    assert not error.terminating


def test_who_gets_a_session(make_shell: MakeShell) -> None:
    shell = make_shell(
        accounts={
            "administrator": {"password": "x", "role_groups": ["Organization Management"]},
            "barred": {"password": "x", "role_groups": ["Organization Management"], "remote_powershell": False},
            "nobody": {"password": "x"},
        }
    )
    refusal = {
        user: shell.backend.session_refusal(CallContext("EX1", user))
        for user in ("administrator", "barred", "nobody", "stranger")
    }
    assert refusal["administrator"] is None
    assert "remote PowerShell is not enabled" in str(refusal["barred"])
    assert "isn't assigned to any management roles" in str(refusal["nobody"])
    assert "Access is denied" in str(refusal["stranger"])
