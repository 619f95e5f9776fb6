# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The access control entries of a lab file that stand above the connectors."""

from __future__ import annotations

from collections.abc import Collection

from exchange_lab.organization.acl import RIGHTS
from exchange_lab.organization.inheritance import EVERY_EXTENDED_RIGHT, FULL_CONTROL, LEVELS, OF_ONE_SERVER
from exchange_lab.section import Section
from exchange_lab.settings import InheritedPermission
from exchange_lab.values.enums import SECURITY_INHERITANCE

_WHOLE = (FULL_CONTROL, EVERY_EXTENDED_RIGHT)
_TYPES = tuple(name for name, _ in SECURITY_INHERITANCE.members)


def read_inherited(top: Section, servers: Collection[str]) -> tuple[InheritedPermission, ...]:
    """The entries of inherited_permissions. Raises LabFileError with one sentence."""
    return tuple(_inherited(item, servers) for item in top.sections("inherited_permissions"))


def _inherited(section: Section, servers: Collection[str]) -> InheritedPermission:
    right = section.text("right")
    named = RIGHTS.get(right.lower()) or (right if right in _WHOLE else None)
    if named is None:
        raise section.error("right", f"{right!r} is no extended right of receive connectors, nor {' or '.join(_WHOLE)}")
    level = section.choice("from", LEVELS, "organization")
    server = section.text("server", "") if section.has("server") else ""
    if server and level not in OF_ONE_SERVER:
        some = ", ".join(OF_ONE_SERVER)
        raise section.error("server", f"the object {level!r} is above every server; use one of {some} in from")
    if server and server not in servers:
        raise section.error("server", f"{server!r} is no server of this lab; name one of {', '.join(servers)}")
    inheritance = section.choice("inheritance", _TYPES, "All")
    deny = section.boolean("deny", False)
    result = InheritedPermission(section.text("user"), named, deny, level, server, inheritance)
    section.done()
    return result
