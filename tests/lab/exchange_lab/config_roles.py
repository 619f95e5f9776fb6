# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Management roles and role groups of a lab file, with one sentence for every mistake."""

from __future__ import annotations

from collections.abc import Mapping

from exchange_lab.cmdlets.binding import every_parameter
from exchange_lab.cmdlets.registry import CMDLETS
from exchange_lab.organization.roles import ROLE_GROUPS, Role, custom_roles
from exchange_lab.section import Section
from exchange_lab.settings import ManagementRoleConfig, RoleGroupConfig, ServerConfig

_ALL = "all"


def read_management_roles(section: Section) -> Mapping[str, ManagementRoleConfig]:
    """Roles as New-ManagementRole and Remove-ManagementRoleEntry make them: children with something taken out."""
    configured: dict[str, ManagementRoleConfig] = {}
    for name in section.names():
        known = custom_roles(configured)
        if name in known:
            raise section.error(name, "a management role of this name exists already")
        child = section.section(name, required=True)
        parent = child.text("parent")
        if parent not in known:
            raise child.error("parent", f"{parent!r} is no management role; use one of {', '.join(known)}")
        without = _without(child.section("without"), parent, known[parent])
        child.done()
        configured[name] = ManagementRoleConfig(parent, without)
    return configured


def _without(section: Section, name: str, parent: Role) -> dict[str, tuple[str, ...] | None]:
    """Cmdlet -> the parameters that the child lacks, None when it lacks the cmdlet itself."""
    without: dict[str, tuple[str, ...] | None] = {}
    for cmdlet in section.names():
        if cmdlet not in parent:
            raise section.error(cmdlet, f"{name!r} holds no such cmdlet; it holds {', '.join(parent)}")
        parameters = section.strings(cmdlet)
        if parameters == (_ALL,):
            without[cmdlet] = None
            continue
        known = {parameter.name for parameter in every_parameter(CMDLETS[cmdlet.lower()])}
        for parameter in parameters:
            if parameter not in known:
                raise section.error(cmdlet, f"the cmdlet has no parameter {parameter!r}; write {_ALL} or some of its")
        without[cmdlet] = parameters
    return without


def read_role_groups(
    section: Section, configured: Mapping[str, ManagementRoleConfig], servers: Mapping[str, ServerConfig]
) -> Mapping[str, RoleGroupConfig]:
    """Role groups of one's own: a list of roles, or `roles` with the `servers` of a configuration write scope."""
    known = custom_roles(configured)
    groups: dict[str, RoleGroupConfig] = {}
    for name in section.names():
        if name in ROLE_GROUPS:
            raise section.error(name, "this is a role group of Exchange's own; give yours another name")
        if section.is_mapping(name):
            content = section.section(name)
            groups[name] = RoleGroupConfig(content.strings("roles"), _scope(content, servers))
            content.done()
        else:
            groups[name] = RoleGroupConfig(section.strings(name, ()))
        for role in groups[name].roles:
            if role not in known:
                raise section.error(name, f"{role!r} is no management role; use one of {', '.join(known)}")
    return groups


def _scope(section: Section, servers: Mapping[str, ServerConfig]) -> tuple[str, ...] | None:
    if not section.has("servers"):
        return None
    scope = section.strings("servers")
    if not scope:
        raise section.error("servers", "name at least one server, or leave it out for a group without a write scope")
    for name in scope:
        if name not in servers:
            raise section.error("servers", f"{name!r} is no server of this lab; name some of {', '.join(servers)}")
    return scope
