# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Actions as ansible-core runs them, against a lab in this process: real sockets, NTLM, a real name server."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins import loader as plugin_loader
from ansible.template import Templar

from exchange_lab.lab import Lab

PASSWORD = "Lab-Administrator-1"
CONFIG: dict[str, Any] = {
    "organization": {"name": "Lab Organization", "domain": "lab.example", "domain_controllers": ["dc1.lab.example"]},
    "accounts": {
        "administrator": {"password": PASSWORD, "role_groups": ["Organization Management"]},
        "operator": {"password": PASSWORD, "role_groups": ["Server Management"]},
        "auditor": {"password": PASSWORD, "role_groups": ["View-Only Organization Management"]},
    },
    "accepted_domains": [{"name": "lab.example", "type": "Authoritative", "default": True}],
    "servers": {
        name: {"version": "2019", "address": f"127.0.1.{number}", "port": 0, "smtp_port": 0, "auth": ["ntlm"]}
        for number, name in ((1, "EX1"), (2, "EX2"))
    },
    "dns": {"address": "127.0.0.1", "port": 0, "zone": "lab.example"},
}


@dataclasses.dataclass
class Actions:
    """Runs actions against one server of a lab as a play would, and reads the lab's journal."""

    lab: Lab
    server: str = "EX1"

    def __call__(
        self, action_name: str, /, check: bool = False, variables: dict[str, Any] | None = None, **args: Any
    ) -> Any:
        """Result of one task on the host of the server."""
        task = Task()
        task.action = f"mailrelay.exchange.{action_name}"
        task.args = args
        task.check_mode = check
        task.diff = True
        data = DataLoader()
        known = {**self.variables(), **(variables or {})}
        module = import_module(f"ansible_collections.mailrelay.exchange.plugins.action.{action_name}")
        context = PlayContext()
        connection = plugin_loader.connection_loader.get("ansible.builtin.local", context, new_stdin=None)
        action = module.ActionModule(task, connection, context, data, Templar(data, variables=known), plugin_loader)
        result = action.run(task_vars=known)
        json.dumps(result)  # plain data, whatever happened
        return result

    def variables(self) -> dict[str, Any]:
        """What the inventory says about the host."""
        endpoints: dict[str, Any] = self.lab.endpoints
        server, dns = endpoints["servers"][self.server], endpoints["dns"]
        found = {
            "inventory_hostname": server["fqdn"],
            "ansible_host": server["host"],
            "ansible_user": "administrator",
            "ansible_password": PASSWORD,
            "ansible_exchange_port": server["port"],
            "ansible_exchange_auth": "ntlm",
            "ansible_exchange_resolver": f"{dns['host']}:{dns['port']}",
        }
        return {**found, "ansible_exchange_snap_in": server["snap_in"]} if server["snap_in"] else found

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """Cmdlets that reached the lab."""
        path = self.lab.state / "journal.jsonl"
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        return [line for line in lines if line["kind"] == "cmdlet" and line["sequence"] > since]

    def mark(self) -> int:
        """A point in the journal."""
        return max((line["sequence"] for line in self.journal()), default=0)

    def writes(self, since: int = 0) -> list[str]:
        """Names of the cmdlets that wrote."""
        return [line["cmdlet"] for line in self.journal(since) if line["write"]]

    def reads(self, since: int = 0) -> list[str]:
        """Names of the cmdlets that only read."""
        return [line["cmdlet"] for line in self.journal(since) if not line["write"]]


@pytest.fixture
def actions(tmp_path: Path) -> Iterator[Actions]:
    """A lab of its own for each test."""
    with Lab.from_config(CONFIG, tmp_path / "lab") as lab:
        yield Actions(lab)
