# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inputs kept as data, each given to ansible-playbook as it stands in its file; many of them in one play.

A file of cases says what gets the input (`module` or `role`), the options that are right on their own (`right`), and
the cases by name. A case lays options over the right ones, or takes some away (`without`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from .plays import PlayRun, TaskResult

_AS_WRITTEN = ("bool", "float", "int", "null", "timestamp", "binary")


@dataclasses.dataclass(frozen=True)
class Written:
    """A scalar that is no text, with its tag and as somebody wrote it: 0x10 and 1:00:00 must reach Ansible so."""

    tag: str
    text: str

    @property
    def value(self) -> Any:
        """What YAML reads it as."""
        return yaml.safe_load(self.text)


class _Loader(yaml.SafeLoader):
    """Reads a file of cases and leaves everything that YAML may read as something else the way it is written."""


class _Dumper(yaml.SafeDumper):
    """Writes what _Loader read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _written(loader: yaml.Loader, node: yaml.ScalarNode) -> Written:
    return Written(node.tag, node.value)


for _name in _AS_WRITTEN:
    _Loader.add_constructor(f"tag:yaml.org,2002:{_name}", _written)
_Loader.add_constructor("!unsafe", _written)
_Dumper.add_representer(Written, lambda dumper, one: dumper.represent_scalar(one.tag, one.text))


@dataclasses.dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        file: name of its file, without the ending.
        name: its name there.
        action: the module or the role, by its full name.
        is_role: whether that is a role, whose variables the options are then.
        options: all options, the right ones and the case's own.
        variables: variables of the task.
        details: everything else that the case says.
    """

    file: str
    name: str
    action: str
    is_role: bool
    options: Mapping[str, Any]
    variables: Mapping[str, Any]
    details: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"

    def task(self) -> dict[str, Any]:
        """The task that gives this input; a failed one does not end the play."""
        if not self.is_role:
            extra = {"vars": dict(self.variables)} if self.variables else {}
            return {"name": self.name, self.action: dict(self.options), "ignore_errors": True, **extra}
        include = {"ansible.builtin.include_role": {"name": self.action}, "vars": {**self.options, **self.variables}}
        # Whatever of the role's tasks fails, the rescue's task tells which input it was.
        ended = {"name": self.name, "ansible.builtin.debug": {"msg": "the role failed"}}
        return {"name": f"Role with {self.name}", "block": [include], "rescue": [ended]}


@dataclasses.dataclass(frozen=True)
class CaseFile:
    """The cases of one file, which go into one play; `right` is a case whose options are only the right ones."""

    name: str
    hosts: str
    right: Case
    cases: tuple[Case, ...]
    files: Mapping[str, str | bytes]

    def playbook(self, folder: Path, backwards: bool = False, right_last: bool = True) -> str:
        """Write the playbook that gives all inputs, one after the other, to one host; return its path.

        right_last: the right options come last, in check mode: they show that nothing else was wrong, and that the
        wrong ones before left nothing behind.
        """
        last = {**self.right.task(), "check_mode": Written("tag:yaml.org,2002:bool", "true")}
        play: dict[str, Any] = {"hosts": self.hosts, "gather_facts": Written("tag:yaml.org,2002:bool", "false")}
        if self.hosts == "localhost":
            play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        cases = reversed(self.cases) if backwards else self.cases
        play["tasks"] = [*(case.task() for case in cases), *([last] if right_last else [])]
        for name, content in self.files.items():
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        path = folder / f"{self.name}.yml"
        path.write_text(yaml.dump([play], Dumper=_Dumper, sort_keys=False, width=10000), encoding="utf-8")
        return str(path)


def read_cases(path: Path, key: str, server: str) -> CaseFile:
    """Read one file; `key` is what it calls a case's own options, `server` the host of what manages Exchange."""
    content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader that knows fewer types
    is_role = "role" in content
    action = f"mailrelay.exchange.{content['role' if is_role else 'module']}"
    right: dict[str, Any] = content["right"]

    def case(name: str, details: dict[str, Any]) -> Case:
        without = details.pop("without", ())
        options = {option: value for option, value in right.items() if option not in without}
        own = details.pop(key, {})
        return Case(path.stem, name, action, is_role, {**options, **own}, details.pop("vars", {}), details)

    cases = tuple(case(name, details) for name, details in content["cases"].items())
    files = {
        name: bytes.fromhex(str(text["bytes"])) if isinstance(text, dict) else text
        for name, text in content.get("files", {}).items()
    }
    return CaseFile(path.stem, content.get("hosts", server), case("the right options", {}), cases, files)


def failures(run: PlayRun, cases: Iterable[Case]) -> dict[str, TaskResult]:
    """The failed result of every case that failed, by the name of the case."""
    names = {case.name for case in cases}
    found: dict[str, TaskResult] = {}
    last: TaskResult | None = None
    for one in run.results:
        if one.name in names and one.action == "ansible.builtin.debug":
            assert last is not None, f"{one.name} was rescued from nothing"
            found[one.name], last = last, None
        elif one.name in names and one.status != "ok":
            found[one.name] = one
        elif one.status in ("failed", "unreachable"):
            last = one
    return found
