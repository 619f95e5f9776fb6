# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the connectors of a server as they are before and after each move of a plan.

A move is what one cmdlet does; a world is the server between two moves. The planner thinks in moves, proves on the
worlds that no moment is wrong, and only then writes commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from .effective import anonymous_names
from .model import AccessEntry, PrincipalAnswer, ServerFacts
from .moves import Create, Delete, Grant, Move, Revoke, Write
from .ownership import manual_entries
from .pictures import Picture, connector_distinguished_name, renamed
from .rights import (
    ANONYMOUS_USERS,
    EXCHANGE_USERS,
    PERMISSION_GROUPS,
    RELAY_RIGHTS,
    SUBMIT,
    effective_rights,
    group_rights,
    is_exchange_principal,
    is_known_anonymous,
)
from .usages import seeds_of

Outcome = Literal["keeps_manual", "removes_dropped", "removes_manual"]
OUTCOMES: tuple[Outcome, ...] = ("keeps_manual", "removes_dropped", "removes_manual")
"""What writing PermissionGroups may do to rights granted by hand; Microsoft does not document which."""

DOCUMENTED_USERS = PERMISSION_GROUPS[EXCHANGE_USERS][0].principal
"""Everybody who has logged on, as Microsoft's documentation names that principal."""

_NO_ANSWERS: Mapping[tuple[str, str], PrincipalAnswer] = MappingProxyType({})


@dataclass(frozen=True)
class World:
    """All connectors of one server at one moment.

    anonymous, users: how this server names the anonymous principal, and everybody who has logged on.
    is_told: whether some connector tells, as long as a plan runs, how it names the anonymous principal.
    principals: what it answered to questions about principals, as in ServerState.
    """

    facts: ServerFacts
    anonymous: str
    pictures: Mapping[str, Picture]
    users: str = DOCUMENTED_USERS
    is_told: bool = True
    principals: Mapping[tuple[str, str], PrincipalAnswer] = field(default_factory=lambda: _NO_ANSWERS)

    def get(self, name: str) -> Picture | None:
        """The connector that had this name at the beginning, None when there is none."""
        return self.pictures.get(name.casefold())

    def __iter__(self) -> Iterator[Picture]:
        return iter(self.pictures.values())

    def relays_anonymously(self, picture: Picture) -> bool:
        """Whether the anonymous principal may submit to any recipient, by the connector's access list."""
        return self._rights_of_strangers(picture) >= RELAY_RIGHTS

    def relays(self, picture: Picture) -> bool:
        """Whether clients that do not authenticate may relay, were the connector to answer them."""
        return picture.externally_secured or self.relays_anonymously(picture)

    def relays_after_logon(self, picture: Picture, account: str = "") -> bool:
        """Whether a client that logs on may relay, were the connector to answer it.

        Args:
            picture: the connector; where its access list has not been read, the permission groups tell.
            account: whom the client logs on as; "" for a user without rights of his own.
        """
        if not picture.offers_logon:
            return False
        if picture.entries is None:
            return EXCHANGE_USERS in picture.groups
        principals = (self.users, account) if account else (self.users,)
        return effective_rights(picture.entries, *principals) >= RELAY_RIGHTS

    def accounts(self, picture: Picture) -> tuple[str, ...]:
        """Principals of their own to whom the connector gives what relaying or sending takes, by explicit entries."""
        known = {self.anonymous.casefold(), self.users.casefold()}
        wanted = {right.casefold() for right in RELAY_RIGHTS}
        found = {
            entry.principal.casefold(): entry.principal
            for entry in picture.entries or ()
            if not entry.inherited and not entry.deny and entry.right.casefold() in wanted
            if not is_known_anonymous(entry.principal)
        }
        # In the order of their names, whatever the order of an access list: so commands are the same in every run.
        return tuple(found[key] for key in sorted(found.keys() - known) if not is_exchange_principal(found[key]))

    def has_relay_rights(self, picture: Picture, principal: str) -> bool:
        """Whether explicit entries give a principal all that relaying takes, were it able to log on."""
        return picture.rights_of(principal) >= {right.casefold() for right in RELAY_RIGHTS}

    def serves_after_logon(self, picture: Picture) -> bool:
        """Whether somebody who logs on may relay: every user, or some account."""
        return any(self.relays_after_logon(picture, account) for account in ("", *self.accounts(picture)))

    def accepts(self, picture: Picture) -> bool:
        """Whether clients that do not authenticate may send at all, were the connector to answer them.

        Where the access list has not been read, the permission groups tell.
        """
        if picture.externally_secured:
            return True
        if picture.entries is None:
            return ANONYMOUS_USERS in picture.groups
        return SUBMIT in self._rights_of_strangers(picture)

    def _rights_of_strangers(self, picture: Picture) -> frozenset[str]:
        """By every name that the list has for them: also their SID, and names that they have in some language."""
        entries = picture.entries or ()
        return effective_rights(entries, *anonymous_names(entries, self.anonymous))

    def manual_entries(self, picture: Picture) -> tuple[AccessEntry, ...]:
        """Explicit entries of a connector that somebody granted by hand, not one of its permission groups."""
        return manual_entries(picture.entries or (), picture.groups, self.anonymous, self.facts.version)

    def after(self, move: Move, outcome: Outcome = "keeps_manual") -> World:
        """The world after this move, if writing PermissionGroups does to manual rights what `outcome` says."""
        pictures = dict(self.pictures)
        if isinstance(move, Create):
            pictures[move.name.casefold()] = self._created(move)
            return replace(self, pictures=pictures)
        before = pictures[move.name.casefold()]
        if isinstance(move, Delete):
            del pictures[before.key]
        elif isinstance(move, Write):
            pictures[before.key] = self._written(before, move, outcome)
        else:
            entries = _with_rights(before, move) if isinstance(move, Grant) else _without_rights(before, move)
            pictures[before.key] = self._with_groups_of(replace(before, entries=entries), move)
        return replace(self, pictures=pictures)

    def _created(self, move: Create) -> Picture:
        seeds = {"enabled": True, **seeds_of(move.usage, self.facts.is_edge)}
        picture = Picture(
            move.name,
            connector_distinguished_name(self.facts, move.name),
            {**seeds, **move.values},
            (),
            created=True,
            assumed=frozenset(seeds) - frozenset(move.values),
        )
        return replace(picture, entries=tuple(self._group_entries(picture.groups)))

    def _written(self, before: Picture, move: Write, outcome: Outcome) -> Picture:
        after = replace(
            before, values={**before.values, **move.values}, assumed=before.assumed - frozenset(move.values)
        )
        if "name" in move.values:
            after = renamed(after, str(move.values["name"]))
        if "permission_groups" not in move.values or before.entries is None:
            return after
        by_hand = frozenset(self.manual_entries(before))
        kept = [entry for entry in before.entries if self._survives(entry, entry in by_hand, after, outcome)]
        missing = [entry for entry in self._group_entries(after.groups) if entry not in kept]
        return replace(after, entries=tuple(kept + missing))

    def _survives(self, entry: AccessEntry, manual: bool, after: Picture, outcome: Outcome) -> bool:
        """Whether an access entry is still there once PermissionGroups has been written."""
        if entry.inherited:
            return True
        if manual and outcome == "removes_manual":
            return False
        for group, (principal, _rights) in self._groups.items():
            if entry.principal.casefold() == principal.casefold():
                return group in after.groups or (manual and outcome == "keeps_manual")
        # The entries of other groups matter to no method of relay once their group is gone.
        return True

    @property
    def _groups(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """The permission groups that decide who may relay: name -> its principal on this server, and its rights."""
        version = self.facts.version
        return {
            ANONYMOUS_USERS: (self.anonymous, group_rights(ANONYMOUS_USERS, version)),
            EXCHANGE_USERS: (self.users, group_rights(EXCHANGE_USERS, version)),
        }

    def _group_entries(self, groups: frozenset[str]) -> Iterator[AccessEntry]:
        for group, (principal, rights) in self._groups.items():
            if group in groups:
                yield from (AccessEntry(principal, right, False, False) for right in rights)

    def _with_groups_of(self, picture: Picture, move: Grant | Revoke) -> Picture:
        """The connector with the permission groups that its access list makes up after a grant or a revocation.

        A group is there when all its entries are, and leaves with the first of them (derived: Exchange keeps nothing
        but the entries).
        """
        groups = picture.groups
        for group, (principal, rights) in self._groups.items():
            touched = _folded(rights) & _folded(move.rights)
            if move.deny or not touched or move.principal.casefold() != principal.casefold():
                continue
            whole = _folded(rights) <= picture.rights_of(principal)
            groups = groups | {group} if whole else groups - {group}
        if groups == picture.groups:
            return picture
        values = {**picture.values, "permission_groups": groups}
        return replace(picture, values=values, assumed=picture.assumed | {"permission_groups"})


def _folded(rights: Iterable[str]) -> frozenset[str]:
    return frozenset(right.casefold() for right in rights)


def _with_rights(before: Picture, move: Grant) -> tuple[AccessEntry, ...]:
    present = before.rights_of(move.principal, move.deny)
    added = [right for right in move.rights if right.casefold() not in present]
    return (*(before.entries or ()), *(AccessEntry(move.principal, right, move.deny, False) for right in added))


def _without_rights(before: Picture, move: Revoke) -> tuple[AccessEntry, ...]:
    gone = _folded(move.rights)
    return tuple(
        entry
        for entry in before.entries or ()
        if entry.inherited
        or entry.deny != move.deny
        or entry.principal.casefold() != move.principal.casefold()
        or entry.right.casefold() not in gone
    )
