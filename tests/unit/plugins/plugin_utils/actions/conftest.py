# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Actions as core makes them: real templar, real option resolution, and a host connection that must not be touched."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.plugins import loader as plugin_loaders
from ansible.template import Templar

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19 every text is a template

    def trust_as_template(text: str) -> str:
        return text


class Untouchable:
    """The connection of the host: whoever uses more of it than its shell's name breaks hosts of another kind."""

    def __init__(self) -> None:
        self._shell = SimpleNamespace(tmpdir=None)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the connection of the host was touched: {name}")


class Task:
    """What an action reads of its task."""

    def __init__(self, arguments: dict[str, Any], **attributes: Any) -> None:
        self.args = arguments
        self.action = "mailrelay.exchange.trial"
        self.check_mode = attributes.pop("check_mode", False)
        self.diff = attributes.pop("diff", False)
        self.delegate_to = attributes.pop("delegate_to", None)
        self.async_val = 0
        self._uuid = "0000"
        self._keywords = {"retries": 7, "timeout": 9, **attributes}

    def dump_attrs(self) -> dict[str, Any]:
        return dict(self._keywords)


MakeAction = Callable[..., Any]


@pytest.fixture
def make_action() -> MakeAction:
    """Make an action of a class for a task with these arguments and variables."""

    def make(
        kind: type[Any],
        arguments: dict[str, Any] | None = None,
        variables: dict[str, Any] | None = None,
        password: str = "",
        **task: Any,
    ) -> Any:
        play_context = PlayContext()
        play_context.password = password
        variables = {"inventory_hostname": "ex1.contoso.com", **(variables or {})}
        variables = {
            name: trust_as_template(value) if isinstance(value, str) else value for name, value in variables.items()
        }
        action = kind(
            Task(arguments or {}, **task),
            Untouchable(),
            play_context,
            DataLoader(),
            Templar(loader=DataLoader(), variables=variables),
            plugin_loaders,
        )
        action.run_with = lambda: action.run(task_vars=variables)
        return action

    return make
