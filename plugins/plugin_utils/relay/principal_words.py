# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the forms of a declared principal, and the words that mean the same everywhere.

Source: Microsoft's pages on receive connectors (principals of the permission groups) and on Add-ADPermission (the forms
that User takes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .principal_names import (
    ANONYMOUS,
    EDGE_TRANSPORT_SERVERS,
    EXCHANGE_SERVERS,
    HUB_TRANSPORT_SERVERS,
    LEGACY_SERVERS,
    OF_DOMAIN,
    PARTNER_SERVERS,
    SECURED_SERVERS,
    SIDS,
    TRANSLATED,
    USERS,
    account,
    is_shown_as,
)
from .rights import ANONYMOUS_WORD

_SID = re.compile(r"s-1-[0-9]+(?:-[0-9]+)*", re.IGNORECASE | re.ASCII)
_GUID = re.compile(r"\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE | re.ASCII)

USERS_WORD = "authenticated_users"
"""Everybody who has logged on, in options, reports and changes."""

SECURED_WORD = "externally_secured_servers"
"""Whom every session of the mechanism ExternalAuthoritative counts as."""


@dataclass(frozen=True)
class WellKnown:
    """A principal that every organisation has.

    Attributes:
        word: what options call it.
        english: its name on an English server, one of `principal_names`.
    """

    word: str
    english: str

    @property
    def sid(self) -> str:
        """Its SID, "" where each forest has its own or no source tells it."""
        return SIDS.get(self.english, "")

    @property
    def question(self) -> str:
        """What Exchange is asked for, where no access list shows it."""
        return self.sid if self.english in TRANSLATED else self.english.removeprefix(OF_DOMAIN)

    def is_shown_as(self, name: str) -> bool:
        """Whether an access list that has this name means it; by its SID alone where the name is translated."""
        return is_shown_as(self.english, name)


WELL_KNOWN: tuple[WellKnown, ...] = (
    WellKnown(ANONYMOUS_WORD, ANONYMOUS),
    WellKnown(USERS_WORD, USERS),
    WellKnown(SECURED_WORD, SECURED_SERVERS),
    WellKnown("hub_transport_servers", HUB_TRANSPORT_SERVERS),
    WellKnown("edge_transport_servers", EDGE_TRANSPORT_SERVERS),
    WellKnown("partner_servers", PARTNER_SERVERS),
    WellKnown("exchange_servers", EXCHANGE_SERVERS),
    WellKnown("legacy_servers", LEGACY_SERVERS),
)
"""Every word that options take for a principal."""

_ANONYMOUS, _USERS = WELL_KNOWN[:2]
_BY_WORD = {text.casefold(): row for row in WELL_KNOWN for text in (row.word, row.sid) if text}

SID_PROBE = _USERS.sid
"""A SID that every organisation knows: where Exchange does not take it, it takes none."""


def well_known(principal: str) -> WellKnown | None:
    """The well-known principal that a declared word or SID stands for, None for any other principal."""
    return _BY_WORD.get(principal.casefold())


def is_anonymous(principal: str) -> bool:
    """Whether a declared principal is that of clients that do not log on."""
    return well_known(principal) is _ANONYMOUS


def is_authenticated_users(principal: str) -> bool:
    """Whether a declared principal is that of everybody who has logged on."""
    return well_known(principal) is _USERS


def is_sid(principal: str) -> bool:
    """Whether a declared or shown principal is a SID; one that is shown belongs to an account that is gone."""
    return _SID.fullmatch(principal) is not None


def question(principal: str) -> str:
    """What Exchange is asked for, to learn under which name it shows a declared principal."""
    known = well_known(principal)
    return principal if known is None else known.question


def shown_names(principal: str, names: Iterable[str]) -> list[str]:
    """Of the names that an access list shows, those that a declared principal may be; each once.

    A name without a domain is that of the account in whatever domain the list shows it.
    """
    unique = list({name.casefold(): name for name in names}.values())
    known = well_known(principal)
    if known is not None:
        return [name for name in unique if known.is_shown_as(name)]
    word = principal.casefold()
    exact = [name for name in unique if name.casefold() == word]
    return exact or [name for name in unique if _is_bare(principal) and account(name) == word]


def _is_bare(principal: str) -> bool:
    """Whether it is a name alone: no domain, UPN, SID, GUID or distinguished name."""
    return not (set("\\@=") & set(principal) or is_sid(principal) or _GUID.fullmatch(principal))


def word_for(name: str, anonymous: str, users: str) -> str:
    """A principal for people and for input again: its word where Windows translates its name, else the name.

    Args:
        name: as the server shows it.
        anonymous, users: how the server names the two; "" when nothing told.
    """
    for own, row in ((anonymous, _ANONYMOUS), (users, _USERS)):
        if name.casefold() in {own.casefold(), row.sid.casefold()} - {""}:
            return row.word
    return name
