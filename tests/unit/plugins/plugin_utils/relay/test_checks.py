# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a step requires: pure questions about what was just read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.checks import (
    AnonymousPrincipalIs,
    ConnectorHolds,
    GrantAbsent,
    GrantPresent,
    Unchanged,
    relied_on,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import AccessEntry, ReceiveConnector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import parse_option

from .simulated_exchange import ANONYMOUS_RIGHTS, RIGHT

DN = "CN=Relay,CN=SMTP Receive Connectors"
ANONYMOUS = "NT AUTHORITY\\ANONYMOUS LOGON"
GROUP = tuple(AccessEntry(ANONYMOUS, right, False, False) for right in ANONYMOUS_RIGHTS)


def values(**options: Any) -> dict[str, Any]:
    return {option: parse_option(BY_OPTION[option], raw) for option, raw in options.items()}


def connector(**options: Any) -> ReceiveConnector:
    return ReceiveConnector("EX1", "Relay", "", DN, "", values(**options))


def test_the_anonymous_principal_is_the_one_the_list_shows() -> None:
    check = AnonymousPrincipalIs(DN, ANONYMOUS.lower())
    assert check.needs == "access"
    assert check.distinguished_name == DN
    assert check.holds(None, GROUP)
    assert check.holds(None, (*GROUP, AccessEntry(ANONYMOUS, RIGHT, False, False)))
    assert not check.holds(None, ())
    assert not check.holds(None, GROUP[:-1])
    assert not check.holds(None, (*GROUP, *(AccessEntry("LAB\\x", e.right, False, False) for e in GROUP)))
    assert not AnonymousPrincipalIs(DN, "LAB\\x").holds(None, GROUP)
    assert ANONYMOUS.lower() in check.sentence.replace("\\\\", "\\")


@pytest.mark.parametrize(
    ("entries", "present", "absent"),
    [
        ((), False, True),
        (GROUP[:1], False, False),
        (GROUP[:2], True, False),
        (GROUP, True, False),
        (tuple(AccessEntry(ANONYMOUS, e.right, False, True) for e in GROUP), False, True),
        (tuple(AccessEntry(ANONYMOUS, e.right, True, False) for e in GROUP), False, True),
        (tuple(AccessEntry("LAB\\x", e.right, False, False) for e in GROUP), False, True),
        (tuple(AccessEntry(ANONYMOUS.lower(), e.right.upper(), False, False) for e in GROUP), True, False),
    ],
)
def test_grants_are_explicit_entries_of_that_principal(
    entries: tuple[AccessEntry, ...], present: bool, absent: bool
) -> None:
    rights = ANONYMOUS_RIGHTS[:2]
    assert GrantPresent(DN, ANONYMOUS, rights).holds(None, entries) is present
    assert GrantAbsent(DN, ANONYMOUS, rights).holds(None, entries) is absent


def test_a_denial_is_another_grant() -> None:
    denial = (AccessEntry(ANONYMOUS, RIGHT, True, False),)
    assert GrantPresent(DN, ANONYMOUS, (RIGHT,), deny=True).holds(None, denial)
    assert not GrantAbsent(DN, ANONYMOUS, (RIGHT,), deny=True).holds(None, denial)
    assert "denied" in GrantPresent(DN, ANONYMOUS, (RIGHT,), deny=True).sentence


def test_a_connector_holds_values_by_their_meaning() -> None:
    check = ConnectorHolds(DN, values(remote_ip_ranges="10.0.0.0/24", fqdn="a.example"))
    assert check.needs == "connector"
    assert check.holds(connector(remote_ip_ranges="10.0.0.0-10.0.0.255", fqdn="A.example", comment="x"), ())
    assert not check.holds(connector(remote_ip_ranges="10.0.0.0/25", fqdn="a.example"), ())
    assert not check.holds(connector(remote_ip_ranges="10.0.0.0/24"), ())
    assert not check.holds(None, ())
    assert "remote_ip_ranges, fqdn" in check.sentence


def test_a_change_of_any_list_is_noticed_and_its_spelling_is_not() -> None:
    read = values(remote_ip_ranges="10.0.0.1,10.0.0.2", bindings="0.0.0.0:25", comment="a")
    check = Unchanged(DN, relied_on(read))
    same = {"remote_ip_ranges": "10.0.0.2/32,10.0.0.1", "bindings": "0.0.0.0:25"}
    assert check.needs == "connector"
    assert check.holds(connector(**same), ())
    assert check.holds(connector(**same, comment="b"), ()), "a comment is no list that a write could lose"
    assert not check.holds(connector(**{**same, "remote_ip_ranges": "10.0.0.1"}), ())
    assert not check.holds(connector(**{**same, "bindings": "[::]:25"}), ())
    assert not check.holds(connector(**same, permission_groups="AnonymousUsers"), ())
    assert not check.holds(None, ())
    assert "somebody else" in check.sentence
