# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Throttling policies through servers of every version, and that a relay does without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from harness.five_steps import five_steps, play, result
from harness.lab import Lab
from harness.labs import LISTED
from harness.organisation import SERVERS, host_variables
from harness.promises import relays

LAB = {"servers": SERVERS, "clients": [LISTED]}
POLICY = "mailrelay.exchange.throttling_policy"
INFO = "mailrelay.exchange.throttling_policy_info"
WITHOUT = {"EX07": "Exchange 2007", "EDGE10": "Edge Transport", "EDGE19": "Edge Transport"}
WITH = [name for name in SERVERS if name not in WITHOUT]
OWN = "Policy {{ inventory_hostname_short }}"
LIMITS = {"powershell_max_concurrency": 40, "ews_max_concurrency": "unlimited", "message_rate_limit": 0}


def hosts(lab: Lab, names: Any = WITH) -> str:
    return ":".join(lab.servers[name].fqdn for name in names)


def listed(run: Any, task: str, host: str) -> Mapping[str, Mapping[str, Any]]:
    """Policies by name, as a task of throttling_policy_info on a host told them."""
    return {one["name"]: one for one in result(run, task, host)["throttling_policies"]}


def test_five_steps_on_every_version(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    for options in (
        {"name": OWN, **LIMITS},
        {"name": OWN, "powershell_max_concurrency": "unlimited", "rca_max_concurrency": 4294967295},
        {"name": f"{OWN} again", "previous_name": OWN},
        {"name": f"{OWN} again", "state": "absent"},
    ):
        steps = five_steps(lab, runner, "throttling_policy", options, WITH)
        for name in WITH:
            assert len(steps[name].applied["commands"]) == 1, name
            assert {change["policy"] for change in steps[name].applied["changes"]} <= {
                f"Policy {name.lower()}",
                f"Policy {name.lower()} again",
            }
    for line in lab.journal.writes():
        assert line.parameters["DomainController"] == lab.facts["servers"][line.server]["domain_controller"]
        assert line.parameters["Confirm"] is False


def test_what_is_listed_is_input_again(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    tasks = [
        {"name": "Make", POLICY: {"name": OWN, **LIMITS}},
        {"name": "List", INFO: {"name": OWN}, "register": "policies"},
        {"name": "Give back", POLICY: {}, "args": "{{ policies.throttling_policies[0].options }}"},
        {
            "name": "Copy",
            POLICY: {},
            "args": "{{ policies.throttling_policies[0].options | combine({'name': copy}) }}",
            "vars": {"copy": "Copy of {{ inventory_hostname_short }}"},
        },
        {"name": "List the copy", INFO: {"name": "Copy of {{ inventory_hostname_short }}"}},
    ]
    run = runner.run(play(tasks, hosts(lab))).succeed()
    for name in WITH:
        host = lab.servers[name].fqdn
        assert result(run, "Give back", host)["changed"] is False, name
        [made], [copied] = listed(run, "List", host).values(), listed(run, "List the copy", host).values()
        assert {**copied["options"], "name": made["name"]} == made["options"]
        assert {**made["options"], **LIMITS} == made["options"]
        assert made["scope"] == (None if SERVERS[name]["version"] == "2010" else "regular")


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_the_default_policy_is_left_alone_by_whatever_name(lab: Lab, runner_for: Any, arguments: list[str]) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    default = "{{ (policies.throttling_policies | selectattr('is_default') | first).name }}"
    attempts = [
        {"name": default, "anonymous_max_concurrency": 10},
        {"name": default, "state": "absent"},
        {"name": "Ours", "previous_name": default},
        {"name": "Ours", "scope": "global"},
    ]
    tasks: list[dict[str, Any]] = [
        {"name": "List", INFO: {}, "register": "policies"},
        *({"name": f"Try {at}", POLICY: one, "ignore_errors": True} for at, one in enumerate(attempts)),
    ]
    mark = lab.journal.mark()
    run = runner.run(play(tasks, hosts(lab)), *arguments).no_traceback()
    sentences = [str(one.result["msg"]) for one in run.results if one.name.startswith("Try ")]
    assert len(sentences) == len(attempts) * len(WITH)
    assert all("never changed" in sentence for sentence in sentences)
    assert lab.journal.writes(mark) == []


def test_servers_without_policies_say_so(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    tasks = [
        {"name": "Write", POLICY: {"name": "Ours", **LIMITS}, "ignore_errors": True},
        {"name": "List", INFO: {}, "ignore_errors": True},
    ]
    run = runner.run(play(tasks, hosts(lab, WITHOUT))).no_traceback()
    for name, words in WITHOUT.items():
        for task in ("Write", "List"):
            sentence = result(run, task, lab.servers[name].fqdn)["msg"]
            assert words in sentence
            assert "has no throttling policies" in sentence
    assert not [line for line in lab.journal.cmdlets() if line.server in WITHOUT and "Throttling" in line.cmdlet]


def test_a_relay_neither_needs_nor_touches_a_policy(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    mark = lab.journal.mark()
    service = {"external": {"sources": [LISTED], "throttling": "high_volume"}}
    tasks = [{"name": "Relay", "mailrelay.exchange.relay": {"services": service}}]
    runner.run(play(tasks, hosts(lab, ["EX19", "EXSE"]))).succeed()
    assert not [line for line in lab.journal.cmdlets(mark) if "ThrottlingPolicy" in line.cmdlet]
    assert relays(lab, LISTED) == {"EX19", "EXSE"}
