# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which connector answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.answering import answering_connector, services_of
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ReceiveConnector, ServerFacts

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


def test_a_service_that_is_not_there_never_answers() -> None:
    front, hub = connector("Front", ["10.0.0.5"], ["0.0.0.0:26"]), connector("Hub", ["10.0.0.0/8"], role=HUB)

    def answers(port: int, *services: str) -> str | None:
        answer = answering_connector([front, hub], "10.1.1.1", port, "10.0.0.5", frozenset(services))
        return answer and answer.connector.name

    assert (answers(26, FRONT_END, HUB), answers(26, HUB)) == ("Front", None)
    assert (answers(25, FRONT_END, HUB), answers(25, HUB)) == (None, "Hub")


@pytest.mark.parametrize(
    ("version", "front_end", "hub", "services"),
    [
        ("2019", True, True, {FRONT_END, HUB}),
        ("2013", True, False, {FRONT_END}),
        ("2013", False, True, {HUB}),
        ("2010", False, True, None),
        ("2019", False, False, None),
    ],
)
def test_the_services_of_a_server(version: str, front_end: bool, hub: bool, services: set[str] | None) -> None:
    facts = ServerFacts("EX1", "ex1", "CN=EX1", "", version, is_frontend_transport=front_end, is_hub_transport=hub)
    assert services_of(facts) == services


def test_other_ports_belong_to_whoever_listens() -> None:
    hub = connector("Default", ANY, ["0.0.0.0:2525"], role=HUB)
    assert name_of([DEFAULT, hub], "10.0.0.5", port=2525) == "Default"


def test_old_versions_have_one_service() -> None:
    connectors = [connector("Default", ANY, ALL, role=None), connector("Relay", ["10.0.0.5"], role=None)]
    assert name_of(connectors, "10.0.0.5") == "Relay"


def test_who_came_second() -> None:
    connectors = [DEFAULT, connector("Subnet", ["10.0.0.0/24", "10.0.0.5"]), connector("Host", ["10.0.0.6"])]
    answer = answering_connector(connectors, "10.1.1.1", 25, "10.0.0.6")
    assert answer is not None and answer.second is not None and answer.doubts == ()
    assert (answer.second.connector.name, str(answer.second.range)) == ("Subnet", "10.0.0.0/24")
    alone = answering_connector(connectors[1:2], "10.1.1.1", 25, "10.0.0.5")
    assert alone is not None and alone.second is None


@pytest.mark.parametrize(
    ("others", "client", "doubt"),
    [
        (
            [connector("A", ["10.0.0.5"]), connector("B", ["10.0.0.5"], ["10.1.1.1:25"])],
            "10.0.0.5",
            "the same range is",
        ),
        (
            [connector("A", ["10.0.0.5"]), connector("B", ["10.0.0.5"])],
            "10.0.0.5",
            "the same range on the same binding",
        ),
        (
            [connector("A", ["10.0.0.1-10.0.0.5"]), connector("B", ["10.0.0.5-10.0.0.7"], ["10.1.1.1:25"])],
            "10.0.0.5",
            "overlap in part",
        ),
        ([connector("A", ["::ffff:10.0.0.5"], ALL)], "::ffff:10.0.0.5", "mapped into IPv6"),
    ],
)
def test_what_no_source_tells_is_said(others: list[ReceiveConnector], client: str, doubt: str) -> None:
    server = "fd00::1" if ":" in client else "10.1.1.1"
    answer = answering_connector([DEFAULT, *others], server, 25, client)
    assert answer is not None
    assert [doubt in sentence for sentence in answer.doubts] == [True]


def test_two_services_on_one_port_are_a_doubt() -> None:
    connectors = [connector("A", ["10.0.0.5"], ["0.0.0.0:26"]), connector("B", ANY, ["0.0.0.0:26"], role=HUB)]
    answer = answering_connector(connectors, "10.1.1.1", 26, "10.0.0.5")
    assert answer is not None and "two transport services" in answer.doubts[0]


def test_a_client_and_a_server_of_two_ip_versions_never_meet() -> None:
    with pytest.raises(InputError, match="one IP version"):
        answering_connector([DEFAULT], "fd00::1", 25, "10.0.0.5")


def test_between_equal_ranges_the_literal_binding_wins() -> None:
    connectors = [connector("A", ["10.0.0.5"]), connector("B", ["10.0.0.5"], ["0.0.0.0:25", "10.1.1.1:25"])]
    answer = answering_connector(connectors, "10.1.1.1", 25, "10.0.0.5")
    assert answer is not None
    assert (answer.connector.name, str(answer.binding), str(answer.range)) == ("B", "10.1.1.1:25", "10.0.0.5")


@pytest.mark.parametrize(("server", "client"), [("10.1.1.0/24", "10.0.0.5"), ("10.1.1.1", "client.contoso.com")])
def test_only_single_addresses_are_asked_for(server: str, client: str) -> None:
    with pytest.raises(InputError):
        answering_connector([DEFAULT], server, 25, client)
