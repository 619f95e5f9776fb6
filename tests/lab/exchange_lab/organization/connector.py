# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One receive connector of the organisation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from exchange_lab.organization.acl import Ace
from exchange_lab.values.addresses import IPBinding, IPRange
from exchange_lab.values.directory import escape_rdn
from exchange_lab.values.enums import EnumValue
from exchange_lab.values.scalars import Size, TimeSpan, Unlimited


@dataclass
class ReceiveConnector:
    """A connector's stored state.

    `values` holds every row of the property table except PermissionGroups, which is computed from `explicit`, the
    access control entries set on the connector itself. `container` is the distinguished name it lives under.
    """

    server: str
    name: str
    guid: UUID
    container: str
    created: datetime
    changed: datetime
    values: dict[str, object] = field(default_factory=dict)
    explicit: list[Ace] = field(default_factory=list)

    @property
    def identity(self) -> str:
        return f"{self.server}\\{self.name}"

    @property
    def distinguished_name(self) -> str:
        return f"CN={escape_rdn(self.name)},{self.container}"

    @property
    def bindings(self) -> tuple[IPBinding, ...]:
        return cast("tuple[IPBinding, ...]", self.values["Bindings"])

    @property
    def ranges(self) -> tuple[IPRange, ...]:
        return cast("tuple[IPRange, ...]", self.values["RemoteIPRanges"])

    @property
    def enabled(self) -> bool:
        return bool(self.values["Enabled"])

    @property
    def role(self) -> str:
        return str(self.values["TransportRole"])

    @property
    def mechanisms(self) -> frozenset[str]:
        return self.enumeration("AuthMechanism").names()

    def enumeration(self, name: str) -> EnumValue:
        return cast("EnumValue", self.values[name])

    def flag(self, name: str) -> bool:
        return bool(self.values[name])

    def number(self, name: str) -> int:
        return cast("int", self.values[name])

    def limit(self, name: str) -> int | None:
        return cast("Unlimited", self.values[name]).value

    def seconds(self, name: str) -> float:
        return cast("TimeSpan", self.values[name]).seconds

    def octets(self, name: str) -> int:
        return cast("Size", self.values[name]).octets

    def text(self, name: str) -> str:
        value = self.values[name]
        return "" if value is None else str(value)

    def draft(
        self, changes: Mapping[str, object], explicit: Iterable[Ace], name: str | None = None
    ) -> ReceiveConnector:
        """Return a copy with changes, to validate before anything is stored."""
        return ReceiveConnector(
            self.server,
            name if name is not None else self.name,
            self.guid,
            self.container,
            self.created,
            self.changed,
            {**self.values, **changes},
            list(explicit),
        )
