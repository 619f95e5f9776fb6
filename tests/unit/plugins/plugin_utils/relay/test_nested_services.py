# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service for single devices in the network of another one: whichever is declared first, both come without a gap."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import pytest

from .method_switches import APP, assert_reached, clients_at, on_server, run

ADDRESSES = ("10.0.0.1", "10.0.0.9", "10.0.1.1")
METHODS: dict[str, dict[str, Any]] = {
    "anonymous": {"method": "anonymous"},
    "externally_secured": {"method": "externally_secured"},
    "authenticated": {"method": "authenticated"},
    "accounts": {"method": "authenticated", "accounts": [f"LAB\\{APP}"]},
}
CASES = [
    pytest.param(wide, narrow, first, version, id=f"{wide} around {narrow}, {first} first, {version}")
    for wide, narrow in permutations(METHODS, 2)
    for first, version in product(("net", "dev"), ("2010", "2019"))
]


@pytest.mark.parametrize(("wide", "narrow", "first", "version"), CASES)
def test_nested_services_come_in_any_order(wide: str, narrow: str, first: str, version: str) -> None:
    server = on_server(version)
    clients = clients_at(server, ADDRESSES)
    both = {
        "net": {**METHODS[wide], "sources": ["10.0.0.0/24"]},
        "dev": {**METHODS[narrow], "sources": ["10.0.0.9"]},
    }
    declared = {name: both[name] for name in sorted(both, key=lambda name: name != first)}
    assert run(server, declared, clients).told == set()
    assert_reached(server, declared, clients)


@pytest.mark.parametrize("first", ["net", "dev"])
def test_a_device_leaves_a_network_that_is_to_log_on(first: str) -> None:
    server = on_server("2019")
    clients = clients_at(server, ADDRESSES)
    run(server, {"net": {"method": "anonymous", "sources": ["10.0.0.0/24"]}}, clients)
    both = {
        "net": {"method": "authenticated", "sources": ["10.0.0.0/24"]},
        "dev": {"method": "anonymous", "sources": ["10.0.0.9"]},
    }
    declared = {name: both[name] for name in sorted(both, key=lambda name: name != first)}
    assert run(server, declared, clients).told == set()
    assert_reached(server, declared, clients)
