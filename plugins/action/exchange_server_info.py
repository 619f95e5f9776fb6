# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell what an Exchange server is, and what the account may do there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import EXCHANGE_SERVER_INFO_SPEC
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.base import ExchangeAction
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import CmdletUnavailable
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import (
    COMPONENTS_CMDLET,
    NETWORK_CMDLET,
    Exchange,
    known_cmdlets,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.management_roles import role_of
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ServerFacts

# Part of the result -> the cmdlet that tells it, which older versions do not have.
_TELLS = {"addresses": NETWORK_CMDLET, "component_states": COMPONENTS_CMDLET}

_ROLES = ("client_access", "edge", "frontend_transport", "hub_transport", "mailbox")


class ActionModule(ExchangeAction):
    """Action of the module exchange_server_info."""

    SPEC = EXCHANGE_SERVER_INFO_SPEC

    def perform(self, options: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        """Read the server, and what else is asked for; what the account may not read, or nobody can, is null."""
        facts = exchange.read_server(self.server_name(options))
        told = _told(facts)
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "addresses": lambda: {"addresses": list(exchange.read_network_addresses(facts.name))},
            "component_states": lambda: {"component_states": exchange.read_component_states(facts.name)},
            "accepted_domains": lambda: {"accepted_domains": list(exchange.read_accepted_domains())},
            "cmdlets": lambda: _cmdlets(facts, exchange),
        }
        known = known_cmdlets(facts.version)
        for part in parts:
            if part not in options["gather"]:
                continue
            if _TELLS.get(part, known[0]) not in known:
                told[part] = None
                continue
            try:
                told.update(parts[part]())
            except (CmdletUnavailable, UndecodableValue) as error:
                told[part] = None
                self.warnings.append(str(error))
        if "addresses" in options["gather"]:
            told["dns_addresses"] = list(self.resolve_addresses(facts.fqdn))
        return {"exchange_server": told}


def _told(facts: ServerFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "fqdn": facts.fqdn,
        "distinguished_name": facts.distinguished_name,
        "version": facts.version,
        "version_text": facts.version_text,
        "roles": [role for role in _ROLES if getattr(facts, f"is_{role}")],
        "site": facts.site or None,
        "domain_controller": facts.domain_controller,
    }


def _cmdlets(facts: ServerFacts, exchange: Exchange) -> dict[str, Any]:
    """Which of the version's cmdlets the account sees, and which roles it lacks for the others.

    Behind a snap-in there are no roles: a cmdlet that is missing there is missing for everybody.
    """
    known = known_cmdlets(facts.version)
    visible = exchange.visible_cmdlets(known)
    if visible is None:
        return {"cmdlets": None, "missing_cmdlets": None, "missing_roles": None}
    missing = [cmdlet for cmdlet in known if cmdlet not in visible]
    roles = {role_of(cmdlet) for cmdlet in missing} if exchange.hides_cmdlets else set()
    return {"cmdlets": sorted(visible), "missing_cmdlets": missing, "missing_roles": sorted(roles)}
