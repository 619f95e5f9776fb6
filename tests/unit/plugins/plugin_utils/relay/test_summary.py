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

SERVICES: dict[str, Any] = {
    "external": {"sources": ["10.20.4.11", "10.31.0.0/24", "10.31.0.7"]},
    "printing": {"connector_name": "Relay {server}", "sources": [], "method": "externally_secured"},
    "gone": {"state": "absent"},
}


def reports(*touched: str) -> list[dict[str, object]]:
    desired = parse_services(SERVICES, None, None, None, "EX1", date(2026, 11, 21))
    plan: Any = SimpleNamespace(steps=[SimpleNamespace(connector=name) for name in touched])
    return report_services(desired, plan)


def test_addresses_are_counted_once() -> None:
    external, printing, gone = reports("relay EXTERNAL")
    assert external == {
        "service": "external",
        "connector": "Relay external",
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
