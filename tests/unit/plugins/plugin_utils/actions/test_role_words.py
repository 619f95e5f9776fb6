# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A role's user hears of variables, not of the options of a module that the role calls."""

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.role_words import in_variables

VARIABLES = {"services": "relay_services", "source_groups": "relay_source_groups", "safety": "relay_safety"}
GROUPS = {"relay_source_groups": {"hr": {}}, "relay_source_groups_print": {"printers": {}, "10.0": {}}}
ACTION = "mailrelay.exchange.relay"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("services.a.sources: no.", "relay_services.a.sources: no."),
        (f"{ACTION}: services is missing.", "relay_services is missing."),
        (f"{ACTION}: safety: 5 is not a dictionary.", "relay_safety: 5 is not a dictionary."),
        ("source_groups: [] is not a dictionary.", "relay_source_groups: [] is not a dictionary."),
        ("source_groups.hr.addresses: no.", "relay_source_groups.hr.addresses: no."),
        ("source_groups.printers: no.", "relay_source_groups_print.printers: no."),
        ("source_groups.10.0.file: no.", "relay_source_groups_print.10.0.file: no."),
        ("source_groups.unknown: no.", "relay_source_groups.unknown: no."),
        ("servicesx: no.", "servicesx: no."),
        ("Connector 'services.a' on EX1: no.", "Connector 'services.a' on EX1: no."),
    ],
)
def test_the_option_is_named_as_its_variable(sentence: str, expected: str) -> None:
    assert in_variables(sentence, ACTION, VARIABLES, GROUPS) == expected
