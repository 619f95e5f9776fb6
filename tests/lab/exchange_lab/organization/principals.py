# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who rights are given to: well-known principals, Exchange's own, and the domain's groups and accounts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from exchange_lab.settings import AccountConfig, OrganizationConfig, ServerConfig
from exchange_lab.values.directory import escape_rdn, stable_guid

_EXCHANGE = "S-1-9-1419165041-1139599005-3936102811-1022490595"

ANONYMOUS_SID = "S-1-5-7"
AUTHENTICATED_USERS_SID = "S-1-5-11"
EXTERNALLY_SECURED_SID = f"{_EXCHANGE}-23"
ADMINISTRATORS_SID = "S-1-5-32-544"

# permissions.md part 7. The suffix of Partner Servers is unverified.
_WELL_KNOWN = (
    (ANONYMOUS_SID, r"NT AUTHORITY\ANONYMOUS LOGON"),
    (AUTHENTICATED_USERS_SID, r"NT AUTHORITY\Authenticated Users"),
    ("S-1-5-18", r"NT AUTHORITY\SYSTEM"),
    (ADMINISTRATORS_SID, r"BUILTIN\Administrators"),
    (f"{_EXCHANGE}-21", r"MS Exchange\Hub Transport Servers"),
    (f"{_EXCHANGE}-22", r"MS Exchange\Edge Transport Servers"),
    (EXTERNALLY_SECURED_SID, r"MS Exchange\Externally Secured Servers"),
    (f"{_EXCHANGE}-24", r"MS Exchange\Partner Servers"),
)

# Names of Windows' own principals on servers of other languages. The German names are seen in the wild, the French ones
# and those of SYSTEM and Administrators are unverified. Exchange's own principals have one name everywhere.
_LOCALIZED = {
    "de": {
        ANONYMOUS_SID: r"NT-AUTORITÄT\ANONYMOUS-ANMELDUNG",
        AUTHENTICATED_USERS_SID: r"NT-AUTORITÄT\Authentifizierte Benutzer",
        "S-1-5-18": r"NT-AUTORITÄT\SYSTEM",
        ADMINISTRATORS_SID: r"VORDEFINIERT\Administratoren",
    },
    "fr": {
        ANONYMOUS_SID: r"AUTORITE NT\ANONYMOUS LOGON",
        AUTHENTICATED_USERS_SID: r"AUTORITE NT\Utilisateurs authentifiés",
        "S-1-5-18": r"AUTORITE NT\Système",
        ADMINISTRATORS_SID: r"BUILTIN\Administrateurs",
    },
}

_DOMAIN_GROUPS = (
    (512, "Domain Admins"),
    (513, "Domain Users"),
    (519, "Enterprise Admins"),
    (1104, "Organization Management"),
    (1105, "Server Management"),
    (1106, "Hygiene Management"),
    (1107, "View-Only Organization Management"),
    (1118, "Exchange Servers"),
    (1119, "Exchange Trusted Subsystem"),
    (1121, "ExchangeLegacyInterop"),
)


@dataclass(frozen=True)
class Principal:
    """One security principal; `name` is what English servers of this organisation show (DOMAIN\\name).

    gone: the account is deleted, so that its SID is all that servers can show.
    """

    sid: str
    name: str
    aliases: frozenset[str] = field(default=frozenset(), compare=False)
    gone: bool = False

    def name_in(self, culture: str) -> str:
        """The name that a server of a culture shows."""
        return _LOCALIZED.get(culture, {}).get(self.sid, self.name)


class Principals:
    """Every principal that servers of one directory know, found by any of its names.

    prefix: what stands before the names of its accounts. seed: what their SIDs are made of.
    """

    def __init__(self, prefix: str, seed: UUID) -> None:
        digits = str(seed.int)
        self._sid = f"S-1-5-21-{digits[:9]}-{digits[9:18]}-{digits[18:27]}"
        self._prefix = prefix
        self._by_alias: dict[str, Principal] = {}
        for sid, name in _WELL_KNOWN:
            self._add(Principal(sid, name, frozenset({name, name.partition("\\")[2]})))

    @classmethod
    def of_forest(
        cls,
        organization: OrganizationConfig,
        accounts: Iterable[AccountConfig],
        deleted: Iterable[AccountConfig] = (),
    ) -> Principals:
        """Those of a domain: its groups and accounts, which also have a GUID, a distinguished name and a UPN."""
        domain = organization.domain
        base = ",".join(f"DC={label}" for label in domain.split("."))
        found = cls(organization.netbios, stable_guid("domain", domain))
        named = [(number, name, set[str]()) for number, name in _DOMAIN_GROUPS]
        named += [(account.number, account.name, {account.upn}) for account in accounts]
        for number, name, extra in named:
            guid = stable_guid("principal", domain, name)
            found._add_account(number, name, {str(guid), f"CN={escape_rdn(name)},CN=Users,{base}"} | extra)
        found._add_deleted(deleted)
        return found

    @classmethod
    def of_machine(
        cls, server: ServerConfig, accounts: Iterable[AccountConfig], deleted: Iterable[AccountConfig] = ()
    ) -> Principals:
        """Those of a server outside of every domain: accounts of its own, called SERVER\\name, and groups of its own,
        called as the role groups that these are in."""
        accounts = tuple(accounts)
        found = cls(server.name, stable_guid("machine", server.fqdn))
        for number, group in enumerate(sorted({group for account in accounts for group in account.role_groups}), 1001):
            found._add_account(number, group, set())
        for account in accounts:
            found._add_account(account.number, account.name, set())
        found._add_deleted(deleted)
        return found

    def _add_account(self, number: int, name: str, extra: set[str]) -> None:
        shown = f"{self._prefix}\\{name}"
        self._add(Principal(f"{self._sid}-{number}", shown, frozenset({name, shown} | extra)))

    def _add_deleted(self, accounts: Iterable[AccountConfig]) -> None:
        for account in accounts:
            sid = f"{self._sid}-{account.number}"
            self._add(Principal(sid, sid, gone=True))

    def _add(self, principal: Principal) -> None:
        for alias in principal.aliases:
            self._by_alias[alias.lower()] = principal
        self._by_alias[principal.sid.lower()] = principal

    def find(self, text: str, sids: bool, culture: str = "en") -> Principal | None:
        """Return the principal of a name, alias, UPN, DN or GUID; of a SID string only where `sids` allows it.

        A server knows Windows' own principals by their names in its own language only. Of a deleted account only the
        SID is left, which is taken as well (unverified).
        """
        wanted = text.strip().lower()
        if re.fullmatch(r"s-1-[0-9-]+", wanted):
            return self._by_alias.get(wanted) if sids else None
        localized = _LOCALIZED.get(culture, {})
        for sid, name in localized.items():
            if wanted in (name.lower(), name.lower().partition("\\")[2]):
                return self.by_sid(sid)
        found = self._by_alias.get(wanted)
        return None if found is not None and found.sid in localized else found

    def by_sid(self, sid: str) -> Principal:
        return self._by_alias[sid.lower()]

    def of_exchange(self, name: str) -> Principal:
        """One of the principals that Exchange itself resolves."""
        return self._by_alias[f"ms exchange\\{name}".lower()]

    def of_domain(self, name: str) -> Principal:
        """One of the domain's groups; a server outside of it knows none (KeyError)."""
        return self._by_alias[f"{self._prefix}\\{name}".lower()]
