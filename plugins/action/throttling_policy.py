# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Create, change or remove one throttling policy of the organization."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import THROTTLING_POLICY_SPEC
from ansible_collections.mailrelay.exchange.plugins.module_utils._throttling_policy_properties import POLICY_BY_OPTION
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.writer import (
    WriterAction,
    stopped,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import ObjectExists, ObjectNotFound
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import Exchange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import shown
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan
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
        desired = parse_throttling_policy(options)

        def plan() -> Plan:
            return plan_throttling_policy(desired, exchange.read_throttling_policies(facts.version), facts)

        def settle(error: Exception) -> dict[str, Any] | None:
            """Several hosts of one organization declare the same policy, and another one was faster."""
            if not isinstance(error, (ObjectExists, ObjectNotFound)):
                return None
            again = plan()
            if not again.steps:
                return self.carry_out(again, exchange)
            return stopped(
                again,
                f"Somebody else wrote throttling policy {shown(desired.name)} while this run was about to, and it is "
                "not as declared; policies belong to the whole organization, so give the task `run_once: true`, and "
                "run again.",
            )

        return self.carry_out(plan(), exchange, settle=settle)
