# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: findings about a connector and the others of its server.

Who clashes with whom so that Exchange refuses, who takes clients from whom, and who answers clients that come over
IPv6 to a connector that only listens on IPv4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .allowance import Allowance, allowance
from .answering import listeners, services_of
from .contests import Contest, contests
from .coverage import role_of
from .defaults import is_default_connector
from .effective import RELAYS, group_entries, users_names
from .findings import Finding, finding, name_addresses
from .model import AccessEntry, ExchangeServerAddresses
from .moves import Create, Move, Write
from .overlaps import clashes, free_of_clashes
from .pictures import Picture
from .ranges import Binding, IPRange
from .rights import ANONYMOUS_USERS
from .world import World

_CONFLICTING_OPTIONS = frozenset(("remote_ip_ranges", "bindings", "transport_role", "enabled"))
# What a client may connect to from elsewhere: global unicast and unique local addresses.
_REACHABLE = (IPRange(6, 0x2000 << 112, (0x4000 << 112) - 1), IPRange(6, 0xFC00 << 112, (0xFE00 << 112) - 1))


@dataclass(frozen=True)
class Declared:
    """A connector that somebody answers for. service: connectors of one service do not take clients from each other."""

    picture: Picture
    service: str = ""


# -- what Exchange refuses --------------------------------------------------------------------------------------------


def tangled_bindings(world: World) -> frozenset[Binding]:
    """The bindings on which some two ranges of the server clash, so that it is worth asking whose they are."""
    ranges: dict[Binding, list[IPRange]] = {}
    for picture in world:
        for binding in picture.bindings:
            ranges.setdefault(binding, []).extend(picture.ranges)
    return frozenset(binding for binding, entries in ranges.items() if not free_of_clashes(entries))


def conflict_findings(
    picture: Picture, moves: Sequence[Move], world: World, tangled: frozenset[Binding]
) -> Iterator[Finding]:
    """What Exchange would refuse in the end, told before it does; only where the plan takes part in it."""
    if any(isinstance(move, (Create, Write)) and _CONFLICTING_OPTIONS & set(move.values) for move in moves):
        yield from conflicts(picture, world, tangled)


def conflicts(picture: Picture, world: World, tangled: frozenset[Binding]) -> Iterator[Finding]:
    """Connectors that Exchange does not take beside this one, as they are in this world; `tangled` is of this world."""
    server = world.facts.name
    for other in world:
        if other.key == picture.key:
            continue
        # Whether Exchange looks at disabled connectors is not documented.
        guard = None if other.enabled and picture.enabled else False
        names = (picture.name, other.name)
        if _roles_differ(picture, other) and any(
            one.conflicts_with(two) for one in picture.bindings for two in other.bindings
        ):
            yield finding("role_conflict", server, names, (), f"'{other.name}'", guard)
        elif picture.bindings & other.bindings & tangled:
            ranges = [mine for mine, _theirs in clashes(picture.ranges, other.ranges)]
            if ranges:
                yield finding("range_conflict", server, names, ranges, f"'{other.name}'", guard)


def _roles_differ(one: Picture, other: Picture) -> bool:
    roles = (one.values.get("transport_role"), other.values.get("transport_role"))
    return None not in roles and roles[0] != roles[1]


# -- who answers instead ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rivals:
    """The connectors of a server that have clients in common, without those that are there for everybody."""

    world: World
    found: Sequence[Contest]
    _allowed: dict[str, Allowance] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, world: World) -> Rivals:
        """The contests of this world. That a default connector loses to every other one is what it is for."""
        everybody = {
            picture.key: frozenset(entry for entry in picture.ranges if entry.is_any)
            for picture in world
            if is_default_connector(picture, world.facts)
        }
        return cls(world, contests(world, everybody))

    def findings(self, declared: Collection[Declared]) -> Iterator[Finding]:
        """One finding a pair: what the loser is for and does not get, or what the winner takes from it.

        Args:
            declared: the connectors that somebody answers for; contests of others are none of their business.
        """
        services = {one.picture.key: one.service or one.picture.key for one in declared}
        for contest in self.found:
            winner, loser = contest.winner.key, contest.loser.key
            if services.get(winner) is not None and services.get(winner) == services.get(loser):
                continue
            relay = RELAYS in (self._allowance(contest.loser).may or ())
            if loser in services and (relay or winner not in services):
                yield self._shadowed(contest)
            elif winner in services and contest.runner_up:
                yield self._stolen(contest)

    def _shadowed(self, contest: Contest) -> Finding:
        mine, theirs = self._allowance(contest.loser), self._allowance(contest.winner)
        lost = _lost(mine, theirs)
        detail = f"'{contest.winner.name}' has a narrower range there and answers, which {_lets(theirs)}"
        harmless = not lost and theirs.may is not None
        return self._finding("shadowed_source", contest, contest.loser, contest.addresses, detail, harmless)

    def _stolen(self, contest: Contest) -> Finding:
        mine, theirs = self._allowance(contest.winner), self._allowance(contest.loser)
        lost = _lost(theirs, mine)
        known = mine.may is not None and theirs.may is not None
        no_more = "where they may do no more than here" if known else "whose access list was not read"
        detail = f"'{contest.loser.name}' with its wider range, {lost or no_more}"
        return self._finding("stolen_clients", contest, contest.winner, contest.runner_up, detail, not lost and known)

    def _finding(
        self, identifier: str, contest: Contest, about: Picture, clients: Sequence[IPRange], detail: str, harmless: bool
    ) -> Finding:
        if contest.doubtful:
            detail += f" (for {_named(contest.doubtful)} this is not documented, because neither range holds the other)"
        other = contest.loser if about is contest.winner else contest.winner
        severity = "info" if harmless and not contest.doubtful else "warning"
        names = (about.name, other.name)
        return finding(identifier, self.world.facts.name, names, clients, detail, severity=severity)

    def _allowance(self, picture: Picture) -> Allowance:
        known = self._allowed.get(picture.key)
        if known is None:
            entries = known_entries(picture, self.world)
            known = self._allowed[picture.key] = allowance(
                picture.values, entries, self.world.anonymous, self.world.facts.version
            )
        return known


def known_entries(picture: Picture, world: World) -> tuple[AccessEntry, ...] | None:
    """The access list of a connector, by its permission groups where it was not read and Exchange shows no others.

    None when nobody knows. Source: an administrator's output shows Custom beside the groups once a right was granted
    by hand, so that a connector that shows plain groups has no other right.
    """
    if picture.entries is not None:
        # The planner follows only the entries that it writes about; what the other groups stand for is added.
        version = world.facts.version
        users = users_names(picture.values, picture.entries, version)
        others = picture.groups - {ANONYMOUS_USERS}
        return (*picture.entries, *group_entries(others, world.anonymous, version, users[0] if users else ""))
    shown = str((picture.read_only or {}).get("PermissionGroups", ""))
    return None if "custom" in shown.casefold() else group_entries(picture.groups, world.anonymous, world.facts.version)


def _lets(allowed: Allowance) -> str:
    """What a connector lets clients do, as the rest of a sentence about it."""
    if allowed.may is None:
        return "lets them do what its access list says, which was not read"
    if not allowed.may:
        users = " and lets users log on" if allowed.logons_after_tls else ""
        return f"takes no mail from clients that do not log on{users}"
    return "lets them relay too" if RELAYS in allowed.may else "takes their mail for accepted domains only"


def _lost(before: Allowance, after: Allowance) -> str:
    """What clients lose that come from one connector to another, as the rest of a sentence; "" for nothing known."""
    gone = [word for word in before.may or () if after.may is not None and word not in after.may]
    if gone and not after.may:
        return "where they may send mail without logging on"
    if RELAYS in gone:
        return "where they may relay"
    if gone:
        return "where they are trusted"
    if set(before.logons_after_tls) - set(after.logons_after_tls):
        return "where users can log on as they cannot here"
    return ""


# -- IPv6 -------------------------------------------------------------------------------------------------------------


def ipv6_findings(
    picture: Picture, world: World, addresses: Iterable[ExchangeServerAddresses], everybody: Mapping[int, str]
) -> Iterator[Finding]:
    """The finding for a relay that clients over IPv6 miss: because the server has such an address, or they are listed.

    Args:
        picture: the connector, which lets clients relay.
        world: the server.
        addresses: those of every Exchange server.
        everybody: port -> name of the connector that answers strangers over IPv6 there.
    """
    ports = _ports_without_ipv6(picture.bindings)
    if not picture.enabled or not ports:
        return
    name = world.facts.name.casefold()
    own = [entry for owner in addresses if owner.name.casefold() == name for entry in owner.addresses]
    reachable = sorted({entry for entry in own if any(space.contains(entry) for space in _REACHABLE)})
    listed = sorted(entry for entry in picture.ranges if entry.version == 6 and entry.unmapped.version == 6)
    reasons = []
    if reachable:
        answers = next((f", where '{everybody[port]}' answers" for port in ports if port in everybody), "")
        reasons.append(f"the server can be reached at {_named(reachable)} too{answers}")
    if listed:
        reasons.append(f"it is for {_named(listed)}, from where nobody reaches it")
    if reasons:
        yield finding("ipv6_bypass", world.facts.name, (picture.name,), [*reachable, *listed], " and ".join(reasons))


def answering_strangers_over_ipv6(world: World) -> dict[int, str]:
    """Port -> name of the connector that is bound to [::] and for every IPv6 address there."""
    found: dict[int, str] = {}
    services = services_of(world.facts)
    for picture in world:
        if not picture.enabled or not any(entry.is_any and entry.version == 6 for entry in picture.ranges):
            continue
        for binding in picture.bindings:
            listening = listeners(map(role_of, world), binding.port, services)
            if binding.version == 6 and binding.is_wildcard and role_of(picture) in listening:
                found.setdefault(binding.port, picture.name)
    return found


def _ports_without_ipv6(bindings: Iterable[Binding]) -> list[int]:
    ports: dict[int, set[int]] = {}
    for binding in bindings:
        ports.setdefault(binding.port, set()).add(binding.version)
    return sorted(port for port, versions in ports.items() if versions == {4})


def _named(ranges: Sequence[IPRange]) -> str:
    return name_addresses(tuple(map(str, ranges)))
