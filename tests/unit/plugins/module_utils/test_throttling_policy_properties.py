# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of the limits of throttling policies."""

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, VERSIONS, Property
from ansible_collections.mailrelay.exchange.plugins.module_utils._throttling_policy_properties import (
    POLICY_BY_OPTION,
    THROTTLING_POLICY_LIMITS,
    option_name,
)
from exchange_lab.organization.throttling_limits import LIMITS


@pytest.mark.parametrize("row", THROTTLING_POLICY_LIMITS, ids=lambda row: row.option)
def test_a_row_is_consistent(row: Property) -> None:
    assert row.option.replace("_", "") == row.exchange.lower()
    assert row.kind == ("bool" if row.option == "is_service_account" else "unlimited")
    assert row.since in ("2010", "2013", "2016")
    assert row.until in (None, "2010")
    assert row.description
    assert all(sentence.endswith(".") for sentence in row.description)


def test_names_are_unique() -> None:
    assert len(POLICY_BY_OPTION) == len(THROTTLING_POLICY_LIMITS)


@pytest.mark.parametrize(
    ("exchange", "option"),
    [
        ("ComplianceMaxExpansionDGRecipients", "compliance_max_expansion_dg_recipients"),
        ("ComplianceMaxExpansionNestedDGs", "compliance_max_expansion_nested_dgs"),
        ("EwsPercentTimeInMailboxRPC", "ews_percent_time_in_mailbox_rpc"),
        ("OwaPercentTimeInAD", "owa_percent_time_in_ad"),
        ("PowerShellMaxCmdletsTimePeriod", "powershell_max_cmdlets_time_period"),
    ],
)
def test_names_are_exchanges_in_snake_case(exchange: str, option: str) -> None:
    assert option_name(exchange) == option


@pytest.mark.parametrize("version", VERSIONS)
def test_the_lab_read_the_same_limits_of_every_version(version: str) -> None:
    ours = {row.exchange: (row.maximum, row.on_set) for row in THROTTLING_POLICY_LIMITS if row.available(version)}
    ours.pop("IsServiceAccount", None)
    theirs = {
        limit.name: (limit.maximum, limit.on_set)
        for limit in LIMITS
        if VERSIONS.index(limit.since) <= VERSIONS.index(version) <= VERSIONS.index(limit.until or VERSIONS[-1])
        and not limit.default_only
    }
    assert ours == theirs
    assert bool(ours) == (version != "2007")


def test_what_limits_users_is_told_from_what_limits_connectors() -> None:
    shared = POLICY_BY_OPTION.keys() & BY_OPTION.keys()
    assert shared == {"message_rate_limit"}
    assert "anonymous relay" in POLICY_BY_OPTION["message_rate_limit"].description[0]
    assert "nothing to do with SMTP" in POLICY_BY_OPTION["anonymous_max_concurrency"].description[0]
