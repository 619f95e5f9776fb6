# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get-, Add- and Remove-ADPermission: rows, warnings instead of errors, and who may be named how."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from exchange_lab.organization.storage import restore, save
from exchange_lab.values.directory import stable_guid

from .conftest import MakeShell, Plain, Shell, plain

ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
SUBMIT = "ms-Exch-SMTP-Submit"
ANONYMOUS = r"NT AUTHORITY\ANONYMOUS LOGON"
ANONYMOUS_RIGHTS = {
    "ms-Exch-Accept-Headers-Routing",
    "ms-Exch-SMTP-Accept-Any-Sender",
    "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender",
    "ms-Exch-SMTP-Submit",
}
RELAY = r"EX1\Relay"


def rows(shell: Shell, identity: object = RELAY, **parameters: object) -> list[Plain]:
    return shell.objects("Get-ADPermission", identity, **parameters)


def explicit(shell: Shell, identity: object = RELAY) -> set[tuple[object, str, object]]:
    return {
        (row["User"], right, row["Deny"])
        for row in rows(shell, identity)
        if not row["IsInherited"]
        for right in row["ExtendedRights"]  # type: ignore[attr-defined]
    }


def allowed(shell: Shell, user: str, identity: object = RELAY) -> set[str]:
    return {right for name, right, deny in explicit(shell, identity) if name == user and not deny}


# --- Get -------------------------------------------------------------------------------------------------------------


def test_one_right_a_row(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    found = [row for row in rows(shell) if not row["IsInherited"]]
    assert len(found) == 4
    for row in found:
        assert (row["User"], row["Deny"], row["AccessRights"]) == (ANONYMOUS, False, ["ExtendedRight"])
        assert len(row["ExtendedRights"]) == 1  # type: ignore[arg-type]
        assert row["Identity"] == RELAY
    assert allowed(shell, ANONYMOUS) == ANONYMOUS_RIGHTS


def test_rows_of_every_group(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers,ExchangeUsers,ExchangeServers,ExchangeLegacyServers,Partners")
    by_user: dict[object, set[str]] = {}
    denied: set[tuple[object, str]] = set()
    for user, right, deny in explicit(shell):
        if deny:
            denied.add((user, right))
        else:
            by_user.setdefault(user, set()).add(right)
    assert by_user.keys() == {
        ANONYMOUS,
        r"NT AUTHORITY\Authenticated Users",
        r"LAB\Exchange Servers",
        r"MS Exchange\Hub Transport Servers",
        r"MS Exchange\Edge Transport Servers",
        r"MS Exchange\Externally Secured Servers",
        r"LAB\ExchangeLegacyInterop",
        r"MS Exchange\Partner Servers",
    }
    assert by_user[r"NT AUTHORITY\Authenticated Users"] == {
        "ms-Exch-Accept-Headers-Routing",
        "ms-Exch-Bypass-Anti-Spam",
        ANY_RECIPIENT,
        SUBMIT,
    }
    secured = by_user[r"MS Exchange\Externally Secured Servers"]
    assert len(secured) == 9
    assert not {"ms-Exch-Accept-Headers-Forest", "ms-Exch-Accept-Headers-Organization"} & secured
    assert by_user[r"LAB\ExchangeLegacyInterop"] == secured
    assert secured < by_user[r"LAB\Exchange Servers"]
    assert by_user[r"MS Exchange\Partner Servers"] == {"ms-Exch-Accept-Headers-Routing", SUBMIT}
    assert denied == {
        (r"LAB\ExchangeLegacyInterop", "ms-Exch-Accept-Headers-Forest"),
        (r"LAB\ExchangeLegacyInterop", "ms-Exch-Accept-Headers-Organization"),
    }


def test_inherited_rows_are_shown_too(shell: Shell) -> None:
    shell.relay()
    found = rows(shell)
    assert found and all(row["IsInherited"] for row in found)
    assert {(row["User"], row["Deny"]) for row in found} >= {
        (r"LAB\Enterprise Admins", False),
        (r"LAB\Organization Management", True),
    }
    assert [row["ExtendedRights"] for row in found if row["AccessRights"] == ["GenericAll"]] == [None, None]


def test_rows_keep_an_order_that_is_none(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers,ExchangeUsers")
    first = rows(shell)
    assert first == rows(shell)
    assert [row["User"] for row in first] != sorted(str(row["User"]) for row in first)


def test_rows_of_one_user(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers,ExchangeUsers")
    assert {row["User"] for row in rows(shell, User="anonymous logon")} == {ANONYMOUS}
    assert "wasn't found" in shell.refused("Get-ADPermission", RELAY, User="Anonymous Login").message


def test_an_ambiguous_name_mixes_the_lists(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    shell.relay(Server="EX2", PermissionGroups="AnonymousUsers")
    mixed = rows(shell, "Relay")
    assert {row["Identity"] for row in mixed} == {RELAY, r"EX2\Relay"}
    assert len([row for row in mixed if not row["IsInherited"]]) == 8
    assert "matches multiple entries" in add_refused(shell, "Relay")


def test_identities(shell: Shell) -> None:
    made = shell.relay()
    for identity in (made["DistinguishedName"], made["Guid"], "Relay", RELAY):
        assert rows(shell, identity) == rows(shell)
    assert "couldn't be found on 'dc1.lab.example'" in shell.refused("Get-ADPermission", "Nothing").message


def test_the_server_name_is_an_identity_by_switch(make_shell: MakeShell) -> None:
    shell = make_shell(switches={"server_name_identities": False})
    made = shell.relay()
    assert "couldn't be found" in shell.refused("Get-ADPermission", RELAY).message
    assert "couldn't be found" in add_refused(shell, RELAY)
    assert rows(shell, made["DistinguishedName"])


# --- Add -------------------------------------------------------------------------------------------------------------


def add_refused(shell: Shell, identity: object = RELAY, **changes: object) -> str:
    parameters = {"User": ANONYMOUS, "ExtendedRights": [ANY_RECIPIENT], **changes}
    return shell.refused("Add-ADPermission", identity, **parameters).message


def test_a_grant(shell: Shell) -> None:
    made = shell.relay(PermissionGroups="AnonymousUsers")
    row = shell.one("Add-ADPermission", made["DistinguishedName"], User=ANONYMOUS, ExtendedRights=ANY_RECIPIENT)
    assert (row["User"], row["Deny"], row["IsInherited"], row["ExtendedRights"]) == (
        ANONYMOUS,
        False,
        False,
        [ANY_RECIPIENT],
    )
    assert row["Identity"] == RELAY
    assert allowed(shell, ANONYMOUS) == ANONYMOUS_RIGHTS | {ANY_RECIPIENT}
    assert shell.one("Get-ReceiveConnector", RELAY)["PermissionGroups"] == "AnonymousUsers, Custom"


def test_several_rights_become_several_rows(shell: Shell) -> None:
    shell.relay()
    made = shell.objects("Add-ADPermission", RELAY, User="operator", ExtendedRights=[SUBMIT, ANY_RECIPIENT.upper()])
    assert [row["ExtendedRights"] for row in made] == [[SUBMIT], [ANY_RECIPIENT]]
    assert shell.one("Get-ReceiveConnector", RELAY)["PermissionGroups"] == "Custom"


@pytest.mark.parametrize(
    "user",
    [
        "NT AUTHORITY\\anonymous logon",
        "ANONYMOUS LOGON",
        "S-1-5-7",
        r"LAB\operator",
        "operator",
        "operator@lab.example",
        "CN=operator,CN=Users,DC=lab,DC=example",
        r"MS Exchange\Externally Secured Servers",
        r"LAB\Exchange Servers",
    ],
)
def test_users_by_their_names(shell: Shell, user: str) -> None:
    shell.relay()
    shell.one("Add-ADPermission", RELAY, User=user, ExtendedRights=[SUBMIT])


def test_a_user_by_guid(shell: Shell) -> None:
    shell.relay()
    guid = stable_guid("principal", "lab.example", "operator")
    for user in (str(guid), str(guid).upper()):
        row = shell.one("Add-ADPermission", RELAY, User=user, ExtendedRights=[SUBMIT])
        assert row["User"] == r"LAB\operator"
        shell.objects("Remove-ADPermission", RELAY, User=user, ExtendedRights=[SUBMIT], Confirm=False)


@pytest.mark.parametrize(
    "user", ["Exchange Servers@lab.example", "Anonymous Login", r"OTHER\operator", "S-1-5-99", "operator@other.example"]
)
def test_unknown_users(shell: Shell, user: str) -> None:
    shell.relay()
    assert add_refused(shell, User=user) == f'User or Group "{user}" wasn\'t found. Make sure you typed it correctly.'


def test_sids_by_switch(make_shell: MakeShell) -> None:
    shell = make_shell(switches={"sid_users": False})
    shell.relay()
    assert "wasn't found" in add_refused(shell, User="S-1-5-7")


GONE = {"password": "x", "deleted": True}
LEFT = f"S-1-5-21-{'-'.join(str(stable_guid('domain', 'lab.example').int)[at : at + 9] for at in (0, 9, 18))}-1602"


@pytest.mark.parametrize("takes_sids", [True, False])
def test_a_deleted_account_is_shown_by_its_sid(make_shell: MakeShell, takes_sids: bool, tmp_path: Path) -> None:
    """Its row is as it was while it was there; whether the SID can be named afterwards is a switch."""
    people: dict[str, object] = {
        "administrator": {"password": "x", "role_groups": ["Organization Management"]},
        "app": {"password": "x"},
        "operator": {"password": "x"},
    }
    shell = make_shell(accounts=people)
    shell.relay()
    shell.objects("Add-ADPermission", RELAY, User="app", ExtendedRights=[SUBMIT, ANY_RECIPIENT])
    save(shell.organization, tmp_path / "organization.json")

    later = make_shell(accounts={**people, "app": GONE}, switches={"sid_users": takes_sids})
    assert restore(later.organization, tmp_path / "organization.json")
    assert explicit(later) == {(LEFT, SUBMIT, False), (LEFT, ANY_RECIPIENT, False)}
    for name in ("app", r"LAB\app", "app@lab.example", "CN=app,CN=Users,DC=lab,DC=example"):
        assert "wasn't found" in later.refused("Get-ADPermission", RELAY, User=name).message
    assert "wasn't found" in add_refused(later, User=LEFT)
    remove = {"User": LEFT, "ExtendedRights": [SUBMIT], "Confirm": False}
    if takes_sids:
        assert {row["User"] for row in rows(later, User=LEFT)} == {LEFT}
        assert later.objects("Remove-ADPermission", RELAY, **remove) == []
        assert explicit(later) == {(LEFT, ANY_RECIPIENT, False)}
    else:
        assert "wasn't found" in later.refused("Remove-ADPermission", RELAY, **remove).message
    assert later.on(user="app").call("Get-ReceiveConnector").errors, "it cannot log on either"


def test_what_add_refuses(shell: Shell) -> None:
    shell.relay()
    assert "ms-Exch-SMTP-Fly" in add_refused(shell, ExtendedRights=["ms-Exch-SMTP-Fly"])
    assert "ExtendedRights" in add_refused(shell, ExtendedRights=[])
    assert "missing mandatory parameters: User" in add_refused(shell, User=None)
    assert "couldn't be found" in add_refused(shell, identity="Nothing")
    assert "suitability" in add_refused(shell, DomainController="dc9.lab.example")


@pytest.mark.parametrize(
    "parameters", [{"Owner": "operator"}, {"AccessRights": ["GenericAll"]}, {"Properties": ["x"]}, {"Instance": "x"}]
)
def test_the_labs_own_limits_are_called_so(shell: Shell, parameters: dict[str, object]) -> None:
    shell.relay()
    message = add_refused(shell, **parameters)
    assert message.startswith("The lab does not simulate ")


def test_other_objects_are_a_limit_of_the_lab(shell: Shell) -> None:
    assert "The lab does not simulate" in shell.refused("Get-ADPermission", "EX1").message


def test_a_second_grant_is_a_warning(shell: Shell) -> None:
    made = shell.relay(PermissionGroups="AnonymousUsers")
    shell.objects("Add-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT])
    before = shell.state()
    outcome = shell.call("Add-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT])
    assert (outcome.output, outcome.errors, shell.state()) == ([], [], before)
    [warning] = outcome.warnings
    assert warning.startswith("The appropriate access control entry is already present on the object")
    assert str(made["DistinguishedName"]) in warning


def test_the_rest_of_a_list_is_granted(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    outcome = shell.call(
        "Add-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[SUBMIT, ANY_RECIPIENT, ANY_RECIPIENT]
    )
    assert (len(outcome.output), len(outcome.warnings), outcome.errors) == (1, 2, [])


def test_deny_is_a_row_of_its_own(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    row = shell.one("Add-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[SUBMIT], Deny=True)
    assert row["Deny"] is True
    assert {(SUBMIT, True), (SUBMIT, False)} <= {(right, deny) for _, right, deny in explicit(shell)}


def test_add_does_not_prompt_but_can_be_asked_to(shell: Shell) -> None:
    shell.relay()
    assert add_refused(shell, Confirm=True).startswith("A command that prompts the user failed")
    assert shell.objects("Add-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[SUBMIT], WhatIf=True) == []
    assert explicit(shell) == set()


def test_two_servers_never_mix(shell: Shell) -> None:
    first = shell.relay(PermissionGroups="AnonymousUsers")
    second = shell.relay(Server="EX2", PermissionGroups="AnonymousUsers")
    shell.objects("Add-ADPermission", first["DistinguishedName"], User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT])
    assert ANY_RECIPIENT in allowed(shell, ANONYMOUS, first["DistinguishedName"])
    assert ANY_RECIPIENT not in allowed(shell, ANONYMOUS, second["DistinguishedName"])


# --- Remove ----------------------------------------------------------------------------------------------------------


def test_a_revoke(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    shell.objects("Add-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT])
    remove = {"User": ANONYMOUS, "ExtendedRights": [ANY_RECIPIENT]}
    assert shell.objects("Remove-ADPermission", RELAY, **remove, Confirm=False) == []
    assert allowed(shell, ANONYMOUS) == ANONYMOUS_RIGHTS
    assert shell.one("Get-ReceiveConnector", RELAY)["PermissionGroups"] == "AnonymousUsers"


def test_remove_prompts(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    error = shell.refused("Remove-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[SUBMIT])
    assert error.error_id == "HostFunctionNotImplemented,Remove-ADPermission"
    assert shell.objects("Remove-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[SUBMIT], WhatIf=True) == []
    assert allowed(shell, ANONYMOUS) == ANONYMOUS_RIGHTS


def test_removing_what_is_not_there_is_a_warning(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    before = shell.state()
    outcome = shell.call("Remove-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT], Confirm=False)
    assert (outcome.output, outcome.errors, shell.state()) == ([], [], before)
    assert "because the ACE doesn't exist on the object." in outcome.warnings[0]


def test_an_inherited_row_cannot_be_removed_here(make_shell: MakeShell) -> None:
    shell = make_shell(inherited_permissions=[{"user": "ANONYMOUS LOGON", "right": ANY_RECIPIENT}])
    shell.relay(PermissionGroups="AnonymousUsers")
    outcome = shell.call("Remove-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT], Confirm=False)
    assert outcome.errors == []
    assert "An inherited access control entry has been specified" in outcome.warnings[0]
    inherited = [row for row in rows(shell) if row["ExtendedRights"] == [ANY_RECIPIENT]]
    assert [row["IsInherited"] for row in inherited] == [True]


def test_taking_one_row_of_a_group_takes_the_group(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers,ExchangeUsers")
    shell.objects("Remove-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[SUBMIT], Confirm=False)
    assert shell.one("Get-ReceiveConnector", RELAY)["PermissionGroups"] == "ExchangeUsers, Custom"


def test_remove_needs_a_user(shell: Shell) -> None:
    shell.relay()
    error = shell.refused("Remove-ADPermission", RELAY, Confirm=False)
    assert error.error_id == "MissingMandatoryParameter,Remove-ADPermission"


def test_the_shape_of_a_row(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    element: Element = next(
        item
        for item in shell.call("Get-ADPermission", RELAY).output
        if any(plain(value) == ANONYMOUS for value in item.iter("Obj"))
    )
    names = [item.text for item in element.iter("T")]
    assert names[0] == "Microsoft.Exchange.Management.RecipientTasks.ADAcePresentationObject"
    assert "Microsoft.Exchange.Configuration.Tasks.SecurityPrincipalIdParameter" in names
    assert "Microsoft.Exchange.Configuration.Tasks.ExtendedRightIdParameter[]" in names
