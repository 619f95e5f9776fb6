# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each usage seeds on a new connector, and which parameters it wants (receive-connector.md part 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_lab.organization.acl import NOT_ON_EDGE


@dataclass(frozen=True)
class Usage:
    """What -Usage seeds, and which of Bindings and RemoteIPRanges it wants (required, optional, forbidden)."""

    mechanisms: str
    groups: frozenset[str]
    bindings: str
    ranges: str
    default_binding: str = ""
    on_edge: bool = True

    def seeded_groups(self, edge: bool) -> frozenset[str]:
        """The permission groups of a new connector; Edge Transport lacks two of them."""
        return self.groups - NOT_ON_EDGE if edge else self.groups


USAGES: Mapping[str, Usage] = {
    "Custom": Usage("Tls", frozenset(), "required", "required"),
    "Partner": Usage("Tls", frozenset({"Partners"}), "required", "required"),
    "Internet": Usage("Tls", frozenset({"AnonymousUsers"}), "required", "forbidden"),
    # Text and syntax of the documentation disagree on Bindings for these two (switch usage_bindings).
    "Client": Usage(
        "Tls,BasicAuth,BasicAuthRequireTLS,Integrated",
        frozenset({"ExchangeUsers"}),
        "optional",
        "required",
        "0.0.0.0:587",
        on_edge=False,
    ),
    "Internal": Usage(
        "Tls,ExchangeServer",
        frozenset({"ExchangeLegacyServers", "ExchangeServers"}),
        "optional",
        "required",
        "0.0.0.0:25",
    ),
}
