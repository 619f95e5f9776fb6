# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module smtp_probe, driven through main() against real SMTP servers on loopback: verdicts, proofs, input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from smtp_doubles import BANNER, LISTED, NO_RELAY, PASSWORD, UNLISTED, Script, Server

from ansible_collections.mailrelay.exchange.plugins.module_utils import _dnspython
from ansible_collections.mailrelay.exchange.plugins.modules import smtp_probe
from exchange_lab.dns import DnsServer
from exchange_lab.settings import DnsConfig, DnsRecord

INSIDE, OUTSIDE, SENDER = "a@contoso.com", "b@fabrikam.com", "relaytest@contoso.com"

Run = Callable[..., dict[str, Any]]


# --- Verdicts and expectations ---------------------------------------------------------------------------------------


def test_a_listed_client_may_relay(probe: Run, smtp_server: Server) -> None:
    result = probe(expect="accepted", recipients=[INSIDE, OUTSIDE])
    assert not result["changed"] and result["verdict"] == "accepted" and result["proven"]
    assert [r["met"] for r in result["recipients"]] == [True, True]
    assert result["recipients"][1]["reply"] == "250 2.1.5 Recipient OK"
    assert result["client_address"] == LISTED and result["server_address"] == "127.0.0.1"
    assert result["banner"] == BANNER and result["hints"] == [] and result["tls"] is None
    assert result["capabilities"]["8BITMIME"] == "" and result["capabilities"]["SIZE"] == "33554432"
    assert result["msg"] == (
        f"Server 127.0.0.1:{smtp_server.port} answered client {LISTED}: {INSIDE} accepted (250 2.1.5 Recipient OK), "
        f"{OUTSIDE} accepted (250 2.1.5 Recipient OK)."
    )
    assert smtp_server.handler.messages == []


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


def test_a_refusal_that_was_not_expected_says_who_where_what_and_what_to_do(probe: Run, smtp_server: Server) -> None:
    result = probe(source_address=UNLISTED, expect="accepted")
    assert result["failed"] and result["verdict"] == "relay_refused"
    sentence = result["msg"]
    assert f"127.0.0.1:{smtp_server.port}" in sentence and f"client {UNLISTED}" in sentence and NO_RELAY in sentence
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


def test_it_asks_again_until_a_change_has_replicated(probe: Run, smtp_server: Server) -> None:
    smtp_server.handler.refusals = [NO_RELAY, "451 4.7.0 Temporary server error. Please try again later"]
    result = probe(expect="accepted", attempts=5, delay=0)
    assert result["attempts"] == 3 and result["verdict"] == "accepted"


def test_it_gives_up_after_the_attempts(probe: Run, smtp_server: Server) -> None:
    smtp_server.handler.refusals = [NO_RELAY] * 9
    assert probe(expect="accepted", attempts=2, delay=0)["attempts"] == 2


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
        ({"attempts": 2, "delay": -1}, "delay is -1"),
        ({"expect": "maybe"}, "expect"),
        ({"host": ""}, "host '' is no host"),
        ({"host": "127.0.0.1\n"}, "no host"),
        ({"timeout": 0}, "timeout 0"),
        ({"timeout": -1}, "timeout -1"),
        ({"timeout": "inf"}, "timeout inf"),
        ({"timeout": "nan"}, "timeout nan"),
        ({"source_address": "app01"}, "source_address 'app01' is not an address"),
    ],
)
def test_bad_input_is_one_sentence_and_never_reaches_the_wire(
    probe: Run, smtp_server: Server, options: dict[str, Any], text: str
) -> None:
    with Script(BANNER) as script:
        result = probe(port=script.port, **options)
        assert result["failed"] and text in result["msg"] and script.connections == 0
        assert "\n" not in result["msg"]
    assert PASSWORD not in str(result)


@pytest.mark.parametrize("port", [0, -1, 70000])
def test_a_port_that_is_none(probe: Run, port: int) -> None:
    assert probe(port=port)["msg"] == f"port {port} is no TCP port: give 1 to 65535."


def test_a_source_address_of_the_other_family_is_named(probe: Run, smtp_server: Server) -> None:
    result = probe(source_address="::1")
    assert result["failed"] and "an address that ::1 can reach" in result["msg"]


# --- Names -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return a DNS server, as host:port, that knows the alias smtp.contoso.com of a server on loopback."""
    records = (
        DnsRecord("ex1.contoso.com", "A", ("127.0.0.1",)),
        DnsRecord("smtp.contoso.com", "CNAME", ("ex1.contoso.com",)),
        DnsRecord("pool.contoso.com", "A", ("127.0.0.1",)),
        DnsRecord("pool.contoso.com", "AAAA", ("::1",)),
    )
    config = DnsConfig(address="127.0.0.1", port=0, zone="contoso.com", key=None, records=records)
    with DnsServer(config, tmp_path_factory.mktemp("dns")) as running:
        yield "{}:{}".format(*running.endpoint)


@pytest.mark.parametrize("host", ["smtp.contoso.com", "pool.contoso.com", "127.0.0.1"])
def test_a_name_is_asked_of_the_given_dns_server(probe: Run, resolver: str, host: str) -> None:
    result = probe(host=host, resolver=resolver, expect="accepted")
    assert result["proven"] and result["server_address"] == "127.0.0.1" and host in result["msg"]


def test_the_next_address_is_tried_when_one_does_not_answer(run_module: Run, resolver: str) -> None:
    with Script(BANNER, address="::1") as script:
        recipients = [{"address": OUTSIDE, "expect": "accepted"}]
        options = {"host": "pool.contoso.com", "port": script.port, "sender": SENDER, "recipients": recipients}
        result = run_module(smtp_probe.main, resolver=resolver, **options)
    assert result["server_address"] == "::1"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"host": "gone.contoso.com"}, "knows no address of gone.contoso.com"),
        ({"host": "ex1.fabrikam.com"}, "answers REFUSED for ex1.fabrikam.com"),
        ({"host": "ex1.contoso.com", "resolver": "127.0.0.1:1", "timeout": 0.5}, "does not answer for ex1.contoso.com"),
    ],
)
def test_a_name_that_the_dns_server_does_not_know(
    probe: Run, resolver: str, options: dict[str, Any], text: str
) -> None:
    result = probe(**{"resolver": resolver, **options})
    assert result["failed"] and text in result["msg"] and result["proven"] is False


def test_what_cannot_be_a_resolver_is_not_asked(probe: Run) -> None:
    result = probe(host="ex1.contoso.com", resolver="127.0.0.1:x")
    assert result["failed"]
    assert result["msg"] == "resolver '127.0.0.1:x' is not a DNS server: write it as host or host:port."


def test_without_dnspython_a_resolver_cannot_be_used(probe: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dnspython, "IMPORT_ERROR", "no module named dns")
    result = probe(host="localhost", resolver="127.0.0.1")
    assert result["failed"] and "meta/ee-requirements.txt" in result["msg"]
    assert probe()["proven"]
