# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: how a connector that answers clients goes from one method of relay to another.

Two things may take away what clients rely on at the moment: a write of PermissionGroups, which may remove rights that
were granted by hand (undocumented), and a write of AuthMechanism, which closes one door and opens another. So rights
come before the door opens and go after it was shut; where hand-made rights are relied on, PermissionGroups is not
written: a group comes and leaves by its own entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .coverage import within
from .desired import ANONYMOUS
from .draft import Draft, Order
from .legality import EXTERNAL, TLS
from .moves import Move, Write
from .pictures import Picture
from .rights import ANONYMOUS_USERS, EXCHANGE_SERVERS, EXCHANGE_USERS
from .target import Target
from .world import World

Way = Callable[[Draft, Target], Draft]
"""Adds the moves that make the draft's connector what a target says."""


def switched(target: Target, world: World, picture: Picture) -> list[Order]:
    """Orders of moves for an enabled connector of a service that is to stay enabled, at least one, the simplest first.

    Args:
        target: what it is to be.
        world: the server.
        picture: the connector as it is.
    """
    way = _way(target, world, picture)
    simplest = way(Draft(target, world), target).moves
    if not any(_opens_or_shuts(move) for move in simplest):
        return [simplest]
    return [
        simplest,
        *_in_old_ranges_first(target, world, picture, way),
        *_switched_off_meanwhile(target, world, picture, way),
    ]


def _opens_or_shuts(move: Move) -> bool:
    return not isinstance(move, Write) or bool({"permission_groups", "auth_mechanism"} & set(move.values))


def _way(target: Target, world: World, picture: Picture) -> Way:
    if target.desired.method == ANONYMOUS:
        if picture.externally_secured or world.relays_after_logon(picture):
            return _both_open_meanwhile
        if world.serves_after_logon(picture):
            return _from_accounts if world.is_told else _by_trust
    elif target.desired.grants:
        return _among_accounts if world.serves_after_logon(picture) else _to_accounts
    return _at_once


def _at_once(draft: Draft, target: Target) -> Draft:
    return draft.write(target.differing(draft.now)).rights()


def _both_open_meanwhile(draft: Draft, target: Target) -> Draft:
    """To anonymous from what opens by the mechanism: group and right while the old way still lets everybody in.

    The groups of both methods stand together until the mechanism changes, which needs no further write of
    PermissionGroups, so that no outcome of such a write can take the right away once it is relied upon.
    """
    both = draft.now.groups | target.values["permission_groups"]
    if both != draft.now.groups:
        draft.write({"permission_groups": both})
    return _at_once(draft.rights(), target)


def _from_accounts(draft: Draft, target: Target) -> Draft:
    """To anonymous from accounts, whose rights were granted by hand: the group's own entries bring the group."""
    return _at_once(draft.grant(target.grants), target)


def _by_trust(draft: Draft, target: Target) -> Draft:
    """The same where only the connector's own group can tell how the server names the anonymous principal.

    The one write that brings the group may take the accounts' rights; so it trusts the sources for the few commands
    until the right to relay is there.
    """
    groups = draft.now.groups | target.values["permission_groups"] | {EXCHANGE_SERVERS}
    draft.write({"permission_groups": groups, "auth_mechanism": frozenset((TLS, EXTERNAL))})
    return _at_once(draft.rights(), target)


def _to_accounts(draft: Draft, target: Target) -> Draft:
    """To accounts from what works without logging on: their rights, the door, and then the old way's rights.

    What other users have by now has no effect, and would have one as soon as users can log on.
    """
    anonymous = draft.world.anonymous.casefold()
    others = [entry for entry in target.revokes if entry.principal.casefold() != anonymous]
    draft.revoke(others).grant(target.grants)
    return draft.write(_without_groups_that_leave(target, draft.now)).rights()


def _among_accounts(draft: Draft, target: Target) -> Draft:
    """To accounts from other accounts or from every user: who comes first, and then who goes."""
    draft.grant(target.grants)
    return draft.write(_without_groups_that_leave(target, draft.now)).rights()


def _without_groups_that_leave(target: Target, picture: Picture) -> dict[str, object]:
    """What differs, without permission groups that leave by their own entries."""
    differing = target.differing(picture)
    groups = target.values["permission_groups"]
    if groups == picture.groups - {ANONYMOUS_USERS, EXCHANGE_USERS}:
        differing.pop("permission_groups", None)
    return differing


def _in_old_ranges_first(target: Target, world: World, picture: Picture, way: Way) -> list[Order]:
    """The method changes for clients that are there before and after; ranges that come, come last.

    So nobody who was not there before can relay by the old way, and no other relay loses clients before this one is
    ready for them. Who stays is told by address: an old range may have been put into a wider one, or narrowed.
    """
    final = target.values.get("remote_ip_ranges", picture.ranges)
    kept = within(final, picture.ranges) | within(picture.ranges, final)
    if not kept or kept == final == picture.ranges:
        return []
    narrowed = target.with_ranges(kept)
    first = {"remote_ip_ranges": kept}
    together = way(Draft(target, world), narrowed)
    apart = way(Draft(target, world).write(first if kept != picture.ranges else {}), narrowed)
    last = {"remote_ip_ranges": final} if kept != final else {}
    return [draft.write(last).moves for draft in (together, apart)]


def _switched_off_meanwhile(target: Target, world: World, picture: Picture, way: Way) -> list[Order]:
    if not target.differing(picture):
        return []
    off = replace(target, values={**target.values, "enabled": False})
    draft = Draft(target, world)
    if way is not _at_once:
        draft.write({"enabled": False})
    return [way(draft, off).write({"enabled": True}).moves]
