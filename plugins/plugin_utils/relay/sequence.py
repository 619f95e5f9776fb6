# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the moves that bring one connector from how it is to how it is to be.

The order is what keeps the promise of no gap and no window: a connector answers nobody before its rights are there,
rights come before a method is entered and go after it was left, and a connector that relays nothing yet gets its
ranges before its rights. Where more than one order is thinkable, `orders` gives them all, simplest first, and the
caller proves which of them keeps the promise.
"""

from __future__ import annotations

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION

from .draft import Draft, Order
from .moves import Create, Delete, Write
from .pictures import Picture
from .switching import switched
from .target import Target
from .usages import USAGES
from .world import World


def orders(target: Target, world: World) -> list[Order]:
    """Orders of moves for one connector, at least one, the simplest first; [[]] when nothing differs."""
    picture = world.get(target.name)
    if not target.present:
        return [[Delete(target.name)] if picture is not None else []]
    if picture is None:
        return [_creation(target, world) if target.values else []]
    draft = Draft(target, world)
    if target.desired.aspect != "service":
        return [draft.write(target.differing(picture)).rights().moves]
    if not (picture.enabled and target.values.get("enabled", True)):
        return [_while_off(target, world, picture)]
    return switched(target, world, picture)


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
    draft = Draft(target, world)
    draft.add(Create(target.name, first, target.desired.usage))
    return draft.rights().write(later).moves


def _while_off(target: Target, world: World, picture: Picture) -> Order:
    """The connector is off now, is to be off in the end, or both: nobody is answered while it changes."""
    differing = target.differing(picture)
    goes_on = differing.get("enabled") is True
    at_once = Draft(target, world).write(differing).rights()
    if not goes_on or at_once.moves == [Write(target.name, differing)]:
        return at_once.moves
    off = {option: value for option, value in differing.items() if option != "enabled"}
    return Draft(target, world).write(off).rights().write({"enabled": True}).moves
