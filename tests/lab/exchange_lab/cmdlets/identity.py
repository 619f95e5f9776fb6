# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which object an -Identity or -Server means."""

from __future__ import annotations

from fnmatch import fnmatchcase

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.definition import Invocation
from exchange_lab.interface import AcceptedDomain
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.model import ExchangeServer, Organization
from exchange_lab.values.directory import same_dn


def find_connectors(
    run: Invocation, identity: str, server_names: bool = True, wildcards: bool = False
) -> list[ReceiveConnector]:
    """Every connector that an identity names: by GUID, distinguished name, SERVER\\Name, or name.

    A bare name matches on every server. `wildcards` is for Get only (unverified that it takes them).
    """
    wanted = identity.strip().lower()
    connectors = run.organization.connectors_seen_from(run.server)
    for match in (
        [item for item in connectors if str(item.guid) == wanted.strip("{}")],
        [item for item in connectors if same_dn(item.distinguished_name, wanted)],
    ):
        if match:
            return match
    server, separator, name = wanted.partition("\\")
    if separator and server_names:
        known = find_server(run, server)
        connectors = [item for item in connectors if known is not None and item.server == known.name]
    else:
        name = wanted
    if wildcards and "*" in name:
        return [item for item in connectors if fnmatchcase(item.name.lower(), name.replace("[", "[[]"))]
    return [item for item in connectors if item.name.lower() == name]


def one_connector(run: Invocation, identity: str, server_names: bool = True) -> ReceiveConnector:
    """The one connector that an identity names; fails when there is none or more than one."""
    controller = run.controller()
    found = find_connectors(run, identity, server_names)
    if not found:
        raise errors.not_found(identity, controller)
    if len(found) > 1:
        raise errors.ambiguous(identity)
    return found[0]


def find_server(run: Invocation, identity: str) -> ExchangeServer | None:
    """A server by name, FQDN, GUID, distinguished name or legacy distinguished name."""
    wanted = identity.strip().lower()
    for server in run.organization.servers_seen_from(run.server):
        names = {server.name, server.config.fqdn, str(server.guid), server.distinguished_name}
        if wanted in {name.lower() for name in names} or wanted.endswith(f"/cn=servers/cn={server.name.lower()}"):
            return server
    return None


def one_server(run: Invocation, identity: str) -> ExchangeServer:
    """The server that an identity names; fails when there is none."""
    controller = run.controller()
    server = find_server(run, identity)
    if server is None:
        raise errors.not_found(identity, controller)
    return server


def find_domain(organization: Organization, identity: str) -> AcceptedDomain | None:
    """An accepted domain by name, SMTP domain, distinguished name or GUID."""
    wanted = identity.strip().lower()
    for domain in organization.config.accepted_domains:
        known = organization.accepted_domain_id(domain)
        if wanted in {domain.name.lower(), domain.domain.lower(), known.distinguished_name.lower(), str(known.guid)}:
            return domain
    return None
