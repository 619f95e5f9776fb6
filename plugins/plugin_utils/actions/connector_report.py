# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A receive connector as the info module shows it: input of the other modules again. PRIVATE to the collection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.answering import services_of
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.effective import ConnectorAccess
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.effective_report import effective_rows
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.guards import Audit
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    AccessEntry,
    ReceiveConnector,
    ServerState,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ownership import manual_entries
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.pictures import picture_of
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.principal_words import word_for
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.principals import told_anonymous, told_users
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import (
    ALL_RIGHTS,
    ANONYMOUS_USERS,
    GRANTABLE,
    PERMISSION_GROUPS,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import to_option

_DOCUMENTED = PERMISSION_GROUPS[ANONYMOUS_USERS][0].principal


def anonymous_name(connectors: Iterable[ReceiveConnector], access: Mapping[str, Sequence[AccessEntry]]) -> str | None:
    """How the server names the anonymous principal, by the access lists that were read.

    None when none tells, or when two tell different names: one of them is an account then.
    """
    told = told_anonymous(connectors, access)
    return told[0][0] if len(told) == 1 else None


def reports(connectors: Iterable[ReceiveConnector], state: ServerState, anonymous: str | None) -> list[dict[str, Any]]:
    """The info module's list; see report for the arguments."""
    audit = _audit(state, anonymous)
    return [report(connector, state, anonymous, audit) for connector in connectors]


def report(
    connector: ReceiveConnector, state: ServerState, anonymous: str | None, audit: Audit | None = None
) -> dict[str, Any]:
    """One entry of the info module's list.

    Args:
        connector: one of the server's.
        state: the server; without the connector's access list in it, nothing is said of permissions.
        anonymous: how the server names the anonymous principal, None when nothing told.
        audit: the findings about the server, where they are worked out for several connectors.
    """
    found = (audit or _audit(state, anonymous)).findings(connector.name)
    entries = state.access.get(connector.distinguished_name)
    permissions, group_access, other_access, effective = None, None, None, None
    services = services_of(state.facts)
    users = _users_name(state)
    if entries is not None:
        groups = connector.values["permission_groups"]
        by_hand = manual_entries(entries, groups, anonymous or _DOCUMENTED, state.facts.version)
        granted = [entry for entry in by_hand if entry.right in GRANTABLE]
        permissions = {"connector": connector.name, "grants": _grants(granted, anonymous or "", users)}
        group_access = _grants(_of_groups(entries, by_hand), anonymous or "", users)
        other_access = _other_access(entries, by_hand)
        version = state.facts.version
        effective = effective_rows(ConnectorAccess.of(connector.values, entries, anonymous, version, users))
    return {
        "server": connector.server,
        "name": connector.name,
        "guid": connector.guid,
        "distinguished_name": connector.distinguished_name,
        "options": {"name": connector.name, **_options(connector)},
        "permissions": permissions,
        "effective_rights": effective,
        "findings": [finding.to_result() for finding in found],
        "read_only": {
            **connector.read_only,
            "WhenChangedUTC": connector.when_changed,
            "GroupAccess": group_access,
            "OtherAccess": other_access,
            "AnonymousPrincipal": anonymous,
            "AuthenticatedUsersPrincipal": users or None,
            "ServerVersion": state.facts.version,
            "TransportServices": None if services is None else sorted(services),
        },
    }


def _users_name(state: ServerState) -> str:
    """How the server names everybody who has logged on, by the access lists that were read; "" when none tells."""
    return told_users((picture_of(entry, state) for entry in state.connectors), state.facts.version)


def _audit(state: ServerState, anonymous: str | None) -> Audit:
    return Audit(state, Policy(), anonymous or _DOCUMENTED)


def _options(connector: ReceiveConnector) -> dict[str, Any]:
    return {
        option: to_option(BY_OPTION[option], value) for option, value in connector.values.items() if option != "name"
    }


def _grants(entries: Iterable[AccessEntry], anonymous: str, users: str) -> list[dict[str, Any]]:
    """Entries of one principal together, as option `grants` of receive_connector_permission takes them."""
    found: dict[tuple[str, bool], list[str]] = {}
    for entry in entries:
        principal = word_for(entry.principal, anonymous, users)
        found.setdefault((principal, entry.deny), []).append(entry.right)
    return [
        {"principal": principal, "deny": deny, "rights": sorted(set(rights))}
        for (principal, deny), rights in sorted(found.items(), key=lambda item: (item[0][0].casefold(), item[0][1]))
    ]


def _of_groups(entries: Iterable[AccessEntry], by_hand: Sequence[AccessEntry]) -> list[AccessEntry]:
    """What the permission groups are made of on this server."""
    return [entry for entry in entries if not entry.inherited and entry.right != ALL_RIGHTS and entry not in by_hand]


def _other_access(entries: Iterable[AccessEntry], by_hand: Sequence[AccessEntry]) -> list[dict[str, Any]]:
    """What an audit wants to see and no module writes: inherited entries, and rights that are not for granting."""
    shown = [
        entry
        for entry in entries
        if entry.inherited or entry.right == ALL_RIGHTS or (entry in by_hand and entry.right not in GRANTABLE)
    ]
    return [
        {"principal": entry.principal, "right": entry.right, "deny": entry.deny, "inherited": entry.inherited}
        for entry in shown
    ]
