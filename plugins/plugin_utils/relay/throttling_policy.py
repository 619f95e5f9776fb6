# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: a throttling policy as it was read, and as somebody wants it.

A policy of Exchange 2013 and later holds only what was given to it and inherits the rest from the default policy; that
is what `Get-ThrottlingPolicy -Explicit` shows. Exchange 2010 gives a new policy the default policy's values, and its
null is no limit (Microsoft's New-ThrottlingPolicy page).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, VERSIONS, Property
from ansible_collections.mailrelay.exchange.plugins.module_utils._throttling_policy_properties import (
    SCOPES,
    THROTTLING_POLICY_LIMITS,
)

from .errors import InputError, UndecodableValue
from .exchange_values import parse_exchange
from .model import ServerFacts
from .quantities import UNLIMITED, find_word
from .ranges import shown
from .values import parse_option

GLOBAL = "Global"
FIRST_WITH_POLICIES = "2010"
FIRST_WITH_SCOPES = "2013"

# GlobalThrottlingPolicy_<guid> since 2013. Of 2010, Microsoft's page writes DefaultThrottlingPolicy<GUID>, public
# scripts put an underscore before the GUID, and one blog writes the words apart.
_DEFAULT_NAME = re.compile(
    r"(?:global|default)\s*throttling\s*policy(?:[\s_{].*|[0-9a-f]{8}-[0-9a-f]{4}-.*)?", re.IGNORECASE | re.DOTALL
)
# IsDefault: Microsoft's example of Remove-ThrottlingPolicy, for 2010; IsLegacyDefault: the output of 2013.
_DEFAULT_MARKS = ("IsDefault", "IsLegacyDefault")
_READ_ONLY = (
    "DistinguishedName",
    "ExchangeVersion",
    "Guid",
    "IsDefault",
    "IsLegacyDefault",
    "PowerShellMaxTenantConcurrency",
    "WhenChangedUTC",
    "WhenCreatedUTC",
)


def has_scopes(version: str) -> bool:
    """Whether policies of a version (one of VERSIONS) have a scope, and inherit what they do not hold."""
    return VERSIONS.index(version) >= VERSIONS.index(FIRST_WITH_SCOPES)


def refuse_without_policies(facts: ServerFacts) -> None:
    """Raise InputError for a server that has no throttling policies: Exchange 2007 and Edge Transport."""
    if facts.is_edge:
        raise InputError(
            f"server: {facts.name} is an Edge Transport server, which has no throttling policies; name a Mailbox or "
            "Client Access server of the organization."
        )
    if VERSIONS.index(facts.version) < VERSIONS.index(FIRST_WITH_POLICIES):
        raise InputError(
            f"server: {facts.name} has Exchange {facts.version}, which has no throttling policies; they came with "
            f"Exchange {FIRST_WITH_POLICIES}, so name a server that has it."
        )


def has_name_of_default(name: str) -> bool:
    """Whether a name is one that Exchange gives its default policy, of any version."""
    return _DEFAULT_NAME.fullmatch(name.strip()) is not None


@dataclass(frozen=True)
class ThrottlingPolicy:
    """One throttling policy as it was read.

    Attributes:
        name: its name, by which the cmdlets know it.
        scope: Regular, Organization or Global; "" on Exchange 2010, which has none.
        is_default: by its scope, by a mark of Exchange, or by its name: any of them is enough.
        values: option -> canonical value, for what the policy holds itself.
        hidden: options that the server's version has and its answer did not show.
        read_only: what Exchange also shows, by Exchange's names.
    """

    name: str
    scope: str
    is_default: bool
    values: Mapping[str, Any]
    hidden: frozenset[str] = frozenset()
    read_only: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_exchange(cls, plain: Mapping[str, Any], version: str) -> ThrottlingPolicy:
        """Read one object of Get-ThrottlingPolicy, since 2013 with -Explicit; names of its properties in any case.

        Raises:
            UndecodableValue: a property is missing or not understood.
        """
        # Exchange 2010 shows EASMaxConcurrency what 2013 shows as EasMaxConcurrency.
        shows = {name.casefold(): value for name, value in plain.items()}
        name = shows.get("name")
        if not isinstance(name, str) or not name:
            raise UndecodableValue(f"Exchange returned a throttling policy with the name {shown(name)}.")
        scope = _scope(shows, name) if has_scopes(version) else ""
        marks = [shows.get(mark.casefold()) is True for mark in _DEFAULT_MARKS]
        values: dict[str, Any] = {}
        hidden: set[str] = set()
        for row in THROTTLING_POLICY_LIMITS:
            if not row.available(version):
                continue
            if row.exchange.casefold() not in shows:
                hidden.add(row.option)
                continue
            value = shows[row.exchange.casefold()]
            if value is not None:
                values[row.option] = _value(row, value, name)
            elif not has_scopes(version):
                values[row.option] = UNLIMITED
        return cls(
            name,
            scope,
            scope == GLOBAL or any(marks) or has_name_of_default(name),
            MappingProxyType(values),
            frozenset(hidden),
            MappingProxyType({mark: shows[mark.casefold()] for mark in _READ_ONLY if mark.casefold() in shows}),
        )


def _scope(shows: Mapping[str, Any], name: str) -> str:
    value = shows.get("throttlingpolicyscope")
    for known in (*SCOPES, GLOBAL):
        if isinstance(value, str) and value.casefold() == known.casefold():
            return known
    raise UndecodableValue(
        f"Exchange returned throttling policy {shown(name)} with {shown(value)} for ThrottlingPolicyScope, which is "
        "none that this release of the collection knows; nothing is changed."
    )


def _value(row: Property, value: object, name: str) -> Any:
    try:
        return parse_exchange(row, value)
    except UndecodableValue as error:
        raise UndecodableValue(f"In throttling policy {shown(name)}: {error}") from None


@dataclass(frozen=True)
class DesiredThrottlingPolicy:
    """One throttling policy as it is declared.

    Attributes:
        name: its name.
        state: present or absent.
        scope: one of SCOPES, "" when it is not declared.
        previous_name: the name that it has so far and is to lose, "" when it is not declared.
        values: option -> canonical value, declared ones only.
    """

    name: str
    state: Literal["present", "absent"] = "present"
    scope: str = ""
    previous_name: str = ""
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def parse_throttling_policy(options: Mapping[str, object]) -> DesiredThrottlingPolicy:
    """The options of module throttling_policy; null is not declared.

    Raises:
        InputError: one sentence with the option, the value and what would be right.
    """
    name = _name(options.get("name"), "name")
    absent = options.get("state") == "absent"
    previous = "" if options.get("previous_name") is None else _name(options["previous_name"], "previous_name")
    if previous and absent:
        raise InputError("previous_name: a policy that is to go is not renamed; take it out.")
    if previous and previous.casefold() == name.casefold():
        raise InputError(f"previous_name: {shown(previous)} is the policy's name already; take it out.")
    scope = "" if options.get("scope") is None else _declared_scope(options["scope"])
    if absent:
        return DesiredThrottlingPolicy(name, "absent")
    values = {
        row.option: parse_option(row, options[row.option])
        for row in THROTTLING_POLICY_LIMITS
        if options.get(row.option) is not None
    }
    return DesiredThrottlingPolicy(name, "present", scope, previous, MappingProxyType(values))


def _name(raw: object, option: str) -> str:
    try:
        name = str(parse_option(BY_OPTION["name"], raw))
    except InputError as error:
        raise InputError(str(error).replace("name:", f"{option}:", 1)) from None
    if "*" in name:
        raise InputError(f"{option}: {shown(name)} has a *, which Exchange may take for any name; take it out.")
    if has_name_of_default(name):
        raise InputError(f"{option}: {shown(name)} {DEFAULT_IS_LEFT_ALONE}")
    return name


DEFAULT_IS_LEFT_ALONE = (
    "is Exchange's default throttling policy, which is never changed, because it counts for everybody and updates of "
    "Exchange overwrite it; make a policy of your own that holds only what differs."
)
"""The end of the sentence that refuses the default policy; the policy's name goes before it."""


def _declared_scope(raw: object) -> str:
    if isinstance(raw, str) and raw.strip().casefold() == GLOBAL.casefold():
        raise InputError(f"scope: {shown(raw)} {DEFAULT_IS_LEFT_ALONE.replace('is Exchange', 'belongs to Exchange')}")
    if not isinstance(raw, str):
        raise InputError(f"scope: {shown(raw)} is not one of regular, organization, in quotes.")
    try:
        return find_word(SCOPES, raw)
    except ValueError as error:
        raise InputError(f"scope: {shown(raw)} {error}.") from None
