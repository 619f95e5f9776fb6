# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: findings about one connector on its own, whatever the others of its server are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ansible_collections.mailrelay.exchange.plugins.module_utils._profiles import HIGH_VOLUME
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, VERSIONS

from .answering import FRONT_END, SMTP_PORT
from .desired import AUTHENTICATED, Method
from .findings import Finding, finding
from .legality import EXTERNAL
from .model import ExchangeServerAddresses
from .moves import Create, Grant, Move, Write
from .pictures import BASIC, BASIC_ONLY_WITH_TLS, Picture
from .policy import SHARED, Policy, ProtectedAddresses
from .principals import told_users
from .ranges import LOOPBACK, IPRange, aggregate
from .rights import (
    ANONYMOUS_RELAY_RIGHTS,
    ANY_SENDER,
    GRANTABLE,
    USERS_GROUP_RIGHTS,
    effective_rights,
    is_known_authenticated_users,
)
from .values import parse_option
from .world import World

MANY_SOURCES = 50
"""More sources than this do not go with the profile high_volume."""

_HYBRID = frozenset(("acceptcloudservicesmail", "acceptoorgprotocol"))
_CAPABILITIES = "tls_domain_capabilities"
# The values of the profile that let a single source take every connection there is.
_UNLIMITED = ("max_inbound_connection_per_source", "max_inbound_connection_percentage_per_source")
_PASSING = " for a moment, while the method changes"
_NOTHING_TO_DO = "Nothing is to be done: no other way keeps them served here, and the plan ends without this trust."


def connector_findings(
    picture: Picture,
    before: Picture | None,
    world: World,
    policy: Policy,
    addresses: Sequence[ExchangeServerAddresses],
    method: Method | None = None,
    moves: Iterable[Move] = (),
) -> Iterator[Finding]:
    """Findings about one relay connector.

    Args:
        picture: the connector, after the moves.
        before: as it is, None when there is none. What is bad already only warns, so that other changes go through.
        world: its server, after the moves.
        policy: what to judge by.
        addresses: of every Exchange server.
        method: the one declared for it, None where no service is.
        moves: what a plan does to it.
    """
    server = world.facts.name
    if _hub_transport_on_smtp_port(picture, world):
        yield finding("hub_transport_on_port_25", server, (picture.name,))
    if picture.externally_secured and world.relays_anonymously(picture):
        yield finding("two_methods", server, (picture.name,), (), "anonymous and externally secured")
    yield from _trust(picture, before, server, moves)
    if _takes_plain_passwords(picture):
        new = before is None or not _takes_plain_passwords(before)
        yield finding("plain_basic", server, (picture.name,), guard=None if new else False)
    if world.relays(picture):
        yield from open_relay(picture, server, policy)
        yield from _addresses_of_others(picture, server, policy, addresses)
    elif method == AUTHENTICATED:
        # Mail servers do not log on as users: whichever of them is answered here is refused.
        yield from _addresses_of_others(picture, server, replace(policy, protected=_not_shared(policy)), addresses)


def _trust(picture: Picture, before: Picture | None, server: str, moves: Iterable[Move]) -> Iterator[Finding]:
    """The finding for trust in whoever connects: entered by a plan, there already, or only on the way to something."""
    trusted = before is not None and before.externally_secured
    if picture.externally_secured:
        told = (False, "info") if trusted else (None, None)
        yield finding("externally_secured_bypass", server, (picture.name,), (), "", *told)
    elif not trusted and any(EXTERNAL in _mechanisms_written(move) for move in moves):
        passing = finding("externally_secured_bypass", server, (picture.name,), (), _PASSING, False, "info")
        yield replace(passing, remedy=_NOTHING_TO_DO)


def _takes_plain_passwords(picture: Picture) -> bool:
    return BASIC in picture.mechanisms and BASIC_ONLY_WITH_TLS not in picture.mechanisms


def _mechanisms_written(move: Move) -> frozenset[str]:
    written = move.values.get("auth_mechanism") if isinstance(move, (Create, Write)) else None
    return written if isinstance(written, frozenset) else frozenset()


def _not_shared(policy: Policy) -> ProtectedAddresses:
    return ProtectedAddresses(tuple(group for group in policy.protected.groups if group[0] != SHARED))


def sender_rights_missing(picture: Picture, world: World, accounts: Sequence[str]) -> Iterator[Finding]:
    """The finding for those who log on and may only name senders of their own; accounts: () for every user."""

    def lacking(*principals: str) -> bool:
        return ANY_SENDER not in effective_rights(picture.entries or (), *principals)

    without = [account for account in accounts if lacking(world.users, account)]
    if without:
        detail = f"{', '.join(without)} {'lacks' if len(without) == 1 else 'lack'}"
        yield finding("sender_rights_missing", world.facts.name, (picture.name,), (), detail)
    elif not accounts and lacking(world.users):
        yield finding("sender_rights_missing", world.facts.name, (picture.name,), (), "ExchangeUsers lacks")


def _addresses_of_others(
    picture: Picture, server: str, policy: Policy, addresses: Sequence[ExchangeServerAddresses]
) -> Iterator[Finding]:
    """Findings about addresses of Exchange servers, gateways and the like among a connector's ranges."""
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


def hybrid(picture: Picture, moves: Iterable[Move], world: World) -> Iterator[Finding]:
    """The finding for a relay with a capability of the organisation's own cloud; it refuses who would write it."""
    value = picture.values.get(_CAPABILITIES)
    carried = sorted(
        {str(entry) for entry in value if str(entry).rpartition(":")[2].strip().casefold() in _HYBRID}
        if isinstance(value, (frozenset, tuple, list))
        else ()
    )
    if carried and world.relays(picture):
        written = any(isinstance(move, (Create, Write)) and _CAPABILITIES in move.values for move in moves)
        guard = None if written else False
        yield finding("hybrid_on_relay", world.facts.name, (picture.name,), (), ", ".join(carried), guard)


def excessive_rights(picture: Picture, moves: Iterable[Move], world: World) -> Iterator[Finding]:
    """The finding for rights that everybody has and no method of relay needs; it refuses who would grant them."""
    granted = [move for move in moves if isinstance(move, Grant) and not move.deny]
    told = told_users(world, world.facts.version).casefold()
    shown = {entry.principal.casefold() for entry in picture.entries or () if not entry.inherited}
    users = {name for name in shown if name == told or is_known_authenticated_users(name)}
    for names, whom, usual in (
        ({world.anonymous.casefold()}, "clients that do not log on", ANONYMOUS_RELAY_RIGHTS),
        (users, "everybody who logs on", USERS_GROUP_RIGHTS),
    ):
        held = frozenset(right for name in names for right in picture.rights_of(name))
        beyond = [right for right in GRANTABLE if right not in usual and right.casefold() in held]
        if beyond:
            now = any(move.principal.casefold() in names and set(beyond) & set(move.rights) for move in granted)
            detail, guard = f"{whom} {', '.join(beyond)}", None if now else False
            yield finding("excessive_rights", world.facts.name, (picture.name,), (), detail, guard)


def high_volume(picture: Picture, sources: int, world: World) -> Iterator[Finding]:
    """The finding for a relay of many sources (a service's over all its connectors) without limits for each."""
    unlimited = all(
        picture.values.get(option) == parse_option(BY_OPTION[option], HIGH_VOLUME.values[option])
        for option in _UNLIMITED
    )
    if unlimited and sources > MANY_SOURCES and world.relays(picture):
        detail = f"{sources} sources, which are more than {MANY_SOURCES}"
        yield finding("high_volume_many_sources", world.facts.name, (picture.name,), (), detail)


def _holding(ranges: Iterable[IPRange], addresses: Sequence[IPRange]) -> list[IPRange]:
    """Those of the ranges that hold one of the addresses, sorted."""
    wanted = aggregate(address.unmapped for address in addresses)
    ends = [(entry.version, entry.high) for entry in wanted]

    def holds(entry: IPRange) -> bool:
        plain = entry.unmapped
        at = bisect_left(ends, (plain.version, plain.low))
        return at < len(wanted) and wanted[at].overlaps(plain)

    return sorted(entry for entry in ranges if holds(entry))


def open_relay(picture: Picture, server: str, policy: Policy) -> Iterator[Finding]:
    limit = policy.safety.max_addresses
    reasons: dict[str, list[IPRange]] = {}
    for entry in picture.ranges:
        if entry.is_any:
            reasons.setdefault("every address there is", []).append(entry)
        elif entry.holds_public_space:
            reasons.setdefault("public address space", []).append(entry)
        elif entry.size > limit:
            reasons.setdefault(f"larger than the limit of {limit} addresses", []).append(entry)
    for reason, ranges in reasons.items():
        yield finding("open_relay", server, (picture.name,), sorted(ranges), reason)


def _hub_transport_on_smtp_port(picture: Picture, world: World) -> bool:
    if VERSIONS.index(world.facts.version) < VERSIONS.index("2013") or world.facts.is_edge:
        return False
    role = picture.values.get("transport_role")
    return role not in (None, FRONT_END) and any(binding.port == SMTP_PORT for binding in picture.bindings)


def denied(picture: Picture, world: World, guard: bool | None) -> Iterator[Finding]:
    granted = picture.rights_of(world.anonymous)
    wanted = [right for right in ANONYMOUS_RELAY_RIGHTS if right.casefold() in granted]
    effective = effective_rights(picture.entries or (), world.anonymous)
    denied = [right for right in wanted if right not in effective]
    if denied:
        yield finding(
            "relay_denied", world.facts.name, (picture.name,), (), f"anonymous clients {', '.join(denied)}", guard
        )
