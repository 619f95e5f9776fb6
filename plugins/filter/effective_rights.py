# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a principal may do on a receive connector."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.effective_report import effective_row
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import RelayError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.reported import read_report


def effective_rights(connector: Any, principal: str = "anonymous", groups: Any = None) -> dict[str, Any] | None:
    """The rights that count for a principal, and what it may do with them; None where the access list is not known."""
    try:
        access = read_report(connector, "effective_rights").access
        return None if access is None else effective_row(access, principal, groups)
    except RelayError as error:
        raise AnsibleFilterError(f"effective_rights: {error}") from None


class FilterModule:
    """Filter effective_rights."""

    def filters(self) -> dict[str, Any]:
        """Filters by name."""
        return {"effective_rights": effective_rights}
