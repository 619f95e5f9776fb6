# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom an audit takes for anonymous."""

from __future__ import annotations

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.connector_report import anonymous_name
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import AccessEntry, ReceiveConnector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import ANONYMOUS_GROUP_RIGHTS

ANONYMOUS = "NT AUTHORITY\\ANONYMOUS LOGON"
CONNECTORS = [
    ReceiveConnector("EX1", name, "", f"CN={name}", "", {"permission_groups": frozenset(("AnonymousUsers",))})
    for name in ("one", "two")
]


def entries(principal: str) -> tuple[AccessEntry, ...]:
    return tuple(AccessEntry(principal, right) for right in ANONYMOUS_GROUP_RIGHTS)


def test_the_name_is_the_one_that_the_lists_agree_on() -> None:
    assert anonymous_name(CONNECTORS, {"CN=two": entries(ANONYMOUS)}) == ANONYMOUS
    assert anonymous_name(CONNECTORS, {"CN=one": entries("S-1-5-7"), "CN=two": entries(ANONYMOUS)}) == ANONYMOUS
    assert anonymous_name(CONNECTORS, {}) is None


def test_where_two_lists_tell_two_names_neither_is_believed() -> None:
    """The first one may be an account with like rights; a plan for the same server is refused."""
    for first, second in (("CONTOSO\\svc", ANONYMOUS), (ANONYMOUS, "CONTOSO\\svc")):
        assert anonymous_name(CONNECTORS, {"CN=one": entries(first), "CN=two": entries(second)}) is None
