# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which connector answers a client, and which would if it did not. PRIVATE to the collection.

Source: Microsoft's "Receive connectors" page: the service that owns the port is first, then the most specific remote
range wins, range by range and not connector by connector. Nothing the client says in the session changes it. What no
source tells is decided all the same and named as a doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .effective import FRONT_END
from .errors import InputError
from .model import ReceiveConnector, ServerFacts
from .ranges import Binding, IPRange, parse_address

__all__ = ["FRONT_END", "SMTP_PORT", "Answer", "answering_connector", "listeners", "services_of"]

SMTP_PORT = 25
TRANSPORT = "HubTransport"

MAPPED = "How Exchange matches an IPv4 address that is mapped into IPv6 is not documented; it is taken for IPv6."
SAME_RANGE = "That the more specific binding wins between two connectors with the same range is not documented."
TWICE = "Two connectors have the same range on the same binding, which Exchange does not take; the name decides here."
OVERLAP = "Which of two ranges wins that overlap in part is not documented; the smaller one is taken."
TWO_SERVICES = "Connectors of two transport services listen here; which service gets the connection is not documented."


@dataclass(frozen=True)
class Answer:
    """The connector that answers, and why.

    Attributes:
        connector: the connector.
        range: its most specific range that holds the client.
        binding: its binding that the connection reached.
        second: what would answer if this connector did not; None when nobody would.
        doubts: sentences about what this answer rests on that no source tells.
    """

    connector: ReceiveConnector
    range: IPRange
    binding: Binding
    second: Answer | None = None
    doubts: tuple[str, ...] = ()


def answering_connector(
    connectors: Iterable[ReceiveConnector],
    server_address: str | IPRange,
    port: int,
    client: str | IPRange,
    services: frozenset[str] | None = None,
) -> Answer | None:
    """The connector that answers a connection, None when none does.

    Args:
        connectors: the receive connectors of one server.
        server_address: local address that the client connects to.
        port: local port.
        client: the client's address, as the server sees it.
        services: transport services of the server, in the words of transport_role; None: tell them from the connectors.

    Raises:
        InputError: an address is not a single IP address, or the two are not of the same IP version.
    """
    local = server_address if isinstance(server_address, IPRange) else parse_address(server_address, "server address")
    remote = client if isinstance(client, IPRange) else parse_address(client, "client address")
    if local.version != remote.version:
        raise InputError(f"client address: {remote} cannot connect to {local}; give two addresses of one IP version.")
    every = tuple(connectors)
    listening = listeners((connector.values.get("transport_role") for connector in every), port, services)
    answers = sorted(
        (
            Answer(connector, most_specific, binding)
            for connector in every
            if connector.values["enabled"] and connector.values.get("transport_role") in listening
            for binding in _reached_binding(connector, local, port)
            for most_specific in _most_specific_range(connector, remote)
        ),
        key=_rank,
    )
    if not answers:
        return None
    second = answers[1] if len(answers) > 1 else None
    return replace(answers[0], second=second, doubts=tuple(_doubts(answers, remote)))


def services_of(facts: ServerFacts) -> frozenset[str] | None:
    """The transport services of a server in the words of transport_role; None where the version has no such words.

    On Exchange 2013 the Front End Transport service belongs to the Client Access role and the Transport service to the
    Mailbox role; later Mailbox servers have both.
    """
    found = {
        service
        for service, there in ((FRONT_END, facts.is_frontend_transport), (TRANSPORT, facts.is_hub_transport))
        if there
    }
    return frozenset(found) if FRONT_END in found or (found and facts.version == "2013") else None


def listeners(roles: Iterable[str | None], port: int, services: frozenset[str] | None) -> frozenset[str | None]:
    """Which of these transport roles listen on a port: those of services that are there, and on port 25 of its owner.

    Args:
        roles: transport roles of the server's connectors, None where the version has none.
        port: local port.
        services: as services_of tells; None: a service is there when a connector is one of its.
    """
    known = frozenset(roles)
    there = known if services is None else known & (services | {None})
    has_front_end = FRONT_END in (there if services is None else services)
    # The service that owns the port answers; another service's connector is no candidate there.
    return there & {FRONT_END, None} if port == SMTP_PORT and has_front_end else there


def _reached_binding(connector: ReceiveConnector, local: IPRange, port: int) -> list[Binding]:
    reached = [binding for binding in connector.values["bindings"] if binding.covers(local, port)]
    return sorted(reached, key=lambda binding: binding.is_wildcard)[:1]


def _most_specific_range(connector: ReceiveConnector, remote: IPRange) -> list[IPRange]:
    matching = [entry for entry in connector.values["remote_ip_ranges"] if entry.contains(remote)]
    return [min(matching, key=lambda entry: (entry.size, entry.low))] if matching else []


def _rank(answer: Answer) -> tuple[int, bool, str]:
    return answer.range.size, answer.binding.is_wildcard, answer.connector.name.casefold()


def _doubts(answers: Sequence[Answer], remote: IPRange) -> Iterator[str]:
    """What the first answer rests on that is unverified: only that which the others could turn."""
    first, *others = answers
    if remote.unmapped != remote:
        yield MAPPED
    if len({answer.connector.values.get("transport_role") for answer in answers}) > 1:
        yield TWO_SERVICES
    same = [answer for answer in others if answer.range == first.range]
    if any(answer.binding.is_wildcard != first.binding.is_wildcard for answer in same):
        yield SAME_RANGE
    if any(answer.binding.is_wildcard == first.binding.is_wildcard for answer in same):
        yield TWICE
    if any(not answer.range.contains(first.range) for answer in others):
        yield OVERLAP
