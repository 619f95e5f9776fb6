# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.preflight import missing_rights
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command

NEW = Command.of("New-ReceiveConnector", Name="Relay", Banner="220 hello")
ADD = Command.of("Add-ADPermission", Identity="CN=Relay", User="x")
REMOVE = Command.of("Remove-ReceiveConnector", Identity="CN=Relay", Confirm=False)

READ = "Get-ExchangeServer"
SERVER = frozenset(("identity", "status"))
HELD = (
    "(by default Organization Management, Server Management and Hygiene Management hold it)",
    "(by default Organization Management alone holds it)",
)


@dataclass
class Telling:
    """An endpoint that tells what the test wants, and remembers how often it was asked."""

    seen: dict[str, frozenset[str] | None] | None
    account: str = "LAB\\relay"
    hides_cmdlets: bool = True
    asked: list[list[str]] = field(default_factory=list)

    def visible_parameters(self, names: Iterable[str]) -> dict[str, frozenset[str] | None] | None:
        self.asked.append(list(names))
        return self.seen


def said(seen: dict[str, frozenset[str] | None] | None, **changes: object) -> str:
    return missing_rights((NEW, ADD), (REMOVE,), "EX1", Telling(seen, **changes))  # type: ignore[arg-type]


EVERYTHING: dict[str, frozenset[str] | None] = {
    READ: None,
    NEW.cmdlet: None,
    ADD.cmdlet: None,
    REMOVE.cmdlet: None,
}


def without(cmdlet: str) -> dict[str, frozenset[str] | None]:
    return {name: told for name, told in EVERYTHING.items() if name != cmdlet}


def test_an_account_that_sees_everything():
    assert said(EVERYTHING) == ""
    told = {
        READ: SERVER,
        NEW.cmdlet: frozenset(("name", "banner", "fqdn")),
        ADD.cmdlet: frozenset(("identity", "user")),
        REMOVE.cmdlet: frozenset(("identity", "confirm")),
    }
    assert said(told) == ""


def test_a_missing_cmdlet_is_told_with_server_role_and_role_groups():
    assert said(without(ADD.cmdlet)) == (
        "The account LAB\\relay may not use Add-ADPermission on EX1: give it the management role "
        f"'Active Directory Permissions' {HELD[1]}."
    )
    assert said(without(ADD.cmdlet), account="").startswith("The account may not use Add-ADPermission on EX1: ")


def test_a_missing_parameter_is_told_with_its_cmdlet():
    told = {**EVERYTHING, READ: SERVER, NEW.cmdlet: frozenset(("name",))}
    assert said(told) == (
        "The account LAB\\relay may not use New-ReceiveConnector -Banner on EX1: give it the management role "
        f"'Receive Connectors' {HELD[0]}."
    )


def test_what_only_undoing_needs_is_told_as_that():
    assert said(without(REMOVE.cmdlet)) == (
        "The account LAB\\relay may not use Remove-ReceiveConnector, which would undo a run that fails, on EX1: "
        f"give it the management role 'Receive Connectors' {HELD[0]}."
    )
    both = {name: told for name, told in without(REMOVE.cmdlet).items() if name != ADD.cmdlet}
    assert "may not use Add-ADPermission, nor Remove-ReceiveConnector, which would undo" in said(both)
    # What comes with a role that is missing anyway is not told twice.
    of_one_role = {name: told for name, told in without(REMOVE.cmdlet).items() if name != NEW.cmdlet}
    assert "may not use New-ReceiveConnector on EX1: give it" in said(of_one_role)


@pytest.mark.parametrize(
    "seen",
    [
        None,
        {},
        {NEW.cmdlet: None},
        # Parameters that lack one which was just used are no parameters.
        {**EVERYTHING, READ: frozenset(("name",)), NEW.cmdlet: frozenset()},
    ],
)
def test_an_answer_that_cannot_be_right_is_not_believed(seen: dict[str, frozenset[str] | None] | None):
    assert said(seen) == ""


def test_it_is_asked_once_and_only_where_there_is_something_to_ask():
    endpoint = Telling(EVERYTHING)
    missing_rights((NEW, ADD, NEW), (REMOVE,), "EX1", endpoint)
    assert endpoint.asked == [[READ, NEW.cmdlet, ADD.cmdlet, REMOVE.cmdlet]]
    for nothing in (Telling(without(ADD.cmdlet), hides_cmdlets=False), Telling(EVERYTHING)):
        commands = (NEW, ADD) if not nothing.hides_cmdlets else ()
        assert missing_rights(commands, (), "EX1", nothing) == ""
        assert nothing.asked == []
