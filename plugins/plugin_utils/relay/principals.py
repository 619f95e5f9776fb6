# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: declared principals, and the names under which a server shows them.

An access list shows names in the language of the server that was asked, and nothing else. So a principal is declared
by a word that means the same everywhere, or by any name that Exchange takes for it, and is compared by the name that
the server itself shows: in an access list that was read, or in its answer when it is asked for the principal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from ansible_collections.mailrelay.exchange.plugins.module_utils._words import meant

from .errors import InputError
from .model import AccessEntry, PrincipalAnswer, ReceiveConnector
from .pictures import Picture
from .principal_names import account
from .principal_words import (
    SID_PROBE,
    USERS_WORD,
    WELL_KNOWN,
    is_anonymous,
    is_authenticated_users,
    is_sid,
    question,
    shown_names,
    well_known,
    word_for,
)
from .rights import (
    ANONYMOUS_USERS,
    ANONYMOUS_WORD,
    EXCHANGE_USERS,
    anonymous_principal,
    authenticated_users_principal,
    is_known_anonymous,
    is_known_authenticated_users,
)
from .world import World


def told_users(pictures: Iterable[Picture], version: str) -> str:
    """How a server of a version names everybody who has logged on, by the access lists of its connectors.

    "" when none was read that tells, or when two tell different names.
    """
    found = {
        name.casefold(): name
        for picture in pictures
        if EXCHANGE_USERS in picture.groups and picture.entries
        for name in (authenticated_users_principal(picture.entries, version),)
        if name is not None
    }
    return next(iter(found.values())) if len(found) == 1 else ""


def told_anonymous(
    connectors: Iterable[ReceiveConnector], access: Mapping[str, Sequence[AccessEntry]]
) -> tuple[tuple[str, str], ...]:
    """How a server names the anonymous principal, by the access lists of its connectors.

    Args:
        connectors: of the server; the first one that tells a name is the one that is told of.
        access: distinguished name -> access list, for those whose list was read.

    Returns:
        The name and the distinguished name of the connector whose list tells it. Empty when none tells; several when
        one of them must be an account with like rights, so that nobody may rely on any. The SID is the same principal
        as a name, which goes before it.
    """
    told: dict[str, tuple[str, str]] = {}
    for connector in connectors:
        if ANONYMOUS_USERS in connector.values["permission_groups"]:
            name = anonymous_principal(access.get(connector.distinguished_name, ()))
            if name is not None:
                told.setdefault(name.casefold(), (name, connector.distinguished_name))
    names = tuple(pair for pair in told.values() if not is_anonymous(pair[0]))
    return names or tuple(told.values())


def principal_name(
    principal: str,
    before: Picture | None,
    world: World,
    state: Literal["present", "absent"] = "present",
    where: str = "grants",
    words: bool = True,
) -> str:
    """The name that this server shows for a declared principal, or the declared one as long as it shows none.

    Args:
        principal: as declared.
        before: the connector, None for one that does not exist yet.
        world: its server, with what it answered to the questions of `asking.principals_needed`.
        state: whether its rights have to be there or must not.
        where: the option it stands in, for the sentence.
        words: whether that option takes the words for principals that every organisation has. Otherwise the sentence
            offers accounts alone.

    Raises:
        InputError: Exchange does not know it, or it is not clear who is meant.
    """
    if is_anonymous(principal):
        return world.anonymous
    own = _own(before)
    users = told_users(world, world.facts.version)
    if is_authenticated_users(principal) and users:
        return users
    found = shown_names(principal, [*own, world.anonymous]) or literally_shown(principal, _everywhere(world))
    if len(found) > 1:
        names_found = " or ".join(sorted(found))
        connector = "" if before is None else f" on connector {before.name!r}"
        raise InputError(f"{where}: {principal!r} may be {names_found}{connector}; write which.")
    if found:
        if state == "absent":
            refuse_unremovable(found[0], before, world, where)
        return found[0]
    answer = _answer(question(principal), before, world)
    if answer is None:
        return question(principal)
    if answer.refusal and not (state == "absent" and _is_surely_gone(principal, before, world)):
        raise InputError(_unknown(principal, answer, before, world, where, words))
    return answer.name or question(principal)


def is_unknown(principal: str, before: Picture | None, world: World) -> bool:
    """Whether Exchange was asked for a declared principal, and knows nobody who is called so."""
    answer = _answer(question(principal), before, world)
    return answer is not None and bool(answer.refusal)


def refuse_unremovable(name: str, before: Picture | None, world: World, where: str) -> None:
    """Raise InputError for the entry of an account that is gone, where Exchange does not take its SID."""
    answer = _answer(name, before, world) if is_sid(name) else None
    if answer is not None and answer.refusal:
        raise InputError(
            f"{where}: the entries of {name}, which is all that is left of an account, cannot be removed over Exchange "
            f"on {world.facts.name}, because it does not take that SID (it says: {answer.refusal}); remove them with "
            "ADSI Edit, or let them be."
        )


def _own(before: Picture | None) -> list[str]:
    """Everybody whom the connector's access list shows."""
    return [] if before is None else [entry.principal for entry in before.entries or ()]


def literally_shown(principal: str, names: Iterable[str]) -> list[str]:
    """The principal as the access list of some other connector shows it, where a name alone says too little."""
    found = shown_names(principal, names)
    return found if well_known(principal) else [name for name in found if name.casefold() == principal.casefold()]


def _everywhere(world: World) -> Iterator[str]:
    return (entry.principal for picture in world for entry in picture.entries or ())


def _answer(asked: str, before: Picture | None, world: World) -> PrincipalAnswer | None:
    """What Exchange said, at this connector or else at any; a name that it told somewhere comes first."""
    word = asked.casefold()
    found = {identity: answer for (identity, other), answer in world.principals.items() if other == word}
    if before is not None and before.distinguished_name in found:
        return found[before.distinguished_name]
    return max(found.values(), key=lambda answer: bool(answer.name), default=None)


def _is_surely_gone(principal: str, before: Picture | None, world: World) -> bool:
    """Whether nobody is called so, and so nobody can have rights under another name.

    A SID that Exchange does not know is nobody's, unless it takes no SIDs at all. A name may be misspelt, or its
    account may be gone and its SID be left.
    """
    if not is_sid(principal):
        own = _own(before)
        return not _meant(principal, world) and not any(map(is_sid, own))
    probe = _answer(SID_PROBE, before, world)
    return probe is not None and not probe.refusal


def _unknown(
    principal: str, answer: PrincipalAnswer, before: Picture | None, world: World, where: str, words: bool
) -> str:
    """The sentence about a principal that Exchange does not know, with what would be right."""
    server, says = world.facts.name, f"(it says: {answer.refusal})"
    if is_authenticated_users(principal):
        return (
            f"{where}: no connector of {server} tells how it names {USERS_WORD}, and its Exchange takes no SID {says}; "
            f"write the name that Get-ADPermission shows there, or give a connector the permission group "
            f"{EXCHANGE_USERS}."
        )
    if is_sid(principal):
        probe = _answer(SID_PROBE, before, world)
        if probe is not None and probe.refusal:
            return (
                f"{where}: {principal!r} is a SID, and Exchange on {server} takes none {says}; write DOMAIN\\name or "
                "name@domain."
            )
        return f"{where}: Exchange on {server} knows nobody with the SID {principal!r} {says}; write DOMAIN\\name."
    unknown = f"{where}: Exchange on {server} knows no user or group {principal!r} {says}"
    close = _meant(principal, world)
    if close and (words or not well_known(close)):
        return f"{unknown}; did you mean {close}?"
    if not words:
        return f"{unknown}; write DOMAIN\\name or name@domain of an account that there is."
    left = list(filter(is_sid, _own(before)))
    if left:
        return (
            f"{unknown}; if the account is gone, its entries are shown by its SID: write that "
            f"({', '.join(dict.fromkeys(left))})."
        )
    offered = ", ".join(row.word for row in WELL_KNOWN)
    return f"{unknown}; write DOMAIN\\name or name@domain of one that there is, or one of the words {offered}."


def _meant(principal: str, world: World) -> str:
    """What somebody may have meant: a word, or a name that an access list of the server shows; "" for nothing."""
    if is_known_anonymous(principal):
        return ANONYMOUS_WORD
    if is_known_authenticated_users(principal):
        return USERS_WORD
    right = dict(_spellings(world))
    close = meant(account(principal).partition("@")[0], right)
    return right[close] if close else ""


def _spellings(world: World) -> Iterator[tuple[str, str]]:
    """What stands for a principal in somebody's mind, and what to write."""
    users = told_users(world, world.facts.version)
    for name in (*_everywhere(world), world.anonymous):
        if not is_sid(name):
            yield account(name), word_for(name, world.anonymous, users)
    for row in WELL_KNOWN:
        yield account(row.english), row.word
        yield row.word, row.word


def sids_to_remove(entries: Iterable[AccessEntry], kept: Iterable[str]) -> list[str]:
    """The SIDs among explicit entries that `exclusive` would remove, because none of the kept principals is theirs."""
    wanted = {name.casefold() for name in kept}
    found = {entry.principal for entry in entries if not entry.inherited and is_sid(entry.principal)}
    return sorted(name for name in found if name.casefold() not in wanted)
