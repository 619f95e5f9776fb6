# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The backend: journal lines, watch lines, error actions, many threads at once, and a state that outlives a restart."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from exchange_lab.backend import ExchangeBackend
from exchange_lab.config import parse
from exchange_lab.interface import CallContext, CmdletCall, LabError
from exchange_lab.journal import Journal, read
from exchange_lab.organization.model import Organization
from exchange_lab.organization.storage import restore, save
from exchange_lab.section import LabFileError

from .conftest import MakeShell, Shell, lab_content

RELAY = r"EX1\Relay"
ANONYMOUS = r"NT AUTHORITY\ANONYMOUS LOGON"
ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"


# --- journal ---------------------------------------------------------------------------------------------------------


def test_a_line_for_every_cmdlet(shell: Shell) -> None:
    shell.objects("Get-ReceiveConnector", server="EX1")
    shell.relay()
    shell.on("EX2", "operator").call("Set-ReceiveConnector", r"EX1\Nothing", Comment="x")
    shell.on(user="operator").call("Add-ADPermission", RELAY, User="x")
    shell.objects("Remove-ReceiveConnector", "Relay", WhatIf=True)
    lines = shell.journal.cmdlets()
    assert [
        (line["cmdlet"], line["server"], line["user"], line["write"], line["what_if"], line["changed"])
        for line in lines
    ] == [
        ("Get-ReceiveConnector", "EX1", "administrator", False, False, False),
        ("New-ReceiveConnector", "EX1", "administrator", True, False, True),
        ("Set-ReceiveConnector", "EX2", "operator", True, False, False),
        ("Add-ADPermission", "EX1", "operator", True, False, False),
        ("Remove-ReceiveConnector", "EX1", "administrator", True, True, False),
    ]
    assert [line["sequence"] for line in lines] == [1, 2, 3, 4, 5]
    assert {line["kind"] for line in lines} == {"cmdlet"}
    assert lines[0]["parameters"] == {"Server": "EX1"}, "under the parameter's real name"
    assert lines[2]["parameters"] == {"Comment": "x", "Identity": r"EX1\Nothing"}
    assert "couldn't be found" in str(lines[2]["errors"])
    assert "CommandNotFoundException" in str(lines[3]["errors"])
    assert [line["cmdlet"] for line in shell.journal.writes()] == [line["cmdlet"] for line in lines[1:]]


def test_warnings_are_journaled(shell: Shell) -> None:
    shell.relay(Comment="x")
    shell.call("Set-ReceiveConnector", RELAY, Comment="x")
    [*_, last] = shell.journal.cmdlets()
    assert (last["write"], last["changed"], last["errors"]) == (True, False, [])
    assert "have been modified" in str(last["warnings"])


def test_watch_lines_follow_every_write(make_shell: MakeShell) -> None:
    watch = [
        {"client": "10.1.0.5", "sender": "a@lab.example", "recipient": "b@elsewhere.example"},
        {"client": "10.9.0.5", "sender": "a@lab.example", "recipient": "b@elsewhere.example"},
    ]
    shell = make_shell(watch=watch)
    shell.objects("Get-ReceiveConnector")
    assert shell.journal.watches() == []
    shell.relay(PermissionGroups="AnonymousUsers")
    shell.call("Add-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT])
    shell.call("Set-ReceiveConnector", "Nothing", Comment="even when it fails")
    shell.call("Set-ReceiveConnector", RELAY, Comment="x", WhatIf=True)
    writes = [line["sequence"] for line in shell.journal.writes() if not line["what_if"]]
    lines = shell.journal.watches()
    assert [line["after"] for line in lines] == [sequence for sequence in writes for _ in range(4)]
    granted = {
        (line["server"], line["client"]): (line["reply"], line["connector"])
        for line in lines
        if line["after"] == writes[1]
    }
    refused = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"
    assert granted == {
        ("EX1", "10.1.0.5"): ("250 2.1.5 Recipient OK", "Relay"),
        ("EX1", "10.9.0.5"): (refused, "Default Frontend EX1"),
        ("EX2", "10.1.0.5"): (refused, "Default Frontend EX2"),
        ("EX2", "10.9.0.5"): (refused, "Default Frontend EX2"),
    }


def test_lines_are_on_disk_at_once_and_numbered_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    assert journal.record("note", {"text": "Grüße", "odd": Path("x")}) == 1
    assert json.loads(path.read_text(encoding="utf-8"))["text"] == "Grüße"
    journal.close()
    again = Journal(path)
    assert again.record("note", {}) == 2
    assert [entry["sequence"] for entry in again.entries("note")] == [1, 2]
    assert again.cmdlets() == []


def test_a_line_that_is_still_written_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"sequence": 1, "kind": "x"}\n{"sequence": 2, "ki', encoding="utf-8")
    assert [entry["sequence"] for entry in read(path)] == [1]
    assert list(read(tmp_path / "absent")) == []


def test_a_line_that_a_killed_lab_left_half_written_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"sequence": 1, "kind": "cmdlet"}\n{"sequence": 2, "kind": "wat', encoding="utf-8")
    journal = Journal(path)
    assert journal.record("session", {}) == 2
    journal.close()
    assert [entry["kind"] for entry in journal.entries()] == ["cmdlet", "session"]


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    threads = [
        threading.Thread(target=lambda: [journal.record("x", {"text": "y" * 500}) for _ in range(50)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry["sequence"] for entry in journal.entries()] == list(range(1, 401))


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "count", "terminating"),
    [(None, 1, False), ("Continue", 1, False), ("SilentlyContinue", 0, False), ("ignore", 0, False), ("Stop", 1, True)],
)
def test_error_action(shell: Shell, action: str | None, count: int, terminating: bool) -> None:
    errors = shell.call("Get-ReceiveConnector", "Nothing", ErrorAction=action).errors
    assert len(errors) == count
    assert [error.terminating for error in errors] == [terminating] * count


def test_binding_errors_ignore_the_error_action(shell: Shell) -> None:
    [error] = shell.call("Get-ReceiveConnector", Colour="x", ErrorAction="SilentlyContinue").errors
    assert error.terminating


def test_warning_action(shell: Shell) -> None:
    shell.relay(Comment="x")
    assert shell.call("Set-ReceiveConnector", RELAY, Comment="x", WarningAction="SilentlyContinue").warnings == []


# --- threads ---------------------------------------------------------------------------------------------------------


def test_concurrent_editors_lose_nothing(shell: Shell) -> None:
    """Each cmdlet is whole: of twenty equal names one wins, and every added range is there."""
    shell.relay()
    context = CallContext("EX1", "administrator")
    created: list[bool] = []

    def work(number: int) -> None:
        call = {"Name": "Same", "Usage": "Custom", "Bindings": ["0.0.0.0:26"], "RemoteIPRanges": ["10.0.0.1"]}
        created.append(bool(shell.backend.execute(context, CmdletCall("New-ReceiveConnector", call)).output))
        change = {"Identity": RELAY, "RemoteIPRanges": {"Add": [f"10.7.0.{number}"]}}
        assert shell.backend.execute(context, CmdletCall("Set-ReceiveConnector", change)).errors == []

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert created.count(True) == 1
    ranges = shell.one("Get-ReceiveConnector", RELAY)["RemoteIPRanges"]
    assert set(ranges) == {"10.1.0.0/16"} | {f"10.7.0.{number}" for number in range(20)}  # type: ignore[call-overload]
    sequences = [int(str(entry["sequence"])) for entry in shell.journal.entries()]
    assert sequences == sorted(sequences)


# --- storage ---------------------------------------------------------------------------------------------------------


def test_the_state_outlives_a_restart(shell: Shell, tmp_path: Path) -> None:
    shell.relay(
        PermissionGroups="AnonymousUsers",
        RemoteIPRanges=["10.1.0.1/16", "fd00::1", "10.9.0.1-10.9.0.9"],
        DefaultDomain="lab.example",
        TlsCertificateName="<I>CN=CA<S>CN=relay",
        TlsDomainCapabilities=["a.example:AcceptCloudServicesMail"],
        MaxProtocolErrors="unlimited",
        TarpitInterval="00:00:00.5",
        Banner="220 relay",
    )
    shell.call("Add-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT])
    shell.call("Add-ADPermission", RELAY, User="operator", ExtendedRights=[ANY_RECIPIENT], Deny=True)
    shell.objects("Remove-ReceiveConnector", r"EX2\Client Proxy EX2", Confirm=False)
    path = tmp_path / "organization.json"
    save(shell.organization, path)
    again = Organization(parse(lab_content()))
    assert restore(again, path)
    assert again.connectors == shell.organization.connectors
    other = Shell(again, ExchangeBackend(again, shell.journal), shell.journal)
    assert other.objects("Get-ReceiveConnector") == shell.objects("Get-ReceiveConnector")
    assert other.objects("Get-ADPermission", RELAY) == shell.objects("Get-ADPermission", RELAY)


def test_no_state_yet(shell: Shell, tmp_path: Path) -> None:
    assert restore(shell.organization, tmp_path / "absent.json") is False


def test_the_state_of_another_lab(shell: Shell, tmp_path: Path, make_shell: MakeShell) -> None:
    path = tmp_path / "organization.json"
    save(shell.organization, path)
    other = make_shell(servers={"EX7": {"address": "127.0.1.7"}})
    with pytest.raises(LabError, match=r"keeps the state of another lab; .* --fresh"):
        restore(other.organization, path)


def test_every_change_is_saved_before_it_is_journaled(tmp_path: Path) -> None:
    organization = Organization(parse(lab_content()))
    journal = Journal(tmp_path / "journal.jsonl")
    saved: list[int] = []
    backend = ExchangeBackend(organization, journal, lambda: saved.append(len(journal.entries())))
    shell = Shell(organization, backend, journal)
    shell.relay()
    shell.objects("Get-ReceiveConnector")
    shell.objects("Set-ReceiveConnector", RELAY, Comment="x", WhatIf=True)
    shell.objects("Set-ReceiveConnector", RELAY, Comment="x")
    assert saved == [0, 3]


def test_an_unknown_user_in_inherited_permissions() -> None:
    config = parse(lab_content(inherited_permissions=[{"user": "Nobody Known", "right": ANY_RECIPIENT}]))
    with pytest.raises(LabFileError, match="no user or group 'Nobody Known'"):
        Organization(config)
