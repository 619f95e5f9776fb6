# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declared services: what they mean, and one sentence for every mistake before anything is asked of Exchange."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services

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


@pytest.mark.parametrize("method", ["authenticated", "internal"])
def test_a_method_of_a_later_release_says_so(method: str) -> None:
    assert "does not build yet" in refused(method=method, sources=["10.20.9.5"])


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
        ({"sources": ["10.0.0.1"], "connector_name": "Relay {host}"}, "{host} is not known here; only {server} is"),
        ({"sources": ["10.0.0.1"], "connector_name": "a\nb"}, "control character"),
        ({"sources": ["10.0.0.1"], "connector_name": 5}, "5 is not text"),
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
