# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connectors with generated access lists in the lab, entries on the objects above them included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from .generated_connectors import (
    ANONYMOUS,
    AUTHENTICATED_USERS,
    EXTERNALLY_SECURED,
    SERVERS,
    SERVICES,
    Spec,
    lab_content,
    method,
)
from .lab_session import LabSession

GROUP = "Hygiene Management"
"""A group that the account svc is in, as is every account in Domain Users."""
ACCOUNTS = {
    "administrator": {"password": "Lab-Administrator-1", "role_groups": ["Organization Management"]},
    "user": {"password": "Lab-User-1"},
    "svc": {"password": "Lab-Svc-1", "role_groups": [GROUP]},
}
PRINCIPALS = (
    ANONYMOUS,
    ANONYMOUS,
    AUTHENTICATED_USERS,
    AUTHENTICATED_USERS,
    EXTERNALLY_SECURED,
    r"LAB\svc",
    rf"LAB\{GROUP}",
    r"LAB\Domain Users",
)
RIGHTS = (
    "ms-Exch-SMTP-Submit",
    "ms-Exch-SMTP-Submit",
    "ms-Exch-SMTP-Accept-Any-Recipient",
    "ms-Exch-SMTP-Accept-Any-Recipient",
    "ms-Exch-SMTP-Accept-Any-Sender",
    "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender",
    "ms-Exch-Bypass-Anti-Spam",
)
LEVELS = ("connectors", "protocols", "server", "servers", "administrative_group", "organization")
TYPES = ("All", "All", "All", "All", "Descendents", "Children", "None")
METHODS = (
    method("None", "Tls"),
    method("AnonymousUsers", "Tls"),
    method("AnonymousUsers", "Tls,Integrated"),
    method("AnonymousUsers,ExchangeUsers", "Tls,BasicAuth"),
    method("ExchangeUsers", "Tls,BasicAuth,BasicAuthRequireTLS"),
    method("ExchangeUsers", "Tls"),
    method("Partners", "Tls,BasicAuth"),
    method("ExchangeServers", "ExternalAuthoritative"),
    method("ExchangeServers,AnonymousUsers", "Tls,ExternalAuthoritative"),
    method("ExchangeServers,AnonymousUsers,ExchangeUsers,ExchangeLegacyServers,Partners", "Tls,BasicAuth"),
)


def of_server(server: str, principal: str) -> str:
    """The principal as this server knows it: an Edge Transport server is in no domain, and has accounts of its own."""
    if not is_edge(server):
        return principal
    # No group there holds every account.
    return principal.replace("Domain Users", GROUP).replace("LAB\\", f"{server}\\")


def groups_of(server: str, account: str) -> tuple[str, ...]:
    """The groups of an account."""
    everybody = () if is_edge(server) else (r"LAB\Domain Users",)
    return (*((of_server(server, rf"LAB\{GROUP}"),) if account == "svc" else ()), *everybody)


def is_edge(server: str) -> bool:
    """Whether this is an Edge Transport server."""
    return "edge" in SERVERS[server].get("roles", ())


Grant = tuple[str, str, bool, str]
"""User, right, deny, inheritance type."""


@dataclass(frozen=True)
class Listed:
    """A connector with an access list."""

    spec: Spec
    grants: tuple[Grant, ...]

    def create(self, session: LabSession, server: str, name: str) -> bool:
        """Make it and its entries; False when this server does not take it, as Edge Transport has no ExchangeUsers."""
        role = {"TransportRole": self.spec.role} if SERVICES[server] else {}
        given = {"Name": name, "Usage": "Custom", "Server": server, **self.spec.parameters, **role}
        if session.call("New-ReceiveConnector", **given):
            return False
        for user, right, deny, inheritance in self.grants:
            extra = {"InheritanceType": inheritance, **({"Deny": True} if deny else {})}
            given = {"User": of_server(server, user), "ExtendedRights": [right], **extra}
            assert session.call("Add-ADPermission", Identity=rf"{server}\{name}", **given) == []
        return True


def content(server: str, above: Sequence[dict[str, Any]] = (), **switches: Any) -> dict[str, Any]:
    """A lab file with this server, and entries on the objects above its connectors."""
    return {
        **lab_content(server),
        "accounts": ACCOUNTS,
        "inherited_permissions": [placed(entry, server) for entry in above],
        "switches": switches,
    }


def placed(entry: dict[str, Any], server: str) -> dict[str, Any]:
    """The entry where that server has it: an Edge Transport server inherits from objects of its own only."""
    if not is_edge(server):
        return entry
    level = entry["from"] if entry["from"] in LEVELS[:3] else "connectors"
    return {**entry, "user": of_server(server, entry["user"]), "from": level, "server": server}


@st.composite
def above(draw: Any) -> list[dict[str, Any]]:
    """Entries on the objects above the connectors, near and far; some of them for and against the same."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        about = {
            "user": draw(st.sampled_from(PRINCIPALS)),
            "right": draw(st.sampled_from((*RIGHTS, "GenericAll", "ExtendedRight"))),
        }
        for deny in draw(st.sampled_from(((False,), (True,), (False, True), (True, False)))):
            level, inheritance = draw(st.sampled_from(LEVELS)), draw(st.sampled_from(TYPES))
            found.append({**about, "deny": deny, "from": level, "inheritance": inheritance})
    return found


def grants() -> st.SearchStrategy[list[Grant]]:
    """Entries of a connector itself."""
    return st.lists(
        st.tuples(
            st.sampled_from(PRINCIPALS),
            st.sampled_from(RIGHTS),
            st.sampled_from((False, False, True)),
            st.sampled_from(("All", "All", "All", "None", "Descendents")),
        ),
        max_size=6,
    )
