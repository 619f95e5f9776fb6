# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Entries above the connectors: which of them come down, and which of several decides."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from exchange_lab.organization.inheritance import LEVELS

from .conftest import MakeShell, Plain, Shell

ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
SUBMIT = "ms-Exch-SMTP-Submit"
ANONYMOUS = r"NT AUTHORITY\ANONYMOUS LOGON"
OUTSIDE = "someone@elsewhere.example"
RELAY = r"EX1\Relay"


def above(**changes: Any) -> dict[str, Any]:
    return {"user": ANONYMOUS, "right": ANY_RECIPIENT, **changes}


def relays(shell: Shell, server: str = "EX1") -> bool:
    """Whether a stranger may relay through Default Frontend, which lets him submit."""
    reply, connector = shell.answers.watched(server, "10.1.0.5", "app@lab.example", OUTSIDE)
    assert connector is not None and (reply.accepted or "relay" in str(reply))
    return reply.accepted


def rows(shell: Shell, identity: str = r"EX1\Default Frontend EX1") -> list[Plain]:
    """What is shown of the anonymous principal's inherited rows."""
    return [row for row in shell.objects("Get-ADPermission", identity, User=ANONYMOUS) if row["IsInherited"]]


@pytest.mark.parametrize("level", LEVELS)
def test_an_entry_of_every_object_above_comes_down(make_shell: MakeShell, level: str) -> None:
    shell = make_shell(inherited_permissions=[above(**{"from": level})])
    assert relays(shell, "EX1") and relays(shell, "EX2")
    assert [(row["ExtendedRights"], row["Deny"], row["InheritanceType"]) for row in rows(shell)] == [
        ([ANY_RECIPIENT], False, "All")
    ]


@pytest.mark.parametrize(("near", "far"), list(pairwise(LEVELS)))
@pytest.mark.parametrize("deny_is_near", [True, False])
def test_the_nearer_entry_decides(make_shell: MakeShell, near: str, far: str, deny_is_near: bool) -> None:
    """Windows' order goes by distance first: a near allow stands over a far deny, and is shown no other way."""
    allowed, denied = (far, near) if deny_is_near else (near, far)
    entries = [above(**{"from": allowed}), above(deny=True, **{"from": denied})]
    shell = make_shell(inherited_permissions=entries)
    assert relays(shell) is not deny_is_near
    assert {(row["Deny"], row["IsInherited"], row["InheritanceType"]) for row in rows(shell)} == {
        (True, True, "All"),
        (False, True, "All"),
    }


def test_of_one_object_the_deny_decides(make_shell: MakeShell) -> None:
    assert not relays(make_shell(inherited_permissions=[above(), above(deny=True)]))


@pytest.mark.parametrize("level", ["connectors", "protocols", "server"])
def test_an_object_of_one_server_opens_that_server_alone(make_shell: MakeShell, level: str) -> None:
    shell = make_shell(inherited_permissions=[above(server="EX1", **{"from": level})])
    assert relays(shell, "EX1") and not relays(shell, "EX2")


@pytest.mark.parametrize(
    ("level", "inheritance", "reaches"),
    [
        ("organization", "All", True),
        ("organization", "Descendents", True),
        ("organization", "SelfAndChildren", False),
        ("organization", "Children", False),
        ("organization", "None", False),
        ("protocols", "Children", False),
        ("connectors", "SelfAndChildren", True),
        ("connectors", "Children", True),
        ("connectors", "Descendents", True),
        ("connectors", "None", False),
    ],
)
def test_inheritance_types(make_shell: MakeShell, level: str, inheritance: str, reaches: bool) -> None:
    shell = make_shell(inherited_permissions=[above(inheritance=inheritance, **{"from": level})])
    assert relays(shell) is reaches
    assert len(rows(shell)) == int(reaches)


@pytest.mark.parametrize("right", ["GenericAll", "ExtendedRight"])
def test_an_entry_without_a_right_is_every_extended_right(make_shell: MakeShell, right: str) -> None:
    shell = make_shell(inherited_permissions=[above(right=right)])
    assert relays(shell)
    assert [(row["AccessRights"], row["ExtendedRights"]) for row in rows(shell)] == [([right], None)]
    shell.relay()
    shell.objects("Add-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT], Deny=True)
    assert not relays(shell)


def test_edge_transport_has_a_directory_of_its_own(make_shell: MakeShell) -> None:
    servers = {"EDGE1": {"address": "127.0.1.1", "roles": ["edge"]}, "EX1": {"address": "127.0.1.2"}}
    shell = make_shell(servers=servers, inherited_permissions=[above()])
    assert relays(shell, "EX1") and not relays(shell, "EDGE1")
    named = [above(server="EDGE1", **{"from": "connectors"})]
    shell = make_shell(servers=servers, inherited_permissions=named)
    assert relays(shell, "EDGE1") and not relays(shell, "EX1")


@pytest.mark.parametrize("inheritance", ["Descendents", "Children"])
def test_a_row_for_objects_below_counts_for_nothing_on_the_connector(shell: Shell, inheritance: str) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    given = {"User": ANONYMOUS, "ExtendedRights": [ANY_RECIPIENT]}
    shell.one("Add-ADPermission", RELAY, InheritanceType=inheritance, **given)
    assert not relays(shell)
    shell.one("Add-ADPermission", RELAY, **given)
    assert relays(shell)
    shell.objects("Remove-ADPermission", RELAY, InheritanceType=inheritance, Confirm=False, **given)
    assert relays(shell)
    shell.one("Add-ADPermission", RELAY, InheritanceType=inheritance, Deny=True, **given)
    assert relays(shell)


def test_what_comes_from_above_survives_a_change_of_groups(make_shell: MakeShell) -> None:
    shell = make_shell(inherited_permissions=[above()], switches={"permission_groups_replacement": "removes_manual"})
    shell.relay(PermissionGroups="AnonymousUsers")
    shell.objects("Set-ReceiveConnector", RELAY, PermissionGroups="Partners")
    assert len(rows(shell, RELAY)) == 1
    assert not shell.answers.watched("EX1", "10.1.0.5", "app@lab.example", OUTSIDE)[0].accepted
