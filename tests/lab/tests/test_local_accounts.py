# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Edge Transport servers know accounts of their own, called SERVER\\name, and nobody of the domain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchange_lab.organization.storage import restore, save

from .conftest import MakeShell, Shell

CLIENT, OUTSIDE = "127.0.0.10", "someone@elsewhere.example"
SUBMIT, ANY_RECIPIENT = "ms-Exch-SMTP-Submit", "ms-Exch-SMTP-Accept-Any-Recipient"
RELAY, OWN = r"EDGE01\Relay", r"EDGE01\nobody"
SERVERS = {
    "EDGE01": {"address": "127.0.1.1", "roles": ["edge"]},
    "EDGE02": {"address": "127.0.1.2", "roles": ["edge"]},
    "EX1": {"address": "127.0.1.3"},
}
WATCHES = [
    {"client": CLIENT, "sender": "nobody@lab.example", "recipient": OUTSIDE, "user": name, "logon": "always"}
    for name in ("nobody", OWN, r"LAB\nobody", "nobody@lab.example")
]


@pytest.fixture
def edge(make_shell: MakeShell) -> Shell:
    shell = make_shell(servers=SERVERS, watch=WATCHES).on("EDGE01")
    assert shell.call("Add-PSSnapin", "Microsoft.Exchange.Management.PowerShell.SnapIn") is not None
    custom: dict[str, Any] = {"Usage": "Custom", "Bindings": ["0.0.0.0:25"], "RemoteIPRanges": [CLIENT]}
    shell.one("New-ReceiveConnector", Name="Relay", AuthMechanism="Tls,BasicAuth", **custom)
    return shell


def shown(shell: Shell) -> set[object]:
    return {row["User"] for row in shell.objects("Get-ADPermission", RELAY) if not row["IsInherited"]}


@pytest.mark.parametrize("name", [OWN, "nobody", r"edge01\NOBODY"])
def test_an_account_is_taken_and_shown_as_the_servers_own(edge: Shell, name: str) -> None:
    for row in edge.objects("Add-ADPermission", RELAY, User=name, ExtendedRights=[SUBMIT, ANY_RECIPIENT]):
        assert row["User"] == OWN
    assert shown(edge) == {OWN}
    edge.objects("Remove-ADPermission", RELAY, User=OWN, ExtendedRights=[SUBMIT, ANY_RECIPIENT], Confirm=False)
    assert shown(edge) == set()


@pytest.mark.parametrize(
    "name",
    [
        r"LAB\nobody",
        "nobody@lab.example",
        r"EDGE02\nobody",
        r"LAB\Domain Users",
        "CN=nobody,CN=Users,DC=lab,DC=example",
    ],
)
def test_nobody_of_the_domain_or_of_another_server_is_known(edge: Shell, name: str) -> None:
    error = edge.refused("Add-ADPermission", RELAY, User=name, ExtendedRights=[SUBMIT])
    assert name in error.message


def test_the_domain_does_not_know_accounts_of_the_edge(edge: Shell) -> None:
    inside = edge.on("EX1")
    inside.relay()
    inside.refused("Add-ADPermission", r"EX1\Relay", User=OWN, ExtendedRights=[SUBMIT])
    [row] = inside.objects("Add-ADPermission", r"EX1\Relay", User="nobody", ExtendedRights=[SUBMIT])
    assert row["User"] == r"LAB\nobody"


def test_who_logs_on_is_the_servers_own_account(edge: Shell) -> None:
    edge.objects("Add-ADPermission", RELAY, User=OWN, ExtendedRights=[SUBMIT, ANY_RECIPIENT])
    told = {line["user"]: line["reply"] for line in edge.journal.watches() if line["server"] == "EDGE01"}
    ok, refused = "250 2.1.5 Recipient OK", "535 5.7.3 Authentication unsuccessful"
    assert told == {"nobody": ok, OWN: ok, r"LAB\nobody": refused, "nobody@lab.example": refused}


def test_it_is_kept_over_a_restart(edge: Shell, make_shell: MakeShell, tmp_path: Path) -> None:
    edge.objects("Add-ADPermission", RELAY, User=OWN, ExtendedRights=[SUBMIT])
    save(edge.organization, tmp_path / "state.json")
    again = make_shell(servers=SERVERS).on("EDGE01")
    restore(again.organization, tmp_path / "state.json")
    assert shown(again) == {OWN}


def test_a_sid_is_of_one_server_only(edge: Shell) -> None:
    one, other = (edge.organization.servers[name].principals.find("nobody", True) for name in ("edge01", "edge02"))
    assert one is not None and other is not None
    assert one.sid != other.sid
    edge.refused("Add-ADPermission", RELAY, User=other.sid, ExtendedRights=[SUBMIT])
    [row] = edge.objects("Add-ADPermission", RELAY, User=one.sid, ExtendedRights=[SUBMIT])
    assert row["User"] == OWN
