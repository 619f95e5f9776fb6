# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: effective rights as plain data, of everybody who matters and of one who is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .effective import ConnectorAccess, Effective, logons
from .errors import InputError
from .model import AccessEntry
from .principal_words import SECURED_WORD, USERS_WORD
from .ranges import shown
from .rights import (
    ANONYMOUS_WORD,
    GRANTABLE,
    is_exchange_principal,
    is_known_anonymous,
    is_known_authenticated_users,
)


def effective_rows(access: ConnectorAccess) -> list[dict[str, object]]:
    """Clients that do not log on, users without rights of their own, and everybody else whom the list names.

    The principals of Exchange's own servers are left out: they are no clients, and log on in ways of their own. Who is
    only named by inherited entries is a client where somebody can log on at all.
    """
    rows = [_plain(ANONYMOUS_WORD, access.of_strangers()), _plain(USERS_WORD, access.of_user())]
    return [*rows, *(_plain(name, access.of_user(name)) for name in _others(access))]


def effective_row(access: ConnectorAccess, principal: object, groups: object) -> dict[str, object]:
    """What one principal may do.

    Args:
        access: the connector.
        principal: one of the words for a session, or a name as the access list shows it.
        groups: names of groups that the principal is in.

    Raises:
        InputError: these are no names, or a principal has no session that anybody could ask for.
    """
    name = _name(principal, "principal")
    members = _groups(groups)
    word = name.casefold()
    if word == ANONYMOUS_WORD or is_known_anonymous(name) or _is_one_of(name, access.anonymous):
        if members:
            raise InputError(f"groups: clients that do not log on are in no group; leave {shown(members[0])} out.")
        return _plain(ANONYMOUS_WORD, access.of_strangers())
    if word == SECURED_WORD:
        return _plain(SECURED_WORD, access.of_externally_secured())
    if word == USERS_WORD or is_known_authenticated_users(name) or _is_one_of(name, access.users):
        return _plain(USERS_WORD, access.of_user(*members))
    if is_exchange_principal(name):
        raise InputError(
            f"principal: {shown(name)} is a principal of Exchange's own servers, which log on in ways of their own; "
            f"ask for a user, {ANONYMOUS_WORD}, {USERS_WORD} or {SECURED_WORD}."
        )
    found = access.of_user(name, *members)
    return _plain(name, found, () if _is_named(access.entries, (name, *members)) else (_unnamed((name, *members)),))


def _plain(who: str, found: Effective, doubts: Sequence[str] = ()) -> dict[str, object]:
    return {
        "principal": who,
        "rights": _listed(found.rights),
        "may": list(found.may),
        "senders": found.senders,
        "denied": _listed(found.denied),
        "without_effect": _listed(found.without_effect),
        "because": found.because,
        "unverified": [*found.doubts, *doubts],
    }


def _listed(rights: Iterable[str]) -> list[str]:
    """Those that clients are given; Exchange's reserved ones and the directory's own are nobody's business here."""
    return sorted(right for right in rights if right in GRANTABLE)


def _others(access: ConnectorAccess) -> Iterator[str]:
    """Principals with entries of rights that count on a connector, sorted."""
    named: dict[str, str] = {}
    standing = {name.casefold() for name in (*access.anonymous, *access.users)}
    anybody = bool(logons(access.values)[1])
    for entry in access.entries:
        if entry.inherited and not anybody:
            continue
        if entry.principal.casefold() not in standing and not is_exchange_principal(entry.principal):
            named.setdefault(entry.principal.casefold(), entry.principal)
    own = {entry.principal.casefold() for entry in access.entries if not entry.inherited}
    everybody = access.of_user()
    for key, name in sorted(named.items()):
        if key in own or access.of_user(name) != everybody:
            yield name


def _is_one_of(name: str, names: Iterable[str]) -> bool:
    return name.casefold() in {other.casefold() for other in names}


def _is_named(entries: Iterable[AccessEntry], names: Sequence[str]) -> bool:
    return any(_is_one_of(entry.principal, names) for entry in entries)


def _unnamed(names: Sequence[str]) -> str:
    return (
        f"The access list does not name {', '.join(map(shown, names))}, so that only the rights of everybody who has "
        "logged on count; it shows principals as DOMAIN\\name."
    )


def _name(raw: object, where: str) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise InputError(f"{where}: {shown(raw)} is no name of a principal; write anonymous or DOMAIN\\name.")
    # Whether an expression of a playbook takes two backslashes for one depends on where it stands; no name has two.
    return raw.strip().replace("\\\\", "\\")


def _groups(raw: object) -> list[str]:
    if raw is None:
        return []
    if isinstance(raw, str):
        raw = [raw]
    if not isinstance(raw, (list, tuple)):
        raise InputError(f"groups: {shown(raw)} is no list of groups; write [DOMAIN\\group, ...].")
    return [_name(entry, "groups") for entry in raw]
