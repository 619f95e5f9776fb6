# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What objects of the configuration partition have in common."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from exchange_lab.clixml import Complex, Value
from exchange_lab.values import enums
from exchange_lab.values.directory import ObjectId, organization_id, string_list

# Equal to UTC, but rendered with its offset.
_GREENWICH = timezone(timedelta(0), "GMT Standard Time")
_BASE = (
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
)


def head_types(type_name: str, parent: str = "SystemConfiguration.ADConfigurationObject") -> tuple[str, ...]:
    """The type chain of a configuration object."""
    return (type_name, f"Microsoft.Exchange.Data.Directory.{parent}", *_BASE)


def object_state(name: str) -> Complex:
    return enums.OBJECT_STATE.value(name).rendered()


def directory_tail(
    identity: ObjectId,
    category: ObjectId,
    classes: tuple[str, ...],
    created: datetime,
    changed: datetime,
    controller: str,
) -> list[tuple[str, Value]]:
    """The properties every ADConfigurationObject ends with; Id refers back to Identity."""
    own = identity.rendered()
    return [
        ("Name", identity.name),
        ("DistinguishedName", identity.distinguished_name),
        ("Identity", own),
        ("Guid", identity.guid),
        ("ObjectCategory", category.rendered()),
        ("ObjectClass", string_list(classes)),
        *times(created, changed),
        ("OrganizationId", organization_id()),
        ("Id", own),
        ("OriginatingServer", controller),
        ("IsValid", True),
        ("ObjectState", object_state("Unchanged")),
    ]


def times(created: datetime, changed: datetime) -> list[tuple[str, Value]]:
    """The four times of an object; the lab's servers keep UTC, so local times carry the offset +00:00."""
    return [
        ("WhenChanged", _local(changed)),
        ("WhenCreated", _local(created)),
        ("WhenChangedUTC", changed),
        ("WhenCreatedUTC", created),
    ]


def _local(moment: datetime) -> datetime:
    return moment.astimezone(_GREENWICH)
