# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what one cmdlet does to a connector, in the core's own values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Create:
    """New-ReceiveConnector with these values."""

    name: str
    values: Mapping[str, object]
    usage: str = "Custom"


@dataclass(frozen=True)
class Write:
    """Set-ReceiveConnector with these values; a `name` among them renames the connector."""

    name: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Grant:
    """Add-ADPermission. conditional: the rights may already be there when its turn comes."""

    name: str
    principal: str
    rights: tuple[str, ...]
    deny: bool = False
    conditional: bool = False


@dataclass(frozen=True)
class Revoke:
    """Remove-ADPermission. conditional: the rights may already be gone when its turn comes."""

    name: str
    principal: str
    rights: tuple[str, ...]
    deny: bool = False
    conditional: bool = False


@dataclass(frozen=True)
class Delete:
    """Remove-ReceiveConnector."""

    name: str


Move = Create | Write | Grant | Revoke | Delete
"""What one cmdlet does. `name` is the connector's at the beginning of the plan, also after a rename."""
