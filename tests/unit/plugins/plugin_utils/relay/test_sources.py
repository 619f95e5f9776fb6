# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Source groups and their resolution: survey text, owners, expiry, and a sentence for every mistake."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.sources import (
    SourceList,
    parse_source_groups,
    resolve_sources,
)

TODAY = date(2026, 11, 21)
GROUPS: dict[str, Any] = {
    "payroll": {
        "owner": "hr-it@contoso.com",
        "ticket": "CHG0041233",
        "addresses": {"pay01": "10.20.4.11", "pay02": {"address": "10.20.4.12", "expires": "2026-11-20"}},
    },
    "printers": {"owner": "print@contoso.com", "addresses": ["10.31.0.0/24", {"address": "10.32.0.1", "name": "x"}]},
    "survey": {"addresses": "10.40.0.1, 10.40.0.2\n\n10.40.0.3-10.40.0.9 ;"},
    "none": {"addresses": []},
}


def resolved(*sources: str, today: date = TODAY) -> SourceList:
    return resolve_sources(list(sources), parse_source_groups(GROUPS), today, "sources")


def texts(found: SourceList) -> list[str]:
    return [str(entry.range) for entry in found.entries]


def test_groups_and_literal_addresses_add_up_in_order() -> None:
    found = resolved("payroll", "10.9.9.9", "printers")
    assert texts(found) == ["10.20.4.11", "10.20.4.12", "10.9.9.9", "10.31.0.0/24", "10.32.0.1"]
    assert found.entries[0].label == "10.20.4.11 (payroll/pay01, hr-it@contoso.com)"
    assert found.entries[0].ticket == "CHG0041233"
    assert found.entries[2].label == "10.9.9.9"
    assert found.entries[4].name == "x"


@pytest.mark.parametrize("sources", ["survey, 10.9.9.9", "survey\n10.9.9.9\n", "survey;10.9.9.9", ["survey,10.9.9.9"]])
def test_survey_text_is_a_list(sources: Any) -> None:
    found = resolve_sources(sources, parse_source_groups(GROUPS), TODAY, "sources")
    assert texts(found) == ["10.40.0.1", "10.40.0.2", "10.40.0.3-10.40.0.9", "10.9.9.9"]


def test_an_address_that_is_named_twice_counts_once() -> None:
    assert texts(resolved("10.20.4.11", "payroll", "10.20.4.11/32")) == ["10.20.4.11", "10.20.4.12"]


@pytest.mark.parametrize(("day", "expired"), [(20, []), (21, ["10.20.4.12"])])
def test_an_address_is_good_through_its_last_day_and_stays_afterwards(day: int, expired: list[str]) -> None:
    found = resolved("payroll", today=date(2026, 11, day))
    assert [str(entry.range) for entry in found.expired] == expired
    assert "10.20.4.12" in texts(found)


@pytest.mark.parametrize("written", ["2027-03-31", date(2027, 3, 31), datetime(2027, 3, 31, 12)])
def test_a_date_is_read_as_yaml_gives_it(written: object) -> None:
    groups = parse_source_groups({"a": {"addresses": [{"address": "10.0.0.1", "expires": written}]}})
    assert groups["a"].sources[0].expires == date(2027, 3, 31)


def test_nobody_is_only_declared_by_an_empty_list() -> None:
    assert resolve_sources([], {}, TODAY, "sources").entries == ()
    assert resolved("none").entries == ()


def test_a_file_is_what_the_caller_read_from_it() -> None:
    groups = parse_source_groups({"legacy": {"file": "legacy.csv", "content": "10.0.0.1\n10.0.0.2\n"}})
    assert [str(source.range) for source in groups["legacy"].sources] == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (None, "no sources are declared"),
        ("", "the list of sources is empty"),
        (" \n", "the list of sources is empty"),
        (["payrol"], "'payrol' is not defined; did you mean payroll?"),
        (["zzz"], "'zzz' is not defined; there is none, payroll, printers, survey."),
        (["10.0.0.256"], "10.0.0.256"),
        (["10.0.0.1 10.0.0.2"], "10.0.0.1 10.0.0.2"),
        (["10.0.0.0/0.0.0.255"], "10.0.0.0/0.0.0.255"),
        (["fe80::zz"], "fe80::zz"),
        ([12], "12"),
        ([None], "None"),
        ({"payroll": 1}, "neither text nor a list"),
        (17, "neither text nor a list"),
    ],
)
def test_wrong_sources_get_one_sentence(sources: object, told: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_sources(sources, parse_source_groups(GROUPS), TODAY, "services.a.sources")
    assert told in str(caught.value)
    assert str(caught.value).startswith("services.a.sources: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("group", "told"),
    [
        (["10.0.0.1"], "is not a mapping"),
        (None, "is not a mapping"),
        ({}, "neither addresses nor file"),
        ({"addresses": None}, "neither addresses nor file"),
        ({"addresses": ["10.0.0.1"], "file": "x"}, "both addresses and file"),
        ({"file": "sources/legacy.csv"}, "the file 'sources/legacy.csv' has not been read"),
        ({"adresses": ["10.0.0.1"]}, "'adresses' is not an option here; did you mean addresses?"),
        ({"addresses": ""}, "the text is empty"),
        ({"addresses": 5}, "neither a list, a mapping nor text"),
        ({"addresses": [["10.0.0.1"]]}, "is not text"),
        ({"addresses": {"a": None}}, "source_groups.g.addresses.a: None is not text"),
        ({"addresses": {"a": {"addres": "10.0.0.1"}}}, "did you mean address?"),
        ({"addresses": {"a": {"address": "10.0.0.1", "expires": "31.03.2027"}}}, "'31.03.2027' is not a date"),
        ({"addresses": {"a": {"address": "10.0.0.1", "expires": 2027}}}, "2027 is not a date"),
        ({"addresses": [], "owner": ["x"]}, "owner: ['x'] is not text"),
        ({"addresses": {5: "10.0.0.1"}}, "the key 5 is not text"),
    ],
)
def test_a_wrong_group_gets_one_sentence(group: object, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_source_groups({"g": group})
    assert told in str(caught.value)
    assert str(caught.value).startswith("source_groups.g")


def test_a_group_cannot_be_named_like_an_address() -> None:
    with pytest.raises(InputError, match="must not look like an address"):
        parse_source_groups({"10.0.0.1": {"addresses": ["10.0.0.2"]}})


def test_no_groups_are_no_mistake_and_no_mapping_is_one() -> None:
    assert parse_source_groups(None) == {}
    with pytest.raises(InputError, match="source_groups: 'x' is not a mapping"):
        parse_source_groups("x")
