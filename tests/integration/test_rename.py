# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connector gets another name and stays the same object, with its grants, and nobody notices."""

from __future__ import annotations

from typing import Any

import pytest
from harness.five_steps import INFO, five_steps, play
from harness.lab import Lab
from harness.labs import LATER, LISTED
from harness.promises import Promises

LAB = {"servers": ["EX1"]}
CONNECTOR = "mailrelay.exchange.receive_connector"


@pytest.fixture
def relay(lab: Lab, runner_for: Any) -> dict[str, Any]:
    """The connector of a service that relays for one client; every test starts with its first name."""
    service = {"services": {"external": {"sources": [LISTED]}}}
    names = ["Relay external", "Relay for all", "In the way"]
    tasks = [
        {"name": "Forget", CONNECTOR: {"name": "{{ item }}", "state": "absent"}, "loop": names},
        {"name": "Apply", "mailrelay.exchange.relay": service},
        {"name": "Read", INFO: {"name": "Relay external"}},
    ]
    run = runner_for(lab).run(play(tasks)).succeed()
    [connector] = run.one("receive_connector_info")["receive_connectors"]
    found: dict[str, Any] = connector
    return found


def wanted(how: str, relay: dict[str, Any]) -> dict[str, Any]:
    return {"previous_name": relay["name"]} if how == "previous_name" else {"guid": relay["guid"]}


@pytest.mark.parametrize("how", ["previous_name", "guid"])
def test_a_rename_and_other_changes_are_one_set(how: str, lab: Lab, relay: dict[str, Any], runner_for: Any) -> None:
    runner = runner_for(lab)
    promises = Promises(lab)
    mark = lab.journal.mark()
    options = {"name": "Relay for all", "comment": "Renamed", **wanted(how, relay)}
    with promises.kept():
        steps = five_steps(lab, runner, "receive_connector", options)
    [line] = lab.journal.writes(mark)
    assert line.cmdlet == "Set-ReceiveConnector"
    assert {"Name", "Comment"} < set(line.parameters)
    assert "Relay external" not in steps["EX1"].connectors
    after = steps["EX1"].connectors["Relay for all"]
    assert after["guid"] == relay["guid"]
    assert after["permissions"]["grants"] == relay["permissions"]["grants"] != []


def test_a_service_moves_to_another_connector_name_without_a_gap(
    lab: Lab, relay: dict[str, Any], runner_for: Any
) -> None:
    service = {
        "sources": [LISTED, LATER],
        "connector_name": "Relay for all",
        "previous_connector_name": relay["name"],
        "throttling": "guarded",
    }
    promises = Promises(lab)
    with promises.kept(gains={LATER}):
        steps = five_steps(lab, runner_for(lab), "relay", {"services": {"external": service}})
    assert steps["EX1"].connectors["Relay for all"]["guid"] == relay["guid"]
    assert promises.relays(LATER) == {"EX1"}


def test_two_connectors_cannot_have_one_name(lab: Lab, relay: dict[str, Any], runner_for: Any) -> None:
    runner = runner_for(lab)
    other = {"name": "In the way", "bindings": ["0.0.0.0:2626"], "remote_ip_ranges": ["10.1.1.1"]}
    runner.run(play([{"name": "Make another one", CONNECTOR: other}])).succeed()
    mark = lab.journal.mark()
    tasks = [
        {"name": "Rename", CONNECTOR: {"name": "In the way", **wanted(how, relay)}, "ignore_errors": True}
        for how in ("previous_name", "guid")
    ]
    for one in runner.run(play(tasks)).no_traceback().of("receive_connector"):
        assert one.status == "ignored" and "In the way" in one.result["msg"] and "\n" not in one.result["msg"]
    assert lab.journal.writes(mark) == []


def test_an_unknown_guid_creates_nothing(lab: Lab, runner_for: Any) -> None:
    guid = "01234567-89ab-4cde-8f01-23456789abcd"
    options = {"name": "Nobody", "guid": guid, "bindings": ["0.0.0.0:2626"], "remote_ip_ranges": ["10.1.1.1"]}
    mark = lab.journal.mark()
    said = runner_for(lab).run(play([{"name": "Rename", CONNECTOR: options}])).fail().failures[0].result["msg"]
    assert guid in said
    assert lab.journal.writes(mark) == []
