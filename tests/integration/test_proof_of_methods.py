# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role relay_verify and methods without anonymous relay: who does not log on may not relay, and it is proved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from harness.lab import Lab
from harness.labs import INSIDE, LATER, LISTED, OUTSIDE, STRANGER, proof_variables
from harness.plays import PlayRun

SCANNER = "127.0.0.12"
ADDRESSES = {"office": LISTED, "erp": LATER, "scanners": SCANNER}
SERVICES: dict[str, Any] = {
    "office": {"method": "authenticated", "sources": [LISTED]},
    "erp": {"method": "authenticated", "sources": [LATER], "accounts": [r"LAB\auditor"]},
    "scanners": {"method": "internal", "sources": [SCANNER]},
}
LAB = {"servers": ["EX1"], "clients": []}
HOST = "ex1.lab.example"
ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"


@pytest.fixture(scope="module")
def variables(lab: Lab) -> dict[str, Any]:
    return {"relay_services": SERVICES, **proof_variables(lab, (*ADDRESSES.values(), STRANGER))}


def verdicts(run: PlayRun) -> dict[str, Mapping[str, Any]]:
    """What the role proved, by client."""
    [kept] = [one for one in run.results if one.name.endswith("Keep what is proven")]
    return {one["client"]: one for one in kept.result["ansible_facts"]["relay_verify_result"]["verdicts"]}


def test_clients_that_do_not_log_on_are_proved_not_to_relay(
    lab: Lab, variables: dict[str, Any], runner_for: Any
) -> None:
    runner = runner_for(lab, variables=variables, hostile=True)
    runner.run("mailrelay.exchange.servers").succeed()
    mark = lab.journal.mark()
    found = verdicts(runner.run("mailrelay.exchange.verify").succeed())
    assert lab.journal.writes(mark) == []
    assert {client: (one["verdict"], one["relay"]) for client, one in found.items()} == dict.fromkeys(
        (*ADDRESSES.values(), STRANGER), ("proven", False)
    )
    for service, why in (
        ("office", "for after logging on"),
        ("erp", "for after logging on"),
        ("scanners", "for recipients inside"),
    ):
        address = ADDRESSES[service]
        assert found[address]["because"] == f"service {service} lists {address}, {why}"
        assert f"{address} at {HOST}: proven, may not relay (5" in found[address]["sentence"]
    for address in (LISTED, LATER):
        assert found[address]["replies"][OUTSIDE].startswith("530 5.7.")
    assert found[SCANNER]["replies"][INSIDE].startswith("250 ")
    assert found[SCANNER]["replies"][OUTSIDE].startswith("550 5.7.")


def test_a_client_for_inside_that_may_relay_after_all_contradicts(lab: Lab, runner_for: Any) -> None:
    """Whatever somebody made by hand: nothing of the declaration differs, and what SMTP answers does."""
    variables = {
        "relay_services": {"scanners": SERVICES["scanners"]},
        **proof_variables(lab, (SCANNER,)),
    }
    runner = runner_for(lab, variables=variables)
    by_hand = [
        {
            "mailrelay.exchange.receive_connector": {
                "name": "By hand",
                "bindings": ["0.0.0.0:25"],
                "remote_ip_ranges": [SCANNER],
                "permission_groups": ["AnonymousUsers"],
            }
        },
        {
            "mailrelay.exchange.receive_connector_permission": {
                "connector": "By hand",
                "grants": [{"principal": "anonymous", "rights": [ANY_RECIPIENT]}],
            }
        },
    ]
    runner.run([{"hosts": HOST, "gather_facts": False, "tasks": by_hand}]).succeed()
    run = runner.run("mailrelay.exchange.verify").fail()
    found = verdicts(run)[SCANNER]
    assert (found["verdict"], found["relay"]) == ("contradicted", False)
    assert found["sentence"] in [one.result.get("msg") for one in run.failures]
