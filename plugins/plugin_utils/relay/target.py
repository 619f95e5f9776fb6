# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what a declared connector means on this server, next to what is there.

Here a declaration meets the server: lists to change become whole lists, a profile becomes values, a method becomes
permission groups, mechanisms and rights, and what the server cannot have is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._profiles import PROFILES
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION

from .availability import refuse_unavailable, transport_role_of_a_new_connector
from .cutting import without_addresses
from .desired import DesiredConnector
from .errors import InputError
from .existing import existing
from .legality import defaults_of_a_new_connector, refuse_illegal
from .methods import meaning_of, refuse_lost_method
from .model import AccessEntry, ServerFacts
from .ownership import group_rows, unclear_groups
from .pictures import Picture, connector_distinguished_name
from .principal_words import word_for
from .principals import principal_name, refuse_unremovable, told_users
from .quantities import Caseless
from .ranges import IPRange
from .rights import ANONYMOUS_USERS, AUTHORITATIVE_DOMAIN_SENDER
from .usages import USAGES, refuse_wrong_usage, seeds_of
from .values import ListChange, parse_option
from .world import World


@dataclass(frozen=True)
class Target:
    """One connector as it is to be.

    before: as it is, None when there is none.
    values: every managed option with its final canonical value.
    grants: explicit access entries that have to be there in the end.
    revokes: explicit access entries that must not.
    """

    desired: DesiredConnector
    before: Picture | None
    values: Mapping[str, Any]
    grants: tuple[AccessEntry, ...] = ()
    revokes: tuple[AccessEntry, ...] = ()

    @property
    def name(self) -> str:
        """The connector's name: as it is on the server before the plan, else as declared."""
        return self.desired.name if self.before is None else self.before.name

    @property
    def present(self) -> bool:
        """Whether the connector is to be there."""
        return self.desired.state == "present"

    def differing(self, picture: Picture) -> dict[str, Any]:
        """The managed values that the connector in this picture does not have."""
        return {option: value for option, value in self.values.items() if picture.values.get(option) != value}

    def with_ranges(self, ranges: frozenset[Any]) -> Target:
        """The same target with other remote IP ranges."""
        return replace(self, values={**self.values, "remote_ip_ranges": ranges})


def resolve(desired: DesiredConnector, world: World, absent_is_created: bool) -> Target:
    """What a declared connector means on this server.

    Args:
        desired: the declaration.
        world: the server as it is.
        absent_is_created: take a missing connector whose values or rights are to be changed for just created.

    Raises:
        InputError: the server cannot have what was declared, or the connector to change does not exist.
    """
    before = existing(desired, world, world.facts.name)
    if desired.state == "absent":
        return Target(desired, before, {})
    if before is None and desired.aspect in ("permission", "throttling"):
        if not absent_is_created:
            raise InputError(
                f"There is no receive connector {desired.name!r} on {world.facts.name}; "
                "create it first, with receive_connector or relay."
            )
        before = _just_created(desired.name, world.facts)
    values = _values(desired, before, world.facts)
    target = Target(desired, before, values)
    if desired.aspect == "service":
        target = _with_method(target, world)
    elif desired.aspect == "permission":
        target = _with_grants(target, world)
    _refuse_what_exchange_would(target, world.facts)
    return target


def _just_created(name: str, facts: ServerFacts) -> Picture:
    return Picture(
        name, connector_distinguished_name(facts, name), defaults_of_a_new_connector(facts), (), created=True
    )


def _values(desired: DesiredConnector, before: Picture | None, facts: ServerFacts) -> dict[str, Any]:
    where = f"Connector {desired.name!r} on {facts.name}"
    refuse_unavailable(desired.values, facts, where)
    declared = {**_profile_values(desired, facts), **desired.values}
    if before is None:
        declared = {**_creation_values(desired, facts), **declared}
    elif before.name.casefold() != desired.key:
        declared = {"name": Caseless(desired.name), **declared}
    current: Mapping[str, Any] = seeds_of(desired.usage, facts.is_edge) if before is None else before.values
    values = {
        option: value.applied_to(current.get(option, frozenset())) if isinstance(value, ListChange) else value
        for option, value in declared.items()
    }
    change = declared.get("remote_ip_ranges")
    if desired.aspect == "service" and isinstance(change, ListChange):
        values["remote_ip_ranges"] = _changed_sources(desired, change, current, where)
    return values


def _changed_sources(
    desired: DesiredConnector, change: ListChange, current: Mapping[str, Any], where: str
) -> frozenset[IPRange]:
    """The sources after some were added and removed. Whoever is removed may not relay any more: that is its meaning."""
    ranges: frozenset[IPRange] = current.get("remote_ip_ranges", frozenset())
    if desired.aggregate:
        left = without_addresses(ranges, change.remove) | change.add
    else:
        left = change.applied_to(ranges)
        for gone in sorted(change.remove):
            holder = next((entry for entry in left if entry.contains(gone)), None)
            if holder is not None:
                raise InputError(
                    f"{where}: sources.remove: {gone} is part of its source {holder}; remove that, and add what is to "
                    "stay of it."
                )
    if not left:
        raise InputError(
            f"{where}: sources: nobody would be left; write sources: [] if nobody may relay any more, or state: absent."
        )
    return left


def _profile_values(desired: DesiredConnector, facts: ServerFacts) -> dict[str, Any]:
    if not desired.profile:
        return {}
    values = PROFILES[desired.profile].values_for(facts.version, facts.is_edge)
    return {option: parse_option(BY_OPTION[option], raw) for option, raw in values.items()}


def _creation_values(desired: DesiredConnector, facts: ServerFacts) -> dict[str, Any]:
    role = transport_role_of_a_new_connector(facts)
    return {**({} if role is None else {"transport_role": role}), **desired.creation_values}


def _with_method(target: Target, world: World) -> Target:
    """A service's method as permission groups, mechanisms and rights; what somebody declared beside it stands."""
    meaning = meaning_of(target.desired, target.values, target.before, world)
    values = {**target.values}
    for option, value in meaning.values.items():
        if option not in target.desired.values:
            values[option] = value
    refuse_lost_method(target.desired, values, world.facts.name)
    if not target.desired.values.get("remote_ip_ranges"):
        # Nobody may relay: nothing to create, nothing to grant; what is there is switched off.
        return replace(target, values={} if target.before is None else values, revokes=meaning.revokes)
    return replace(target, values=values, grants=meaning.grants, revokes=meaning.revokes)


def _with_grants(target: Target, world: World) -> Target:
    """Declared grants with the names this server uses for their principals; with `exclusive`, the rest goes."""
    before = target.before
    if before is None:
        return target
    present: list[AccessEntry] = []
    absent: list[AccessEntry] = []
    for grant in target.desired.grants:
        principal = principal_name(grant.principal, before, world, grant.state, grant.where)
        rows = present if grant.state == "present" else absent
        rows += [AccessEntry(principal, right, grant.deny, False) for right in grant.rights]
    _refuse_both(present, absent)
    if target.desired.exclusive:
        _refuse_broken_groups(present, absent, before, world)
        absent += [entry for entry in _unlisted(present, before, world) if entry not in absent]
    return replace(target, grants=tuple(present), revokes=tuple(absent))


def _refuse_both(present: Sequence[AccessEntry], absent: Sequence[AccessEntry]) -> None:
    """Two ways to write one principal may say both of it."""
    wanted = {_folded(entry): entry for entry in present}
    for entry in absent:
        if _folded(entry) in wanted:
            raise InputError(
                f"grants: {entry.right} of {entry.principal!r} is declared present and absent, under two names of the "
                "same principal; decide for one."
            )


def _refuse_broken_groups(
    present: Sequence[AccessEntry], absent: Sequence[AccessEntry], before: Picture, world: World
) -> None:
    """A permission group that loses an entry is one no more; the next run would then remove what is left of it."""
    listed, gone = {_folded(entry) for entry in present}, {_folded(entry) for entry in absent}
    for group in sorted(before.groups):
        rows = group_rows(group, before.entries or (), world.anonymous, world.facts.version)
        lost = [entry for entry in rows if _folded(entry) in gone]
        left = [entry.right for entry in rows if _folded(entry) not in gone | listed]
        if lost and left:
            raise InputError(
                f"exclusive: without {lost[0].right} the permission group {group} of connector {before.name!r} on "
                f"{world.facts.name} is not whole any more, and nothing would keep what is left of it "
                f"({', '.join(dict.fromkeys(left))}); name in grants what is to stay of it, or take the group away "
                "with receive_connector."
            )


def _unlisted(present: Sequence[AccessEntry], before: Picture, world: World) -> Iterator[AccessEntry]:
    """The explicit entries that somebody granted by hand and nobody declares, those of one principal together.

    Access lists have no order of their own; this one is the same in every language.

    Raises:
        InputError: one of them cannot be removed, or cannot be told from what a permission group stands for.
    """
    unclear = unclear_groups(before.entries or (), before.groups, world.anonymous, world.facts.version)
    if unclear:
        raise InputError(
            f"exclusive: the access list of connector {before.name!r} on {world.facts.name} does not tell which of its "
            f"entries belong to {' and '.join(unclear)}, because several principals have like rights; name what is to "
            "go in grants, with state absent."
        )
    listed = {_folded(entry) for entry in present}
    users = told_users(world, world.facts.version)

    def place(entry: AccessEntry) -> tuple[str, bool, str]:
        return word_for(entry.principal, world.anonymous, users).casefold(), entry.deny, entry.right

    for entry in sorted(world.manual_entries(before), key=place):
        if _folded(entry) not in listed and not _may_be_the_groups(entry, before, world):
            refuse_unremovable(entry.principal, before, world, "exclusive")
            yield entry


def _may_be_the_groups(entry: AccessEntry, before: Picture, world: World) -> bool:
    """Whether AnonymousUsers may own an entry: on 2007 and 2010 sources differ about one of its rights."""
    return (
        world.facts.version in ("2007", "2010")
        and ANONYMOUS_USERS in before.groups
        and not entry.deny
        and entry.right == AUTHORITATIVE_DOMAIN_SENDER
        and entry.principal.casefold() == world.anonymous.casefold()
    )


def _folded(entry: AccessEntry) -> tuple[str, str, bool]:
    return entry.principal.casefold(), entry.right.casefold(), entry.deny


def _refuse_what_exchange_would(target: Target, facts: ServerFacts) -> None:
    where = f"Connector {target.desired.name!r} on {facts.name}"
    if target.before is not None:
        refuse_illegal({**target.before.values, **target.values}, set(target.differing(target.before)), facts, where)
        return
    if target.desired.aspect == "service" and not target.values:
        return
    usage = target.desired.usage
    refuse_wrong_usage(usage, target.values, facts, where)
    for option in USAGES[usage].needs:
        if not target.values.get(option):
            raise InputError(
                f"{option}: connector {target.name!r} does not exist on {facts.name} yet, and a new one needs "
                f"{option}; declare them."
            )
    base = {**defaults_of_a_new_connector(facts), **seeds_of(usage, facts.is_edge)}
    refuse_illegal({**base, **target.values}, set(target.values), facts, where)
