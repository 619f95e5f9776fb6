# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what a connector lets the clients do that it answers.

Sources: Microsoft's "Receive connectors" page (permission groups, rights, authentication mechanisms), "Allow anonymous
relay on Exchange servers" (the two methods). That the Front End Transport service takes any sender whatever the rights
say, while older versions and the Transport service do not, comes from reports of administrators.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .model import AccessEntry
from .rights import (
    ANY_RECIPIENT,
    ANY_SENDER,
    AUTHORITATIVE_DOMAIN_SENDER,
    EXCHANGE_SERVERS,
    EXTERNALLY_SECURED_RIGHTS,
    PERMISSION_GROUPS,
    SUBMIT,
    effective_rights,
)

SUBMITS, RELAYS, TRUSTED = "submit", "relay", "trusted"
"""Send to accepted domains; send to every domain; count as one of the organisation's own mail servers."""

ANY, FOREIGN, NONE = "any", "foreign", "none"
"""Senders a client may name: every one; none of the organisation's own domains; none at all."""

FRONT_END = "FrontendTransport"
EXTERNAL = "ExternalAuthoritative"
EXTERNALLY_SECURED_SERVERS = "MS Exchange\\Externally Secured Servers"
_LOGONS = ("BasicAuth", "Integrated")


@dataclass(frozen=True)
class Allowance:
    """What a connector lets clients do.

    Attributes:
        may: of SUBMITS, RELAYS and TRUSTED, what a client may that does not log on; None when the access list is not
            known and decides.
        senders: which senders it may name (ANY, FOREIGN, NONE), None as before.
        tls_required: whether it may all that only after STARTTLS.
        logons: mechanisms (words of auth_mechanism) with which users may log on without TLS.
        logons_after_tls: those with which they may after STARTTLS.
        users_may: what a user without rights of his own may after logging on; None as for `may`.
    """

    may: tuple[str, ...] | None
    senders: str | None
    tls_required: bool
    logons: tuple[str, ...]
    logons_after_tls: tuple[str, ...]
    users_may: tuple[str, ...] | None


def allowance(values: Mapping[str, Any], entries: Sequence[AccessEntry] | None, anonymous: str) -> Allowance:
    """What a connector with these values and this access list lets clients do.

    Args:
        values: option name -> canonical value.
        entries: its access list, None when it was not read.
        anonymous: how the list names the anonymous principal.
    """
    mechanisms: frozenset[str] = values.get("auth_mechanism") or frozenset()
    secured = EXTERNAL in mechanisms
    logons, logons_after_tls = _logons(mechanisms)
    rights = _secured_rights(values, entries) if secured else _rights(entries, anonymous)
    users = None if entries is None else _users_rights(entries)
    return Allowance(
        None if rights is None else _may(rights, secured),
        None if rights is None else _senders(rights, values.get("transport_role") == FRONT_END),
        values.get("require_tls") is True,
        logons,
        logons_after_tls,
        None if users is None else _may(users, False) if logons_after_tls else (),
    )


def group_entries(groups: Iterable[str], anonymous: str) -> tuple[AccessEntry, ...]:
    """The access entries that permission groups stand for, with this name for the anonymous principal."""
    own = PERMISSION_GROUPS["AnonymousUsers"][0].principal
    return tuple(
        AccessEntry(anonymous if member.principal == own else member.principal, right)
        for group in sorted(groups)
        for member in PERMISSION_GROUPS.get(group, ())
        for right in member.rights
    )


def _logons(mechanisms: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    offered = tuple(word for word in _LOGONS if word in mechanisms)
    plain = tuple(word for word in offered if word != "BasicAuth" or "BasicAuthRequireTLS" not in mechanisms)
    return plain, offered if "Tls" in mechanisms else plain


def _rights(entries: Sequence[AccessEntry] | None, principal: str) -> frozenset[str] | None:
    return None if entries is None else effective_rights(entries, principal)


def _secured_rights(values: Mapping[str, Any], entries: Sequence[AccessEntry] | None) -> frozenset[str]:
    """Every session of the mechanism has the rights of one principal, which the group ExchangeServers gives it."""
    if entries is not None and any(_is_secured(entry) for entry in entries):
        return effective_rights(entries, EXTERNALLY_SECURED_SERVERS)
    groups: frozenset[str] = values.get("permission_groups") or frozenset()
    return frozenset(EXTERNALLY_SECURED_RIGHTS if EXCHANGE_SERVERS in groups else ())


def _is_secured(entry: AccessEntry) -> bool:
    return entry.principal.casefold() == EXTERNALLY_SECURED_SERVERS.casefold()


def _users_rights(entries: Sequence[AccessEntry]) -> frozenset[str]:
    """Rights of everybody who has logged on, under each of the names that Windows gives that principal."""
    own = [replace(entry, principal=_USERS) for entry in entries if entry.principal.casefold() in _NAMES_OF_USERS]
    return effective_rights(own, _USERS)


_USERS = "NT AUTHORITY\\Authenticated Users"
# Only to tell what is there; nothing is ever granted to a name from this list. The French one is unverified.
_NAMES_OF_USERS = frozenset(
    name.casefold()
    for name in (
        "S-1-5-11",
        _USERS,
        "NT-AUTORIT\u00c4T\\Authentifizierte Benutzer",
        "AUTORITE NT\\Utilisateurs authentifi\u00e9s",
    )
)


def _may(rights: frozenset[str], secured: bool) -> tuple[str, ...]:
    if SUBMIT not in rights:
        return ()
    return (SUBMITS, *((RELAYS,) if ANY_RECIPIENT in rights else ()), *((TRUSTED,) if secured else ()))


def _senders(rights: frozenset[str], unchecked: bool) -> str:
    if SUBMIT not in rights or not (unchecked or ANY_SENDER in rights):
        return NONE
    return ANY if unchecked or AUTHORITATIVE_DOMAIN_SENDER in rights else FOREIGN
