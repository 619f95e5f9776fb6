# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The EXAMPLES of every module, run as they stand in an organisation that has their names.

The organisation is contoso.com, so the examples of the Exchange modules need no change. Those that talk SMTP and DNS
name ports and addresses that a test cannot have: `fitted` is the complete list of what is replaced in them.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.lab import ROOT, Lab
from harness.labs import LISTED, STRANGER, inventory, lab_file
from harness.plays import Runner

MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
PREFIX = "mailrelay.exchange."
DEVICE = "127.0.0.30"
PASSWORD = "Ansible-Password-1"

RELAY_EXTERNAL = {
    "name": "Make the connector that the examples are about",
    PREFIX + "receive_connector": {
        "name": "Relay External",
        "bindings": ["0.0.0.0:25"],
        "remote_ip_ranges": ["10.20.4.11"],
        "permission_groups": ["AnonymousUsers"],
    },
}
RELAY_ACCOUNTS = {
    "name": "Make the connector for accounts that the examples are about",
    PREFIX + "receive_connector": {
        "name": "Relay Accounts",
        "bindings": ["0.0.0.0:25"],
        "remote_ip_ranges": [DEVICE],
        "permission_groups": ["ExchangeUsers"],
        "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
    },
}
RELAY_FOR_THE_PROBE = {
    "name": "Make the relay that the examples ask",
    PREFIX + "relay": {"services": {"external": {"sources": [LISTED]}}},
}
SUBMISSION_FOR_THE_PROBE = {
    "name": "Make the connector that the service account uses",
    PREFIX + "receive_connector": {
        "name": "Submission",
        "bindings": ["0.0.0.0:25"],
        "remote_ip_ranges": [DEVICE],
        "permission_groups": ["ExchangeUsers"],
        "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
    },
}
SENDER_OF_THE_SCANNER = {
    "name": "Let the service account send as the scanner",
    PREFIX + "receive_connector_permission": {
        "connector": "Submission",
        "grants": [{"principal": "CONTOSO\\svc-scanner", "rights": ["ms-Exch-SMTP-Accept-Any-Sender"]}],
    },
}
PREPARATION: dict[str, list[dict[str, Any]]] = {
    "receive_connector_info": [RELAY_EXTERNAL],
    "receive_connector_permission": [RELAY_EXTERNAL, RELAY_ACCOUNTS],
    "receive_connector_throttling": [RELAY_EXTERNAL],
    "smtp_probe": [RELAY_FOR_THE_PROBE, SUBMISSION_FOR_THE_PROBE, SENDER_OF_THE_SCANNER],
}


def examples(module: str) -> list[dict[str, Any]]:
    """Tasks of a module's EXAMPLES."""
    tree = ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["EXAMPLES"]:
            return list(yaml.safe_load(ast.literal_eval(node.value)))
    raise AssertionError(f"{module} has no EXAMPLES")


def fitted(task: dict[str, Any], lab: Lab) -> dict[str, Any]:
    """A task with what the lab cannot have replaced: ports, the name server's address, and where a client stands."""
    dns = lab.facts["dns"]
    server = lab.servers["EX1"]
    if arguments := task.get(PREFIX + "dns_alias"):
        task[PREFIX + "dns_alias"] = {**arguments, "server": dns["host"], "port": dns["port"]}
    if arguments := task.get(PREFIX + "smtp_probe"):
        stands = {"accepted": LISTED}.get(arguments.get("expect"), STRANGER)
        if "source_address" in arguments:
            stands = LISTED
        if "username" in arguments:
            stands = DEVICE
            # Exchange's own certificate is self-signed, so an administrator would have to say this too.
            arguments["validate_certs"] = False
        task[PREFIX + "smtp_probe"] = {
            **arguments,
            "port": server.smtp_port,
            "source_address": stands,
            "resolver": f"{dns['host']}:{dns['port']}",
        }
    return task


def files(module: str) -> dict[str, str]:
    """Files that the remarks in a module's EXAMPLES show, by their names."""
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    shown = re.findall(r"^# (\S+/\S+), as .*:\n#\n((?:#   .*\n)+)", text, re.MULTILINE)
    return {name: "".join(f"{line[4:]}\n" for line in lines.splitlines()) for name, lines in shown}


@pytest.fixture(scope="module")
def contoso(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Start labs of the organisation that the examples speak of."""
    labs: list[Lab] = []

    def start(servers: Sequence[str] = ("EX1", "EX2")) -> Lab:
        content = lab_file(servers=servers, clients=[LISTED])
        content["organization"] = {
            "name": "Contoso",
            "domain": "contoso.com",
            "domain_controllers": ["dc1.contoso.com"],
        }
        content["kerberos"] = {"realm": "CONTOSO.COM"}
        content["accepted_domains"] = [{"name": "contoso.com", "type": "Authoritative", "default": True}]
        content["accounts"]["svc-ansible"] = {"password": PASSWORD, "role_groups": ["Organization Management"]}
        content["accounts"]["svc-scanner"] = {"password": "Scanner-Password-1", "role_groups": []}
        content["dns"]["zone"] = "contoso.com"
        content["dns"]["records"] = {"smtp.contoso.com": "127.0.1.1", "oldrelay.contoso.com": "127.0.1.2"}
        content["watch"] = []
        labs.append(Lab.start(content, tmp_path_factory.mktemp("contoso")))
        return labs[-1]

    yield start
    for lab in labs:
        lab.stop()


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_run(module: str, contoso: Any, tmp_path: Path) -> None:
    lab: Lab = contoso()
    secrets: Mapping[str, Any] = {
        "vault_relay_key": lab.facts["dns"]["key"]["secret"],
        "vault_scanner_password": "Scanner-Password-1",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    runner = Runner(tmp_path, inventory(lab, tmp_path, secrets), lab.environment())
    for name, content in files(module).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    tasks = [fitted(task, lab) for task in examples(module)]
    for task in tasks:
        if "delegate_to" not in task and any(PREFIX + name in task for name in ("smtp_probe", "dns_alias")):
            task["delegate_to"] = "localhost"
    preparation = PREPARATION.get(module, [])
    playbook = [{"hosts": "ex1.contoso.com", "gather_facts": False, "tasks": [*preparation, *tasks]}]
    run = runner.run(playbook).succeed()
    done = {one.name for one in run.results if one.status == "ok"}
    assert {task["name"] for task in tasks} <= done


def test_the_tasks_of_the_page_about_receive_connectors_run(contoso: Any, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "receive-connectors.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    lab: Lab = contoso()
    runner = Runner(tmp_path, inventory(lab, tmp_path), lab.environment())
    *here, copied = blocks
    plays = [
        {"hosts": "ex1.contoso.com", "gather_facts": False, "tasks": [task for block in here for task in block]},
        {"hosts": "ex2.contoso.com", "gather_facts": False, "tasks": copied},
    ]
    run = runner.run(plays).succeed()
    assert run.stats["ex1.contoso.com"]["changed"] == 3, "what was read was given back, and changed something"
    [name] = [one["name"] for one in run.one("receive_connector_info")["receive_connectors"]]
    assert name == "Scanners and printers"
    again = runner.run([{**plays[0], "tasks": here[-1]}, plays[1]]).succeed()
    assert again.changed == 0


def readme(folder: Path) -> None:
    """The inventory in the README, as a user would copy it."""
    [block] = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(block.splitlines()) <= 12, "ten lines or so"
    (folder / "inventory.yml").write_text(block, encoding="utf-8")


def example(folder: Path) -> None:
    """The complete inventory that docs/examples offers for copying."""
    shutil.copytree(ROOT / "docs" / "examples", folder, dirs_exist_ok=True)


@pytest.mark.parametrize("copy", [readme, example])
def test_the_inventories_of_the_documentation_roll_out(copy: Any, contoso: Any, tmp_path: Path) -> None:
    lab: Lab = contoso(("EX1", "EX2", "EX3"))
    folder = tmp_path / "inventory"
    folder.mkdir()
    copy(folder)
    # What only a lab needs: its ports. The variables of a host are stronger than those of the copied groups.
    dns = lab.facts["dns"]
    endpoints = {
        server.fqdn: {
            "ansible_host": server.host,
            "ansible_exchange_port": server.port,
            "ansible_exchange_kerberos_hostname": server.fqdn,
            "ansible_exchange_resolver": f"{dns['host']}:{dns['port']}",
            "relay_verify_host": server.smtp_host,
            "relay_verify_port": server.smtp_port,
        }
        for server in lab.servers.values()
    }
    (folder / "lab.yml").write_text(yaml.safe_dump({"exchange": {"hosts": endpoints}}), encoding="utf-8")
    extra = {
        "ansible_password": PASSWORD,
        "vault_relay_key": dns["key"]["secret"],
        "dns_alias_server": dns["host"],
        "dns_alias_port": dns["port"],
        "relay_verify_namespace_port": lab.servers["EX1"].smtp_port,
    }
    arguments = ["--extra-vars", json.dumps(extra)]
    runner = Runner(tmp_path, folder, lab.environment())
    checked = runner.run("mailrelay.exchange.rollout", "--check", "--diff", *arguments).succeed()
    assert lab.journal.writes() == []
    runner.run("mailrelay.exchange.rollout", *arguments).succeed()
    for fqdn in endpoints:
        assert checked.one("relay", fqdn)["commands"]
    assert {line.server for line in lab.journal.writes()} == {"EX1", "EX2", "EX3"}
    assert runner.run("mailrelay.exchange.rollout", *arguments).succeed().changed == 0
