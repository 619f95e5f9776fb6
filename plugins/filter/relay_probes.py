# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The probes that prove the relay services of a server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError, RelayError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.smtp_proof import listings, plan_probes
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.source_files import with_file_contents


def relay_probes(
    targets: Any,
    proof: Any,
    clients: Any = (),
    services: Any = None,
    source_groups: Any = None,
    server: str = "",
    port: int = 25,
    safety: Any = None,
    search_path: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Every client against every target, each with what the declared services say about it."""
    try:
        groups = with_file_contents(source_groups, lambda name: _content(name, search_path))
        declared = listings({} if services is None else services, groups, server, date.today(), safety)
        return plan_probes(list(targets), list(clients), proof, declared, int(port))
    except RelayError as error:
        raise AnsibleFilterError(str(error)) from None


def _content(name: str, search_path: Sequence[str]) -> bytes:
    """A file of sources, looked for where the module relay finds it."""
    path = Path(name).expanduser()
    folders = [""] if path.is_absolute() else [str(folder) for folder in search_path if folder]
    for candidate in [Path(folder, between, path) for folder in folders for between in ("files", "")]:
        if candidate.is_file():
            try:
                return candidate.read_bytes()
            except OSError as error:
                raise InputError(f"cannot be read: {error.strerror}; see who may read it.") from None
    raise InputError("was not found beside the playbook or the inventory; put it there, or write its whole path.")


class FilterModule:
    """Filter relay_probes."""

    def filters(self) -> dict[str, Any]:
        """Filters by name."""
        return {"relay_probes": relay_probes}
