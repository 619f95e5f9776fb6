# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The anonymous principal's name where only the connector that a plan makes can tell it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.checks import (
    AnonymousPrincipalIs,
    ConnectorHolds,
    GrantAbsent,
    GrantPresent,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.late_name import LateName
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import AccessEntry
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import ANONYMOUS_GROUP_RIGHTS
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Step, Undo

DN = "CN=Relay"
ASSUMED = "NT AUTHORITY\\ANONYMOUS LOGON"
GERMAN = "NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG"
RIGHT = ("ms-Exch-SMTP-Accept-Any-Recipient",)


def grant(user: str) -> Step:
    """The step that grants relay to a principal, with all that may name it."""
    return Step(
        Command.of("Add-ADPermission", Identity=DN, User=user, ExtendedRights=RIGHT),
        "Relay",
        (AnonymousPrincipalIs(DN, user), GrantPresent(DN, user, RIGHT), ConnectorHolds(DN, {"enabled": False})),
        GrantAbsent(DN, user, RIGHT),
        (Undo(Command.of("Remove-ADPermission", Identity=DN, User=user, ExtendedRights=RIGHT, Confirm=False)),),
    )


ENABLE = Step(
    Command.of("Set-ReceiveConnector", Identity=DN, Enabled=True), "Relay", (GrantPresent(DN, ASSUMED, RIGHT),)
)


class Server:
    """Shows the access lists that the test wants, and counts who asks."""

    def __init__(self, *principals: str) -> None:
        self.asked: list[str] = []
        self._entries = [AccessEntry(name, right) for name in principals for right in ANONYMOUS_GROUP_RIGHTS]

    def __call__(self, distinguished_name: str) -> Sequence[AccessEntry]:
        self.asked.append(distinguished_name)
        return self._entries


def test_the_name_that_the_connector_shows_is_put_everywhere():
    server = Server(GERMAN)
    assert LateName(ASSUMED).bind(grant(ASSUMED), server) == grant(GERMAN)


def test_once_told_it_holds_for_the_rest_of_the_plan():
    late, server = LateName(ASSUMED), Server(GERMAN)
    late.bind(grant(ASSUMED), server)
    assert late.bind(ENABLE, server).requires == (GrantPresent(DN, GERMAN, RIGHT),)
    assert server.asked == [DN]


def test_nothing_is_read_before_a_step_asks_for_the_name():
    server = Server(GERMAN)
    assert LateName(ASSUMED).bind(ENABLE, server) == ENABLE
    assert server.asked == []


def test_a_name_that_was_told_before_is_not_asked_again():
    server = Server(GERMAN)
    assert LateName("").bind(grant(ASSUMED), server) == grant(ASSUMED)
    assert server.asked == []


@pytest.mark.parametrize("principals", [(), (GERMAN, "LAB\\svc"), (ASSUMED,), (ASSUMED.lower(),)])
def test_without_exactly_one_other_name_the_step_stays(principals: tuple[str, ...]):
    """None and several are not told by guessing: the step's own check then stops the plan."""
    assert LateName(ASSUMED).bind(grant(ASSUMED), Server(*principals)) == grant(ASSUMED)


def test_grants_to_others_stay_what_they_are():
    late, server = LateName(ASSUMED), Server(GERMAN)
    late.bind(grant(ASSUMED), server)
    assert late.bind(grant("LAB\\svc"), server) == grant("LAB\\svc")
