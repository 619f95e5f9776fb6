# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A run that takes too much away, or lets too much in, is refused before anything is written; a reason overrides."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from harness.five_steps import five_steps, play
from harness.lab import Lab
from harness.labs import LISTED, inventory
from harness.plays import Runner

LAB = {"servers": ["EX1"], "clients": []}
RELAY = "mailrelay.exchange.relay"
REASON = "CHG0050112: that network is gone"


def addresses(network: str, count: int) -> list[str]:
    """Every fourth address of a network, so that no two are neighbours."""
    first = ipaddress.IPv4Address(network)
    return [str(first + 4 * number) for number in range(count)]


BIG, HUNDRED, SMALL, SPREAD = (
    addresses("10.1.0.0", 300),
    addresses("10.2.0.0", 100),
    addresses("10.3.0.0", 3),
    addresses("10.4.0.0", 300),
)
PARTS = {"split": {"connectors": 3}}
SERVICES: dict[str, dict[str, Any]] = {
    "big": {"sources": BIG},
    "hundred": {"sources": HUNDRED},
    "small": {"sources": SMALL},
    "spread": {"sources": SPREAD, **PARTS},
}


def changed(service: str, sources: Sequence[Any], **keys: Any) -> dict[str, Any]:
    """Every service as it is, but for one."""
    return {"services": {**SERVICES, service: {**SERVICES[service], "sources": list(sources), **keys}}}


def expired(sources: Sequence[str], count: int) -> dict[str, Any]:
    """A group of these sources, of which the first ones have expired."""
    entries = [{"address": one, "expires": "2020-01-31"} for one in sources[:count]]
    return {"source_groups": {"hosts": {"owner": "app@lab.example", "addresses": [*entries, *sources[count:]]}}}


REMOVE_EXPIRED = {"safety": {"expired": "remove"}}
GAINED_256 = "10.90.0.0/24"

ALLOWED: Mapping[str, Mapping[str, Any]] = {
    "five of 300": changed("big", BIG[5:]),
    "2 % of 100": changed("hundred", HUNDRED[2:]),
    "one of three": changed("small", SMALL[1:]),
    "five of 300 over three connectors": changed("spread", SPREAD[5:]),
    "256 addresses more": changed("small", [*SMALL, GAINED_256]),
    "expired ones that are reported": {**changed("big", ["hosts"]), **expired(BIG, 6)},
    "five expired ones that leave": {**changed("big", ["hosts"]), **expired(BIG, 5), **REMOVE_EXPIRED},
    "a limit of one's own": {**changed("big", BIG[6:]), "safety": {"max_removed": {"count": 6, "percent": 2}}},
    "another spelling": changed("small", [f"{one}/32" for one in SMALL]),
    "a new service": {"services": {**SERVICES, "new": {"sources": ["10.91.0.0/16"]}}},
}
REFUSED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "the sixth of 300": ("too_many_removed", changed("big", BIG[6:])),
    "more than 2 % of 100": ("too_many_removed", changed("hundred", HUNDRED[3:])),
    "the second of three": ("too_many_removed", changed("small", SMALL[2:])),
    "six of 300 over three connectors": ("too_many_removed", changed("spread", SPREAD[6:])),
    "all": ("empty_sources", changed("small", [])),
    "257 addresses more": ("too_many_added", changed("small", [*SMALL, GAINED_256, "10.92.0.1"])),
    "a service with sources": ("too_many_removed", {"services": {**SERVICES, "small": {"state": "absent"}}}),
    "six expired ones that leave": (
        "too_many_removed",
        {**changed("big", ["hosts"]), **expired(BIG, 6), **REMOVE_EXPIRED},
    ),
    "a truncated variable": (
        "too_many_removed",
        {**changed("big", ["hosts"]), "source_groups": {"hosts": {"addresses": BIG[:100]}}},
    ),
}
WRONG: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "an undefined variable": ("no_such_variable", {"services": {"small": {"sources": "{{ no_such_variable }}"}}}),
    "a template without a value": ("sources", changed("small", [""])),
    "no sources at all": ("sources", {"services": {"small": {}}}),
    "a reason without words": (
        "reason",
        {**changed("big", BIG[6:]), "accept_findings": {"too_many_removed": " "}},
    ),
}


def task(arguments: Mapping[str, Any], **keywords: Any) -> dict[str, Any]:
    return {"name": "Apply", RELAY: dict(arguments), **keywords}


@pytest.fixture(scope="module")
def declared(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The lab with every service in place."""
    folder = tmp_path_factory.mktemp("declared")
    runner = Runner(folder, inventory(lab, folder), lab.environment())
    runner.run(play([task({"services": SERVICES})])).succeed()
    return lab


def test_what_keeps_within_the_limits_is_planned(declared: Lab, runner_for: Any) -> None:
    mark = declared.journal.mark()
    tasks = [task(arguments, check_mode=True) for arguments in ALLOWED.values()]
    run = runner_for(declared).run(play(tasks)).succeed()
    assert declared.journal.writes(mark) == []
    for (case, _arguments), one in zip(ALLOWED.items(), run.of("relay"), strict=True):
        expected = case not in ("another spelling", "expired ones that are reported")
        assert one.result["changed"] is expected, case
        assert not {found["id"] for found in one.result["findings"]} & {"too_many_removed", "too_many_added"}, case


def test_what_passes_a_limit_is_refused_before_any_write(declared: Lab, runner_for: Any) -> None:
    mark = declared.journal.mark()
    tasks = [task(arguments, ignore_errors=True) for _finding, arguments in REFUSED.values()]
    run = runner_for(declared).run(play(tasks)).no_traceback()
    assert declared.journal.writes(mark) == []
    for (case, (finding, _arguments)), one in zip(REFUSED.items(), run.of("relay"), strict=True):
        assert one.status == "ignored", f"{case} was not refused"
        found = {entry["id"]: entry for entry in one.result["findings"]}
        assert finding in found, f"{case}: {one.result['msg']}"
        assert finding in one.result["msg"] and "\n" not in one.result["msg"], case


def test_what_cannot_be_meant_is_refused_before_anything_is_asked(declared: Lab, runner_for: Any) -> None:
    mark = declared.journal.mark()
    tasks = [task(arguments, ignore_errors=True) for _word, arguments in WRONG.values()]
    run = runner_for(declared).run(play(tasks)).no_traceback()
    assert declared.journal.cmdlets(mark) == []
    for (case, (word, _arguments)), one in zip(WRONG.items(), run.of("relay"), strict=True):
        assert one.status == "ignored" and word in one.result["msg"], f"{case}: {one.result['msg']}"


def test_a_reason_accepts_it_and_stays_visible(declared: Lab, runner_for: Any) -> None:
    runner = runner_for(declared)
    accepted = {"accept_findings": {"too_many_removed": REASON}}
    steps = five_steps(declared, runner, "relay", {**changed("hundred", HUNDRED[50:]), **accepted})["EX1"]
    [finding] = [one for one in steps.applied["findings"] if one["id"] == "too_many_removed"]
    assert finding["accepted"] == REASON
    assert len(steps.options("Relay hundred")["remote_ip_ranges"]) == 50
    gone = {"small": {"state": "absent", **accepted}}
    steps = five_steps(declared, runner, "relay", {"services": gone})["EX1"]
    assert "Relay small" not in steps.connectors


def test_one_connector_is_held_to_limits_only_where_they_are_named(declared: Lab, runner_for: Any) -> None:
    plain = {"name": "Plain", "bindings": ["0.0.0.0:2626"], "remote_ip_ranges": [*SMALL, LISTED]}
    fewer = {**plain, "remote_ip_ranges": [LISTED]}
    limits = {"safety": {"max_removed": {"count": 2, "percent": 90}}}
    tasks: list[dict[str, Any]] = [
        {"name": "Make it", "mailrelay.exchange.receive_connector": plain},
        {"name": "Limited", "mailrelay.exchange.receive_connector": {**fewer, **limits}, "ignore_errors": True},
        {"name": "Not limited", "mailrelay.exchange.receive_connector": fewer},
    ]
    _made, limited, free = runner_for(declared).run(play(tasks)).no_traceback().of("receive_connector")
    assert limited.status == "ignored" and "too_many_removed" in limited.result["msg"]
    assert free.result["changed"] is True
