# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connectors that cannot stand side by side are told before Exchange sees them, whether or not it would mind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from harness.five_steps import INFO, five_steps, play
from harness.lab import Lab
from harness.labs import LISTED

CONNECTOR = "mailrelay.exchange.receive_connector"
TAKEN = {"name": "Taken", "bindings": ["0.0.0.0:25"], "remote_ip_ranges": ["10.31.0.0/24"], "enabled": True}
OFF = {"name": "Switched off", "bindings": ["0.0.0.0:25"], "remote_ip_ranges": ["10.32.0.0/24"], "enabled": False}
NEW = {"name": "New", "bindings": ["0.0.0.0:25"], "permission_groups": ["AnonymousUsers"]}

REFUSED: Mapping[str, Mapping[str, Any]] = {
    "the same range": {"remote_ip_ranges": ["10.31.0.0-10.31.0.255"]},
    "a partly overlapping range": {"remote_ip_ranges": ["10.31.0.128-10.31.1.127"]},
    "the other role on the port": {"transport_role": "HubTransport", "remote_ip_ranges": ["10.77.0.1"]},
}


@pytest.mark.parametrize("disabled_conflicts", [True, False], ids=["disabled ones conflict", "disabled ones do not"])
def test_conflicts_are_refused_before_anything_is_written(
    disabled_conflicts: bool, start_lab: Any, runner_for: Any
) -> None:
    lab: Lab = start_lab(
        servers=["EX1"], clients=[LISTED], switches={"disabled_connector_conflicts": disabled_conflicts}
    )
    runner = runner_for(lab)
    prepare = [{"name": "Prepare", CONNECTOR: one} for one in (TAKEN, OFF)]
    runner.run(play(prepare)).succeed()
    mark = lab.journal.mark()
    tasks = [{"name": case, CONNECTOR: {**NEW, **options}, "ignore_errors": True} for case, options in REFUSED.items()]
    run = runner.run(play(tasks)).no_traceback()
    assert lab.journal.writes(mark) == []
    for case, one in zip(REFUSED, run.of("receive_connector"), strict=True):
        sentence = one.result["msg"]
        assert one.status == "ignored" and "\n" not in sentence, case
        assert "Taken" in sentence or "Default Frontend" in sentence, f"{case}: {sentence}"

    # Nobody knows whether Exchange counts a disabled connector: it is told first, and then left to Exchange.
    beside = {"name": "Beside", CONNECTOR: {**NEW, "remote_ip_ranges": ["10.32.0.0/24"]}, "ignore_errors": True}
    run = runner.run(play([{**beside, "check_mode": True}, beside, {"name": "Read", INFO: {"name": "New"}}]))
    shown, applied = run.no_traceback().of("receive_connector")
    assert [one["id"] for one in shown.result["findings"]] == ["range_conflict"]
    assert "Switched off" in shown.result["findings"][0]["message"]
    assert applied.status == ("ignored" if disabled_conflicts else "ok")
    assert len(run.one("receive_connector_info")["receive_connectors"]) == (0 if disabled_conflicts else 1)
    if disabled_conflicts:
        assert "Switched off" in applied.result["msg"]

    # A range that holds, or is held by, another is no conflict.
    nested = {**NEW, "name": "Nested", "remote_ip_ranges": ["10.31.0.7", "10.32.0.0/16"]}
    five_steps(lab, runner, "receive_connector", nested)
