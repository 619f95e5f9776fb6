# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""List the throttling policies of an organization, as input of the module that writes them."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import THROTTLING_POLICY_INFO_SPEC
from ansible_collections.mailrelay.exchange.plugins.module_utils._throttling_policy_properties import POLICY_BY_OPTION
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.base import ExchangeAction
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import Exchange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.throttling_policy import (
    ThrottlingPolicy,
    refuse_without_policies,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import to_option


class ActionModule(ExchangeAction):
    """Action of the module throttling_policy_info."""

    SPEC = THROTTLING_POLICY_INFO_SPEC

    def prepare(self, options: dict[str, Any]) -> None:
        """Refuse the name of no server before a session is opened."""
        self.server_name(options)

    def perform(self, options: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        """Read the policies; a name that none has gives an empty list."""
        facts = exchange.read_server(self.server_name(options))
        refuse_without_policies(facts)
        name = options["name"]
        wanted = [
            policy
            for policy in sorted(exchange.read_throttling_policies(facts.version), key=lambda one: one.name.casefold())
            if (name is None or policy.name.casefold() == name.casefold())
            and (options["include_default"] or not policy.is_default)
        ]
        return {
            "throttling_policies": [_report(policy) for policy in wanted],
            "domain_controller": facts.domain_controller,
        }


def _report(policy: ThrottlingPolicy) -> dict[str, Any]:
    limits = {option: to_option(POLICY_BY_OPTION[option], value) for option, value in policy.values.items()}
    scope = {"scope": policy.scope.lower()} if policy.scope else {}
    return {
        "name": policy.name,
        "scope": scope.get("scope"),
        "is_default": policy.is_default,
        "options": {"name": policy.name, **scope, **limits},
        "read_only": dict(policy.read_only),
    }
