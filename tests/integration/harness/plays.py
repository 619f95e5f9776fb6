# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run ansible-playbook as a person does, and keep both what it printed and every task's result."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from .lab import ROOT

# Signs that an exception reached the user instead of a sentence.
TRACEBACKS = ("Traceback (most recent call last)", "MODULE FAILURE", "unexpected exception", "the full traceback")


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """Result of one task on one host."""

    status: str
    host: str
    task: str
    name: str
    action: str
    result: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class PlayRun:
    """One finished run of ansible-playbook."""

    returncode: int
    output: str
    results: tuple[TaskResult, ...]
    stats: Mapping[str, Mapping[str, int]]

    def of(self, action: str, host: str | None = None) -> list[TaskResult]:
        """Results of a module, named with or without the collection's prefix, in order."""
        names = {action, f"mailrelay.exchange.{action}"}
        return [one for one in self.results if one.action in names and host in (None, one.host)]

    def one(self, action: str, host: str | None = None) -> Mapping[str, Any]:
        """The only result of a module that was not skipped."""
        found = [one.result for one in self.of(action, host) if one.status != "skipped"]
        assert len(found) == 1, f"expected one result of {action}, got {len(found)}\n{self.output}"
        return found[0]

    @property
    def failures(self) -> list[TaskResult]:
        """Results that failed or were unreachable."""
        return [one for one in self.results if one.status in ("failed", "unreachable")]

    @property
    def changed(self) -> int:
        """Number of changed tasks over all hosts, as the recap counts them."""
        return sum(one["changed"] for one in self.stats.values())

    def succeed(self) -> PlayRun:
        """This run, when it succeeded and showed no traceback."""
        assert self.returncode == 0, f"ansible-playbook ended with {self.returncode}:\n{self.output}"
        return self.no_traceback()

    def fail(self) -> PlayRun:
        """This run, when it failed in good order: a sentence, no traceback."""
        assert self.returncode != 0, f"ansible-playbook succeeded where it must not:\n{self.output}"
        assert self.failures, f"no task failed:\n{self.output}"
        return self.no_traceback()

    def no_traceback(self) -> PlayRun:
        """This run, when no exception reached the user."""
        for sign in TRACEBACKS:
            assert sign not in self.output, f"{sign!r} reached the user:\n{self.output}"
        return self


class Runner:
    """Runs playbooks against one inventory, in a folder of their own."""

    def __init__(self, folder: Path, inventory: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.inventory = inventory
        self.environment = dict(environment or {})
        self.count = 0
        # An empty configuration, so that no file of the machine or the checkout changes what a test sees.
        self.config = folder / "ansible.cfg"
        self.config.write_text("[defaults]\n", encoding="utf-8")

    def run(
        self,
        playbook: str | Sequence[Mapping[str, Any]],
        *arguments: str,
        collections: Path = ROOT / "collections",
        inventory: Path | None = None,
        timeout: float = 240.0,
    ) -> PlayRun:
        """Run a playbook: the FQCN of a collection's playbook, or plays as data, which are written to a file first."""
        self.count += 1
        record = self.folder / f"record-{self.count}.jsonl"
        record.unlink(missing_ok=True)
        if not isinstance(playbook, str):
            path = self.folder / f"playbook-{self.count}.yml"
            path.write_text(yaml.safe_dump(list(playbook), sort_keys=False), encoding="utf-8")
            playbook = str(path)
        done = subprocess.run(
            [
                str(Path(sys.executable).parent / "ansible-playbook"),
                "-i",
                str(inventory or self.inventory),
                playbook,
                *arguments,
            ],
            cwd=self.folder,
            env=self._environment(record, collections),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        lines = (
            [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()] if record.exists() else []
        )
        results = tuple(TaskResult(**line) for line in lines if "stats" not in line)
        stats: dict[str, dict[str, int]] = next((line["stats"] for line in lines if "stats" in line), {})
        return PlayRun(done.returncode, done.stdout, results, stats)

    def _environment(self, record: Path, collections: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return {
            **kept,
            "ANSIBLE_CONFIG": str(self.config),
            "ANSIBLE_HOME": str(self.folder / "ansible-home"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).resolve().parent / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "MAILRELAY_RECORD": str(record),
            **self.environment,
        }
