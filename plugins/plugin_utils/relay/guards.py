# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: findings, what is unsafe or wrong in how a server's connectors are or will be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .access_guards import denied_sessions, inherited_relay
from .connector_guards import (
    connector_findings,
    denied,
    excessive_rights,
    high_volume,
    hybrid,
    known_addresses,
    open_relay,
    sender_rights_missing,
)
from .defaults import is_default_connector
from .desired import ANONYMOUS, AUTHENTICATED, INTERNAL
from .findings import Finding, finding
from .internal import internal_findings
from .model import ExchangeServerAddresses, ServerState
from .moves import Delete, Grant, Move, Write
from .neighbours import (
    Declared,
    Rivals,
    answering_strangers_over_ipv6,
    conflict_findings,
    conflicts,
    ipv6_findings,
    tangled_bindings,
)
from .pictures import Picture, picture_of
from .policy import Policy
from .principals import told_users
from .ranges import IPRange
from .rights import ANY_RECIPIENT
from .sources import Source
from .target import Target
from .world import DOCUMENTED_USERS, World

# What makes a connector answer somebody else or trust them; the rest of a default connector is its owner's business.
_RELAY_OPTIONS = ("name", "remote_ip_ranges", "permission_groups", "auth_mechanism", "transport_role")
_ANSWERING_OPTIONS = frozenset(("remote_ip_ranges", "bindings", "transport_role", "enabled"))
_MAX_NAMED_SOURCES = 3


def plan_findings(
    targets: Sequence[Target],
    moves: Sequence[Move],
    final: World,
    policy: Policy,
    addresses: Sequence[ExchangeServerAddresses],
) -> Iterator[Finding]:
    """Findings about the declared connectors and the moves planned for them.

    Args:
        targets: what was declared, resolved.
        moves: the moves of the plan.
        final: the server after them.
        policy: what to judge by.
        addresses: of every Exchange server.
    """
    known = known_addresses(final, policy, addresses)
    everybody = answering_strangers_over_ipv6(final)
    tangled = tangled_bindings(final)
    counts = _counts_of_sources(targets, final)
    declared = [one for target in targets for one in _declared(target, final)]
    judged = False
    for target in targets:
        own = [move for move in moves if move.name.casefold() == target.name.casefold()]
        yield from _default_connector(target, own, final)
        picture = final.get(target.name)
        if target.desired.method == INTERNAL:
            yield from internal_findings(target, final)
            yield from _sources(target, final.facts.name)
        if not target.present or picture is None or target.desired.aspect == "throttling":
            continue
        yield from connector_findings(picture, target.before, final, policy, known, target.desired.method, own)
        yield from _another_method(target, picture, final)
        if target.desired.method == AUTHENTICATED:
            accounts = final.accounts(picture) if target.desired.grants else ()
            yield from sender_rights_missing(picture, final, accounts)
        # Only a service promises that anonymous clients may relay; else a denial may be just what somebody wants.
        yield from denied(picture, final, None if target.desired.method == ANONYMOUS and picture.enabled else False)
        yield from excessive_rights(picture, own, final)
        promised = target.desired.method not in (None, ANONYMOUS) and picture.enabled
        yield from denied_sessions(picture, final, None if promised else False)
        yield from hybrid(picture, own, final)
        yield from high_volume(picture, counts[_owner(target)], final)
        yield from _sources(target, final.facts.name)
        yield from conflict_findings(picture, own, final, tangled)
        if final.relays(picture):
            judged = True
            yield from ipv6_findings(picture, final, known, everybody)
    yield from inherited_relay(_present(targets, final), final)
    if declared:
        yield from Rivals.of(final).findings(declared)
    if judged:
        yield from _unknown_addresses(final.facts.name, known)


def _present(targets: Sequence[Target], final: World) -> list[Picture]:
    """The declared connectors that will be there, each once."""
    names = dict.fromkeys(target.name for target in targets if target.present)
    return [picture for picture in map(final.get, names) if picture is not None]


def _another_method(target: Target, picture: Picture, final: World) -> Iterator[Finding]:
    """The finding for a service whose clients relay by another method too, because of what is declared beside it."""
    method = target.desired.method
    if method == ANONYMOUS and final.serves_after_logon(picture):
        yield finding("two_methods", final.facts.name, (picture.name,), (), "anonymous and after logging on")
    if method == AUTHENTICATED and final.relays(picture):
        yield finding("two_methods", final.facts.name, (picture.name,), (), "after logging on and without")


def _declared(target: Target, final: World) -> Iterator[Declared]:
    """The connector of a declaration that says who is answered."""
    picture = final.get(target.name)
    if target.present and picture is not None and _ANSWERING_OPTIONS & set(target.values):
        yield Declared(picture, target.desired.service or "")


def _owner(target: Target) -> str:
    """What a declared connector is a part of: its service, or itself."""
    return f"service {target.desired.service}" if target.desired.service is not None else target.desired.key


def _counts_of_sources(targets: Sequence[Target], final: World) -> dict[str, int]:
    """How many sources a service has over all its connectors, or a connector of no service for itself."""
    declared: dict[str, set[IPRange]] = {}
    there: dict[str, set[IPRange]] = {}
    for target in targets:
        sources, picture = target.desired.sources, final.get(target.name)
        declared.setdefault(_owner(target), set()).update(() if sources is None else sources.ranges)
        there.setdefault(_owner(target), set()).update(() if picture is None else picture.ranges)
    # Sources that were merged on the connector are still as many as were declared.
    return {owner: max(len(declared[owner]), len(there[owner])) for owner in declared}


class Audit:
    """Findings about a server's connectors as they are, for reports. What all of them need is worked out once.

    Args:
        state: the server; access lists that were not read are not judged.
        policy: what to judge by.
        anonymous: how the server names the anonymous principal.
    """

    def __init__(self, state: ServerState, policy: Policy, anonymous: str) -> None:
        pictures = {entry.name.casefold(): picture_of(entry, state) for entry in state.connectors}
        users = told_users(pictures.values(), state.facts.version) or DOCUMENTED_USERS
        self._world = World(state.facts, anonymous, pictures, users)
        self._policy = policy
        self._known = known_addresses(self._world, policy, state.addresses)
        self._tangled = tangled_bindings(self._world)
        self._everybody = answering_strangers_over_ipv6(self._world)
        self._shared: dict[str, list[Finding]] = {}
        for found in Rivals.of(self._world).findings([Declared(picture) for picture in self._world]):
            self._shared.setdefault(found.connectors[0].casefold(), []).append(found)
        # What stands above all connectors is told of each of them alike, also of the default ones.
        for found in inherited_relay(self._world, self._world):
            for name in found.connectors:
                self._shared.setdefault(name.casefold(), []).append(found)

    def findings(self, name: str) -> list[Finding]:
        """What is to be told of the connector of this name."""
        picture = self._world.pictures[name.casefold()]
        return [*self._own(picture), *self._shared.get(picture.key, ())]

    def _own(self, picture: Picture) -> Iterator[Finding]:
        world, relays = self._world, self._world.relays(picture)
        if is_default_connector(picture, world.facts):
            # It is for everybody by design; what it must not do is relay for everybody.
            if relays:
                yield from open_relay(picture, world.facts.name, self._policy)
            return
        yield from connector_findings(picture, picture, world, self._policy, self._known)
        yield from denied(picture, world, False)
        yield from excessive_rights(picture, (), world)
        yield from denied_sessions(picture, world, False)
        yield from hybrid(picture, (), world)
        yield from high_volume(picture, len(picture.ranges), world)
        yield from conflicts(picture, world, self._tangled)
        if relays:
            yield from ipv6_findings(picture, world, self._known, self._everybody)


def _default_connector(target: Target, moves: Sequence[Move], final: World) -> Iterator[Finding]:
    before = target.before
    if before is None or not is_default_connector(before, final.facts):
        return
    if target.desired.aspect == "service" or any(_is_for_relay(move) for move in moves):
        yield finding("default_connector", final.facts.name, (target.name,))


def _is_for_relay(move: Move) -> bool:
    if isinstance(move, Write):
        return any(option in move.values for option in _RELAY_OPTIONS)
    if isinstance(move, Grant):
        return ANY_RECIPIENT in move.rights and not move.deny
    return isinstance(move, Delete)


def _sources(target: Target, server: str) -> Iterator[Finding]:
    sources = target.desired.sources
    if sources is None:
        return
    for identifier, entries in (("expired_source", sources.expired), ("expiring_source", sources.expiring)):
        if entries:
            yield finding(identifier, server, (target.name,), (entry.range for entry in entries), _listed(entries))


def _listed(sources: Sequence[Source]) -> str:
    named = "; ".join(f"{entry.label} on {entry.expires}" for entry in sources[:_MAX_NAMED_SOURCES])
    more = len(sources) - _MAX_NAMED_SOURCES
    return f"{named}; {more} more" if more > 0 else named


def empty_sources(target: Target, server: str) -> Iterator[Finding]:
    """The finding for a service that is declared for nobody."""
    sources = target.desired.sources
    if target.present and sources is not None and sources.nobody:
        count = len(target.before.ranges) if target.before is not None and target.before.enabled else 0
        detail = f"{count} source{'s' if count != 1 else ''} it has now" if count else "nobody so far"
        yield finding("empty_sources", server, (target.name,), detail=detail)


def _unknown_addresses(server: str, addresses: Sequence[ExchangeServerAddresses]) -> Iterator[Finding]:
    for owner in addresses:
        if not owner.addresses:
            yield finding("exchange_addresses_unknown", server, (), detail=owner.name)


def accepted_for(found: Finding, targets: Sequence[Target], policy: Policy) -> Mapping[str, str]:
    """The reasons that may accept a finding: those of the call, and those of the services it is about."""
    names = {name.casefold() for name in found.connectors}
    reasons: dict[str, str] = {}
    for target in targets:
        if not names or names & {target.name.casefold(), target.desired.key}:
            reasons = {**target.desired.accept_findings, **reasons}
    return {**reasons, **policy.accepted}
