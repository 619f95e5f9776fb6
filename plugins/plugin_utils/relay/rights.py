# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Extended rights of receive connectors: what permission groups stand for, and what access lists decide.

PRIVATE to the collection.

Source: Microsoft's "Receive connectors" page (permission groups and their rights) and "Allow anonymous relay on
Exchange servers" (the two methods).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .principal_names import (
    ANONYMOUS,
    ANONYMOUS_SID,
    EDGE_TRANSPORT_SERVERS,
    HUB_TRANSPORT_SERVERS,
    LEGACY_SERVERS,
    PARTNER_SERVERS,
    SECURED_SERVERS,
    USERS,
    USERS_SID,
    is_shown_as,
)
from .principal_names import EXCHANGE_SERVERS as _SERVERS_OF_DOMAIN

if TYPE_CHECKING:
    from .model import AccessEntry

ANONYMOUS_WORD = "anonymous"
"""The anonymous principal in options, reports and changes; its name is another one in every language."""

SUBMIT = "ms-Exch-SMTP-Submit"
ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
ANY_SENDER = "ms-Exch-SMTP-Accept-Any-Sender"
AUTHORITATIVE_DOMAIN_SENDER = "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender"
AUTHENTICATION_FLAG = "ms-Exch-SMTP-Accept-Authentication-Flag"
EXCH50 = "ms-Exch-SMTP-Accept-Exch50"
HEADERS_ROUTING = "ms-Exch-Accept-Headers-Routing"
HEADERS_ORGANIZATION = "ms-Exch-Accept-Headers-Organization"
HEADERS_FOREST = "ms-Exch-Accept-Headers-Forest"
BYPASS_ANTI_SPAM = "ms-Exch-Bypass-Anti-Spam"
BYPASS_MESSAGE_SIZE_LIMIT = "ms-Exch-Bypass-Message-Size-Limit"

RELAY_RIGHTS = frozenset((SUBMIT, ANY_RECIPIENT))
"""What relaying takes, whoever does it."""

ALL_RIGHTS = "*"
"""Stands for an access entry that gives every extended right without naming one."""

GRANTABLE = (
    SUBMIT,
    ANY_RECIPIENT,
    ANY_SENDER,
    AUTHORITATIVE_DOMAIN_SENDER,
    AUTHENTICATION_FLAG,
    EXCH50,
    HEADERS_ROUTING,
    HEADERS_ORGANIZATION,
    HEADERS_FOREST,
    BYPASS_ANTI_SPAM,
    BYPASS_MESSAGE_SIZE_LIMIT,
)

INTERNAL = (
    "ms-Exch-SMTP-Accept-Xattr",
    "ms-Exch-SMTP-Accept-XProxyFrom",
    "ms-Exch-SMTP-Accept-XSessionParams",
    "ms-Exch-SMTP-Accept-XShadow",
    "ms-Exch-SMTP-Accept-XSysProbe",
    "ms-Exch-SMTP-Send-XMessageContext-ADRecipientCache",
    "ms-Exch-SMTP-Send-XMessageContext-ExtendedProperties",
    "ms-Exch-SMTP-Send-XMessageContext-FastIndex",
)
"""Reserved by Exchange for its own servers; read, never granted."""

ANONYMOUS_GROUP_RIGHTS = (HEADERS_ROUTING, ANY_SENDER, AUTHORITATIVE_DOMAIN_SENDER, SUBMIT)
"""What permission group AnonymousUsers gives (2010 and later)."""

ANONYMOUS_RELAY_RIGHTS = (*ANONYMOUS_GROUP_RIGHTS, ANY_RECIPIENT)
"""The five rights of a working anonymous relay."""

EXTERNALLY_SECURED_RIGHTS = (
    HEADERS_ROUTING,
    BYPASS_ANTI_SPAM,
    BYPASS_MESSAGE_SIZE_LIMIT,
    ANY_RECIPIENT,
    ANY_SENDER,
    AUTHENTICATION_FLAG,
    AUTHORITATIVE_DOMAIN_SENDER,
    EXCH50,
    SUBMIT,
)
"""The nine rights of a session that AuthMechanism ExternalAuthoritative trusts."""

_EXCHANGE_SERVERS_RIGHTS = (*EXTERNALLY_SECURED_RIGHTS, HEADERS_FOREST, HEADERS_ORGANIZATION, *INTERNAL)

ANONYMOUS_USERS = "AnonymousUsers"
EXCHANGE_SERVERS = "ExchangeServers"
EXCHANGE_USERS = "ExchangeUsers"

USERS_GROUP_RIGHTS = (HEADERS_ROUTING, BYPASS_ANTI_SPAM, ANY_RECIPIENT, SUBMIT)
"""What permission group ExchangeUsers gives to everybody who has logged on (2010 and later)."""

# Its first pages list no right on headers; that its group has none is unverified.
_USERS_GROUP_RIGHTS_2007 = (BYPASS_ANTI_SPAM, ANY_RECIPIENT, SUBMIT)

# The group of 2007 lacks the right on authoritative domains.
ANONYMOUS_GROUP_RIGHTS_2007 = (HEADERS_ROUTING, ANY_SENDER, SUBMIT)

_RIGHTS_OF_ANONYMOUS_GROUPS = (frozenset(ANONYMOUS_GROUP_RIGHTS), frozenset(ANONYMOUS_GROUP_RIGHTS_2007))
_LEAST_ANONYMOUS_RIGHTS = frozenset.intersection(*_RIGHTS_OF_ANONYMOUS_GROUPS)

# Only to notice that strangers may relay; nothing is ever granted to a name from this list.
_KNOWN_ANONYMOUS_NAMES = frozenset(
    name.casefold()
    for name in (
        ANONYMOUS_SID,
        ANONYMOUS,
        "NT-AUTORIT\u00c4T\\ANONYMOUS-ANMELDUNG",
        "AUTORITE NT\\ANONYMOUS LOGON",  # the French name is unverified
    )
)

# Only to tell what is there, as above.
_KNOWN_NAMES_OF_USERS = frozenset(
    name.casefold()
    for name in (
        USERS_SID,
        USERS,
        "NT-AUTORIT\u00c4T\\Authentifizierte Benutzer",
        "AUTORITE NT\\Utilisateurs authentifi\u00e9s",  # the French name is unverified
    )
)

_SPELLINGS = {name.casefold(): name for name in (*GRANTABLE, *INTERNAL)}
_SPELLINGS["ms-exch-accept-exch50"] = EXCH50  # the older spelling of the same right


@dataclass(frozen=True)
class GroupMember:
    """A principal that a permission group stands for.

    Attributes:
        principal: its English name; the server may show another. "<domain>" stands for the forest's root domain.
        rights: what the group gives it.
    """

    principal: str
    rights: tuple[str, ...]


PERMISSION_GROUPS: dict[str, tuple[GroupMember, ...]] = {
    ANONYMOUS_USERS: (GroupMember(ANONYMOUS, ANONYMOUS_GROUP_RIGHTS),),
    EXCHANGE_USERS: (GroupMember(USERS, USERS_GROUP_RIGHTS),),
    EXCHANGE_SERVERS: (
        GroupMember(_SERVERS_OF_DOMAIN, _EXCHANGE_SERVERS_RIGHTS),
        GroupMember(HUB_TRANSPORT_SERVERS, _EXCHANGE_SERVERS_RIGHTS),
        GroupMember(EDGE_TRANSPORT_SERVERS, _EXCHANGE_SERVERS_RIGHTS),
        GroupMember(SECURED_SERVERS, EXTERNALLY_SECURED_RIGHTS),
    ),
    "ExchangeLegacyServers": (GroupMember(LEGACY_SERVERS, EXTERNALLY_SECURED_RIGHTS),),
    "Partners": (GroupMember(PARTNER_SERVERS, (HEADERS_ROUTING, SUBMIT)),),
}
"""Permission group -> principals and rights, for 2013 and later."""

_RIGHTS_OF_2007 = {ANONYMOUS_USERS: ANONYMOUS_GROUP_RIGHTS_2007, EXCHANGE_USERS: _USERS_GROUP_RIGHTS_2007}

_OWN_PRINCIPALS = tuple(
    member.principal
    for group in (EXCHANGE_SERVERS, "ExchangeLegacyServers", "Partners")
    for member in PERMISSION_GROUPS[group]
)


def right_name(text: str) -> str:
    """A right in its usual spelling; an unknown one stays as it is."""
    return _SPELLINGS.get(text.strip().casefold(), text.strip())


def group_members(group: str, version: str = "") -> tuple[GroupMember, ...]:
    """Whom a permission group stands for, and what it gives them; nobody where there is no such group.

    Args:
        group: its name.
        version: that of the server, one of VERSIONS; "" for one after 2007.
    """
    members = PERMISSION_GROUPS.get(group, ())
    fewer = _RIGHTS_OF_2007.get(group) if version == "2007" else None
    return members if fewer is None else tuple(replace(member, rights=fewer) for member in members)


def group_rights(group: str, version: str = "") -> tuple[str, ...]:
    """What a permission group for one principal gives it; see group_members for the arguments."""
    (member,) = group_members(group, version)
    return member.rights


def explicit_rights(entries: Iterable[AccessEntry], deny: bool = False) -> dict[str, frozenset[str]]:
    """Principal -> rights of its own, not inherited entries that allow (or deny). Principals keep their first case."""
    names: dict[str, str] = {}
    found: dict[str, set[str]] = {}
    for entry in entries:
        if not entry.inherited and entry.deny == deny:
            name = names.setdefault(entry.principal.casefold(), entry.principal)
            found.setdefault(name, set()).add(right_name(entry.right))
    return {name: frozenset(rights) for name, rights in found.items()}


def anonymous_principal(entries: Iterable[AccessEntry]) -> str | None:
    """The anonymous principal, by the name this server gives it, from the access list of a connector.

    The connector must have permission group AnonymousUsers, so its principal holds all rights of that group in entries
    of its own. It is told when one principal alone does, beside Exchange's own and everybody who has logged on, and
    has no other right than the one to relay. None when nobody does, several do, there is a right more or somebody else
    bears a known name of it: an English name is never assumed, so that a service account is never taken for it,
    whatever somebody granted to either.
    """
    own = explicit_rights(entries)
    held = {
        name: rights
        for name, rights in own.items()
        if rights >= _LEAST_ANONYMOUS_RIGHTS and not is_exchange_principal(name) and not _is_everybody(name)
    }
    if ANONYMOUS_SID in held:
        return ANONYMOUS_SID
    if len(held) != 1:
        return None
    ((name, rights),) = held.items()
    if not is_known_anonymous(name) and any(map(is_known_anonymous, own)):
        return None
    return name if rights - {ANY_RECIPIENT} in _RIGHTS_OF_ANONYMOUS_GROUPS else None


def _is_everybody(principal: str) -> bool:
    return principal.casefold() in _KNOWN_NAMES_OF_USERS


def is_known_anonymous(principal: str) -> bool:
    """Whether this is a name of the anonymous principal in some language; for reports, never to grant."""
    return principal.casefold() in _KNOWN_ANONYMOUS_NAMES


def authenticated_users_principal(entries: Iterable[AccessEntry], version: str = "") -> str | None:
    """Everybody who has logged on, by the name this server gives that principal, from the access list of a connector.

    The connector must have permission group ExchangeUsers. Then its principal holds all rights of that group in entries
    of its own; when one principal alone does, beside Exchange's own and the anonymous one, it is that one. None when
    nobody does or several do: an English name is never assumed, so that a user with like rights is never taken for it.

    Args:
        entries: the access list.
        version: that of the server, one of VERSIONS; "" for one after 2007, whose group is a smaller one.
    """
    wanted = set(group_rights(EXCHANGE_USERS, version))
    found = [
        name
        for name, rights in explicit_rights(entries).items()
        if rights >= wanted and not is_exchange_principal(name) and not is_known_anonymous(name)
    ]
    if USERS_SID in found:
        return USERS_SID
    return found[0] if len(found) == 1 else None


def is_known_authenticated_users(principal: str) -> bool:
    """Whether this is a name of everybody who has logged on in some language; for reports, never to grant."""
    return principal.casefold() in _KNOWN_NAMES_OF_USERS


@dataclass(frozen=True)
class Decision:
    """What an access list decides about a client.

    Attributes:
        allowed: rights it has.
        denied: rights that some entry allows it and a stronger one takes.
        doubtful: rights that entries from above both allow and deny, while the object's own say nothing. The entry of
            the nearer object counts, and Exchange does not show how near it is. They are none of the other two.
    """

    allowed: frozenset[str]
    denied: frozenset[str]
    doubtful: frozenset[str]


def decide(entries: Iterable[AccessEntry], *principals: str) -> Decision:
    """What an access list decides about a client who is all of these principals; only entries that name one count.

    Windows' order: own deny, own allow, then the inherited ones. ALL_RIGHTS stands for every right in GRANTABLE.
    """
    wanted = {principal.casefold() for principal in principals}
    given: dict[tuple[bool, bool], set[str]] = {(inherited, deny): set() for inherited in _BOTH for deny in _BOTH}
    for entry in entries:
        if entry.principal.casefold() in wanted:
            named = GRANTABLE if entry.right == ALL_RIGHTS else (right_name(entry.right),)
            given[entry.inherited, entry.deny].update(named)
    own_deny, own_allow = given[False, True], given[False, False]
    deny_above, allow_above = given[True, True], given[True, False] - own_deny - own_allow
    allowed = (own_allow - own_deny) | (allow_above - deny_above)
    doubtful = allow_above & deny_above
    denied = (own_allow | given[True, False]) - allowed - doubtful
    return Decision(frozenset(allowed), frozenset(denied), frozenset(doubtful))


_BOTH = (False, True)


def is_exchange_principal(principal: str) -> bool:
    """Whether this is a principal of Exchange's own servers, which permission groups give rights to."""
    return any(is_shown_as(english, principal) for english in _OWN_PRINCIPALS)


def effective_rights(entries: Iterable[AccessEntry], *principals: str) -> frozenset[str]:
    """Rights that a client who is all of these principals has for certain; see decide."""
    return decide(entries, *principals).allowed
