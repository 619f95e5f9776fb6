# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Set-ReceiveConnector: all or nothing, groups replaced, hand-made rows by switch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from .conftest import MakeShell, Shell

ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
ANONYMOUS = r"NT AUTHORITY\ANONYMOUS LOGON"


def get(shell: Shell, identity: str = r"EX1\Relay") -> dict[str, object]:
    return shell.one("Get-ReceiveConnector", identity)


def test_a_change_returns_nothing_and_is_seen(shell: Shell) -> None:
    shell.relay()
    assert shell.objects("Set-ReceiveConnector", r"EX1\Relay", Comment="changed", MaxHopCount=10) == []
    assert (get(shell)["Comment"], get(shell)["MaxHopCount"]) == ("changed", 10)


@pytest.mark.parametrize("kind", ["name", "server and name", "dn", "guid", "braced guid", "case"])
def test_identities(shell: Shell, kind: str) -> None:
    made = shell.relay()
    identity = {
        "name": "Relay",
        "server and name": r"EX1\Relay",
        "dn": made["DistinguishedName"],
        "guid": made["Guid"],
        "braced guid": f"{{{made['Guid']}}}",
        "case": r"ex1\rELAY",
    }[kind]
    shell.objects("Set-ReceiveConnector", identity, Comment=kind)
    assert get(shell)["Comment"] == kind


def test_an_ambiguous_name(shell: Shell) -> None:
    shell.relay()
    shell.relay(Server="EX2")
    assert len(shell.objects("Get-ReceiveConnector", "Relay")) == 2
    error = shell.refused("Set-ReceiveConnector", "Relay", Comment="x")
    assert error.message == "The operation couldn't be performed because 'Relay' matches multiple entries."
    shell.objects("Set-ReceiveConnector", r"EX2\Relay", Comment="only here")
    assert (get(shell)["Comment"], get(shell, r"EX2\Relay")["Comment"]) == ("", "only here")


@pytest.mark.parametrize("identity", ["Nothing", r"EX1\Nothing", r"EX9\Relay", "CN=Nothing,DC=lab"])
def test_a_connector_that_is_not_there(shell: Shell, identity: str) -> None:
    error = shell.refused("Set-ReceiveConnector", identity, Comment="x")
    assert error.message == (
        f"The operation couldn't be performed because object '{identity}' couldn't be found on 'dc1.lab.example'."
    )
    assert "Cmdlet-ManagementObjectNotFoundException" in error.error_id
    assert error.category == "NotSpecified"


def test_a_change_that_changes_nothing_warns(shell: Shell) -> None:
    shell.relay(Comment="same")
    outcome = shell.call("Set-ReceiveConnector", r"EX1\Relay", Comment="same")
    assert outcome.errors == []
    assert outcome.warnings == [
        r"The command completed successfully but no settings of 'EX1\Relay' have been modified."
    ]


def test_when_changed_moves(shell: Shell) -> None:
    moments = iter(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute) for minute in range(100))
    shell.organization._clock = lambda: next(moments)
    made = shell.relay()
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", Comment="later")
    assert str(get(shell)["WhenChangedUTC"]) > str(made["WhenChangedUTC"])
    assert get(shell)["WhenCreatedUTC"] == made["WhenCreatedUTC"]


def test_all_or_nothing(shell: Shell) -> None:
    shell.relay()
    shell.refused("Set-ReceiveConnector", r"EX1\Relay", Comment="x", Banner="no 220")
    shell.refused("Set-ReceiveConnector", r"EX1\Relay", PermissionGroups="AnonymousUsers", MaxHopCount=501)
    assert get(shell)["PermissionGroups"] == "None"


def test_lists_are_replaced(shell: Shell) -> None:
    shell.relay()
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", RemoteIPRanges=["10.9.0.1", "10.9.0.2"])
    assert get(shell)["RemoteIPRanges"] == ["10.9.0.2", "10.9.0.1"]


def test_lists_are_changed_by_add_and_remove(shell: Shell) -> None:
    shell.relay(RemoteIPRanges=["10.9.0.1", "10.9.0.2"])
    change = {"Add": ["10.9.0.3", "10.9.0.2/32"], "Remove": "10.9.0.1"}
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", RemoteIPRanges=change)
    assert sorted(str(item) for item in get(shell)["RemoteIPRanges"]) == ["10.9.0.2", "10.9.0.3"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["RemoteIPRanges", "Bindings"])
@pytest.mark.parametrize("value", [None, []])
def test_the_last_entry_stays(shell: Shell, name: str, value: object) -> None:
    shell.relay()
    assert (
        f"{name} parameter must hold at least one"
        in shell.refused("Set-ReceiveConnector", r"EX1\Relay", **{name: value}).message
    )


@pytest.mark.parametrize(
    "name", ["Comment", "Banner", "Fqdn", "DefaultDomain", "ServiceDiscoveryFqdn", "TlsCertificateName"]
)
def test_null_clears(shell: Shell, name: str) -> None:
    shell.relay(
        Comment="c",
        Banner="220 b",
        Fqdn="f.example",
        DefaultDomain="lab.example",
        ServiceDiscoveryFqdn="s.example",
        TlsCertificateName="<I>CN=CA<S>CN=relay",
    )
    assert get(shell)[name]
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", **{name: None})
    assert not get(shell)[name]


def test_rename(shell: Shell) -> None:
    made = shell.relay()
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", Name="New name")
    renamed = get(shell, str(made["Guid"]))
    assert renamed["Identity"] == r"EX1\New name"
    assert str(renamed["DistinguishedName"]).startswith("CN=New name,")
    error = shell.refused("Set-ReceiveConnector", r"EX1\New name", Name="Default EX1")
    assert "already exists" in error.message
    assert "too long" in shell.refused("Set-ReceiveConnector", r"EX1\New name", Name="x" * 65).message


def test_both_timeouts_must_be_legal_together(shell: Shell) -> None:
    shell.relay()
    shell.refused("Set-ReceiveConnector", r"EX1\Relay", ConnectionInactivityTimeout="00:20:00")
    shell.objects(
        "Set-ReceiveConnector",
        r"EX1\Relay",
        ConnectionInactivityTimeout="00:20:00",
        ConnectionTimeout="00:30:00",
    )


def test_externally_secured_needs_both_parameters_in_one_call(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    shell.refused("Set-ReceiveConnector", r"EX1\Relay", AuthMechanism="ExternalAuthoritative")
    shell.objects(
        "Set-ReceiveConnector", r"EX1\Relay", AuthMechanism="ExternalAuthoritative", PermissionGroups="ExchangeServers"
    )
    shell.refused("Set-ReceiveConnector", r"EX1\Relay", PermissionGroups="AnonymousUsers")
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", AuthMechanism="Tls", PermissionGroups="AnonymousUsers")


def test_the_name_of_a_default_connector_cannot_be_a_public_one(shell: Shell) -> None:
    error = shell.refused("Set-ReceiveConnector", r"EX1\Default EX1", Fqdn="mail.other.example")
    assert error.message.startswith("When the AuthMechanism parameter on a Receive connector is set to the value Exch")


# --- permission groups -----------------------------------------------------------------------------------------------


def test_groups_are_replaced_not_added(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", PermissionGroups="ExchangeUsers,Partners")
    assert get(shell)["PermissionGroups"] == "ExchangeUsers, Partners"
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", PermissionGroups="None")
    assert get(shell)["PermissionGroups"] == "None"
    assert "Custom" in shell.refused("Set-ReceiveConnector", r"EX1\Relay", PermissionGroups="Custom").message


@pytest.mark.parametrize(
    ("switch", "after_other_group", "after_same_group"),
    [
        ("keeps_manual", "ExchangeUsers, Custom", "AnonymousUsers, Custom"),
        ("removes_dropped", "ExchangeUsers", "AnonymousUsers, Custom"),
        ("removes_manual", "ExchangeUsers", "AnonymousUsers"),
    ],
)
def test_what_becomes_of_hand_made_rows(
    make_shell: MakeShell, switch: str, after_other_group: str, after_same_group: str
) -> None:
    shell = make_shell(switches={"permission_groups_replacement": switch})
    shell.relay(PermissionGroups="AnonymousUsers")
    shell.call("Add-ADPermission", r"EX1\Relay", User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT])
    assert get(shell)["PermissionGroups"] == "AnonymousUsers, Custom"
    shell.call("Set-ReceiveConnector", r"EX1\Relay", PermissionGroups="AnonymousUsers")
    assert get(shell)["PermissionGroups"] == after_same_group
    shell.call("Add-ADPermission", r"EX1\Relay", User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT])
    shell.call("Set-ReceiveConnector", r"EX1\Relay", PermissionGroups="ExchangeUsers")
    assert get(shell)["PermissionGroups"] == after_other_group


def test_other_changes_leave_the_rows_alone(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    shell.call("Add-ADPermission", r"EX1\Relay", User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT])
    before = shell.objects("Get-ADPermission", r"EX1\Relay")
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", Comment="x")
    assert shell.objects("Get-ADPermission", r"EX1\Relay") == before


def test_what_if(shell: Shell) -> None:
    shell.relay()
    before = shell.state()
    outcome = shell.call("Set-ReceiveConnector", r"EX1\Relay", Comment="x", WhatIf=True)
    assert (outcome.output, outcome.errors, shell.state()) == ([], [], before)


@pytest.mark.parametrize(
    ("echo", "shown"), [("entered", "10.1.0.1/16"), ("network", "10.1.0.0/16"), ("lohi", "10.1.0.0-10.1.255.255")]
)
def test_how_get_echoes_blocks(make_shell: MakeShell, echo: str, shown: str) -> None:
    assert make_shell(switches={"range_echo": echo}).relay(RemoteIPRanges=["10.1.0.1/16"])["RemoteIPRanges"] == [shown]
