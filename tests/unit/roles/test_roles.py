# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roles and playbooks say the same as the modules behind them, and their examples are valid."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import (
    EXCHANGE_SERVER_INFO_SPEC,
    RELAY_SPEC,
    SAFETY_SPEC,
    SERVICE_SPEC,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import parse_protected
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.smtp_proof import listings, plan_probes
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.source_files import COLUMNS

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
PREFIX = "mailrelay.exchange."


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def constants(path: Path) -> dict[str, str]:
    """Text constants at the top of a Python file."""
    return {
        ast.unparse(target): node.value.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
    }


def options_of(role: str) -> dict[str, Any]:
    """Documented options of a role."""
    found = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    return dict(found)


def tasks(nodes: Any, inherited: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Tasks with what their blocks give them, blocks opened."""
    for node in nodes or []:
        given = {**(inherited or {}), **{key: node[key] for key in ("vars", "delegate_to") if key in node}}
        blocks = [node[key] for key in ("block", "rescue", "always") if key in node]
        for block in blocks:
            yield from tasks(block, given)
        if not blocks:
            yield {**given, **node}


def role_tasks() -> Iterator[tuple[str, dict[str, Any]]]:
    for role in ROLES:
        for path in sorted((role / "tasks").glob("*.yml")):
            for task in tasks(read(path)):
                yield f"{role.name}/{path.name}: {task['name']}", task


def spec_of(module: str) -> dict[str, Any]:
    """Argument spec of a module of ours."""
    if module == "relay":
        return RELAY_SPEC
    if module == "exchange_server_info":
        return EXCHANGE_SERVER_INFO_SPEC
    found: dict[str, Any] = import_module(f"ansible_collections.{PREFIX}plugins.modules.{module}").ARGUMENT_SPEC
    return found


@pytest.mark.parametrize(
    ("where", "task"), list(role_tasks()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_tasks_give_modules_what_they_take(where: str, task: dict[str, Any]) -> None:
    for key, arguments in task.items():
        if key.startswith(PREFIX):
            spec = spec_of(key.removeprefix(PREFIX))
            assert set(arguments) <= set(spec), where
            missing = {name for name, option in spec.items() if option.get("required")} - set(arguments)
            assert not missing, where


def test_tasks_for_the_control_node_neutralise_everything_windows() -> None:
    wanted = {
        "ansible_connection": "local",
        "ansible_shell_type": "sh",
        "ansible_shell_executable": "/bin/sh",
        "ansible_remote_tmp": "~/.ansible/tmp",
        "ansible_become": False,
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    delegated = [(where, task) for where, task in role_tasks() if task.get("delegate_to")]
    assert delegated
    for where, task in delegated:
        assert task["delegate_to"] == "localhost", where
        assert {**task["vars"], **wanted} == task["vars"], where


def test_nothing_runs_on_the_managed_host() -> None:
    at_home = {
        "ansible.builtin.assert",
        "ansible.builtin.debug",
        "ansible.builtin.fail",
        "ansible.builtin.include_tasks",
        "ansible.builtin.set_fact",
    }
    actions = {path.stem for path in (ROOT / "plugins" / "action").glob("*.py")}
    for where, task in role_tasks():
        [module] = [key for key in task if "." in key]
        known = module in at_home or module.removeprefix(PREFIX) in actions
        assert known or task.get("delegate_to") == "localhost", where


def test_the_transport_options_of_other_connections_are_never_read() -> None:
    forbidden = re.compile(r"ansible_port\b|ansible_winrm_|ansible_psrp_")
    for path in [*(path for role in ROLES for path in role.rglob("*.yml")), *PLAYBOOKS]:
        assert not forbidden.search(path.read_text(encoding="utf-8")), path


def test_names_do_not_depend_on_the_hosts_of_a_run() -> None:
    for path in (ROOT / "playbooks" / "name.yml", *(ROOT / "roles" / "dns_alias").rglob("*.yml")):
        assert "ansible_play_" not in path.read_text(encoding="utf-8"), path


def plain(spec: dict[str, Any]) -> dict[str, Any]:
    """An argument spec without its words, so that the module's and the role's can be compared."""
    return {
        name: {
            **{key: option.get(key) for key in ("type", "default", "choices")},
            "options": plain(option.get("options", {})),
        }
        for name, option in spec.items()
    }


def test_the_role_relay_documents_the_modules_limits() -> None:
    options = options_of("relay")
    assert plain(options["relay_safety"]["options"]) == plain(SAFETY_SPEC)
    assert {name.removeprefix("relay_") for name in options} <= set(RELAY_SPEC)


def test_the_role_relay_and_the_module_name_every_key_of_a_service_and_a_group() -> None:
    documentation = constants(ROOT / "plugins" / "modules" / "relay.py")["DOCUMENTATION"]
    module = yaml.safe_load(documentation)["options"]
    role = options_of("relay")
    for keys, places in (
        (SERVICE_SPEC, (module["services"], role["relay_services"])),
        (("addresses", "file", *COLUMNS), (module["source_groups"], role["relay_source_groups"])),
    ):
        for place in places:
            text = " ".join(place["description"])
            assert not [key for key in keys if f"C({key})" not in text]


def test_the_role_dns_alias_documents_the_modules_choices() -> None:
    options, spec = options_of("dns_alias"), spec_of("dns_alias")
    for name in ("type", "key_algorithm"):
        assert options[f"dns_alias_{name}"]["choices"] == spec[name]["choices"]
        assert options[f"dns_alias_{name}"]["default"] == spec[name]["default"]
    assert options["dns_alias_key_secret"]["no_log"] is True


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_every_variable_of_a_role_is_in_its_readme(role: Path) -> None:
    readme = (role / "README.md").read_text(encoding="utf-8")
    generic = {"dns_alias_namespaces", "relay_verify_proof", "relay_verify_clients"}
    for name in set(options_of(role.name)) - generic:
        assert f"`{name}`" in readme or f"{name}:" in readme, name


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_playbooks_need_no_facts_and_no_arguments(path: Path) -> None:
    for play in read(path):
        if "ansible.builtin.import_playbook" in play:
            assert (path.parent / play["ansible.builtin.import_playbook"]).exists()
        else:
            assert play["gather_facts"] is False
            assert "default(" in play["hosts"]


def declared_variables() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every example of relay variables in the repository."""
    example = ROOT / "docs" / "examples" / "group_vars" / "all.yml"
    yield "docs/examples", read(example)
    for readme in (ROOT / "README.md", ROOT / "roles" / "relay" / "README.md"):
        for block in re.findall(r"```yaml\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL):
            content = yaml.safe_load(block)
            if isinstance(content, dict):
                variables = content.get("exchange", {}).get("vars", content)
                if "relay_services" in variables:
                    yield str(readme.relative_to(ROOT)), variables


@pytest.mark.parametrize(
    ("where", "variables"), list(declared_variables()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_examples_are_valid(where: str, variables: dict[str, Any]) -> None:
    groups: dict[str, Any] = {}
    for name, value in variables.items():
        if re.fullmatch("relay_source_groups(_.+)?", name):
            groups.update(value)
    protected = variables.get("relay_protected_addresses")
    parse_protected(protected)
    desired = parse_services(variables["relay_services"], groups, protected, None, "EX1", date(2026, 11, 21))
    assert len(desired) == len(variables["relay_services"])
    if "relay_proof" in variables:
        declared = listings(variables["relay_services"], groups, "EX1", date(2026, 11, 21))
        assert plan_probes(["ex1"], [{"address": "10.20.4.11"}], variables["relay_proof"], declared)[0]["relay"]


def test_there_are_examples() -> None:
    assert {where for where, _variables in declared_variables()} == {
        "docs/examples",
        "README.md",
        "roles/relay/README.md",
    }
