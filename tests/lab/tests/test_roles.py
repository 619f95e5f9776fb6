# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roles as a matrix of cmdlets and parameters, and configuration write scopes (remote-powershell.md parts 3 and 7)."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from exchange_lab.config import parse
from exchange_lab.interface import CmdletError
from exchange_lab.section import LabFileError

from .conftest import MakeShell, Shell, lab_content

READ_CONNECTORS = {"Get-ReceiveConnector"}
WRITE_CONNECTORS = {"New-ReceiveConnector", "Set-ReceiveConnector", "Remove-ReceiveConnector"}
READ_PERMISSIONS = {"Get-ADPermission"}
WRITE_PERMISSIONS = {"Add-ADPermission", "Remove-ADPermission"}
SERVERS = {"Get-ExchangeServer", "Get-NetworkConnectionInfo", "Get-ServerComponentState"}
DOMAINS = {"Get-AcceptedDomain"}
READ_POLICIES = {"Get-ThrottlingPolicy"}
WRITE_POLICIES = {"New-ThrottlingPolicy", "Set-ThrottlingPolicy", "Remove-ThrottlingPolicy"}
READ = READ_CONNECTORS | READ_PERMISSIONS | SERVERS | DOMAINS | READ_POLICIES
EVERY = READ | WRITE_CONNECTORS | WRITE_PERMISSIONS | WRITE_POLICIES

MATRIX = {
    "Organization Management": EVERY,
    "Server Management": READ_CONNECTORS | WRITE_CONNECTORS | SERVERS,
    "Hygiene Management": READ | WRITE_CONNECTORS,
    "View-Only Organization Management": READ,
}
# A parameter of each kind: one that only this cmdlet has, one of every cmdlet, PowerShell's own, and one of none.
OWN = {
    "New-ReceiveConnector": "RemoteIPRanges",
    "Set-ReceiveConnector": "MaxInboundConnection",
    "Add-ADPermission": "ExtendedRights",
    "Remove-ADPermission": "Deny",
    "Get-ADPermission": "User",
    "Get-ReceiveConnector": "Server",
    "Get-ExchangeServer": "Status",
}
LEAST = ["Receive Connectors", "Active Directory Permissions", "View-Only Configuration"]


def member(make_shell: MakeShell, *groups: str, **changes: Any) -> Shell:
    """A session of an account of these role groups, in an organisation that has an administrator too."""
    accounts = {
        "administrator": {"password": "x", "role_groups": ["Organization Management"]},
        "member": {"password": "x", "role_groups": list(groups)},
    }
    return make_shell(**{"accounts": accounts, **changes}).on(user="member")


def ids(shell: Shell, cmdlet: str, **parameters: object) -> list[str]:
    """The error ids of a call that writes nothing: those that tell what the account sees."""
    told = ("CommandNotFoundException", "NamedParameterNotFound")
    return [
        error.error_id.partition(",")[0]
        for error in shell.call(cmdlet, **{"WhatIf": True, **parameters} if "Get-" not in cmdlet else parameters).errors
        if error.error_id.startswith(told)
    ]


# --- the matrix ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", MATRIX)
@pytest.mark.parametrize("cmdlet", sorted(EVERY))
def test_what_a_role_group_sees_of_a_cmdlet(make_shell: MakeShell, group: str, cmdlet: str) -> None:
    shell = member(make_shell, group)
    seen = cmdlet in MATRIX[group]
    for parameter in filter(None, (OWN.get(cmdlet), "ErrorAction")):
        assert ids(shell, cmdlet, **{parameter: "SilentlyContinue"}) == ([] if seen else ["CommandNotFoundException"])
    assert ids(shell, cmdlet, Nonsense=1) == (["NamedParameterNotFound"] if seen else ["CommandNotFoundException"])
    assert len(shell.call("Get-Command", Name=cmdlet).output) == seen


def test_the_table_of_this_test_knows_every_cmdlet(shell: Shell) -> None:
    names = {str(item["Name"]) for item in shell.objects("Get-Command")}
    assert names - {"Get-Command"} == EVERY


def test_role_groups_add_up(make_shell: MakeShell) -> None:
    shell = member(make_shell, "Server Management", "View-Only Organization Management")
    names = {item["Name"] for item in shell.objects("Get-Command")}
    assert names - {"Get-Command"} == MATRIX["Server Management"] | MATRIX["View-Only Organization Management"]


# --- roles of one's own ----------------------------------------------------------------------------------------------

CHILD = {
    "Relay Connectors": {
        "parent": "Receive Connectors",
        "without": {"Set-ReceiveConnector": ["Banner", "Fqdn"], "Remove-ReceiveConnector": "all"},
    }
}
IDENTITY = r"EX1\Default Frontend EX1"


def with_child(make_shell: MakeShell, *more_groups: str, **changes: Any) -> Shell:
    return member(
        make_shell,
        "Operators",
        *more_groups,
        management_roles=CHILD,
        role_groups={"Operators": ["Relay Connectors", "View-Only Configuration"]},
        **changes,
    )


def test_a_parameter_that_was_taken_out_cannot_be_found(make_shell: MakeShell) -> None:
    shell = with_child(make_shell)
    error = shell.refused("Set-ReceiveConnector", IDENTITY, Banner="220 hello")
    assert error.message == "A parameter cannot be found that matches parameter name 'Banner'."
    assert (error.error_id, error.category) == ("NamedParameterNotFound,Set-ReceiveConnector", "InvalidArgument")
    assert error.terminating
    assert shell.refused("Set-ReceiveConnector", IDENTITY, fqdn="ex1.lab.example").error_id == error.error_id
    assert shell.objects("Set-ReceiveConnector", IDENTITY, Comment="kept") == []


def test_a_cmdlet_that_was_taken_out_is_not_recognised(make_shell: MakeShell) -> None:
    shell = with_child(make_shell)
    error = shell.refused("Remove-ReceiveConnector", IDENTITY, Confirm=False)
    assert error.error_id == "CommandNotFoundException" and "is not recognized" in error.message
    assert ids(shell, "New-ReceiveConnector", Banner="220 hello") == [], "taken out of another cmdlet only"


def test_what_was_taken_out_is_no_meaning_of_a_prefix(make_shell: MakeShell) -> None:
    administrator = with_child(make_shell).on(user="administrator")
    assert administrator.refused("Set-ReceiveConnector", IDENTITY, B=1).error_id.startswith("AmbiguousParameter")
    assert administrator.objects("Set-ReceiveConnector", IDENTITY, Bann="220 hello") == []
    assert ids(with_child(make_shell), "Set-ReceiveConnector", Bann="220 hello") == ["NamedParameterNotFound"]


def test_another_role_group_gives_it_back(make_shell: MakeShell) -> None:
    shell = with_child(make_shell, "Hygiene Management")
    assert ids(shell, "Set-ReceiveConnector", Banner="220 hello") == []
    assert ids(shell, "Remove-ReceiveConnector", Identity="nothing") == []


def test_a_child_of_a_child_lacks_what_both_lack(make_shell: MakeShell) -> None:
    roles = {**CHILD, "Less": {"parent": "Relay Connectors", "without": {"Set-ReceiveConnector": ["Comment"]}}}
    shell = member(make_shell, "Operators", management_roles=roles, role_groups={"Operators": ["Less"]})
    for parameter in ("Banner", "Fqdn", "Comment"):
        assert ids(shell, "Set-ReceiveConnector", **{parameter: "x"}) == ["NamedParameterNotFound"]
    assert ids(shell, "Remove-ReceiveConnector") == ["CommandNotFoundException"]
    assert ids(shell, "Set-ReceiveConnector", MaxHopCount=60) == []


def test_even_a_parameter_of_powershell_can_be_taken_out(make_shell: MakeShell) -> None:
    roles = {"Less": {"parent": "Receive Connectors", "without": {"Set-ReceiveConnector": ["DomainController"]}}}
    shell = member(make_shell, "Operators", management_roles=roles, role_groups={"Operators": ["Less"]})
    assert ids(shell, "Set-ReceiveConnector", DomainController="dc1.lab.example") == ["NamedParameterNotFound"]
    assert ids(shell, "Get-ReceiveConnector", DomainController="dc1.lab.example") == []


def test_the_journal_names_a_parameter_that_the_account_did_not_see(make_shell: MakeShell, tmp_path: Path) -> None:
    with_child(make_shell).call("Set-ReceiveConnector", IDENTITY, banner="220 hello")
    line = (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert '"Banner": "220 hello"' in line and '"changed": false' in line


# --- Get-Command -----------------------------------------------------------------------------------------------------


def told_parameters(shell: Shell, cmdlet: str) -> list[str] | None:
    [element] = shell.call("Get-Command", Name=cmdlet).output
    dictionary = element.find("Props/Obj[@N='Parameters']/DCT")
    return None if dictionary is None else [key.text or "" for key in dictionary.iterfind("En/*[@N='Key']")]


def test_get_command_tells_the_parameters_that_the_account_sees(make_shell: MakeShell) -> None:
    everything = told_parameters(with_child(make_shell).on(user="administrator"), "Set-ReceiveConnector")
    mine = told_parameters(with_child(make_shell), "Set-ReceiveConnector")
    assert everything is not None and mine is not None
    assert set(everything) - set(mine) == {"Banner", "Fqdn"}
    assert {"Identity", "DomainController", "Confirm", "ErrorAction"} <= set(mine)


def test_get_command_of_an_older_version_tells_its_own_parameters(make_shell: MakeShell) -> None:
    servers = {"EX1": {"version": "2010", "address": "127.0.1.1", "auth": ["basic"]}}
    told = told_parameters(make_shell(servers=servers), "Set-ReceiveConnector")
    assert told is not None and "TransportRole" not in told and "RemoteIPRanges" in told


def test_get_command_without_parameters_by_switch(make_shell: MakeShell) -> None:
    shell = with_child(make_shell, switches={"command_parameters": "hidden"})
    assert told_parameters(shell, "Set-ReceiveConnector") is None
    assert ids(shell, "Set-ReceiveConnector", Banner="220 hello") == ["NamedParameterNotFound"]


# --- write scopes ----------------------------------------------------------------------------------------------------

SCOPED = {"Relay Operators": {"roles": LEAST, "servers": ["EX1"]}}
ERRORS = {
    "saving": ("ADScopeException", "NotSpecified"),
    "task": ("IsOutofConfigWriteScopeException", "InvalidOperation"),
}
TEXTS = {
    ("en", "saving"): "isn't within your current write scopes",
    ("de", "saving"): "innerhalb Ihrer aktuellen Schreibbereiche",
    ("fr", "saving"): "vos étendues d'écriture",
    ("en", "task"): "out of the current user's write scope",
    ("de", "task"): "außerhalb des Schreibbereichs",
    ("fr", "task"): "hors de l'étendue d'écriture",
}


def writes(shell: Shell, server: str) -> dict[str, dict[str, object]]:
    """A call of every cmdlet that writes, each legal in itself on an untouched server."""
    identity = rf"{server}\Default Frontend {server}"
    dn = next(item.distinguished_name for item in shell.organization.connectors if item.identity == identity)
    grant = {"Identity": dn, "User": "ANONYMOUS LOGON", "ExtendedRights": ["ms-Exch-SMTP-Accept-Any-Recipient"]}
    creation = {"Name": "Relay", "Usage": "Custom", "Server": server, "Bindings": ["0.0.0.0:25"]}
    return {
        "New-ReceiveConnector": {
            **creation,
            "RemoteIPRanges": ["10.1.0.0/16"],
            "TransportRole": "FrontendTransport",
        },
        "Set-ReceiveConnector": {"Identity": identity, "Comment": "changed"},
        "Add-ADPermission": grant,
        "Remove-ADPermission": {**grant, "Confirm": False},
        "Remove-ReceiveConnector": {"Identity": identity, "Confirm": False},
    }


def refusal(shell: Shell, cmdlet: str, parameters: dict[str, object]) -> CmdletError:
    return shell.refused(cmdlet, **parameters)


@pytest.mark.parametrize(("culture", "kind"), list(itertools.product(("en", "de", "fr"), ERRORS)))
def test_a_write_out_of_scope_is_refused_before_anything_changes(
    make_shell: MakeShell, culture: str, kind: str
) -> None:
    servers = {
        name: {"address": f"127.0.1.{number}", "auth": ["basic"], "culture": culture}
        for number, name in enumerate(("EX1", "EX2"), 1)
    }
    shell = member(
        make_shell, "Relay Operators", role_groups=SCOPED, servers=servers, switches={"write_scope_error": kind}
    )
    for cmdlet, parameters in writes(shell, "EX2").items():
        for executing in ("EX1", "EX2"):
            error = refusal(shell.on(server=executing), cmdlet, parameters)
            assert TEXTS[culture, kind] in error.message, cmdlet
            exception, category = ERRORS[kind]
            assert error.exception_type.rpartition(".")[2] == exception
            assert (error.category, error.terminating) == (category, False)
            assert f"FailureCategory=Cmdlet-{exception}" in error.error_id
        assert refusal(shell, cmdlet, {**parameters, "WhatIf": True}).category == ERRORS[kind][1]


def test_everything_in_scope_is_carried_out(make_shell: MakeShell) -> None:
    shell = member(make_shell, "Relay Operators", role_groups=SCOPED)
    for cmdlet, parameters in writes(shell, "EX1").items():
        outcome = shell.on(server="EX2").call(cmdlet, **parameters)
        assert (outcome.errors, outcome.warnings) == ([], []), cmdlet


def test_reads_know_no_scope(make_shell: MakeShell) -> None:
    shell = member(make_shell, "Relay Operators", role_groups=SCOPED)
    assert {item["Server"] for item in shell.objects("Get-ReceiveConnector")} == {"EX1", "EX2"}
    assert shell.objects("Get-ADPermission", shell.organization.connectors_of("EX2")[0].distinguished_name)


def test_scopes_add_up(make_shell: MakeShell) -> None:
    groups = {**SCOPED, "Others": {"roles": ["Receive Connectors"], "servers": ["EX1", "EX2"]}}
    shell = member(make_shell, "Relay Operators", "Others", role_groups=groups)
    calls = writes(shell, "EX2")
    assert shell.call("Set-ReceiveConnector", **calls["Set-ReceiveConnector"]).errors == []
    # The second group does not hold this cmdlet, so its scope does not count for it.
    assert "write scopes" in shell.refused("Add-ADPermission", **calls["Add-ADPermission"]).message


@pytest.mark.parametrize("kind", ERRORS)
def test_what_belongs_to_no_server_is_in_no_scope_of_servers(make_shell: MakeShell, kind: str) -> None:
    groups = {"Policies": {"roles": ["Recipient Policies"], "servers": ["EX1", "EX2"]}}
    shell = member(make_shell, "Policies", role_groups=groups, switches={"write_scope_error": kind})
    error = shell.refused("New-ThrottlingPolicy", "Relay")
    assert TEXTS["en", kind] in error.message
    assert shell.on(user="administrator").objects("New-ThrottlingPolicy", "Relay")
    assert "Relay" in {item["Name"] for item in shell.objects("Get-ThrottlingPolicy")}
    assert TEXTS["en", kind] in shell.refused("Remove-ThrottlingPolicy", "Relay", Confirm=False).message


def test_a_group_without_a_scope_changes_everything(make_shell: MakeShell) -> None:
    shell = member(make_shell, "Relay Operators", "Server Management", role_groups=SCOPED)
    calls = writes(shell, "EX2")
    assert shell.call("Set-ReceiveConnector", **calls["Set-ReceiveConnector"]).errors == []
    assert "write scopes" in shell.refused("Add-ADPermission", **calls["Add-ADPermission"]).message


@pytest.mark.parametrize(("version", "roles"), [("2007", ["hub_transport"]), ("2019", ["edge"])])
def test_a_snap_in_knows_neither_roles_nor_scopes(make_shell: MakeShell, version: str, roles: list[str]) -> None:
    servers = {
        "EX1": {"address": "127.0.1.1", "version": version, "roles": roles, "auth": ["ntlm"]},
        "EX2": {"address": "127.0.1.2", "auth": ["basic"]},
    }
    accounts = {"member": {"password": "x", "role_groups": ["Relay Operators"], "administrator_of": ["EX1"]}}
    groups = {"Relay Operators": {"roles": ["View-Only Configuration"], "servers": ["EX2"]}}
    shell = make_shell(servers=servers, accounts=accounts, role_groups=groups).on(user="member")
    [first, *_] = shell.organization.connectors_of("EX1")
    assert shell.objects("Set-ReceiveConnector", first.distinguished_name, Banner="220 hello") == []


# --- mistakes --------------------------------------------------------------------------------------------------------

ROLE = {"parent": "Receive Connectors"}
MISTAKES: list[tuple[str, dict[str, object], str]] = [
    ("management_roles", {"X": None}, "management_roles.X: this key is required"),
    ("management_roles", {"X": {}}, "X.parent: this key is required"),
    ("management_roles", {"X": {"parent": "Mail"}}, "'Mail' is no management role; use one of Receive Connectors"),
    ("management_roles", {"X": {"parent": "X"}}, "'X' is no management role"),
    ("management_roles", {"X": {"parent": "Y"}, "Y": ROLE}, "'Y' is no management role"),
    ("management_roles", {"Receive Connectors": ROLE}, "exists already"),
    ("management_roles", {"X": {**ROLE, "with": {}}}, "X.with: this key is not known"),
    ("management_roles", {"X": {**ROLE, "without": ["Banner"]}}, "a mapping is expected here, not a list"),
    ("management_roles", {"X": {**ROLE, "without": {"Set-Mailbox": "all"}}}, "holds no such cmdlet; it holds New-"),
    ("management_roles", {"X": {**ROLE, "without": {"Set-ReceiveConnector": ["Bnner"]}}}, "no parameter 'Bnner'"),
    ("management_roles", {"X": {**ROLE, "without": {"Set-ReceiveConnector": None}}}, "a list of texts is expected"),
    ("management_roles", {"X": {**ROLE, "without": {"Set-ReceiveConnector": 1}}}, "a list of texts is expected"),
    ("role_groups", {"X": ["Mail"]}, "'Mail' is no management role"),
    ("role_groups", {"X": {"roles": ["Mail"]}}, "'Mail' is no management role"),
    ("role_groups", {"X": {"servers": ["EX1"]}}, "a list of texts is expected"),
    ("role_groups", {"X": {"roles": LEAST, "servers": ["EX9"]}}, "'EX9' is no server of this lab; name some of EX1"),
    ("role_groups", {"X": {"roles": LEAST, "servers": []}}, "name at least one server"),
    ("role_groups", {"X": {"roles": LEAST, "scope": "EX1"}}, "X.scope: this key is not known"),
    ("role_groups", {"Server Management": LEAST}, "a role group of Exchange's own"),
]


@pytest.mark.parametrize(("key", "value", "expected"), MISTAKES, ids=[expected for _, _, expected in MISTAKES])
def test_a_mistake_in_roles_gets_one_sentence(key: str, value: dict[str, object], expected: str) -> None:
    with pytest.raises(LabFileError) as caught:
        parse(lab_content(**{key: value}))
    message = str(caught.value)
    assert expected in message
    assert message.startswith("lab: ") and message.endswith(".") and "\n" not in message
