# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of the modules for one aspect: what they mean, and a sentence for every mistake."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnector, DesiredGrant
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import (
    parse_receive_connector,
    parse_receive_connector_permission,
    parse_receive_connector_throttling,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import ANY_RECIPIENT, SUBMIT


def connector(**options: Any) -> DesiredConnector:
    [found] = parse_receive_connector({"name": "Relay {server}", **options}, "EX1")
    return found


def permission(*grants: Any, **options: Any) -> DesiredConnector:
    [found] = parse_receive_connector_permission({"connector": "Relay {server}", "grants": grants, **options}, "EX1")
    return found


def throttling(**options: Any) -> DesiredConnector:
    [found] = parse_receive_connector_throttling({"connector": "Relay {server}", **options}, "EX1")
    return found


def test_only_what_was_given_is_managed() -> None:
    found = connector(comment="", fqdn=None, enabled=False)
    assert (found.name, found.aspect, found.method) == ("Relay EX1", "connector", None)
    assert found.values == {"comment": "", "enabled": False}


def test_what_is_to_go_needs_no_values() -> None:
    found = connector(state="absent", comment="x")
    assert (found.state, found.values) == ("absent", {})


def test_a_connector_may_be_told_by_its_former_name_or_its_guid() -> None:
    found = connector(previous_name="Scanner {server}")
    assert (found.name, found.previous_name, found.guid) == ("Relay EX1", "Scanner EX1", "")
    found = connector(guid=" {75D6AEB5-CD4A-4C58-AB2C-76304EA198AB} ", state="absent")
    assert (found.guid, found.state) == ("75d6aeb5-cd4a-4c58-ab2c-76304ea198ab", "absent")


def test_usage_is_how_a_connector_is_made_and_no_value_of_it() -> None:
    assert connector().usage == "Custom"
    found = connector(usage="internet")
    assert (found.usage, found.values) == ("Internet", {})
    assert connector(usage="Partner", state="absent").usage == "Custom"


def test_throttling_is_a_profile_and_values() -> None:
    found = throttling(profile="guarded", max_inbound_connection="unlimited")
    assert (found.name, found.aspect, found.profile) == ("Relay EX1", "throttling", "guarded")
    assert found.values == {"max_inbound_connection": "unlimited"}


def test_grants_are_read_with_their_usual_spelling() -> None:
    found = permission(
        {"principal": " LAB\\x ", "rights": ["ms-exch-smtp-submit", SUBMIT]},
        {"principal": "anonymous", "rights": [ANY_RECIPIENT], "deny": True, "state": "absent"},
        exclusive=True,
    )
    assert found.grants == (
        DesiredGrant("LAB\\x", (SUBMIT,)),
        DesiredGrant("anonymous", (ANY_RECIPIENT,), True, "absent"),
    )
    assert found.exclusive


@pytest.mark.parametrize(
    ("grant", "told"),
    [
        ("x", "grants[0]: 'x' is not a dictionary"),
        ({"rights": [SUBMIT]}, "grants[0].principal: null is not a principal"),
        ({"principal": " ", "rights": [SUBMIT]}, "is not a principal"),
        ({"principal": "a\nb", "rights": [SUBMIT]}, "control character"),
        ({"principal": "x"}, "grants[0].rights: no right is given"),
        ({"principal": "x", "rights": []}, "no right is given"),
        ({"principal": "x", "rights": ["SMTP-Submit"]}, "did you mean ms-Exch-SMTP-Submit?"),
        ({"principal": "x", "rights": ["ms-Exch-SMTP-Accept-Any-Recipents"]}, f"did you mean {ANY_RECIPIENT}?"),
        ({"principal": "x", "rights": ["ms-Exch-SMTP-Accept-XShadow"]}, "is reserved for Exchange's own servers"),
        ({"principal": "x", "rights": [5]}, "5 is not a right"),
        ({"principal": "x", "rights": [SUBMIT], "deny": "maybe"}, "'maybe' is neither true nor false"),
        ({"principal": "x", "rights": [SUBMIT], "state": "gone"}, "'gone' is neither present nor absent"),
        ({"principal": "x", "rights": [SUBMIT], "user": "y"}, "'user' is not an option here"),
    ],
)
def test_a_wrong_grant_gets_one_sentence(grant: Any, told: str) -> None:
    with pytest.raises(InputError) as caught:
        permission(grant)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_right_cannot_be_wanted_and_not_wanted() -> None:
    wanted = {"principal": "LAB\\x", "rights": [SUBMIT]}
    with pytest.raises(InputError, match="declared present and absent"):
        permission(wanted, {**wanted, "principal": "lab\\X", "state": "absent"})
    assert permission(wanted, {**wanted, "deny": True, "state": "absent"})


@pytest.mark.parametrize(
    ("parse", "options", "told"),
    [
        (connector, {"name": ""}, "name: '' is empty"),
        (connector, {"name": None}, "name: null is not text"),
        (connector, {"name": "x" * 65}, "name: "),
        (connector, {"usage": "Relay"}, "usage: 'Relay' is not one of Custom, Client"),
        (connector, {"guid": "75d6aeb5"}, "guid: '75d6aeb5' is not a GUID"),
        (connector, {"guid": 5}, "guid: 5 is not a GUID"),
        (connector, {"previous_name": ""}, "previous_name: '' is empty"),
        (connector, {"previous_name": "relay {server}"}, "previous_name: 'relay EX1' is the connector's name already"),
        (connector, {"previous_name": "Old", "state": "absent"}, "previous_name: a connector that is to go"),
        (
            connector,
            {"previous_name": "Old", "guid": "75d6aeb5-cd4a-4c58-ab2c-76304ea198ab"},
            "previous_name: the guid tells already",
        ),
        (connector, {"state": "gone"}, "state: 'gone' is neither present nor absent"),
        (connector, {"bindings": "25"}, "bindings: '25'"),
        (connector, {"permission_groups": "Custom"}, "permission_groups: Custom is only shown by Exchange"),
        (throttling, {}, "neither a profile nor a throttle value is given"),
        (throttling, {"profile": "garded"}, "did you mean guarded?"),
        (throttling, {"connector": None, "profile": "guarded"}, "connector: null is not text"),
        (throttling, {"max_hop_count": 501}, "max_hop_count: 501 is not between 1 and 500"),
        (permission, {"grants": "x"}, "grants: 'x' is not a list"),
        (permission, {"grants": None}, "grants: null is not a list"),
    ],
)
def test_a_wrong_option_gets_one_sentence(parse: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(**options)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
