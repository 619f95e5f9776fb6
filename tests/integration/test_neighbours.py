# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connectors with clients in common: a warning that refuses nothing, a report of it, an answer to every question."""

from __future__ import annotations

from typing import Any

from harness.five_steps import INFO, five_steps, play
from harness.labs import LISTED, STRANGER
from harness.promises import relays

LAB = {"servers": ["EX1", "EX2"], "clients": [LISTED, STRANGER]}
SUBMISSION = {
    "name": "Submission",
    "bindings": ["0.0.0.0:25"],
    "remote_ip_ranges": ["127.0.0.0/16"],
    "permission_groups": ["ExchangeUsers"],
    "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
}
MANY = [f"10.60.0.{last}" for last in range(1, 52)]
HYBRID = {"tls_domain_capabilities": ["mail.protection.outlook.com:AcceptCloudServicesMail"]}
QUESTIONS = {
    "answer": "{{ found.receive_connectors | mailrelay.exchange.answering_connector(listed) }}",
    "stranger": "{{ found.receive_connectors | mailrelay.exchange.answering_connector(stranger) }}",
    "audit": "{{ ansible_play_hosts | map('extract', hostvars, 'found') | mailrelay.exchange.relay_findings }}",
}


def relay(**service: Any) -> dict[str, Any]:
    return {"services": {"external": {"sources": [LISTED], **service}}}


def test_devices_that_log_on_and_devices_that_relay_share_a_port(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(**LAB)
    runner = runner_for(lab)
    runner.run(play([{"name": "Let users submit", "mailrelay.exchange.receive_connector": SUBMISSION}])).succeed()
    steps = five_steps(lab, runner, "relay", relay())
    for name in lab.servers:
        [told] = steps[name].applied["findings"]
        assert (told["id"], told["severity"], told["addresses"]) == ("stolen_clients", "warning", [LISTED])
        assert "users can log on" in told["message"] and told["remedy"]
        assert any(told["message"] in warning for warning in steps[name].applied["warnings"])
    assert relays(lab, LISTED) == {"EX1", "EX2"}
    asked = [
        {"name": "Read", INFO: {}, "register": "found"},
        {"name": "Ask", "ansible.builtin.set_fact": QUESTIONS, "vars": {"listed": LISTED, "stranger": STRANGER}},
        {"name": "Show", "ansible.builtin.debug": {"msg": "{{ [answer, stranger, audit] }}"}},
    ]
    run = runner.run(play(asked)).succeed()
    for server in lab.servers.values():
        [shown] = [one.result["msg"] for one in run.of("ansible.builtin.debug", server.fqdn)]
        answer, stranger, audit = shown
        assert (answer["connector"], answer["may"], answer["auth"]) == ("Relay external", ["submit", "relay"], [])
        assert (answer["second"]["connector"], answer["range"]) == ("Submission", LISTED)
        assert (stranger["connector"], stranger["may"]) == ("Submission", [])
        assert (stranger["auth_after_tls"], stranger["users_may"]) == (["BasicAuth"], ["submit", "relay"])
        assert [(one["id"], one["server"]) for one in audit] == [("stolen_clients", "EX1"), ("stolen_clients", "EX2")]


def test_a_relay_does_not_get_a_capability_of_the_cloud(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(**{**LAB, "servers": ["EX1"]})
    runner = runner_for(lab)
    refused = runner.run(play([{"name": "Apply", "mailrelay.exchange.relay": relay(connector=HYBRID)}])).fail()
    assert "[hybrid_on_relay]" in refused.failures[0].result["msg"]
    assert lab.journal.writes() == []
    reason = {"hybrid_on_relay": "the gateway of the hybrid organisation, CHG0050113"}
    accepted = relay(connector=HYBRID, accept_findings=reason, sources=[LISTED, *MANY], throttling="high_volume")
    result = runner.run(play([{"name": "Apply", "mailrelay.exchange.relay": accepted}])).succeed().one("relay")
    told = {one["id"]: one for one in result["findings"]}
    assert told["hybrid_on_relay"]["accepted"] == reason["hybrid_on_relay"]
    assert "52 sources" in told["high_volume_many_sources"]["message"]
    # What is there already warns and refuses nothing.
    later = relay(sources=[LISTED, *MANY, "10.60.1.1"])
    result = runner.run(play([{"name": "Apply", "mailrelay.exchange.relay": later}])).succeed().one("relay")
    assert result["changed"] is True
    assert {one["id"]: one["severity"] for one in result["findings"]} == {
        "hybrid_on_relay": "warning",
        "high_volume_many_sources": "warning",
    }
