# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a server's roles, version and place allow: transport roles, usages on Edge Transport, foreign servers."""

from __future__ import annotations

import pytest

from .conftest import MakeShell, Shell
from .test_versions import connectors, new_relay, server

PARTNER = {"address": "127.0.1.2", "auth": ["basic"]}


# --- transport roles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "installed", "missing"),
    [(("client_access",), "FrontendTransport", "HubTransport"), (("mailbox",), "HubTransport", "FrontendTransport")],
)
def test_transport_roles_of_a_split_server_of_2013(
    make_shell: MakeShell, roles: tuple[str, ...], installed: str, missing: str
) -> None:
    shell = make_shell(servers=server("2013", *roles))
    call = {"Name": "Relay", "Usage": "Custom", "Bindings": ["127.0.1.1:26"], "RemoteIPRanges": ["10.1.0.0/16"]}
    error = shell.refused("New-ReceiveConnector", TransportRole=missing, **call)
    assert f"The value {missing} of the TransportRole parameter" in error.message and "EX1" in error.message
    assert new_relay(shell)["TransportRole"] == installed, "the one role there is"
    error = shell.refused("Set-ReceiveConnector", r"EX1\Relay", TransportRole=missing)
    assert error.category == "InvalidData"


@pytest.mark.parametrize("version", ["2013", "2016", "2019", "SE"])
def test_both_transport_roles_of_a_whole_server(make_shell: MakeShell, version: str) -> None:
    shell = make_shell(servers=server(version))
    assert new_relay(shell, TransportRole="FrontendTransport")["TransportRole"] == "FrontendTransport"
    assert new_relay(shell, Name="Back", Bindings=["127.0.1.1:27"])["TransportRole"] == "HubTransport"


@pytest.mark.parametrize("role", ["HubTransport", "FrontendTransport"])
def test_the_role_that_is_omitted(make_shell: MakeShell, role: str) -> None:
    switches = {"omitted_transport_role": role}
    shell = make_shell(servers=server("2019"), switches=switches)
    assert new_relay(shell)["TransportRole"] == role
    assert connectors(shell)["Default"]["TransportRole"] == "HubTransport", "setup names the role"
    shell = make_shell(servers=server("2013", "mailbox"), switches=switches)
    assert new_relay(shell)["TransportRole"] == "HubTransport", "there is no other one"


def test_a_server_without_transport_has_no_connectors(make_shell: MakeShell) -> None:
    shell = make_shell(servers=server("2010", "client_access"))
    assert connectors(shell) == {}
    call = {"Usage": "Custom", "Bindings": ["127.0.1.1:26"], "RemoteIPRanges": ["10.1.0.0/16"]}
    error = shell.refused("New-ReceiveConnector", "Relay", **call)
    assert error.message == 'The server "EX1" has no server role that uses Receive connectors.'


# --- Edge Transport --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2007", "2010", "2013", "SE"])
def test_usages_on_edge_transport(make_shell: MakeShell, version: str) -> None:
    shell = make_shell(servers=server(version, "edge"), switches={"usage_bindings": True})
    error = shell.refused("New-ReceiveConnector", "Client", Usage="Client", RemoteIPRanges=["10.1.0.0/16"])
    assert error.message == "The usage type Client is not available on an Edge Transport server."
    seeds = {"Custom": "None", "Internal": "ExchangeServers", "Internet": "AnonymousUsers", "Partner": "Partners"}
    for port, (usage, groups) in enumerate(seeds.items(), start=2600):
        ranges = {} if usage == "Internet" else {"RemoteIPRanges": ["10.1.0.0/16"]}
        made = shell.one("New-ReceiveConnector", usage, Usage=usage, Bindings=[f"0.0.0.0:{port}"], **ranges)
        assert made["PermissionGroups"] == groups
        assert made["MessageRateLimit"] == "600"


@pytest.mark.parametrize("group", ["ExchangeUsers", "ExchangeLegacyServers"])
def test_groups_that_edge_transport_lacks(make_shell: MakeShell, group: str) -> None:
    shell = make_shell(servers=server("2019", "edge"))
    new_relay(shell)
    error = shell.refused("Set-ReceiveConnector", "Relay", PermissionGroups=f"AnonymousUsers, {group}")
    assert (
        error.message
        == f"The value {group} of the PermissionGroups parameter is not available on an Edge Transport server."
    )


def test_relay_on_edge_transport(make_shell: MakeShell) -> None:
    """The cmdlets work against its own directory, with local names."""
    shell = make_shell(servers=server("2019", "edge", smtp_port=0))
    new_relay(shell, Bindings=["0.0.0.0:25"], PermissionGroups="AnonymousUsers")
    rows = shell.objects("Get-ADPermission", "Relay")
    assert {row["User"] for row in rows} == {r"NT AUTHORITY\ANONYMOUS LOGON", r"BUILTIN\Administrators"}
    assert ask(shell, "10.1.0.1") == ("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "Relay")
    shell.objects(
        "Add-ADPermission", "Relay", User="ANONYMOUS LOGON", ExtendedRights=["ms-Exch-SMTP-Accept-Any-Recipient"]
    )
    assert ask(shell, "10.1.0.1") == ("250 2.1.5 Recipient OK", "Relay")


def ask(shell: Shell, client: str) -> tuple[str, str | None]:
    reply, name = shell.answers.watched("EX1", client, "app@lab.example", "someone@elsewhere.example")
    return str(reply), name


# --- SMTP of versions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "roles", "default", "stranger", "member"),
    [
        ("2007", (), "Default EX1", "530 5.7.1 Client was not authenticated", "550 5.7.1 Unable to relay"),
        ("2010", (), "Default EX1", "530 5.7.1 Client was not authenticated", "550 5.7.1 Unable to relay"),
        ("2013", ("mailbox",), "Default EX1", "530 5.7.1 Client was not authenticated", "550 5.7.1 Unable to relay"),
        ("2013", (), "Default Frontend EX1", "550 5.7.1 Unable to relay", "550 5.7.1 Unable to relay"),
        (
            "2016",
            (),
            "Default Frontend EX1",
            "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
            "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
        ),
    ],
)
def test_port_25(
    make_shell: MakeShell, version: str, roles: tuple[str, ...], default: str, stranger: str, member: str
) -> None:
    """Which connector has port 25, what a stranger hears, and a client of an anonymous connector without relay."""
    shell = make_shell(servers=server(version, *roles))
    assert ask(shell, "10.2.0.1") == (stranger, default)
    role = {"TransportRole": "FrontendTransport"} if "Frontend" in default else {}
    new_relay(shell, Bindings=["0.0.0.0:25"], PermissionGroups="AnonymousUsers", **role)
    assert ask(shell, "10.1.0.1") == (member, "Relay")


def test_the_transport_service_checks_anonymous_senders(make_shell: MakeShell) -> None:
    """The Front End Transport service does not (permissions.md part 2)."""
    for version, accepted in (("2010", False), ("2013", True)):
        shell = make_shell(servers=server(version))
        role = {"TransportRole": "FrontendTransport"} if version == "2013" else {}
        new_relay(shell, Bindings=["0.0.0.0:25"], PermissionGroups="AnonymousUsers", **role)
        shell.call(
            "Remove-ADPermission",
            "Relay",
            User="ANONYMOUS LOGON",
            ExtendedRights=["ms-Exch-SMTP-Accept-Any-Sender"],
            Confirm=False,
        )
        reply, _ = ask(shell, "10.1.0.1")
        assert reply.startswith("550 5.7.1 Unable") is accepted
        assert ("send as this sender" in reply) is not accepted


def test_the_port_without_a_service_behind_it(make_shell: MakeShell) -> None:
    shell = make_shell(servers=server("2013", "mailbox"), switches={"split_mailbox_port": "2525"})
    assert ask(shell, "10.2.0.1") == ("421 4.3.2 Service not available", None)


@pytest.mark.parametrize(("choice", "count"), [("four", 4), ("three", 3)])
@pytest.mark.parametrize("version", ["2007", "2010"])
def test_rights_of_anonymous_users_before_2013(make_shell: MakeShell, version: str, choice: str, count: int) -> None:
    shell = make_shell(servers=server(version), switches={"legacy_anonymous_rights": choice})
    made = new_relay(shell, PermissionGroups="AnonymousUsers")
    assert made["PermissionGroups"] == "AnonymousUsers"
    rows = [row for row in shell.objects("Get-ADPermission", "Relay") if not row["IsInherited"]]
    assert len(rows) == count


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2010", "250 2.1.5 Recipient OK"),
        ("2013", "250 2.1.5 Recipient OK"),
        ("2016", "501 5.1.7 Invalid address"),
    ],
)
def test_the_default_domain_completes_addresses(make_shell: MakeShell, version: str, expected: str) -> None:
    shell = make_shell(servers=server(version))
    role = {} if version == "2010" else {"TransportRole": "FrontendTransport"}
    binding = {"Bindings": ["0.0.0.0:25"], "PermissionGroups": "AnonymousUsers"}
    new_relay(shell, DefaultDomain="lab.example", **binding, **role)
    reply, name = shell.answers.watched("EX1", "10.1.0.1", "app", "someone")
    assert (str(reply), name) == (expected, "Relay")


# --- servers of other versions ---------------------------------------------------------------------------------------


def two(own: str, theirs: str) -> dict[str, object]:
    return {**server(own), "EX2": {**PARTNER, "version": theirs}}


@pytest.mark.parametrize(
    ("own", "theirs", "refused"),
    [
        ("2019", "2019", None),
        ("SE", "2013", None),
        ("2019", "2016", None),
        ("2010", "2007", None),
        ("2016", "2019", "runs a later version"),
        ("2010", "2013", "runs a later version"),
        ("2013", "2010", "runs an earlier version"),
        ("SE", "2007", "runs an earlier version"),
    ],
)
def test_connectors_of_servers_of_other_versions(
    make_shell: MakeShell, own: str, theirs: str, refused: str | None
) -> None:
    shell = make_shell(servers=two(own, theirs))
    assert len(shell.objects("Get-ReceiveConnector", Server="EX2")) in (2, 5), "reading is never refused"
    call = {"Usage": "Custom", "Server": "EX2", "Bindings": ["127.0.1.2:26"], "RemoteIPRanges": ["10.1.0.0/16"]}
    if refused is None:
        shell.one("New-ReceiveConnector", "Relay", **call)
        shell.objects("Set-ReceiveConnector", r"EX2\Relay", Comment="x")
        shell.objects("Remove-ReceiveConnector", r"EX2\Relay", Confirm=False)
        return
    for cmdlet, arguments in (
        ("New-ReceiveConnector", {"Name": "Relay", **call}),
        ("Set-ReceiveConnector", {"Identity": r"EX2\Default EX2", "Comment": "x"}),
        ("Remove-ReceiveConnector", {"Identity": r"EX2\Default EX2", "Confirm": False}),
    ):
        error = shell.refused(cmdlet, **arguments)
        assert refused in error.message and error.category == "InvalidOperation"
    allowed = make_shell(servers=two(own, theirs), switches={"older_cmdlets": "allowed", "newer_cmdlets": "allowed"})
    allowed.one("New-ReceiveConnector", "Relay", **call)


def test_cmdlets_show_what_their_own_version_knows(make_shell: MakeShell) -> None:
    shell = make_shell(servers=two("2010", "2019"))
    assert "TransportRole" not in shell.one("Get-ReceiveConnector", r"EX2\Default EX2")
    assert shell.on("EX2").one("Get-ReceiveConnector", r"EX1\Default EX1")["TransportRole"] == "HubTransport"
