# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of findings."""

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._findings import (
    BY_ID,
    FINDINGS,
    SEVERITIES,
    FindingKind,
)

FIRST_IDS = {
    "open_relay",
    "default_connector",
    "hub_transport_on_port_25",
    "two_methods",
    "exchange_server_address",
    "protected_address",
    "shared_address",
    "service_gap",
}


def test_the_public_ids_are_there_and_guard() -> None:
    assert set(BY_ID) >= FIRST_IDS
    assert all(BY_ID[name].guard for name in FIRST_IDS)
    assert len(BY_ID) == len(FINDINGS)


@pytest.mark.parametrize("row", FINDINGS, ids=lambda row: row.id)
def test_a_row_reads_as_sentences(row: FindingKind) -> None:
    assert row.severity in SEVERITIES
    sentence = row.sentence("EX1", "Relay External", "10.0.0.5", "a reason")
    assert "EX1" in sentence
    assert "{" not in sentence
    for text in (row.message, row.remedy, row.doc):
        assert text.endswith(".")


def test_braces_in_a_name_stay_braces() -> None:
    assert "Relay {server}" in BY_ID["two_methods"].sentence("EX1", "Relay {server}")
