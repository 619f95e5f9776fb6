# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One test a stage of `make test`, so that the closing line of its last pytest run counts the stages too."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

REPORT = os.environ.get("MAILRELAY_STAGES")


def outcomes() -> list[Any]:
    """Outcomes that stages.py wrote just before this run; none when pytest was started by hand."""
    return json.loads(Path(REPORT).read_text(encoding="utf-8")) if REPORT else []


@pytest.mark.skipif(REPORT is None, reason="the outcomes of the stages exist under `make test` only")
@pytest.mark.parametrize("stage", outcomes(), ids=lambda stage: str(stage["name"]))
def test_stage(stage: dict[str, Any]) -> None:
    if stage["result"] == "skipped":
        pytest.skip(f"stage {stage['name']}: {stage['reason']}")
    assert stage["result"] == "passed", f"stage {stage['name']} failed, see its output above: {stage['reason']}"
