# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The directory behind the connectors: how many values an attribute keeps, how values come back, many of them."""

from __future__ import annotations

import time

import pytest

from .conftest import MakeShell, Shell

RELAY = r"EX1\Relay"


def addresses(count: int, network: int = 1) -> list[str]:
    return [f"10.{network}.{index // 250}.{index % 250 + 1}" for index in range(count)]


# --- the administrative limit ----------------------------------------------------------------------------------------


def test_an_attribute_keeps_1200_values(shell: Shell) -> None:
    """Where exactly between 1,200 and 1,300 is unverified: the stricter end."""
    shell.relay(RemoteIPRanges=addresses(1200))
    error = shell.refused("Set-ReceiveConnector", RELAY, RemoteIPRanges=addresses(1201))
    assert "ADMIN_LIMIT_EXCEEDED" in error.message and "dc1.lab.example" in error.message
    assert error.exception_type == "Microsoft.Exchange.Data.Directory.ADOperationException"
    assert not error.terminating
    error = shell.refused("Set-ReceiveConnector", RELAY, RemoteIPRanges={"Add": ["10.9.9.9"]})
    assert "ADMIN_LIMIT_EXCEEDED" in error.message
    shell.objects("Set-ReceiveConnector", RELAY, RemoteIPRanges={"Add": ["10.9.9.9"], "Remove": ["10.1.0.1"]})


def test_a_new_connector_with_too_many(shell: Shell) -> None:
    call = {"Usage": "Custom", "Bindings": ["0.0.0.0:26"], "RemoteIPRanges": addresses(1201)}
    assert "administrative limit" in shell.refused("New-ReceiveConnector", "Relay", **call).message


def test_the_limit_is_a_setting(make_shell: MakeShell) -> None:
    shell = make_shell(limits={"values_per_attribute": 1300})
    shell.relay(RemoteIPRanges=addresses(1300))
    assert (
        "administrative limit"
        in shell.refused("Set-ReceiveConnector", RELAY, RemoteIPRanges={"Add": ["10.9.9.9"]}).message
    )


# --- values that come back differently -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "shown"), [("exact", "64.04 KB (65,577 bytes)"), ("rounded", "65 KB (66,560 bytes)")]
)
def test_sizes_that_are_no_whole_kilobytes(make_shell: MakeShell, choice: str, shown: str) -> None:
    shell = make_shell(switches={"small_sizes": choice})
    shell.relay(MaxMessageSize=65577)
    found = shell.one("Get-ReceiveConnector", RELAY)
    assert found["MaxMessageSize"] == shown
    assert found["MaxHeaderSize"] == "256 KB (262,144 bytes)", "whole kilobytes are kept by both"


@pytest.mark.parametrize(
    ("choice", "shown"),
    [("kept", ["fe80::1%3", "fe80::10%3-fe80::20%3"]), ("dropped", ["fe80::1", "fe80::10-fe80::20"])],
)
def test_scope_ids(make_shell: MakeShell, choice: str, shown: list[str]) -> None:
    shell = make_shell(switches={"scope_ids": choice})
    shell.relay(RemoteIPRanges=["fe80::10%3-fe80::20%3", "fe80::1%3"], Bindings=["[::]:25"])
    assert shell.one("Get-ReceiveConnector", RELAY)["RemoteIPRanges"] == shown


# --- many ------------------------------------------------------------------------------------------------------------


def test_ten_thousand_ranges_over_ten_connectors(shell: Shell) -> None:
    """Generous bounds: a machine may be busy; an accidental square would take minutes."""
    began = time.monotonic()
    for number in range(10):
        shell.relay(Name=f"Relay {number}", RemoteIPRanges=addresses(1000, number))
    created = time.monotonic() - began
    found = shell.objects("Get-ReceiveConnector", Server="EX1")
    assert sum(len(item["RemoteIPRanges"]) for item in found if isinstance(item["RemoteIPRanges"], list)) == 10_010
    began = time.monotonic()
    shell.call("Get-ReceiveConnector", Server="EX1")
    read = time.monotonic() - began
    assert (created < 20, read < 5) == (True, True), f"created in {created:.1f} s, read in {read:.1f} s"


# --- renaming --------------------------------------------------------------------------------------------------------


def test_a_renamed_connector_keeps_its_guid_and_rows(shell: Shell) -> None:
    made = shell.relay(PermissionGroups="AnonymousUsers")
    rights = {"User": "ANONYMOUS LOGON", "ExtendedRights": ["ms-Exch-SMTP-Accept-Any-Recipient"]}
    shell.objects("Add-ADPermission", str(made["DistinguishedName"]), **rights)
    rows = len(shell.objects("Get-ADPermission", "Relay"))
    shell.objects("Set-ReceiveConnector", str(made["Guid"]), Name="Relay, new")
    found = shell.one("Get-ReceiveConnector", r"EX1\Relay, new")
    assert (found["Guid"], found["Identity"]) == (made["Guid"], r"EX1\Relay, new")
    assert str(found["DistinguishedName"]).startswith(r"CN=Relay\, new,CN=SMTP Receive Connectors,")
    assert len(shell.objects("Get-ADPermission", str(found["DistinguishedName"]))) == rows
    for gone in (r"EX1\Relay", str(made["DistinguishedName"])):
        assert "couldn't be found" in shell.refused("Get-ReceiveConnector", gone).message
    assert shell.one("Get-ReceiveConnector", str(made["Guid"]))["Name"] == "Relay, new"


def test_a_name_that_the_server_has_already(shell: Shell) -> None:
    shell.relay()
    shell.relay(Name="Other", RemoteIPRanges=["10.2.0.0/16"])
    error = shell.refused("Set-ReceiveConnector", r"EX1\Other", Name="RELAY")
    assert "already exists" in error.message
    assert error.exception_type.endswith(".ADObjectAlreadyExistsException")
    shell.on("EX2").relay(Server="EX2", Name="Third")
    shell.on("EX2").objects("Set-ReceiveConnector", r"EX2\Third", Name="Relay")
    assert "multiple entries" in shell.refused("Set-ReceiveConnector", "Relay", Comment="x").message
    assert len(shell.objects("Get-ReceiveConnector", "Relay")) == 2, "a bare name means both"
    shell.objects("Set-ReceiveConnector", r"EX1\Relay", Name="relay")
    assert shell.one("Get-ReceiveConnector", r"EX1\Relay")["Name"] == "relay", "only the case may change too"
