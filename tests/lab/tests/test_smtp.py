# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMTP front end of one server, asked by smtplib, swaks and bare sockets."""

from __future__ import annotations

import dataclasses
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exchange_lab.interface import AcceptedDomain, ConnectorView, Reply, SmtpSession
from exchange_lab.settings import ServerConfig
from exchange_lab.sink import MaildirSink
from exchange_lab.smtp import SmtpFrontEnd, SmtpFrontEndError

ANONYMOUS = frozenset(
    {
        "ms-exch-smtp-submit",
        "ms-exch-smtp-accept-any-sender",
        "ms-exch-smtp-accept-authoritative-domain-sender",
        "ms-exch-accept-headers-routing",
    }
)
RELAY = ANONYMOUS | {"ms-exch-smtp-accept-any-recipient"}
LISTED, UNLISTED, UNKNOWN = "127.0.0.10", "127.0.0.11", "127.0.0.99"
INSIDE, OUTSIDE, SENDER = "a@lab.example", "b@elsewhere.example", "app@lab.example"
NO_RELAY = (550, b"5.7.54 SMTP; Unable to relay recipient in non-accepted domain")

VIEW = ConnectorView(
    server="EX1",
    name="Relay External",
    identity="EX1\\Relay External",
    matched_range=LISTED,
    fqdn="ex1.lab.example",
    banner="",
    auth_mechanism=frozenset({"Tls"}),
    externally_secured=False,
    session=SmtpSession(RELAY),
    enforces_sender_rights=False,
    accepted_domains=(AcceptedDomain("lab.example", "lab.example"),),
    tarpit_interval=0.0,
    auth_tarpit_interval=0.0,
    connection_timeout=600.0,
    connection_inactivity_timeout=300.0,
    max_inbound_connection=5000,
    max_inbound_connection_per_source=20,
    max_inbound_connection_percentage_per_source=2,
    message_rate_limit=None,
    message_rate_source=frozenset({"IPAddress"}),
    max_message_size=36 * 1024 * 1024,
    max_header_size=256 * 1024,
    max_hop_count=60,
    max_recipients_per_message=200,
    max_protocol_errors=5,
    max_logon_failures=3,
    size_enabled="Enabled",
    require_tls=False,
    require_ehlo_domain=False,
    pipelining=True,
    eight_bit_mime=True,
    delivery_status_notification=True,
    enhanced_status_codes=True,
    chunking=True,
    binary_mime=True,
    smtp_utf8=True,
)


class Book:
    """An AnswerBook with one connector for the listed client and the default one for the others."""

    def __init__(self) -> None:
        self.view = VIEW
        self.maintenance = False

    def decide(self, server: str, local_address: str, port: int, client_address: str) -> ConnectorView | None:
        assert (server, port) == ("EX1", 25)
        if client_address == UNKNOWN:
            return None
        if client_address == LISTED:
            return self.view
        session = SmtpSession(ANONYMOUS)
        return dataclasses.replace(self.view, session=session, name="Default", identity="EX1\\Default")

    def unavailable(self, server: str) -> Reply | None:
        return Reply(421, "4.3.2 Service not active") if self.maintenance else None

    def authenticate(self, view: ConnectorView, user: str, password: str) -> SmtpSession | None:
        if (user, password) == ("LAB\\powerless", "right"):
            return SmtpSession(frozenset(), "powerless")
        if (user, password) != ("LAB\\svc", "right"):
            return None
        return SmtpSession(RELAY - {"ms-exch-smtp-accept-any-sender"}, "svc", frozenset({"svc@lab.example"}))


class Lab:
    """One running front end and what it delivers."""

    def __init__(self, directory: Path) -> None:
        self.book = Book()
        self.sink = MaildirSink(directory / "maildir")
        server = ServerConfig(
            name="EX1",
            fqdn="ex1.lab.example",
            version="2019",
            address="127.0.1.1",
            port=0,
            smtp_port=0,
            auth=(),
            addresses=("127.0.1.1",),
            domain_controller="dc1.lab.example",
            site="Default-First-Site-Name",
        )
        self.server = server
        self.front_end = SmtpFrontEnd(server, self.book, self.sink)

    def set(self, **changes: Any) -> None:
        """Change the connector, as a cmdlet would."""
        self.book.view = dataclasses.replace(self.book.view, **changes)

    def client(self, source: str = LISTED) -> smtplib.SMTP:
        host, port = self.front_end.endpoint
        return smtplib.SMTP(host, port, local_hostname="app.lab.example", timeout=10, source_address=(source, 0))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    running = Lab(tmp_path)
    with running.front_end:
        yield running


def rcpt(client: smtplib.SMTP, recipient: str, sender: str = SENDER) -> tuple[int, bytes]:
    client.ehlo_or_helo_if_needed()
    answer = client.docmd("MAIL", f"FROM:<{sender}>")
    return answer if answer[0] != 250 else client.docmd("RCPT", f"TO:<{recipient}>")


def wait_for_a_place(lab: Lab, seconds: float = 5.0) -> None:
    """Return once a connection is admitted; the server learns of a closed one a moment later."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with lab.client() as client:
                assert rcpt(client, INSIDE)[0] == 250
            return
        except smtplib.SMTPConnectError:
            assert time.monotonic() < deadline, "a place was never given back"
            time.sleep(0.02)


def said(error: smtplib.SMTPResponseException) -> bytes:
    """Return the text of a reply that smtplib raised."""
    assert isinstance(error.smtp_error, bytes)
    return error.smtp_error


# --- The dialogue ----------------------------------------------------------------------------------------------------


def test_the_whole_dialogue_has_the_texts_of_exchange(lab: Lab) -> None:
    host, port = lab.front_end.endpoint
    with socket.create_connection((host, port), 10, (LISTED, 0)) as wire, wire.makefile("rwb") as stream:

        def say(line: str) -> str:
            stream.write(line.encode() + b"\r\n")
            stream.flush()
            return str(stream.readline().decode().rstrip("\r\n"))

        banner = stream.readline().decode()
        assert re.match(r"220 ex1\.lab\.example Microsoft ESMTP MAIL Service ready at \w{3}, \d{1,2} \w{3} ", banner)
        assert say("HELO app.lab.example") == f"250 ex1.lab.example Hello [{LISTED}]"
        assert say(f"MAIL FROM:<{SENDER}>") == "250 2.1.0 Sender OK"
        assert say(f"RCPT TO:<{OUTSIDE}>") == "250 2.1.5 Recipient OK"
        assert say("DATA") == "354 Start mail input; end with <CRLF>.<CRLF>"
        queued = say("Subject: x\r\nMessage-ID: <1@app.lab.example>\r\n\r\n..dot\r\n.")
        assert re.fullmatch(
            r"250 2\.6\.0 <1@app\.lab\.example> \[InternalId=\d+, Hostname=ex1\.lab\.example\] "
            r"\d+ bytes in \d+\.\d+, \d+\.\d+ KB/sec Queued mail for delivery",
            queued,
        )
        assert say("RSET") == "250 2.0.0 Resetting"
        assert say("NOOP") == "250 2.0.0 OK"
        assert say("QUIT") == "221 2.0.0 Service closing transmission channel"
        assert stream.readline() == b""
    assert lab.sink.messages()[0].get_payload() == ".dot\n"


def test_only_what_is_served_is_advertised(lab: Lab) -> None:
    with lab.client() as client:
        client.ehlo()
        offered = {"size", "pipelining", "dsn", "enhancedstatuscodes", "starttls", "8bitmime", "smtputf8"}
        assert set(client.esmtp_features) == offered
        assert client.esmtp_features["size"] == "37748736"


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({"size_enabled": "Disabled"}, "size"),
        ({"pipelining": False}, "pipelining"),
        ({"delivery_status_notification": False}, "dsn"),
        ({"enhanced_status_codes": False}, "enhancedstatuscodes"),
        ({"eight_bit_mime": False}, "8bitmime"),
        ({"smtp_utf8": False}, "smtputf8"),
        ({"auth_mechanism": frozenset()}, "starttls"),
    ],
)
def test_the_connector_says_what_is_offered(lab: Lab, change: dict[str, Any], gone: str) -> None:
    lab.set(**change)
    with lab.client() as client:
        client.ehlo()
        assert gone not in client.esmtp_features


def test_a_banner_of_its_own(lab: Lab) -> None:
    lab.set(banner="220 relay.lab.example mail here")
    host, port = lab.front_end.endpoint
    with socket.create_connection((host, port), 10, (LISTED, 0)) as wire:
        assert wire.recv(200) == b"220 relay.lab.example mail here\r\n"


def test_without_enhanced_codes_replies_have_none(lab: Lab) -> None:
    lab.set(enhanced_status_codes=False)
    with lab.client() as client:
        assert rcpt(client, OUTSIDE) == (250, b"Recipient OK")


@pytest.mark.parametrize(
    ("commands", "reply"),
    [
        (["FROB"], (500, b"5.3.3 Unrecognized command")),
        (["EXPN x"], (500, b"5.3.3 Unrecognized command")),
        (["VRFY x@y"], (252, b"2.1.5 Cannot VRFY user")),
        ([f"MAIL FROM:<{SENDER}>"], (503, b"5.5.2 Send hello first")),
        (["EHLO a b"], (501, b"5.5.4 Invalid domain name")),
        (["EHLO x", f"RCPT TO:<{INSIDE}>"], (503, b"5.5.2 Need mail command")),
        (["EHLO x", f"MAIL FROM:<{SENDER}>", "DATA"], (503, b"5.5.2 Need rcpt command")),
        (["EHLO x", f"MAIL FROM:<{SENDER}>", f"MAIL FROM:<{SENDER}>"], (503, b"5.5.2 Sender already specified")),
        (["EHLO x", f"MAIL FROM:<{SENDER}> FROB=1"], (501, b"5.5.4 Invalid arguments")),
        (["EHLO x", f"MAIL FROM:<{SENDER}> RET=HDRS ENVID=q"], (250, b"2.1.0 Sender OK")),
        (["EHLO x", "MAIL FROM:<>"], (250, b"2.1.0 Sender OK")),
        (["EHLO x", "AUTH LOGIN"], (504, b"5.7.4 Unrecognized authentication type")),
        (["EHLO"], (250, f"ex1.lab.example Hello [{LISTED}]".encode())),
    ],
)
def test_what_a_client_does_wrong_is_answered(lab: Lab, commands: list[str], reply: tuple[int, bytes]) -> None:
    with lab.client() as client:
        answers = [client.docmd(command) for command in commands]
        code, text = answers[-1]
        assert (code, text.split(b"\n")[0]) == reply


def test_dsn_parameters_of_recipients_are_taken(lab: Lab) -> None:
    with lab.client() as client:
        client.sendmail(SENDER, [OUTSIDE], "Subject: x\n\nx\n", ["RET=FULL"], ["NOTIFY=SUCCESS,FAILURE"])
    assert len(lab.sink.messages()) == 1


# --- Who may do what -------------------------------------------------------------------------------------------------


def test_the_client_address_decides(lab: Lab) -> None:
    with lab.client(LISTED) as listed, lab.client(UNLISTED) as unlisted:
        assert rcpt(listed, OUTSIDE)[0] == 250
        assert rcpt(unlisted, INSIDE)[0] == 250
        assert unlisted.docmd("RCPT", f"TO:<{OUTSIDE}>") == NO_RELAY


def test_a_change_takes_effect_with_the_next_connection(lab: Lab) -> None:
    with lab.client() as before:
        before.ehlo()
        lab.set(session=SmtpSession(ANONYMOUS))
        assert rcpt(before, OUTSIDE)[0] == 250
        with lab.client() as after:
            assert rcpt(after, OUTSIDE) == NO_RELAY


def test_without_a_permission_group_the_sender_is_refused(lab: Lab) -> None:
    lab.set(session=SmtpSession(frozenset()))
    with lab.client() as client:
        code, text = rcpt(client, INSIDE)
        assert code == 530 and text.startswith(b"5.7.57 SMTP; Client was not authenticated")


@pytest.mark.parametrize("source", [UNKNOWN, LISTED])
def test_a_client_without_connector_and_a_server_in_maintenance_get_421(lab: Lab, source: str) -> None:
    lab.book.maintenance = source == LISTED
    with pytest.raises(smtplib.SMTPConnectError) as caught:
        lab.client(source)
    assert caught.value.smtp_code == 421 and b"4.3.2" in said(caught.value)


def test_accepted_mail_lands_in_the_maildir_with_its_envelope(lab: Lab) -> None:
    with lab.client() as client:
        client.sendmail(SENDER, [INSIDE, OUTSIDE], "Subject: hello\r\n\r\nbody\r\n")
        client.sendmail("", [OUTSIDE], "Subject: bounce\r\n\r\nbody\r\n")
    first, second = lab.sink.messages()
    assert first["X-Lab-Server"] == "EX1" and first["X-Lab-Connector"] == "Relay External"
    assert first["X-Lab-Client"] == LISTED and first["X-Lab-Helo"] == "app.lab.example"
    assert first["X-Lab-Sender"] == f"<{SENDER}>" and first["X-Lab-Tls"] == "no"
    assert first.get_all("X-Lab-Recipient") == [f"<{INSIDE}>", f"<{OUTSIDE}>"]
    assert first["Subject"] == "hello" and first["Message-ID"] and first["Received"].startswith("from app.lab.example")
    assert second["X-Lab-Sender"] == "<>"


# --- Limits ----------------------------------------------------------------------------------------------------------


def test_the_tarpit_delays_refusals_of_anonymous_sessions_only(lab: Lab) -> None:
    lab.set(tarpit_interval=2.0)
    with lab.client(UNLISTED) as client:
        began = time.monotonic()
        assert rcpt(client, INSIDE)[0] == 250
        assert time.monotonic() - began < 1.5
        began = time.monotonic()
        assert client.docmd("RCPT", f"TO:<{OUTSIDE}>") == NO_RELAY
        assert time.monotonic() - began >= 2.0
    lab.set(externally_secured=True)
    with lab.client(UNLISTED) as client:
        began = time.monotonic()
        assert rcpt(client, OUTSIDE) == NO_RELAY
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("limits", "allowed", "text"),
    [
        ({"max_inbound_connection": 2, "max_inbound_connection_percentage_per_source": 100}, 2, b"exceeded a limit"),
        ({"max_inbound_connection_per_source": 3}, 3, b"exceeded a per-source limit"),
        ({"max_inbound_connection": 100, "max_inbound_connection_percentage_per_source": 2}, 2, b"a per-source limit"),
    ],
)
def test_connections_beyond_the_limit_get_421(lab: Lab, limits: dict[str, int], allowed: int, text: bytes) -> None:
    lab.set(**limits)
    clients = [lab.client() for _ in range(allowed)]
    with pytest.raises(smtplib.SMTPConnectError) as caught:
        lab.client()
    assert caught.value.smtp_code == 421 and text in said(caught.value)
    for client in clients:
        client.quit()
    wait_for_a_place(lab)


def test_another_source_has_its_own_share(lab: Lab) -> None:
    lab.set(max_inbound_connection_per_source=1)
    with lab.client(LISTED), lab.client(UNLISTED) as other:
        assert rcpt(other, INSIDE)[0] == 250


def test_the_message_rate_is_limited_by_address(lab: Lab) -> None:
    lab.set(message_rate_limit=2)
    with lab.client() as client:
        for _ in range(2):
            client.sendmail(SENDER, [OUTSIDE], "Subject: x\n\nx\n")
        code, text = rcpt(client, OUTSIDE)
        assert (code, text) == (421, b"4.4.2 Message submission rate for this client has exceeded the configured limit")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.docmd("NOOP")


def test_too_many_recipients(lab: Lab) -> None:
    lab.set(max_recipients_per_message=1)
    with lab.client() as client:
        assert rcpt(client, INSIDE)[0] == 250
        assert client.docmd("RCPT", f"TO:<{OUTSIDE}>") == (452, b"4.5.3 Too many recipients")


@pytest.mark.parametrize("declared", [True, False])
def test_a_message_that_is_too_large(lab: Lab, declared: bool) -> None:
    lab.set(max_message_size=65536, size_enabled="Enabled" if declared else "Disabled")
    with lab.client() as client, pytest.raises(smtplib.SMTPResponseException) as caught:
        client.sendmail(SENDER, [OUTSIDE], "Subject: x\n\n" + "x" * 70 + "\n" + ("y" * 70 + "\n") * 1000)
    assert caught.value.smtp_code == 552
    assert caught.value.smtp_error == b"5.3.4 Message size exceeds fixed maximum message size"
    assert lab.sink.messages() == []


def test_the_right_to_bypass_the_size_limit(lab: Lab) -> None:
    lab.set(max_message_size=65536, session=SmtpSession(RELAY | {"ms-exch-bypass-message-size-limit"}))
    with lab.client() as client:
        client.sendmail(SENDER, [OUTSIDE], "Subject: x\n\n" + ("y" * 70 + "\n") * 1000)
    assert len(lab.sink.messages()) == 1


@pytest.mark.parametrize(
    ("limit", "text"),
    [({"max_header_size": 200}, b"Header size"), ({"max_hop_count": 2}, b"Hop count exceeded")],
)
def test_header_limits(lab: Lab, limit: dict[str, int], text: bytes) -> None:
    lab.set(**limit)
    header = "Received: by x; now\r\n" * 3 + "X-Long: " + "x" * 300 + "\r\n"
    with lab.client() as client, pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail(SENDER, [OUTSIDE], header + "Subject: x\r\n\r\nx\r\n")
    assert text in said(caught.value)


def test_an_idle_client_is_told_and_closed(lab: Lab) -> None:
    lab.set(connection_inactivity_timeout=0.3)
    with lab.client() as client:
        assert client.getreply() == (451, b"4.7.0 Timeout waiting for client input")
        assert client.sock is not None and client.sock.recv(10) == b""


def test_a_long_connection_is_closed(lab: Lab) -> None:
    lab.set(connection_timeout=0.4, connection_inactivity_timeout=0.3)
    with lab.client() as client, pytest.raises(smtplib.SMTPServerDisconnected):
        for _ in range(20):
            client.docmd("NOOP")
            time.sleep(0.1)


@pytest.mark.parametrize(("limit", "answered"), [(2, 2), (0, 0), (None, 8)])
def test_protocol_errors_end_the_connection(lab: Lab, limit: int | None, answered: int) -> None:
    lab.set(max_protocol_errors=limit)
    with lab.client() as client:
        for _ in range(answered):
            assert client.docmd("FROB")[0] == 500
        if limit is not None:
            assert client.docmd("FROB")[0] == 421
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.docmd("NOOP")


# --- Encryption and logon --------------------------------------------------------------------------------------------


def test_starttls_with_the_server_s_own_certificate(lab: Lab, tmp_path: Path) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(lab.front_end.certificate)
    with lab.client() as client:
        client._host = "ex1.lab.example"  # type: ignore[attr-defined]
        assert client.starttls(context=ssl.create_default_context(cafile=str(trusted)))[0] == 220
        assert client.docmd("MAIL", f"FROM:<{SENDER}>") == (503, b"5.5.2 Send hello first")
        client.sendmail(SENDER, [OUTSIDE], "Subject: x\n\nx\n")
        assert "starttls" not in client.esmtp_features
        assert client.docmd("STARTTLS")[0] == 503
    assert lab.sink.messages()[0]["X-Lab-Tls"] == "yes"


def test_no_tls_no_starttls(lab: Lab) -> None:
    lab.set(auth_mechanism=frozenset())
    with lab.client() as client:
        assert client.docmd("STARTTLS") == (500, b"5.3.3 Unrecognized command")


def test_require_tls(lab: Lab) -> None:
    lab.set(require_tls=True)
    with lab.client() as client:
        assert rcpt(client, OUTSIDE)[0] == 451
        client.starttls(context=ssl._create_unverified_context())  # noqa: S323
        assert rcpt(client, OUTSIDE)[0] == 250


def logon(lab: Lab, mechanisms: set[str]) -> None:
    lab.set(auth_mechanism=frozenset(mechanisms), session=SmtpSession(ANONYMOUS))


def test_a_logon_gives_the_rights_of_the_user(lab: Lab) -> None:
    logon(lab, {"Tls", "BasicAuth"})
    with lab.client() as client:
        assert rcpt(client, OUTSIDE) == NO_RELAY
        client.docmd("RSET")
        assert client.login("LAB\\svc", "right")[0] == 235
        code, text = rcpt(client, OUTSIDE, "svc@lab.example")
        assert code == 250, text
        client.docmd("RSET")
        assert rcpt(client, OUTSIDE, SENDER)[1].startswith(b"5.7.60")
        client.sendmail("svc@lab.example", [OUTSIDE], "Subject: x\n\nx\n") if client.rset()[0] == 250 else None
    assert lab.sink.messages()[0]["X-Lab-User"] == "svc"


def test_basic_logon_may_wait_for_tls(lab: Lab) -> None:
    logon(lab, {"Tls", "BasicAuth", "BasicAuthRequireTLS"})
    with lab.client() as client:
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert client.docmd("AUTH", "LOGIN")[0] == 504
        client.starttls(context=ssl._create_unverified_context())  # noqa: S323
        assert client.login("LAB\\svc", "right")[0] == 235
        assert rcpt(client, OUTSIDE, "svc@lab.example")[0] == 250


@pytest.mark.parametrize(("user", "password"), [("LAB\\svc", "wrong"), ("LAB\\powerless", "right")])
def test_wrong_logons_are_counted_and_end_the_connection(lab: Lab, user: str, password: str) -> None:
    logon(lab, {"BasicAuth"})
    lab.set(auth_tarpit_interval=0.1)
    with lab.client() as client:
        client.ehlo()
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
                client.login(user, password)
            assert caught.value.smtp_error == b"5.7.3 Authentication unsuccessful"
            assert time.monotonic() - began >= 0.1
        assert client.getreply()[0] == 421


# --- Other clients, start and stop -----------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks is not installed")
@pytest.mark.parametrize(("source", "status"), [(LISTED, 0), (UNLISTED, 24)])
def test_swaks_sends_and_is_refused(lab: Lab, source: str, status: int) -> None:
    host, port = lab.front_end.endpoint
    command = ["swaks", "--server", host, "--port", str(port), "--local-interface", source, "--ehlo", "app.lab.example"]
    envelope = ["--from", SENDER, "--to", OUTSIDE, "--timeout", "10"]
    done = subprocess.run([*command, *envelope], capture_output=True, text=True, timeout=30)
    assert done.returncode == status, done.stdout
    assert ("Queued mail for delivery" in done.stdout) is (status == 0)
    assert ("550 5.7.54" in done.stdout) is (status != 0)


def test_pipelining(lab: Lab) -> None:
    host, port = lab.front_end.endpoint
    with socket.create_connection((host, port), 10, (LISTED, 0)) as wire, wire.makefile("rb") as replies:
        wire.sendall(b"EHLO x\r\n")
        while not replies.readline().startswith(b"250 "):
            pass
        wire.sendall(f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{OUTSIDE}>\r\nRCPT TO:<{INSIDE}>\r\nDATA\r\n".encode())
        assert [replies.readline()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]


def test_a_client_that_vanishes_harms_nobody(lab: Lab) -> None:
    lab.set(max_inbound_connection_per_source=1, tarpit_interval=0.2)
    client = lab.client()
    assert client.sock is not None
    client.sock.sendall(b"EHLO x\r\nFROB\r\n")
    client.close()
    wait_for_a_place(lab)


def test_stop_closes_open_connections_and_the_port(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.front_end.start()
    endpoint = lab.front_end.endpoint
    client = lab.client()
    lab.front_end.stop()
    assert client.sock is not None and client.sock.recv(10) == b""
    client.close()
    with pytest.raises(OSError):
        socket.create_connection(endpoint, 1)
    lab.front_end.stop()


def test_a_taken_port_is_one_sentence(lab: Lab) -> None:
    taken = dataclasses.replace(lab.server, smtp_port=lab.front_end.endpoint[1])
    with pytest.raises(SmtpFrontEndError, match="EX1 cannot listen on") as caught:
        SmtpFrontEnd(taken, lab.book, lab.sink).start()
    assert "smtp_port" in str(caught.value)
