# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sources that come from files, come and go one by one, expire, and go from one connector to several and back."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import pytest
from harness.five_steps import Steps, five_steps, play
from harness.lab import Lab
from harness.labs import LISTED, STRANGER, proof_variables
from harness.promises import Promises

LAB = {"servers": ["EX1"], "clients": [LISTED, STRANGER]}
RELAY = "mailrelay.exchange.relay"
ACCEPTED = {"accept_findings": {"service_gap": "CHG0050112, at night"}}
HOSTS = [f"10.30.{number}.7" for number in range(24)]
OTHERS = [f"10.35.{number}.7" for number in range(3)]
DATED = [f"10.33.{number}.7" for number in range(6)]
NETWORKS = ["10.31.0.0/24", "10.31.4.0-10.31.4.99"]


@pytest.fixture
def runner(lab: Lab, runner_for: Any) -> Any:
    return runner_for(lab)


def spread(steps: Steps, base: str) -> dict[str, list[str]]:
    """The sources of a service's connectors, by their names."""
    return {
        name: sorted(one["options"]["remote_ip_ranges"])
        for name, one in steps.connectors.items()
        if name == base or name.startswith(f"{base} ")
    }


def test_a_service_goes_into_a_split_through_it_and_out_again(lab: Lab, runner: Any) -> None:
    sources = [*HOSTS, *NETWORKS]

    def run(**keys: Any) -> dict[str, list[str]]:
        service = {"connector_name": "Moves", "sources": sources, **keys}
        found = spread(five_steps(lab, runner, "relay", {"services": {"moves": service}})["EX1"], "Moves")
        assert sorted(one for ranges in found.values() for one in ranges) == sorted(sources), "nobody is lost"
        return found

    run()
    refused = {"services": {"moves": {"connector_name": "Moves", "sources": sources, "split": {"connectors": 2}}}}
    mark = lab.journal.mark()
    said = runner.run(play([{"name": "Apply", RELAY: refused}])).fail().one("relay")["msg"]
    assert "[service_gap]" in said and lab.journal.writes(mark) == []

    two = run(split={"connectors": 2}, **ACCEPTED)
    assert set(two) == {"Moves 1", "Moves 2"}
    renamed = [line for line in lab.journal.writes(mark) if line.parameters.get("Name") == "Moves 1"]
    assert [line.cmdlet for line in renamed] == ["Set-ReceiveConnector"], "the connector itself becomes the first one"
    three = run(split={"connectors": 3}, **ACCEPTED)
    assert set(three) == {"Moves 1", "Moves 2", "Moves 3"}
    assert all(set(three[name]) <= set(two[name]) for name in two), "one connector more only takes"
    one = run(split={"connectors": 1}, **ACCEPTED)
    assert set(one) == {"Moves 1"}
    assert set(run(previous_connector_name="Moves 1")) == {"Moves"}


def test_single_entries_come_and_go_beside_what_others_put_there(lab: Lab, runner: Any) -> None:
    five_steps(lab, runner, "relay", {"services": {"single": {"sources": OTHERS}}})
    by_hand = {"name": "Relay single", "remote_ip_ranges": {"add": ["10.32.0.9"]}}
    runner.run(play([{"name": "By hand", "mailrelay.exchange.receive_connector": by_hand}])).succeed()
    change = {"add": ["10.32.0.1"], "remove": f"{OTHERS[0]}\n10.32.9.9"}
    steps = five_steps(lab, runner, "relay", {"services": {"single": {"sources": change}}})["EX1"]
    assert sorted(steps.options("Relay single")["remote_ip_ranges"]) == sorted([*OTHERS[1:], "10.32.0.1", "10.32.0.9"])
    assert steps.applied["services"][0]["sources"] == 4

    mark = lab.journal.mark()
    for sources, sentence in (
        ({"remove": ["10.32.0.1", "10.32.0.9", *OTHERS[1:]]}, "nobody would be left"),
        ({"add": ""}, "the list of sources is empty"),
    ):
        arguments = {"services": {"single": {"sources": sources}}}
        assert sentence in runner.run(play([{"name": "Apply", RELAY: arguments}])).fail().one("relay")["msg"]
    assert lab.journal.writes(mark) == []


def test_expired_sources_are_told_of_and_leave_when_somebody_says_so(lab: Lab, runner: Any) -> None:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    addresses = [
        *DATED,
        {"address": "10.33.0.1", "expires": str(today - datetime.timedelta(days=2)), "owner": "old@lab.example"},
        {"address": "10.33.0.2", "expires": str(today + datetime.timedelta(days=20))},
        {"address": "10.33.0.3", "expires": str(today + datetime.timedelta(days=40))},
    ]
    arguments: dict[str, Any] = {
        "services": {"dated": {"sources": ["dated"]}},
        "source_groups": {"dated": {"owner": "app@lab.example", "addresses": addresses}},
    }
    kept = five_steps(lab, runner, "relay", arguments)["EX1"]
    assert len(kept.options("Relay dated")["remote_ip_ranges"]) == 9
    told = {finding["id"]: finding for finding in kept.applied["findings"]}
    assert told["expired_source"]["addresses"] == ["10.33.0.1"]
    assert "old@lab.example" in told["expired_source"]["message"]
    assert told["expiring_source"]["addresses"] == ["10.33.0.2"]

    left = five_steps(lab, runner, "relay", {**arguments, "safety": {"expired": "remove"}})["EX1"]
    assert "10.33.0.1" not in left.options("Relay dated")["remote_ip_ranges"]
    assert len(left.options("Relay dated")["remote_ip_ranges"]) == 8


def rollout_variables(lab: Lab) -> Mapping[str, Any]:
    return {
        "relay_source_groups_legacy": {"legacy": {"owner": "mail@lab.example", "file": "sources/legacy.csv"}},
        "relay_services": {"file": {"sources": ["legacy"], "split": {"connectors": 2}}},
        "relay_safety": {"expired": "remove"},
        **proof_variables(lab),
    }


def test_a_file_beside_the_inventory_is_rolled_out_and_proved(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, variables=rollout_variables(lab))
    path = runner.folder / "sources" / "legacy.csv"
    path.parent.mkdir()
    rows = ["address;owner;reason;expires", f"{LISTED};hr@lab.example;Gehälter;", f"{STRANGER};;gone;2020-01-31"]
    path.write_bytes(("\ufeff" + "\r\n".join([*rows, "10.34.0.0/24;;;", ""])).encode())
    promises = Promises(lab)
    with promises.kept(gains={LISTED}):
        runner.run("mailrelay.exchange.servers").succeed()
    proved = runner.run("mailrelay.exchange.verify").succeed()
    [kept] = [one for one in proved.results if one.name == "Keep what is proven"]
    facts = kept.result["ansible_facts"]["relay_verify_result"]
    verdicts = {verdict["client"]: verdict for verdict in facts["verdicts"]}
    assert facts["read_back"] == "as_declared" and facts["proven"], facts
    assert "hr@lab.example" in verdicts[LISTED]["because"] and verdicts[LISTED]["relay"] is True

    # A copy that broke off anywhere but between two rows stops the run before anything is asked.
    path.write_bytes(path.read_bytes()[:-8])
    mark = lab.journal.mark()
    failed = runner.run("mailrelay.exchange.servers").fail().one("relay")
    assert "legacy.file: 'sources/legacy.csv', line 4, column" in failed["msg"], failed["msg"]
    assert lab.journal.cmdlets(mark) == []
