# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connectors that setup makes, told apart from those of an administrator."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.defaults import is_default_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ServerFacts
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.pictures import Picture
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import parse_binding, parse_range

EVERYBODY = "0.0.0.0-255.255.255.255"
NEW = ("2013", "2016", "2019", "SE")
OLD = ("2007", "2010")


def is_default(version: str, name: str, is_edge: bool = False, **values: Any) -> bool:
    facts = ServerFacts("EX1", "ex1.lab.example", "CN=EX1", "", version, is_edge=is_edge)
    held = {
        "bindings": frozenset({parse_binding(values.get("binding", "10.0.0.5:25"), "b")}),
        "remote_ip_ranges": frozenset({parse_range(values.get("range", "10.0.0.1"), "r")}),
        "auth_mechanism": frozenset(values.get("mechanisms", {"Tls"})),
    }
    return is_default_connector(Picture(name, "CN=x", held, ()), facts)


@pytest.mark.parametrize("version", NEW)
@pytest.mark.parametrize(
    "name",
    ["Default Frontend EX1", "client frontend ex1", "Outbound Proxy Frontend EX1", "Default EX1", "Client Proxy EX1"],
)
def test_the_five_of_a_mailbox_server(version: str, name: str) -> None:
    assert is_default(version, name)
    assert not is_default(version, name, is_edge=True)


@pytest.mark.parametrize("version", OLD)
@pytest.mark.parametrize("name", ["Default EX1", "Client EX1"])
def test_the_two_of_a_hub_transport_server(version: str, name: str) -> None:
    assert is_default(version, name)
    assert is_default("2019", name) == (name == "Default EX1")


@pytest.mark.parametrize("version", OLD + NEW)
def test_the_one_of_an_edge_server(version: str) -> None:
    assert is_default(version, "Default internal receive connector EX1", is_edge=True)
    assert not is_default(version, "Default internal receive connector EX1")


@pytest.mark.parametrize("name", ["Default Frontend EX2", "Default Frontend", "Relay EX1", "Client Frontend EX1 2"])
def test_another_name_is_none_of_them(name: str) -> None:
    assert not is_default("2019", name)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"range": EVERYBODY, "binding": "0.0.0.0:25", "mechanisms": {"Tls", "ExchangeServer"}}, True),
        ({"range": EVERYBODY, "binding": "[::]:587", "mechanisms": {"Integrated"}}, True),
        ({"range": EVERYBODY, "binding": "0.0.0.0:25"}, False),
        ({"range": EVERYBODY, "binding": "0.0.0.0:2587", "mechanisms": {"Integrated", "ExchangeServer"}}, False),
        ({"range": EVERYBODY, "mechanisms": {"ExchangeServer"}}, False),
        ({"binding": "0.0.0.0:25", "mechanisms": {"ExchangeServer"}}, False),
    ],
)
def test_a_renamed_one_is_known_by_what_it_is_for(values: dict[str, Any], found: bool) -> None:
    assert is_default("2019", "Renamed", **values) == found
