# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Odd inputs that are right: taken, literally on the server afterwards, and nothing to do the second time.

The inputs are data: odd_input/*.yml, described in odd_input/README.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from harness.cases import Case, CaseFile, Written, read_cases
from harness.journal import CmdletLine
from harness.lab import Lab
from harness.labs import inventory
from harness.plays import Runner

LAB = {"servers": ["EX1"], "clients": []}
SERVER = "ex1.lab.example"
# The first test waits for all plays; that is a minute where nothing else runs.
pytestmark = pytest.mark.timeout(900)


def read_file(path: Path) -> CaseFile:
    """The cases of a file; a connector without a name of its own is called as its case."""
    file = read_cases(path, "given", SERVER)
    if not file.right.action.endswith(".receive_connector"):
        return file
    named = (dataclasses.replace(case, options={"name": case.name, **case.options}) for case in file.cases)
    return dataclasses.replace(file, cases=tuple(named))


FILES = [read_file(path) for path in sorted((Path(__file__).parent / "odd_input").glob("*.yml"))]
CASES = [case for file in FILES for case in file.cases]


@dataclasses.dataclass(frozen=True)
class Answers:
    """What two rounds of all inputs gave: results by case, connectors as they are read back, and what was created."""

    rounds: Sequence[Mapping[str, Mapping[str, Any]]]
    connectors: Mapping[str, Mapping[str, Any]]
    created: Sequence[CmdletLine]


@pytest.fixture(scope="module")
def answers(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Gives all inputs twice, then reads the connectors."""
    folder = tmp_path_factory.mktemp("inputs")
    runner = Runner(folder, inventory(lab, folder), lab.environment())
    mark = lab.journal.mark()
    rounds: list[dict[str, Mapping[str, Any]]] = []
    for _round in range(2):
        found: dict[str, Mapping[str, Any]] = {}
        for file in FILES:
            run = runner.run(file.playbook(folder, right_last=False), timeout=600.0).no_traceback()
            found.update({f"{file.name}: {one.name}": {**one.result, "status": one.status} for one in run.results})
        rounds.append(found)
    listed = runner.run(
        [{"hosts": SERVER, "gather_facts": False, "tasks": [{"mailrelay.exchange.receive_connector_info": {}}]}]
    )
    connectors = {
        one["name"]: one["options"] for one in listed.succeed().one("receive_connector_info")["receive_connectors"]
    }
    created = [line for line in lab.journal.writes(mark) if line.cmdlet == "New-ReceiveConnector"]
    return Answers(rounds, connectors, created)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_odd_input_arrives_literally_and_only_once(case: Case, answers: Answers) -> None:
    first, second = (one[str(case)] for one in answers.rounds)
    assert (first["status"], first.get("changed")) == ("ok", True), first.get("msg")
    expected = dict(case.details["reads"])
    name = expected.pop("connector", case.name)
    assert [line.parameters["Name"] for line in answers.created].count(name) == 1
    shown = answers.connectors[name]
    for option, value in expected.items():
        assert shown[option] == (value.value if isinstance(value, Written) else value)
    assert (second["status"], second.get("changed")) == ("ok", False), second.get("commands")


def test_there_are_enough() -> None:
    assert len(CASES) >= 60
