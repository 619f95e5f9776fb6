# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Create, change or remove one throttling policy of the organization."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import THROTTLING_POLICY_SPEC
from ansible_collections.mailrelay.exchange.plugins.module_utils._throttling_policy_properties import POLICY_BY_OPTION
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.writer import WriterAction
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import Exchange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.throttling_policy import (
    parse_throttling_policy,
    refuse_without_policies,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.throttling_policy_plan import (
    plan_throttling_policy,
)


class ActionModule(WriterAction):
    """Action of the module throttling_policy."""

    SPEC = THROTTLING_POLICY_SPEC
    ROWS = POLICY_BY_OPTION

    def prepare(self, options: dict[str, Any]) -> None:
        """Refuse every mistake in the options, and the default policy by its name, before a session is opened."""
        self.server_name(options)
        parse_throttling_policy(options)

    def perform(self, options: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        """Read the organization's policies, plan, and carry the plan out unless in check mode."""
        facts = exchange.read_server(self.server_name(options))
        refuse_without_policies(facts)
        policies = exchange.read_throttling_policies(facts.version)
        return self.carry_out(plan_throttling_policy(parse_throttling_policy(options), policies, facts), exchange)
