# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: from moves to steps, each one cmdlet with what it requires and what undoes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .checks import (
    LIST_OPTIONS,
    AnonymousPrincipalIs,
    Check,
    ConnectorHolds,
    GrantAbsent,
    GrantPresent,
    Unchanged,
    relied_on,
)
from .errors import RelayError
from .inverse import Cmdlets, inverse_of
from .legality import EXTERNAL
from .model import AccessEntry
from .moves import Create, Delete, Grant, Move, Revoke, Write
from .pictures import Picture
from .rights import (
    ANONYMOUS_RELAY_RIGHTS,
    ANONYMOUS_USERS,
    ANY_RECIPIENT,
    GRANTABLE,
    SUBMIT,
    anonymous_principal,
)
from .steps import Step
from .world import World

_LISTS = frozenset(LIST_OPTIONS)
# What decides whom a connector answers and how; read back before somebody may relay through it.
_WHOM = ("remote_ip_ranges", "bindings")
_DECISIVE = ("remote_ip_ranges", "bindings", "permission_groups", "auth_mechanism", "transport_role")


def compile_steps(moves: Sequence[Move], world: World, reference: str | None) -> tuple[Step, ...]:
    """The steps that carry the moves out.

    Args:
        moves: in order.
        world: the server before the first of them.
        reference: distinguished name of the connector that told the anonymous principal's name, None when none did.

    Raises:
        RelayError: a right would have to be granted to a principal that nothing identifies.
    """
    steps: list[Step] = []
    # The connector that tells the name may get another one on the way, and with it another distinguished name.
    telling = next((picture.key for picture in world if picture.distinguished_name == reference), None)
    for move in moves:
        told_by = world.pictures.get(telling) if telling is not None else None
        steps.append(_Compiler(world, told_by.distinguished_name if told_by is not None else reference).step(move))
        world = world.after(move)
    return tuple(steps)


class _Compiler:
    """Makes a step out of a move, knowing the world right before it."""

    def __init__(self, world: World, reference: str | None) -> None:
        self.world = world
        self.reference = reference
        self.cmdlets = Cmdlets(world.facts)

    def step(self, move: Move) -> Step:
        undo = inverse_of(move, self.world)
        if isinstance(move, Create):
            return Step(self.cmdlets.create(move), move.name, (), None, undo)
        picture = self.world.pictures[move.name.casefold()]
        name, identity = picture.name, picture.distinguished_name
        if isinstance(move, Write):
            renamed = str(move.values.get("name", name))
            command = self.cmdlets.write(identity, move.values)
            return Step(command, renamed, self._before_write(move, picture), None, undo)
        if isinstance(move, Delete):
            return Step(self.cmdlets.delete(identity), name, (self._unchanged(picture),), None, undo)
        entries = [AccessEntry(move.principal, right, move.deny, False) for right in move.rights]
        if isinstance(move, Grant):
            command = self.cmdlets.grant(identity, entries)
            only_if: Check | None = GrantAbsent(identity, move.principal, move.rights, move.deny)
            requires = self._before_grant(move, picture)
        else:
            command = self.cmdlets.revoke(identity, entries)
            only_if = GrantPresent(identity, move.principal, move.rights, move.deny, some=True)
            requires = self._before_revoke(move, picture)
        return Step(command, name, requires, only_if if move.conditional else None, undo)

    def _unchanged(self, picture: Picture) -> Check:
        """What somebody else wrote meanwhile must not be lost, not even on a connector that this plan made."""
        return Unchanged(picture.distinguished_name, relied_on(picture.values, picture.known_values))

    def _before_write(self, move: Write, picture: Picture) -> tuple[Check, ...]:
        checks: list[Check] = []
        if _LISTS & set(move.values):
            checks.append(self._unchanged(picture))
        after = self.world.after(move).pictures[picture.key]
        if after.enabled and self._opens(picture, after):
            checks += self._ready(picture, after)
        return tuple(checks)

    def _opens(self, picture: Picture, after: Picture) -> bool:
        """Whether a write lets somebody relay in a way that was not open before."""
        without = self.world.relays(after) and not (
            picture.enabled
            and (EXTERNAL in picture.mechanisms) == (EXTERNAL in after.mechanisms)
            and self.world.relays(picture)
        )
        return without or (
            self.world.serves_after_logon(after) and not (picture.enabled and self.world.serves_after_logon(picture))
        )

    def _ready(self, picture: Picture, after: Picture) -> Iterable[Check]:
        """Somebody may relay through it from this write on: what that rests on is read back first."""
        held = {option: picture.values[option] for option in _DECISIVE if option in picture.values}
        yield ConnectorHolds(picture.distinguished_name, held)
        if after.externally_secured:
            return
        # The write itself may bring a group's rights; those that are granted have to be there before.
        if self.world.relays(after):
            yield self._holding(picture, self.world.anonymous, ANONYMOUS_RELAY_RIGHTS)
        if self.world.serves_after_logon(after):
            yield from (self._holding(picture, account, GRANTABLE) for account in self.world.accounts(picture))

    def _holding(self, picture: Picture, principal: str, rights: Iterable[str]) -> Check:
        """That a principal still has those of the rights that it has in the picture."""
        present = picture.rights_of(principal)
        held = tuple(right for right in rights if right.casefold() in present)
        return GrantPresent(picture.distinguished_name, principal, held)

    def _before_grant(self, move: Grant, picture: Picture) -> tuple[Check, ...]:
        checks: list[Check] = []
        anonymous = move.principal.casefold() == self.world.anonymous.casefold()
        if anonymous:
            checks += self._anonymous(picture)
        opens = ANY_RECIPIENT in move.rights and not move.deny and (anonymous or picture.offers_logon)
        if picture.enabled and opens and not picture.externally_secured:
            # From here on more clients in its ranges may relay: they must be the ones that were planned for.
            held = {option: picture.values[option] for option in _WHOM if option in picture.values}
            checks.append(ConnectorHolds(picture.distinguished_name, held))
        return tuple(checks)

    def _anonymous(self, picture: Picture) -> Iterable[Check]:
        """Whose right it is, by the connector's own access list where that tells, else by the one that told."""
        if ANONYMOUS_USERS in picture.groups and anonymous_principal(picture.entries or ()) is not None:
            yield AnonymousPrincipalIs(picture.distinguished_name, self.world.anonymous)
        elif self.reference == picture.distinguished_name:
            return  # this plan has asked it before, and has changed its entries since
        elif self.reference is not None:
            yield AnonymousPrincipalIs(self.reference, self.world.anonymous)
        else:
            raise RelayError(
                f"The access list of connector {picture.name!r} on {self.world.facts.name} does not tell how this "
                "server names anonymous clients, and no other connector with permission group AnonymousUsers does: "
                "give that group to one of them, or take the unusual rights away."
            )

    def _before_revoke(self, move: Revoke, picture: Picture) -> tuple[Check, ...]:
        """The old way is only closed once the new one is open."""
        leaves = {ANY_RECIPIENT.casefold(), SUBMIT.casefold()} & {right.casefold() for right in move.rights}
        if leaves and move.principal.casefold() == self.world.users.casefold() and picture.offers_logon:
            return tuple(self._holding(picture, account, GRANTABLE) for account in self.world.accounts(picture))
        opened = picture.externally_secured or self.world.serves_after_logon(picture)
        if not (leaves and opened and move.principal.casefold() == self.world.anonymous.casefold()):
            return ()
        needed = ("permission_groups", "auth_mechanism") if picture.externally_secured else ("auth_mechanism",)
        held = {option: picture.values[option] for option in needed}
        return (ConnectorHolds(picture.distinguished_name, held),)
