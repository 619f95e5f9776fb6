# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rollout of three servers from outside: shown, run, proved, repeated. This one runs on every stack."""

from __future__ import annotations

from typing import Any

import pytest
from harness.lab import Lab
from harness.labs import LISTED, dns_alias_variables, proof_variables
from harness.plays import PlayRun
from harness.promises import Promises
from harness.shell import assert_shown_is_run

ROLLOUT = "mailrelay.exchange.rollout"
SERVICES: dict[str, Any] = {
    "relay_source_groups": {"payroll": {"owner": "hr-it@lab.example", "addresses": {"pay01": LISTED}}},
    "relay_services": {"external": {"method": "anonymous", "sources": ["payroll"], "throttling": "guarded"}},
}


def commands(run: PlayRun, host: str) -> list[str]:
    """Commands that the module `relay` returned for a host."""
    return list(run.one("relay", host)["commands"])


@pytest.mark.stack
def test_a_relay_is_shown_rolled_out_proved_and_left_alone(lab: Lab, runner_for: Any) -> None:
    variables = {**SERVICES, **dns_alias_variables(lab), **proof_variables(lab)}
    runner = runner_for(lab, variables=variables, hostile=True)
    hosts = {server.fqdn: name for name, server in lab.servers.items()}
    promises = Promises(lab)
    assert promises.relays(LISTED) == set()

    # Check mode on a lab where nothing exists: everything is shown, nothing is written.
    checked = runner.run(ROLLOUT, "--check", "--diff").succeed()
    assert lab.journal.writes() == []
    shown = {host: commands(checked, host) for host in hosts}

    # The run executes exactly what was shown.
    with promises.kept(gains={LISTED}):
        ran = runner.run(ROLLOUT).succeed()
    writes = lab.journal.writes()
    for host, name in hosts.items():
        assert commands(ran, host) == shown[host]
        assert_shown_is_run(shown[host], [line for line in writes if line.server == name])
    assert promises.relays(LISTED) == set(lab.servers)
    assert lab.resolve("smtp.lab.example") == lab.servers["EX1"].host

    # The second run reads, within its budget, and writes nothing.
    mark = lab.journal.mark()
    again = runner.run(ROLLOUT).succeed()
    assert again.changed == 0, again.output
    assert lab.journal.writes(mark) == []
    for name in lab.servers:
        reads = [line.cmdlet for line in lab.journal.reads(mark) if line.server == name]
        assert len(reads) <= 5 + 1, f"{name} was read {len(reads)} times: {', '.join(reads)}"


def test_one_server_of_the_inventory_can_be_rolled_out_alone(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, variables={**SERVICES, **dns_alias_variables(lab), **proof_variables(lab)})
    mark = lab.journal.mark()
    runner.run("mailrelay.exchange.servers", "--limit", "ex2.lab.example").succeed()
    assert {line.server for line in lab.journal.cmdlets(mark)} == {"EX2"}
