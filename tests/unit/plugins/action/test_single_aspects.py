# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The modules for people who compose their own: the same planner, limited to one aspect of one connector."""

from __future__ import annotations

from typing import Any

import pytest

SCANNERS: dict[str, Any] = {
    "name": "Scanners",
    "bindings": ["0.0.0.0:25"],
    "remote_ip_ranges": ["127.0.0.10", "127.0.0.32/28"],
    "permission_groups": ["AnonymousUsers"],
    "auth_mechanism": ["Tls"],
}
RELAY = [{"principal": "anonymous", "rights": ["ms-Exch-SMTP-Accept-Any-Recipient"]}]


def connector(actions: Any, name: str = "Scanners") -> dict[str, Any]:
    """The connector as the info module shows it."""
    [found] = actions("receive_connector_info", name=name)["receive_connectors"]
    return dict(found)


def five_steps(actions: Any, module: str, **options: Any) -> dict[str, Any]:
    """Check mode, nothing changed, run, and run again; returns the result of the run."""
    mark = actions.mark()
    checked = actions(module, check=True, **options)
    assert checked["changed"] and not checked.get("failed"), checked
    assert actions.writes(mark) == []
    ran = actions(module, **options)
    assert ran["changed"] and ran["commands"] == checked["commands"], ran
    assert actions.writes(mark) == [command.split()[0] for command in ran["commands"]]
    mark = actions.mark()
    again = actions(module, **options)
    assert not again["changed"] and again["commands"] == []
    assert actions.writes(mark) == []
    return dict(ran)


def test_a_connector_is_created_changed_and_removed(actions: Any) -> None:
    five_steps(actions, "receive_connector", **SCANNERS)
    assert connector(actions)["options"]["permission_groups"] == ["AnonymousUsers"]

    ran = five_steps(
        actions,
        "receive_connector",
        name="Scanners",
        remote_ip_ranges={"add": "127.0.0.11", "remove": ["127.0.0.10"]},
        protocol_logging_level="verbose",
    )
    assert [change["property"] for change in ran["changes"]] == ["remote_ip_ranges", "protocol_logging_level"]
    options = connector(actions)["options"]
    assert options["remote_ip_ranges"] == ["127.0.0.11", "127.0.0.32/28"]
    assert options["protocol_logging_level"] == "Verbose"
    assert options["permission_groups"] == ["AnonymousUsers"], "what is not named is left alone"

    five_steps(actions, "receive_connector", name="Scanners", state="absent")
    assert actions("receive_connector_info", name="Scanners")["receive_connectors"] == []


def test_a_right_is_granted_and_taken_away(actions: Any) -> None:
    actions("receive_connector", **SCANNERS)
    ran = five_steps(actions, "receive_connector_permission", connector="Scanners", grants=RELAY)
    assert ran["commands"][0].startswith("Add-ADPermission ")
    [grant] = connector(actions)["permissions"]["grants"]
    assert {name: grant[name] for name in RELAY[0]} == RELAY[0]
    ran = five_steps(
        actions, "receive_connector_permission", connector="Scanners", grants=[{**RELAY[0], "state": "absent"}]
    )
    assert ran["commands"][0].startswith("Remove-ADPermission ")
    assert connector(actions)["permissions"]["grants"] == []


def test_a_right_to_relay_for_a_range_that_is_too_wide_is_refused(actions: Any) -> None:
    actions("receive_connector", **{**SCANNERS, "remote_ip_ranges": ["10.0.0.0/8"]})
    mark = actions.mark()
    refused = actions("receive_connector_permission", connector="Scanners", grants=RELAY)
    assert refused["failed"] and "[open_relay]" in refused["msg"]
    assert actions.writes(mark) == []


@pytest.mark.parametrize(
    ("principal", "right"),
    [("anonymous", "ms-Exch-Bypass-Anti-Spam"), ("authenticated_users", "ms-Exch-SMTP-Accept-Any-Sender")],
)
def test_more_than_relay_for_everybody_has_to_be_meant(actions: Any, principal: str, right: str) -> None:
    actions("receive_connector", **SCANNERS)
    wanted = {"connector": "Scanners", "grants": [{"principal": principal, "rights": [right]}]}
    mark = actions.mark()
    refused = actions("receive_connector_permission", **wanted)
    assert refused["failed"] and "[excessive_rights]" in refused["msg"] and right in refused["msg"]
    assert actions.writes(mark) == []
    accepted = {"excessive_rights": "only the scanners reach it"}
    five_steps(actions, "receive_connector_permission", **wanted, accept_findings=accepted)
    [found] = [one for one in connector(actions)["findings"] if one["id"] == "excessive_rights"]
    assert found["severity"] == "warning"


def test_throttling_takes_a_profile_and_single_values_on_top(actions: Any) -> None:
    actions("receive_connector", **SCANNERS)
    five_steps(
        actions,
        "receive_connector_throttling",
        connector="Scanners",
        profile="guarded",
        max_inbound_connection_per_source="200",
    )
    options = connector(actions)["options"]
    assert (options["max_inbound_connection_per_source"], options["message_rate_limit"]) == (200, 600)


def test_throttling_asks_for_no_address_and_no_access_list(actions: Any) -> None:
    actions("receive_connector", **SCANNERS)
    mark = actions.mark()
    actions("receive_connector_throttling", connector="Scanners", profile="high_volume")
    assert not {"Get-NetworkConnectionInfo", "Get-ADPermission"} & set(actions.reads(mark))


@pytest.mark.parametrize(
    ("module", "options", "sentence"),
    [
        ("receive_connector", {"name": "New"}, "bindings"),
        ("receive_connector", {**SCANNERS, "tarpit_interval": "30"}, "tarpit_interval: '30'"),
        ("receive_connector", {**SCANNERS, "colour": "blue"}, "'colour' is not an option here"),
        (
            "receive_connector",
            {**SCANNERS, "remote_ip_ranges": {"append": []}},
            "remote_ip_ranges: 'append' is not known",
        ),
        ("receive_connector_permission", {"connector": "Nobody", "grants": RELAY}, "Nobody"),
        ("receive_connector_permission", {"connector": "Scanners"}, "grants is missing; give it a value."),
        ("receive_connector_throttling", {"connector": "Nobody", "profile": "guarded"}, "Nobody"),
        ("receive_connector_throttling", {"connector": "Scanners", "profile": "fast"}, "profile"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(
    actions: Any, module: str, options: dict[str, Any], sentence: str
) -> None:
    result = actions(module, **options)
    assert result["failed"] and not result["changed"]
    assert sentence in result["msg"] and "\n" not in result["msg"]
    assert actions.writes() == []


def test_a_default_connector_is_not_removed(actions: Any) -> None:
    result = actions("receive_connector", name="Default Frontend EX1", state="absent")
    assert result["failed"] and "[default_connector]" in result["msg"]
    assert actions.writes() == []


def test_check_mode_plans_for_a_connector_that_an_earlier_task_would_create(actions: Any) -> None:
    result = actions("receive_connector_throttling", check=True, connector="Scanners", profile="guarded")
    assert result["changed"] and result["commands"]
    assert actions.writes() == []
