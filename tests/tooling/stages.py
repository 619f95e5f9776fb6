# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run the checks, one stage after the other, and say how long each took.

    python tests/tooling/stages.py STAGE|GROUP ...

A stage that fails does not stop the next one: a contributor wants the whole list. With `all`, the stages run first
and the newest stack's tests last; that pytest run also tests the stages' own outcomes (test_stages.py), so its closing
line, the last line printed, tells about everything.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REPORT = ROOT / ".cache" / "stages.json"
OLD_STACKS = ("2.16", "2.19")


@dataclasses.dataclass(frozen=True)
class Stage:
    """One check: a name, the group a make target calls it by, and the commands that must all succeed."""

    name: str
    group: str
    commands: tuple[tuple[str, ...], ...]
    stack: str = "newest"

    @property
    def bin(self) -> Path:
        """Directory of the stack's commands."""
        return ROOT / (".venv" if self.stack == "newest" else f".stacks/{self.stack}") / "bin"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a stage: `passed`, `failed` or `skipped`, why, and how many seconds it took."""

    name: str
    result: str
    seconds: float
    reason: str = ""


PYTEST = ("python", "-m", "pytest")
# Two processes: most tests wait for sockets, and the smallest machine they run on has two cores.
# A file stays in one of them, because its tests share a lab and, for wrong inputs, the plays that give them all.
PARALLEL = (*PYTEST, "-n", "2", "--dist", "loadfile")
TYPED = ("plugins/plugin_utils", "plugins/action", "plugins/connection")

STAGES: tuple[Stage, ...] = (
    Stage("ruff", "lint", (("ruff", "check", "."), ("ruff", "format", "--check", "."))),
    Stage(
        "mypy",
        "lint",
        (
            ("mypy", *(f"collections/ansible_collections/mailrelay/exchange/{folder}" for folder in TYPED)),
            ("mypy", "tests/lab/exchange_lab", "tests/tooling", "tests/demo", "tests/integration", "tests/benchmark"),
        ),
    ),
    Stage(
        "documentation",
        "lint",
        (
            ("python", "tests/generate_documentation.py", "--check"),
            ("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self", "."),
        ),
    ),
    Stage("yamllint", "lint", (("yamllint", "--strict", "."),)),
    Stage("changelog", "lint", (("antsibull-changelog", "lint"),)),
    Stage("ansible-lint", "lint", (("ansible-lint", "--offline", "--profile", "production"),)),
    Stage("sanity", "sanity", (("python", "tests/tooling/sanity.py"),)),
    *(Stage(f"unit {stack}", "unit-stacks", ((*PARALLEL, "tests/unit"),), stack) for stack in OLD_STACKS),
    *(
        Stage(f"rollout {stack}", "rollout-stacks", ((*PYTEST, "-m", "stack", "tests/integration"),), stack)
        for stack in OLD_STACKS
    ),
    Stage("molecule", "molecule", (("molecule", "test", "--all"),)),
    Stage("unit", "unit", ((*PARALLEL, "tests/unit"),)),
    Stage("lab", "lab", ((*PARALLEL, "tests/lab/tests"),)),
    Stage("integration", "integration", ((*PARALLEL, "tests/integration"),)),
)
# One pytest run, so that one closing line counts every test.
FINAL = Stage("newest", "final", ((*PARALLEL, "tests/unit", "tests/lab/tests", "tests/integration", "tests/tooling"),))
IN_FINAL = frozenset({"unit", "lab", "integration"})


def run_stage(stage: Stage) -> Outcome:
    """Run the commands of one stage, their output as it comes."""
    if not (stage.bin / "python").exists():
        reason = f"the stack {stage.stack} is not installed here: make setup"
        return Outcome(stage.name, "failed" if os.environ.get("CI") else "skipped", 0.0, reason)
    environment = dict(os.environ, PATH=f"{stage.bin}{os.pathsep}{os.environ['PATH']}", PYTHONDONTWRITEBYTECODE="1")
    environment["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / "collections")
    environment.pop("PYTHONPATH", None)
    if not sys.stdout.isatty():
        environment["NO_COLOR"] = "1"
    failed: list[str] = []
    start = time.monotonic()
    for command in stage.commands:
        print(f"\n===== {stage.name}: {' '.join(command)}", flush=True)
        if subprocess.run(
            [str(stage.bin / command[0]), *command[1:]],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode:
            failed.append(" ".join(command))
    seconds = time.monotonic() - start
    result = "failed" if failed else "passed"
    return Outcome(stage.name, result, seconds, "; ".join(failed))


def select(names: Iterable[str]) -> tuple[Stage, ...]:
    """Stages of the given names or groups, in the order of the table."""
    wanted = set(names)
    known = {stage.name for stage in STAGES} | {stage.group for stage in STAGES}
    if unknown := sorted(wanted - known):
        raise SystemExit(
            f"stages: there is no stage or group {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    return tuple(stage for stage in STAGES if {stage.name, stage.group} & wanted)


def summary(outcomes: Sequence[Outcome]) -> str:
    """Table of the outcomes for a person."""
    lines = [f"  {one.seconds:7.1f} s  {one.result:8}{one.name:16}{one.reason}".rstrip() for one in outcomes]
    total = sum(one.seconds for one in outcomes)
    return "\n".join(["", "===== stages", *lines, f"  {total:7.1f} s  in all", ""])


def main(arguments: Sequence[str]) -> int:
    """Run the stages named on the command line; 0 when none failed."""
    parser = argparse.ArgumentParser(description="Run the checks of the collection.")
    parser.add_argument("names", nargs="+", metavar="STAGE|GROUP", help="stages or groups; all = everything")
    names = parser.parse_args(arguments).names
    everything = names == ["all"]
    stages = tuple(stage for stage in STAGES if stage.group not in IN_FINAL) if everything else select(names)
    outcomes = [run_stage(stage) for stage in stages]
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([dataclasses.asdict(one) for one in outcomes], indent=1), encoding="utf-8")
    if everything or len(outcomes) > 1:
        print(summary(outcomes), flush=True)
    if everything:
        os.environ["MAILRELAY_STAGES"] = str(REPORT)
        return 1 if run_stage(FINAL).result == "failed" else 0
    return 1 if any(one.result == "failed" for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
