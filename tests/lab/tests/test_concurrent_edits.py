# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A concurrent administrator edits a connector between two cmdlets of somebody else."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_lab.config import parse
from exchange_lab.section import LabFileError

from .conftest import MakeShell, Shell, lab_content


def faults(**edits: object) -> dict[str, Any]:
    return {"EX1": {"address": "127.0.1.1", "auth": ["basic"], "faults": edits}}


def ranges(shell: Shell) -> set[str]:
    [connector] = [item for item in shell.organization.connectors if item.name == "Relay"]
    return {item.expression for item in connector.ranges}


def test_an_edit_before_a_cmdlet_happens_once(make_shell: MakeShell) -> None:
    edit = {"cmdlet": "set-receiveconnector", "connector": "Relay", "add": ["10.9.9.9"], "remove": ["10.1.0.0/16"]}
    shell = make_shell(servers=faults(edit_before=edit))
    shell.relay(RemoteIPRanges=["10.1.0.0/16", "10.2.0.0/16"])
    assert ranges(shell) == {"10.1.0.0/16", "10.2.0.0/16"}, "New-ReceiveConnector is not what the edit waits for"
    shell.objects("Set-ReceiveConnector", Identity=r"EX1\Relay", Comment="first")
    assert ranges(shell) == {"10.2.0.0/16", "10.9.9.9"}
    shell.objects("Set-ReceiveConnector", Identity=r"EX1\Relay", RemoteIPRanges=["10.2.0.0/16"])
    assert ranges(shell) == {"10.2.0.0/16"}, "the second Set meets no edit any more"
    [line] = shell.journal.entries("edit")
    assert line["connector"] == "Relay" and line["before"] == "Set-ReceiveConnector" and line["changed"] is True
    assert (line["add"], line["remove"], line["errors"]) == (["10.9.9.9"], ["10.1.0.0/16"], [])
    assert [entry["kind"] for entry in shell.journal.entries()] == ["cmdlet", "edit", "cmdlet", "cmdlet"]


def test_an_edit_after_the_second_read(make_shell: MakeShell) -> None:
    edit = {"cmdlet": "Get-ReceiveConnector", "connector": "Relay", "add": ["10.9.9.9"], "count": 2}
    shell = make_shell(servers=faults(edit_after=[edit]))
    shell.relay()
    seen = [shell.one("Get-ReceiveConnector", Identity=r"EX1\Relay")["RemoteIPRanges"] for _ in range(3)]
    assert seen == [["10.1.0.0/16"], ["10.1.0.0/16"], ["10.9.9.9", "10.1.0.0/16"]]


def test_an_edit_of_other_properties(make_shell: MakeShell) -> None:
    edit = {"cmdlet": "Get-ReceiveConnector", "connector": r"EX1\Relay", "set": {"Comment": "mine", "Enabled": False}}
    shell = make_shell(servers=faults(edit_before=edit))
    shell.relay()
    found = shell.one("Get-ReceiveConnector", Identity=r"EX1\Relay")
    assert (found["Comment"], found["Enabled"], found["RemoteIPRanges"]) == ("mine", False, ["10.1.0.0/16"])
    assert shell.journal.entries("edit")[0]["set"] == {"Comment": "mine", "Enabled": False}


def test_the_other_administrator_keeps_the_rules_too(make_shell: MakeShell) -> None:
    edit = {"cmdlet": "Get-ExchangeServer", "connector": "Absent", "add": ["10.9.9.9"]}
    shell = make_shell(servers=faults(edit_before=edit))
    shell.one("Get-ExchangeServer", "EX1")
    [line] = shell.journal.entries("edit")
    assert line["changed"] is False and "couldn't be found" in str(line["errors"])


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"connector": "Relay", "add": ["10.9.9.9"]}, "cmdlet: this key is required"),
        ({"cmdlet": "Set-ReceiveConnector", "connector": "Relay"}, "name ranges to add or to remove"),
        ({"cmdlet": "X", "connector": "Relay", "add": ["10.9.9.9"], "when": 1}, "when: this key is not known"),
        ("Relay", "a list is expected here, not text"),
    ],
)
def test_a_mistake_gets_one_sentence(edit: object, expected: str) -> None:
    with pytest.raises(LabFileError, match=expected):
        parse(lab_content(servers=faults(edit_before=edit)))
