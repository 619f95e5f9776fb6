# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Servers that go away, accounts that may not: a clear result, nobody harmed, and the next run repairs."""

from __future__ import annotations

from typing import Any

import pytest
from harness.lab import Lab
from harness.labs import LISTED
from harness.plays import PlayRun
from harness.promises import Promises, relays
from harness.proxy import CuttingProxy

LAB = {"servers": ["EX1", "EX2"]}
SERVICES = {"relay_services": {"external": {"sources": [LISTED], "throttling": "guarded"}}}
SERVERS = "mailrelay.exchange.servers"
QUICK = {"ansible_exchange_connection_timeout": 3}


def failure(run: PlayRun, host: str) -> str:
    """The message of the only result that failed on a host; the run showed no traceback."""
    run.no_traceback()
    [found] = [one for one in run.failures if one.host == host]
    return str(found.result["msg"])


def through(proxy: CuttingProxy) -> dict[str, Any]:
    return {"EX1": {"ansible_host": proxy.host, "ansible_exchange_port": proxy.port}}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_server_lost_after_any_write_is_repaired_by_the_next_run(count: int, start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(**LAB)
    endpoint = lab.servers["EX1"]

    def lost() -> bool:
        return len([one for one in lab.journal.writes() if one.server == "EX1"]) >= count

    promises = Promises(lab)
    with promises.kept(gains={LISTED}):
        with CuttingProxy((endpoint.host, endpoint.port), lost) as proxy:
            runner = runner_for(lab, variables={**SERVICES, **QUICK}, hosts=through(proxy))
            run = runner.run(SERVERS).fail()
            assert proxy.cut, "the fault did not happen"
        message = failure(run, endpoint.fqdn)
        assert f"{proxy.host}:{proxy.port}" in message, "the message must say where"
        assert len(message) < 600, "a sentence, not a page"
    # The other server is not affected.
    assert "EX2" in promises.relays(LISTED)
    with promises.kept(gains={LISTED}):
        runner_for(lab, variables=SERVICES).run(SERVERS).succeed()
    assert promises.relays(LISTED) == set(lab.servers)
    mark = lab.journal.mark()
    assert runner_for(lab, variables=SERVICES).run(SERVERS).succeed().changed == 0
    assert lab.journal.writes(mark) == []


def test_an_organisation_that_dies_in_mid_rollout_is_repaired_by_the_next_run(start_lab: Any, runner_for: Any) -> None:
    lab: Lab = start_lab(**LAB)
    endpoint = lab.servers["EX1"]

    def killed() -> bool:
        if any(one.cmdlet == "New-ReceiveConnector" and one.server == "EX1" for one in lab.journal.writes()):
            lab.kill()
            return True
        return False

    with CuttingProxy((endpoint.host, endpoint.port), killed) as proxy:
        run = runner_for(lab, variables={**SERVICES, **QUICK}, hosts=through(proxy)).run(SERVERS).fail()
    assert failure(run, endpoint.fqdn)

    lab = lab.start_again()
    # What was half-done when everything stopped is nobody's relay.
    assert relays(lab, LISTED) <= {"EX2"}
    promises = Promises(lab)
    with promises.kept(gains={LISTED}):
        runner_for(lab, variables=SERVICES).run(SERVERS).succeed()
    assert promises.relays(LISTED) == set(lab.servers)
    lab.stop()


def test_a_server_that_does_not_answer_is_unreachable_and_the_others_are_done(lab: Lab, runner_for: Any) -> None:
    endpoint = lab.servers["EX1"]
    with CuttingProxy((endpoint.host, endpoint.port), lambda: True) as proxy:
        run = runner_for(lab, variables={**SERVICES, **QUICK}, hosts=through(proxy)).run(SERVERS).fail()
    assert f"{proxy.host}:{proxy.port}" in failure(run, endpoint.fqdn)
    assert run.stats[endpoint.fqdn]["unreachable"] == 1
    assert run.stats[lab.servers["EX2"].fqdn]["failures"] == 0
    assert relays(lab, LISTED) == {"EX2"}


def test_a_wrong_password_is_unreachable_in_a_sentence(lab: Lab, runner_for: Any) -> None:
    for auth in ("kerberos", "ntlm"):
        runner = runner_for(lab, variables={**SERVICES, "ansible_exchange_password": "Wrong-Password-9"}, auth=auth)
        mark = lab.journal.mark()
        run = runner.run(SERVERS).fail()
        endpoint = lab.servers["EX1"]
        assert run.stats[endpoint.fqdn]["unreachable"] == 1
        assert "Wrong-Password-9" not in run.output
        assert failure(run, endpoint.fqdn)
        assert lab.journal.cmdlets(mark) == []


def test_an_account_that_may_not_grant_is_told_before_anything_is_written(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(**LAB)
    run = runner_for(lab, variables=SERVICES, user="operator").run(SERVERS).fail()
    assert "ADPermission" in failure(run, lab.servers["EX1"].fqdn)
    assert lab.journal.writes() == []


def test_an_account_that_may_only_read_is_told_before_anything_is_written(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(**LAB)
    run = runner_for(lab, variables=SERVICES, user="auditor").run(SERVERS).fail()
    assert failure(run, lab.servers["EX1"].fqdn)
    assert [one for one in lab.journal.writes() if one.changed] == []
