# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module smtp_probe, driven through main() against real SMTP servers on loopback: sending, encryption, logon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from smtp_doubles import BANNER, PASSWORD, UNLISTED, Script, Server

from ansible_collections.mailrelay.exchange.plugins.modules import smtp_probe

INSIDE, OUTSIDE, SENDER = "a@contoso.com", "b@fabrikam.com", "relaytest@contoso.com"

Run = Callable[..., dict[str, Any]]


# --- Sending ---------------------------------------------------------------------------------------------------------


def test_a_message_is_sent_only_when_told(probe: Run, smtp_server: Server) -> None:
    result = probe(send=True, subject="Grüße vom Relay", expect="accepted")
    assert result["changed"] and result["sent"]
    (message,) = smtp_server.handler.messages
    assert f"Message-ID: {result['message_id']}".encode() in message
    assert b"From: relaytest@contoso.com" in message and b"To: b@fabrikam.com" in message
    assert b"Auto-Submitted: auto-generated" in message
    assert result["dialogue"][-2]["client"].startswith("<message of ")
    assert "Queued mail" in result["dialogue"][-2]["server"]


def test_check_mode_stops_before_data_and_tells_what_would_be(probe: Run, smtp_server: Server) -> None:
    planned = probe(check=True, send=True, expect="accepted")
    assert planned["changed"] and not planned["sent"] and planned["message_id"] is None
    assert smtp_server.handler.messages == []
    assert not probe(check=True, expect="accepted")["changed"]


def test_nothing_is_sent_when_an_expectation_is_not_met(probe: Run, smtp_server: Server) -> None:
    recipients = [{"address": INSIDE, "expect": "accepted"}, {"address": OUTSIDE, "expect": "relay_refused"}]
    result = probe(send=True, recipients=recipients)
    assert result["failed"] and not result["sent"] and smtp_server.handler.messages == []


def test_only_accepted_recipients_get_the_message(probe: Run, smtp_server: Server) -> None:
    recipients = [{"address": INSIDE, "expect": "accepted"}, {"address": OUTSIDE, "expect": "relay_refused"}]
    result = probe(send=True, recipients=recipients, source_address=UNLISTED)
    assert result["sent"] and b"To: a@contoso.com\r\n" in smtp_server.handler.messages[0]


def test_a_message_that_is_refused_counts_as_refusal(probe: Run, smtp_server: Server) -> None:
    smtp_server.handler.data_reply = "550 5.7.1 Message rejected as spam by Content Filtering."
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


def test_starttls_checks_the_certificate(probe: Run, smtp_server: Server, tmp_path: Path) -> None:
    assert smtp_server.certificate is not None
    (tmp_path / "ca.pem").write_bytes(smtp_server.certificate.pem)
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


def test_starttls_that_is_not_offered(probe: Run, smtp_server: Server) -> None:
    smtp_server.certificate = None
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


def test_a_logon_in_clear_where_the_user_allows_it(probe: Run, smtp_server: Server) -> None:
    smtp_server.plain_logon = True
    assert probe(username="CONTOSO\\svc", password=PASSWORD, cleartext_password=True, source_address=UNLISTED)["proven"]


def test_a_connector_without_logon(run_module: Run) -> None:
    with Script(BANNER, EHLO="250-EX1\r\n250 AUTH NTLM") as script:
        options = {"host": "127.0.0.1", "port": script.port, "sender": SENDER, "recipients": [{"address": OUTSIDE}]}
        account = {"username": "u", "password": PASSWORD, "cleartext_password": True}
        assert "offers only NTLM" in run_module(smtp_probe.main, **options, **account)["msg"]
