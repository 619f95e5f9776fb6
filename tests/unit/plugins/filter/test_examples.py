# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The EXAMPLES of every filter, run as they stand by ansible-playbook; only what asks Exchange is given its result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[4]
FILTERS = ROOT / "plugins" / "filter"
NAMES = sorted(path.stem for path in FILTERS.glob("*.py"))
INFO = "mailrelay.exchange.receive_connector_info"
ANY = ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
EVERYWHERE = ["[::]:25", "0.0.0.0:25"]


def connector(name: str, ranges: list[str], bindings: list[str], groups: list[str], **more: Any) -> dict[str, Any]:
    options = {
        "name": name,
        "enabled": True,
        "transport_role": "FrontendTransport",
        "bindings": bindings,
        "remote_ip_ranges": ranges,
        "permission_groups": groups,
        "auth_mechanism": more.pop("auth_mechanism", ["Tls"]),
    }
    return {
        "server": "EX1",
        "name": name,
        "guid": "",
        "distinguished_name": f"CN={name}",
        "options": options,
        "permissions": {"connector": name, "grants": more.pop("grants", [])},
        "findings": [],
        "read_only": {"OtherAccess": [], "TransportServices": ["FrontendTransport", "HubTransport"]},
    }


RELAY = [{"principal": "anonymous", "deny": False, "rights": ["ms-Exch-SMTP-Accept-Any-Recipient"]}]
LOGON = ["Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS"]
FOUND = {
    "changed": False,
    "domain_controller": "dc1.contoso.com",
    "receive_connectors": [
        connector("Default Frontend EX1", ANY, EVERYWHERE, ["AnonymousUsers"]),
        connector("Client Frontend EX1", ANY, ["0.0.0.0:587"], ["ExchangeUsers"], auth_mechanism=LOGON),
        connector("Relay External", ["10.31.0.0/24"], ["0.0.0.0:25"], ["AnonymousUsers"], grants=RELAY),
    ],
}


def tasks_of(name: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The tasks of a filter's examples, and the variables that hold what its debug tasks print."""
    text = yaml.safe_load((FILTERS / f"{name}.yml").read_text(encoding="utf-8"))["EXAMPLES"]
    tasks, printed = [], []
    for task in yaml.safe_load(text):
        if INFO in task:
            task = {"name": task["name"], "ansible.builtin.set_fact": {task["register"]: FOUND}}
        elif "ansible.builtin.debug" in task:
            task = {**task, "register": f"{name}_{len(printed)}"}
            printed.append(f"{task['register']}.msg")
        tasks.append(task)
    return tasks, printed


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What the examples' debug tasks print, by filter; an assertion of theirs that does not hold fails all of it."""
    folder: Path = tmp_path_factory.mktemp("examples")
    found = {name: tasks_of(name) for name in NAMES}
    shown = ", ".join(f"'{name}': [{', '.join(names)}]" for name, (_tasks, names) in found.items())
    copied = {"content": f"{{{{ {{{shown}}} | to_json }}}}", "dest": str(folder / "printed.json"), "mode": "0600"}
    tasks = [*(task for tasks, _names in found.values() for task in tasks), {"ansible.builtin.copy": copied}]
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": sys.executable}
    (folder / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "ANSIBLE_HOME": str(folder)}
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local", "play.yml"]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, list[Any]] = json.loads((folder / "printed.json").read_text(encoding="utf-8"))
    return result


def test_the_examples_of_every_filter_run(printed: dict[str, list[Any]]) -> None:
    assert sorted(printed) == NAMES
    assert printed["relay_ranges"] == [["10.20.4.11", "10.31.0.0/24"], ["10.31.0.0/24"]]


def test_the_examples_of_answering_connector_give_what_is_beside_them(printed: dict[str, list[Any]]) -> None:
    answer, over_ipv6, at_an_address = printed["answering_connector"]
    shown = {key: answer[key] for key in ("server", "name", "range", "binding", "may")}
    text = (FILTERS / "answering_connector.yml").read_text(encoding="utf-8")
    documented = [line.strip()[2:] for line in text.splitlines() if line.strip().startswith("# ")]
    assert shown == yaml.safe_load("\n".join(documented[:5]))
    assert documented[5] == "second: {name: Default Frontend EX1, may: [submit], ...}"
    assert (answer["second"]["name"], answer["second"]["may"]) == ("Default Frontend EX1", ["submit"])
    assert documented[6:] == [f"[{', '.join(over_ipv6)}]", at_an_address]


def test_the_examples_of_effective_rights_give_what_is_beside_them(printed: dict[str, list[Any]]) -> None:
    strangers, everybody = printed["effective_rights"]
    text = (FILTERS / "effective_rights.yml").read_text(encoding="utf-8")
    documented = [line.strip()[2:] for line in text.splitlines() if line.strip().startswith("# ")]
    shown = yaml.safe_load("\n".join(documented[:5]))
    assert shown.pop("rights") == [*strangers["rights"][:2], "..."]
    assert shown == {key: strangers[key] for key in shown}
    assert yaml.safe_load(documented[5]) == everybody


@pytest.mark.parametrize("name", ["answering_connector", "effective_rights"])
def test_every_key_of_an_answer_is_documented(printed: dict[str, list[Any]], name: str) -> None:
    documented = yaml.safe_load((FILTERS / f"{name}.yml").read_text(encoding="utf-8"))["RETURN"]["_value"]
    assert set(printed[name][0]) == set(documented["contains"])
