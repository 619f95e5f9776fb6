# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the values that New- and Set-ReceiveConnector were sent to the values that are stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.definition import Invocation
from exchange_lab.cmdlets.identity import find_domain
from exchange_lab.organization.properties import PROPERTIES
from exchange_lab.values.enums import EnumValue
from exchange_lab.values.kinds import ListChange
from exchange_lab.values.scalars import Size


def sent_values(run: Invocation) -> dict[str, object]:
    """The connector properties among the bound parameters."""
    names = {item.name for item in PROPERTIES}
    return {name: value for name, value in run.bound.items() if name in names}


def wanted_groups(sent: Mapping[str, object], otherwise: frozenset[str]) -> frozenset[str]:
    """The permission groups a call asks for; Custom cannot be written (how Exchange refuses it is unverified)."""
    if "PermissionGroups" not in sent:
        return otherwise
    groups = cast("EnumValue", sent["PermissionGroups"]).names()
    if "Custom" in groups:
        raise errors.invalid("custom_group")
    return groups


def stored_values(run: Invocation, sent: Mapping[str, object], before: Mapping[str, object]) -> dict[str, object]:
    """What is stored for the values that were sent. Raises TaskFailure when a list gets longer than the directory
    keeps."""
    stored: dict[str, object] = {}
    for name, value in sent.items():
        if name == "PermissionGroups":
            continue
        if name == "DefaultDomain":
            stored[name] = _default_domain(run, value)
        elif isinstance(value, ListChange):
            stored[name] = _changed_list(cast("tuple[object, ...]", before[name]), value)
        elif isinstance(value, tuple):
            stored[name] = _directory_order(value)
        elif isinstance(value, Size) and run.organization.config.switches.small_sizes == "rounded":
            stored[name] = value.rounded_up()
        else:
            stored[name] = value
    limit = run.organization.config.limits.values_per_attribute
    if any(isinstance(value, tuple) and len(value) > limit for value in stored.values()):
        raise errors.too_many_values(run.controller())
    return stored


def _directory_order(items: Iterable[object]) -> tuple[object, ...]:
    """A multi-valued attribute does not keep the order of its input; the reports show it reversed."""
    return tuple(reversed(tuple(items)))


def _changed_list(before: tuple[object, ...], change: ListChange) -> tuple[object, ...]:
    """Apply Add and Remove; adding what is there and removing what is not are ignored (unverified)."""
    gone = {_key(item) for item in change.remove}
    kept = [item for item in before if _key(item) not in gone]
    have = {_key(item) for item in kept}
    return (*_directory_order(item for item in change.add if _key(item) not in have), *kept)


def _key(item: object) -> object:
    return getattr(item, "bounds", item)


def _default_domain(run: Invocation, value: object) -> object:
    if not value:
        return None
    domain = find_domain(run.organization, str(value))
    if domain is None:
        raise errors.not_found(str(value), run.controller())
    return run.organization.accepted_domain_id(domain)
