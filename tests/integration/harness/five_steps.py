# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The five steps of a writing module in one play: check mode, nothing changed, run, read back, run again unchanged."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from .lab import Lab
from .plays import PlayRun, Runner
from .shell import assert_shown_is_run

SHOW, APPLY, READ, AGAIN = "Show", "Apply", "Read back", "Apply again"
INFO = "mailrelay.exchange.receive_connector_info"


@dataclasses.dataclass(frozen=True)
class Steps:
    """What one server answered: the result of the run, and its connectors afterwards by name."""

    applied: Mapping[str, Any]
    connectors: Mapping[str, Mapping[str, Any]]

    def options(self, name: str) -> Mapping[str, Any]:
        """What a connector holds now, as options of the module receive_connector."""
        options: Mapping[str, Any] = self.connectors[name]["options"]
        return options


def play(tasks: Sequence[Mapping[str, Any]], hosts: str = "exchange") -> list[dict[str, Any]]:
    """A playbook of one play."""
    return [{"hosts": hosts, "gather_facts": False, "tasks": [dict(task) for task in tasks]}]


def five_steps(
    lab: Lab, runner: Runner, module: str, arguments: Any, servers: Sequence[str] | None = None, **keywords: Any
) -> dict[str, Steps]:
    """Take a module through the five steps and return what each server answered, by the server's name.

    module: without the collection's prefix. arguments: its options, or a template of them. servers: names, all of the
    lab by default. keywords: further keywords of the task, such as `vars`.
    Fails unless check mode wrote nothing and showed what the run wrote, and the second run wrote nothing.
    """
    names = list(lab.servers if servers is None else servers)
    task = {"args": arguments, **keywords} if isinstance(arguments, str) else keywords
    options = {} if isinstance(arguments, str) else arguments
    call = {f"mailrelay.exchange.{module}": dict(options), **task}
    tasks = [
        {"name": SHOW, **call, "check_mode": True},
        {"name": APPLY, **call},
        {"name": READ, INFO: {}},
        {"name": AGAIN, **call},
    ]
    mark = lab.journal.mark()
    run = runner.run(play(tasks, ":".join(lab.servers[name].fqdn for name in names))).succeed()
    return {name: _steps(lab, run, name, mark) for name in names}


def result(run: PlayRun, task: str, host: str) -> Mapping[str, Any]:
    """The result of a task on a host."""
    [found] = [one.result for one in run.results if (one.name, one.host) == (task, host)]
    return found


def _steps(lab: Lab, run: PlayRun, name: str, mark: int) -> Steps:
    host = lab.servers[name].fqdn
    shown, applied, again = (result(run, task, host) for task in (SHOW, APPLY, AGAIN))
    writes = [line for line in lab.journal.writes(mark) if line.server == name]
    assert shown["changed"] is True, f"{name}: check mode saw nothing to do"
    assert applied["changed"] is True, name
    assert shown["commands"] == applied["commands"], name
    assert_shown_is_run(applied["commands"], writes)
    # All that was written was written in one session: that of the run.
    assert len({line.connection for line in writes}) == 1, name
    assert (again["changed"], again["commands"]) == (False, []), f"{name}: {again['commands']}"
    listed = result(run, READ, host)["receive_connectors"]
    return Steps(applied, {one["name"]: one for one in listed})
