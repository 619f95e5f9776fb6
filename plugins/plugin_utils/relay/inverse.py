# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the cmdlets that carry moves out, and those that undo them.

Undoing keeps the same promise as doing: what a removed connector allowed comes back disabled first and enabled last.
And it loses nobody else's work: a list that is written back says what it is expected to be right before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import PROPERTIES

from .checks import LIST_OPTIONS
from .commands import Command, Value
from .model import AccessEntry, ServerFacts
from .moves import Create, Delete, Grant, Move, Write
from .pictures import Picture
from .steps import Undo
from .values import to_parameter
from .world import World

Parameters = list[tuple[str, Value]]


class Cmdlets:
    """Cmdlet calls about the connectors of one server; each names the one domain controller of that server."""

    def __init__(self, facts: ServerFacts) -> None:
        self._facts = facts

    def _call(self, cmdlet: str, parameters: Parameters) -> Command:
        controller = self._facts.domain_controller
        tail: Parameters = [("DomainController", controller)] if controller and not self._facts.is_edge else []
        return Command(cmdlet, (*parameters, *tail))

    def create(self, move: Create) -> Command:
        """New-ReceiveConnector. Values of properties that only Set takes must not be among them."""
        head: Parameters = [("Name", move.name), ("Server", self._facts.name), ("Usage", move.usage)]
        return self._call("New-ReceiveConnector", head + _parameters(move.values))

    def write(self, identity: str, values: Mapping[str, Any]) -> Command:
        """Set-ReceiveConnector with exactly these values."""
        return self._call("Set-ReceiveConnector", [("Identity", identity), *_parameters(values)])

    def delete(self, identity: str) -> Command:
        """Remove-ReceiveConnector, without the question that nobody could answer."""
        return self._call("Remove-ReceiveConnector", [("Identity", identity), ("Confirm", False)])

    def grant(self, identity: str, entries: Sequence[AccessEntry]) -> Command:
        """Add-ADPermission for entries of one principal, all allowing or all denying."""
        return self._call("Add-ADPermission", _grant_parameters(identity, entries))

    def revoke(self, identity: str, entries: Sequence[AccessEntry]) -> Command:
        """Remove-ADPermission for entries of one principal, all allowing or all denying."""
        return self._call("Remove-ADPermission", [*_grant_parameters(identity, entries), ("Confirm", False)])


def _parameters(values: Mapping[str, Any]) -> Parameters:
    """Parameters in the order of the table of properties, so that the same values always give the same command."""
    return [(row.exchange, to_parameter(row, values[row.option])) for row in PROPERTIES if row.option in values]


def _grant_parameters(identity: str, entries: Sequence[AccessEntry]) -> Parameters:
    parameters: Parameters = [
        ("Identity", identity),
        ("User", entries[0].principal),
        ("ExtendedRights", tuple(entry.right for entry in entries)),
    ]
    return [*parameters, ("Deny", True)] if entries[0].deny else parameters


def inverse_of(move: Move, world: World) -> tuple[Undo, ...]:
    """What undoes a move made in this world, in order."""
    cmdlets = Cmdlets(world.facts)
    if isinstance(move, Create):
        made = world.after(move).pictures[move.name.casefold()]
        return (Undo(cmdlets.delete(made.distinguished_name), _lists(made.known_values)),)
    picture = world.pictures[move.name.casefold()]
    identity = picture.distinguished_name
    if isinstance(move, Delete):
        return tuple(_recreation(picture, world, cmdlets))
    if isinstance(move, Write):
        return tuple(_rewritten(move, picture, world, cmdlets))
    entries = [AccessEntry(move.principal, right, move.deny, False) for right in move.rights]
    return (Undo(cmdlets.revoke(identity, entries) if isinstance(move, Grant) else cmdlets.grant(identity, entries)),)


def _lists(values: Mapping[str, Any]) -> dict[str, Any]:
    return {option: values[option] for option in LIST_OPTIONS if option in values}


class _Rewriting:
    """Writes that give a connector back its values, knowing its lists and its identity before each of them."""

    def __init__(self, before: Picture, after: Picture, cmdlets: Cmdlets) -> None:
        self.identity = after.distinguished_name
        self._first_identity = before.distinguished_name
        self._cmdlets = cmdlets
        self._values = dict(after.values)

    def write(self, values: Mapping[str, Any]) -> Iterable[Undo]:
        if not values:
            return
        lists = _lists(values)
        command = self._cmdlets.write(self.identity, values)
        yield Undo(command, {option: self._values[option] for option in lists}, lists)
        self._values.update(values)
        if "name" in values:
            self.identity = self._first_identity


def _rewritten(move: Write, picture: Picture, world: World, cmdlets: Cmdlets) -> Iterable[Undo]:
    """The values from before, and the grants made by hand that writing PermissionGroups may have taken or will take."""
    before = {option: picture.values[option] for option in move.values if option in picture.values}
    after = world.after(move).pictures[picture.key]
    rewriting = _Rewriting(picture, after, cmdlets)
    opened = after.externally_secured or world.serves_after_logon(after)
    by_hand = world.relays_anonymously(picture) or (
        world.serves_after_logon(picture) and not world.relays_after_logon(picture)
    )
    if "permission_groups" in before and opened and by_hand:
        # Back from the other method: the right first, while the door of that one is still open, as on the way there.
        first: dict[str, Any] = {"permission_groups": picture.groups | after.groups}
        if "remote_ip_ranges" in before:
            # Nobody who is only in the one list or the other is to relay in the other list's way.
            first["remote_ip_ranges"] = picture.ranges & after.ranges or picture.ranges
        yield from rewriting.write(first)
        yield from _regrants(picture, world, cmdlets, rewriting.identity)
        yield from rewriting.write({option: value for option, value in before.items() if option != "permission_groups"})
        before = {"permission_groups": before["permission_groups"]}
    yield from rewriting.write(before)
    if "permission_groups" in move.values:
        yield from _regrants(picture, world, cmdlets, rewriting.identity)


def _recreation(picture: Picture, world: World, cmdlets: Cmdlets) -> Iterable[Undo]:
    rows = {row.option: row for row in PROPERTIES if row.available(world.facts.version, world.facts.is_edge)}
    # An empty text is what a new connector has anyway; a null Fqdn is not, and has to be said.
    known = {
        option: value
        for option, value in picture.values.items()
        if option in rows and option != "name" and (option == "fqdn" or not (isinstance(value, str) and not value))
    }
    first = {option: value for option, value in known.items() if rows[option].on_new}
    later = {option: value for option, value in known.items() if not rows[option].on_new and rows[option].on_set}
    yield Undo(cmdlets.create(Create(picture.name, {**first, "enabled": False})))
    yield from _regrants(picture, world, cmdlets, picture.distinguished_name)
    if picture.enabled:
        later["enabled"] = True
    if later:
        yield Undo(cmdlets.write(picture.distinguished_name, later))


def _regrants(picture: Picture, world: World, cmdlets: Cmdlets, identity: str) -> Iterable[Undo]:
    manual = sorted(world.manual_entries(picture), key=lambda entry: (entry.principal, entry.deny, entry.right))
    for _principal, entries in groupby(manual, key=lambda entry: (entry.principal, entry.deny)):
        yield Undo(cmdlets.grant(identity, list(entries)))
