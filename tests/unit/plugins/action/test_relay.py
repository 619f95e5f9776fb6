# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action behind the role: one plan a server, shown, run, left alone; refused before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions import addresses, writer
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.apply import Applied
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import ExchangeError, SessionLost

SERVICES: dict[str, Any] = {
    "external": {"connector_name": "Relay External", "sources": ["payroll", "127.0.0.32/28"], "throttling": "guarded"}
}
GROUPS = {"payroll": {"owner": "hr@lab.example", "addresses": {"pay01": "127.0.0.10"}}}


def test_check_mode_shows_what_the_run_does_and_the_next_run_does_nothing(actions: Any) -> None:
    checked = actions("relay", check=True, services=SERVICES, source_groups=GROUPS)
    assert checked["changed"] and not checked.get("failed"), checked
    assert actions.writes() == []
    assert checked["diff"]["before"] == "" and "Relay External" in checked["diff"]["after"]
    assert [command.split()[0] for command in checked["commands"]] == [
        "New-ReceiveConnector",
        "Add-ADPermission",
        "Set-ReceiveConnector",
    ]
    assert checked["summary"] == [
        "external: would change; 2 sources (17 addresses) could relay through 'Relay External' on EX1, "
        "method anonymous."
    ]

    ran = actions("relay", services=SERVICES, source_groups=GROUPS)
    assert ran["changed"] and ran["commands"] == checked["commands"] and ran["plan_id"] == checked["plan_id"]
    assert actions.writes() == [command.split()[0] for command in checked["commands"]]
    assert ran["services"] == [
        {
            "service": "external",
            "connector": "Relay External",
            "connectors": ["Relay External"],
            "state": "present",
            "method": "anonymous",
            "sources": 2,
            "addresses": 17,
            "changed": True,
        }
    ]
    assert ran["domain_controller"] == "dc1.lab.example"

    mark = actions.mark()
    again = actions("relay", services=SERVICES, source_groups=GROUPS)
    assert not again["changed"] and again["commands"] == [] and again["changes"] == []
    assert again["summary"][0].startswith("external: unchanged; 2 sources (17 addresses) may relay")
    assert actions.writes(mark) == []
    assert sorted(actions.reads(mark)) == [
        "Get-ADPermission",
        "Get-ExchangeServer",
        "Get-ExchangeServer",
        "Get-NetworkConnectionInfo",
        "Get-ReceiveConnector",
    ]


def test_a_list_that_does_not_tell_the_name_makes_the_action_read_another(
    actions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions("relay", services=SERVICES, source_groups=GROUPS)
    planner = writer.access_needed

    def doubtful(desired: Any, state: Any) -> tuple[str, ...]:
        more = state.connector("Default Frontend EX1").distinguished_name if state.access else None
        return (*planner(desired, state), *([more] if more else []))

    monkeypatch.setattr(writer, "access_needed", doubtful)
    mark = actions.mark()
    assert not actions("relay", services=SERVICES, source_groups=GROUPS)["changed"]
    assert actions.reads(mark).count("Get-ADPermission") == 2


def test_every_call_after_the_first_names_one_domain_controller(actions: Any) -> None:
    actions("relay", services=SERVICES, source_groups=GROUPS)
    first, *others = [line for line in actions.journal() if line["cmdlet"] != "Get-Command"]
    assert first["cmdlet"] == "Get-ExchangeServer" and first["parameters"]["Status"] is True
    assert {line["parameters"].get("DomainController") for line in others} == {"dc1.lab.example"}


def test_no_service_reads_the_server_and_nothing_else(actions: Any) -> None:
    result = actions("relay", services={})
    assert not result["changed"] and result["summary"] == ["No relay service is declared for EX1."]
    assert actions.reads() == ["Get-ExchangeServer"]


def test_a_retired_service_takes_its_connector_away(actions: Any) -> None:
    actions("relay", services=SERVICES, source_groups=GROUPS)
    retired: dict[str, Any] = {"external": {"connector_name": "Relay External", "state": "absent"}}
    refused = actions("relay", services=retired)
    assert refused["failed"] and "[too_many_removed]" in refused["msg"] and "with its 2 sources" in refused["msg"]
    retired["external"]["accept_findings"] = {"too_many_removed": "CHG1: nobody needs it any more"}
    result = actions("relay", services=retired)
    assert result["changed"] and actions.writes()[-1] == "Remove-ReceiveConnector"
    assert result["summary"] == ["external: changed; there is no connector 'Relay External' on EX1."]
    assert not actions("relay", services=retired)["changed"]


def test_a_guard_refuses_in_check_mode_and_in_the_run_and_shows_the_plan(actions: Any) -> None:
    services = {"external": {"sources": ["127.0.1.2"]}}
    for check in (True, False):
        result = actions("relay", check=check, services=services)
        assert result["failed"] and not result["changed"]
        assert "[exchange_server_address]" in result["msg"] and "EX2" in result["msg"]
        assert [finding["id"] for finding in result["findings"]] == ["exchange_server_address"]
        assert result["commands"], "the plan is shown, so that one sees what it would have done"
    assert actions.writes() == []


def test_an_accepted_finding_lets_the_plan_through_and_stays_visible(actions: Any) -> None:
    services = {"external": {"sources": ["127.0.1.2"], "accept_findings": {"exchange_server_address": "a fax on EX2"}}}
    result = actions("relay", services=services)
    assert result["changed"] and not result.get("failed"), result
    assert result["findings"][0]["accepted"] == "a fax on EX2"
    assert "warnings" not in result, "what somebody accepted is no news"


def test_a_finding_that_refuses_nothing_is_a_warning(actions: Any) -> None:
    result = actions("relay", services={"external": {"sources": ["127.0.0.10"], "method": "authenticated"}})
    assert result["changed"]
    assert any(warning.startswith("[sender_rights_missing] ") for warning in result["warnings"])


@pytest.mark.parametrize(
    ("service", "identifier"),
    [
        ({"method": "authenticated"}, "sender_rights_missing"),
        ({"method": "externally_secured"}, "externally_secured_bypass"),
    ],
    ids=["authenticated", "externally_secured"],
)
def test_what_only_informs_is_no_warning_where_nothing_changes(
    actions: Any, service: dict[str, Any], identifier: str
) -> None:
    services = {"external": {"sources": ["127.0.0.10"], **service}}
    actions("relay", services=services, accept_findings={"externally_secured_bypass": "they are ours"})
    for check in (True, False):
        again = actions("relay", check=check, services=services)
        assert [(entry["id"], entry["severity"]) for entry in again["findings"]] == [(identifier, "info")]
        assert not again["changed"] and "warnings" not in again
    services["external"]["sources"] = ["127.0.0.10", "127.0.0.11"]
    changed = actions("relay", check=True, services=services)
    assert [warning.split("]")[0] for warning in changed["warnings"]] == [f"[{identifier}"]


def test_what_is_wrong_is_a_warning_also_where_nothing_changes(actions: Any) -> None:
    made = {"name": "Plain", "bindings": ["0.0.0.0:25"], "remote_ip_ranges": ["127.0.0.10"]}
    made["auth_mechanism"] = ["Tls", "BasicAuth"]
    refused = actions("receive_connector", **made)
    assert refused["failed"] and "[plain_basic]" in refused["msg"] and actions.writes() == []
    assert actions("receive_connector", **made, accept_findings={"plain_basic": "old scanners"})["changed"]
    again = actions("receive_connector", **made)
    assert not again["changed"]
    assert [warning.split("]")[0] for warning in again["warnings"]] == ["[plain_basic"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"services": {"external": {"sources": ["payrol"]}}}, "source group 'payrol' is not defined; did you mean"),
        ({"services": {"external": {}}}, "services.external.sources: no sources are declared"),
        ({"services": SERVICES, "safety": {"max_addresses": 0}}, "safety.max_addresses: 0 is not"),
        ({"services": SERVICES, "protected_addresses": {"edge": "nonsense"}}, "protected_addresses.edge: 'nonsense'"),
        ({"services": SERVICES, "accept_findings": {"open_relay": " "}}, "accept_findings.open_relay: the reason"),
        ({"services": SERVICES, "exchange_addresses": ["10.0.0.300"]}, "exchange_addresses: '10.0.0.300'"),
        ({"services": SERVICES, "server_name": "EX1"}, "'server_name' is not an option here; did you mean server?"),
        ({}, "services is missing; give it a value."),
        (
            {"services": {"external": {"sources": ["a"]}}, "source_groups": {"a": {"file": "a.csv"}}},
            "source_groups.a.file: 'a.csv' was not found in the folder files of the role or the playbook",
        ),
        (
            {"services": {"external": {"sources": {"add": ["payroll"]}, "split": {"connectors": 2}}}},
            "services.external.sources: split spreads a whole list",
        ),
    ],
)
def test_a_mistake_is_one_sentence_before_anything_is_asked(
    actions: Any, options: dict[str, Any], sentence: str
) -> None:
    result = actions("relay", **{"source_groups": GROUPS, **options})
    assert result["failed"] and not result["changed"]
    assert sentence in result["msg"] and "\n" not in result["msg"] and "Traceback" not in result["msg"]
    assert actions.journal() == []


def test_a_file_of_sources_is_read_on_the_control_node(actions: Any, tmp_path: Path) -> None:
    path = tmp_path / "legacy.csv"
    path.write_bytes("\ufeffaddress;owner\r\n127.0.0.10;Jürgen\r\n127.0.0.32/28;\r\n".encode())
    services = {"external": {"sources": ["legacy"]}}
    groups = {"legacy": {"owner": "mail@lab.example", "file": str(path)}}
    result = actions("relay", services=services, source_groups=groups)
    assert result["changed"] and result["services"][0]["addresses"] == 17, result
    path.write_bytes(path.read_bytes()[:-6])
    mark = actions.mark()
    cut = actions("relay", services=services, source_groups=groups)
    assert cut["failed"] and f"source_groups.legacy.file: '{path}', line 3, column owner: the row ends" in cut["msg"]
    assert actions.reads(mark) == actions.writes(mark) == [], "a file that may be half a file stops everything"


def test_a_file_beside_the_inventory_is_found(actions: Any, tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "legacy.csv").write_text("address\n127.0.0.10\n", encoding="utf-8")
    result = actions(
        "relay",
        services={"external": {"sources": ["legacy"]}},
        source_groups={"legacy": {"file": "sources/legacy.csv"}},
        variables={"inventory_dir": str(tmp_path)},
    )
    assert result["changed"], result


def test_options_that_are_null_count_as_not_given(actions: Any) -> None:
    nothing = dict.fromkeys(("source_groups", "protected_addresses", "safety", "accept_findings", "server"))
    assert actions("relay", services={"external": {"sources": ["127.0.0.10"]}}, **nothing)["changed"]


def test_a_server_whose_address_nobody_knows_closes_the_guard(actions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_SECONDS", 0.2)
    unknown = {"ansible_exchange_resolver": "127.0.0.1:1"}
    result = actions("relay", services=SERVICES, source_groups=GROUPS, variables=unknown)
    assert result["failed"] and "[exchange_addresses_unknown]" in result["msg"]
    assert any("does not answer for ex2.lab.example" in warning for warning in result["warnings"])
    assert actions.writes() == []


def test_an_account_that_may_not_grant_leaves_nothing_half_done(actions: Any) -> None:
    operator = {"ansible_user": "operator"}
    result = actions("relay", services=SERVICES, source_groups=GROUPS, variables=operator)
    assert result["failed"] and not result["changed"], result
    assert "Active Directory Permissions" in result["msg"]
    left = actions("receive_connector_info", name="Relay External")["receive_connectors"]
    assert left == []


def test_a_lab_that_is_gone_is_unreachable_and_no_traceback(actions: Any) -> None:
    with pytest.raises(AnsibleConnectionFailure, match="refuses connections"):
        actions("relay", services=SERVICES, source_groups=GROUPS, variables={"ansible_exchange_port": 1})


def test_an_account_that_sees_but_may_not_grant_is_stopped_before_the_first_write(actions: Any) -> None:
    reader = {"ansible_user": "auditor"}
    checked = actions("relay", check=True, services=SERVICES, source_groups=GROUPS, variables=reader)
    assert checked["changed"] and checked["commands"]
    assert any("may not use New-ReceiveConnector, Add-ADPermission" in warning for warning in checked["warnings"])
    result = actions("relay", services=SERVICES, source_groups=GROUPS, variables=reader)
    assert result["failed"] and not result["changed"]
    assert "'Receive Connectors' and 'Active Directory Permissions'" in result["msg"]
    assert result["msg"].endswith("Nothing was written.")
    assert actions.writes() == []


@pytest.mark.parametrize(
    ("rolled_back", "remaining", "ending", "changed"),
    [
        ("true", [], "What had been done was undone.", False),
        ("partial", ["Remove-X"], "Not everything that had been done could be undone: run the commands in", True),
        ("false", ["Remove-X"], "What had been done could not be undone: run the commands in", True),
    ],
)
def test_a_step_that_fails_is_told_with_what_became_of_the_others(
    actions: Any,
    monkeypatch: pytest.MonkeyPatch,
    rolled_back: str,
    remaining: list[str],
    ending: str,
    changed: bool,
) -> None:
    applied = Applied(["New-X"], [], rolled_back, remaining, ExchangeError("Add-ADPermission failed."), ["a warning"])
    monkeypatch.setattr(writer, "apply_plan", lambda plan, exchange: applied)
    result = actions("relay", services=SERVICES, source_groups=GROUPS)
    assert result["failed"] and result["changed"] is changed
    assert result["msg"].startswith("Add-ADPermission failed. ") and ending in result["msg"]
    assert (result["rolled_back"], result["remaining"]) == (rolled_back, remaining)
    assert "a warning" in result["warnings"] and "summary" not in result


def test_a_lost_session_says_itself_what_became_of_the_steps(actions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    applied = Applied(["New-X"], [], "false", ["Remove-X"], SessionLost("The session broke; run again."), [])
    monkeypatch.setattr(writer, "apply_plan", lambda plan, exchange: applied)
    result = actions("relay", services=SERVICES, source_groups=GROUPS)
    assert result["failed"] and result["msg"] == "The session broke; run again."
    assert result["remaining"] == ["Remove-X"]
