# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which receive connector answers a client, and what it lets it do."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import RelayError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.reported import explain, local_end, read_reports


def answering_connector(
    connectors: Any,
    client: str,
    server_address: str | None = None,
    port: int = 25,
    server: str | None = None,
    binding: str | None = None,
) -> dict[str, Any] | None:
    """The connector that answers, why, and what the client may do; None when none does."""
    try:
        reports = read_reports(connectors, "answering_connector")
        return explain(reports, client, *local_end(binding, server_address, port), server)
    except RelayError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Filter answering_connector."""

    def filters(self) -> dict[str, Any]:
        """Filters by name."""
        return {"answering_connector": answering_connector}
