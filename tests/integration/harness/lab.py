# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start and stop a lab as a process of its own, the way a person does on the command line."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .journal import Journal

ROOT = Path(__file__).resolve().parent.parent.parent.parent


class LabFailure(Exception):
    """The lab did not start, or did not stop; the message is what it said."""


@dataclasses.dataclass(frozen=True)
class Server:
    """Endpoints of one Exchange server of the lab."""

    name: str
    fqdn: str
    host: str
    port: int
    smtp_host: str
    smtp_port: int
    version: str
    roles: tuple[str, ...]
    snap_in: str | None

    @property
    def edge(self) -> bool:
        """Whether this is an Edge Transport server."""
        return "edge" in self.roles


@dataclasses.dataclass(frozen=True)
class Lab:
    """A running lab: where it answers (`lab.json`), and its journal."""

    state: Path
    facts: Mapping[str, Any]

    @classmethod
    def start(cls, config: Mapping[str, Any] | Path, state: Path, timeout: float = 60.0) -> Lab:
        """Start a lab from a lab file, or from its content; return once every endpoint answers."""
        state.mkdir(parents=True, exist_ok=True)
        if isinstance(config, Path):
            path = config
        else:
            path = state / "lab.yml"
            path.write_text(yaml.safe_dump(dict(config), sort_keys=False), encoding="utf-8")
        _exchange_lab("up", str(path), "--state", str(state), timeout=timeout)
        return cls(state, json.loads((state / "lab.json").read_text(encoding="utf-8")))

    def stop(self) -> None:
        """Stop it and everything that it started."""
        _exchange_lab("down", "--state", str(self.state), timeout=30.0)

    def kill(self) -> None:
        """End the lab the way a power cut does: nothing is written, nobody says goodbye; what it started dies too."""
        os.kill(self.facts["pid"], signal.SIGKILL)

    def start_again(self) -> Lab:
        """Start a lab that was killed with what it had on disk; its ports may be others then."""
        _exchange_lab("up", str(self.state / "lab.yml"), "--state", str(self.state), timeout=60.0)
        return Lab(self.state, json.loads((self.state / "lab.json").read_text(encoding="utf-8")))

    def start_again_with(self, servers: Mapping[str, Mapping[str, Any]], **content: Any) -> Lab:
        """Stop the lab and start it again with what it holds and a changed lab file; the journal goes on.

        servers: further settings by server name, such as faults. content: other keys of the lab file.
        """
        self.stop()
        path = self.state / "lab.yml"
        config = {**yaml.safe_load(path.read_text(encoding="utf-8")), **content}
        for name, settings in servers.items():
            config["servers"][name].update(settings)
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        return self.start_again()

    @property
    def journal(self) -> Journal:
        """The journal of this lab."""
        return Journal(Path(self.facts["journal"]))

    @property
    def servers(self) -> dict[str, Server]:
        """Servers by name."""
        return {
            name: Server(
                name,
                one["fqdn"],
                one["host"],
                one["port"],
                one["smtp"]["host"],
                one["smtp"]["port"],
                one["version"],
                tuple(one["roles"]),
                one["snap_in"],
            )
            for name, one in self.facts["servers"].items()
        }

    def environment(self) -> dict[str, str]:
        """Environment in which Kerberos asks this lab's realm and keeps its tickets beside the lab."""
        if not self.facts.get("kerberos"):
            return {}
        return {
            "KRB5_CONFIG": str(self.facts["kerberos"]["config"]),
            "KRB5CCNAME": f"FILE:{self.state / 'tickets'}",
        }

    def resolve(self, name: str) -> str:
        """IPv4 address of a name, asked of the lab's name server with dig; '' when it has none."""
        dns = self.facts["dns"]
        dig = shutil.which("dig") or "/usr/bin/dig"
        answer = subprocess.run(
            [dig, f"@{dns['host']}", "-p", str(dns["port"]), "+short", "+time=3", "+tries=1", name, "A"],
            capture_output=True,
            text=True,
            timeout=15,
            check=True,
        )
        return answer.stdout.split()[-1] if answer.stdout.split() else ""


def _exchange_lab(*arguments: str, timeout: float) -> None:
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "tests" / "lab"))
    done = subprocess.run(
        [sys.executable, "-m", "exchange_lab", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise LabFailure(f"exchange_lab {arguments[0]} failed: {said[-1] if said else 'it said nothing'}")
