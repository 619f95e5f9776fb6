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
    groups = parse_source_groups({"legacy": {"file": "legacy.csv", "content": "address\n10.0.0.1\n10.0.0.2\n"}})
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
        ([None], "null"),
        ({"payroll": 1}, "'payroll' is not known here; the mapping takes add, remove and set"),
        ({}, "the mapping is empty"),
        ({"set": None, "add": None}, "the mapping is empty"),
        ({"set": ["payroll"], "add": ["printers"]}, "set gives the whole list; take out add and remove"),
        ({"add": ["payroll"], "remove": ["10.20.4.11"]}, "10.20.4.11 (payroll/pay01, hr-it@contoso.com) is in add and"),
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
        (["10.0.0.1"], "is not a dictionary"),
        (None, "is not a dictionary"),
        ({}, "neither addresses nor file"),
        ({"addresses": None}, "neither addresses nor file"),
        ({"addresses": ["10.0.0.1"], "file": "x"}, "both addresses and file"),
        ({"file": "sources/legacy.csv"}, "the file 'sources/legacy.csv' has not been read"),
        ({"adresses": ["10.0.0.1"]}, "'adresses' is not an option here; did you mean addresses?"),
        ({"addresses": ""}, "the text is empty"),
        ({"addresses": {}}, "{} names nobody; write addresses, or [] when there are none"),
        ({"addresses": [","]}, "[','] names nobody"),
        ({"addresses": 5}, "neither a list, a mapping nor text"),
        ({"addresses": [["10.0.0.1"]]}, "is not text"),
        ({"addresses": {"a": None}}, "source_groups.g.addresses.a: null is not text"),
        ({"addresses": {"a": {"addres": "10.0.0.1"}}}, "did you mean address?"),
        ({"addresses": {"a": {"address": "10.0.0.1", "expires": "31.03.2027"}}}, "'31.03.2027' is not a date"),
        ({"addresses": {"a": {"address": "10.0.0.1", "expires": 2027}}}, "2027 is not a date"),
        ({"addresses": {"a": {"address": "10.0.0.1", "expires": "2027-02-30"}}}, "'2027-02-30' is not a date"),
        ({"addresses": {"a": {"address": "10.0.0.1", "expires": "20270331"}}}, "'20270331' is not a date"),
        ({"addresses": [], "expires": "soon"}, "source_groups.g.expires: 'soon' is not a date"),
        ({"file": "x.csv", "content": ["10.0.0.1"]}, "source_groups.g.content: ['10.0.0.1'] is not the text of the"),
        ({"addresses": [], "owner": ["x"]}, "owner: ['x'] is not text"),
        ({"addresses": {5: "10.0.0.1"}}, "the key 5 is not text"),
    ],
)
def test_a_wrong_group_gets_one_sentence(group: object, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_source_groups({"g": group})
    assert told in str(caught.value)
    assert str(caught.value).startswith("source_groups.g")


@pytest.mark.parametrize(
    ("sources", "where"),
    [
        ({"set": ""}, "services.a.sources.set: the list of sources is empty"),
        ({"add": " \n"}, "services.a.sources.add: the list of sources is empty"),
        ({"add": ["payroll"], "remove": ""}, "services.a.sources.remove: the list of sources is empty"),
        ({"remove": {}}, "services.a.sources.remove: {} is neither text nor a list"),
        ({"add": ["10.0.0.999"]}, "services.a.sources.add: '10.0.0.999'"),
        (["payroll", ""], "services.a.sources: the list has an empty entry"),
        (["payroll", None], "services.a.sources: the entry "),
    ],
)
def test_a_variable_that_holds_nothing_never_looks_like_an_empty_list(sources: object, where: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_sources(sources, parse_source_groups(GROUPS), TODAY, "services.a.sources")
    assert str(caught.value).startswith(where)


def test_set_is_the_same_as_a_list() -> None:
    groups = parse_source_groups(GROUPS)
    listed = resolve_sources(["payroll", "10.9.9.9"], groups, TODAY, "sources")
    assert resolve_sources({"set": "payroll\n10.9.9.9"}, groups, TODAY, "sources") == listed
    assert listed.value == listed.ranges and not listed.nobody
    assert resolve_sources({"set": []}, groups, TODAY, "sources").nobody


def test_add_and_remove_change_the_list_that_is_there() -> None:
    declared = {"add": ["printers", "10.9.9.9"], "remove": "payroll, 10.8.8.8"}
    found = resolve_sources(declared, parse_source_groups(GROUPS), TODAY, "sources")
    assert texts(found) == ["10.31.0.0/24", "10.32.0.1", "10.9.9.9"]
    assert found.value is found.change and found.change is not None
    assert found.change.add == found.ranges
    assert sorted(map(str, found.change.remove)) == ["10.20.4.11", "10.20.4.12", "10.8.8.8"]


@pytest.mark.parametrize("declared", [{"remove": ["10.8.8.8"]}, {"add": []}, {"add": [], "remove": []}])
def test_a_change_never_says_that_nobody_may_relay(declared: dict[str, Any]) -> None:
    assert not resolve_sources(declared, {}, TODAY, "sources").nobody


def test_expired_sources_leave_when_somebody_says_so_and_are_told_of_still() -> None:
    groups = parse_source_groups(GROUPS)
    found = resolve_sources(["payroll", "10.9.9.9"], groups, date(2026, 11, 21), "sources", "remove")
    assert texts(found) == ["10.20.4.11", "10.9.9.9"] and found.expired == ()
    assert [entry.label for entry in found.removed] == ["10.20.4.12 (payroll/pay02, hr-it@contoso.com)"]
    kept = resolve_sources(["payroll"], groups, date(2026, 11, 20), "sources", "remove")
    assert texts(kept) == ["10.20.4.11", "10.20.4.12"] and kept.removed == ()


def test_an_expired_source_that_would_be_added_is_taken_off_the_connector() -> None:
    found = resolve_sources({"add": ["payroll"]}, parse_source_groups(GROUPS), TODAY, "sources", "remove")
    assert found.change is not None
    assert [str(entry) for entry in found.change.add] == ["10.20.4.11"]
    assert [str(entry) for entry in found.change.remove] == ["10.20.4.12"]


@pytest.mark.parametrize(
    ("day", "expiring"),
    [(date(2026, 10, 20), []), (date(2026, 10, 21), ["10.20.4.12"]), (date(2026, 11, 20), ["10.20.4.12"]), (TODAY, [])],
)
def test_sources_are_told_of_thirty_days_before_their_last(day: date, expiring: list[str]) -> None:
    assert [str(entry.range) for entry in resolved("payroll", today=day).expiring] == expiring


@pytest.mark.parametrize("order", [["old", "new"], ["new", "old"], ["old", "10.0.0.1"], ["10.0.0.1", "old"]])
def test_an_address_stays_as_long_as_anybody_needs_it(order: list[str]) -> None:
    groups = parse_source_groups(
        {
            "old": {"addresses": [{"address": "10.0.0.1", "expires": "2026-01-31"}]},
            "new": {"addresses": [{"address": "10.0.0.1/32", "expires": "2027-12-31"}]},
        }
    )
    found = resolve_sources(order, groups, TODAY, "sources", "remove")
    assert texts(found) == ["10.0.0.1"] and found.expired == found.removed == ()


def test_a_group_may_expire_as_a_whole_and_an_address_may_know_better() -> None:
    late = {"address": "10.0.0.2", "expires": "2027-01-31"}
    groups = parse_source_groups({"g": {"expires": date(2026, 11, 1), "addresses": ["10.0.0.1", late]}})
    found = resolve_sources(["g"], groups, TODAY, "sources")
    assert [str(entry.range) for entry in found.expired] == ["10.0.0.1"]


def test_groups_that_are_parsed_already_stay_as_they_are() -> None:
    groups = parse_source_groups(GROUPS)
    assert parse_source_groups(groups) == groups


def test_what_is_known_of_a_part() -> None:
    found = resolved("payroll", "10.9.9.9")
    first, part = found.parts([frozenset(), frozenset(entry.range for entry in found.entries[1:])])
    assert first == SourceList(())
    assert texts(part) == ["10.20.4.12", "10.9.9.9"] and texts(SourceList(part.expired)) == ["10.20.4.12"]
    assert part.label(part.entries[0].range) == "10.20.4.12 (payroll/pay02, hr-it@contoso.com)"


def test_a_group_cannot_be_named_like_an_address() -> None:
    with pytest.raises(InputError, match="must not look like an address"):
        parse_source_groups({"10.0.0.1": {"addresses": ["10.0.0.2"]}})


def test_no_groups_are_no_mistake_and_no_mapping_is_one() -> None:
    assert parse_source_groups(None) == {}
    with pytest.raises(InputError, match="source_groups: 'x' is not a dictionary"):
        parse_source_groups("x")
