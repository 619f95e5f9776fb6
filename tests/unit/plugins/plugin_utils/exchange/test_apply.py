# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.apply import RequirementFailed, apply_plan
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    CmdletFailed,
    ErrorRecord,
    ObjectNotFound,
    SessionLost,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.checks import GrantPresent
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command, render
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import AccessEntry, PrincipalAnswer
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan, Step, Undo

DN = "CN=Relay"
NEW = Command.of("New-ReceiveConnector", Name="Relay")
ADD = Command.of("Add-ADPermission", Identity=DN)
ENABLE = Command.of("Set-ReceiveConnector", Identity=DN, Enabled=True)
REMOVE = Command.of("Remove-ReceiveConnector", Identity=DN, Confirm=False)
REVOKE = Command.of("Remove-ADPermission", Identity=DN, Confirm=False)
DISABLE = Command.of("Set-ReceiveConnector", Identity=DN, Enabled=False)


@dataclass(frozen=True)
class Expect:
    """A check whose answer the test decides."""

    result: bool | Exception = True
    needs: str = "access"
    distinguished_name: str = DN
    sentence: str = "it must be so"

    def holds(self, connector: object, entries: Sequence[object]) -> bool:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def objection(self, connector: object) -> str:
        return self.sentence


@dataclass
class Recorder:
    """Exchange as the test wants it: some commands fail, everything is written down."""

    failures: dict[Command, Exception] = field(default_factory=dict)
    read_failure: Exception | None = None
    seen: list[str] = field(default_factory=list)
    entries: tuple[AccessEntry, ...] = ()
    shown: dict[str, str] = field(default_factory=dict)

    def read_connector(self, distinguished_name: str) -> Any:
        self.seen.append(f"read connector {distinguished_name}")
        if self.read_failure is not None:
            raise self.read_failure
        return None

    def read_access(self, distinguished_name: str) -> Any:
        self.seen.append(f"read access {distinguished_name}")
        if self.read_failure is not None:
            raise self.read_failure
        return self.entries

    def read_principal(self, distinguished_name: str, principal: str) -> PrincipalAnswer:
        self.seen.append(f"ask for {principal}")
        return PrincipalAnswer(self.shown.get(principal, ""))

    def run(self, command: Command) -> list[str]:
        self.seen.append(render(command))
        if command in self.failures:
            raise self.failures[command]
        return [f"warned by {command.cmdlet}"] if command.cmdlet.startswith("Add") else []


def failed(kind: Callable[..., CmdletFailed] = CmdletFailed) -> CmdletFailed:
    return kind("X", ErrorRecord("nein", "X"))


def plan(*steps: Step) -> Plan:
    return Plan("EX1", steps, [], [], {}, None)


THREE = (
    Step(NEW, "Relay", undo=(Undo(REMOVE),)),
    Step(ADD, "Relay", requires=(Expect(),), undo=(Undo(REVOKE),)),
    Step(ENABLE, "Relay", requires=(Expect(needs="connector"),), undo=(Undo(DISABLE),)),
)


class TestSuccess:
    def test_an_account_is_found_under_the_name_that_the_access_list_shows(self):
        granted = GrantPresent("CN=Relay", "svc-app@contoso.com", ("ms-Exch-SMTP-Submit",))
        steps = plan(Step(ENABLE, "Relay", requires=(granted,)))
        entries = (AccessEntry("CONTOSO\\svc-app", "ms-Exch-SMTP-Submit"),)
        exchange = Recorder(entries=entries, shown={"svc-app@contoso.com": "CONTOSO\\svc-app"})
        assert apply_plan(steps, exchange).error is None
        assert exchange.seen[1] == "ask for svc-app@contoso.com"
        assert apply_plan(steps, Recorder(entries=entries)).error is not None, "somebody else has these rights"

    def test_steps_run_in_order_and_what_they_rely_on_is_read_right_before(self):
        exchange = Recorder()
        applied = apply_plan(plan(*THREE), exchange)
        assert exchange.seen == [
            render(NEW),
            f"read access {DN}",
            render(ADD),
            f"read connector {DN}",
            render(ENABLE),
        ]
        assert applied.commands_run == [render(NEW), render(ADD), render(ENABLE)]
        assert applied.warnings == ["warned by Add-ADPermission"]
        assert (applied.error, applied.rolled_back, applied.remaining) == (None, None, [])

    @pytest.mark.parametrize(("needed", "run"), [(True, [render(ADD)]), (False, [])])
    def test_a_conditional_step_runs_only_when_it_is_still_needed(self, needed: bool, run: list[str]):
        applied = apply_plan(plan(Step(ADD, "Relay", only_if=Expect(needed))), Recorder())
        assert applied.commands_run == run
        assert applied.error is None

    def test_no_steps(self):
        assert apply_plan(plan(), Recorder()).commands_run == []


class TestFailure:
    def test_what_was_done_is_undone_in_reverse_order(self):
        exchange = Recorder({ENABLE: failed()})
        applied = apply_plan(plan(*THREE), exchange)
        assert exchange.seen[-2:] == [render(REVOKE), render(REMOVE)]
        assert applied.commands_run == [render(NEW), render(ADD)]
        assert applied.undo_run == [render(REVOKE), render(REMOVE)]
        assert (applied.rolled_back, applied.remaining) == ("true", [])
        assert isinstance(applied.error, CmdletFailed)

    def test_the_step_that_failed_is_not_undone(self):
        """The name was taken: removing it would remove somebody else's connector."""
        exchange = Recorder({NEW: failed()})
        applied = apply_plan(plan(*THREE), exchange)
        assert exchange.seen == [render(NEW)]
        assert (applied.rolled_back, applied.remaining, applied.commands_run) == (None, [], [])

    def test_a_requirement_that_does_not_hold(self):
        exchange = Recorder()
        steps = (THREE[0], Step(ADD, "Relay", requires=(Expect(False),)))
        applied = apply_plan(plan(*steps), exchange)
        assert isinstance(applied.error, RequirementFailed)
        assert str(applied.error) == "Add-ADPermission for Relay was not run: it must be so."
        assert render(ADD) not in exchange.seen
        assert applied.rolled_back == "true"

    def test_an_answer_that_cannot_be_read(self):
        applied = apply_plan(plan(*THREE), Recorder(read_failure=UndecodableValue("?")))
        assert isinstance(applied.error, UndecodableValue)
        assert applied.rolled_back == "true"

    def test_a_mistake_of_our_own_leaves_nothing_half_done(self):
        steps = (THREE[0], Step(ADD, "Relay", requires=(Expect(ZeroDivisionError()),)))
        applied = apply_plan(plan(*steps), Recorder())
        assert isinstance(applied.error, ZeroDivisionError)
        assert applied.rolled_back == "true"

    def test_an_access_list_of_nothing_is_empty(self):
        steps = (Step(ADD, "Relay", requires=(Expect(),)),)
        applied = apply_plan(plan(*steps), Recorder(read_failure=failed(ObjectNotFound)))
        assert applied.commands_run == [render(ADD)]


class TestUndoing:
    def test_one_that_fails_does_not_keep_the_others(self):
        exchange = Recorder({ENABLE: failed(), REVOKE: failed()})
        applied = apply_plan(plan(*THREE), exchange)
        assert exchange.seen[-1] == render(REMOVE)
        assert (applied.rolled_back, applied.remaining) == ("partial", [render(REVOKE)])

    def test_all_fail(self):
        exchange = Recorder({ENABLE: failed(), REVOKE: failed(), REMOVE: failed()})
        applied = apply_plan(plan(*THREE), exchange)
        assert (applied.rolled_back, applied.remaining) == ("false", [render(REVOKE), render(REMOVE)])

    def test_what_is_gone_already_need_not_be_removed(self):
        exchange = Recorder({ENABLE: failed(), REMOVE: failed(ObjectNotFound)})
        assert apply_plan(plan(*THREE), exchange).rolled_back == "true"

    def test_what_is_gone_cannot_be_changed_back(self):
        exchange = Recorder({ADD: failed(), DISABLE: failed(ObjectNotFound)})
        steps = (Step(ENABLE, "Relay", undo=(Undo(DISABLE),)), Step(ADD, "Relay"))
        applied = apply_plan(plan(*steps), exchange)
        assert (applied.rolled_back, applied.remaining) == ("false", [render(DISABLE)])

    def test_the_session_breaks_meanwhile(self):
        exchange = Recorder({ENABLE: failed(), REVOKE: SessionLost("weg")})
        applied = apply_plan(plan(*THREE), exchange)
        assert exchange.seen[-1] == render(REVOKE)
        assert (applied.rolled_back, applied.remaining) == ("false", [render(REVOKE), render(REMOVE)])


class TestLostSession:
    def test_nothing_is_undone_blindly(self):
        exchange = Recorder({ADD: SessionLost("weg")})
        applied = apply_plan(plan(*THREE), exchange)
        assert exchange.seen[-1] == render(ADD)  # neither repeated nor undone
        assert applied.commands_run == [render(NEW), render(ADD)]  # the last may have run
        assert applied.remaining == [render(REVOKE), render(REMOVE)]
        assert applied.rolled_back == "false"
        assert "2 of 3 commands for EX1 were sent" in str(applied.error)
        assert "run again" in str(applied.error)

    def test_a_command_that_never_left_does_not_count(self):
        applied = apply_plan(plan(*THREE), Recorder({ADD: SessionLost("weg", may_have_run=False)}))
        assert applied.commands_run == [render(NEW)]
        assert applied.remaining == [render(REMOVE)]

    def test_while_reading_nothing_was_written(self):
        steps = (Step(ADD, "Relay", requires=(Expect(),)),)
        applied = apply_plan(plan(*steps), Recorder(read_failure=SessionLost("weg")))
        assert (applied.commands_run, applied.remaining, applied.rolled_back) == ([], [], None)
        assert isinstance(applied.error, SessionLost)
        assert not applied.error.may_have_run
