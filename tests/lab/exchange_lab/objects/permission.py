# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Get- and Add-ADPermission put out: one row of an access control list (permissions.md part 4).

No capture exists. IsInherited, Deny, User, ExtendedRights and AccessRights are documented; their type names and the
other properties are unverified.
"""

from __future__ import annotations

from exchange_lab.clixml import Complex, Value
from exchange_lab.objects.common import object_state
from exchange_lab.organization.acl import Ace
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.model import Organization
from exchange_lab.values import enums

_TASKS = "Microsoft.Exchange.Configuration.Tasks"
_TYPES = (
    "Microsoft.Exchange.Management.RecipientTasks.ADAcePresentationObject",
    "Microsoft.Exchange.Management.RecipientTasks.AcePresentationObject",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
)


def permission_object(organization: Organization, connector: ReceiveConnector, row: Ace, culture: str) -> Complex:
    """Render one access control entry of a connector; the server that reads it names Windows' own principals in its
    own language."""
    rights = [_parameter("ExtendedRightIdParameter", row.right)] if row.right else None
    access = [enums.ACTIVE_DIRECTORY_RIGHTS.value(row.access).rendered()]
    properties: list[tuple[str, Value]] = [
        ("AccessRights", _array(enums.ACTIVE_DIRECTORY_RIGHTS.type_name, access)),
        ("ExtendedRights", None if rights is None else _array(f"{_TASKS}.ExtendedRightIdParameter", rights)),
        ("ChildObjectTypes", None),
        ("InheritedObjectType", None),
        ("Properties", None),
        ("InheritanceType", enums.SECURITY_INHERITANCE.value(row.inheritance).rendered()),
        ("Deny", row.deny),
        ("User", _parameter("SecurityPrincipalIdParameter", row.principal.name_in(culture))),
        ("Identity", organization.connector_id(connector).rendered()),
        ("IsInherited", row.inherited),
        ("IsValid", True),
        ("ObjectState", object_state("Unchanged")),
    ]
    return Complex(_TYPES, _TYPES[0], properties)


def _array(item_type: str, items: list[Complex]) -> Complex:
    return Complex((f"{item_type}[]", "System.Array", "System.Object"), items=items, serialized=False)


def _parameter(type_name: str, text: str) -> Complex:
    return Complex((f"{_TASKS}.{type_name}", "System.Object"), text, [("RawIdentity", text)])
