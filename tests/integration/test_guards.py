# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What must not be rolled out is refused before anything is written, in a sentence; a reason overrides."""

from __future__ import annotations

from typing import Any

import pytest
from harness.lab import Lab
from harness.labs import LISTED
from harness.plays import PlayRun

LAB = {"servers": ["EX1", "EX2"], "clients": [LISTED]}


def relay(**arguments: Any) -> list[dict[str, Any]]:
    return [
        {
            "hosts": "ex1.lab.example",
            "gather_facts": False,
            "tasks": [{"name": "Apply", "mailrelay.exchange.relay": arguments}],
        }
    ]


def service(**keys: Any) -> dict[str, Any]:
    return {"services": {"external": {"sources": [LISTED], **keys}}}


def refused(lab: Lab, runner: Any, playbook: Any, *arguments: str) -> PlayRun:
    """Run a playbook that must be refused with nothing written."""
    mark = lab.journal.mark()
    run: PlayRun = runner.run(playbook, *arguments).fail()
    assert lab.journal.writes(mark) == [], "something was written before the refusal"
    return run


def message(run: PlayRun) -> str:
    return str(run.failures[0].result["msg"])


GUARDED = {
    "open_relay": service(sources=["0.0.0.0-255.255.255.255"]),
    "default_connector": service(connector_name="Default Frontend EX1"),
    "hub_transport_on_port_25": service(connector={"transport_role": "HubTransport"}),
    "exchange_server_address": service(sources=["127.0.1.2"]),
    "protected_address": {**service(), "protected_addresses": {"edge": [LISTED]}},
    "shared_address": {**service(), "protected_addresses": {"shared": [LISTED]}},
}


@pytest.mark.parametrize("finding", GUARDED)
def test_a_guard_refuses_before_any_write(finding: str, lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab)
    for arguments in ([], ["--check"]):
        run = refused(lab, runner, relay(**GUARDED[finding]), *arguments)
        findings = {one["id"]: one for one in run.failures[0].result["findings"]}
        assert finding in findings
        assert findings[finding]["remedy"]
        assert finding in message(run)
        assert "\n" not in message(run).strip(), "one sentence, not a page"


def test_an_empty_reason_accepts_nothing(lab: Lab, runner_for: Any) -> None:
    arguments = {**GUARDED["shared_address"], "accept_findings": {"shared_address": ""}}
    run = refused(lab, runner_for(lab), relay(**arguments))
    assert "reason" in message(run)


def test_a_reason_accepts_a_finding_and_keeps_it_visible(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(**LAB)
    arguments = {**GUARDED["shared_address"], "accept_findings": {"shared_address": "one printer server, CHG0041233"}}
    result = runner_for(lab).run(relay(**arguments)).succeed().one("relay")
    assert result["changed"] is True
    [finding] = [one for one in result["findings"] if one["id"] == "shared_address"]
    assert finding["accepted"] == "one printer server, CHG0041233"


BAD_INPUT = {
    "an unknown source group": (service(sources=["payrol"]), "payrol"),
    "no sources": (service(sources=[]), "sources"),
    "an address that is none": (service(sources=["10.0.0.256"]), "10.0.0.256"),
    "a wildcard mask": (service(sources=["10.0.0.0/0.0.0.255"]), "10.0.0.0/0.0.0.255"),
    "a bare number as a time": (service(connector={"connection_timeout": 30}), "connection_timeout"),
    "an unknown method": (service(method="anonymus"), "anonymus"),
    "an unknown option of a connector": (service(connector={"bindngs": ["0.0.0.0:25"]}), "bindngs"),
    "an unknown finding": ({**service(), "accept_findings": {"open_realy": "typing error"}}, "open_realy"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_gets_a_sentence_that_names_it(case: str, lab: Lab, runner_for: Any) -> None:
    arguments, named = BAD_INPUT[case]
    run = refused(lab, runner_for(lab), relay(**arguments))
    assert named in message(run)
