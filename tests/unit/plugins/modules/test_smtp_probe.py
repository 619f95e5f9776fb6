# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module smtp_probe, driven through main() against real SMTP servers on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from ansible_collections.mailrelay.exchange.plugins.modules import smtp_probe
from exchange_lab.smtp_tls import ServerCertificate

BANNER = "220 EX1.contoso.com Microsoft ESMTP MAIL Service ready at Tue, 10 Mar 2026 09:00:00 +0100"
NO_RELAY = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"
LISTED, UNLISTED = "127.0.0.10", "127.0.0.11"
INSIDE, OUTSIDE, SENDER = "a@contoso.com", "b@fabrikam.com", "relaytest@contoso.com"
PASSWORD = "Pa55-word-of-the-test"

Run = Callable[..., dict[str, Any]]


class Handler:
    """An Exchange in miniature: the listed client may relay, others may send inside."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.refusals: list[str] = []
        self.data_reply = "250 2.6.0 <1@x> [InternalId=1, Hostname=EX1] Queued mail for delivery"

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.refusals:
            return self.refusals.pop(0)
        trusted = session.peer[0] == LISTED or session.authenticated
        if not trusted and not address.endswith("@contoso.com"):
            return NO_RELAY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(envelope.content)
        return self.data_reply


class Server(Controller):
    """The handler behind a real aiosmtpd, with Exchange's banner."""

    handler: Handler
    certificate: ServerCertificate | None = None
    plain_logon = False

    def factory(self) -> SMTP:
        def authenticate(
            _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
        ) -> AuthResult:
            right = data.login == b"CONTOSO\\svc" and data.password == PASSWORD.encode()
            return AuthResult(success=right, handled=False)

        return SMTP(
            self.handler,
            hostname="EX1.contoso.com",
            ident=BANNER.partition("EX1.contoso.com ")[2],
            tls_context=self.certificate.context() if self.certificate else None,
            authenticator=authenticate,
            auth_require_tls=not self.plain_logon,
            loop=self.loop,
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server(Handler(), hostname="127.0.0.1", port=free_port())
    running.certificate = ServerCertificate("EX1.contoso.com", "127.0.0.1")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def probe(server: Server, run_module: Run) -> Run:
    """Return the module with options for the running server; `recipients` may be plain addresses."""

    def run(check: bool = False, **options: Any) -> dict[str, Any]:
        base = {"host": "127.0.0.1", "port": server.port, "source_address": LISTED, "sender": SENDER, "timeout": 5}
        merged = {"recipients": [OUTSIDE], **base, **options}
        merged["recipients"] = [r if isinstance(r, dict) else {"address": r} for r in merged["recipients"]]
        return run_module(smtp_probe.main, check=check, **{k: v for k, v in merged.items() if v is not None})

    return run


class Script:
    """A server that says what it is told, whatever it hears; for everything a real one does not do on purpose.

    replies: a reply by the first word of a command; None closes the connection, "" stays silent.
    """

    def __init__(self, banner: str | None, address: str = "127.0.0.1", **replies: str | None) -> None:
        self.heard: list[str] = []
        self.connections = 0
        self.in_data = False
        self._banner, self._replies = banner, replies
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake a thread in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                peer, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with peer, peer.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream: Any) -> None:
        if self._banner is None:
            return
        if self._banner:
            stream.write(self._banner.encode() + b"\r\n")
            stream.flush()
        for line in stream:
            command = line.decode().strip()
            self.heard.append(command)
            if self.in_data and command != ".":
                continue
            reply = self._replies.get(command.split(" ")[0].upper().rstrip(":"), "250 2.0.0 OK")
            if reply is None:
                return
            self.in_data = bool(reply) and reply.startswith("354")
            if reply:
                stream.write(reply.encode() + b"\r\n")
                stream.flush()


# --- Verdicts and expectations ---------------------------------------------------------------------------------------


def test_a_listed_client_may_relay(probe: Run, server: Server) -> None:
    result = probe(expect="accepted", recipients=[INSIDE, OUTSIDE])
    assert not result["changed"] and result["verdict"] == "accepted" and result["proven"]
    assert [r["met"] for r in result["recipients"]] == [True, True]
    assert result["recipients"][1]["reply"] == "250 2.1.5 Recipient OK"
    assert result["client_address"] == LISTED and result["server_address"] == "127.0.0.1"
    assert result["banner"] == BANNER and result["hints"] == [] and result["tls"] is None
    assert result["capabilities"]["8BITMIME"] == "" and result["capabilities"]["SIZE"] == "33554432"
    assert result["msg"] == (
        f"Server 127.0.0.1:{server.port} answered client {LISTED}: {INSIDE} accepted (250 2.1.5 Recipient OK), "
        f"{OUTSIDE} accepted (250 2.1.5 Recipient OK)."
    )
    assert server.handler.messages == []


def test_the_dialogue_is_the_one_of_the_telnet_test(probe: Run) -> None:
    dialogue = probe(source_address=UNLISTED, helo_name="app.contoso.com")["dialogue"]
    assert dialogue[0] == {"client": "", "server": BANNER}
    assert dialogue[1]["client"] == "EHLO app.contoso.com"
    assert dialogue[1]["server"].splitlines()[0] == "250-EX1.contoso.com"
    assert dialogue[1]["server"].splitlines()[-1] == "250 HELP"
    assert [entry["client"] for entry in dialogue[2:]] == [
        f"MAIL FROM:<{SENDER}>",
        f"RCPT TO:<{OUTSIDE}>",
        "RSET",
        "QUIT",
    ]
    assert dialogue[3]["server"] == NO_RELAY


def test_an_unlisted_client_is_refused_as_expected(probe: Run) -> None:
    result = probe(
        source_address=UNLISTED,
        recipients=[{"address": INSIDE, "expect": "accepted"}, {"address": OUTSIDE, "expect": "relay_refused"}],
    )
    assert result["verdict"] == "mixed" and result["proven"] and "failed" not in result
    assert [r["verdict"] for r in result["recipients"]] == ["accepted", "relay_refused"]
    assert result["hints"] == []


def test_a_refusal_that_was_not_expected_says_who_where_what_and_what_to_do(probe: Run, server: Server) -> None:
    result = probe(source_address=UNLISTED, expect="accepted")
    assert result["failed"] and result["verdict"] == "relay_refused"
    sentence = result["msg"]
    assert f"127.0.0.1:{server.port}" in sentence and f"client {UNLISTED}" in sentence and NO_RELAY in sentence
    assert OUTSIDE in sentence and "expected was accepted" in sentence and "source of the service" in sentence
    assert len(result["hints"]) == 1 and result["dialogue"]


def test_a_relay_that_should_be_refused_fails(probe: Run) -> None:
    result = probe(expect="relay_refused")
    assert result["failed"] and "expected was relay_refused" in result["msg"] and "remote IP ranges" in result["msg"]


def test_without_expectation_the_answer_is_only_returned(probe: Run) -> None:
    result = probe(source_address=UNLISTED)
    assert "failed" not in result and result["verdict"] == "relay_refused"
    assert result["recipients"][0]["met"] is None and result["hints"]


@pytest.mark.parametrize(
    ("reply", "verdict", "meets"),
    [
        ("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "relay_refused", "relay_refused"),
        ("550 5.7.1 Unable to relay", "relay_refused", "relay_refused"),
        ("554 5.7.1 <x@y>: Relay access denied", "relay_refused", "refused"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", "refused", "refused"),
        ("250 2.1.5 Recipient OK", "accepted", "accepted"),
    ],
)
def test_replies_of_all_generations(run_module: Run, reply: str, verdict: str, meets: str) -> None:
    with Script(BANNER, RCPT=reply) as script:
        options = {"host": "127.0.0.1", "port": script.port, "sender": SENDER, "recipients": [{"address": OUTSIDE}]}
        result = run_module(smtp_probe.main, expect=meets, **options)
        assert result["verdict"] == verdict and "failed" not in result
        other = "accepted" if meets != "accepted" else "refused"
        assert run_module(smtp_probe.main, expect=other, **options)["failed"]


def test_a_refused_sender_is_an_answer_for_every_recipient(run_module: Run) -> None:
    refusal = "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"
    with Script(BANNER, MAIL=refusal) as script:
        result = run_module(
            smtp_probe.main,
            host="127.0.0.1",
            port=script.port,
            sender=SENDER,
            recipients=[{"address": INSIDE}, {"address": OUTSIDE, "expect": "accepted"}],
        )
        assert not any(line.startswith("RCPT") for line in script.heard)
    assert result["failed"] and "permission group" in result["msg"]
    assert {r["reply"] for r in result["recipients"]} == {refusal} and result["proven"]


def test_the_null_sender(probe: Run) -> None:
    assert probe(sender="")["dialogue"][2]["client"] == "MAIL FROM:<>"


# --- Nothing proven --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("banner", "replies", "text"),
    [
        ("421 4.3.2 Service not active", {}, "Get-ServerComponentState"),
        (
            "421 4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit, closing",
            {},
            "MaxInboundConnectionPerSource",
        ),
        ("421 4.3.2 The maximum number of concurrent connections has exceeded a limit", {}, "MaxInboundConnection"),
        (
            BANNER,
            {"MAIL": "421 4.4.2 Message submission rate for this client has exceeded the limit"},
            "MessageRateLimit",
        ),
        (BANNER, {"RCPT": "452 4.3.1 Insufficient system resources"}, "back pressure"),
        (BANNER, {"RCPT": "452 4.5.3 Too many recipients"}, "MaxRecipientsPerMessage"),
        (BANNER, {"EHLO": "501 5.5.4 Invalid domain name"}, "helo_name"),
        (BANNER, {"MAIL": "451 5.7.3 STARTTLS is required to send mail"}, "starttls: true"),
        (None, {}, "without a greeting"),
        ("", {}, "did not answer within"),
        (BANNER, {"MAIL": None}, "closed the connection at stage mail"),
        (BANNER, {"RCPT": ""}, "did not answer within 0.5 s at stage rcpt"),
    ],
)
def test_what_proves_nothing_fails_with_a_remedy_or_warns(
    run_module: Run, banner: str | None, replies: dict[str, str | None], text: str
) -> None:
    with Script(banner, **replies) as script:
        options: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": script.port,
            "sender": SENDER,
            "recipients": [{"address": OUTSIDE}],
            "expect": "relay_refused",
            "timeout": 0.5,
        }
        failed = run_module(smtp_probe.main, **options)
        assert failed["failed"] and failed["msg"].startswith("Nothing is proven") and text in failed["msg"]
        assert failed["proven"] is False and failed["verdict"] in ("unproven", "deferred")
        assert failed["recipients"][0]["met"] is None and "\n" not in failed["msg"]
        passed = run_module(smtp_probe.main, unproven_is_failure=False, **options)
        assert "failed" not in passed and passed["proven"] is False
        assert passed["warnings"] == [passed["msg"]] and text in passed["msg"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"port": 1}, "nothing listens on port 1"),
        ({"host": "no.such.host.invalid"}, "cannot be resolved"),
        ({"source_address": "192.0.2.1"}, "source_address 192.0.2.1"),
    ],
)
def test_a_server_that_cannot_be_reached(probe: Run, options: dict[str, Any], text: str) -> None:
    result = probe(expect="accepted", **options)
    assert result["failed"] and text in result["msg"] and result["client_address"] is None
    assert "Traceback" not in str(result)


def test_a_firewall_that_rewrites_the_dialogue_is_named(run_module: Run) -> None:
    with Script("220 ****************", EHLO="500 5.3.3 Unrecognized command") as script:
        recipients = [{"address": OUTSIDE}]
        result = run_module(smtp_probe.main, host="127.0.0.1", port=script.port, sender=SENDER, recipients=recipients)
        assert script.heard[1].startswith("HELO ")
    assert "SMTP inspection" in result["hints"][0] and result["verdict"] == "accepted"


def test_a_banner_that_is_not_exchange_is_noticed(run_module: Run) -> None:
    with Script("220 mail.contoso.com ESMTP Postfix") as script:
        recipients = [{"address": OUTSIDE}]
        result = run_module(smtp_probe.main, host="127.0.0.1", port=script.port, sender=SENDER, recipients=recipients)
    assert "not the one of Exchange" in result["hints"][0]


def test_ipv6_is_named_as_the_trap_it_is(run_module: Run) -> None:
    with Script(BANNER, address="::1", RCPT=NO_RELAY) as script:
        recipients = [{"address": OUTSIDE, "expect": "accepted"}]
        result = run_module(smtp_probe.main, host="::1", port=script.port, sender=SENDER, recipients=recipients)
        assert script.heard[0] == "EHLO [IPv6:::1]" or "." in script.heard[0]
    assert result["client_address"] == "::1" and any("IPv6" in hint for hint in result["hints"])


# --- Polling ---------------------------------------------------------------------------------------------------------


def test_it_asks_again_until_a_change_has_replicated(probe: Run, server: Server) -> None:
    server.handler.refusals = [NO_RELAY, "451 4.7.0 Temporary server error. Please try again later"]
    result = probe(expect="accepted", attempts=5, delay=0)
    assert result["attempts"] == 3 and result["verdict"] == "accepted"


def test_it_gives_up_after_the_attempts(probe: Run, server: Server) -> None:
    server.handler.refusals = [NO_RELAY] * 9
    assert probe(expect="accepted", attempts=2, delay=0)["attempts"] == 2


# --- Sending ---------------------------------------------------------------------------------------------------------


def test_a_message_is_sent_only_when_told(probe: Run, server: Server) -> None:
    result = probe(send=True, subject="Grüße vom Relay", expect="accepted")
    assert result["changed"] and result["sent"]
    (message,) = server.handler.messages
    assert f"Message-ID: {result['message_id']}".encode() in message
    assert b"From: relaytest@contoso.com" in message and b"To: b@fabrikam.com" in message
    assert b"Auto-Submitted: auto-generated" in message
    assert result["dialogue"][-2]["client"].startswith("<message of ")
    assert "Queued mail" in result["dialogue"][-2]["server"]


def test_check_mode_stops_before_data_and_tells_what_would_be(probe: Run, server: Server) -> None:
    planned = probe(check=True, send=True, expect="accepted")
    assert planned["changed"] and not planned["sent"] and planned["message_id"] is None
    assert server.handler.messages == []
    assert not probe(check=True, expect="accepted")["changed"]


def test_nothing_is_sent_when_an_expectation_is_not_met(probe: Run, server: Server) -> None:
    recipients = [{"address": INSIDE, "expect": "accepted"}, {"address": OUTSIDE, "expect": "relay_refused"}]
    result = probe(send=True, recipients=recipients)
    assert result["failed"] and not result["sent"] and server.handler.messages == []


def test_only_accepted_recipients_get_the_message(probe: Run, server: Server) -> None:
    recipients = [{"address": INSIDE, "expect": "accepted"}, {"address": OUTSIDE, "expect": "relay_refused"}]
    result = probe(send=True, recipients=recipients, source_address=UNLISTED)
    assert result["sent"] and b"To: a@contoso.com\r\n" in server.handler.messages[0]


def test_a_message_that_is_refused_counts_as_refusal(probe: Run, server: Server) -> None:
    server.handler.data_reply = "550 5.7.1 Message rejected as spam by Content Filtering."
    result = probe(send=True, expect="accepted")
    assert result["failed"] and not result["sent"] and not result["changed"]
    assert "ms-Exch-Bypass-Anti-Spam" in result["msg"]


def test_a_connection_lost_in_the_message_proves_nothing(run_module: Run) -> None:
    with Script(BANNER, DATA="354 Start mail input", **{".": None}) as script:
        recipients = [{"address": OUTSIDE, "expect": "accepted"}]
        result = run_module(
            smtp_probe.main,
            host="127.0.0.1",
            port=script.port,
            sender=SENDER,
            recipients=recipients,
            send=True,
            timeout=2,
        )
    assert result["failed"] and result["proven"] is False and not result["sent"]


# --- Encryption and logon --------------------------------------------------------------------------------------------


def test_starttls_checks_the_certificate(probe: Run, server: Server, tmp_path: Path) -> None:
    assert server.certificate is not None
    (tmp_path / "ca.pem").write_bytes(server.certificate.pem)
    trusted = {"starttls": True, "ca_path": str(tmp_path / "ca.pem")}
    result = probe(**trusted)
    assert result["tls"]["verified"] and result["tls"]["version"].startswith("TLSv1.")
    assert "STARTTLS" not in result["capabilities"]
    assert [entry["client"].split()[0] for entry in result["dialogue"][1:5]] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]
    assert probe(tls_server_name="EX1.contoso.com", **trusted)["proven"]

    wrong_name = probe(tls_server_name="EX2.contoso.com", **trusted)
    assert wrong_name["failed"] and "tls_server_name" in wrong_name["msg"]
    untrusted = probe(starttls=True)
    assert untrusted["failed"] and "TLS failed" in untrusted["msg"] and "ca_path" in untrusted["msg"]
    assert probe(starttls=True, validate_certs=False)["tls"]["verified"] is False


def test_starttls_that_is_not_offered(probe: Run, server: Server) -> None:
    server.certificate = None
    result = probe(starttls=True)
    assert result["failed"] and "offers no STARTTLS" in result["msg"] and "AuthMechanism" in result["msg"]


def test_a_logon_over_tls(probe: Run) -> None:
    account = {"username": "CONTOSO\\svc", "password": PASSWORD, "starttls": True, "validate_certs": False}
    result = probe(source_address=UNLISTED, expect="accepted", **account)
    assert result["verdict"] == "accepted"
    shown = str(result["dialogue"])
    assert "AUTH" in shown and "********" in shown and PASSWORD not in str(result)
    assert "AENPTlRPU08" not in shown  # the beginning of the PLAIN response in base64


def test_a_wrong_password_proves_nothing(probe: Run) -> None:
    account = {"username": "CONTOSO\\svc", "password": "wrong-password", "starttls": True, "validate_certs": False}
    result = probe(expect="accepted", **account)
    assert result["failed"] and result["verdict"] == "unproven" and "check both" in result["msg"]
    assert "wrong-password" not in str(result)


def test_a_logon_before_tls_where_none_is_offered(probe: Run) -> None:
    result = probe(username="CONTOSO\\svc", password=PASSWORD, cleartext_password=True)
    assert result["failed"] and "before STARTTLS" in result["msg"]


def test_a_logon_in_clear_where_the_user_allows_it(probe: Run, server: Server) -> None:
    server.plain_logon = True
    assert probe(username="CONTOSO\\svc", password=PASSWORD, cleartext_password=True, source_address=UNLISTED)["proven"]


def test_a_connector_without_logon(run_module: Run) -> None:
    with Script(BANNER, EHLO="250-EX1\r\n250 AUTH NTLM") as script:
        options = {"host": "127.0.0.1", "port": script.port, "sender": SENDER, "recipients": [{"address": OUTSIDE}]}
        account = {"username": "u", "password": PASSWORD, "cleartext_password": True}
        assert "offers only NTLM" in run_module(smtp_probe.main, **options, **account)["msg"]


# --- Input -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"recipients": []}, "No recipient"),
        ({"recipients": ["nobody"]}, "not a mail address"),
        ({"recipients": ["a@b>\r\nRCPT TO:<c@d"]}, "not a mail address"),
        ({"recipients": ["a@b\n"]}, "not a mail address"),
        ({"sender": "no body@contoso.com"}, "not a mail address"),
        ({"helo_name": "app\r\nMAIL FROM:<x@y>"}, "not a host name"),
        ({"subject": "a\nBcc: x@y"}, "more than one line"),
        ({"username": "u", "password": PASSWORD}, "cleartext_password"),
        ({"username": "u"}, "password"),
        ({"starttls": True, "ca_path": "/nonexistent.pem"}, "ca_path /nonexistent.pem"),
        ({"attempts": 0}, "at least 1"),
        ({"expect": "maybe"}, "expect"),
    ],
)
def test_bad_input_is_one_sentence_and_never_reaches_the_wire(
    probe: Run, server: Server, options: dict[str, Any], text: str
) -> None:
    with Script(BANNER) as script:
        result = probe(port=script.port, **options)
        assert result["failed"] and text in result["msg"] and script.connections == 0
    assert PASSWORD not in str(result)
