# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The roles in somebody else's playbook, and the collection as Galaxy would install it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness.lab import ROOT, Lab
from harness.labs import LISTED, dns_alias_variables, proof_variables
from harness.promises import relays

LAB = {"servers": ["EX1", "EX2"]}


def test_roles_included_in_a_windows_play_with_become(lab: Lab, runner_for: Any) -> None:
    variables = {
        "relay_source_groups": {"payroll": {"addresses": [LISTED]}},
        "relay_services": {"external": {"sources": ["payroll"]}},
        **dns_alias_variables(lab),
        **proof_variables(lab),
    }
    roles = ("relay", "dns_alias", "relay_verify")
    playbook = [
        {
            "hosts": "exchange",
            "gather_facts": False,
            "become": True,
            "become_method": "runas",
            "become_user": "SYSTEM",
            "connection": "winrm",
            "tasks": [
                {
                    "name": f"Include {role}",
                    "ansible.builtin.include_role": {"name": f"mailrelay.exchange.{role}"},
                    **({"run_once": True} if role == "dns_alias" else {}),
                }
                for role in roles
            ],
        }
    ]
    runner = runner_for(lab, variables=variables, hostile=True)
    runner.run(playbook, "--check").succeed()
    assert lab.journal.writes() == []
    runner.run(playbook).succeed()
    assert relays(lab, LISTED) == set(lab.servers)
    assert lab.resolve("smtp.lab.example") == lab.servers["EX1"].host
    assert runner.run(playbook).succeed().changed == 0


def test_the_built_collection_works_with_four_folders_alone(start_lab: Any, runner_for: Any, tmp_path: Path) -> None:
    galaxy = str(Path(sys.executable).parent / "ansible-galaxy")
    environment = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home")}
    subprocess.run(
        [galaxy, "collection", "build", "--output-path", str(tmp_path), str(ROOT)], env=environment, check=True
    )
    [archive] = tmp_path.glob("mailrelay-exchange-*.tar.gz")
    folder = tmp_path / "ansible_collections" / "mailrelay" / "exchange"
    folder.mkdir(parents=True)
    subprocess.run(
        ["tar", "-xzf", str(archive), "-C", str(folder), "meta", "plugins", "roles", "playbooks"], check=True
    )
    lab = start_lab(**LAB)
    variables = {
        "relay_services": {"external": {"sources": [LISTED]}},
        **dns_alias_variables(lab),
        **proof_variables(lab),
    }
    runner_for(lab, variables=variables).run("mailrelay.exchange.rollout", collections=tmp_path).succeed()
    assert relays(lab, LISTED) == set(lab.servers)
