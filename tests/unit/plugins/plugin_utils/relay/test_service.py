# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declared services: what they mean, and one sentence for every mistake before anything is asked of Exchange."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import IPRange, parse_range
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.splitting import bucket_of
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import ListChange

TODAY = date(2026, 11, 21)


def parsed(**service: Any) -> DesiredConnector:
    [found] = parse_services({"external": service}, None, None, None, "EX1", TODAY)
    return found


def refused(**service: Any) -> str:
    with pytest.raises(InputError) as caught:
        parsed(**service)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith("services.external")
    return text


def test_a_service_with_sources_alone_is_complete() -> None:
    found = parsed(sources=["10.20.9.5"])
    assert (found.name, found.method, found.state, found.service) == (
        "Relay external",
        "anonymous",
        "present",
        "external",
    )
    assert [str(entry) for entry in found.values["remote_ip_ranges"]] == ["10.20.9.5"]  # type: ignore[attr-defined]
    assert [str(entry) for entry in found.creation_values["bindings"]] == ["0.0.0.0:25"]  # type: ignore[attr-defined]
    assert found.values["enabled"] is True


def test_none_means_that_nobody_said_anything() -> None:
    nothing = dict.fromkeys(("connector_name", "method", "throttling", "connector", "accept_findings", "state"))
    assert parsed(sources=["10.20.9.5"], **nothing) == parsed(sources=["10.20.9.5"])
    assert parsed(sources=["10.20.9.5"], connector={"comment": None}) == parsed(sources=["10.20.9.5"])


def test_a_name_may_hold_the_server() -> None:
    assert parsed(sources=["10.20.9.5"], connector_name="Relay {server}").name == "Relay EX1"


def test_connector_options_and_throttling_are_values() -> None:
    found = parsed(
        sources=["10.20.9.5"],
        throttling={"profile": "guarded", "max_inbound_connection": 200},
        connector={"protocol_logging_level": "verbose", "bindings": "10.99.0.1:25", "enabled": False},
    )
    assert found.profile == "guarded"
    assert found.values["max_inbound_connection"] == 200
    assert found.values["protocol_logging_level"] == "Verbose"
    assert found.values["enabled"] is False


def test_a_service_for_nobody_is_switched_off() -> None:
    found = parsed(sources=[], connector={"enabled": True})
    assert found.values["enabled"] is False
    assert "remote_ip_ranges" not in found.values


def test_a_service_to_remove_needs_no_sources() -> None:
    found = parsed(state="absent", sources=None)
    assert (found.state, found.values, found.method) == ("absent", {}, None)


def test_nothing_declared_is_nothing_to_do() -> None:
    assert len(parse_services({}, None, None, None, "EX1", TODAY)) == 0


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ({}, "services.external.sources: no sources are declared"),
        ({"sources": ["10.0.0.1"], "method": "anonymus"}, "did you mean anonymous?"),
        ({"sources": ["10.0.0.1"], "sorces": []}, "did you mean sources?"),
        ({"sources": ["10.0.0.1"], "state": "gone"}, "'gone' is neither present nor absent"),
        ({"sources": ["10.0.0.1"], "throttling": "hihg_volume"}, "did you mean high_volume?"),
        ({"sources": ["10.0.0.1"], "throttling": 5}, "5 is not a dictionary"),
        ({"sources": ["10.0.0.1"], "throttling": {"profile": "x"}}, "services.external.throttling.profile"),
        ({"sources": ["10.0.0.1"], "throttling": {"comment": "x"}}, "'comment' is not an option here"),
        ({"sources": ["10.0.0.1"], "throttling": {"max_logon_failures": 11}}, "max_logon_failures: 11 is not between"),
        ({"sources": ["10.0.0.1"], "connector": {"bindngs": "x"}}, "did you mean bindings?"),
        ({"sources": ["10.0.0.1"], "connector": {"bindings": "25"}}, "services.external.connector: bindings: '25'"),
        ({"sources": ["10.0.0.1"], "connector": {"remote_ip_ranges": "10.0.0.2"}}, "says remote_ip_ranges as sources"),
        ({"sources": ["10.0.0.1"], "connector": {"name": "x"}}, "says name as connector_name"),
        ({"sources": ["10.0.0.1"], "connector": ["x"]}, "is not a dictionary"),
        ({"sources": ["10.0.0.1"], "connector": {"connection_timeout": 30}}, "connection_timeout: 30"),
        ({"sources": ["10.0.0.1"], "connector_name": "x" * 65}, "65 characters"),
        ({"sources": ["10.0.0.1"], "connector_name": "Relay {host}"}, "'{host}' is not known here; only {server} is"),
        ({"sources": ["10.0.0.1"], "connector_name": "a\nb"}, "control character"),
        ({"sources": ["10.0.0.1"], "connector_name": 5}, "5 is not text"),
        ({"sources": ["10.0.0.1"], "split": 3}, "services.external.split: 3 is not a "),
        ({"sources": ["10.0.0.1"], "split": {}}, "split.connectors: "),
        ({"sources": ["10.0.0.1"], "split": {"conectors": 3}}, "did you mean connectors?"),
        ({"sources": ["10.0.0.1"], "split": {"connectors": 0}}, "0 is not a whole number from 1 to 500"),
        ({"sources": ["10.0.0.1"], "split": {"connectors": 501}}, "501 is not a whole number from 1 to 500"),
        ({"sources": ["10.0.0.1"], "split": {"connectors": True}}, "is not a whole number from 1 to 500"),
        ({"sources": ["10.0.0.1"], "split": {"connectors": "two"}}, "'two' is not a whole number from 1 to 500"),
        ({"sources": {"add": ["10.0.0.1"]}, "split": {"connectors": 2}}, "sources: split spreads a whole list"),
        (
            {"sources": ["10.0.0.1"], "connector_name": "x" * 63, "split": {"connectors": 2}},
            "services.external.split (number 1): name: ",
        ),
        ({"sources": ["10.0.0.1"], "aggregate": "perhaps"}, "aggregate: 'perhaps' is neither true nor false"),
        ({"sources": ["10.0.0.1"], "aggregate": 1}, "aggregate: 1 is neither true nor false"),
        ({"sources": ["10.0.0.1"], "previous_connector_name": 5}, "previous_connector_name: 5 is not text"),
        (
            {"sources": ["10.0.0.1"], "previous_connector_name": "relay EXTERNAL"},
            "'relay EXTERNAL' is the connector's name already; take it out",
        ),
        ({"sources": {"set": []}, "connector": {"remote_ip_ranges": []}}, "says remote_ip_ranges as sources"),
        ({"sources": ["10.0.0.1"], "accept_findings": {"open_realy": "x"}}, "did you mean open_relay?"),
        ({"sources": ["10.0.0.1"], "accept_findings": {"open_relay": " "}}, "the reason is empty"),
        ({"sources": ["10.0.0.1"], "accept_findings": {"open_relay": None}}, "the reason is empty"),
        ({"sources": ["10.0.0.1"], "accept_findings": ["open_relay"]}, "is not a dictionary"),
        (
            {"sources": ["10.0.0.1"], "connector": {"permission_groups": ["ExchangeUsers"]}},
            "method anonymous needs AnonymousUsers",
        ),
        (
            {"sources": ["10.0.0.1"], "connector": {"auth_mechanism": ["Tls", "ExternalAuthoritative"]}},
            "ExternalAuthoritative is method externally_secured",
        ),
        (
            {"sources": ["10.0.0.1"], "method": "externally_secured", "connector": {"auth_mechanism": "Tls"}},
            "needs ExternalAuthoritative",
        ),
        (
            {"sources": ["10.0.0.1"], "method": "externally_secured", "connector": {"permission_groups": "None"}},
            "needs ExchangeServers",
        ),
    ],
)
def test_a_mistake_gets_one_sentence(service: dict[str, Any], told: str) -> None:
    assert told in refused(**service)


def spread(**service: Any) -> list[DesiredConnector]:
    return list(parse_services({"external": service}, None, None, None, "EX1", TODAY))


def many(count: int) -> str:
    return "\n".join(f"10.{n // 65536}.{n // 256 % 256}.{n % 256}" for n in range(1, 2 * count, 2))


def ranges_of(connector: DesiredConnector) -> frozenset[IPRange]:
    value = connector.values.get("remote_ip_ranges", frozenset())
    assert isinstance(value, frozenset)
    return value


def test_a_service_is_spread_over_numbered_connectors() -> None:
    found = spread(sources=many(60), split={"connectors": "3"}, throttling="guarded", connector_name="Relay {server}")
    assert [entry.name for entry in found] == ["Relay EX1 1", "Relay EX1 2", "Relay EX1 3"]
    assert [(entry.part, entry.parts) for entry in found] == [(1, 3), (2, 3), (3, 3)]
    assert {(entry.service, entry.method, entry.state, entry.profile) for entry in found} == {
        ("external", "anonymous", "present", "guarded")
    }
    assert [entry.previous_name for entry in found] == ["Relay EX1", "", ""]
    assert sum(len(ranges_of(entry)) for entry in found) == 60 and all(ranges_of(entry) for entry in found)
    for entry in found:
        assert entry.sources is not None and entry.sources.ranges == ranges_of(entry)
        assert entry.values["enabled"] is True


def test_a_connector_that_would_get_no_source_is_not_there_and_another_takes_over() -> None:
    alone = next(n for n in range(1, 50) if bucket_of(parse_range(f"10.0.0.{n}", "x"), 3) == 2)
    found = spread(sources=[f"10.0.0.{alone}"], split={"connectors": 3}, previous_connector_name="Old relay")
    assert [entry.state for entry in found] == ["absent", "present", "absent"]
    assert [entry.previous_name for entry in found] == ["Old relay 1", "Old relay", "Old relay 3"]
    assert [entry.part for entry in found] == [1, 2, 3]


def test_sources_that_overlap_in_part_are_cut_where_they_are_on_different_connectors() -> None:
    declared = ["10.0.0.0-10.0.0.9", {"address": "10.0.0.5-10.0.0.20", "name": "second"}]
    groups = {"g": {"addresses": declared}}
    for connectors in range(2, 9):
        services = {"external": {"sources": ["g"], "split": {"connectors": connectors}}}
        found = [entry for entry in parse_services(services, groups, None, None, "EX1", TODAY) if entry.sources]
        assert sorted(str(one) for entry in found for one in ranges_of(entry)) == [
            "10.0.0.0-10.0.0.9",
            "10.0.0.10-10.0.0.20",
        ]
        labels = [source.label for entry in found if entry.sources for source in entry.sources.entries]
        assert "10.0.0.10-10.0.0.20 (g/second)" in labels
    assert len(ranges_of(spread(sources=["10.0.0.0-10.0.0.9", "10.0.0.5-10.0.0.20"])[0])) == 2


def test_a_spread_service_for_nobody_is_switched_off_as_a_whole() -> None:
    found = spread(sources=[], split={"connectors": 2})
    assert [entry.state for entry in found] == ["present", "present"]
    assert [entry.values["enabled"] for entry in found] == [False, False]
    assert all(entry.sources is not None and entry.sources.nobody for entry in found)


def test_a_spread_service_is_removed_as_a_whole() -> None:
    found = spread(state="absent", split={"connectors": 2})
    assert [(entry.name, entry.state) for entry in found] == [
        ("Relay external", "absent"),
        ("Relay external 1", "absent"),
        ("Relay external 2", "absent"),
    ]


def test_too_few_connectors_are_told_with_the_number_that_does() -> None:
    told = refused(sources=many(2500), split={"connectors": 2})
    assert told.startswith("services.external.split: 2500 sources over 2 connectors would put ")
    assert told.endswith("and 1000 is the most for one; set connectors to 3.")
    assert len(spread(sources=many(2500), split={"connectors": 3})) == 3


def test_more_sources_than_one_connector_holds_are_told_before_anything_is_asked() -> None:
    told = refused(sources=many(1201))
    assert told == (
        "services.external.sources: 1201 sources (1201 when aggregated) are more than the 1200 entries that one "
        "connector can have; spread them with split: {connectors: 2}."
    )
    assert len(ranges_of(parsed(sources=many(1200)))) == 1200


def test_neighbours_may_be_merged_to_fit_where_nobody_forbids_it() -> None:
    neighbours = [f"10.0.{n // 256}.{n % 256}" for n in range(1, 1301)]
    assert parsed(sources=neighbours).aggregate is None
    assert parsed(sources=neighbours, aggregate="yes").aggregate is True
    assert "allow aggregate, which makes 1 of them" in refused(sources=neighbours, aggregate=False)


def test_a_change_of_the_list_that_is_there_is_a_change() -> None:
    found = parsed(sources={"add": ["10.0.0.1"], "remove": ["10.0.0.2"]})
    value = found.values["remote_ip_ranges"]
    assert isinstance(value, ListChange)
    assert [str(entry) for entry in value.add] == ["10.0.0.1"] and [str(entry) for entry in value.remove] == [
        "10.0.0.2"
    ]
    assert found.values["enabled"] is True and found.sources is not None and found.sources.change is value


def test_expired_sources_leave_only_when_the_safety_says_so() -> None:
    groups = {"old": {"expires": date(2026, 11, 20), "addresses": ["10.0.0.1"]}}
    services = {"external": {"sources": ["old", "10.0.0.2"]}}
    counts = [
        len(ranges_of(next(iter(parse_services(services, groups, None, safety, "EX1", TODAY)))))
        for safety in (None, {"expired": "report"}, {"expired": "remove"})
    ]
    assert counts == [2, 2, 1]


def test_a_connector_may_have_had_another_name() -> None:
    assert parsed(sources=["10.0.0.1"], previous_connector_name="Old {server}").previous_name == "Old EX1"


def test_a_numbered_connector_cannot_be_another_services_too() -> None:
    services = {
        "a": {"sources": ["10.0.0.1"], "connector_name": "Relay", "split": {"connectors": 2}},
        "b": {"sources": ["10.0.0.2"], "connector_name": "RELAY 2"},
    }
    with pytest.raises(InputError, match="a and b both name the connector 'RELAY 2'"):
        parse_services(services, None, None, None, "EX1", TODAY)


def test_a_service_cannot_take_over_the_connector_of_another() -> None:
    services = {
        "a": {"sources": ["10.0.0.1"], "connector_name": "Relay"},
        "b": {"sources": ["10.0.0.2"], "connector_name": "relay", "split": {"connectors": 2}},
    }
    with pytest.raises(InputError, match="b takes over the connector 'relay', which is the connector_name of a; give"):
        parse_services(services, None, None, None, "EX1", TODAY)
    services["b"] = {"sources": ["10.0.0.2"], "connector_name": "New", "previous_connector_name": "RELAY"}
    with pytest.raises(InputError, match="b takes over the connector 'RELAY'"):
        parse_services(services, None, None, None, "EX1", TODAY)


def test_two_services_cannot_share_a_connector() -> None:
    one = {"sources": ["10.0.0.1"], "connector_name": "Relay"}
    with pytest.raises(InputError, match="a and b both name the connector 'RELAY'"):
        parse_services({"a": one, "b": {**one, "connector_name": "RELAY"}}, None, None, None, "EX1", TODAY)


@pytest.mark.parametrize(
    ("services", "groups", "protected", "safety", "told"),
    [
        (None, None, None, None, "services: null is not a dictionary"),
        ([], None, None, None, "services: [] is not a dictionary"),
        ({"a": None}, None, None, None, "services.a: null is not a dictionary"),
        ({}, [], None, None, "source_groups: [] is not a dictionary"),
        ({}, None, {"edge": ["x"]}, None, "protected_addresses.edge: 'x'"),
        ({}, None, None, {"max_addresses": 0}, "safety.max_addresses: 0"),
        ({}, None, None, {"max_addreses": 5}, "did you mean max_addresses?"),
    ],
)
def test_a_mistake_around_the_services_is_found_too(
    services: Any, groups: Any, protected: Any, safety: Any, told: str
) -> None:
    with pytest.raises(InputError) as caught:
        parse_services(services, groups, protected, safety, "EX1", TODAY)
    assert told in str(caught.value)
