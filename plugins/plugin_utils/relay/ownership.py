# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: which access entries a permission group owns, and which somebody granted by hand.

Exchange stores permission groups as access entries, so the two look alike. An entry that a group owns comes back
with the group and is never removed; what is left over was granted by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from .model import AccessEntry
from .principal_names import TRANSLATED, is_shown_as
from .rights import (
    ALL_RIGHTS,
    ANONYMOUS_USERS,
    GRANTABLE,
    PERMISSION_GROUPS,
    authenticated_users_principal,
    group_members,
    group_rights,
    is_known_authenticated_users,
)

_LEGACY = "ExchangeLegacyServers"


def manual_entries(
    entries: Sequence[AccessEntry], groups: frozenset[str], anonymous: str, version: str
) -> tuple[AccessEntry, ...]:
    """Explicit entries, allowing and denying, that none of the permission groups accounts for.

    Args:
        entries: the access list of a connector.
        groups: its permission groups.
        anonymous: how the server names the anonymous principal.
        version: one of VERSIONS.
    """
    owned = set(_owned(entries, groups, anonymous, version))
    return tuple(entry for entry in entries if not entry.inherited and entry.right != ALL_RIGHTS and entry not in owned)


def group_rows(group: str, entries: Sequence[AccessEntry], anonymous: str, version: str) -> tuple[AccessEntry, ...]:
    """The entries that one of the connector's permission groups accounts for; arguments as for manual_entries."""
    return tuple(entry for entry in _owned(entries, frozenset((group,)), anonymous, version) if not entry.inherited)


def unclear_groups(
    entries: Sequence[AccessEntry], groups: frozenset[str], anonymous: str, version: str
) -> tuple[str, ...]:
    """The permission groups whose entries cannot be told from what somebody granted by hand.

    Those are the ones whose principal Windows names in the server's language, where several principals have like
    rights and nothing else tells the name.

    Args:
        entries, groups, anonymous, version: as for manual_entries.
    """
    shown = {entry.principal.casefold() for entry in entries if not entry.inherited}
    unclear = [ANONYMOUS_USERS] if ANONYMOUS_USERS in groups and anonymous.casefold() not in shown else []
    for group in sorted((groups & PERMISSION_GROUPS.keys()) - {ANONYMOUS_USERS}):
        for member in group_members(group):
            if member.principal in TRANSLATED and not _shown_names(member.principal, entries, version):
                unclear.append(group)
    return tuple(unclear)


def _owned(
    entries: Sequence[AccessEntry], groups: frozenset[str], anonymous: str, version: str
) -> Iterator[AccessEntry]:
    for group in groups:
        if group == ANONYMOUS_USERS:
            yield from _rows(entries, {anonymous.casefold()}, group_rights(group, version))
            continue
        # Of ExchangeUsers on 2007 the sources tell three rights or four; nobody grants the fourth by hand for relay.
        for member in group_members(group):
            principals = _shown_names(member.principal, entries, version)
            yield from _rows(entries, principals, member.rights)
            # Exchange's own principals carry rights of its own, and denials on the legacy group, that no one grants.
            for entry in entries:
                if entry.principal.casefold() in principals and (
                    entry.right not in GRANTABLE or (entry.deny and group == _LEGACY)
                ):
                    yield entry


def _rows(entries: Iterable[AccessEntry], principals: set[str], rights: Iterable[str]) -> Iterator[AccessEntry]:
    wanted = {right.casefold() for right in rights}
    for entry in entries:
        if not entry.deny and entry.principal.casefold() in principals and entry.right.casefold() in wanted:
            yield entry


def _shown_names(english: str, entries: Sequence[AccessEntry], version: str) -> set[str]:
    """Under which names, in lower case, the access list shows a principal of a group other than AnonymousUsers."""
    is_it = is_known_authenticated_users if english in TRANSLATED else partial(is_shown_as, english)
    named = {entry.principal.casefold() for entry in entries if is_it(entry.principal)}
    if named or english not in TRANSLATED:
        return named
    # Windows names it in a language that nobody thought of, so that its rights have to tell it.
    told = authenticated_users_principal(entries, version)
    return set() if told is None else {told.casefold()}
