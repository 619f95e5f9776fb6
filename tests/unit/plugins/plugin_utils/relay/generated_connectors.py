# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Servers of every version with generated connectors in the lab, read as receive_connector_info reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.connector_report import anonymous_name, reports
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import Exchange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ServerState

from .lab_session import LabSession

ANONYMOUS, AUTHENTICATED_USERS = "S-1-5-7", "S-1-5-11"
EXTERNALLY_SECURED = r"MS Exchange\Externally Secured Servers"
ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
RIGHTS = (
    ANY_RECIPIENT,
    ANY_RECIPIENT,
    "ms-Exch-SMTP-Submit",
    "ms-Exch-SMTP-Accept-Any-Sender",
    "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender",
)
FRONT_END, HUB = "FrontendTransport", "HubTransport"

SERVERS: dict[str, dict[str, Any]] = {
    "EX07": {"version": "2007"},
    "EX10": {"version": "2010", "culture": "de"},
    "EX13": {"version": "2013"},
    "CAS13": {"version": "2013", "roles": ["client_access"]},
    "MBX13": {"version": "2013", "roles": ["mailbox"], "culture": "fr"},
    "EX16": {"version": "2016", "culture": "de"},
    "EX19": {"version": "2019"},
    "EXSE": {"version": "SE", "culture": "fr"},
    "EDGE10": {"version": "2010", "roles": ["edge"]},
    "EDGE19": {"version": "2019", "roles": ["edge"]},
}
SERVICES = {
    **dict.fromkeys(SERVERS, (FRONT_END, HUB)),
    **dict.fromkeys(("EX07", "EX10", "EDGE10", "EDGE19"), ()),
    "CAS13": (FRONT_END,),
    "MBX13": (HUB,),
}


def lab_content(*names: str, **changes: Any) -> dict[str, Any]:
    """A lab file with these servers; changes are made to each of them."""
    return {
        "organization": {
            "name": "Lab Organization",
            "domain": "lab.example",
            "domain_controllers": ["dc1.lab.example"],
        },
        "accounts": {
            "administrator": {"password": "Lab-Administrator-1", "role_groups": ["Organization Management"]},
            "user": {"password": "Lab-User-1"},
        },
        "servers": {
            name: {"address": f"127.0.3.{number}", "port": 0, "smtp_port": 0, "auth": ["ntlm"], **server, **changes}
            for number, (name, server) in enumerate(SERVERS.items(), start=1)
            if name in names
        },
    }


@dataclass(frozen=True)
class Spec:
    """One generated connector, in parameters of the cmdlets; grants are (user, right, deny)."""

    parameters: dict[str, Any]
    role: str = FRONT_END
    grants: tuple[tuple[str, str, bool], ...] = ()


@dataclass
class Generated:
    """A server with its generated connectors."""

    session: LabSession
    made: list[str] = field(default_factory=list)

    def create(self, specs: Sequence[Spec], server: str) -> None:
        """Make the connectors that Exchange takes; a conflict is Exchange's to refuse."""
        for at, spec in enumerate(specs):
            name = f"Generated {at}"
            role = {"TransportRole": spec.role} if SERVICES[server] else {}
            refused = self.session.call(
                "New-ReceiveConnector", Name=name, Usage="Custom", Server=server, **spec.parameters, **role
            )
            if refused:
                continue
            self.made.append(name)
            for user, right, deny in spec.grants:
                extra = {"Deny": True} if deny else {}
                self.session.call(
                    "Add-ADPermission", Identity=rf"{server}\{name}", User=user, ExtendedRights=[right], **extra
                )

    def report(self, server: str, named: str = "") -> list[dict[str, Any]]:
        """What receive_connector_info returns, of the connectors whose name begins so."""
        exchange = Exchange(self.session)
        facts = exchange.read_server(server)
        connectors = tuple(one for one in exchange.read_connectors(server) if one.name.startswith(named))
        access = {one.distinguished_name: exchange.read_access(one.distinguished_name) for one in connectors}
        state = ServerState(facts, connectors, access)
        return reports(connectors, state, anonymous_name(connectors, access))


def method(groups: str, mechanisms: str) -> dict[str, Any]:
    """Parameters that say who may do what."""
    return {"PermissionGroups": groups, "AuthMechanism": mechanisms}


def specs(ranges: st.SearchStrategy[str], bindings: Sequence[Sequence[str]], roles: Sequence[str]) -> Any:
    """Generated connectors: some that clash, some that refuse, some that trust.

    roles: the transport services of the server, the owner of port 25 first; some connectors are of another one.
    """
    methods = (
        method("AnonymousUsers", "Tls"),
        method("AnonymousUsers", "None"),
        method("AnonymousUsers", "Tls,Integrated,BasicAuth,BasicAuthRequireTLS"),
        method("AnonymousUsers,ExchangeUsers", "Tls,BasicAuth"),
        method("ExchangeUsers", "Tls,BasicAuth,BasicAuthRequireTLS"),
        method("ExchangeServers", "Tls,ExchangeServer"),
        method("ExchangeServers", "ExternalAuthoritative"),
        method("ExchangeServers,AnonymousUsers", "Tls,ExternalAuthoritative"),
        method("Partners", "Tls"),
    )
    grants = st.tuples(
        st.sampled_from((ANONYMOUS, ANONYMOUS, ANONYMOUS, AUTHENTICATED_USERS, EXTERNALLY_SECURED)),
        st.sampled_from(RIGHTS),
        st.sampled_from((False, False, False, True)),
    )

    def spec(listed: list[str], bound: Sequence[str], chosen: dict[str, Any], role: str, *rest: Any) -> Spec:
        given, enabled, tls = rest
        parameters = {"RemoteIPRanges": listed, "Bindings": list(bound), "Enabled": enabled, **chosen}
        if tls and "Tls" in chosen["AuthMechanism"]:
            parameters["RequireTLS"] = True
        return Spec(parameters, role, tuple(given))

    return st.lists(
        st.builds(
            spec,
            st.lists(ranges, min_size=1, max_size=3, unique=True),
            st.sampled_from(list(bindings)),
            st.sampled_from(methods),
            st.sampled_from([*roles[:1] * 5, FRONT_END, HUB]),
            st.lists(grants, max_size=3),
            st.sampled_from((True, True, True, True, False)),
            st.sampled_from((False, False, False, True)),
        ),
        min_size=2,
        max_size=6,
    )
