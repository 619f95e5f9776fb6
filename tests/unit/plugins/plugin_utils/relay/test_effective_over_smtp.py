# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Effective rights and SMTP: what the collection says of a stranger, a user and an account is what they hear.

Over real sockets, with STARTTLS and AUTH LOGIN; generated access lists as in test_effective_agreement, fewer of them.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.effective_report import effective_row
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.reported import read_report
from exchange_lab.lab import Lab

from .generated_access import ACCOUNTS, GROUP, METHODS, Listed, grants, groups_of, of_server, placed
from .generated_connectors import ANONYMOUS, ANY_RECIPIENT, HUB, SERVICES, Generated, Spec, lab_content, method
from .lab_session import LabSession

MIXED = ("EX07", "EX10", "MBX13", "EX19", "EDGE19")
INSIDE, OUTSIDE = "someone@lab.example", "someone@elsewhere.example"
SUBMIT, ANY_SENDER = "ms-Exch-SMTP-Submit", "ms-Exch-SMTP-Accept-Any-Sender"
CLIENTS = ("127.0.5.1", "127.0.5.2", "127.0.5.3")
SVC = r"LAB\svc"
# Nothing here is for and against the same, so that no answer depends on how far above an entry stands.
ABOVE = (
    {"user": ANONYMOUS, "right": ANY_SENDER, "from": "organization"},
    {"user": SVC, "right": ANY_SENDER, "deny": True, "from": "servers"},
    {"user": rf"LAB\{GROUP}", "right": ANY_RECIPIENT, "from": "connectors"},
)
WHO = {None: "anonymous", "user": "authenticated_users", "svc": SVC}
Heard = tuple[list[str], str] | None
"""What somebody may do and which senders he may name; None when he cannot log on with a password."""


def talk(host: str, port: int, client: str, account: str | None) -> Heard:
    """Encrypt where it is offered, log on, and name senders and recipients."""
    with contextlib.closing(smtplib.SMTP(host, port, "client.lab.example", 20, (client, 0))) as smtp:
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=_trusting())
            smtp.ehlo()
        if account is not None:
            if "LOGIN" not in smtp.esmtp_features.get("auth", "").split():
                return None
            smtp.user, smtp.password = account, str(ACCOUNTS[account]["password"])
            try:
                assert smtp.auth("LOGIN", smtp.auth_login)[0] == 235
            except smtplib.SMTPAuthenticationError:
                return [], "none"  # without the right to submit nobody gets so far
        if smtp.mail("")[0] != 250:
            return [], "none"
        assert smtp.rcpt(INSIDE)[0] == 250
        may = ["submit", "relay"] if smtp.rcpt(OUTSIDE)[0] == 250 else ["submit"]
        own = f"{account}@lab.example"
        ours, theirs, mine = (smtp.rset() and smtp.mail(one)[0] == 250 for one in (INSIDE, OUTSIDE, own))
        if account is None:
            return may, "any" if ours else "foreign" if theirs else "none"
        assert mine
        assert ours is theirs
        return may, "any" if ours else "own"


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def told(server: str, report: dict[str, Any], account: str | None) -> Heard:
    """What the collection foretells."""
    access = read_report(report, "test").access
    assert access is not None
    if account is not None and "BasicAuth" not in report["options"]["auth_mechanism"]:
        return None
    groups = None if account is None else list(groups_of(server, account))
    row = effective_row(access, of_server(server, WHO[account]), groups)
    assert row["unverified"] == []
    may = row["may"]
    assert isinstance(may, list)
    return [word for word in may if word != "trusted"], str(row["senders"])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    state: Path = tmp_path_factory.mktemp("lab")
    entries = [*ABOVE, *(placed({**entry, "from": "connectors"}, "EDGE19") for entry in ABOVE)]
    content = {**lab_content(*MIXED), "accounts": ACCOUNTS, "inherited_permissions": entries}
    with Lab.from_config(content, state) as started:
        yield started


def heard_and_told(lab: Lab, server: str, listed: list[Listed]) -> Iterator[tuple[Heard, Heard]]:
    """Each connector, asked by everybody whom it is for; all of them are gone afterwards."""
    session = LabSession(lab.backend, server)
    made = [f"Generated {at}" for at, one in enumerate(listed) if one.create(session, server, f"Generated {at}")]
    try:
        reports = {one["name"]: one for one in Generated(session).report(server, "Generated ")}
        host, port = lab.smtp[server].endpoint
        for connector in lab.organization.connectors_of(server):
            assert session.call("Set-ReceiveConnector", Identity=connector.identity, TarpitInterval="00:00:00") == []
            # Older servers have no parameter for this one, and wait all the same.
            connector.values["AuthTarpitInterval"] = connector.values["TarpitInterval"]
        for name in made:
            client = CLIENTS[int(name.removeprefix("Generated "))]
            for account in WHO:
                yield talk(host, port, client, account), told(server, reports[name], account)
    finally:
        for name in made:
            assert session.call("Remove-ReceiveConnector", Identity=rf"{server}\{name}", Confirm=False) == []


def spec(server: str, at: int, chosen: dict[str, Any]) -> Spec:
    role = (SERVICES[server] or (HUB,))[0]
    return Spec({"RemoteIPRanges": [CLIENTS[at]], "Bindings": ["0.0.0.0:25"], **chosen}, role)


@st.composite
def servers(draw: Any) -> tuple[str, list[Listed]]:
    name = draw(st.sampled_from(MIXED))
    listed = [
        Listed(spec(name, at, draw(st.sampled_from(METHODS))), tuple(draw(grants())))
        for at in range(draw(st.integers(1, len(CLIENTS))))
    ]
    return name, listed


@settings(
    max_examples=30,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(servers())
def test_what_is_told_is_what_everybody_hears(lab: Lab, generated: tuple[str, list[Listed]]) -> None:
    server, listed = generated
    for heard, expected in heard_and_told(lab, server, listed):
        assert heard == expected, generated


@pytest.mark.parametrize("server", MIXED)
def test_each_kind_of_client_hears_something_else(lab: Lab, server: str) -> None:
    """The comparison above compares something: strangers send, the account relays with a logon, users do nothing."""
    given = ((SVC, SUBMIT, False, "All"), (SVC, ANY_SENDER, False, "All"))
    listed = [Listed(spec(server, 0, method("AnonymousUsers", "Tls,BasicAuth,BasicAuthRequireTLS")), given)]
    answers = list(heard_and_told(lab, server, listed))
    assert [heard for heard, _ in answers] == [expected for _, expected in answers]
    assert [heard for heard, _ in answers] == [
        (["submit"], "any"),
        ([], "none"),
        (["submit", "relay"], "any"),
    ]


@pytest.mark.parametrize("server", ["EX19", "MBX13"])
def test_a_right_on_senders_that_is_denied_is_ignored_by_the_front_end_alone(lab: Lab, server: str) -> None:
    taken = ((ANONYMOUS, ANY_SENDER, True, "All"),)
    listed = [Listed(spec(server, 0, method("AnonymousUsers", "Tls")), taken)]
    [(heard, expected), *_] = heard_and_told(lab, server, listed)
    assert heard == expected == (["submit"], "any" if server == "EX19" else "none")
