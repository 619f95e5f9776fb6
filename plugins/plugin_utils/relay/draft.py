# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: moves for one connector, put together by whoever knows their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .model import AccessEntry
from .moves import Create, Grant, Move, Revoke, Write
from .pictures import Picture
from .rights import ANONYMOUS_USERS, AUTHORITATIVE_DOMAIN_SENDER
from .target import Target
from .world import OUTCOMES, World

Order = list[Move]


class Draft:
    """Moves for one connector under construction, and the world after them for each unverified outcome.

    Args:
        target: what the connector is to be.
        world: the server before the first move.
    """

    def __init__(self, target: Target, world: World) -> None:
        self.target = target
        self.world = world
        self.moves: Order = []
        self._worlds = dict.fromkeys(OUTCOMES, world)
        before = world.get(target.name)
        self._kept = world.manual_entries(before) if before is not None else ()

    @property
    def now(self) -> Picture:
        """The connector after the moves so far, where hand-made rights survive whatever is written."""
        return self.pictures()[0]

    def add(self, move: Move) -> None:
        """Append a move."""
        self.moves.append(move)
        self._worlds = {outcome: world.after(move, outcome) for outcome, world in self._worlds.items()}

    def pictures(self) -> list[Picture]:
        """The connector after the moves so far, one picture an outcome."""
        return [picture for world in self._worlds.values() if (picture := world.get(self.target.name)) is not None]

    def write(self, values: Mapping[str, Any]) -> Draft:
        """Write these values, if there are any."""
        if values:
            self.add(Write(self.target.name, dict(values)))
        return self

    def rights(self) -> Draft:
        """Add what has to be there, put back what a write may have taken, remove what must not be."""
        return self.grant([*self.target.grants, *self._to_keep()]).revoke(self.target.revokes)

    def grant(self, entries: Iterable[AccessEntry]) -> Draft:
        """Add those of the entries that are not there."""
        entries = list(entries)
        doubtful = [entry for entry in entries if self._may_have_come_with_the_group(entry)]
        self._each([entry for entry in entries if entry not in doubtful], Grant, lambda found: not all(found), any)
        for entry in doubtful:
            self.add(Grant(self.target.name, entry.principal, (entry.right,), conditional=True))
        return self

    def revoke(self, entries: Iterable[AccessEntry]) -> Draft:
        """Remove those of the entries that are there."""
        self._each(entries, Revoke, any, lambda found: not all(found))
        return self

    def _may_have_come_with_the_group(self, entry: AccessEntry) -> bool:
        """Whether AnonymousUsers, which a move has just brought, may or may not hold this right.

        The sources differ about one right of that group on 2007 and 2010.
        """
        if self.world.facts.version not in ("2007", "2010") or entry.right != AUTHORITATIVE_DOMAIN_SENDER or entry.deny:
            return False
        before = self.world.get(self.target.name)
        came = any(isinstance(move, Create | Write) and _brings_the_group(move) for move in self.moves)
        asked = any(isinstance(move, Grant) and entry.right in move.rights for move in self.moves)
        ours = entry.principal.casefold() == self.world.anonymous.casefold()
        return ours and came and not asked and not (before is not None and _has(before, entry))

    def _to_keep(self) -> Iterable[AccessEntry]:
        """Grants made by hand that nobody declared away; those of anonymous only live as long as its group."""
        gone = {_key(entry) for entry in (*self.target.revokes, *self.target.grants)}
        world, *_others = self._worlds.values()
        anonymous = world.anonymous.casefold()
        stays = all(ANONYMOUS_USERS in picture.groups for picture in self.pictures())
        for entry in self._kept:
            if _key(entry) not in gone and (stays or entry.principal.casefold() != anonymous):
                yield entry

    def _each(
        self,
        entries: Iterable[AccessEntry],
        kind: type[Grant] | type[Revoke],
        needed: Callable[[list[bool]], bool],
        unsure: Callable[[list[bool]], bool],
    ) -> None:
        """A move for the entries whose need is certain, one a principal; where it is not, one an entry to add.

        Who is to lose rights that may be gone already loses all of them in one move, so that a run that is cut off
        leaves nobody with a part of what he had, by which the next run would not know him.
        """
        certain: list[AccessEntry] = []
        conditional: list[AccessEntry] = []
        for entry in entries:
            found = [_has(picture, entry) for picture in self.pictures()]
            if needed(found):
                (conditional if unsure(found) else certain).append(entry)
        for (principal, deny), rights in _by_principal(certain).items():
            self.add(kind(self.target.name, principal, tuple(rights), deny))
        for (principal, deny), rights in _by_principal(conditional).items():
            for some in [tuple(rights)] if kind is Revoke else [(right,) for right in rights]:
                self.add(kind(self.target.name, principal, some, deny, conditional=True))


def _brings_the_group(move: Create | Write) -> bool:
    groups = move.values.get("permission_groups")
    return isinstance(groups, frozenset) and ANONYMOUS_USERS in groups


def _by_principal(entries: Iterable[AccessEntry]) -> dict[tuple[str, bool], dict[str, None]]:
    """The rights of each principal that are allowed, or denied, each once, in their order."""
    found: dict[tuple[str, bool], dict[str, None]] = {}
    for entry in entries:
        found.setdefault((entry.principal, entry.deny), {})[entry.right] = None
    return found


def _key(entry: AccessEntry) -> tuple[str, str, bool]:
    return entry.principal.casefold(), entry.right.casefold(), entry.deny


def _has(picture: Picture, entry: AccessEntry) -> bool:
    return entry.right.casefold() in picture.rights_of(entry.principal, entry.deny)
