# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Create, change or remove one receive connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RECEIVE_CONNECTOR_SPEC
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.writer import WriterAction
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_receive_connector


class ActionModule(WriterAction):
    """Action of the module receive_connector."""

    SPEC = RECEIVE_CONNECTOR_SPEC

    def declare(self, options: Mapping[str, Any], server_name: str) -> DesiredConnectors:
        """One receive connector, its properties only."""
        return parse_receive_connector(options, server_name)
