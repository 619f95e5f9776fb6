# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.checks import GrantAbsent, GrantPresent
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.needs import (
    Lacking,
    commands_needed,
    commands_undoing,
    lacking,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan, Step

from .rollouts import relay, rolled_out
from .simulated_exchange import SimulatedExchange

SET = Command.of("Set-ReceiveConnector", Identity="CN=x", Banner="220 hello")
ADD = Command.of("Add-ADPermission", Identity="CN=x")


def cmdlets(commands: tuple[Command, ...]) -> set[str]:
    return {command.cmdlet for command in commands}


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


class TestPlans:
    def test_a_new_anonymous_relay_needs_to_create_grant_read_and_enable(self, server: SimulatedExchange):
        plan = relay(server, sources=["10.0.0.1"])
        assert {step.command for step in plan.steps} <= set(commands_needed(plan))
        assert cmdlets(commands_needed(plan)) >= {
            "New-ReceiveConnector",
            "Add-ADPermission",
            "Set-ReceiveConnector",
            "Get-ADPermission",
        }
        assert "Remove-ReceiveConnector" in cmdlets(commands_undoing(plan))

    def test_a_new_externally_secured_relay_needs_to_read_and_not_to_grant(self, server: SimulatedExchange):
        """The next run reads who may relay through it."""
        plan = relay(server, sources=["10.0.0.1"], method="externally_secured")
        both = cmdlets((*commands_needed(plan), *commands_undoing(plan)))
        assert {cmdlet for cmdlet in both if cmdlet.endswith("ADPermission")} == {"Get-ADPermission"}

    def test_a_change_of_properties_needs_what_it_reads(self, server: SimulatedExchange):
        rolled_out(server, sources=["10.0.0.1"], connector={"comment": "old"})
        plan = relay(server, sources=["10.0.0.1"], connector={"comment": "new"})
        assert cmdlets(commands_needed(plan)) == {"Set-ReceiveConnector"}

    def test_removal_needs_what_gives_back(self, server: SimulatedExchange):
        rolled_out(server, sources=["10.0.0.1"])
        plan = relay(server, state="absent")
        assert cmdlets(commands_needed(plan)) >= {"Remove-ReceiveConnector"}
        assert cmdlets(commands_undoing(plan)) >= {"New-ReceiveConnector", "Add-ADPermission"}

    def test_reads_name_the_domain_controller_of_the_plan(self, server: SimulatedExchange):
        plan = relay(server, sources=["10.0.0.1"])
        reads = [command for command in commands_needed(plan) if command.cmdlet == "Get-ADPermission"]
        assert reads
        assert all(read.value("DomainController") == plan.domain_controller for read in reads)

    @pytest.mark.parametrize("check", [GrantPresent, GrantAbsent])
    def test_a_grant_that_may_be_there_is_asked_for_by_its_account(self, check: type[GrantPresent | GrantAbsent]):
        step = Step(ADD, "Relay", only_if=check("CN=x", "LAB\\svc", ("ms-Exch-SMTP-Submit",), False))
        plan = Plan("EX1", (step,), [], [], {}, "dc1")
        [whole, one] = [command for command in commands_needed(plan) if command.cmdlet == "Get-ADPermission"]
        assert whole == Command.of("Get-ADPermission", Identity="CN=x", DomainController="dc1")
        assert one == whole.with_parameters(User="LAB\\svc")

    def test_an_empty_plan_needs_nothing(self):
        plan = Plan("EX1", (), [], [], {})
        assert (commands_needed(plan), commands_undoing(plan)) == ((), ())


class TestLacking:
    def test_nothing(self):
        assert lacking((SET, ADD), {SET.cmdlet: None, ADD.cmdlet: None, "Get-X": None}) == ()
        assert lacking((SET,), {SET.cmdlet: frozenset(("identity", "banner", "fqdn"))}) == ()
        assert lacking((), {}) == ()

    def test_cmdlets_and_parameters_in_their_order(self):
        found = lacking((SET, ADD), {SET.cmdlet: frozenset(("identity",))})
        assert found == (Lacking("Set-ReceiveConnector", ("Banner",)), Lacking("Add-ADPermission"))
        assert [str(one) for one in found] == ["Set-ReceiveConnector -Banner", "Add-ADPermission"]

    def test_several_commands_of_a_cmdlet_are_one(self):
        more = Command.of("Set-ReceiveConnector", Identity="CN=x", Fqdn="a", Comment="b")
        [found] = lacking((SET, more), {SET.cmdlet: frozenset(("identity",))})
        assert str(found) == "Set-ReceiveConnector -Banner -Fqdn -Comment"
        assert lacking((SET, SET, more), {}) == (Lacking("Set-ReceiveConnector"),)
