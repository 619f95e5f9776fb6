# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What answered probes prove."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.smtp_proof import judge


def relay_verdicts(results: Any, settled: bool = True) -> list[dict[str, Any]]:
    """One verdict a result of a loop of smtp_probe over the output of relay_probes."""
    if not isinstance(results, (list, tuple)) or not all(
        isinstance(result, Mapping) and isinstance(result.get("item"), Mapping) for result in results
    ):
        raise AnsibleFilterError("relay_verdicts: it takes the results of a loop of smtp_probe over relay_probes.")
    return [judge(result["item"], result, bool(settled)) for result in results]


class FilterModule:
    """Filter relay_verdicts."""

    def filters(self) -> dict[str, Any]:
        """Filters by name."""
        return {"relay_verdicts": relay_verdicts}
