# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What replies of Exchange mean, pure: codes and texts in, verdicts and advice out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp_replies import (
    EXPECTATIONS,
    HINTS,
    Reply,
    auth_hint,
    common_verdict,
    explain,
    meets,
    recipient_verdict,
)


def reply(line: str) -> Reply:
    code, _, text = line.partition(" ")
    return Reply(int(code), text)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("250 2.1.5 Recipient OK", "accepted"),
        ("251 User not local; will forward", "accepted"),
        ("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "relay_refused"),
        ("550 5.7.1 Unable to relay", "relay_refused"),
        ("550 5.7.54 ein anderer Text", "relay_refused"),
        ("554 5.7.1 <x@y>: Relay access denied", "relay_refused"),
        ("550 5.7.1 Relaying denied", "relay_refused"),
        ("550 5.7.1 Anonymous client does not have permissions to send as this sender", "refused"),
        ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", "refused"),
        ("530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", "refused"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", "refused"),
        ("451 4.7.0 Temporary server error. Please try again later. CPRX2", "deferred"),
        ("421 4.3.2 Service not active", "deferred"),
        ("452 4.5.3 Too many recipients", "deferred"),
    ],
)
def test_verdicts(line: str, verdict: str) -> None:
    assert recipient_verdict(reply(line)) == verdict


@given(st.integers(200, 599), st.text())
def test_every_reply_has_one_verdict_that_its_code_decides(code: int, text: str) -> None:
    verdict = recipient_verdict(Reply(code, text))
    assert (verdict == "accepted") is (code < 400)
    assert (verdict == "deferred") is (400 <= code < 500)
    assert (verdict in ("refused", "relay_refused")) is (code >= 500)


@pytest.mark.parametrize(
    ("expected", "verdict", "met"),
    [
        ("accepted", "accepted", True),
        ("accepted", "relay_refused", False),
        ("relay_refused", "relay_refused", True),
        ("relay_refused", "refused", False),
        ("relay_refused", "accepted", False),
        ("refused", "refused", True),
        ("refused", "relay_refused", True),
        ("refused", "accepted", False),
        (None, "accepted", None),
    ],
)
def test_expectations(expected: str | None, verdict: str, met: bool | None) -> None:
    assert meets(expected, verdict) is met


@pytest.mark.parametrize("expected", EXPECTATIONS)
@pytest.mark.parametrize("verdict", ["unproven", "deferred"])
def test_what_is_not_proven_is_neither_met_nor_unmet(expected: str, verdict: str) -> None:
    assert meets(expected, verdict) is None


@pytest.mark.parametrize(
    ("verdicts", "common"),
    [([], "unproven"), (["accepted"], "accepted"), (["accepted"] * 2, "accepted"), (["accepted", "refused"], "mixed")],
)
def test_one_verdict_for_all(verdicts: list[str], common: str) -> None:
    assert common_verdict(verdicts) == common


@pytest.mark.parametrize(
    ("stage", "line", "words"),
    [
        ("banner", "220 ********************", "SMTP inspection"),
        (
            "banner",
            "421 4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit, closing "
            "transmission channel",
            "MaxInboundConnectionPerSource",
        ),
        (
            "banner",
            "421 4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing transmission "
            "channel",
            "raise MaxInboundConnection,",
        ),
        ("banner", "421 4.3.2 The maximum number of concurrent connections has exceeded a limit", "throttling profile"),
        ("banner", "421 4.3.2 Service not active", "Get-ServerComponentState"),
        ("banner", "421 4.3.2 Service not available", "HubTransport connector on port 25"),
        (
            "mail",
            "421 4.4.2 Message submission rate for this client has exceeded the configured limit",
            "MessageRateLimit",
        ),
        ("mail", "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail", "AnonymousUsers"),
        ("mail", "530 5.7.1 Client was not authenticated", "AnonymousUsers"),
        ("mail", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", "Accept-Any-Sender"),
        ("mail", "452 4.3.1 Insufficient system resources", "back pressure"),
        ("mail", "451 5.7.3 STARTTLS is required to send mail", "starttls: true"),
        ("rcpt", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "Accept-Any-Recipient"),
        ("rcpt", "550 5.7.1 Unable to relay", "Accept-Any-Recipient"),
        ("rcpt", "452 4.5.3 Too many recipients", "MaxRecipientsPerMessage"),
        ("rcpt", "451 4.7.0 Temporary server error. Please try again later. CPRX2", "DOMAIN\\user"),
        ("data", "550 5.7.1 Message rejected as spam by Content Filtering.", "ms-Exch-Bypass-Anti-Spam"),
        ("data", "552 5.3.4 Message size exceeds fixed maximum message size", "MaxMessageSize"),
        ("ehlo", "501 5.5.4 Invalid domain name", "helo_name"),
        ("auth", "535 5.7.3 Authentication unsuccessful", "user name and password"),
        ("auth", "504 5.7.4 Unrecognized authentication type", "AuthMechanism"),
        ("mail", "451 4.7.0 Timeout waiting for client input", "ConnectionInactivityTimeout"),
    ],
)
def test_advice_for_what_exchange_says(stage: str, line: str, words: str) -> None:
    advice = explain(stage, reply(line))
    assert advice is not None and words in advice


@pytest.mark.parametrize(("stage", "line"), [("rcpt", "250 2.1.5 Recipient OK"), ("banner", "220 EX1 Microsoft ESMTP")])
def test_no_advice_where_nothing_is_wrong(stage: str, line: str) -> None:
    assert explain(stage, reply(line)) is None


def test_advice_fits_into_a_sentence() -> None:
    for hint in HINTS:
        assert hint.advice[0].islower() and not hint.advice.endswith(".") and "\n" not in hint.advice


@pytest.mark.parametrize(
    ("offered", "starttls", "words"),
    [(set(), True, "before STARTTLS"), ({"NTLM"}, False, "only NTLM"), (set(), False, "most specific range")],
)
def test_why_a_logon_is_impossible(offered: set[str], starttls: bool, words: str) -> None:
    assert words in auth_hint(offered, starttls)


def test_a_reply_of_several_lines_is_one_line_in_sentences() -> None:
    assert str(Reply(550, "5.7.1 first\nsecond")) == "550 5.7.1 first second"
