# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Set the throttling and size limits of one receive connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RECEIVE_CONNECTOR_THROTTLING_SPEC
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.writer import WriterAction
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_receive_connector_throttling


class ActionModule(WriterAction):
    """Action of the module receive_connector_throttling."""

    SPEC = RECEIVE_CONNECTOR_THROTTLING_SPEC
    # Limits let nobody in.
    NEEDS_ADDRESSES = False

    def declare(self, options: Mapping[str, Any], server_name: str) -> DesiredConnectors:
        """Limits of one receive connector."""
        return parse_receive_connector_throttling(options, server_name)
