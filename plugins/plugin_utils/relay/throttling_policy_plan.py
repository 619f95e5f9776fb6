# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the one command that makes a throttling policy what is declared.

A plan has one step at most, so that there is never anything to roll back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import VERSIONS, Property
from ansible_collections.mailrelay.exchange.plugins.module_utils._throttling_policy_properties import (
    POLICY_BY_OPTION,
    SCOPES,
)

from .changes import diff_of
from .commands import Command, Value
from .errors import InputError, RelayError
from .model import ServerFacts
from .quantities import UNLIMITED
from .ranges import shown
from .steps import Plan, Step
from .throttling_policy import (
    DEFAULT_IS_LEFT_ALONE,
    FIRST_WITH_SCOPES,
    DesiredThrottlingPolicy,
    ThrottlingPolicy,
    has_scopes,
)
from .values import to_option, to_parameter

_LARGEST_INT32 = 2147483647
SUBJECT = "policy"
"""Key of an entry of `changes` that says what it is about."""


def plan_throttling_policy(
    desired: DesiredThrottlingPolicy, policies: Sequence[ThrottlingPolicy], facts: ServerFacts
) -> Plan:
    """The command that makes the organization's policy what is declared; no step when it already is.

    Args:
        desired: what is declared.
        policies: all policies of the organization.
        facts: the server whose cmdlets are used; its version decides what there is.

    Raises:
        InputError: this version lacks what is declared, or the policy is one that is left alone.
        RelayError: what was read does not tell which policy is the default one.
    """
    _refuse_what_is_lacking(desired, facts)
    found = _named(desired.name, policies)
    former = _named(desired.previous_name, policies) if desired.previous_name else None
    if found is not None and former is not None:
        raise InputError(
            f"previous_name: there is a policy {shown(former.name)} and a policy {shown(found.name)}; take the option "
            "out, or remove one of them first."
        )
    policy = found or former
    if policy is not None:
        _refuse_default(policy, policies)
    if desired.state == "absent":
        return _plan(facts, _removal(policy) if policy is not None else None, _gone(policy))
    if policy is None:
        _refuse_hidden(desired, policies, facts.name)
    changes = _changes(desired, policy, facts)
    if policy is None:
        command = _creation(desired, facts)
        return _plan(facts, command, [_change(desired.name, "state", "absent", "present"), *changes])
    return _plan(facts, _setting(desired, policy, changes, facts) if changes else None, changes)


def _named(name: str, policies: Sequence[ThrottlingPolicy]) -> ThrottlingPolicy | None:
    return next((policy for policy in policies if policy.name.casefold() == name.casefold()), None)


def _refuse_what_is_lacking(desired: DesiredThrottlingPolicy, facts: ServerFacts) -> None:
    if desired.scope and not has_scopes(facts.version):
        raise InputError(
            f"scope: {facts.name} has Exchange {facts.version}, whose policies have no scope; it came with Exchange "
            f"{FIRST_WITH_SCOPES}, so take it out."
        )
    for option in desired.values:
        row = POLICY_BY_OPTION[option]
        if row.available(facts.version):
            continue
        if VERSIONS.index(facts.version) < VERSIONS.index(row.since):
            place = f"it came with Exchange {row.since}"
        else:
            place = f"Exchange {row.until} was the last to have it"
        raise InputError(
            f"{option}: {facts.name} has Exchange {facts.version}, which does not have this limit; {place}, so take it "
            "out."
        )


def _refuse_default(policy: ThrottlingPolicy, policies: Sequence[ThrottlingPolicy]) -> None:
    if policy.is_default:
        raise InputError(f"name: {shown(policy.name)} {DEFAULT_IS_LEFT_ALONE}")
    if not any(one.is_default for one in policies):
        # How Exchange 2010 marks its default policy is told by examples only.
        raise RelayError(
            f"None of the {len(policies)} throttling policies is marked or named as Exchange's default one, so "
            f"{shown(policy.name)} may be it and was left alone; change it in the Exchange Management Shell."
        )


def _changes(
    desired: DesiredThrottlingPolicy, policy: ThrottlingPolicy | None, facts: ServerFacts
) -> list[dict[str, object]]:
    """What differs, in the order of the table; every entry becomes a parameter."""
    changes: list[dict[str, object]] = []
    scope = desired.scope or ("" if policy is not None or not has_scopes(facts.version) else SCOPES[0])
    if policy is not None and policy.name.casefold() != desired.name.casefold():
        changes.append(_change(desired.name, "name", policy.name, desired.name))
    if scope and (policy is None or policy.scope != scope):
        before = None if policy is None else policy.scope.lower()
        changes.append(_change(desired.name, "scope", before, scope.lower()))
    for option, value in desired.values.items():
        row = POLICY_BY_OPTION[option]
        before = None if policy is None else policy.values.get(option)
        if policy is not None and before == value:
            continue
        if policy is not None:
            _refuse_unsettable(row, policy)
        changes.append(_change(desired.name, option, _told(row, before), _told(row, value)))
    return changes


def _refuse_unsettable(row: Property, policy: ThrottlingPolicy) -> None:
    if row.option in policy.hidden:
        raise InputError(
            f"{row.option}: Get-ThrottlingPolicy does not show it for policy {shown(policy.name)}, so that nobody "
            "could tell whether it is right; take it out."
        )
    if not row.on_set:
        raise InputError(
            f"{row.option}: only New-ThrottlingPolicy takes it, and policy {shown(policy.name)} exists already with "
            "another value; take it out, or remove the policy first."
        )


def _refuse_hidden(desired: DesiredThrottlingPolicy, policies: Sequence[ThrottlingPolicy], server: str) -> None:
    """A new policy's limit that no policy shows could be written, and never be compared by a later run."""
    for option in desired.values:
        if policies and all(option in policy.hidden for policy in policies):
            raise InputError(
                f"{option}: Get-ThrottlingPolicy on {server} shows it for no policy, so that nobody could tell whether "
                "it is right; take it out."
            )


def _told(row: Property, value: Any) -> object:
    return None if value is None else to_option(row, value)


def _change(policy: str, name: str, before: object, after: object) -> dict[str, object]:
    return {SUBJECT: policy, "property": name, "before": before, "after": after}


def _gone(policy: ThrottlingPolicy | None) -> list[dict[str, object]]:
    return [] if policy is None else [_change(policy.name, "state", "present", "absent")]


def _removal(policy: ThrottlingPolicy) -> Command:
    return Command.of("Remove-ThrottlingPolicy", Identity=policy.name)


def _creation(desired: DesiredThrottlingPolicy, facts: ServerFacts) -> Command:
    command = Command.of("New-ThrottlingPolicy", Name=desired.name)
    if has_scopes(facts.version):
        # Which scope a policy without one gets is unverified.
        command = command.with_parameters(ThrottlingPolicyScope=desired.scope or SCOPES[0])
    for option, value in desired.values.items():
        command = command.with_parameters(**_parameter(option, value, facts.version))
    return command


def _setting(
    desired: DesiredThrottlingPolicy, policy: ThrottlingPolicy, changes: list[dict[str, object]], facts: ServerFacts
) -> Command:
    command = Command.of("Set-ThrottlingPolicy", Identity=policy.name)
    for change in changes:
        option = str(change["property"])
        if option == "name":
            command = command.with_parameters(Name=desired.name)
        elif option == "scope":
            command = command.with_parameters(ThrottlingPolicyScope=desired.scope)
        else:
            command = command.with_parameters(**_parameter(option, desired.values[option], facts.version))
    return command


def _parameter(option: str, value: Any, version: str) -> dict[str, Value]:
    """One parameter. No limit is the text Unlimited since 2013; the UInt32 of Exchange 2010 takes null for it."""
    row = POLICY_BY_OPTION[option]
    if value == UNLIMITED and not has_scopes(version):
        return {row.exchange: None}
    if isinstance(value, int) and value > _LARGEST_INT32:
        # The client sends every number as an Int32; Exchange reads a UInt32 from text as well.
        return {row.exchange: str(value)}
    return {row.exchange: to_parameter(row, value)}


def _plan(facts: ServerFacts, command: Command | None, changes: list[dict[str, object]]) -> Plan:
    steps: tuple[Step, ...] = ()
    if command is not None:
        command = command.with_parameters(Confirm=False)
        if facts.domain_controller:
            command = command.with_parameters(DomainController=facts.domain_controller)
        steps = (Step(command, str(changes[0][SUBJECT])),)
    return Plan(facts.name, steps, changes, [], diff_of(changes, SUBJECT), facts.domain_controller)
