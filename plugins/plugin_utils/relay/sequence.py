# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the moves that bring one connector from how it is to how it is to be.

The order is what keeps the promise of no gap and no window: a connector answers nobody before its rights are there,
rights come before a method is entered and go after it was left, and a connector that relays nothing yet gets its
ranges before its rights. Where more than one order is thinkable, `orders` gives them all, simplest first, and the
caller proves which of them keeps the promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION

from .desired import ANONYMOUS
from .model import AccessEntry
from .ownership import ANONYMOUS_USERS
from .target import Target
from .usages import USAGES
from .world import OUTCOMES, Create, Delete, Grant, Move, Picture, Revoke, World, Write

Order = list[Move]


def orders(target: Target, world: World) -> list[Order]:
    """Orders of moves for one connector, at least one, the simplest first; [[]] when nothing differs."""
    picture = world.get(target.name)
    if not target.present:
        return [[Delete(target.name)] if picture is not None else []]
    if picture is None:
        return [_creation(target, world) if target.values else []]
    draft = _Draft(target, world)
    if target.desired.aspect != "service":
        return [draft.write(target.differing(picture)).rights().moves]
    if not (picture.enabled and target.values.get("enabled", True)):
        return [_while_off(target, world, picture)]
    if target.desired.method == ANONYMOUS:
        if picture.externally_secured:
            return [_to_anonymous(target, world, picture)]
        if not world.relays_anonymously(picture):
            return _first_relay(target, world, picture)
    return [draft.write(target.differing(picture)).rights().moves]


class _Draft:
    """Moves for one connector under construction, and the world after them for each unverified outcome."""

    def __init__(self, target: Target, world: World) -> None:
        self.target = target
        self.moves: Order = []
        self._worlds = dict.fromkeys(OUTCOMES, world)
        before = world.get(target.name)
        self._kept = world.manual_entries(before) if before is not None else ()

    def add(self, move: Move) -> None:
        self.moves.append(move)
        self._worlds = {outcome: world.after(move, outcome) for outcome, world in self._worlds.items()}

    def pictures(self) -> list[Picture]:
        return [picture for world in self._worlds.values() if (picture := world.get(self.target.name)) is not None]

    def write(self, values: Mapping[str, Any]) -> _Draft:
        if values:
            self.add(Write(self.target.name, dict(values)))
        return self

    def rights(self) -> _Draft:
        """Add what has to be there, put back what a write may have taken, remove what must not be."""
        wanted = [*self.target.grants, *self._to_keep()]
        self._each(wanted, Grant, lambda found: not all(found), any)
        self._each(self.target.revokes, Revoke, any, lambda found: not all(found))
        return self

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
        """A move for the entries whose need is certain, one a principal, and one an entry where it is not."""
        certain: list[AccessEntry] = []
        conditional: list[AccessEntry] = []
        for entry in entries:
            found = [_has(picture, entry) for picture in self.pictures()]
            if needed(found):
                (conditional if unsure(found) else certain).append(entry)
        for (principal, deny), group in groupby(certain, key=lambda entry: (entry.principal, entry.deny)):
            self.add(kind(self.target.name, principal, tuple(entry.right for entry in group), deny))
        for entry in conditional:
            self.add(kind(self.target.name, entry.principal, (entry.right,), entry.deny, conditional=True))


def _key(entry: AccessEntry) -> tuple[str, str, bool]:
    return entry.principal.casefold(), entry.right.casefold(), entry.deny


def _has(picture: Picture, entry: AccessEntry) -> bool:
    return entry.right.casefold() in picture.rights_of(entry.principal, entry.deny)


def _creation(target: Target, world: World) -> Order:
    """Off and with its group from the start, then the rights, then what only Set takes, enabled last.

    A connector that belongs to no service is made in one call where that takes everything.
    """
    usage = USAGES[target.desired.usage]
    not_yet = usage.later
    wanted = {
        option: value
        for option, value in target.values.items()
        if option not in not_yet | usage.fixed or usage.seeds[option] != value
    }
    later = {option: value for option, value in wanted.items() if option in not_yet or not BY_OPTION[option].on_new}
    first = {option: value for option, value in wanted.items() if option not in later}
    wanted_on = target.values.get("enabled", True) is True
    if target.desired.method is not None or (later and (not_yet & set(later) or "enabled" in first)):
        first["enabled"] = False
        if wanted_on:
            later["enabled"] = True
    draft = _Draft(target, world)
    draft.add(Create(target.name, first, target.desired.usage))
    return draft.rights().write(later).moves


def _while_off(target: Target, world: World, picture: Picture) -> Order:
    """The connector is off now, is to be off in the end, or both: nobody is answered while it changes."""
    differing = target.differing(picture)
    goes_on = differing.get("enabled") is True
    at_once = _Draft(target, world).write(differing).rights()
    if not goes_on or at_once.moves == [Write(target.name, differing)]:
        return at_once.moves
    off = {option: value for option, value in differing.items() if option != "enabled"}
    return _Draft(target, world).write(off).rights().write({"enabled": True}).moves


def _to_anonymous(target: Target, world: World, picture: Picture) -> Order:
    """From externally secured to anonymous: group and right while the old method still lets everybody in.

    The groups of both methods stand together until the mechanism changes, which needs no further write of
    PermissionGroups, so that no outcome of such a write can take the right away once it is relied upon.
    """
    both = picture.groups | target.values["permission_groups"]
    draft = _Draft(target, world)
    if both != picture.groups:
        draft.write({"permission_groups": both})
    draft.rights()
    now = draft.pictures()[0]
    return draft.write(target.differing(now)).rights().moves


def _first_relay(target: Target, world: World, picture: Picture) -> list[Order]:
    """An enabled connector that does not relay yet: its ranges come first, or strangers in the old ones could relay.

    Ranges that it gains might take clients from another relay before the rights are there; so the other orders hold
    those back, or switch the connector off meanwhile.
    """
    differing = target.differing(picture)
    found = [_Draft(target, world).write(differing).rights().moves]
    final = target.values.get("remote_ip_ranges", picture.ranges)
    kept = final & picture.ranges
    if kept and kept != final:
        draft = _Draft(target, world)
        held_back = {**differing, "remote_ip_ranges": kept}
        draft.write({option: value for option, value in held_back.items() if picture.values.get(option) != value})
        found.append(draft.rights().write({"remote_ip_ranges": final}).moves)
    if differing:
        draft = _Draft(target, world).write({**differing, "enabled": False})
        found.append(draft.rights().write({"enabled": True}).moves)
    return found
