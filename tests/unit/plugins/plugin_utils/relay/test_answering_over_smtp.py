# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""answering_connector and SMTP: what the collection says of a client is what the client hears over a real socket.

Each connector greets with its own name, so that the dialogue tells who answers.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.reported import Report, explain, read_reports
from exchange_lab.answers import Answers
from exchange_lab.backend import ExchangeBackend
from exchange_lab.config import parse
from exchange_lab.lab import Lab
from exchange_lab.organization.model import Organization
from exchange_lab.sink import MaildirSink
from exchange_lab.smtp import SmtpFrontEnd

from .generated_connectors import SERVICES, Generated, Spec, lab_content, specs
from .lab_session import LabSession, NoJournal

MIXED = ("EX07", "EX10", "MBX13", "EX19", "EDGE19")
MADE = ("Generated 0", True)
INSIDE, OUTSIDE = "someone@lab.example", "someone@elsewhere.example"
CLIENTS = [f"127.0.4.{last}" for last in range(1, 7)]
RANGES = [
    *CLIENTS,
    *(f"127.0.4.{low}-127.0.4.{high}" for low in range(1, 7) for high in range(low + 1, 7)),
    "127.0.4.0/29",
    "127.0.4.4/30",
    "127.0.0.0/16",
    "127.0.0.0/8",
    "fd00::/16",
]


@dataclass(frozen=True)
class Dialogue:
    """What one client heard. relays, sends: None where the dialogue did not come so far."""

    greeting: str | None
    auth: bool = False
    auth_after_tls: bool = False
    tls_required: bool = False
    sends: bool = False
    relays: bool = False
    senders: str = "none"


class _Client(smtplib.SMTP):
    """smtplib's client, which forgets how it was greeted."""

    greeting = ""

    def connect(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        code, greeting = super().connect(*args, **options)
        self.greeting = greeting.decode()
        return code, greeting


def talk(host: str, port: int, client: str) -> Dialogue:
    """Greet, look at what is offered, and name senders and recipients, at last over TLS where it is offered."""
    try:
        smtp = _Client(host, port, "client.lab.example", timeout=20, source_address=(client, 0))
    except smtplib.SMTPConnectError as refused:
        assert refused.smtp_code == 421
        return Dialogue(None)
    with contextlib.closing(smtp):
        smtp.ehlo()
        auth = smtp.has_extn("auth")
        tls_required = smtp.mail("")[0] == 451
        smtp.rset()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=_trusting())
            smtp.ehlo()
        sends = smtp.mail("")[0] == 250
        inside, outside = (sends and smtp.rcpt(to)[0] == 250 for to in (INSIDE, OUTSIDE))
        assert inside is sends
        senders = [smtp.rset() and smtp.mail(sender)[0] == 250 for sender in (INSIDE, OUTSIDE)]
        named = "any" if senders[0] else "foreign" if senders[1] else "none"
        return Dialogue(smtp.greeting, auth, smtp.has_extn("auth"), tls_required, sends, outside, named)


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def told(reports: list[Report], client: str, local: str) -> Dialogue:
    """The dialogue that the collection foretells."""
    answer: dict[str, Any] | None = explain(reports, client, local, 25, None)
    if answer is None:
        return Dialogue(None)
    may = answer["may"]
    return Dialogue(
        answer["name"],
        "BasicAuth" in answer["auth"],
        "BasicAuth" in answer["auth_after_tls"],
        answer["tls_required"],
        "submit" in may,
        "relay" in may,
        answer["senders"],
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    state: Path = tmp_path_factory.mktemp("lab")
    with Lab.from_config(lab_content(*MIXED), state) as started:
        yield started


def set_up(lab: Lab, server: str, generated: list[Spec]) -> Generated:
    """The generated connectors on a server of the lab; every connector greets with its name and wastes no time."""
    made = Generated(LabSession(lab.backend, server))
    made.create(generated, server)
    greet(made.session, lab.organization, server)
    return made


def greet(session: LabSession, organization: Organization, server: str) -> None:
    """Let every connector greet with its name, and refuse without a delay."""
    for connector in organization.connectors_of(server):
        given = {"Identity": connector.identity, "Banner": f"220 {connector.name}", "TarpitInterval": "00:00:00"}
        assert session.call("Set-ReceiveConnector", **given) == []


@st.composite
def servers(draw: Any) -> tuple[str, list[Spec]]:
    name = draw(st.sampled_from(MIXED))
    address = lab_content(name)["servers"][name]["address"]
    bindings = (["0.0.0.0:25"], ["0.0.0.0:25", "[::]:25"], [f"{address}:25"], ["127.0.3.99:25"])
    return name, draw(specs(st.sampled_from(RANGES), bindings, SERVICES[name]))


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(servers())
def test_what_is_told_is_what_the_client_hears(lab: Lab, generated: tuple[str, list[Spec]]) -> None:
    server, connectors = generated
    made = set_up(lab, server, connectors)
    try:
        reports = read_reports(made.report(server), "test")
        host, port = lab.smtp[server].endpoint
        for client in CLIENTS:
            assert talk(host, port, client) == told(reports, client, host), (server, client)
    finally:
        for name in made.made:
            assert made.session.call("Remove-ReceiveConnector", Identity=rf"{server}\{name}", Confirm=False) == []


@pytest.mark.parametrize("server", MIXED)
def test_every_kind_of_server_answers_relays_and_strangers_differently(lab: Lab, server: str) -> None:
    """The comparison above compares something: a relay, a connector that refuses, and who is left over."""
    role = (SERVICES[server] or ("HubTransport",))[0]
    grant = ("S-1-5-7", "ms-Exch-SMTP-Accept-Any-Recipient", False)
    relay = {"RemoteIPRanges": [CLIENTS[0]], "Bindings": ["0.0.0.0:25"], "PermissionGroups": "AnonymousUsers"}
    closed = {"RemoteIPRanges": CLIENTS[1:3], "Bindings": ["0.0.0.0:25"], "PermissionGroups": "Partners"}
    made = set_up(lab, server, [Spec(relay, role, (grant,)), Spec(closed, role)])
    try:
        reports = read_reports(made.report(server), "test")
        host, port = lab.smtp[server].endpoint
        heard = [talk(host, port, client) for client in CLIENTS[:4]]
        assert heard == [told(reports, client, host) for client in CLIENTS[:4]]
        assert [one.greeting for one in heard[:3]] == ["Generated 0", "Generated 1", "Generated 1"]
        assert [(one.sends, one.relays) for one in heard[:3]] == [(True, True), (False, False), (False, False)]
    finally:
        for name in made.made:
            assert made.session.call("Remove-ReceiveConnector", Identity=rf"{server}\{name}", Confirm=False) == []


def test_a_client_over_ipv6_meets_only_what_listens_there(tmp_path: Path) -> None:
    config = parse(lab_content("EX19", address="::1"))
    organization = Organization(config)
    session = LabSession(ExchangeBackend(organization, NoJournal()), "EX19")
    made = Generated(session)
    relay = {"RemoteIPRanges": ["::1"], "Bindings": ["0.0.0.0:25"], "PermissionGroups": "AnonymousUsers"}
    made.create([Spec(relay, grants=(("S-1-5-7", "ms-Exch-SMTP-Accept-Any-Recipient", False),))], "EX19")
    greet(session, organization, "EX19")
    front_end = SmtpFrontEnd(config.servers["EX19"], Answers(organization), MaildirSink(tmp_path))
    with front_end:
        host, port = front_end.endpoint
        for bindings, expected in (["0.0.0.0:25"], ("Default Frontend EX19", False)), (["[::]:25"], MADE):
            assert session.call("Set-ReceiveConnector", Identity=r"EX19\Generated 0", Bindings=bindings) == []
            heard = talk(host, port, "::1")
            assert heard == told(read_reports(made.report("EX19"), "test"), "::1", "::1")
            assert (heard.greeting, heard.relays) == expected
