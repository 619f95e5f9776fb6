# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what must hold on the server, read afresh, before a step may run.

A check is pure data. Whoever executes a plan reads what `needs` names ("connector": the connector with
this distinguished name; "access": its access entries) and asks `holds`; `sentence` tells a person what
was expected when it does not hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import PROPERTIES

from .model import AccessEntry, ReceiveConnector
from .rights import anonymous_principal

Needs = Literal["connector", "access"]

# A full-list write would lose what somebody else put there meanwhile.
LIST_OPTIONS = tuple(row.option for row in PROPERTIES if row.mutable_list)


class Check(Protocol):
    """What the executor of a plan knows of a check."""

    @property
    def needs(self) -> Needs:
        """What has to be read afresh: "connector" or "access"."""

    @property
    def distinguished_name(self) -> str:
        """Whose state has to be read."""

    @property
    def sentence(self) -> str:
        """One sentence: what was expected."""

    def holds(self, connector: ReceiveConnector | None, entries: Sequence[AccessEntry]) -> bool:
        """Whether the state just read is as expected."""


def _explicit_rights(entries: Sequence[AccessEntry], principal: str, deny: bool) -> set[str]:
    return {
        entry.right.casefold()
        for entry in entries
        if not entry.inherited and entry.deny == deny and entry.principal.casefold() == principal.casefold()
    }


@dataclass(frozen=True)
class AnonymousPrincipalIs:
    """The connector's own access list names the anonymous principal exactly so."""

    distinguished_name: str
    name: str
    needs: Needs = "access"

    @property
    def sentence(self) -> str:
        return (
            f"the access list of {self.distinguished_name} must show {self.name!r} as the one principal with "
            "exactly the rights of permission group AnonymousUsers"
        )

    def holds(self, connector: ReceiveConnector | None, entries: Sequence[AccessEntry]) -> bool:
        found = anonymous_principal(entries)
        return found is not None and found.casefold() == self.name.casefold()


@dataclass(frozen=True)
class GrantPresent:
    """Each of these rights is an explicit entry of the principal."""

    distinguished_name: str
    principal: str
    rights: tuple[str, ...]
    deny: bool = False
    needs: Needs = "access"

    @property
    def sentence(self) -> str:
        word = "denied" if self.deny else "granted"
        return f"{', '.join(self.rights)} must be {word} to {self.principal!r} on {self.distinguished_name}"

    def holds(self, connector: ReceiveConnector | None, entries: Sequence[AccessEntry]) -> bool:
        return {right.casefold() for right in self.rights} <= _explicit_rights(entries, self.principal, self.deny)


@dataclass(frozen=True)
class GrantAbsent:
    """None of these rights is an explicit entry of the principal."""

    distinguished_name: str
    principal: str
    rights: tuple[str, ...]
    deny: bool = False
    needs: Needs = "access"

    @property
    def sentence(self) -> str:
        word = "denied" if self.deny else "granted"
        return f"{', '.join(self.rights)} must not be {word} to {self.principal!r} on {self.distinguished_name}"

    def holds(self, connector: ReceiveConnector | None, entries: Sequence[AccessEntry]) -> bool:
        found = _explicit_rights(entries, self.principal, self.deny)
        return not any(right.casefold() in found for right in self.rights)


@dataclass(frozen=True)
class ConnectorHolds:
    """The connector exists and has these values (option name -> canonical value)."""

    distinguished_name: str
    values: Mapping[str, object]
    needs: Needs = "connector"

    @property
    def sentence(self) -> str:
        return (
            f"{self.distinguished_name} must have the {', '.join(self.values)} that this plan has just written or read"
        )

    def holds(self, connector: ReceiveConnector | None, entries: Sequence[AccessEntry]) -> bool:
        if connector is None:
            return False
        return all(connector.values.get(option) == value for option, value in self.values.items())


@dataclass(frozen=True)
class Unchanged:
    """The connector is still as it was read: nobody else has changed it meanwhile."""

    distinguished_name: str
    fingerprint: str
    needs: Needs = "connector"

    @property
    def sentence(self) -> str:
        return (
            f"{self.distinguished_name} must be as it was when it was read: somebody else has changed it "
            "meanwhile, so that writing a whole list would lose that change; run again"
        )

    def holds(self, connector: ReceiveConnector | None, entries: Sequence[AccessEntry]) -> bool:
        return connector is not None and fingerprint(connector.values) == self.fingerprint


def fingerprint(values: Mapping[str, object]) -> str:
    """A short digest of the list-valued options, independent of order and spelling (they are canonical)."""
    digest = hashlib.sha256()
    for option in LIST_OPTIONS:
        value = values.get(option)
        entries = sorted(map(str, value)) if isinstance(value, (frozenset, set, tuple, list)) else [str(value)]
        digest.update("\n".join([option, *entries, ""]).encode())
    return digest.hexdigest()[:16]
