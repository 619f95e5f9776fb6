# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a plan changes, as a module returns it: exact, readable, and small."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.result import writer_result

from .rollouts import relay, rolled_out
from .simulated_exchange import DC, SimulatedExchange


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def changed(server: SimulatedExchange, **service: Any) -> dict[str, dict[str, Any]]:
    changes = writer_result(relay(server, **service), None)["changes"]
    assert isinstance(changes, list)
    assert all(change["connector"] == "Relay a" for change in changes)
    return {change["property"]: change for change in changes}


def test_a_new_connector_lists_what_it_gets(server: SimulatedExchange) -> None:
    changes = changed(server, sources=["10.0.0.1"], connector={"comment": "x"})
    assert (changes["state"]["before"], changes["state"]["after"]) == ("absent", "present")
    assert changes["remote_ip_ranges"]["added"] == ["10.0.0.1"]
    assert changes["enabled"]["after"] is True
    assert changes["comment"] == {"connector": "Relay a", "property": "comment", "before": None, "after": "x"}
    assert changes["permissions"]["added"] == [
        "anonymous: ms-Exch-SMTP-Accept-Any-Recipient",
    ]


def test_a_change_has_what_was_and_what_will_be(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1", "10.0.0.2"], connector={"comment": "old"})
    changes = changed(server, sources=["10.0.0.2", "10.0.0.3", "10.0.0.4"], connector={"comment": "new"})
    assert set(changes) == {"remote_ip_ranges", "comment"}
    assert (changes["comment"]["before"], changes["comment"]["after"]) == ("old", "new")
    ranges = changes["remote_ip_ranges"]
    assert (ranges["added"], ranges["removed"]) == (["10.0.0.3", "10.0.0.4"], ["10.0.0.1"])
    assert (ranges["count_before"], ranges["count_after"]) == (2, 3)


def test_a_removal_says_how_many_lose_it(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1", "10.0.0.2"])
    changes = changed(server, state="absent")
    assert set(changes) == {"state", "remote_ip_ranges"}
    assert (changes["remote_ip_ranges"]["count_before"], changes["remote_ip_ranges"]["count_after"]) == (2, 0)


def test_a_switch_of_method_shows_groups_mechanisms_and_rights(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    changes = changed(server, sources=["10.0.0.1"], method="externally_secured")
    assert set(changes) == {"permission_groups", "auth_mechanism", "permissions"}
    assert changes["permissions"]["removed"] == ["anonymous: ms-Exch-SMTP-Accept-Any-Recipient"]


def test_a_diff_shows_only_what_differs(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1", "10.0.0.2"], connector={"comment": "old"})
    plan = relay(
        server, sources=["10.0.0.2", "10.0.0.3"], connector={"comment": "", "protocol_logging_level": "verbose"}
    )
    assert plan.diff == {
        "before": "Relay a:\n  remote_ip_ranges:\n    - 10.0.0.1\n  comment: old\n  protocol_logging_level: None\n",
        "after": "Relay a:\n  remote_ip_ranges:\n    - 10.0.0.3\n  comment: ''\n  protocol_logging_level: Verbose\n",
    }


def test_ten_thousand_sources_stay_a_small_result(server: SimulatedExchange) -> None:
    many = [f"10.{n // 25_000}.{n // 100 % 250}.{2 * (n % 100) + 1}" for n in range(10_000)]
    result = writer_result(relay(server, sources=many, split={"connectors": 12}), None)
    changes: Any = result["changes"]
    ranges = [change for change in changes if change["property"] == "remote_ip_ranges"]
    assert len(ranges) == 12
    assert sum(change["count_after"] for change in ranges) == 10_000
    for change in ranges:
        assert len(change["added"]) == 51
        assert change["added"][-1] == f"... {change['count_after'] - 50} more"
    assert len(json.dumps(result)) < 500_000
    assert len(json.dumps({**result, "commands": []})) < 50_000


def test_long_lists_that_would_fill_a_result_become_remarks(server: SimulatedExchange) -> None:
    """Whoever pastes a command without its whole list would take sources away."""
    many = [f"fd00:1234:5678:{n % 97:x}:abcd:{n // 97:x}:ef01:{2 * n:x}" for n in range(10_000)]
    plan = relay(server, sources=many, split={"connectors": 12})
    result = writer_result(plan, None)
    commands: Any = result["commands"]
    assert len(json.dumps(result)) < 500_000
    assert len(commands) == len(plan.commands)
    assert sum(map(len, plan.commands)) > 250_000
    shortened = [line for line in commands if line not in plan.commands]
    assert len(shortened) == 12
    for line in shortened:
        assert line.startswith("# New-ReceiveConnector -Name 'Relay a ")
        assert re.search(r"-RemoteIPRanges ('fd00:[0-9a-f:]+',){20}\.\.\. \d+ more -TransportRole", line)
    assert writer_result(relay(server, sources=["10.0.0.1"]), None)["commands"][0].startswith("New-")  # type: ignore[index]


def test_a_result_has_the_same_shape_with_and_without_a_run(server: SimulatedExchange) -> None:
    plan = relay(server, sources=["10.0.0.1"])
    checked = writer_result(plan, None)
    assert set(checked) == {"changed", "changes", "commands", "findings", "diff", "domain_controller", "plan_id"}
    assert (checked["changed"], checked["domain_controller"]) == (True, DC)
    ran = writer_result(plan, applied(commands_run=plan.commands))
    assert {key: ran[key] for key in checked} == checked
    json.dumps(checked)


def applied(**outcome: Any) -> Any:
    known: dict[str, Any] = {"commands_run": [], "rolled_back": None, "remaining": [], "error": None, "warnings": []}
    return SimpleNamespace(**{**known, **outcome})


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ({"commands_run": ["x"], "rolled_back": "true"}, False),
        ({"commands_run": ["x"], "rolled_back": "partial"}, True),
        ({"commands_run": ["x"], "rolled_back": "false"}, True),
        ({"commands_run": []}, False),
    ],
)
def test_a_run_that_failed_says_what_is_left(
    server: SimulatedExchange, outcome: dict[str, Any], expected: bool
) -> None:
    failed = applied(**outcome, error=RuntimeError("no"), remaining=["Remove-ReceiveConnector"])
    result = writer_result(relay(server, sources=["10.0.0.1"]), failed)
    assert result["changed"] is expected
    assert result["remaining"] == ["Remove-ReceiveConnector"]
    assert result["rolled_back"] == outcome.get("rolled_back")


def test_nothing_to_do_is_no_change(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    result = writer_result(relay(server, sources=["10.0.0.1"]), None)
    assert (result["changed"], result["changes"], result["commands"]) == (False, [], [])
