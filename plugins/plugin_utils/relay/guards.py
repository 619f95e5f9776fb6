# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: findings, what is unsafe or wrong in how a server's connectors are or will be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import VERSIONS

from .answering import FRONT_END, SMTP_PORT
from .defaults import is_default_connector
from .desired import ANONYMOUS, EXTERNALLY_SECURED
from .findings import Finding, finding
from .model import AccessEntry, ExchangeServerAddresses, ReceiveConnector, ServerState
from .overlaps import clashes
from .policy import SHARED, Policy
from .ranges import LOOPBACK, IPRange
from .rights import ANONYMOUS_RELAY_RIGHTS, ANY_RECIPIENT, effective_rights
from .sources import Source
from .target import Target
from .world import Create, Delete, Grant, Move, Picture, World, Write, picture_of

# What makes a connector answer somebody else or trust them; the rest of a default connector is its owner's business.
_RELAY_OPTIONS = ("name", "remote_ip_ranges", "permission_groups", "auth_mechanism", "transport_role")
_CONFLICTING_OPTIONS = frozenset(("remote_ip_ranges", "bindings", "transport_role", "enabled"))
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
    judged = False
    for target in targets:
        own = [move for move in moves if move.name.casefold() == target.name.casefold()]
        yield from _default_connector(target, own, final)
        picture = final.get(target.name)
        if not target.present or picture is None or target.desired.aspect == "throttling":
            continue
        yield from connector_findings(picture, final, policy, known, target.desired.method == EXTERNALLY_SECURED)
        # Only a service promises that anonymous clients may relay; else a denial may be just what somebody wants.
        yield from _denied(picture, final, None if target.desired.method == ANONYMOUS and picture.enabled else False)
        judged = judged or final.relays(picture)
        yield from _sources(target, final.facts.name)
        yield from _conflicts(picture, own, final)
    if judged:
        yield from _unknown_addresses(final.facts.name, known)


def findings_of(
    connector: ReceiveConnector,
    entries: Sequence[AccessEntry] | None,
    state: ServerState,
    policy: Policy,
    anonymous: str,
) -> list[Finding]:
    """Findings about one connector as it is, for reports.

    Args:
        connector: the connector.
        entries: its access list, None when it was not read.
        state: its server.
        policy: what to judge by.
        anonymous: how the server names the anonymous principal.
    """
    pictures = {entry.name.casefold(): picture_of(entry, state) for entry in state.connectors}
    picture = picture_of(connector, state)
    if entries is not None:
        picture = Picture(picture.name, picture.distinguished_name, picture.values, tuple(entries))
    world = World(state.facts, anonymous, {**pictures, picture.key: picture})
    if is_default_connector(picture, state.facts):
        # It is for everybody by design; what it must not do is relay for everybody.
        found = _open_relay(picture, state.facts.name, policy) if world.relays(picture) else iter(())
    else:
        found = connector_findings(picture, world, policy, known_addresses(world, policy, state.addresses), False)
        found = chain(found, _denied(picture, world, False))
    return list(found)


def connector_findings(
    picture: Picture,
    world: World,
    policy: Policy,
    addresses: Sequence[ExchangeServerAddresses],
    declared_secured: bool,
) -> Iterator[Finding]:
    """Findings about one relay connector in this world; declared_secured: the trusting method was declared for it."""
    server = world.facts.name
    if _hub_transport_on_smtp_port(picture, world):
        yield finding("hub_transport_on_port_25", server, (picture.name,))
    if picture.externally_secured and world.relays_anonymously(picture):
        yield finding("two_methods", server, (picture.name,))
    if declared_secured or picture.externally_secured:
        yield finding("externally_secured_bypass", server, (picture.name,))
    if not world.relays(picture):
        return
    yield from _open_relay(picture, server, policy)
    for owner in addresses:
        held = _holding(picture.ranges, owner.addresses)
        if held:
            yield finding("exchange_server_address", server, (picture.name,), held, owner.name)
    for name, protected in policy.protected.groups:
        held = _holding(picture.ranges, protected)
        if held:
            identifier = "shared_address" if name == SHARED else "protected_address"
            yield finding(identifier, server, (picture.name,), held, name)


def known_addresses(
    world: World, policy: Policy, addresses: Sequence[ExchangeServerAddresses]
) -> tuple[ExchangeServerAddresses, ...]:
    """Addresses of Exchange servers, each server once: found, declared, loopback, and those that bindings name.

    A server whose addresses could not be found stays in it with none: what is known otherwise does not replace them.
    """
    found: dict[str, ExchangeServerAddresses] = {}
    for entry in (*addresses, *policy.exchange_addresses):
        other = found.get(entry.name.casefold())
        merged = entry.addresses if other is None else (*other.addresses, *entry.addresses)
        found[entry.name.casefold()] = ExchangeServerAddresses(entry.name, merged)
    own = found.get(world.facts.name.casefold())
    if own is None or own.addresses:
        bound = {binding.address_range for picture in world for binding in picture.bindings if not binding.is_wildcard}
        read = own.addresses if own is not None else ()
        every = tuple(sorted({*read, *LOOPBACK, *bound}))
        found[world.facts.name.casefold()] = ExchangeServerAddresses(world.facts.name, every)
    return tuple(found.values())


def _holding(ranges: Iterable[IPRange], addresses: Sequence[IPRange]) -> list[IPRange]:
    plain = [address.unmapped for address in addresses]
    return sorted(
        entry for entry in ranges for own in [entry.unmapped] if any(own.overlaps(address) for address in plain)
    )


def _open_relay(picture: Picture, server: str, policy: Policy) -> Iterator[Finding]:
    limit = policy.safety.max_addresses
    reasons: dict[str, list[IPRange]] = {}
    for entry in sorted(picture.ranges):
        if entry.is_any:
            reasons.setdefault("every address there is", []).append(entry)
        elif entry.holds_public_space:
            reasons.setdefault("public address space", []).append(entry)
        elif entry.size > limit:
            reasons.setdefault(f"larger than the limit of {limit} addresses", []).append(entry)
    for reason, ranges in reasons.items():
        yield finding("open_relay", server, (picture.name,), ranges, reason)


def _hub_transport_on_smtp_port(picture: Picture, world: World) -> bool:
    if VERSIONS.index(world.facts.version) < VERSIONS.index("2013") or world.facts.is_edge:
        return False
    role = picture.values.get("transport_role")
    return role not in (None, FRONT_END) and any(binding.port == SMTP_PORT for binding in picture.bindings)


def _denied(picture: Picture, world: World, guard: bool | None) -> Iterator[Finding]:
    granted = picture.rights_of(world.anonymous)
    wanted = [right for right in ANONYMOUS_RELAY_RIGHTS if right.casefold() in granted]
    effective = effective_rights(picture.entries or (), world.anonymous)
    denied = [right for right in wanted if right not in effective]
    if denied:
        yield finding("relay_denied", world.facts.name, (picture.name,), (), ", ".join(denied), guard)


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
    if sources.expired:
        told = _listed(sources.expired)
        yield finding("expired_source", server, (target.name,), (entry.range for entry in sources.expired), told)


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


def _conflicts(picture: Picture, moves: Sequence[Move], world: World) -> Iterator[Finding]:
    """What Exchange would refuse in the end, told before it does; only where the plan takes part in it."""
    if not any(isinstance(move, (Create, Write)) and _CONFLICTING_OPTIONS & set(move.values) for move in moves):
        return
    server = world.facts.name
    for other in world:
        if other.key == picture.key:
            continue
        # Whether Exchange looks at disabled connectors is not documented.
        guard = None if other.enabled else False
        if _roles_differ(picture, other) and any(
            one.conflicts_with(two) for one in picture.bindings for two in other.bindings
        ):
            yield finding("role_conflict", server, (picture.name, other.name), (), f"'{other.name}'", guard)
        elif picture.bindings & other.bindings:
            pairs = clashes(picture.ranges, other.ranges)
            if pairs:
                ranges = sorted({mine for mine, _theirs in pairs})
                yield finding("range_conflict", server, (picture.name, other.name), ranges, f"'{other.name}'", guard)


def _roles_differ(one: Picture, other: Picture) -> bool:
    roles = (one.values.get("transport_role"), other.values.get("transport_role"))
    return None not in roles and roles[0] != roles[1]


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
