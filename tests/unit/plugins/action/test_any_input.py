# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever somebody writes, before a session is opened it is either taken or refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.module_utils import _argument_spec as specs
from ansible_collections.mailrelay.exchange.plugins.module_utils._throttling_policy_properties import POLICY_BY_OPTION
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.arguments import Rules, validate
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay import options as aspects
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import parse_accepted, parse_safety
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.sources import parse_source_groups
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.throttling_policy import parse_throttling_policy

TODAY = date(2026, 11, 21)
TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "10.0.0.1",
        "10.0.0.0/24",
        "10.0.0.9-10.0.0.1",
        "fe80::1%x",
        "::",
        "0.0.0.0:25",
        "[::]:25",
        "Tls",
        "none",
        "00:05:00",
        "1:00",
        "36MB",
        "unlimited",
        "anonymous",
        "guarded",
        "payroll",
        "\ud800",
        "\u0661\u0660.0.0.1",
        "{server}",
        "{",
        "9" * 5000,
        "contoso.com:AcceptOorgProtocol",
        "<I>CN=x<S>CN=y",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.dates() | st.datetimes() | st.binary()


def nested(keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Scalars, lists of them, and dictionaries with the given keys and with others."""
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | TEXTS | st.integers(), inner, max_size=3),
        max_leaves=6,
    )


def words(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from(names)


VALUES = nested(words("add", "remove", "set"))
SERVICES = st.dictionaries(
    TEXTS,
    st.dictionaries(
        words(*specs.SERVICE_SPEC),
        nested(words("add", "remove", "set", "connectors", "profile", "bindings", "fqdn", "open_relay")),
        max_size=4,
    )
    | VALUES,
    max_size=3,
)
GROUPS = st.dictionaries(
    TEXTS,
    st.dictionaries(
        words("addresses", "owner", "ticket", "reason", "expires", "file", "content"),
        nested(words("address", "expires", "owner")),
        max_size=3,
    )
    | VALUES,
    max_size=3,
)


def refused_in_a_sentence(work: Callable[[], object]) -> None:
    """Do the work; it may fail with an InputError that is one sentence, and with nothing else."""
    try:
        work()
    except InputError as error:
        sentence = str(error)
        assert len(sentence.splitlines()) == 1, sentence
        assert sentence.endswith((".", ")", "?")), sentence
        sentence.encode("utf-8")


PARSERS: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any], str], object]]] = {
    "receive_connector": (specs.RECEIVE_CONNECTOR_SPEC, aspects.parse_receive_connector),
    "receive_connector_permission": (
        specs.RECEIVE_CONNECTOR_PERMISSION_SPEC,
        aspects.parse_receive_connector_permission,
    ),
    "receive_connector_throttling": (
        specs.RECEIVE_CONNECTOR_THROTTLING_SPEC,
        aspects.parse_receive_connector_throttling,
    ),
}
SLOW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("module", PARSERS)
@SLOW
@given(data=st.data())
def test_options_of_a_connector(module: str, data: st.DataObject) -> None:
    spec, parse = PARSERS[module]
    keys = nested(words("principal", "rights", "deny", "state", "max_addresses", "max_removed", "open_relay", "add"))
    given_options = data.draw(st.dictionaries(words(*spec), keys, max_size=4))
    required = {"name": "Scanners", "connector": "Scanners", "grants": [{"principal": "anonymous", "rights": ["x"]}]}
    given_options = {**{name: value for name, value in required.items() if name in spec}, **given_options}

    def work() -> None:
        validated, _hidden = validate(spec, given_options, module, Rules())
        parse(validated, "EX1")
        parse_accepted(validated["accept_findings"], "accept_findings")
        if "safety" in validated:
            parse_safety(validated["safety"])

    refused_in_a_sentence(work)


@SLOW
@given(st.dictionaries(words(*specs.THROTTLING_POLICY_SPEC), VALUES, max_size=4))
def test_options_of_a_throttling_policy(given_options: dict[str, Any]) -> None:
    def work() -> None:
        options = {"name": "Relay automation", **given_options}
        validated, _hidden = validate(
            specs.THROTTLING_POLICY_SPEC, options, "throttling_policy", Rules(), POLICY_BY_OPTION
        )
        parse_throttling_policy(validated)

    refused_in_a_sentence(work)


@SLOW
@given(SERVICES | VALUES, GROUPS | VALUES, nested(TEXTS), nested(words(*specs.SAFETY_SPEC, "count", "percent")))
def test_services(services: object, groups: object, protected: object, safety: object) -> None:
    def work() -> None:
        given_options = {
            "services": services,
            "source_groups": groups,
            "protected_addresses": protected,
            "safety": safety,
        }
        validated, _hidden = validate(specs.RELAY_SPEC, given_options, "relay", Rules())
        parse_services(*(validated[name] for name in given_options), "EX1", TODAY)

    refused_in_a_sentence(work)


@SLOW
@given(SERVICES)
def test_services_alone(services: object) -> None:
    groups = {"payroll": {"addresses": ["10.0.0.1"]}}
    refused_in_a_sentence(lambda: parse_services(services, groups, None, None, "EX1", TODAY))


@SLOW
@given(GROUPS)
def test_source_groups(groups: object) -> None:
    refused_in_a_sentence(lambda: parse_source_groups(groups))
