# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Argument specs of the Exchange modules, built from the table of properties. PRIVATE to the collection.

Modules, their actions and the generated option documentation read these same specs. Options of the kinds that
take a text, a list or a mapping of add, remove and set are raw here; the core reads them and refuses with one
sentence what it cannot read. Enumerations have no choices here, because Exchange's words are taken whatever their
case, as Exchange itself does.
"""

from __future__ import annotations

from typing import Any

from ._profiles import PROFILES
from ._properties import LIST_KINDS, PROPERTIES, THROTTLING, Property
from ._throttling_policy_properties import THROTTLING_POLICY_LIMITS

Spec = Any  # a nested dictionary of ansible-core's own, untyped form

DEFAULT_MAX_ADDRESSES = 65536

_TYPES = {"bool": "bool", "int": "int"}

METHODS = ("anonymous", "externally_secured", "authenticated", "internal")
GATHER = ("addresses", "component_states", "accepted_domains", "cmdlets")


def option_type(row: Property) -> str:
    """Ansible's type of a property's option.

    Timespans and sizes are text. YAML reads an unquoted C(1:00:00) as the number 3600, which then arrives here as
    text without colons and is refused as such: better than half an hour becoming half a day.
    """
    if row.kind in LIST_KINDS:
        return "raw"
    return _TYPES.get(row.kind, "str")


def property_options(rows: tuple[Property, ...]) -> dict[str, Spec]:
    """Argument spec of table rows, none of them required and none with a default."""
    return {row.option: {"type": option_type(row)} for row in rows}


def _writer() -> dict[str, Spec]:
    return {**COMMON, "accept_findings": {"type": "dict"}}


COMMON: dict[str, Spec] = {
    "server": {"type": "str"},
    "domain_controller": {"type": "str"},
}
"""What every Exchange module takes."""

CONNECTOR_SAFETY_SPEC: dict[str, Spec] = {
    "max_addresses": {"type": "int", "default": DEFAULT_MAX_ADDRESSES},
    "max_removed": {"type": "dict", "options": {"count": {"type": "int"}, "percent": {"type": "float"}}},
    "max_added_addresses": {"type": "int"},
}
"""Limits for one connector; those on how much a run may change hold only where they are named."""

SAFETY_SPEC: dict[str, Spec] = {
    **CONNECTOR_SAFETY_SPEC,
    "expired": {"type": "str", "choices": ["report", "remove"], "default": "report"},
}
"""Limits for services."""

SERVICE_SPEC: dict[str, Spec] = {
    "connector_name": {"type": "str"},
    "previous_connector_name": {"type": "str"},
    "method": {"type": "str", "choices": list(METHODS), "default": "anonymous"},
    "accounts": {"type": "raw"},
    "sources": {"type": "raw"},
    "split": {"type": "dict", "options": {"connectors": {"type": "int", "required": True}}},
    "aggregate": {"type": "bool"},
    "throttling": {"type": "raw"},
    "connector": {"type": "dict"},
    "accept_findings": {"type": "dict"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
"""One value of the dictionary of services."""

RELAY_SPEC: dict[str, Spec] = {
    **_writer(),
    "services": {"type": "dict", "required": True},
    "source_groups": {"type": "dict"},
    "protected_addresses": {"type": "dict"},
    "exchange_addresses": {"type": "list", "elements": "str"},
    "safety": {"type": "dict", "options": SAFETY_SPEC},
}

RECEIVE_CONNECTOR_SPEC: dict[str, Spec] = {
    **_writer(),
    **property_options(PROPERTIES),
    "name": {"type": "str", "required": True},
    "previous_name": {"type": "str"},
    "guid": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "safety": {"type": "dict", "options": CONNECTOR_SAFETY_SPEC},
}

GRANT_SPEC: dict[str, Spec] = {
    "principal": {"type": "str", "required": True},
    "rights": {"type": "list", "elements": "str", "required": True},
    "deny": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}

RECEIVE_CONNECTOR_PERMISSION_SPEC: dict[str, Spec] = {
    **_writer(),
    "connector": {"type": "str", "required": True},
    "grants": {"type": "list", "elements": "dict", "required": True, "options": GRANT_SPEC},
    "exclusive": {"type": "bool", "default": False},
}

RECEIVE_CONNECTOR_THROTTLING_SPEC: dict[str, Spec] = {
    **_writer(),
    "connector": {"type": "str", "required": True},
    "profile": {"type": "str", "choices": list(PROFILES)},
    **property_options(THROTTLING),
}

RECEIVE_CONNECTOR_INFO_SPEC: dict[str, Spec] = {
    **COMMON,
    "name": {"type": "str"},
    "include_default": {"type": "bool", "default": True},
}

THROTTLING_POLICY_SPEC: dict[str, Spec] = {
    **COMMON,
    **property_options(THROTTLING_POLICY_LIMITS),
    # No secrets, although there is a key in their names.
    "discovery_max_keywords": {"type": "str", "no_log": False},
    "discovery_max_keywords_per_page": {"type": "str", "no_log": False},
    "name": {"type": "str", "required": True},
    "previous_name": {"type": "str"},
    "scope": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}

THROTTLING_POLICY_INFO_SPEC: dict[str, Spec] = {
    **COMMON,
    "name": {"type": "str"},
    "include_default": {"type": "bool", "default": True},
}

EXCHANGE_SERVER_INFO_SPEC: dict[str, Spec] = {
    **COMMON,
    "gather": {"type": "list", "elements": "str", "choices": list(GATHER), "default": list(GATHER)},
}
