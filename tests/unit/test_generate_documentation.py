# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Generated documentation: current, and noticed when it is not."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from ansible_collections.mailrelay.exchange.plugins.module_utils import _argument_spec, _findings, _properties

ROOT = Path(__file__).resolve().parent.parent.parent


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load(ROOT / "tests" / "generate_documentation.py")


def fragment_options(name: str) -> dict[str, Any]:
    fragment = load(ROOT / "plugins" / "doc_fragments" / f"{name}.py").ModuleDocFragment
    return dict(yaml.safe_load(fragment.DOCUMENTATION)["options"])


def test_the_repository_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert GENERATOR.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_file_is_noticed_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--root", str(tmp_path)]
    assert GENERATOR.main([*arguments, "--check"]) == 1
    assert not list(tmp_path.iterdir())
    assert GENERATOR.main(arguments) == 0
    assert GENERATOR.main([*arguments, "--check"]) == 0
    page = tmp_path / "docs" / "reference" / "findings.md"
    page.write_text(page.read_text(encoding="utf-8") + "by hand\n", encoding="utf-8")
    capsys.readouterr()
    assert GENERATOR.main([*arguments, "--check"]) == 1
    assert capsys.readouterr().out.startswith("docs/reference/findings.md is stale")


@pytest.mark.parametrize(
    ("fragment", "rows"),
    [
        ("_receive_connector_properties", _properties.PROPERTIES),
        ("_throttling_properties", _properties.THROTTLING),
    ],
)
def test_fragments_document_the_table(fragment: str, rows: tuple[_properties.Property, ...]) -> None:
    options = fragment_options(fragment)
    assert list(options) == [row.option for row in rows]
    for row in rows:
        assert options[row.option]["type"] == _argument_spec.option_type(row)
        text = " ".join(options[row.option]["description"])
        assert all(choice in text for choice in row.choices)
        assert row.since == "2007" or f"Since Exchange {row.since}." in text
        assert row.until is None or f"Until Exchange {row.until}." in text
        assert row.on_edge or "Not on an Edge Transport server." in text
        assert row.on_new or "Only Set-ReceiveConnector takes it" in text
        assert row.on_set or "Only New-ReceiveConnector takes it" in text
        for gate in row.word_gates:
            assert f"V({gate.word}) exists since" in text or f"V({gate.word}) does not exist on" in text
        if row.kind in ("int", "unlimited"):
            assert f"V({row.minimum}) to V({row.maximum})" in text


@pytest.mark.parametrize("change", [{"since": "SE"}, {"until": "2013"}, {"on_new": False}, {"maximum": 63}])
def test_a_change_of_a_row_makes_the_documentation_stale(
    change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(_properties.PROPERTIES)
    rows[0] = dataclasses.replace(rows[0], **change)
    monkeypatch.setattr(_properties, "PROPERTIES", tuple(rows))
    stale = {path.name for path in GENERATOR.stale_files(ROOT)}
    assert stale >= {"_receive_connector_properties.py", "properties.md"}


def test_the_common_options_are_documented_as_specified() -> None:
    options = fragment_options("_exchange")
    assert {name: row["type"] for name, row in options.items()} == {
        name: row["type"] for name, row in _argument_spec.COMMON.items()
    }
    guards = " ".join(fragment_options("_writer")["accept_findings"]["description"])
    for row in _findings.FINDINGS:
        assert (f"V({row.id})" in guards) == row.guard


def test_pages_name_every_row() -> None:
    reference = ROOT / "docs" / "reference"
    properties = (reference / "properties.md").read_text(encoding="utf-8")
    assert all(f"| `{row.option}` | `{row.exchange}` |" in properties for row in _properties.PROPERTIES)
    usages = (reference / "usages.md").read_text(encoding="utf-8")
    assert all(f"| `{usage}` |" in usages for usage in _properties.BY_OPTION["usage"].choices)
    findings = (reference / "findings.md").read_text(encoding="utf-8")
    assert all(f"## {row.id}\n" in findings for row in _findings.FINDINGS)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("V([::]) and V(0.0.0.0)", "`[::]` and `0.0.0.0`"),
        ("O(connection_timeout).", "`connection_timeout`."),
        ("V(a (b) c)", "`a (b) c`"),
        ("no markup (at all)", "no markup (at all)"),
    ],
)
def test_markup_becomes_markdown(text: str, markdown: str) -> None:
    assert GENERATOR.plain(text) == markdown
