# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the connectors of a server as they are before and after each move of a plan.

A move is what one cmdlet does, in the core's own values; a world is the server between two moves. The planner
thinks in moves, proves on the worlds that no moment is wrong, and only then writes commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from .effective import logons
from .model import AccessEntry, PrincipalAnswer, ReceiveConnector, ServerFacts, ServerState
from .ownership import manual_entries
from .quantities import Caseless
from .ranges import Binding, IPRange
from .rights import (
    ANONYMOUS_USERS,
    ANY_RECIPIENT,
    EXCHANGE_SERVERS,
    EXCHANGE_USERS,
    PERMISSION_GROUPS,
    SUBMIT,
    anonymous_group_rights,
    effective_rights,
    is_exchange_principal,
    users_group_rights,
)
from .usages import seeds_of

Outcome = Literal["keeps_manual", "removes_dropped", "removes_manual"]
OUTCOMES: tuple[Outcome, ...] = ("keeps_manual", "removes_dropped", "removes_manual")
"""What writing PermissionGroups may do to rights granted by hand; Microsoft does not document which."""

EXTERNAL = "ExternalAuthoritative"
TLS = "Tls"
BASIC = "BasicAuth"
BASIC_ONLY_WITH_TLS = "BasicAuthRequireTLS"
INTEGRATED = "Integrated"
DOCUMENTED_USERS = PERMISSION_GROUPS[EXCHANGE_USERS][0].principal
"""Everybody who has logged on, as Microsoft's documentation names that principal."""

_RELAY = frozenset((SUBMIT, ANY_RECIPIENT))

_NO_ANSWERS: Mapping[tuple[str, str], PrincipalAnswer] = MappingProxyType({})

_AFTER_RDN = re.compile(r"(?:\\.|[^\\,])*,", re.DOTALL)
_SPECIAL_IN_RDN = re.compile(r'([,\\#+<>;"=])')


@dataclass(frozen=True)
class Picture:
    """One connector at one moment.

    entries: None as long as its access list has not been read.
    created: this plan makes it.
    assumed: options whose values nobody read or wrote, but which Exchange is documented to choose.
    first_name: how it was called at the beginning of the plan, "" as long as it has that name.
    """

    name: str
    distinguished_name: str
    values: Mapping[str, object]
    entries: tuple[AccessEntry, ...] | None
    read_only: Mapping[str, object] | None = None
    created: bool = False
    guid: str = ""
    assumed: frozenset[str] = frozenset()
    first_name: str = ""

    @property
    def key(self) -> str:
        """What moves and worlds know it by: its name at the beginning of the plan, without regard to case."""
        return (self.first_name or self.name).casefold()

    @property
    def known_values(self) -> Mapping[str, object]:
        """The values that were read or written."""
        return {option: value for option, value in self.values.items() if option not in self.assumed}

    @property
    def ranges(self) -> frozenset[IPRange]:
        """Its remote IP ranges."""
        return _set(self.values, "remote_ip_ranges")

    @property
    def bindings(self) -> frozenset[Binding]:
        """Its bindings."""
        return _set(self.values, "bindings")

    @property
    def groups(self) -> frozenset[str]:
        """Its permission groups."""
        return _set(self.values, "permission_groups")

    @property
    def mechanisms(self) -> frozenset[str]:
        """Its authentication mechanisms."""
        return _set(self.values, "auth_mechanism")

    @property
    def enabled(self) -> bool:
        """Whether it answers; Exchange's default is yes."""
        return self.values.get("enabled") is not False

    @property
    def externally_secured(self) -> bool:
        """Whether every session is trusted as one of another mail server of ours."""
        return EXTERNAL in self.mechanisms and EXCHANGE_SERVERS in self.groups

    @property
    def offers_logon(self) -> bool:
        """Whether users can log on, before or after STARTTLS."""
        return EXTERNAL not in self.mechanisms and bool(logons(self.values)[1])

    def rights_of(self, principal: str, deny: bool = False) -> frozenset[str]:
        """Rights (lower case) that are explicit entries of a principal."""
        return frozenset(
            entry.right.casefold()
            for entry in self.entries or ()
            if not entry.inherited and entry.deny == deny and entry.principal.casefold() == principal.casefold()
        )


def _set(values: Mapping[str, object], option: str) -> frozenset[Any]:
    value = values.get(option)
    return value if isinstance(value, frozenset) else frozenset()


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
        return effective_rights(picture.entries or (), self.anonymous) >= _RELAY

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
        return effective_rights(picture.entries, *principals) >= _RELAY

    def accounts(self, picture: Picture) -> tuple[str, ...]:
        """Principals of their own to whom the connector gives what relaying or sending takes, by explicit entries."""
        known = {self.anonymous.casefold(), self.users.casefold()}
        wanted = {right.casefold() for right in _RELAY}
        found = {
            entry.principal.casefold(): entry.principal
            for entry in picture.entries or ()
            if not entry.inherited and not entry.deny and entry.right.casefold() in wanted
        }
        return tuple(name for key, name in found.items() if key not in known and not is_exchange_principal(name))

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
        return SUBMIT in effective_rights(picture.entries, self.anonymous)

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
            after = _renamed(after, str(move.values["name"]))
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
            ANONYMOUS_USERS: (self.anonymous, anonymous_group_rights(version)),
            EXCHANGE_USERS: (self.users, users_group_rights(version)),
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


def _renamed(picture: Picture, name: str) -> Picture:
    """The same object under another name: its place in the tree, its GUID and its access list stay."""
    rest = _AFTER_RDN.sub("", picture.distinguished_name, count=1)
    return replace(
        picture,
        name=name,
        values={**picture.values, "name": Caseless(name)},
        distinguished_name=f"{_relative_name(name)},{rest}",
        first_name=picture.first_name or picture.name,
    )


def connector_distinguished_name(facts: ServerFacts, name: str) -> str:
    """Where a connector of this name lives in the configuration tree."""
    return f"{_relative_name(name)},CN=SMTP Receive Connectors,CN=Protocols,{facts.distinguished_name}"


def _relative_name(name: str) -> str:
    """The first part of a distinguished name (RFC 4514 escapes what the name needs)."""
    escaped = _SPECIAL_IN_RDN.sub(r"\\\1", name)
    if escaped.startswith(" "):
        escaped = "\\" + escaped
    if escaped.endswith(" "):
        escaped = escaped[:-1] + "\\ "
    return f"CN={escaped}"


def picture_of(connector: ReceiveConnector, state: ServerState) -> Picture:
    """A connector as it was read, with its access list when that was read too."""
    return Picture(
        connector.name,
        connector.distinguished_name,
        connector.values,
        state.access.get(connector.distinguished_name),
        connector.read_only,
        guid=connector.guid,
    )
