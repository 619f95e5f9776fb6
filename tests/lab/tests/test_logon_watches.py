# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Watched clients that log on: what they would be answered, and that a socket answers them the same."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from exchange_lab.lab import Lab
from exchange_lab.settings import LOGONS, WatchConfig

from .conftest import MakeShell, Shell, lab_content

CLIENT = "127.0.0.10"
OUTSIDE, INSIDE = "someone@elsewhere.example", "someone@lab.example"
ANONYMOUS, EVERYBODY = r"NT AUTHORITY\ANONYMOUS LOGON", r"NT AUTHORITY\Authenticated Users"
SUBMIT, ANY_RECIPIENT = "ms-Exch-SMTP-Submit", "ms-Exch-SMTP-Accept-Any-Recipient"
RELAY = r"EX1\Relay"

OK = "250 2.1.5 Recipient OK"
NOT_OFFERED = "504 5.7.4 Unrecognized authentication type"
LOGON_FAILED = "535 5.7.3 Authentication unsuccessful"
NOT_AUTHENTICATED = "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"
NOT_OUTSIDE = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"
NOT_OWN = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"

# Parameters of the relay connector, rights granted on it as (user, right, deny), and what the account `nobody` hears:
# (never, always, either), outside.
CASES: dict[str, tuple[dict[str, Any], list[tuple[str, str, bool]], tuple[str, str, str]]] = {
    "anonymous": (
        {"PermissionGroups": "AnonymousUsers", "AuthMechanism": "Tls"},
        [(ANONYMOUS, ANY_RECIPIENT, False)],
        (OK, NOT_OFFERED, OK),
    ),
    "externally secured": (
        {"PermissionGroups": "ExchangeServers", "AuthMechanism": "Tls,ExternalAuthoritative"},
        [],
        (OK, NOT_OFFERED, OK),
    ),
    "authenticated": (
        {"PermissionGroups": "ExchangeUsers", "AuthMechanism": "Tls,Integrated,BasicAuth,BasicAuthRequireTLS"},
        [],
        (NOT_AUTHENTICATED, OK, OK),
    ),
    "authenticated without TLS": (
        {"PermissionGroups": "ExchangeUsers", "AuthMechanism": "BasicAuth"},
        [],
        (NOT_AUTHENTICATED, OK, OK),
    ),
    "only Integrated": (
        {"PermissionGroups": "ExchangeUsers", "AuthMechanism": "Tls,Integrated"},
        [],
        (NOT_AUTHENTICATED, NOT_OFFERED, NOT_AUTHENTICATED),
    ),
    "one account, another one": (
        {"PermissionGroups": "None", "AuthMechanism": "Tls,BasicAuth"},
        [("operator", SUBMIT, False), ("operator", ANY_RECIPIENT, False)],
        (NOT_AUTHENTICATED, LOGON_FAILED, NOT_AUTHENTICATED),
    ),
    "one account, this one": (
        {"PermissionGroups": "None", "AuthMechanism": "Tls,BasicAuth"},
        [("nobody", SUBMIT, False), ("nobody", ANY_RECIPIENT, False)],
        (NOT_AUTHENTICATED, OK, OK),
    ),
    "it may log on, not relay, and without logon it may": (
        {"PermissionGroups": "AnonymousUsers", "AuthMechanism": "Tls,BasicAuth"},
        [(ANONYMOUS, ANY_RECIPIENT, False), (EVERYBODY, SUBMIT, False)],
        (OK, NOT_OUTSIDE, OK),
    ),
    "it is denied what everybody has": (
        {"PermissionGroups": "ExchangeUsers", "AuthMechanism": "Tls,BasicAuth"},
        [("nobody", ANY_RECIPIENT, True)],
        (NOT_AUTHENTICATED, NOT_OUTSIDE, NOT_AUTHENTICATED),
    ),
    "TLS is required": (
        {"PermissionGroups": "AnonymousUsers,ExchangeUsers", "AuthMechanism": "Tls,BasicAuth", "RequireTLS": True},
        [(ANONYMOUS, ANY_RECIPIENT, False)],
        ("451 5.7.3 STARTTLS is required to send mail", OK, OK),
    ),
}


def make(shell: Shell, case: str) -> None:
    """The relay connector of a case, whose refusals come at once."""
    parameters, grants, _expected = CASES[case]
    quick = {"TarpitInterval": "00:00:00", "AuthTarpitInterval": "00:00:00"}
    shell.relay(RemoteIPRanges=[CLIENT], **quick, **parameters)
    for user, right, deny in grants:
        shell.objects("Add-ADPermission", RELAY, User=user, ExtendedRights=[right], **({"Deny": True} if deny else {}))


def watch(logon: str, recipient: str = OUTSIDE) -> dict[str, object]:
    account = {"user": "nobody", "logon": logon}
    return {"client": CLIENT, "sender": "nobody@lab.example", "recipient": recipient, **account}


@pytest.mark.parametrize("case", CASES)
def test_what_each_kind_of_client_is_answered(make_shell: MakeShell, case: str) -> None:
    shell = make_shell(watch=[watch(logon) for logon in LOGONS])
    make(shell, case)
    last = shell.journal.writes()[-1]["sequence"]
    lines = [line for line in shell.journal.watches() if (line["after"], line["server"]) == (last, "EX1")]
    assert [(line["user"], line["logon"]) for line in lines] == [("nobody", logon) for logon in LOGONS]
    assert tuple(line["reply"] for line in lines) == CASES[case][2]
    assert {line["connector"] for line in lines} == {"Relay"}


def test_without_a_user_nothing_is_new(make_shell: MakeShell) -> None:
    shell = make_shell(watch=[{"client": CLIENT, "sender": "a@lab.example", "recipient": OUTSIDE}])
    make(shell, "authenticated")
    [line, _other] = shell.journal.watches()
    assert (line["user"], line["logon"], line["reply"]) == (None, "never", NOT_AUTHENTICATED)
    assert shell.organization.config.watch == (WatchConfig(CLIENT, "a@lab.example", OUTSIDE),)


def test_a_user_logs_on_unless_something_else_is_said(make_shell: MakeShell) -> None:
    content = {key: value for key, value in watch("always").items() if key != "logon"}
    assert make_shell(watch=[content]).organization.config.watch[0].logon == "always"


def test_who_may_not_send_as_others_hears_it(make_shell: MakeShell) -> None:
    shell = make_shell(watch=[{**watch("always"), "sender": "app@lab.example"}])
    make(shell, "authenticated")
    assert shell.journal.watches()[0]["reply"] == NOT_OWN
    grants: dict[str, Any] = {"User": "nobody", "ExtendedRights": ["ms-Exch-SMTP-Accept-Any-Sender"]}
    shell.objects("Add-ADPermission", RELAY, **grants)
    assert shell.journal.watches()[-2]["reply"] == OK


def test_nobody_logs_on_where_nobody_answers(make_shell: MakeShell) -> None:
    offline = {"EX1": {"address": "127.0.1.1", "components": {"FrontendTransport": "Inactive"}}}
    shell = make_shell(servers=offline, watch=[watch("always")])
    make(shell, "authenticated")
    assert shell.journal.watches()[0]["reply"] == "421 4.3.2 Service not active"
    gone = make_shell(watch=[watch("either")])
    gone.objects("Set-ReceiveConnector", r"EX1\Default Frontend EX1", RemoteIPRanges=["10.9.0.0/16"])
    assert gone.journal.watches()[-2]["reply"] == "421 4.3.2 Service not available"


# --- the same over sockets -------------------------------------------------------------------------------------------


def asked(facts: Mapping[str, Any], logon: str, recipient: str) -> str:
    """The decisive reply to a client on a real socket."""
    with smtplib.SMTP(facts["host"], facts["port"], "client.lab.example", 20, (CLIENT, 0)) as client:
        client.ehlo()
        if logon == "always":
            if client.has_extn("starttls"):
                client.starttls(context=ssl._create_unverified_context())  # noqa: S323 - the lab's own certificate
                client.ehlo()
            if "LOGIN" not in client.esmtp_features.get("auth", ""):
                return said(*client.docmd("AUTH", "LOGIN"))
            try:
                client.login("nobody", "Secret-5")
            except smtplib.SMTPAuthenticationError as refused:
                return said(refused.smtp_code, refused.smtp_error)
        code, text = client.mail("nobody@lab.example")
        return said(*client.rcpt(recipient)) if code == 250 else said(code, text)


def said(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode() if isinstance(text, bytes) else text}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    server = {"address": "127.0.1.1", "auth": ["basic"], "port": 0, "smtp_port": 0}
    watches = [watch(logon, to) for logon in LOGONS for to in (OUTSIDE, INSIDE)]
    with Lab.from_config(lab_content(servers={"EX1": server}, watch=watches), tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.mark.parametrize("case", CASES)
def test_the_journal_says_what_the_socket_says(running: Lab, case: str) -> None:
    shell = Shell(running.organization, running.backend, running.journal)
    make(shell, case)
    try:
        servers: Any = running.endpoints["servers"]
        heard = {
            (logon, to): asked(servers["EX1"]["smtp"], logon, to)
            for logon in ("never", "always")
            for to in (OUTSIDE, INSIDE)
        }
        last = shell.journal.writes()[-1]["sequence"]
        lines = [line for line in shell.journal.watches() if line["after"] == last]
        told = {(line["logon"], line["recipient"]): line["reply"] for line in lines}
        assert {key: told[key] for key in heard} == heard
        # Either way is the one that works, else what was heard without a logon.
        for to in (OUTSIDE, INSIDE):
            either = heard["always", to] if heard["always", to].startswith("2") else heard["never", to]
            assert told["either", to] == either
    finally:
        shell.objects("Remove-ReceiveConnector", RELAY, Confirm=False)
