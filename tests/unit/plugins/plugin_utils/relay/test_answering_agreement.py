# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""answering_connector and the lab's SMTP: two readings of the same facts that must give the same answer.

Servers of every version and role get generated connectors through the lab's cmdlets. What the collection makes of that
which receive_connector_info returns is compared with the lab's own verdict for generated clients.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import parse_address, parse_range
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.reported import explain, read_reports
from exchange_lab import verdict
from exchange_lab.answers import Answers
from exchange_lab.backend import ExchangeBackend
from exchange_lab.config import parse
from exchange_lab.interface import ConnectorView
from exchange_lab.organization.model import Organization

from .generated_connectors import ANONYMOUS, ANY_RECIPIENT, SERVERS, SERVICES, Generated, Spec, lab_content, specs
from .lab_session import LabSession, NoJournal

# What every connector inherits from above: nothing about relay, the right to it, or a denial.
ABOVE: dict[str, list[dict[str, Any]]] = {
    "": [],
    "allowed above": [{"user": ANONYMOUS, "right": ANY_RECIPIENT}],
    "denied above": [{"user": ANONYMOUS, "right": ANY_RECIPIENT, "deny": True}],
}
CONFIGS = {
    (name, above): parse({**lab_content(name), "inherited_permissions": rows})
    for name in SERVERS
    for above, rows in ABOVE.items()
}
INSIDE, OUTSIDE = "someone@lab.example", "someone@elsewhere.example"
LOCALS = {4: ("10.99.0.1", "10.99.0.2"), 6: ("fd00:99::1", "fd00:99::2")}
PORTS = (*[25] * 7, 26, 587)
BINDINGS = (
    ["0.0.0.0:25"],
    ["0.0.0.0:25"],
    ["0.0.0.0:25", "[::]:25"],
    ["10.99.0.1:25"],
    ["10.99.0.1:25", "[fd00:99::1]:25", "0.0.0.0:26"],
    ["[::]:26", "10.99.0.1:26"],
)


# So close together that ranges nest, touch and overlap, and clients fall into several.
FOUR = [f"10.0.0.{last}" for last in range(8)]
OTHERS = ["fd00::1", "fd00::2", "fd00::3", "::ffff:10.0.0.1"]
PAIRS = [f"10.0.0.{low}-10.0.0.{high}" for low in range(8) for high in range(low + 1, 8)]
WIDE = ["10.0.0.0/29", "10.0.0.4/30", "10.0.0.0/28", "10.0.0.0/16", "10.0.0.0/8", "fd00::/124", "fd00::/16", "::/0"]
RANGES = st.sampled_from([*FOUR, *PAIRS, *WIDE, *OTHERS])
CLIENTS = st.sampled_from([*FOUR, *FOUR, *OTHERS, "10.9.0.1", "fd99::1"])


class Judged:
    """A server of the lab with generated connectors, and what the collection read of it."""

    def __init__(self, server: str, generated: list[Spec], above: str = "") -> None:
        self.server = server
        self.organization = Organization(CONFIGS[server, above])
        self.answers = Answers(self.organization)
        backend = ExchangeBackend(self.organization, NoJournal())
        self.made = Generated(LabSession(backend, server))
        self.made.create(generated, server)
        self.reports = read_reports(self.made.report(server), "test")

    def compare(self, local: str, port: int, client: str) -> None:
        """Hold the answer to one connection against the lab's."""
        view = self.answers.decide(self.server, local, port, client)
        answer = explain(self.reports, client, local, port, None)
        assert (answer and answer["name"]) == (view and view.name)
        if answer is None or view is None:
            return
        won = parse_range(answer["range"], "range")
        assert won.size == parse_range(view.matched_range, "range").size
        assert won.contains(parse_address(client, "client"))
        assert answer["may"] == self.may(view)
        assert answer["senders"] == self.senders(view)
        assert answer["tls_required"] is view.require_tls
        if answer["auth_after_tls"]:
            assert answer["users_may"] == self.users_may(view)
        second = answer["second"]
        assert (second and second["name"]) == self.second(view, local, port, client)

    @staticmethod
    def may(view: ConnectorView) -> list[str]:
        session = view.session
        if not verdict.mail_from(view, session, "", tls=True).accepted:
            return []
        assert verdict.rcpt_to(view, session, INSIDE).accepted
        relays = ["relay"] if verdict.rcpt_to(view, session, OUTSIDE).accepted else []
        return ["submit", *relays, *(["trusted"] if view.externally_secured else [])]

    @staticmethod
    def senders(view: ConnectorView) -> str:
        ours, theirs = (verdict.mail_from(view, view.session, one, tls=True).accepted for one in (INSIDE, OUTSIDE))
        return "any" if ours else "foreign" if theirs else "none"

    def users_may(self, view: ConnectorView) -> list[str]:
        session = self.answers.authenticate(view, "user", "Lab-User-1")
        assert session is not None
        if not verdict.mail_from(view, session, "user@lab.example", tls=True).accepted:
            return []
        return ["submit", "relay"] if verdict.rcpt_to(view, session, OUTSIDE).accepted else ["submit"]

    def second(self, view: ConnectorView, local: str, port: int, client: str) -> str | None:
        """Who answers in the lab once the winner is gone."""
        connectors = self.organization.connectors
        winner = next(one for one in connectors if one.identity == view.identity)
        at = connectors.index(winner)
        connectors.remove(winner)
        try:
            found = self.answers.decide(self.server, local, port, client)
        finally:
            connectors.insert(at, winner)
        return found and found.name


@st.composite
def servers(draw: Any) -> tuple[str, list[Spec], str]:
    name = draw(st.sampled_from(sorted(SERVERS)))
    return name, draw(specs(RANGES, BINDINGS, SERVICES[name])), draw(st.sampled_from(("", "", *ABOVE)))


CONNECTIONS = st.tuples(st.integers(0, 1), st.sampled_from(PORTS), CLIENTS)


# Finding the smallest example takes minutes, and the sentence of a failure names the server and the connectors anyway.
@settings(max_examples=80, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(servers(), st.lists(CONNECTIONS, min_size=6, max_size=12, unique=True))
def test_the_collection_and_the_lab_say_the_same(
    server: tuple[str, list[Spec], str], connections: list[tuple[int, int, str]]
) -> None:
    judged = Judged(*server)
    for which, port, client in connections:
        judged.compare(LOCALS[parse_address(client, "client").version][which], port, client)


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_on_every_server_some_generated_connector_answers(name: str) -> None:
    """The comparison above compares something: connectors are made, and win, on every kind of server."""
    parameters = {"RemoteIPRanges": ["10.0.0.7"], "Bindings": ["0.0.0.0:25"], "PermissionGroups": "AnonymousUsers"}
    role = (SERVICES[name] or ("HubTransport",))[0]
    judged = Judged(name, [Spec(parameters, role, (("S-1-5-7", "ms-Exch-SMTP-Accept-Any-Recipient", False),))])
    assert judged.made.made == ["Generated 0"]
    answer = explain(judged.reports, "10.0.0.7", None, 25, None)
    assert answer is not None
    assert (answer["name"], answer["may"]) == ("Generated 0", ["submit", "relay"])
    judged.compare("10.99.0.1", 25, "10.0.0.7")
    judged.compare("10.99.0.1", 25, "10.0.0.8")
