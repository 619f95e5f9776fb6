# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get-, New-, Set- and Remove-ThrottlingPolicy (throttling.md part 3, Microsoft's pages of the cmdlets)."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange_lab.config import parse
from exchange_lab.organization.storage import restore, save
from exchange_lab.section import LabFileError

from .conftest import MakeShell, Plain, Shell, lab_content

POLICY = "Relay service account"


def server(version: str, **more: object) -> dict[str, object]:
    return {"EX1": {"address": "127.0.1.1", "auth": ["basic"], "version": version, **more}}


def policy(shell: Shell, name: str = POLICY, explicit: bool = True) -> Plain:
    parameters: dict[str, object] = {"Explicit": True} if explicit else {}
    return shell.one("Get-ThrottlingPolicy", name, **parameters)


@pytest.mark.parametrize("identity", [None, "", "absent"])
def test_an_empty_identity_means_every_policy(shell: Shell, identity: str | None) -> None:
    shell.one("New-ThrottlingPolicy", POLICY)
    parameters: dict[str, object] = {} if identity == "absent" else {"Identity": identity}
    names = {str(item["Name"]) for item in shell.objects("Get-ThrottlingPolicy", **parameters)}
    assert len(names) == 2
    assert POLICY in names


@pytest.mark.parametrize("version", ["2013", "2016", "2019", "SE"])
def test_the_default_policy_since_2013_is_global(make_shell: MakeShell, version: str) -> None:
    found = make_shell(servers=server(version)).one("Get-ThrottlingPolicy", ThrottlingPolicyScope="global")
    assert str(found["Name"]).startswith("GlobalThrottlingPolicy_")
    assert found["ThrottlingPolicyScope"] == "Global"
    assert (found["IsServiceAccount"], found["IsLegacyDefault"]) == (False, False)
    assert (found["AnonymousMaxConcurrency"], found["PowerShellMaxConcurrency"]) == ("1", "18")
    assert found["ImapMaxConcurrency"] == "Unlimited"
    assert "AnonymousPercentTimeInCAS" not in found
    assert ("EwsCostThreshold" in found) == (version != "2013")


def test_the_default_policy_of_2010_has_a_mark_and_no_scope(make_shell: MakeShell) -> None:
    found = make_shell(servers=server("2010")).one("Get-ThrottlingPolicy")
    assert str(found["Name"]).startswith("DefaultThrottlingPolicy_")
    assert found["IsDefault"] is True
    assert "ThrottlingPolicyScope" not in found
    assert (found["EASMaxConcurrency"], found["IMAPMaxConcurrency"]) == (10, None)
    assert "EasMaxBurst" not in found


def test_a_policy_shows_what_it_holds_itself_or_what_counts(shell: Shell) -> None:
    made = shell.one("New-ThrottlingPolicy", POLICY, EwsMaxConcurrency=4, ThrottlingPolicyScope="organization")
    assert (made["EwsMaxConcurrency"], made["EasMaxConcurrency"]) == ("4", "10")
    assert made["ThrottlingPolicyScope"] == "Organization"
    own = policy(shell)
    assert (own["EwsMaxConcurrency"], own["EasMaxConcurrency"]) == ("4", None)
    assert policy(shell, explicit=False)["EasMaxConcurrency"] == "10"


def test_what_explicit_shows_is_a_switch(make_shell: MakeShell) -> None:
    shell = make_shell(switches={"explicit_limits": "effective"})
    shell.one("New-ThrottlingPolicy", POLICY)
    assert policy(shell)["EasMaxConcurrency"] == "10"


def test_2010_copies_the_default_policy(make_shell: MakeShell) -> None:
    shell = make_shell(servers=server("2010"))
    made = shell.one("New-ThrottlingPolicy", POLICY, EWSMaxConcurrency=None, PowerShellMaxConcurrency=30)
    assert (made["EWSMaxConcurrency"], made["PowerShellMaxConcurrency"], made["EASMaxConcurrency"]) == (None, 30, 10)
    assert made["IsDefault"] is False


@pytest.mark.parametrize(("switch", "own"), [("inherits", None), ("no_limit", "Unlimited")])
def test_null_since_2013_is_a_switch(make_shell: MakeShell, switch: str, own: str | None) -> None:
    shell = make_shell(switches={"policy_null": switch})
    shell.one("New-ThrottlingPolicy", POLICY, EwsMaxConcurrency=4)
    shell.objects("Set-ThrottlingPolicy", POLICY, EwsMaxConcurrency=None)
    assert policy(shell)["EwsMaxConcurrency"] == own


def test_set_changes_limits_and_the_name(shell: Shell) -> None:
    shell.one("New-ThrottlingPolicy", POLICY)
    shell.objects("Set-ThrottlingPolicy", POLICY, Name="Accounts", RcaMaxConcurrency=4294967295, IsServiceAccount=True)
    found = policy(shell, "accounts")
    assert (found["RcaMaxConcurrency"], found["IsServiceAccount"]) == ("4294967295", True)
    shell.objects("Set-ThrottlingPolicy", "accounts", RCAMaxConcurrency="unlimited")
    assert policy(shell, "Accounts")["RcaMaxConcurrency"] == "Unlimited"
    assert shell.call("Set-ThrottlingPolicy", "accounts", RcaMaxConcurrency="Unlimited").warnings


@pytest.mark.parametrize("by", ["Guid", "DistinguishedName", "Name"])
def test_a_policy_is_found_by_what_names_it(shell: Shell, by: str) -> None:
    made = shell.one("New-ThrottlingPolicy", POLICY)
    assert shell.one("Get-ThrottlingPolicy", made[by])["Name"] == POLICY


def test_the_scope_changes_or_not(make_shell: MakeShell) -> None:
    shell = make_shell()
    shell.one("New-ThrottlingPolicy", POLICY)
    shell.objects("Set-ThrottlingPolicy", POLICY, ThrottlingPolicyScope="Organization")
    assert policy(shell)["ThrottlingPolicyScope"] == "Organization"
    strict = make_shell(switches={"policy_scope_change": "refused"})
    strict.one("New-ThrottlingPolicy", POLICY)
    error = strict.refused("Set-ThrottlingPolicy", POLICY, ThrottlingPolicyScope="Organization")
    assert "can't be changed" in error.message


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "message"),
    [
        ("New-ThrottlingPolicy", {"Name": "Everybody", "ThrottlingPolicyScope": "Global"}, "scope Global"),
        ("New-ThrottlingPolicy", {"Name": POLICY.upper()}, "already exists"),
        ("New-ThrottlingPolicy", {"Name": "x" * 65}, "too long"),
        ("Set-ThrottlingPolicy", {"Identity": POLICY, "ThrottlingPolicyScope": "Global"}, "can't be changed"),
        ("Set-ThrottlingPolicy", {"Identity": POLICY, "EwsMaxConcurrency": 2147483648}, "out of range"),
        ("Set-ThrottlingPolicy", {"Identity": POLICY, "EwsMaxConcurrency": -1}, "Cannot convert"),
        ("Set-ThrottlingPolicy", {"Identity": POLICY, "EwsMaxConcurrency": "some"}, "Cannot convert"),
        (
            "Set-ThrottlingPolicy",
            {"Identity": POLICY, "PowerShellMaxTenantConcurrency": 5},
            "only be set for the default",
        ),
        ("Set-ThrottlingPolicy", {"Identity": POLICY, "SuiteMaxConcurrency": 5}, "parameter cannot be found"),
        ("Set-ThrottlingPolicy", {"Identity": POLICY, "EwsPercentTimeInCAS": 5}, "parameter cannot be found"),
        ("Set-ThrottlingPolicy", {"Identity": "Nothing", "EwsMaxConcurrency": 5}, "couldn't be found"),
        ("Set-ThrottlingPolicy", {"Identity": POLICY, "Confirm": True, "EwsMaxConcurrency": 5}, "prompts the user"),
        ("Remove-ThrottlingPolicy", {"Identity": "Nothing", "Confirm": False}, "couldn't be found"),
        ("Remove-ThrottlingPolicy", {"Identity": POLICY}, 'Removing throttling policy "Relay service account"'),
    ],
)
def test_what_is_refused(shell: Shell, cmdlet: str, parameters: dict[str, object], message: str) -> None:
    shell.one("New-ThrottlingPolicy", POLICY)
    error = shell.refused(cmdlet, **parameters)
    assert message in error.message
    kind = cmdlet.replace("-", "")
    assert error.error_id.endswith((f",{cmdlet}", f",Microsoft.Exchange.Management.SystemConfigurationTasks.{kind}"))


@pytest.mark.parametrize("version", ["2010", "2019"])
def test_the_default_policy_stays(make_shell: MakeShell, version: str) -> None:
    shell = make_shell(servers=server(version))
    [default] = shell.objects("Get-ThrottlingPolicy")
    assert "can't be removed" in shell.refused("Remove-ThrottlingPolicy", default["Name"], Confirm=False).message


def test_what_if_and_confirm(shell: Shell) -> None:
    before = shell.state()
    shell.objects("New-ThrottlingPolicy", POLICY, WhatIf=True)
    assert shell.state() == before
    shell.one("New-ThrottlingPolicy", POLICY, Confirm=False)
    before = shell.state()
    shell.objects("Set-ThrottlingPolicy", POLICY, EwsMaxConcurrency=3, WhatIf=True)
    shell.objects("Remove-ThrottlingPolicy", POLICY, WhatIf=True)
    assert shell.state() == before
    shell.objects("Remove-ThrottlingPolicy", POLICY, Confirm=False)
    assert POLICY in shell.refused("Get-ThrottlingPolicy", POLICY).message


def test_the_journal_says_what_writes(shell: Shell) -> None:
    shell.objects("Get-ThrottlingPolicy")
    shell.one("New-ThrottlingPolicy", POLICY, EwsMaxConcurrency=3)
    read, written = shell.journal.entries()
    assert (read["write"], written["write"], written["changed"]) == (False, True, True)
    assert written["parameters"] == {"Name": POLICY, "EwsMaxConcurrency": 3}


@pytest.mark.parametrize("version", ["2010", "2013"])
def test_parameters_are_those_of_the_version(make_shell: MakeShell, version: str) -> None:
    shell = make_shell(servers=server(version))
    since_2013 = ["ThrottlingPolicyScope", "IsServiceAccount", "EwsMaxBurst"]
    until_2010 = ["EWSPercentTimeInCAS", "CPUStartPercent", "EWSFindCountLimit"]
    gone, there = (since_2013, until_2010) if version == "2010" else (until_2010, since_2013)
    for name in [*gone, "EwsCostThreshold"]:
        assert shell.refused("New-ThrottlingPolicy", POLICY, **{name: 1}).error_id.startswith("NamedParameterNotFound")
    values: dict[str, object] = {"ThrottlingPolicyScope": "Regular", "IsServiceAccount": True}
    shell.one("New-ThrottlingPolicy", POLICY, **{name: values.get(name, 1) for name in there})
    if version == "2010":
        shell.refused("Set-ThrottlingPolicy", POLICY, EWSMaxConcurrency="Unlimited")
        shell.refused("Get-ThrottlingPolicy", Explicit=True)


@pytest.mark.parametrize("changes", [{"version": "2007"}, {"version": "2019", "roles": ["edge"]}])
def test_2007_and_edge_transport_have_none(make_shell: MakeShell, changes: dict[str, object]) -> None:
    shell = make_shell(servers={"EX1": {"address": "127.0.1.1", "auth": ["ntlm"], **changes}})
    error = shell.refused("Get-ThrottlingPolicy")
    assert error.error_id == "CommandNotFoundException"
    assert all("Throttling" not in str(item["Name"]) for item in shell.objects("Get-Command"))


def test_later_versions_see_the_default_policy_of_2010_marked(make_shell: MakeShell) -> None:
    both = {**server("2019"), "EX2": {"address": "127.0.1.2", "auth": ["basic"], "version": "2010"}}
    shell = make_shell(servers=both)
    marks = {item["IsLegacyDefault"]: str(item["Name"]) for item in shell.objects("Get-ThrottlingPolicy")}
    assert marks[True].startswith("DefaultThrottlingPolicy_")
    assert marks[False].startswith("GlobalThrottlingPolicy_")
    assert [item["Name"] for item in shell.on("EX2").objects("Get-ThrottlingPolicy")] == [marks[True]]


def test_who_may(shell: Shell) -> None:
    for user in ("operator", "hygienist", "auditor"):
        error = shell.on(user=user).refused("New-ThrottlingPolicy", POLICY)
        assert error.error_id == "CommandNotFoundException"
    assert shell.on(user="auditor").objects("Get-ThrottlingPolicy")
    shell.on(user="operator").refused("Get-ThrottlingPolicy")


def test_a_scope_of_servers_holds_no_policy_of_the_organization(make_shell: MakeShell) -> None:
    shell = make_shell(
        role_groups={"Some": {"roles": ["Recipient Policies"], "servers": ["EX1"]}},
        accounts={
            "administrator": {"password": "Secret-1", "role_groups": ["Organization Management"]},
            "partial": {"password": "Secret-2", "role_groups": ["Some"]},
        },
    )
    shell.one("New-ThrottlingPolicy", POLICY)
    limited = shell.on(user="partial")
    assert len(limited.objects("Get-ThrottlingPolicy")) == 2
    for cmdlet, parameters in (
        ("New-ThrottlingPolicy", {"Name": "Another"}),
        ("Set-ThrottlingPolicy", {"Identity": POLICY, "EwsMaxConcurrency": 4}),
        ("Remove-ThrottlingPolicy", {"Identity": POLICY, "Confirm": False}),
    ):
        assert "write scope" in limited.refused(cmdlet, **parameters).message


@pytest.mark.parametrize(
    ("culture", "words"),
    [("de", "Die Standard-Einschränkungsrichtlinie"), ("fr", "La stratégie de limitation par défaut")],
)
def test_messages_are_in_the_language_of_the_server(make_shell: MakeShell, culture: str, words: str) -> None:
    shell = make_shell(servers=server("2019", culture=culture))
    [default] = shell.objects("Get-ThrottlingPolicy")
    error = shell.refused("Remove-ThrottlingPolicy", default["Name"], Confirm=False)
    assert error.message.startswith(words)


def test_policies_outlive_the_lab(make_shell: MakeShell, tmp_path: Path) -> None:
    shell, later = make_shell(), make_shell()
    shell.one("New-ThrottlingPolicy", POLICY, EwsMaxConcurrency="Unlimited", IsServiceAccount=True)
    save(shell.organization, tmp_path / "organization.json")
    assert restore(later.organization, tmp_path / "organization.json")
    assert later.objects("Get-ThrottlingPolicy", Explicit=True) == shell.objects("Get-ThrottlingPolicy", Explicit=True)


def test_a_lab_file_names_only_known_answers() -> None:
    with pytest.raises(LabFileError, match="policy_null"):
        parse(lab_content(switches={"policy_null": "maybe"}))
