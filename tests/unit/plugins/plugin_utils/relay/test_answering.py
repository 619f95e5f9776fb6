# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which connector answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.answering import answering_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ReceiveConnector

ANY = ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
ALL = ["0.0.0.0:25", "[::]:25"]
FRONT_END, HUB = "FrontendTransport", "HubTransport"


def connector(
    name: str,
    ranges: list[str],
    bindings: list[str] | None = None,
    role: str | None = FRONT_END,
    enabled: bool = True,
) -> ReceiveConnector:
    plain = {
        "Name": name,
        "DistinguishedName": f"CN={name}",
        "Bindings": bindings or ["0.0.0.0:25"],
        "RemoteIPRanges": ranges,
        "AuthMechanism": "Tls",
        "PermissionGroups": "AnonymousUsers",
        "Enabled": enabled,
    }
    return ReceiveConnector.from_exchange(plain if role is None else {**plain, "TransportRole": role})


DEFAULT = connector("Default Frontend", ANY, ALL)


def name_of(connectors: list[ReceiveConnector], client: str, port: int = 25, server: str = "10.1.1.1") -> str | None:
    answer = answering_connector(connectors, server, port, client)
    return answer and answer.connector.name


def test_the_most_specific_range_wins() -> None:
    # The example of Microsoft's page.
    connectors = [
        DEFAULT,
        connector("Subnet", ["192.168.1.0-192.168.1.255"]),
        connector("Host", ["192.168.1.75"]),
    ]
    assert name_of(connectors, "192.168.1.75") == "Host"
    assert name_of(connectors, "192.168.1.76") == "Subnet"
    assert name_of(connectors, "192.168.2.75") == "Default Frontend"


def test_it_is_the_range_that_wins_and_not_the_connector() -> None:
    connectors = [connector("Wide", ["10.0.0.0/8", "10.5.5.5"]), connector("Narrow", ["10.5.0.0/16"])]
    assert name_of(connectors, "10.5.5.5") == "Wide"
    assert name_of(connectors, "10.5.5.6") == "Narrow"
    assert name_of(connectors, "10.6.5.6") == "Wide"


@given(st.permutations([DEFAULT, connector("A", ["10.0.0.0/8"]), connector("B", ["10.0.0.0/24"])]))
def test_the_order_of_connectors_does_not_count(connectors: list[ReceiveConnector]) -> None:
    assert name_of(connectors, "10.0.0.9") == "B"


def test_a_disabled_connector_does_not_answer() -> None:
    relay = connector("Relay", ["10.0.0.5"], enabled=False)
    assert name_of([DEFAULT, relay], "10.0.0.5") == "Default Frontend"
    assert name_of([relay], "10.0.0.5") is None


def test_port_and_local_address_select_first() -> None:
    connectors = [
        DEFAULT,
        connector("Client", ANY, ["0.0.0.0:587", "[::]:587"]),
        connector("Second address", ["10.0.0.5"], ["10.1.1.2:25"]),
    ]
    assert name_of(connectors, "10.0.0.5", port=587) == "Client"
    assert name_of(connectors, "10.0.0.5", port=26) is None
    assert name_of(connectors, "10.0.0.5") == "Default Frontend"
    assert name_of(connectors, "10.0.0.5", server="10.1.1.2") == "Second address"


def test_a_client_over_ipv6_misses_a_connector_of_ipv4() -> None:
    connectors = [DEFAULT, connector("Relay", ["10.0.0.5", "2001:db8::5"])]
    assert name_of(connectors, "2001:db8::5", server="2001:db8::1") == "Default Frontend"


def test_port_25_belongs_to_the_front_end() -> None:
    hub = connector("Hub relay", ["10.0.0.5"], role=HUB)
    assert name_of([DEFAULT, hub], "10.0.0.5") == "Default Frontend"
    # The service is chosen before the range: a front end without a matching range refuses, and nobody else is asked.
    assert name_of([connector("Front end", ["10.9.9.9"]), hub], "10.0.0.5") is None
    # Without a front end on the port, as on a Mailbox server of 2013 with split roles, the hub has it.
    assert name_of([hub], "10.0.0.5") == "Hub relay"


def test_other_ports_belong_to_whoever_listens() -> None:
    hub = connector("Default", ANY, ["0.0.0.0:2525"], role=HUB)
    assert name_of([DEFAULT, hub], "10.0.0.5", port=2525) == "Default"


def test_old_versions_have_one_service() -> None:
    connectors = [connector("Default", ANY, ALL, role=None), connector("Relay", ["10.0.0.5"], role=None)]
    assert name_of(connectors, "10.0.0.5") == "Relay"


def test_between_equal_ranges_the_literal_binding_wins() -> None:
    connectors = [connector("A", ["10.0.0.5"]), connector("B", ["10.0.0.5"], ["0.0.0.0:25", "10.1.1.1:25"])]
    answer = answering_connector(connectors, "10.1.1.1", 25, "10.0.0.5")
    assert answer is not None
    assert (answer.connector.name, str(answer.binding), str(answer.range)) == ("B", "10.1.1.1:25", "10.0.0.5")


@pytest.mark.parametrize(("server", "client"), [("10.1.1.0/24", "10.0.0.5"), ("10.1.1.1", "client.contoso.com")])
def test_only_single_addresses_are_asked_for(server: str, client: str) -> None:
    with pytest.raises(InputError):
        answering_connector([DEFAULT], server, 25, client)
