# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""List the receive connectors of one Exchange server, as input of the other modules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RECEIVE_CONNECTOR_INFO_SPEC
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.base import ExchangeAction
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.connector_report import (
    anonymous_name,
    reports,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import CmdletUnavailable
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import Exchange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.asking import shows_accounts, users_reference
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.defaults import is_default_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    AccessEntry,
    ExchangeServerAddresses,
    ReceiveConnector,
    ServerFacts,
    ServerState,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_name
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.pictures import picture_of
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import ANONYMOUS_USERS


class ActionModule(ExchangeAction):
    """Action of the module receive_connector_info."""

    SPEC = RECEIVE_CONNECTOR_INFO_SPEC

    def prepare(self, options: dict[str, Any]) -> None:
        """Refuse a name that no connector can have, and the name of no server, before a session is opened."""
        server = self.server_name(options)
        if options["name"] is not None:
            parse_name(options["name"], "name", server)

    def perform(self, options: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        """Read the connectors, the access lists of the wanted ones, and the addresses that findings need."""
        facts = exchange.read_server(self.server_name(options))
        connectors = exchange.read_connectors(facts.name)
        wanted = _wanted(connectors, facts, options)
        access = self._access(wanted, exchange)
        anonymous = anonymous_name(wanted, access) or self._name_elsewhere(connectors, facts, access, exchange)
        addresses = self._addresses(facts, exchange) if wanted else ()
        state = ServerState(facts, connectors, access, addresses)
        reference = users_reference(state) if shows_accounts(state, anonymous or "") else ""
        if reference:
            state = replace(state, access={**access, reference: exchange.read_access(reference)})
        return {
            "receive_connectors": reports(wanted, state, anonymous),
            "domain_controller": facts.domain_controller,
        }

    def _access(self, connectors: Sequence[ReceiveConnector], exchange: Exchange) -> dict[str, tuple[AccessEntry, ...]]:
        """Access lists by distinguished name; none when the account may read connectors only."""
        try:
            return {one.distinguished_name: exchange.read_access(one.distinguished_name) for one in connectors}
        except CmdletUnavailable as error:
            self.warnings.append(f"Permissions are not shown: {error}")
            return {}

    @staticmethod
    def _name_elsewhere(
        connectors: Sequence[ReceiveConnector],
        facts: ServerFacts,
        access: dict[str, tuple[AccessEntry, ...]],
        exchange: Exchange,
    ) -> str | None:
        """The anonymous principal's name from one connector more, where the wanted ones do not tell it."""
        if not any(access.values()):
            return None  # there is nothing that the name could be found in
        others = [
            one
            for one in connectors
            if one.distinguished_name not in access and ANONYMOUS_USERS in one.values["permission_groups"]
        ]
        default = f"default frontend {facts.name}".casefold()
        for other in sorted(others, key=lambda one: one.name.casefold() != default)[:1]:
            more = {other.distinguished_name: exchange.read_access(other.distinguished_name)}
            return anonymous_name(connectors, {**access, **more})
        return None

    def _addresses(self, facts: ServerFacts, exchange: Exchange) -> tuple[ExchangeServerAddresses, ...]:
        try:
            return self.server_addresses(facts, exchange)
        except CmdletUnavailable as error:
            self.warnings.append(f"Ranges are not compared with the Exchange servers' own addresses: {error}")
            return ()


def _wanted(
    connectors: Sequence[ReceiveConnector], facts: ServerFacts, options: dict[str, Any]
) -> list[ReceiveConnector]:
    name = options["name"]
    state = ServerState(facts, tuple(connectors))
    return [
        one
        for one in sorted(connectors, key=lambda one: one.name.casefold())
        if (name is None or one.name.casefold() == name.casefold())
        and (options["include_default"] or not is_default_connector(picture_of(one, state), facts))
    ]
