# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what the method of a service means on one connector.

A method is permission groups, authentication mechanisms and rights together. Groups and mechanisms that nobody declared
stay, unless they let somebody relay by another method: what has no effect does no harm, while writing PermissionGroups
might remove rights that were granted by hand.

Sources: Microsoft's "Allow anonymous relay on Exchange servers" (anonymous, externally secured), and its "Receive
connectors" page (what ExchangeUsers gives to users who log on); reports of administrators for relay by single accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .accounts import refuse_everybody
from .desired import ANONYMOUS, AUTHENTICATED, EXTERNALLY_SECURED, GROUP_OF_METHOD, DesiredConnector, DesiredGrant
from .errors import InputError
from .legality import EXTERNAL, TLS
from .model import AccessEntry, ServerFacts
from .pictures import BASIC, BASIC_ONLY_WITH_TLS, INTEGRATED, Picture
from .principals import principal_name
from .rights import (
    ANONYMOUS_RELAY_RIGHTS,
    ANONYMOUS_USERS,
    ANY_RECIPIENT,
    AUTHORITATIVE_DOMAIN_SENDER,
    EXCHANGE_SERVERS,
    EXCHANGE_USERS,
    GRANTABLE,
    group_rights,
)
from .world import World

LOGONS = frozenset((BASIC, BASIC_ONLY_WITH_TLS, INTEGRATED))
"""Mechanisms by which users log on, with what only goes with one of them."""

_AUTHENTICATED_MECHANISMS = frozenset((TLS, INTEGRATED, BASIC, BASIC_ONLY_WITH_TLS))
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Meaning:
    """What a method asks of a connector.

    values: permission_groups and auth_mechanism, as they have to be where nobody declared others.
    grants: explicit access entries that have to be there.
    revokes: explicit access entries that must not.
    """

    values: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    grants: tuple[AccessEntry, ...] = ()
    revokes: tuple[AccessEntry, ...] = ()


def meaning_of(desired: DesiredConnector, declared: Mapping[str, Any], before: Picture | None, world: World) -> Meaning:
    """What the declared method asks of one connector of a service.

    Args:
        desired: the connector as declared.
        declared: option name -> canonical value of what is declared beside the method, changes of lists worked out.
        before: as it is, None when there is none.
        world: its server.

    Raises:
        InputError: the server cannot have the method, or an account is not what the server shows.
    """
    if desired.method == ANONYMOUS:
        return _anonymous(declared, before, world)
    if desired.method == EXTERNALLY_SECURED:
        return _externally_secured(before, world)
    groups = declared.get("permission_groups", frozenset()) if "permission_groups" in desired.values else frozenset()
    closed = _closed_to_strangers(groups, world)
    if desired.grants:
        return _accounts(desired, closed, before, world)
    return _authenticated(desired, closed, before, world)


def refuse_lost_method(desired: DesiredConnector, values: Mapping[str, Any], server: str) -> None:
    """Raise InputError when declared groups or mechanisms leave nothing of the method.

    Args:
        desired: the connector as declared.
        values: permission_groups and auth_mechanism as they are to be, among others.
        server: name of the server.
    """
    groups, mechanisms = values["permission_groups"], values["auth_mechanism"]
    where = f"Connector {desired.name!r} on {server}"
    group = GROUP_OF_METHOD[desired.method or ANONYMOUS]
    if desired.grants:
        if EXCHANGE_USERS in groups:
            raise InputError(
                f"{where}: permission_groups: ExchangeUsers lets every user relay, and accounts names the ones who "
                "may; take one of the two out."
            )
    elif group not in groups:
        raise InputError(f"{where}: permission_groups: method {desired.method} needs {group}; do not take it out.")
    if (EXTERNAL in mechanisms) != (desired.method == EXTERNALLY_SECURED):
        raise InputError(
            f"{where}: auth_mechanism: method {desired.method} "
            f"{'needs' if desired.method == EXTERNALLY_SECURED else 'excludes'} {EXTERNAL}; declare "
            f"{EXTERNALLY_SECURED} or {desired.method if desired.method != EXTERNALLY_SECURED else ANONYMOUS}."
        )
    if desired.method == AUTHENTICATED and not mechanisms & {BASIC, INTEGRATED}:
        raise InputError(
            f"{where}: auth_mechanism: method {AUTHENTICATED} needs {BASIC} or {INTEGRATED}; add one of them."
        )


def _groups(before: Picture | None) -> frozenset[str]:
    return frozenset() if before is None else before.groups


def _mechanisms(before: Picture | None) -> frozenset[str]:
    return frozenset((TLS,)) if before is None else before.mechanisms


def _opened_by_logon(before: Picture | None, world: World) -> bool:
    return before is not None and world.serves_after_logon(before)


def _anonymous(declared: Mapping[str, Any], before: Picture | None, world: World) -> Meaning:
    """Exactly five rights for clients that do not log on, and nobody who relays by logging on."""
    mechanisms = _mechanisms(before) - {EXTERNAL}
    groups = _groups(before) | {ANONYMOUS_USERS}
    revokes = _allowed(world.anonymous, (right for right in GRANTABLE if right not in ANONYMOUS_RELAY_RIGHTS))
    if before is not None and world.serves_after_logon(before):
        mechanisms -= LOGONS
        if not (world.is_told or world.relays_after_logon(before)):
            # The way there leads over trust (see switching), whose group stays behind without effect.
            groups |= {EXCHANGE_SERVERS}
    offered = declared.get("auth_mechanism", frozenset()) & {BASIC, INTEGRATED}
    if before is not None and offered and EXCHANGE_USERS not in declared.get("permission_groups", frozenset()):
        # Users go on logging on, because somebody says so; then their group would not be without effect.
        groups -= {EXCHANGE_USERS}
        revokes += _allowed(world.users, GRANTABLE)
    return Meaning(
        {
            "permission_groups": groups,
            "auth_mechanism": mechanisms if mechanisms or not _mechanisms(before) else frozenset((TLS,)),
        },
        _allowed(world.anonymous, ANONYMOUS_RELAY_RIGHTS),
        (*revokes, *_accounts_rights(before, world)),
    )


def _externally_secured(before: Picture | None, world: World) -> Meaning:
    mechanisms = _mechanisms(before)
    others = {ANONYMOUS_USERS, EXCHANGE_USERS} if _opened_by_logon(before, world) else {ANONYMOUS_USERS}
    return Meaning(
        {
            "permission_groups": (_groups(before) - others) | {EXCHANGE_SERVERS},
            "auth_mechanism": mechanisms & {TLS, EXTERNAL} if EXTERNAL in mechanisms else frozenset((TLS, EXTERNAL)),
        },
        revokes=(*_allowed(world.anonymous, (ANY_RECIPIENT,)), *_accounts_rights(before, world)),
    )


def _accounts_rights(before: Picture | None, world: World) -> tuple[AccessEntry, ...]:
    """The rights of accounts that could relay as soon as users can log on: another method than the declared one."""
    if before is None:
        return ()
    relaying = [name for name in world.accounts(before) if world.has_relay_rights(before, name)]
    return tuple(entry for name in relaying for entry in _allowed(name, GRANTABLE))


def _closed_to_strangers(groups: frozenset[str], world: World) -> tuple[AccessEntry, ...]:
    """What anonymous clients must not have where others relay; the declared group AnonymousUsers lets them send inside.

    groups: the permission groups that somebody declared beside the method.
    """
    theirs = group_rights(ANONYMOUS_USERS, world.facts.version) if ANONYMOUS_USERS in groups else ()
    disputed = (AUTHORITATIVE_DOMAIN_SENDER,) if theirs else ()
    return _allowed(world.anonymous, (right for right in GRANTABLE if right not in (*theirs, *disputed)))


def _authenticated(
    desired: DesiredConnector, closed: tuple[AccessEntry, ...], before: Picture | None, world: World
) -> Meaning:
    """Every user may relay after logging on, by the permission group that is made for them."""
    _refuse_on_edge(desired, world.facts)
    return Meaning(
        {
            "permission_groups": (_groups(before) - {ANONYMOUS_USERS}) | {EXCHANGE_USERS},
            "auth_mechanism": _logon_mechanisms(before),
        },
        revokes=closed,
    )


def _refuse_on_edge(desired: DesiredConnector, facts: ServerFacts) -> None:
    if facts.is_edge:
        raise InputError(
            f"Connector {desired.name!r} on {facts.name}: method {AUTHENTICATED} cannot be declared for every user, "
            f"because an Edge Transport server has no permission group {EXCHANGE_USERS}; name accounts in accounts, or "
            "use another method."
        )


def _logon_mechanisms(before: Picture | None) -> frozenset[str]:
    """What a connector offers anyway, where users can log on to it; a password is never asked for without TLS."""
    mechanisms = _mechanisms(before) - {EXTERNAL}
    if not mechanisms & {BASIC, INTEGRATED}:
        return mechanisms | _AUTHENTICATED_MECHANISMS
    return mechanisms | {TLS, BASIC_ONLY_WITH_TLS} if BASIC in mechanisms else mechanisms


def _accounts(
    desired: DesiredConnector, closed: tuple[AccessEntry, ...], before: Picture | None, world: World
) -> Meaning:
    """Only these accounts may relay after logging on, each by rights of its own and by no others."""
    grants = dict.fromkeys(
        entry for account in desired.grants for entry in _allowed(_account(account, before, world), account.rights)
    )
    revokes = list(closed)
    if before is not None:
        listed = {(entry.principal.casefold(), entry.right) for entry in grants}
        named = dict.fromkeys(entry.principal for entry in grants)
        revokes += _allowed(world.users, GRANTABLE)
        for principal in dict.fromkeys((*world.accounts(before), *named)):
            revokes += [entry for entry in _allowed(principal, GRANTABLE) if _row(entry) not in listed]
    return Meaning(
        {
            "permission_groups": _groups(before) - {ANONYMOUS_USERS, EXCHANGE_USERS},
            "auth_mechanism": _logon_mechanisms(before),
        },
        tuple(grants),
        tuple(revokes),
    )


def _account(account: DesiredGrant, before: Picture | None, world: World) -> str:
    """The name that this server shows for an account.

    Raises:
        InputError: Exchange does not know it, or it is everybody, who logs on or not.
    """
    name = principal_name(account.principal, before, world, where=account.where, words=False)
    refuse_everybody(name, account.where, (world.anonymous, world.users))
    return name


def _row(entry: AccessEntry) -> tuple[str, str]:
    return entry.principal.casefold(), entry.right


def _allowed(principal: str, rights: Iterable[str]) -> tuple[AccessEntry, ...]:
    return tuple(AccessEntry(principal, right, False, False) for right in rights)
