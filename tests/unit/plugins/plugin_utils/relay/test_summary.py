# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A recap that a person can believe: what is true of every service, and whether it changed."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.summary import report_services, sentences

from .rollouts import carry_out, plan_for, services
from .simulated_exchange import SimulatedExchange

SERVICES: dict[str, Any] = {
    "external": {"sources": ["10.20.4.11", "10.31.0.0/24", "10.31.0.7"]},
    "printing": {"connector_name": "Relay {server}", "sources": [], "method": "externally_secured"},
    "gone": {"state": "absent"},
}


def reports(*touched: str) -> list[dict[str, object]]:
    desired = parse_services(SERVICES, None, None, None, "EX1", date(2026, 11, 21))
    plan: Any = SimpleNamespace(steps=[SimpleNamespace(connector=name) for name in touched], services={})
    return report_services(desired, plan)


def test_addresses_are_counted_once() -> None:
    external, printing, gone = reports("relay EXTERNAL")
    assert external == {
        "service": "external",
        "connector": "Relay external",
        "connectors": ["Relay external"],
        "state": "present",
        "method": "anonymous",
        "sources": 3,
        "addresses": 257,
        "changed": True,
    }
    assert (printing["connector"], printing["sources"], printing["changed"]) == ("Relay EX1", 0, False)
    assert (gone["state"], gone["changed"]) == ("absent", False)


@pytest.mark.parametrize(
    ("check_mode", "touched", "expected"),
    [
        (
            False,
            ("Relay external", "Relay gone"),
            [
                "external: changed; 3 sources (257 addresses) may relay through 'Relay external' on EX1, "
                "method anonymous.",
                "printing: unchanged; nobody may relay through 'Relay EX1' on EX1.",
                "gone: changed; there is no connector 'Relay gone' on EX1.",
            ],
        ),
        (
            True,
            ("Relay external", "Relay gone"),
            [
                "external: would change; 3 sources (257 addresses) could relay through 'Relay external' on EX1, "
                "method anonymous.",
                "printing: unchanged; nobody may relay through 'Relay EX1' on EX1.",
                "gone: would change; there would be no connector 'Relay gone' on EX1.",
            ],
        ),
    ],
)
def test_one_sentence_a_service(check_mode: bool, touched: tuple[str, ...], expected: list[str]) -> None:
    assert sentences(reports(*touched), "EX1", check_mode) == expected


def test_no_service_is_said_too() -> None:
    assert sentences([], "EX1", False) == ["No relay service is declared for EX1."]


def test_one_is_singular() -> None:
    report = {**reports()[0], "sources": 1, "addresses": 1}
    assert "1 source (1 address) may relay" in sentences([report], "EX1", False)[0]


def split_over_three() -> tuple[SimulatedExchange, list[str]]:
    server = SimulatedExchange()
    sources = [f"10.0.{n}.1" for n in range(12)]
    assert carry_out(
        plan_for(server, services({"a": {"sources": sources, "split": {"connectors": 3}}}, server)), server
    )
    return server, sources


def told(server: SimulatedExchange, **service: Any) -> tuple[dict[str, object], str]:
    desired = services({"a": service}, server)
    found = report_services(desired, plan_for(server, desired))
    [sentence] = sentences(found, "EX1", check_mode=True)
    return found[0], sentence


def test_a_service_over_several_connectors_is_one_entry() -> None:
    server, sources = split_over_three()
    report, sentence = told(server, sources=sources, split={"connectors": 3})
    assert report["connectors"] == ["Relay a 1", "Relay a 2", "Relay a 3"]
    assert (report["sources"], report["addresses"], report["changed"]) == (12, 12, False)
    assert sentence == (
        "a: unchanged; 12 sources (12 addresses) may relay through 3 connectors, 'Relay a 1' to 'Relay a 3', on EX1, "
        "method anonymous."
    )


def test_a_connector_that_only_leaves_changes_its_service() -> None:
    server, _sources = split_over_three()
    stays = set(server.named("Relay a 1").properties["RemoteIPRanges"])
    report, sentence = told(server, sources=sorted(stays), split={"connectors": 1})
    assert report["changed"] is True
    assert sentence.startswith("a: would change; ")
    gone, sentence = told(server, state="absent", split={"connectors": 1})
    assert (gone["state"], gone["changed"], gone["connectors"]) == ("absent", True, [])
    assert sentence.startswith("a: would change; there would be no connector 'Relay a")


def test_a_change_of_the_list_counts_what_is_there_in_the_end() -> None:
    server = SimulatedExchange()
    assert carry_out(plan_for(server, services({"a": {"sources": ["10.0.0.1", "10.0.0.2"]}}, server)), server)
    report, _sentence = told(server, sources={"add": ["10.0.1.0/30"], "remove": ["10.0.0.1"]})
    assert (report["sources"], report["addresses"]) == (2, 5)
