# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wrong inputs, given through ansible-playbook: one sentence each, and nothing is written.

The inputs are data: bad_input/*.yml, described in bad_input/README.md.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible.release import __version__ as core
from harness.cases import Case, failures, read_cases
from harness.journal import CmdletLine
from harness.lab import Lab
from harness.labs import dns_alias_variables, inventory
from harness.plays import PlayRun, Runner, TaskResult

LAB = {"servers": ["EX1", "EX2"], "clients": []}
SERVER = "ex1.lab.example"
# The first test waits for all plays; that is a minute where nothing else runs.
pytestmark = pytest.mark.timeout(900)
FILES = {
    path.stem: read_cases(path, "wrong", SERVER) for path in sorted((Path(__file__).parent / "bad_input").glob("*.yml"))
}
OLDER_CORE = tuple(map(int, core.split(".")[:2])) < (2, 20)
ON_EVERY_STACK = {"exchange_server_info", "receive_connector_values", "relay", "role_relay", "smtp_probe"}
CASES = [case for file in FILES.values() for case in file.cases]

# Words of Python and of Ansible's classes, which mean nothing to somebody who wrote a playbook.
PYTHON = re.compile(
    r"NoneType|<class|\b(?:dict|str|int|bool|tuple|datetime)\b|\b[A-Z]\w*Error\b|_?Ansible[A-Z_]\w+|Undefined\("
)
# What is quoted, or stands in parentheses as somebody else's words.
QUOTED = re.compile(r"\([^()]*\)|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
ENDS = (".", ")", "?")


@dataclasses.dataclass(frozen=True)
class Answers:
    """What the plays gave: one run a file, the failed results by file and case, and what Exchange was told to write."""

    runs: Mapping[str, PlayRun]
    failed: Mapping[str, Mapping[str, TaskResult]]
    writes: Sequence[CmdletLine]


@pytest.fixture(scope="module")
def answers(request: pytest.FixtureRequest, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Gives the inputs of every file that a test of this run asks about to a play of its own, two plays at a time."""
    own = (item for item in request.session.items if item.path == request.path)
    params = [item.callspec.params for item in own if hasattr(item, "callspec")]
    wanted = {one["file"] if "file" in one else one["case"].file for one in params if {"file", "case"} & set(one)}
    mark = lab.journal.mark()
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        # The slowest first, so that the two end together.
        files = sorted(wanted, key=lambda file: (FILES[file].hosts, not FILES[file].right.is_role), reverse=True)
        done = pool.map(lambda file: run_file(lab, tmp_path_factory.mktemp(file), file), files)
        runs = dict(zip(files, done, strict=True))
    failed = {file: failures(run, FILES[file].cases) for file, run in runs.items()}
    return Answers(runs, failed, lab.journal.writes(mark))


def run_file(lab: Lab, folder: Path, file: str) -> PlayRun:
    """Give all inputs of one file to one play."""
    variables = {**dns_alias_variables(lab, namespaces=False), "probe_port": lab.servers["EX1"].smtp_port}
    runner = Runner(folder, inventory(lab, folder, variables), {**lab.environment(), "ANSIBLE_PIPELINING": "1"})
    # The other order on the other stacks, so that no answer can be owed to the input before.
    return runner.run(FILES[file].playbook(folder, backwards=OLDER_CORE), timeout=600.0)


def marks(file: str) -> list[pytest.MarkDecorator]:
    """What runs on every stack: enough to see where ansible-core's versions differ."""
    return [pytest.mark.stack] if file in ON_EVERY_STACK else []


@pytest.mark.parametrize("case", [pytest.param(case, marks=marks(case.file), id=str(case)) for case in CASES])
def test_a_wrong_input_gets_a_sentence(case: Case, answers: Answers) -> None:
    result = answers.failed[case.file].get(case.name)
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


@pytest.mark.parametrize("file", [pytest.param(file, marks=marks(file)) for file in FILES])
def test_right_options_are_taken_after_all_the_wrong_ones(file: str, answers: Answers, lab: Lab) -> None:
    run = answers.runs[file].no_traceback()
    assert run.results[-1].status in ("ok", "skipped"), run.output[-3000:]
    for secret in (*(one["password"] for one in lab.facts["accounts"].values()), lab.facts["dns"]["key"]["secret"]):
        assert secret not in run.output


@pytest.mark.stack
def test_nothing_is_written(answers: Answers) -> None:
    assert answers.writes == []


def test_there_are_enough() -> None:
    assert len(CASES) >= 220
