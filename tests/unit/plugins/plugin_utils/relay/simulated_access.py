# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access entries of the simulated server: permission groups are nothing but rows, as in Active Directory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .simulated_facts import (
    ANONYMOUS_RIGHTS,
    EXTERNALLY_SECURED,
    GROUP_FLAGS,
    HEADERS,
    INTERNAL,
    LATER_RIGHTS,
    NINE,
    SUBMIT,
    USER_RIGHTS,
)

Key = tuple[str, str, bool]


@dataclass
class Row:
    """One access entry: one right."""

    user: str
    right: str
    deny: bool = False
    inherited: bool = False

    @property
    def key(self) -> Key:
        """What makes two explicit rows the same."""
        return self.user, self.right, self.deny


@dataclass
class Connector:
    """One receive connector with its access list."""

    name: str
    dn: str
    guid: str
    properties: dict[str, Any]
    rows: list[Row] = field(default_factory=list)

    @property
    def groups(self) -> set[str]:
        return set(self.properties["PermissionGroups"].split(", ")) - {"None", "Custom"}

    @property
    def mechanisms(self) -> set[str]:
        return set(self.properties["AuthMechanism"].split(", ")) - {"None"}

    def grants(self, token: Iterable[str], right: str) -> bool:
        """Whether somebody who is all of `token` has a right here."""
        return decides(self.rows, token, right)


def decides(rows: Iterable[Row], token: Iterable[str], right: str) -> bool:
    """Whether somebody who is all of `token` has a right: own denial, own grant, inherited denial, inherited grant."""
    names = set(token)
    found = [row for row in rows if row.user in names and row.right == right]
    return bool(found) and not min(found, key=lambda row: (row.inherited, not row.deny)).deny


class Groups:
    """What the permission groups of one server stand for.

    legacy_rights: how many rights AnonymousUsers and ExchangeUsers have on 2007 and 2010, of which the sources tell
    three and four.
    """

    def __init__(self, version: str, edge: bool, domain: str, names: tuple[str, str], legacy_rights: int = 4) -> None:
        anonymous, everybody = names
        old = version < "2013"
        later = LATER_RIGHTS if old and legacy_rights == 3 else ()
        servers = (*NINE, *HEADERS, *(() if old else INTERNAL))
        owners = ["MS Exchange\\Hub Transport Servers", "MS Exchange\\Edge Transport Servers"]
        if not edge:
            owners.insert(0, f"{domain}\\Exchange Servers")
        legacy = f"{domain}\\ExchangeLegacyInterop"
        known = {
            "AnonymousUsers": _rows(anonymous, (right for right in ANONYMOUS_RIGHTS if right not in later[:1])),
            "ExchangeUsers": _rows(everybody, (right for right in USER_RIGHTS if right not in later[1:])),
            "ExchangeServers": [key for owner in owners for key in _rows(owner, servers)]
            + _rows(EXTERNALLY_SECURED, NINE),
            "ExchangeLegacyServers": _rows(legacy, NINE) + _rows(legacy, HEADERS, deny=True),
            "Partners": _rows("MS Exchange\\Partner Servers", (ANONYMOUS_RIGHTS[0], SUBMIT)),
        }
        missing = {"ExchangeUsers", "ExchangeLegacyServers"} if edge else set()
        self.keys = {name: known[name] for name in GROUP_FLAGS if name not in missing}

    def of(self, names: Iterable[str]) -> Iterator[Key]:
        """The rows that these groups stand for."""
        wanted = set(names)
        return (key for name, keys in self.keys.items() if name in wanted for key in keys)

    def complete(self, rows: Iterable[Row]) -> list[str]:
        """The groups whose rows are all there."""
        present = {row.key for row in rows if not row.inherited}
        return [name for name, keys in self.keys.items() if present.issuperset(keys)]

    def by_hand(self, rows: Iterable[Row], names: Iterable[str]) -> list[Row]:
        """The explicit rows that none of these groups explains."""
        owned = set(self.of(names))
        return [row for row in rows if not row.inherited and row.key not in owned]

    def stamped(self, rows: Iterable[Row], names: Iterable[str]) -> list[Row]:
        """The rows with those of these groups."""
        found = list(rows)
        present = {row.key for row in found if not row.inherited}
        return found + [Row(*key) for key in self.of(names) if key not in present]

    def replaced(self, rows: Iterable[Row], before: set[str], after: set[str], replacement: str) -> list[Row]:
        """The rows after Set -PermissionGroups.

        replacement: what becomes of rows made by hand, which no source tells: keeps_manual, removes_dropped (those of
        principals whose group goes), removes_manual.
        """
        rows = list(rows)
        manual = {row.key for row in self.by_hand(rows, before)}
        dropped = {user for user, _right, _deny in self.of(before - after)}
        stays = set(self.of(after))

        def kept(row: Row) -> bool:
            if row.inherited or row.key not in manual:
                return row.inherited or row.key in stays
            return replacement == "keeps_manual" or (replacement == "removes_dropped" and row.user not in dropped)

        return self.stamped([row for row in rows if kept(row)], after)


def _rows(user: str, rights: Iterable[str], deny: bool = False) -> list[Key]:
    return [(user, right, deny) for right in rights]
