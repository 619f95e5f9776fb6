# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sources as ranges, from text, lists and groups."""

from __future__ import annotations

from datetime import date
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import RelayError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import parse_address
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.sources import (
    parse_source_groups,
    resolve_sources,
)


def relay_ranges(sources: Any, source_groups: Any = None, containing: str | None = None) -> list[str]:
    """The ranges that sources stand for, in one spelling, sorted; only those that hold an address when one is given."""
    try:
        ranges = resolve_sources(sources, parse_source_groups(source_groups), date.today(), "relay_ranges").ranges
        if containing is not None:
            address = parse_address(containing, "containing")
            ranges = frozenset(entry for entry in ranges if entry.contains(address))
    except RelayError as error:
        raise AnsibleFilterError(str(error)) from None
    return [entry.parameter for entry in sorted(ranges)]


class FilterModule:
    """Filter relay_ranges."""

    def filters(self) -> dict[str, Any]:
        """Filters by name."""
        return {"relay_ranges": relay_ranges}
