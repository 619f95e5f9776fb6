# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what must hold on the server, read afresh, before a step may run.

A check is pure data. Whoever executes a plan reads what `needs` names ("connector": the connector with
this distinguished name; "access": its access entries) and asks `holds`; `sentence` tells a person what
was expected when it does not hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import PROPERTIES

from .model import AccessEntry, ReceiveConnector
from .rights import anonymous_principal

Needs = Literal["connector", "access"]

# A full-list write would lose what somebody else put there meanwhile.
LIST_OPTIONS = tuple(row.option for row in PROPERTIES if row.mutable_list)
_RELIED_ON = (*LIST_OPTIONS, "name", "transport_role", "enabled")
_MAX_NAMED = 5


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

    def objection(self, connector: ReceiveConnector | None) -> str:
        """The sentence for this state, when it is not as expected."""


class _Expected:
    """A check whose sentence does not depend on what was read."""

    @property
    def sentence(self) -> str:
        raise NotImplementedError

    def objection(self, connector: ReceiveConnector | None) -> str:
        return self.sentence


def _explicit_rights(entries: Sequence[AccessEntry], principal: str, deny: bool) -> set[str]:
    return {
        entry.right.casefold()
        for entry in entries
        if not entry.inherited and entry.deny == deny and entry.principal.casefold() == principal.casefold()
    }


@dataclass(frozen=True)
class AnonymousPrincipalIs(_Expected):
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
class GrantPresent(_Expected):
    """Each of these rights, or with `some` at least one of them, is an explicit entry of the principal."""

    distinguished_name: str
    principal: str
    rights: tuple[str, ...]
    deny: bool = False
    some: bool = False
    needs: Needs = "access"

    @property
    def sentence(self) -> str:
        word = "denied" if self.deny else "granted"
        return f"{', '.join(self.rights)} must be {word} to {self.principal!r} on {self.distinguished_name}"

    def holds(self, connector: ReceiveConnector | None, entries: Sequence[AccessEntry]) -> bool:
        wanted = {right.casefold() for right in self.rights}
        found = wanted & _explicit_rights(entries, self.principal, self.deny)
        return bool(found) if self.some else found == wanted


@dataclass(frozen=True)
class GrantAbsent(_Expected):
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
class ConnectorHolds(_Expected):
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
    """The connector is still as it was read or last written: nobody else has changed it meanwhile.

    values: option -> canonical value of what a plan relies on; see `relied_on`.
    """

    distinguished_name: str
    values: Mapping[str, object]
    needs: Needs = "connector"

    @property
    def sentence(self) -> str:
        return (
            f"{self.distinguished_name} must be as it was when it was read: somebody else has changed it "
            "meanwhile, so that writing a whole list would lose that change; run again"
        )

    def holds(self, connector: ReceiveConnector | None, entries: Sequence[AccessEntry]) -> bool:
        return connector is not None and not self._changed(connector)

    def objection(self, connector: ReceiveConnector | None) -> str:
        """What somebody else changed. Who did, Exchange does not tell."""
        if connector is None:
            return f"{self.distinguished_name} is not there any more; somebody else removed or renamed it; run again"
        changes = "; ".join(
            _difference(option, self.values[option], connector.values.get(option))
            for option in self._changed(connector)
        )
        return (
            f"somebody else (Exchange does not tell who) changed {self.distinguished_name} after it was read, and "
            f"writing now would lose that ({changes}): decide whether the change belongs into the declaration, and "
            "run again"
        )

    def _changed(self, connector: ReceiveConnector) -> list[str]:
        return [option for option, value in self.values.items() if connector.values.get(option) != value]


def relied_on(values: Mapping[str, object], known: Collection[str] | None = None) -> dict[str, object]:
    """Of a connector's values those that writing a list relies on: every list, its name, service and whether it is on.

    Args:
        values: its values.
        known: the options whose values were read or written; None for all.
    """
    return {option: values.get(option) for option in _RELIED_ON if known is None or option in known}


def _difference(option: str, expected: object, found: object) -> str:
    """What became of one option, in a few words."""
    if not (isinstance(expected, frozenset) and isinstance(found, frozenset)):
        return f"{option} is {found}, was {expected}"
    parts = [("added", found - expected), ("removed", expected - found)]
    told = ", ".join(f"{word} {_some(entries)}" for word, entries in parts if entries)
    return f"{option}: {told}"


def _some(entries: frozenset[Any]) -> str:
    texts = [str(entry) for entry in sorted(entries)]
    more = len(texts) - _MAX_NAMED
    return f"{', '.join(texts[:_MAX_NAMED])} and {more} more" if more > 0 else ", ".join(texts)
