# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wrong inputs, given through ansible-playbook: one sentence each, and nothing is written.

The inputs are data: bad_input/*.yml, described in bad_input/README.md.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from harness.cases import Case, failures, read_cases
from harness.journal import CmdletLine
from harness.lab import Lab
from harness.labs import dns_alias_variables, inventory
from harness.plays import PlayRun, Runner, TaskResult

LAB = {"servers": ["EX1", "EX2"], "clients": []}
SERVER = "ex1.lab.example"
FILES = {
    path.stem: read_cases(path, "wrong", SERVER) for path in sorted((Path(__file__).parent / "bad_input").glob("*.yml"))
}
CASES = [case for file in FILES.values() for case in file.cases]

# Words of Python and of Ansible's classes, which mean nothing to somebody who wrote a playbook.
PYTHON = re.compile(
    r"NoneType|<class|\b(?:dict|str|int|bool|tuple|datetime)\b|\b[A-Z]\w*Error\b|_?Ansible[A-Z_]\w+|Undefined\("
)
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
ENDS = (".", ")", "?")


@dataclasses.dataclass(frozen=True)
class Answers:
    """What one play of inputs gave: the failed result of each, by name, and what reached Exchange meanwhile."""

    run: PlayRun
    failed: Mapping[str, TaskResult]
    writes: list[CmdletLine]


@pytest.fixture(scope="module")
def answers(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Answers]:
    """Gives all inputs of a file to one play, once."""
    folder = tmp_path_factory.mktemp("inputs")
    variables = {
        **dns_alias_variables(lab, namespaces=False),
        "probe_port": lab.servers["EX1"].smtp_port,
    }
    runner = Runner(folder, inventory(lab, folder, variables), {**lab.environment(), "ANSIBLE_PIPELINING": "1"})
    known: dict[str, Answers] = {}

    def of(file: str) -> Answers:
        if file not in known:
            mark = lab.journal.mark()
            run = runner.run(FILES[file].playbook(folder))
            known[file] = Answers(run, failures(run, FILES[file].cases), lab.journal.writes(mark))
        return known[file]

    return of


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_wrong_input_gets_a_sentence(case: Case, answers: Callable[[str], Answers]) -> None:
    result = answers(case.file).failed.get(case.name)
    assert result is not None, "it was taken"
    assert result.status != "unreachable"
    sentence = str(result.result["msg"])
    for words in case.details["says"]:
        assert words in sentence, sentence
    secret = case.details.get("hides")
    assert secret is None or secret not in str(result.result)
    if not case.details.get("core"):
        assert_sentence(sentence)


def assert_sentence(sentence: str) -> None:
    """One sentence, on one line, in words of its reader."""
    assert len(sentence.splitlines()) == 1, sentence
    assert sentence.endswith(ENDS), sentence
    bare = QUOTED.sub("''", sentence)
    assert not re.search(r"[.?!] +[A-Z]", bare), f"more than one sentence: {sentence}"
    assert not PYTHON.search(bare), f"{PYTHON.search(bare)}: {sentence}"


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_written_and_nothing_stays_behind(file: str, answers: Callable[[str], Answers], lab: Lab) -> None:
    found = answers(file)
    assert found.writes == []
    found.run.no_traceback()
    right = [one for one in found.run.results if one.name == FILES[file].right.name or one.status == "ok"]
    assert right, found.run.output[-3000:]
    assert found.run.results[-1].status in ("ok", "skipped"), found.run.output[-3000:]
    for account in lab.facts["accounts"].values():
        assert account["password"] not in found.run.output
    assert lab.facts["dns"]["key"]["secret"] not in found.run.output


def test_there_are_enough() -> None:
    assert len(CASES) >= 220
    assert all(len(case.details["says"]) >= 1 for case in CASES)
