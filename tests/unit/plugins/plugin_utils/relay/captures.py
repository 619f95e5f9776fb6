# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real objects of Exchange as plain data, read with nothing but an XML parser.

This is a second reading beside the session's decoder: nested objects become the text Exchange shows for them, lists
stay lists.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

ROOT = next(parent for parent in Path(__file__).resolve().parents if (parent / "galaxy.yml").is_file())
FOLDER = Path(os.environ.get("MAILRELAY_CAPTURES", ROOT.parent / "shared" / "exchange" / "captures"))
_NAMESPACE = "{http://schemas.microsoft.com/powershell/2004/04}"


def read_capture(name: str) -> list[dict[str, Any]]:
    """The objects of one capture; skips the test when the captures are not there."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"the captures of real objects are not at {FOLDER}; MAILRELAY_CAPTURES names another folder")
    root = ET.fromstring(path.read_bytes())  # noqa: S314 - a file of ours
    return [_properties(found) for found in root if found.tag == f"{_NAMESPACE}Obj"]


def _properties(found: ET.Element) -> dict[str, Any]:
    held = [*found.findall(f"{_NAMESPACE}Props/*"), *found.findall(f"{_NAMESPACE}MS/*")]
    return {entry.attrib["N"]: _plain(entry) for entry in held}


def _plain(entry: ET.Element) -> Any:
    kind = entry.tag.removeprefix(_NAMESPACE)
    if kind == "Nil":
        return None
    if kind == "B":
        return entry.text == "true"
    if kind in ("I32", "I64", "By", "U32", "U64"):
        return int(entry.text or "")
    if kind == "Obj":
        items = entry.find(f"{_NAMESPACE}LST")
        return entry.findtext(f"{_NAMESPACE}ToString") if items is None else [_plain(item) for item in items]
    return entry.text or ""
