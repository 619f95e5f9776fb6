# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: names and SIDs of the principals that every organisation has, and when a name is theirs.

Source: Microsoft's page on receive connectors, the well-known SIDs of Windows, and Microsoft's "Exchange 2013
deployment permissions reference" for the SIDs of Exchange's own principals. The SID of partner servers stands in no
public source.
"""

from __future__ import annotations

from types import MappingProxyType

ANONYMOUS = "NT AUTHORITY\\ANONYMOUS LOGON"
USERS = "NT AUTHORITY\\Authenticated Users"
SECURED_SERVERS = "MS Exchange\\Externally Secured Servers"
HUB_TRANSPORT_SERVERS = "MS Exchange\\Hub Transport Servers"
EDGE_TRANSPORT_SERVERS = "MS Exchange\\Edge Transport Servers"
PARTNER_SERVERS = "MS Exchange\\Partner Servers"
EXCHANGE_SERVERS = "<domain>\\Exchange Servers"
LEGACY_SERVERS = "<domain>\\ExchangeLegacyInterop"

OF_DOMAIN = "<domain>\\"
"""Stands for the forest's root domain, whatever it is called."""

ANONYMOUS_SID = "S-1-5-7"
USERS_SID = "S-1-5-11"
_EXCHANGE_SIDS = "S-1-9-1419165041-1139599005-3936102811-1022490595"

SIDS = MappingProxyType(
    {
        ANONYMOUS: ANONYMOUS_SID,
        USERS: USERS_SID,
        SECURED_SERVERS: f"{_EXCHANGE_SIDS}-23",
        HUB_TRANSPORT_SERVERS: f"{_EXCHANGE_SIDS}-21",
        EDGE_TRANSPORT_SERVERS: f"{_EXCHANGE_SIDS}-22",
    }
)
"""English name -> SID, of those that have the same one everywhere."""

TRANSLATED = frozenset((ANONYMOUS, USERS))
"""Whose names Windows shows in the language of the server; Exchange names its own alike everywhere."""


def account(principal: str) -> str:
    """The account part of a principal's name, in lower case."""
    return principal.rpartition("\\")[2].casefold()


def is_shown_as(english: str, name: str) -> bool:
    """Whether an access list that has this name means the principal; by its SID alone where the name is translated.

    Args:
        english: one of the names above.
        name: as the access list shows it.
    """
    if name.casefold() == SIDS.get(english, english).casefold():
        return True
    if english in TRANSLATED:
        return False
    if english.startswith(OF_DOMAIN):
        return "\\" in name and account(name) == account(english)
    return name.casefold() == english.casefold()
