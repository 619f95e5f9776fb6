# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collection's table of properties and the lab's, both written from the documents, say the same.

Neither imports the other; where they differ, one of them has misread something.
"""

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, PROPERTIES, Property
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.usages import USAGES, seeds_of
from exchange_lab.organization import usages as lab_usages
from exchange_lab.organization.properties import BY_NAME

# What names a connector, and how it is made, is no property of it in the lab's table.
NOT_IN_THE_LABS_TABLE = {"Name", "Usage"}
# Limits that no source gives. The collection keeps the type's own there, and the lab has none.
WITHOUT_A_SOURCE = {"AuthTarpitInterval", "MaxAcknowledgementDelay"}
ROWS = tuple(row for row in PROPERTIES if row.exchange not in NOT_IN_THE_LABS_TABLE)
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.exchange)


def test_both_know_the_same_properties() -> None:
    writable = {name for name, item in BY_NAME.items() if item.on_new or item.on_set}
    assert writable == {row.exchange for row in ROWS}


@every_row
def test_both_know_the_same_versions_and_cmdlets(row: Property) -> None:
    item = BY_NAME[row.exchange]
    assert (row.on_new, row.on_set) == (item.on_new, item.on_set)
    assert (row.since, row.until, row.on_edge) == (item.since, item.until, item.on_edge)


@every_row
def test_both_know_the_same_limits(row: Property) -> None:
    item = BY_NAME[row.exchange]
    if row.kind not in ("int", "unlimited", "size", "timespan"):
        return
    unit = 10_000_000 if row.kind == "timespan" else 1
    assert row.minimum is not None
    assert row.maximum is not None
    assert row.minimum * unit == item.minimum
    if row.exchange in WITHOUT_A_SOURCE:
        assert item.maximum is None
    else:
        assert row.maximum * unit == item.maximum


def test_both_know_the_same_usages() -> None:
    for name, usage in USAGES.items():
        other = lab_usages.USAGES[name]
        known_on_edge = BY_OPTION["usage"].knows_word(name, "SE", is_edge=True)
        assert known_on_edge == other.on_edge
        for is_edge in (False, True) if known_on_edge else (False,):
            seeds = seeds_of(name, is_edge)
            assert seeds["permission_groups"] == other.seeded_groups(is_edge)
            assert seeds["auth_mechanism"] == set(other.mechanisms.split(","))
        for option, wanted in (("bindings", other.bindings), ("remote_ip_ranges", other.ranges)):
            assert (option in usage.needs) == (wanted == "required"), (name, option)
            assert (option in usage.fixed) == (wanted == "forbidden"), (name, option)
            assert (option in usage.later) == (wanted == "optional"), (name, option)
    assert set(USAGES) == set(lab_usages.USAGES)
