# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups of sources add up across variables, and a group that two variables define is an error naming both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]

# The last tasks of the role are replaced: what they would get is printed instead.
PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.include_vars: {role}/vars/main.yml
    - ansible.builtin.include_tasks: {folder}/checks.yml
    - ansible.builtin.copy:
        content: "{{{{ __relay_source_groups | to_json }}}}"
        dest: {folder}/groups.json
        mode: "0600"
"""


def collect(folder: Path, variables: dict[str, Any]) -> tuple[Any, str]:
    """Run the checks of the role; return the groups it would hand to the module, and the output."""
    role = ROOT / "roles" / "relay"
    text = (role / "tasks" / "main.yml").read_text(encoding="utf-8")
    (folder / "checks.yml").write_text(text.split("- name: Make the declared services")[0], encoding="utf-8")
    known = {"relay_services": {}, **variables, "ansible_python_interpreter": sys.executable}
    (folder / "variables.yml").write_text(yaml.safe_dump(known), encoding="utf-8")
    playbook = folder / "play.yml"
    playbook.write_text(PLAYBOOK.format(role=role, folder=folder), encoding="utf-8")
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible-playbook"),
            "-i",
            "localhost,",
            "-c",
            "local",
            "-e",
            f"@{folder / 'variables.yml'}",
            str(playbook),
        ],
        env={**os.environ, "ANSIBLE_HOME": str(folder), "ANSIBLE_LOCALHOST_WARNING": "false"},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    groups = folder / "groups.json"
    return (json.loads(groups.read_text(encoding="utf-8")) if groups.exists() else None), output


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {}),
        ({"relay_source_groups": {"a": {"addresses": []}}}, {"a": {"addresses": []}}),
        (
            {"relay_source_groups": {"a": {"expires": date(2027, 3, 31)}}},
            {"a": {"expires": "2027-03-31"}},
        ),
        (
            {
                "relay_source_groups": {"a": {"addresses": ["10.0.0.1"]}},
                "relay_source_groups_print": {"b": {"addresses": ["10.0.0.2"]}},
                "relay_source_groups_empty": {},
                "relay_source_groupsets": {"c": {}},
            },
            {"a": {"addresses": ["10.0.0.1"]}, "b": {"addresses": ["10.0.0.2"]}},
        ),
    ],
)
def test_groups_add_up(tmp_path: Path, variables: dict[str, Any], expected: dict[str, Any]) -> None:
    groups, output = collect(tmp_path, variables)
    assert groups == expected, output


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"relay_source_groups": {"a": {}}, "relay_source_groups_x": {"b": {}, "a": {}}},
            'Source group \\"a\\" is defined in relay_source_groups and relay_source_groups_x; groups add up',
        ),
        ({"relay_source_groups_x": ["a"]}, "relay_source_groups_x must be a dictionary of source groups"),
        ({"relay_source_groups_x": None}, "relay_source_groups_x must be a dictionary of source groups"),
        ({"relay_source_groups_x": "{{ nobody_said_this }}"}, "nobody_said_this"),
    ],
)
def test_what_does_not_add_up_stops_before_the_module(tmp_path: Path, variables: dict[str, Any], sentence: str) -> None:
    groups, output = collect(tmp_path, variables)
    assert groups is None
    assert sentence in output
