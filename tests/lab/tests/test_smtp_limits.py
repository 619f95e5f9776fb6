# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Counting connections and messages, with a clock of our own."""

from __future__ import annotations

import dataclasses

import pytest

from exchange_lab.interface import ConnectorView, SmtpSession
from exchange_lab.smtp_limits import ConnectionCounter, RateCounter
from exchange_lab.smtp_texts import RATE_EXCEEDED, TOO_MANY_CONNECTIONS, TOO_MANY_FROM_SOURCE

VIEW = ConnectorView(
    server="EX1",
    name="Relay",
    identity="EX1\\Relay",
    matched_range="10.0.0.1",
    fqdn="ex1.lab.example",
    banner="",
    auth_mechanism=frozenset(),
    externally_secured=False,
    session=SmtpSession(frozenset()),
    enforces_sender_rights=False,
    accepted_domains=(),
    tarpit_interval=0.0,
    auth_tarpit_interval=0.0,
    connection_timeout=600.0,
    connection_inactivity_timeout=300.0,
    max_inbound_connection=None,
    max_inbound_connection_per_source=None,
    max_inbound_connection_percentage_per_source=100,
    message_rate_limit=2,
    message_rate_source=frozenset({"IPAddress"}),
    max_message_size=1,
    max_header_size=1,
    max_hop_count=1,
    max_recipients_per_message=1,
    max_protocol_errors=None,
    max_logon_failures=0,
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


def view(sources: set[str] | None = None, limit: int | None = 2) -> ConnectorView:
    rate_source = VIEW.message_rate_source if sources is None else frozenset(sources)
    return dataclasses.replace(VIEW, message_rate_source=rate_source, message_rate_limit=limit)


def test_a_minute_later_the_client_may_send_again() -> None:
    now = [0.0]
    rates = RateCounter(clock=lambda: now[0])
    assert rates.admit(view(), "10.0.0.1", None) is None
    now[0] = 30.0
    assert rates.admit(view(), "10.0.0.1", None) is None
    assert rates.admit(view(), "10.0.0.1", None) == RATE_EXCEEDED
    assert rates.admit(view(), "10.0.0.2", None) is None
    now[0] = 60.0
    assert rates.admit(view(), "10.0.0.1", None) is None
    assert rates.admit(view(), "10.0.0.1", None) == RATE_EXCEEDED


@pytest.mark.parametrize(
    ("sources", "same_address", "same_user"),
    [({"IPAddress"}, True, False), ({"User"}, False, True), ({"All"}, True, True), ({"None"}, False, False)],
)
def test_the_rate_source_says_what_is_counted(sources: set[str], same_address: bool, same_user: bool) -> None:
    rates = RateCounter(clock=lambda: 0.0)
    for _ in range(2):
        assert rates.admit(view(sources), "10.0.0.1", "svc") is None
    assert (rates.admit(view(sources), "10.0.0.1", "other") == RATE_EXCEEDED) is same_address
    assert (rates.admit(view(sources), "10.0.0.9", "SVC") == RATE_EXCEEDED) is same_user


def test_unlimited_is_unlimited() -> None:
    rates = RateCounter(clock=lambda: 0.0)
    assert all(rates.admit(view(limit=None), "10.0.0.1", None) is None for _ in range(1000))


def connections(total: int | None, per_source: int | None, percentage: int) -> ConnectorView:
    return dataclasses.replace(
        VIEW,
        max_inbound_connection=total,
        max_inbound_connection_per_source=per_source,
        max_inbound_connection_percentage_per_source=percentage,
    )


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [((None, None, 2), 500), ((None, 20, 2), 20), ((5000, None, 2), 100), ((5000, 20, 2), 20), ((10, None, 2), 1)],
)
def test_the_lower_of_both_limits_a_source_has(limits: tuple[int | None, int | None, int], allowed: int) -> None:
    counter, one = ConnectionCounter(), connections(*limits)
    admitted = 0
    while admitted < 500 and counter.admit(one, "10.0.0.1") is None:
        admitted += 1
    assert admitted == allowed


def test_the_share_of_a_source_shrinks_with_what_others_hold() -> None:
    counter, one = ConnectionCounter(), connections(100, None, 50)
    for number in range(60):
        assert counter.admit(one, f"10.0.1.{number}") is None
    admitted = 0
    while counter.admit(one, "10.0.0.1") is None:
        admitted += 1
    assert admitted == 20
    assert counter.admit(one, "10.0.0.1") == TOO_MANY_FROM_SOURCE


def test_a_full_connector_takes_nobody_until_one_leaves() -> None:
    counter, one = ConnectionCounter(), connections(2, None, 100)
    assert counter.admit(one, "10.0.0.1") is None
    assert counter.admit(one, "10.0.0.2") is None
    assert counter.admit(one, "10.0.0.3") == TOO_MANY_CONNECTIONS
    counter.leave(one, "10.0.0.1")
    assert counter.admit(one, "10.0.0.3") is None
