# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make the declared relay services of one Exchange server true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RELAY_SPEC
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.files import read_file
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.role_words import in_variables
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.writer import WriterAction, today
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import Plan
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.source_files import with_file_contents
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.sources import parse_source_groups
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.summary import report_services, sentences


class ActionModule(WriterAction):
    """Action of the module relay."""

    SPEC = RELAY_SPEC

    def prepare(self, options: dict[str, Any]) -> None:
        """Read the groups with their files, once for the whole task, and refuse every mistake."""
        groups = with_file_contents(options["source_groups"], self._content_of)
        options["source_groups"] = parse_source_groups(groups)
        super().prepare(options)

    def _content_of(self, name: str) -> bytes:
        find: Any = self._find_needle  # core's own methods are not annotated
        folder = self.task_vars.get("inventory_dir")
        return read_file(name, lambda wanted: str(find("files", wanted)), self._loader, str(folder) if folder else None)

    def _sentence(self, error: Exception) -> str:
        """Text of an error; for the role relay, whose users write variables, with the names of those."""
        variables = self.variable("__relay_variable_of_option")
        if not variables:
            return super()._sentence(error)
        names = self.variable("__relay_group_variables")
        groups = {name: value for name in names if isinstance(value := self.variable(name), Mapping)}
        return in_variables(super()._sentence(error), self._task.action, variables, groups)

    def declare(self, options: Mapping[str, Any], server_name: str) -> DesiredConnectors:
        """The services, with their sources resolved."""
        return parse_services(
            options["services"],
            options["source_groups"],
            options["protected_addresses"],
            options["safety"],
            server_name,
            today(),
        )

    def report(self, desired: DesiredConnectors, plan: Plan) -> dict[str, object]:
        """What is true of every service, as data and as sentences."""
        services = report_services(desired, plan)
        return {"services": services, "summary": sentences(services, plan.server, self.check_mode)}
