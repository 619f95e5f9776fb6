# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Promises of the repository as a whole, which no test of one file can hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
PLUGINS = ROOT / "plugins"
PREFIX = "ansible_collections.mailrelay.exchange."
MODULES = sorted((PLUGINS / "modules").glob("*.py"))
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())

# Who may import whom (docs/architecture.md): room -> rooms of ours, and packages that are not.
ROOMS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "module_utils": (frozenset(), frozenset({"dns"})),
    "plugin_utils/relay": (frozenset({"module_utils"}), frozenset({"netaddr"})),
    "plugin_utils/exchange": (
        frozenset({"module_utils", "plugin_utils/relay"}),
        frozenset({"pypsrp", "spnego", "requests", "dns"}),
    ),
    "plugin_utils/actions": (
        frozenset({"module_utils", "plugin_utils/relay", "plugin_utils/exchange"}),
        frozenset({"ansible", "dns"}),
    ),
    "action": (
        frozenset({"module_utils", "plugin_utils/relay", "plugin_utils/exchange", "plugin_utils/actions"}),
        frozenset({"ansible"}),
    ),
    "connection": (frozenset({"module_utils", "plugin_utils/exchange"}), frozenset({"ansible"})),
    "filter": (frozenset({"module_utils", "plugin_utils/relay"}), frozenset({"ansible"})),
    "modules": (frozenset({"module_utils"}), frozenset({"ansible"})),
    "doc_fragments": (frozenset({"module_utils"}), frozenset()),
}
GUARDED = frozenset({"dns", "netaddr", "pypsrp", "spnego", "requests"})
# The pure core answers from its arguments alone.
IMPURE = frozenset({"socket", "subprocess", "ssl", "http", "urllib", "time", "random", "threading", "asyncio"})

LOCAL_TASK = {
    "ansible_connection": "local",
    "ansible_shell_type": "sh",
    "ansible_become": False,
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
}


def tracked(*paths: str) -> list[Path]:
    """Files that git tracks below the given paths."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--", *paths], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name]


def room_of(relative: str) -> str:
    """Room of a file below plugins/."""
    parts = relative.split("/")
    return "/".join(parts[:2]) if parts[0] == "plugin_utils" and len(parts) > 2 else parts[0]


def plugin_files() -> list[Path]:
    """Python files of the plugins."""
    return sorted(path for path in PLUGINS.rglob("*.py") if "__pycache__" not in path.parts)


def relative_name(path: Path) -> str:
    """Name of a file as a person writes it."""
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Absolute names of the modules that a file imports, with their lines."""
    package = [PREFIX.rstrip("."), "plugins", *path.relative_to(PLUGINS).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1] if node.level else [])
            name = ".".join(part for part in (base, node.module) if part)
            # `from package import module` names the room only together with what is imported.
            yield from ((f"{name}.{alias.name}", node.lineno) for alias in node.names)


@pytest.mark.parametrize("path", plugin_files(), ids=relative_name)
def test_imports_follow_the_arrows_between_the_rooms(path: Path) -> None:
    room = room_of(str(path.relative_to(PLUGINS)))
    assert room in ROOMS, f"{relative_name(path)} stands in no room of docs/architecture.md"
    ours, others = ROOMS[room]
    for name, line in imports(path):
        if name.startswith(PREFIX + "plugins."):
            target = room_of(name[len(PREFIX + "plugins.") :].replace(".", "/") + "/")
            assert target == room or target in ours, f"{relative_name(path)}:{line}: {room} must not import {target}"
        else:
            top = name.split(".")[0]
            allowed = top in sys.stdlib_module_names or top in others
            assert allowed, f"{relative_name(path)}:{line}: {room} must not import {top}"
        if room == "modules" and name.startswith("ansible."):
            assert name.startswith("ansible.module_utils."), f"{relative_name(path)}:{line}: {name} is not for modules"
        if room == "plugin_utils/relay":
            assert name.split(".")[0] not in IMPURE, (
                f"{relative_name(path)}:{line}: the core must stay pure, not {name}"
            )


def test_each_library_is_imported_by_one_guarded_file_a_room() -> None:
    importers: dict[tuple[str, str], set[str]] = {}
    for path in plugin_files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        guarded = {
            id(node)
            for block in ast.walk(tree)
            if isinstance(block, ast.Try)
            for child in block.body
            for node in ast.walk(child)
        }
        typing_only = {
            id(node)
            for block in ast.walk(tree)
            if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
            for child in block.body
            for node in ast.walk(child)
        }
        for node in ast.walk(tree):
            if not isinstance(node, (ast.Import, ast.ImportFrom)) or id(node) in typing_only:
                continue
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for top in {name.split(".")[0] for name in names} & GUARDED:
                where = f"{relative_name(path)}:{node.lineno}"
                assert id(node) in guarded, f"{where}: {top} may be missing, so its import needs a guard"
                room = room_of(str(path.relative_to(PLUGINS)))
                importers.setdefault((room, top), set()).add(relative_name(path))
    for (room, library), files in importers.items():
        assert len(files) == 1, f"{library} is imported by several files of {room}: {', '.join(sorted(files))}"


def test_the_lab_and_the_collection_never_import_each_other() -> None:
    for path in (ROOT / "tests" / "lab" / "exchange_lab").rglob("*.py"):
        assert "ansible_collections" not in path.read_text(encoding="utf-8"), relative_name(path)
    for path in plugin_files():
        assert "exchange_lab" not in path.read_text(encoding="utf-8"), relative_name(path)


def test_the_action_group_holds_exactly_the_exchange_modules() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    actions = {path.stem for path in (PLUGINS / "action").glob("*.py")}
    assert set(runtime["action_groups"]["exchange"]) == actions
    assert actions <= {path.stem for path in MODULES}, "every action needs a module that documents it"


def constants(path: Path) -> dict[str, str]:
    """Text constants at the top of a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_documents_itself(path: Path) -> None:
    texts = constants(path)
    documentation = yaml.safe_load(texts["DOCUMENTATION"])
    assert documentation["module"] == path.stem
    assert documentation["short_description"]
    assert documentation["author"]
    fragments = documentation.get("extends_documentation_fragment", [])
    assert "attributes" in documentation or any("attributes" in name for name in fragments)
    examples = yaml.safe_load(texts["EXAMPLES"])
    assert examples
    assert all(any(key.startswith("mailrelay.exchange.") for key in task) for task in examples), "FQCN in every example"
    assert yaml.safe_load(texts["RETURN"])


@pytest.mark.parametrize("path", plugin_files(), ids=relative_name)
def test_every_plugin_file_says_whose_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "# Copyright: (c) 2026, the mailrelay.exchange authors\n" in text
    assert "GNU General Public License v3.0 or later" in text
    private = path.relative_to(PLUGINS).parts[0] in ("module_utils", "plugin_utils", "doc_fragments")
    if private and path.name != "__init__.py":
        assert "PRIVATE to the collection" in text, "say that nobody else may rely on this file"
        if path.relative_to(PLUGINS).parts[0] != "plugin_utils":
            assert path.name.startswith("_"), "the name of a private file starts with _"


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{relative_name(path)}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in [*plugin_files(), *(ROOT / "tests" / "lab").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= 80
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_a_roles_argument_specs_and_defaults_agree(role: Path) -> None:
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    options = specs["main"]["options"]
    path = role / "defaults" / "main.yml"
    defaults = yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}
    assert set(defaults) <= set(options), "a default that no specification describes"
    for name, option in options.items():
        assert option.get("description"), f"{name} has no description"
        if "default" in option:
            assert name in defaults, f"{name} has a documented default but no real one"
            templated = isinstance(defaults[name], str) and "{{" in defaults[name]
            assert templated or defaults[name] == option["default"], f"the defaults of {name} differ"


def tasks_of(nodes: Any, inherited: dict[str, Any] | None = None) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Tasks of a task list, blocks opened, each with the variables that reach it."""
    for node in nodes or []:
        variables = {**(inherited or {}), **(node.get("vars") or {})}
        blocks = [node[key] for key in ("block", "rescue", "always") if key in node]
        for block in blocks:
            for task, reached in tasks_of(block, variables):
                yield {"delegate_to": node.get("delegate_to"), **task}, reached
        if not blocks:
            yield node, variables


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_delegated_tasks_of_a_role_withstand_windows_group_vars(role: Path) -> None:
    for path in sorted((role / "tasks").glob("*.yml")):
        for task, variables in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8"))):
            if task.get("delegate_to"):
                missing = {name for name, value in LOCAL_TASK.items() if variables.get(name) != value}
                assert not missing, f"{relative_name(path)}: {task.get('name')} lacks {', '.join(sorted(missing))}"


def test_the_checkout_is_importable_as_a_collection() -> None:
    link = "collections/ansible_collections/mailrelay/exchange"
    listing = subprocess.run(["git", "ls-files", "-s", link], cwd=ROOT, check=True, capture_output=True, text=True)
    assert listing.stdout.startswith("120000 "), "the symlink must be committed as one"
    assert (ROOT / link).resolve() == ROOT


def test_no_file_names_a_machine_path_or_a_package_registry() -> None:
    # Written in pieces, so that this file does not name what it forbids.
    hosts = [
        "py" + "pi.org",
        "python" + "hosted.org",
        "npm" + "js.org",
        "galaxy." + "ansible.com",
        "deb." + "debian.org",
    ]
    forbidden = re.compile("|".join([r"(?<![A-Za-z0-9_.-])/(?:wo" + r"rk|ro" + r"ot)/", *map(re.escape, hosts)]))
    found = []
    for path in tracked():
        if path.is_symlink() or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{relative_name(path)}: {match.group()}" for match in forbidden.finditer(text)]
    assert not found, "\n".join(found)


def test_the_execution_environment_gets_what_the_checkout_uses() -> None:
    def lines(name: str) -> list[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    assert lines("meta/ee-requirements.txt") == lines("requirements/runtime.in")


def test_the_action_base_names_the_file_of_requirements() -> None:
    base = (PLUGINS / "plugin_utils" / "actions" / "base.py").read_text(encoding="utf-8")
    assert "meta/ee-requirements.txt" in base


def test_generated_documentation_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "generate_documentation.py"), "--check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"run make docs:\n{done.stdout}{done.stderr}"
