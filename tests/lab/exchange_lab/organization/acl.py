# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access control entries of connectors: permission groups as the rows they are made of, and what a session may do.

The list of entries is the truth, as in Active Directory; PermissionGroups is computed from it (permissions.md parts
1, 2 and 6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exchange_lab.organization.principals import (
    ADMINISTRATORS_SID,
    ANONYMOUS_SID,
    AUTHENTICATED_USERS_SID,
    EXTERNALLY_SECURED_SID,
    Principal,
    Principals,
)
from exchange_lab.values.enums import PERMISSION_GROUPS, EnumValue
from exchange_lab.versions import Platform

ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
ANY_SENDER = "ms-Exch-SMTP-Accept-Any-Sender"
AUTHORITATIVE_SENDER = "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender"
SUBMIT = "ms-Exch-SMTP-Submit"
BYPASS_ANTI_SPAM = "ms-Exch-Bypass-Anti-Spam"
BYPASS_SIZE_LIMIT = "ms-Exch-Bypass-Message-Size-Limit"
_ROUTING = "ms-Exch-Accept-Headers-Routing"
_FOREST = "ms-Exch-Accept-Headers-Forest"
_ORGANIZATION = "ms-Exch-Accept-Headers-Organization"
_AUTHENTICATION_FLAG = "ms-Exch-SMTP-Accept-Authentication-Flag"
_EXCH50 = "ms-Exch-SMTP-Accept-Exch50"

_INTERNAL = (
    "ms-Exch-SMTP-Accept-Xattr",
    "ms-Exch-SMTP-Accept-XProxyFrom",
    "ms-Exch-SMTP-Accept-XSessionParams",
    "ms-Exch-SMTP-Accept-XShadow",
    "ms-Exch-SMTP-Accept-XSysProbe",
    "ms-Exch-SMTP-Send-XMessageContext-ADRecipientCache",
    "ms-Exch-SMTP-Send-XMessageContext-ExtendedProperties",
    "ms-Exch-SMTP-Send-XMessageContext-FastIndex",
)
_TRUSTED = (
    _ROUTING,
    BYPASS_ANTI_SPAM,
    BYPASS_SIZE_LIMIT,
    ANY_RECIPIENT,
    ANY_SENDER,
    _AUTHENTICATION_FLAG,
    AUTHORITATIVE_SENDER,
    _EXCH50,
    SUBMIT,
)
_SERVERS = (_FOREST, _ORGANIZATION, *_TRUSTED, *_INTERNAL)

# Permission groups that Edge Transport servers do not have.
NOT_ON_EDGE = frozenset({"ExchangeUsers", "ExchangeLegacyServers"})

# How far up the organisation is, whose entries setup makes (unverified which object carries each of them).
_TOP = 7

# Every extended right that the lab's schema knows; Send-As and Receive-As appear only in inherited rows.
RIGHTS = {right.lower(): right for right in (*_SERVERS, "Send-As", "Receive-As")}


@dataclass(frozen=True)
class Ace:
    """One row of Get-ADPermission: one right for one principal.

    distance: how many objects up the row was written, 0 for a row of the connector itself. `access` is ExtendedRight
    for the rows of connectors; inherited rows may carry GenericAll or ReadProperty and then name no extended right.
    ExtendedRight without a right is every extended right.
    """

    principal: Principal
    right: str
    deny: bool = False
    distance: int = 0
    access: str = "ExtendedRight"
    inheritance: str = "All"

    @property
    def inherited(self) -> bool:
        """Whether the row was written above the connector."""
        return self.distance > 0

    @property
    def only_below(self) -> bool:
        """Whether the row is for objects under the one that carries it and counts for nothing on that one."""
        return self.inheritance in ("Descendents", "Children")

    @property
    def key(self) -> tuple[str, str, bool, bool]:
        """What makes two explicit rows the same. That one for objects below is another row is unverified."""
        return self.principal.sid, self.right.lower(), self.deny, self.only_below

    def gives(self) -> Iterable[str]:
        """The extended rights (lower case) that the row allows or denies on the object that carries it."""
        if self.only_below or self.access == "ReadProperty":
            return ()
        return (self.right.lower(),) if self.right else tuple(RIGHTS)


def _rows(principal: Principal, rights: Iterable[str], deny: bool = False) -> list[Ace]:
    return [Ace(principal, right, deny) for right in rights]


def presets(principals: Principals, platform: Platform, legacy_anonymous: str = "four") -> dict[str, tuple[Ace, ...]]:
    """The explicit rows of every permission group that a server has.

    legacy_anonymous (switch legacy_anonymous_rights): what AnonymousUsers grants on 2007 and 2010, `four` rights as
    later pages list them or `three` as the first ones do.
    """
    three = not platform.has("2013") and legacy_anonymous == "three"
    anonymous = (_ROUTING, ANY_SENDER, *(() if three else (AUTHORITATIVE_SENDER,)), SUBMIT)
    partner = principals.of_exchange("Partner Servers")
    known = {
        "AnonymousUsers": tuple(_rows(principals.by_sid(ANONYMOUS_SID), anonymous)),
        "ExchangeUsers": tuple(
            _rows(principals.by_sid(AUTHENTICATED_USERS_SID), (_ROUTING, BYPASS_ANTI_SPAM, ANY_RECIPIENT, SUBMIT))
        ),
        "ExchangeServers": _exchange_servers(principals, platform),
        "ExchangeLegacyServers": () if platform.edge else _legacy_servers(principals),
        "Partners": tuple(_rows(partner, (_ROUTING, SUBMIT))),
    }
    return {name: rows for name, rows in known.items() if not (platform.edge and name in NOT_ON_EDGE)}


def _exchange_servers(principals: Principals, platform: Platform) -> tuple[Ace, ...]:
    """The rows of ExchangeServers. The internal rights came with 2013, and an Edge Transport server, outside of every
    domain, has no row for a domain's group (both unverified)."""
    rights = _SERVERS if platform.has("2013") else (_FOREST, _ORGANIZATION, *_TRUSTED)
    owners = [principals.of_exchange("Hub Transport Servers"), principals.of_exchange("Edge Transport Servers")]
    if not platform.edge:
        owners.insert(0, principals.of_domain("Exchange Servers"))
    rows = [row for owner in owners for row in _rows(owner, rights)]
    return (*rows, *_rows(principals.by_sid(EXTERNALLY_SECURED_SID), _TRUSTED))


def _legacy_servers(principals: Principals) -> tuple[Ace, ...]:
    legacy = principals.of_domain("ExchangeLegacyInterop")
    return (*_rows(legacy, _TRUSTED), *_rows(legacy, (_FOREST, _ORGANIZATION), deny=True))


def inherited_rows(principals: Principals, edge: bool) -> tuple[Ace, ...]:
    """Rows that come from above the connector: administrators, Exchange's own accounts, readers.

    A realistic few; the full list of a real forest, and of the local directory of Edge Transport, is longer
    (unverified).
    """
    if edge:
        administrators = principals.by_sid(ADMINISTRATORS_SID)
        return (Ace(administrators, "", distance=_TOP, access="GenericAll"),)
    management = principals.of_domain("Organization Management")
    return (
        Ace(principals.of_domain("Enterprise Admins"), "", distance=_TOP, access="GenericAll"),
        Ace(principals.of_domain("Exchange Trusted Subsystem"), "", distance=_TOP, access="GenericAll"),
        Ace(principals.by_sid(AUTHENTICATED_USERS_SID), "", distance=_TOP, access="ReadProperty"),
        Ace(management, "Send-As", deny=True, distance=_TOP),
        Ace(management, "Receive-As", deny=True, distance=_TOP),
    )


def groups_of(explicit: Iterable[Ace], known: dict[str, tuple[Ace, ...]]) -> frozenset[str]:
    """The permission groups whose rows are all there, plus Custom when rows remain that no such group explains."""
    present = {row.key for row in explicit}
    names = {name for name, rows in known.items() if {row.key for row in rows} <= present}
    explained = {row.key for name in names for row in known[name]}
    return frozenset(names | ({"Custom"} if present - explained else set()))


def groups_value(names: Iterable[str]) -> EnumValue:
    """The PermissionGroups value of some groups."""
    return PERMISSION_GROUPS.combine(sorted(names) or ["None"])


def replace_groups(
    explicit: Iterable[Ace], wanted: frozenset[str], known: dict[str, tuple[Ace, ...]], manual_rows: str
) -> list[Ace]:
    """Return the explicit rows after Set -PermissionGroups.

    The groups are replaced (permissions.md part 6). What becomes of hand-made rows is unverified; `manual_rows`
    (switch permission_groups_replacement) is keeps_manual, removes_dropped (those of the principals of a group that
    is dropped) or removes_manual.
    """
    before = list(explicit)
    old = groups_of(before, known) - {"Custom"}
    explained = {row.key for name in old for row in known[name]}
    dropped = {row.principal.sid for name in old - wanted for row in known[name]}
    kept = [row for row in before if row.key not in explained]
    if manual_rows == "removes_manual":
        kept = []
    elif manual_rows == "removes_dropped":
        kept = [row for row in kept if row.principal.sid not in dropped]
    after = [row for name in known if name in wanted for row in known[name]]
    have = {row.key for row in after}
    return after + [row for row in kept if row.key not in have]


def effective_rights(rows: Iterable[Ace], sids: frozenset[str]) -> frozenset[str]:
    """The extended rights (lower case) of a token that holds these SIDs.

    Windows' canonical order decides each right: explicit deny, explicit allow, then deny and allow of the nearest
    object above, of the next, and so on.
    """
    decided: dict[str, bool] = {}
    ordered = sorted((row for row in rows if row.principal.sid in sids), key=lambda row: (row.distance, not row.deny))
    for row in ordered:
        for right in row.gives():
            decided.setdefault(right, not row.deny)
    return frozenset(right for right, allowed in decided.items() if allowed)
