# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which receive connector answers a client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay import answering
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError, RelayError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ReceiveConnector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import parse_address
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import parse_option

# Stand for a local address that no binding names, so that only bindings to all addresses are reached.
_UNNAMED = {4: "0.0.0.1", 6: "::2"}


def answering_connector(
    connectors: Any, client: str, server_address: str | None = None, port: int = 25
) -> dict[str, Any] | None:
    """The connector that answers, with the range and the binding that decide, None when none does."""
    try:
        known = [_connector(raw) for raw in _mappings(connectors)]
        remote = parse_address(client, "client")
        local = parse_address(server_address or _UNNAMED[remote.version], "server_address")
        answer = answering.answering_connector(known, local, int(port), remote)
    except RelayError as error:
        raise AnsibleFilterError(str(error)) from None
    if answer is None:
        return None
    return {
        "server": answer.connector.server,
        "name": answer.connector.name,
        "distinguished_name": answer.connector.distinguished_name,
        "range": str(answer.range),
        "binding": str(answer.binding),
    }


def _mappings(raw: Any) -> Iterable[Mapping[str, Any]]:
    if not isinstance(raw, (list, tuple)) or not all(isinstance(entry, Mapping) for entry in raw):
        raise InputError("answering_connector: it takes receive_connectors as receive_connector_info returns them.")
    return raw


def _connector(raw: Mapping[str, Any]) -> ReceiveConnector:
    """One entry of receive_connector_info as it was read."""
    options = raw.get("options")
    if not isinstance(options, Mapping):
        raise InputError("answering_connector: a connector has no options; take the result of receive_connector_info.")
    values = {name: parse_option(BY_OPTION[name], value) for name, value in options.items() if name in BY_OPTION}
    for needed in ("enabled", "bindings", "remote_ip_ranges"):
        if needed not in values:
            raise InputError(f"answering_connector: connector {raw.get('name')} has no {needed} in its options.")
    return ReceiveConnector(
        str(raw.get("server", "")),
        str(raw.get("name", options.get("name", ""))),
        str(raw.get("guid", "")),
        str(raw.get("distinguished_name", "")),
        "",
        values,
    )


class FilterModule:
    """Filter answering_connector."""

    def filters(self) -> dict[str, Any]:
        """Filters by name."""
        return {"answering_connector": answering_connector}
