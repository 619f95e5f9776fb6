# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The probes that prove the relay services of a server."""

from __future__ import annotations

from datetime import date
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import RelayError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.smtp_proof import listings, plan_probes


def relay_probes(
    targets: Any,
    proof: Any,
    clients: Any = (),
    services: Any = None,
    source_groups: Any = None,
    server: str = "",
    port: int = 25,
) -> list[dict[str, Any]]:
    """Every client against every target, each with what the declared services say about it."""
    try:
        declared = listings({} if services is None else services, source_groups, server, date.today())
        return plan_probes(list(targets), list(clients), proof, declared, int(port))
    except RelayError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Filter relay_probes."""

    def filters(self) -> dict[str, Any]:
        """Filters by name."""
        return {"relay_probes": relay_probes}
