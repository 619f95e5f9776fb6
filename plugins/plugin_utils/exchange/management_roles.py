# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which management role holds a cmdlet, and which role groups hold the role. PRIVATE to the collection.

Exchange hides what an account may not use, so an administrator has to be told what to give it (the defaults are those
of Microsoft's pages on mail flow permissions and on each role; remote-powershell.md, part 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class ManagementRole:
    """A management role, and the role groups that hold it by default."""

    name: str
    groups: tuple[str, ...]

    def held_by(self, called: str) -> str:
        """For a sentence: which role groups hold the role, which is called so."""
        if len(self.groups) == 1:
            return f"{self.groups[0]} alone holds {called}"
        return f"{', '.join(self.groups[:-1])} and {self.groups[-1]} hold {called}"


_ORGANIZATION, _SERVER, _HYGIENE = "Organization Management", "Server Management", "Hygiene Management"

_RECEIVE_CONNECTORS = ManagementRole("Receive Connectors", (_ORGANIZATION, _SERVER, _HYGIENE))
_EXCHANGE_SERVERS = ManagementRole("Exchange Servers", (_ORGANIZATION, _SERVER))

_BY_NOUN: Mapping[str, ManagementRole] = MappingProxyType(
    {
        "receiveconnector": _RECEIVE_CONNECTORS,
        "adpermission": ManagementRole("Active Directory Permissions", (_ORGANIZATION,)),
        "exchangeserver": _EXCHANGE_SERVERS,
        "networkconnectioninfo": _EXCHANGE_SERVERS,
        "servercomponentstate": _EXCHANGE_SERVERS,
        "accepteddomain": ManagementRole("Remote and Accepted Domains", (_ORGANIZATION,)),
        # No source names the role of these (unverified).
        "throttlingpolicy": ManagementRole("Recipient Policies", (_ORGANIZATION,)),
    }
)


def noun_of(cmdlet: str) -> str:
    """What a cmdlet is about, in lower case: ``receiveconnector`` of ``Set-ReceiveConnector``."""
    return cmdlet.partition("-")[2].lower()


def role_of(cmdlet: str) -> str:
    """The management role that holds a cmdlet, empty when this collection does not know it."""
    role = _BY_NOUN.get(noun_of(cmdlet))
    return "" if role is None else role.name


def remedy(cmdlets: Iterable[str]) -> str:
    """What to do for an account that lacks these cmdlets, or parameters of them: the tail of a sentence."""
    names = list(cmdlets)
    unknown = next((name for name in names if noun_of(name) not in _BY_NOUN), None)
    if unknown is not None:
        return f"find the role that holds it with `Get-ManagementRole -Cmdlet {unknown}`"
    roles = list(dict.fromkeys(_BY_NOUN[noun_of(name)] for name in names))
    if len(roles) == 1:
        return f"give it the management role '{roles[0].name}' (by default {roles[0].held_by('it')})"
    shown = " and ".join(f"'{role.name}'" for role in roles)
    held = ", and ".join(role.held_by(f"'{role.name}'") for role in roles)
    return f"give it the management roles {shown} (by default {held})"
