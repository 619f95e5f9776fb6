# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which connector answers a client. PRIVATE to the collection.

Source: Microsoft's "Receive connectors" page: the service that owns the port is first, then the most specific remote
range wins, range by range and not connector by connector. Nothing the client says in the session changes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .model import ReceiveConnector
from .ranges import Binding, IPRange, parse_address

FRONT_END = "FrontendTransport"
SMTP_PORT = 25


@dataclass(frozen=True)
class Answer:
    """The connector that answers, and why.

    Attributes:
        connector: the connector.
        range: its most specific range that holds the client.
        binding: its binding that the connection reached.
    """

    connector: ReceiveConnector
    range: IPRange
    binding: Binding


def answering_connector(
    connectors: Iterable[ReceiveConnector], server_address: str | IPRange, port: int, client: str | IPRange
) -> Answer | None:
    """The connector that answers a connection, None when none does.

    Args:
        connectors: the receive connectors of one server.
        server_address: local address that the client connects to.
        port: local port.
        client: the client's address, as the server sees it.

    Raises:
        InputError: an address is not a single IP address.
    """
    local = server_address if isinstance(server_address, IPRange) else parse_address(server_address, "server address")
    remote = client if isinstance(client, IPRange) else parse_address(client, "client address")
    reached = [
        (connector, binding)
        for connector in connectors
        if connector.values["enabled"]
        for binding in [_reached_binding(connector, local, port)]
        if binding is not None
    ]
    answers = [
        Answer(connector, most_specific, binding)
        for connector, binding in _of_the_service(reached, port)
        for most_specific in [_most_specific_range(connector, remote)]
        if most_specific is not None
    ]
    return min(answers, key=_rank, default=None)


def _reached_binding(connector: ReceiveConnector, local: IPRange, port: int) -> Binding | None:
    reached = [binding for binding in connector.values["bindings"] if binding.covers(local, port)]
    return min(reached, key=lambda binding: binding.is_wildcard, default=None)


def _most_specific_range(connector: ReceiveConnector, remote: IPRange) -> IPRange | None:
    matching = [entry for entry in connector.values["remote_ip_ranges"] if entry.contains(remote)]
    return min(matching, key=lambda entry: entry.size, default=None)


def _of_the_service(
    reached: list[tuple[ReceiveConnector, Binding]], port: int
) -> list[tuple[ReceiveConnector, Binding]]:
    """Without the connectors of a service that does not own the port: 25 is the front end's where there is one."""
    front_end = [pair for pair in reached if pair[0].values.get("transport_role") == FRONT_END]
    return front_end if port == SMTP_PORT and front_end else reached


def _rank(answer: Answer) -> tuple[int, bool, str]:
    # That the more specific binding wins between equal ranges is unverified; the name only makes it deterministic.
    return answer.range.size, answer.binding.is_wildcard, answer.connector.name.casefold()
