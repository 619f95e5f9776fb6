# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody else edits the connector meanwhile: the run refuses, nothing of theirs is lost, the next run is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from harness.five_steps import INFO, play
from harness.lab import Lab
from harness.labs import LISTED

THEIRS = "10.99.0.1"
NAME = "Relay external"


def declared(*sources: str, **services: Any) -> dict[str, Any]:
    return {"services": {"external": {"sources": list(sources)}, **services}}


def relay(arguments: Any) -> list[dict[str, Any]]:
    return play([{"name": "Apply", "mailrelay.exchange.relay": arguments}])


def ranges(runner: Any, name: str = NAME) -> Sequence[str]:
    """The ranges of a connector, as the info module reads them."""
    run = runner.run(play([{"name": "Read", INFO: {"name": name}}])).succeed()
    [found] = run.one("receive_connector_info")["receive_connectors"]
    listed: list[str] = found["options"]["remote_ip_ranges"]
    return sorted(listed)


def edit(moment: str, cmdlet: str, **more: Any) -> dict[str, Any]:
    """A lab's server at which a concurrent administrator adds a source once."""
    return {"faults": {f"edit_{moment}": {"cmdlet": cmdlet, "connector": NAME, "add": [THEIRS], **more}}}


@pytest.fixture
def external(start_lab: Any, runner_for: Any) -> Lab:
    """A lab with one server, whose service relays for two sources."""
    lab: Lab = start_lab(servers=["EX1"], clients=[LISTED])
    runner_for(lab).run(relay(declared(LISTED, "10.20.4.11"))).succeed()
    return lab


def test_a_connector_that_changed_since_it_was_read_is_not_written(external: Lab, runner_for: Any) -> None:
    lab = external.start_again_with({"EX1": edit("after", "Get-ReceiveConnector")})
    runner = runner_for(lab)
    mark = lab.journal.mark()
    run = runner.run(relay(declared(LISTED, "10.20.4.12"))).fail()
    said = run.failures[0].result
    assert [line["add"] for line in lab.journal.lines(mark) if line["kind"] == "edit"] == [[THEIRS]]
    assert lab.journal.writes(mark) == [], "something was written over somebody else's change"
    assert NAME in said["msg"] and "run" in said["msg"]
    assert said["changed"] is False
    assert ranges(runner) == sorted([LISTED, "10.20.4.11", THEIRS])

    # Who adds and removes keeps what others added; who declares the whole list decides about it, seeing it.
    listed = {"add": ["10.20.4.12"], "remove": ["10.20.4.11"]}
    connector = {"name": "Apply", "mailrelay.exchange.receive_connector": {"name": NAME, "remote_ip_ranges": listed}}
    runner.run(play([connector])).succeed()
    assert ranges(runner) == sorted([LISTED, "10.20.4.12", THEIRS])
    shown = runner.run(relay(declared(LISTED, "10.20.4.12")), "--check").succeed().one("relay")
    [change] = [one for one in shown["changes"] if one["property"] == "remote_ip_ranges"]
    assert change["removed"] == [THEIRS]
    runner.run(relay(declared(LISTED, "10.20.4.12", THEIRS))).succeed()
    assert ranges(runner) == sorted([LISTED, "10.20.4.12", THEIRS])


def test_a_change_before_the_run_reads_is_no_conflict(external: Lab, runner_for: Any) -> None:
    lab = external.start_again_with({"EX1": edit("before", "Get-ReceiveConnector")})
    runner = runner_for(lab)
    runner.run(relay(declared(LISTED, "10.20.4.11", THEIRS, "10.20.4.12"))).succeed()
    assert ranges(runner) == sorted([LISTED, "10.20.4.11", "10.20.4.12", THEIRS])


OTHER = "Relay other"
SEVERAL = [f"10.40.0.{number}" for number in range(1, 40, 2)]


def test_what_exchange_refuses_half_way_is_undone_and_others_changes_stay(external: Lab, runner_for: Any) -> None:
    # Active Directory holds fewer values here than this plan writes: the second connector cannot be made.
    lab = external.start_again_with(
        {"EX1": edit("before", "New-ReceiveConnector")}, limits={"values_per_attribute": len(SEVERAL) - 1}
    )
    runner = runner_for(lab)
    services = {
        "external": {"sources": [LISTED, "10.20.4.11", "10.20.4.12"]},
        "other": {"sources": SEVERAL},
    }
    mark = lab.journal.mark()
    said = runner.run(relay({"services": services})).fail().failures[0].result
    assert "ADMIN_LIMIT" in said["msg"].upper() or "limit" in said["msg"]
    assert said["rolled_back"] in ("true", "partial")
    errors = [line for line in lab.journal.writes(mark) if line.errors]
    assert [line.cmdlet for line in errors] == ["New-ReceiveConnector"]
    assert lab.journal.writes(mark).index(errors[0]) > 0, "nothing was done that could be undone"
    assert [line["add"] for line in lab.journal.lines(mark) if line["kind"] == "edit"] == [[THEIRS]]
    # What the run had added is gone again, what somebody else added meanwhile is not.
    assert ranges(runner) == sorted([LISTED, "10.20.4.11", THEIRS])
    mark = lab.journal.mark()
    runner.run(relay(declared(LISTED, "10.20.4.11", THEIRS))).succeed()
    assert lab.journal.writes(mark) == []
