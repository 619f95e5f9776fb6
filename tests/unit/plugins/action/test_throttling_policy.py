# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""throttling_policy and throttling_policy_info against the lab, on every version and with what no source tells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._throttling_policy_properties import (
    THROTTLING_POLICY_LIMITS,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import Exchange
from exchange_lab.interface import CallContext, CmdletCall
from exchange_lab.lab import Lab

from .conftest import CONFIG, PASSWORD, Actions

NAME = "Relay automation"
SERVER = {"address": "127.0.1.1", "port": 0, "smtp_port": 0, "auth": ["ntlm"]}
WITH_POLICIES = ("2010", "2013", "2016", "2019", "SE")
MakeActions = Callable[..., Actions]


@pytest.fixture
def lab_of(tmp_path: Path) -> Iterator[MakeActions]:
    """Start a lab of one server."""
    labs: list[Lab] = []

    def start(
        version: str = "2019", switches: dict[str, Any] | None = None, accounts: bool = False, **server: Any
    ) -> Actions:
        config = {**CONFIG, "servers": {"EX1": {**SERVER, "version": version, **server}}, "switches": switches or {}}
        if accounts:
            roles = ["Recipient Policies", "View-Only Configuration"]
            config["role_groups"] = {"Some": {"roles": roles, "servers": ["EX1"]}}
            partial = {"password": PASSWORD, "role_groups": ["Some"]}
            config["accounts"] = {**CONFIG["accounts"], "partial": partial}
        labs.append(Lab.from_config(config, tmp_path / f"lab{len(labs)}"))
        labs[-1].__enter__()
        return Actions(labs[-1])

    yield start
    for lab in labs:
        lab.__exit__(None, None, None)


def policy(actions: Actions, name: str = NAME) -> dict[str, Any]:
    [found] = actions("throttling_policy_info", name=name)["throttling_policies"]
    return dict(found)


def default(actions: Actions) -> dict[str, Any]:
    listed = actions("throttling_policy_info")["throttling_policies"]
    [found] = [one for one in listed if one["is_default"]]
    return dict(found)


def five_steps(actions: Actions, **options: Any) -> dict[str, Any]:
    """Check mode, nothing changed, run, and run again; returns the result of the run."""
    mark = actions.mark()
    checked = actions("throttling_policy", check=True, **options)
    assert checked["changed"] and not checked.get("failed"), checked
    assert actions.writes(mark) == []
    ran = actions("throttling_policy", **options)
    assert not ran.get("failed"), ran
    assert ran["changed"] and ran["commands"] == checked["commands"] and len(ran["commands"]) == 1
    assert ran["plan_id"] == checked["plan_id"] and ran["diff"] == checked["diff"] and ran["findings"] == []
    assert actions.writes(mark) == [ran["commands"][0].split()[0]]
    mark = actions.mark()
    again = actions("throttling_policy", **options)
    assert not again["changed"] and again["commands"] == [] and not again.get("failed"), again
    assert actions.writes(mark) == []
    named = [line["parameters"].get("DomainController") for line in actions.journal() if "Policy" in line["cmdlet"]]
    assert set(named) == {"dc1.lab.example"}
    return dict(ran)


def every_limit(version: str, settable: bool = False) -> dict[str, Any]:
    """A value for every limit of a version, another one for each."""
    rows = [row for row in THROTTLING_POLICY_LIMITS if row.available(version) and (row.on_set or not settable)]
    values: dict[str, Any] = {row.option: 10 + at for at, row in enumerate(rows) if row.kind == "unlimited"}
    if version != "2010":
        values["is_service_account"] = True
    values["powershell_max_concurrency"] = "unlimited"
    if "cpu_start_percent" in values:
        values["cpu_start_percent"] = 50
    return values


@pytest.mark.parametrize("version", WITH_POLICIES)
def test_five_steps_with_every_limit_and_back_again(lab_of: MakeActions, version: str) -> None:
    actions = lab_of(version)
    limits = every_limit(version)
    scope = {} if version == "2010" else {"scope": "organization"}
    five_steps(actions, name=NAME, **scope, **limits)
    made = policy(actions)
    assert {option: made["options"][option] for option in limits} == limits
    assert made["scope"] == scope.get("scope")
    # What is shown is right input: the same policy, and a copy of it.
    mark = actions.mark()
    assert actions("throttling_policy", **made["options"])["changed"] is False
    assert actions.writes(mark) == []
    copied = {**made["options"], "name": "Copy"}
    five_steps(actions, **copied)
    assert policy(actions, "Copy")["options"] == copied
    # Every limit that can be changed, in one call.
    others = {option: "unlimited" for option in every_limit(version, settable=True) if option != "is_service_account"}
    five_steps(actions, name=NAME, **{**others, "powershell_max_concurrency": 5})
    five_steps(actions, name="Accounts", previous_name=NAME)
    five_steps(actions, name="Accounts", state="absent")
    assert actions("throttling_policy_info", name="Accounts")["throttling_policies"] == []


def test_a_policy_holds_only_what_was_given_to_it(lab_of: MakeActions) -> None:
    actions = lab_of()
    five_steps(actions, name=NAME, ews_max_concurrency=27)
    options = {"name": NAME, "scope": "regular", "is_service_account": False, "ews_max_concurrency": 27}
    assert policy(actions)["options"] == options


@pytest.mark.parametrize("version", ["2010", "2019"])
@pytest.mark.parametrize("explicit", ["assigned", "effective"])
@pytest.mark.parametrize("null", ["inherits", "no_limit"])
def test_it_settles_whatever_no_source_tells(lab_of: MakeActions, version: str, explicit: str, null: str) -> None:
    actions = lab_of(version, {"explicit_limits": explicit, "policy_null": null})
    five_steps(actions, name=NAME, ews_max_concurrency=4, imap_max_concurrency=7)
    five_steps(actions, name=NAME, ews_max_concurrency="unlimited")
    assert policy(actions)["options"]["ews_max_concurrency"] == "unlimited"
    assert policy(actions)["options"]["imap_max_concurrency"] == 7


@pytest.mark.parametrize("may", ["allowed", "refused"])
def test_the_scope_is_changed_or_exchange_says_why_not(lab_of: MakeActions, may: str) -> None:
    actions = lab_of(switches={"policy_scope_change": may})
    five_steps(actions, name=NAME, scope="regular")
    if may == "allowed":
        five_steps(actions, name=NAME, scope="organization")
        return
    result = actions("throttling_policy", name=NAME, scope="organization")
    assert result["failed"] and not result["changed"]
    assert "can't be changed" in result["msg"]
    assert (result["rolled_back"], result["remaining"]) == (None, [])


@pytest.mark.parametrize("version", WITH_POLICIES)
def test_the_default_policy_is_never_written(lab_of: MakeActions, version: str) -> None:
    actions = lab_of(version)
    name = default(actions)["name"]
    mark = actions.mark()
    for options in (
        {"name": name, "anonymous_max_concurrency": 10},
        {"name": name.upper(), "state": "absent"},
        {"name": "Ours", "previous_name": name},
        {"name": "Ours", "scope": "global"},
    ):
        result = actions("throttling_policy", **options)
        assert result["failed"] and "never changed" in result["msg"] and "\n" not in result["msg"]
    assert actions.journal(mark) == [], "not even asked"


@pytest.mark.parametrize("version", WITH_POLICIES)
def test_a_renamed_default_policy_is_never_written(lab_of: MakeActions, version: str) -> None:
    actions = lab_of(version)
    [policy_of_setup] = actions.lab.organization.throttling_policies
    policy_of_setup.name = "Ours"
    mark = actions.mark()
    for options in (
        {"name": "ours", "anonymous_max_concurrency": 10},
        {"name": "Ours", "state": "absent"},
        {"name": "Another", "previous_name": "Ours"},
    ):
        for check in (True, False):
            result = actions("throttling_policy", check=check, **options)
            assert result["failed"] and "'Ours' is Exchange's default throttling policy" in result["msg"]
    assert actions.writes(mark) == []
    assert default(actions)["name"] == "Ours"


@pytest.mark.parametrize(
    ("server", "words"),
    [({"version": "SE", "roles": ["edge"]}, "Edge Transport"), ({"version": "2010", "roles": ["edge"]}, "Edge")],
)
@pytest.mark.parametrize("module", ["throttling_policy", "throttling_policy_info"])
def test_edge_transport_has_none(lab_of: MakeActions, server: dict[str, Any], words: str, module: str) -> None:
    actions = lab_of(**server)
    result = actions(module, name=NAME)
    assert result["failed"] and words in result["msg"] and "has no throttling policies" in result["msg"]
    assert [line["cmdlet"] for line in actions.journal()] == ["Add-PSSnapin", "Get-ExchangeServer"]


@pytest.mark.parametrize("user", ["operator", "auditor"])
def test_an_account_without_the_role_is_told_before_anything_is_written(lab_of: MakeActions, user: str) -> None:
    actions = lab_of()
    result = actions("throttling_policy", variables={"ansible_user": user}, name=NAME)
    assert result["failed"] and "Recipient Policies" in result["msg"]
    assert actions.writes() == []
    checked = actions("throttling_policy", check=True, variables={"ansible_user": "auditor"}, name=NAME)
    assert checked["changed"] and "Recipient Policies" in " ".join(checked["warnings"])


def test_a_write_scope_of_servers_holds_no_policy(lab_of: MakeActions) -> None:
    actions = lab_of(accounts=True)
    result = actions("throttling_policy", variables={"ansible_user": "partial"}, name=NAME)
    assert result["failed"] and "belongs to the whole organization" in result["msg"]
    assert actions.lab.organization.throttling_policies[1:] == []


@pytest.mark.parametrize("moment", ["drop_before", "drop_after"])
@pytest.mark.parametrize(
    ("cmdlet", "options"),
    [
        ("New-ThrottlingPolicy", {"name": NAME, "ews_max_concurrency": 5}),
        ("Set-ThrottlingPolicy", {"name": "Renamed", "previous_name": "There", "ews_max_concurrency": 5}),
        ("Remove-ThrottlingPolicy", {"name": "There", "state": "absent"}),
    ],
)
def test_the_next_run_finishes_what_a_lost_session_left(
    lab_of: MakeActions, moment: str, cmdlet: str, options: dict[str, Any]
) -> None:
    actions = lab_of(faults={moment: [cmdlet]})
    actions.lab.organization.throttling_policies.append(
        dataclasses.replace(
            actions.lab.organization.throttling_policies[0], name="There", scope="Regular", default=False
        )
    )
    lost = actions("throttling_policy", **options)
    assert lost["failed"] and "run again" in lost["msg"]
    assert lost["remaining"] == []
    again = actions("throttling_policy", **options)
    assert not again.get("failed"), again
    assert again["changed"] is (moment == "drop_before")
    assert actions("throttling_policy", **options)["changed"] is False


MINE = {"name": NAME, "ews_max_concurrency": 5}
MADE = {"Name": NAME, "ThrottlingPolicyScope": "Regular", "EwsMaxConcurrency": "5"}


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let another host's cmdlet run between the first reading of the policies and the write that follows."""

    def at_once(actions: Actions, cmdlet: str, **parameters: Any) -> None:
        read, calls = Exchange.read_throttling_policies, iter([CmdletCall(cmdlet, parameters)])

        def read_and_be_late(exchange: Exchange, version: str) -> Any:
            found = read(exchange, version)
            for call in calls:
                assert actions.lab.backend.execute(CallContext("EX1", "administrator"), call).errors == []
            return found

        monkeypatch.setattr(Exchange, "read_throttling_policies", read_and_be_late)

    return at_once


def test_who_comes_late_finds_the_policy_as_declared(lab_of: MakeActions, meanwhile: Callable[..., None]) -> None:
    actions = lab_of()
    meanwhile(actions, "New-ThrottlingPolicy", **MADE)
    late = actions("throttling_policy", **MINE)
    assert not late.get("failed"), late
    assert (late["changed"], late["commands"], late["changes"]) == (False, [], [])
    assert actions("throttling_policy", **MINE)["changed"] is False
    assert policy(actions)["options"]["ews_max_concurrency"] == 5


def test_who_comes_late_to_remove_it_finds_it_gone(lab_of: MakeActions, meanwhile: Callable[..., None]) -> None:
    actions = lab_of()
    assert actions("throttling_policy", **MINE)["changed"] is True
    meanwhile(actions, "Remove-ThrottlingPolicy", Identity=NAME, Confirm=False)
    late = actions("throttling_policy", name=NAME, state="absent")
    assert not late.get("failed"), late
    assert (late["changed"], late["commands"]) == (False, [])


def test_who_comes_late_and_finds_another_policy_is_told_of_run_once(
    lab_of: MakeActions, meanwhile: Callable[..., None]
) -> None:
    actions = lab_of()
    meanwhile(actions, "New-ThrottlingPolicy", **{**MADE, "EwsMaxConcurrency": "6"})
    mark = actions.mark()
    late = actions("throttling_policy", **MINE)
    assert late["failed"] and late["changed"] is False
    assert f"'{NAME}'" in late["msg"] and "`run_once: true`" in late["msg"] and "\n" not in late["msg"]
    assert "already exists" not in late["msg"]
    assert [command.split()[0] for command in late["commands"]] == ["Set-ThrottlingPolicy"]
    assert actions.writes(mark) == ["New-ThrottlingPolicy"] * 2, "the other host's, and the one that failed"
    assert policy(actions)["options"]["ews_max_concurrency"] == 6


def test_what_exchange_shows_of_the_default_policy(lab_of: MakeActions) -> None:
    actions = lab_of()
    found = default(actions)
    assert found["scope"] == "global"
    assert found["options"]["anonymous_max_concurrency"] == 1
    assert found["read_only"]["PowerShellMaxTenantConcurrency"] == "Unlimited"
    assert actions("throttling_policy_info", include_default=False)["throttling_policies"] == []
    assert actions.writes() == []


def test_a_limit_of_connectors_by_the_same_name_has_other_bounds(lab_of: MakeActions) -> None:
    actions = lab_of()
    five_steps(actions, name=NAME, message_rate_limit=0)
    result = actions("throttling_policy", name=NAME, message_rate_limit=4294967296)
    assert "4294967295" in result["msg"]
