# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: which rights a client has on a connector, and what it may do with them.

Sources: Microsoft's "Receive connectors" page (permission groups, rights, authentication mechanisms), "Allow anonymous
relay on Exchange servers" (the two methods), Windows' order of access entries. That the Front End Transport service
takes any sender from clients that do not log on, whatever the rights say, while older versions and the Transport
service do not, comes from reports of administrators.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .legality import EXTERNAL
from .model import AccessEntry
from .principal_names import ANONYMOUS, SECURED_SERVERS, SIDS, USERS
from .principal_words import SECURED_WORD, USERS_WORD
from .rights import (
    ANONYMOUS_WORD,
    ANY_RECIPIENT,
    ANY_SENDER,
    AUTHORITATIVE_DOMAIN_SENDER,
    EXCHANGE_USERS,
    SUBMIT,
    Decision,
    authenticated_users_principal,
    decide,
    group_members,
    is_known_anonymous,
    is_known_authenticated_users,
)

SUBMITS, RELAYS, TRUSTED = "submit", "relay", "trusted"
"""Send to accepted domains; send to every domain; count as one of the organisation's own mail servers."""

ANY, FOREIGN, OWN, NONE = "any", "foreign", "own", "none"
"""Senders a client may name: every one; none of the organisation's own domains; its own addresses; none at all."""

FRONT_END = "FrontendTransport"
_LOGONS = ("BasicAuth", "Integrated")
_SENDER_RIGHTS = frozenset((ANY_SENDER, AUTHORITATIVE_DOMAIN_SENDER))

ALL_SECURED = "Every session is externally secured, whoever the client is."
NO_LOGON = "The connector does not let anybody log on."
NOT_SECURED = "The connector secures no session, because it lacks the mechanism ExternalAuthoritative."
UNKNOWN_USERS = (
    "The access list does not tell how this server names everybody who has logged on; the rights are those of the "
    "permission group, and a denying entry would be overlooked."
)


@dataclass(frozen=True)
class Effective:
    """What one client may do on one connector.

    Attributes:
        rights: extended rights that count for it.
        denied: rights that some entry or permission group gives it and another entry takes.
        doubtful: rights of which nobody can tell from outside, see Decision.
        without_effect: rights that the service which answers does not look at, had or not.
        may: of SUBMITS, RELAYS and TRUSTED.
        senders: which senders it may name: ANY, FOREIGN, OWN or NONE.
        because: why the rights are not those of the client's own principals, "" where they are.
        doubts: sentences about what this rests on that no source and no access list tells.
    """

    rights: frozenset[str]
    denied: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    without_effect: frozenset[str] = frozenset()
    may: tuple[str, ...] = ()
    senders: str = NONE
    because: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConnectorAccess:
    """What decides about the clients of a connector.

    Attributes:
        values: option name -> canonical value.
        entries: its access list.
        anonymous: every name that the list has for clients that do not log on.
        users: every name that it has for everybody who has logged on, empty when it tells none.
        version: that of the server, one of VERSIONS; "" for one after 2007.
    """

    values: Mapping[str, Any]
    entries: Sequence[AccessEntry]
    anonymous: tuple[str, ...]
    users: tuple[str, ...]
    version: str = ""

    @classmethod
    def of(
        cls,
        values: Mapping[str, Any],
        entries: Sequence[AccessEntry],
        anonymous: str | None,
        version: str = "",
        users: str = "",
    ) -> ConnectorAccess:
        """The connector with these values and this access list.

        Args:
            values: option name -> canonical value.
            entries: its access list.
            anonymous: how the server names the anonymous principal, None when nothing told.
            version: that of the server, one of VERSIONS; "" for one after 2007.
            users: how it names everybody who has logged on, "" when nothing told.
        """
        names = users_names(values, entries, version, users)
        return cls(values, entries, anonymous_names(entries, anonymous), names, version)

    def of_strangers(self) -> Effective:
        """What a client may do that does not log on."""
        if self.secures:
            return self.of_externally_secured(ALL_SECURED)
        return self._judged(decide(self.entries, *self.anonymous), self._unchecked)

    def of_user(self, *principals: str) -> Effective:
        """What a user may do who has logged on: by these principals, himself and his groups, and as everybody who has.

        Without principals, a user who has no rights of his own.
        """
        if self.secures:
            return self.of_externally_secured(ALL_SECURED)
        if not logons(self.values)[1]:
            return Effective(frozenset(), because=NO_LOGON)
        if self.users or EXCHANGE_USERS not in _set(self.values, "permission_groups"):
            return self._judged(decide(self.entries, *principals, *self.users), False, user=True)
        group = group_entries((EXCHANGE_USERS,), "", self.version, USERS_WORD)
        decision = decide((*self.entries, *group), *principals, USERS_WORD)
        return self._judged(decision, False, user=True, doubts=(UNKNOWN_USERS,))

    def of_externally_secured(self, because: str = "") -> Effective:
        """What a client may do whose session the mechanism secures."""
        if not self.secures:
            return Effective(frozenset(), because=NOT_SECURED)
        decision = decide(self.entries, SECURED_SERVERS, SIDS[SECURED_SERVERS], SECURED_WORD)
        return self._judged(decision, self._unchecked, trusted=True, because=because)

    @property
    def secures(self) -> bool:
        """Whether the mechanism makes every session one of the organisation's own mail servers."""
        return EXTERNAL in _set(self.values, "auth_mechanism")

    @property
    def _unchecked(self) -> bool:
        """Whether the service that answers takes any sender from a client that does not log on."""
        return self.values.get("transport_role") == FRONT_END

    @staticmethod
    def _judged(
        decision: Decision,
        unchecked: bool,
        trusted: bool = False,
        user: bool = False,
        because: str = "",
        doubts: Iterable[str] = (),
    ) -> Effective:
        rights = decision.allowed
        near_or_far = (_distance(decision.doubtful),) if decision.doubtful else ()
        return Effective(
            rights,
            decision.denied,
            decision.doubtful,
            _SENDER_RIGHTS if unchecked else frozenset(),
            _may(rights, trusted),
            _senders_of_a_user(rights) if user else _senders(rights, unchecked),
            because,
            (*near_or_far, *doubts),
        )


def anonymous_names(entries: Iterable[AccessEntry], anonymous: str | None) -> tuple[str, ...]:
    """Every name that an access list has for clients that do not log on, the known one and those of every language."""
    told = "" if anonymous is None else anonymous.casefold()
    return _names(
        entry.principal
        for entry in entries
        if entry.principal.casefold() in (told, ANONYMOUS_WORD) or is_known_anonymous(entry.principal)
    )


def users_names(
    values: Mapping[str, Any], entries: Sequence[AccessEntry], version: str = "", users: str = ""
) -> tuple[str, ...]:
    """Every name that an access list has for everybody who has logged on; for reports, never to grant.

    See ConnectorAccess.of for the arguments.
    """
    has_group = EXCHANGE_USERS in _set(values, "permission_groups")
    told = authenticated_users_principal(entries, version) if has_group else None
    known = [
        entry.principal
        for entry in entries
        if entry.principal.casefold() in (USERS_WORD, users.casefold()) or is_known_authenticated_users(entry.principal)
    ]
    return _names(known if told is None else [told, *known])


def logons(values: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The mechanisms (words of auth_mechanism) with which users may log on without TLS, and those after STARTTLS."""
    mechanisms = _set(values, "auth_mechanism")
    offered = tuple(word for word in _LOGONS if word in mechanisms)
    plain = tuple(word for word in offered if word != "BasicAuth" or "BasicAuthRequireTLS" not in mechanisms)
    return plain, offered if "Tls" in mechanisms else plain


def group_entries(groups: Iterable[str], anonymous: str, version: str = "", users: str = "") -> tuple[AccessEntry, ...]:
    """The access entries that permission groups stand for.

    Args:
        groups: names of permission groups.
        anonymous, users: how the entries name the anonymous principal and everybody who has logged on; "" for users
            means the English name.
        version: that of the server, one of VERSIONS; "" for one after 2007.
    """
    names = {ANONYMOUS: anonymous, USERS: users or USERS}
    return tuple(
        AccessEntry(names.get(member.principal, member.principal), right)
        for group in sorted(groups)
        for member in group_members(group, version)
        for right in member.rights
    )


def _names(principals: Iterable[str]) -> tuple[str, ...]:
    return tuple({name.casefold(): name for name in principals}.values())


def _set(values: Mapping[str, Any], option: str) -> frozenset[str]:
    value: frozenset[str] = values.get(option) or frozenset()
    return value


def _distance(rights: Iterable[str]) -> str:
    named = ", ".join(sorted(rights))
    return (
        f"Entries above the connector allow and deny {named}; the nearer one counts, and nothing shows which that is."
    )


def _may(rights: frozenset[str], trusted: bool) -> tuple[str, ...]:
    if SUBMIT not in rights:
        return ()
    return (SUBMITS, *((RELAYS,) if ANY_RECIPIENT in rights else ()), *((TRUSTED,) if trusted else ()))


def _senders(rights: frozenset[str], unchecked: bool) -> str:
    if SUBMIT not in rights or not (unchecked or ANY_SENDER in rights):
        return NONE
    return ANY if unchecked or AUTHORITATIVE_DOMAIN_SENDER in rights else FOREIGN


def _senders_of_a_user(rights: frozenset[str]) -> str:
    if SUBMIT not in rights:
        return NONE
    return ANY if ANY_SENDER in rights else OWN
