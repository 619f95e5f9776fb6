# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Errors read as sentences."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay import _netaddr
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import (
    InputError,
    PlanRefused,
    RelayError,
    UndecodableValue,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import parse_range


def test_everything_is_a_relay_error() -> None:
    assert all(issubclass(kind, RelayError) for kind in (InputError, PlanRefused, UndecodableValue))


def test_a_refusal_names_what_was_found_and_how_to_accept_it() -> None:
    findings = [
        SimpleNamespace(id="two_methods", message="Two ways."),
        SimpleNamespace(id="open_relay", message="Too wide."),
    ]
    refusal = PlanRefused(findings)
    assert refusal.findings == tuple(findings)
    text = str(refusal)
    assert "[two_methods] Two ways. [open_relay] Too wide." in text
    assert "accept_findings with open_relay, two_methods." in text
    assert "Nothing was written" in text


def test_missing_netaddr_is_one_sentence_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_netaddr, "HAS_NETADDR", False)
    with pytest.raises(RelayError, match=r"netaddr.*meta/ee-requirements\.txt"):
        parse_range("10.0.0.1", "remote_ip_ranges")
