# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The servers of a lab file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from exchange_lab import concurrent_edits
from exchange_lab.config_values import check_address, read_address, read_domain, read_port
from exchange_lab.organization.components import components
from exchange_lab.section import LabFileError, Section
from exchange_lab.settings import KerberosConfig, OrganizationConfig, ServerConfig
from exchange_lab.versions import CULTURES, EDGE, VERSIONS, roles_of
from exchange_lab.wsman.disturbances import Disturbances

AUTHENTICATION = ("kerberos", "negotiate", "ntlm", "basic")


def read_servers(
    section: Section, organization: OrganizationConfig, kerberos: KerberosConfig | None
) -> Mapping[str, ServerConfig]:
    servers: dict[str, ServerConfig] = {}
    for name in section.names():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,14}", name):
            raise section.error(name, "a server name has 1 to 15 letters, digits or dashes")
        if name.lower() in (known.lower() for known in servers):
            raise section.error(name, "two servers have this name; names differ in more than case")
        servers[name] = _server(name, section.section(name, required=True), organization, kerberos)
    if not servers:
        raise section.error(None, "name at least one server")
    return servers


def _server(
    name: str, section: Section, organization: OrganizationConfig, kerberos: KerberosConfig | None
) -> ServerConfig:
    address = read_address(section, "address")
    version = section.choice("version", VERSIONS, "2019")
    roles = _roles(section, version)
    addresses = tuple(check_address(section, "addresses", item) for item in section.strings("addresses", (address,)))
    server = ServerConfig(
        name=name,
        fqdn=read_domain(section, "fqdn", f"{name.lower()}.{organization.domain}"),
        version=version,
        address=address,
        port=read_port(section, "port", 0),
        smtp_port=read_port(section, "smtp_port", 2525),
        auth=_authentication(section, kerberos, roles),
        addresses=addresses,
        domain_controller=_domain_controller(section, organization, roles),
        site=section.text("site", "Default-First-Site-Name"),
        scheme=section.choice("scheme", ("http", "https"), "http"),
        faults=_faults(section),
        roles=roles,
        culture=section.choice("culture", CULTURES, "en"),
        downgraded_exchange_auth=section.boolean("downgraded_exchange_auth", False),
        edits=concurrent_edits.read_edits(section.section("faults")),
    )
    server = replace(server, components=_components(section.section("components"), server))
    section.done()
    return server


def _authentication(section: Section, kerberos: KerberosConfig | None, roles: tuple[str, ...]) -> tuple[str, ...]:
    """The methods of a server's endpoint; an Edge Transport server is in no domain and so has no Kerberos."""
    joined = kerberos is not None and EDGE not in roles
    auth = section.strings("auth", ("kerberos", "ntlm") if joined else ("ntlm",))
    for method in auth:
        if method not in AUTHENTICATION:
            raise section.error("auth", f"{method!r} is no method; use some of {', '.join(AUTHENTICATION)}")
    if "kerberos" in auth and EDGE in roles:
        raise section.error("auth", "an Edge Transport server is in no domain; use ntlm or basic")
    if "kerberos" in auth and kerberos is None:
        raise section.error("auth", "kerberos needs the top-level key kerberos with a realm")
    return auth


def _domain_controller(section: Section, organization: OrganizationConfig, roles: tuple[str, ...]) -> str:
    """The domain controller that a server uses; empty for Edge Transport, which reads its own directory."""
    if EDGE in roles:
        if section.has("domain_controller"):
            raise section.error("domain_controller", "an Edge Transport server uses none")
        return ""
    controller = section.text("domain_controller", organization.domain_controllers[0])
    if controller not in organization.domain_controllers:
        raise section.error("domain_controller", f"{controller!r} is not among organization.domain_controllers")
    return controller


def _roles(section: Section, version: str) -> tuple[str, ...]:
    """The roles of a server in their usual order; all that the version has when none is named."""
    known = roles_of(version)
    chosen = section.strings("roles", known)
    if chosen == (EDGE,):
        return chosen
    for role in chosen:
        if role == EDGE:
            raise section.error("roles", "an Edge Transport server holds no other role; write [edge]")
        if role not in known:
            names = ", ".join((*known, EDGE))
            raise section.error("roles", f"{role!r} is no role of Exchange {version}; use some of {names}")
    if not chosen:
        raise section.error("roles", f"name at least one role of {', '.join((*known, EDGE))}")
    return tuple(role for role in known if role in chosen)


def _faults(section: Section) -> Mapping[str, object]:
    content = section.mapping("faults")
    faults = {name: value for name, value in content.items() if name not in concurrent_edits.KEYS}
    try:
        Disturbances.from_config(faults)
    except ValueError as error:
        raise LabFileError(f"{section.where}.{error}") from error
    return faults


def _components(section: Section, server: ServerConfig) -> Mapping[str, str]:
    known = components(server)
    states = {}
    for name in section.names():
        if name not in known:
            raise section.error(name, "this is no component of Get-ServerComponentState on such a server")
        states[name] = section.choice(name, ("Active", "Inactive", "Draining"))
    return states
