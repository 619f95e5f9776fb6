# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get-, New-, Set- and Remove-ThrottlingPolicy (throttling.md part 3; Microsoft's pages of the four cmdlets).

Unverified: every text; that a policy without a scope is Regular; that Set takes the default policy without asking; that
2013 and later see the policies of 2010, and 2010 none of theirs; what -Diagnostics adds (nothing here). Associations of
policies with users are not simulated, so that nothing keeps a policy from being removed.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.definition import DOMAIN_CONTROLLER, Cmdlet, Invocation, Parameter
from exchange_lab.cmdlets.reach import check_scope
from exchange_lab.cmdlets.texts import Text
from exchange_lab.cmdlets.validation import check_name
from exchange_lab.objects.throttling_policy import throttling_policy_object
from exchange_lab.organization.throttling import GLOBAL, REGULAR, ThrottlingPolicy
from exchange_lab.organization.throttling_limits import BY_NAME, LIMITS
from exchange_lab.values import kinds
from exchange_lab.values.directory import same_dn
from exchange_lab.values.enums import THROTTLING_POLICY_SCOPE
from exchange_lab.values.scalars import UnlimitedUInt32

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks"
_CLASS = "ThrottlingPolicy"
_NO_LIMIT = UnlimitedUInt32(None)


def get_throttling_policy(run: Invocation) -> None:
    """One policy, those of a scope, or all: an empty identity means every one (Microsoft's page warns of it)."""
    controller = run.controller()
    identity, scope = run.text("Identity"), run.text("ThrottlingPolicyScope")
    policies = _seen(run)
    if identity:
        policies = [_one(run, identity)]
    shows_all = run.organization.config.switches.explicit_limits == "effective"
    explicit = bool(run.bound.get("Explicit")) and not shows_all
    for policy in policies:
        if not scope or policy.scope == scope:
            run.emit(throttling_policy_object(run.organization, policy, controller, run.server, explicit))


def new_throttling_policy(run: Invocation) -> None:
    """Create a policy; nothing is stored unless it keeps every rule."""
    controller = run.controller()
    name = run.text("Name")
    check_scope(run, _CLASS, name, None)
    check_name(name)
    scope = run.text("ThrottlingPolicyScope") or REGULAR
    if scope == GLOBAL:
        raise errors.invalid("policy_global_scope")
    legacy = not run.platform.has("2013")
    inherited = dict(run.organization.default_throttling_policy(legacy).values) if legacy else {}
    values = _stored(run, inherited, default=False)
    now = run.organization.now()
    container = f"CN=Global Settings,{run.organization.root}"
    policy = ThrottlingPolicy(name, uuid4(), container, now, now, scope, legacy, False, values)
    _check_unique(run, policy, name)
    if not run.should_process(Text("create_policy", {"name": name})):
        return
    run.organization.throttling_policies.append(policy)
    run.changed = True
    run.emit(throttling_policy_object(run.organization, policy, controller, run.server, False))


def set_throttling_policy(run: Invocation) -> None:
    """Change a policy; nothing is stored unless the whole result keeps every rule."""
    policy = _one(run, run.text("Identity"))
    check_scope(run, _CLASS, policy.name, None)
    name = policy.name
    if "Name" in run.bound:
        name = run.text("Name")
        check_name(name)
        _check_unique(run, policy, name)
    scope = run.text("ThrottlingPolicyScope") or policy.scope
    fixed = run.organization.config.switches.policy_scope_change == "refused"
    if scope != policy.scope and (fixed or GLOBAL in (scope, policy.scope)):
        raise errors.invalid("policy_scope_fixed", name=policy.name, scope=policy.scope)
    values = _stored(run, policy.values, policy.default)
    if not run.should_process(Text("set_policy", {"name": policy.name})):
        return
    if (values, name, scope) == (policy.values, policy.name, policy.scope):
        run.warn(Text("nothing_modified", {"identity": policy.name}))
        return
    policy.values, policy.name, policy.scope = values, name, scope
    policy.changed = run.organization.now()
    run.changed = True


def remove_throttling_policy(run: Invocation) -> None:
    """Remove a policy; the default one stays."""
    policy = _one(run, run.text("Identity"))
    check_scope(run, _CLASS, policy.name, None)
    if policy.default:
        raise errors.invalid("policy_default_stays", name=policy.name)
    if not run.should_process(Text("remove_policy", {"name": policy.name})):
        return
    run.organization.throttling_policies.remove(policy)
    run.changed = True


def _seen(run: Invocation) -> list[ThrottlingPolicy]:
    later = run.platform.has("2013")
    return [policy for policy in run.organization.throttling_policies if later or policy.legacy]


def _one(run: Invocation, identity: str) -> ThrottlingPolicy:
    """The policy that an identity names: its name, GUID or distinguished name."""
    controller = run.controller()
    wanted = identity.strip().lower()
    for policy in _seen(run):
        if wanted in (policy.name.lower(), str(policy.guid)) or same_dn(policy.distinguished_name, wanted):
            return policy
    raise errors.not_found(identity, controller)


def _check_unique(run: Invocation, policy: ThrottlingPolicy, name: str) -> None:
    for other in run.organization.throttling_policies:
        if other is not policy and other.name.lower() == name.lower():
            raise errors.already_exists(other.distinguished_name, run.controller())


def _stored(run: Invocation, before: dict[str, object], default: bool) -> dict[str, object]:
    """What a policy holds after a call. Null is no limit on 2010; what it is later says a switch."""
    values = dict(before)
    inherits = run.platform.has("2013") and run.organization.config.switches.policy_null == "inherits"
    for name, value in run.bound.items():
        if name == "IsServiceAccount":
            values[name] = bool(value)
        if name not in BY_NAME:
            continue
        limit = BY_NAME[name]
        if limit.default_only and not default:
            raise errors.invalid("policy_default_only", parameter=name)
        number = value.value if isinstance(value, UnlimitedUInt32) else None
        if number is not None and number > limit.maximum:
            raise errors.out_of_range(name, number, 0, limit.maximum)
        if value is None and inherits and not default:
            values.pop(name, None)
        else:
            values[name] = value or _NO_LIMIT
    return values


def _limit_parameters(on_set: bool) -> tuple[Parameter, ...]:
    """The limits of New or Set: numbers or null on 2010, Unlimited values since 2013."""
    found = []
    for limit in LIMITS:
        if on_set and not limit.on_set:
            continue
        if limit.since == "2010":
            found.append(Parameter(limit.name, kinds.NULLABLE_UINT32, since="2010", until="2010"))
        if limit.until is None:
            found.append(Parameter(limit.name, kinds.UNLIMITED_UINT32, since=max(limit.since, "2013")))
    return (*found, Parameter("IsServiceAccount", kinds.SWITCH, since="2013"))


_SCOPE = Parameter("ThrottlingPolicyScope", kinds.enum_kind(THROTTLING_POLICY_SCOPE), since="2013")
_IDENTITY = Parameter("Identity", kinds.STRING, position=0, mandatory=True, not_empty=True)
_FORCE = Parameter("Force", kinds.SWITCH, since="2013")


def _cmdlet(
    verb: str,
    parameters: tuple[Parameter, ...],
    run: Callable[[Invocation], None],
    writes: bool = True,
    prompts: bool = False,
) -> Cmdlet:
    parameters = (*parameters, DOMAIN_CONTROLLER)
    name = f"{_TASKS}.{verb}ThrottlingPolicy"
    return Cmdlet(f"{verb}-ThrottlingPolicy", name, parameters, run, writes, prompts, since="2010", on_edge=False)


CMDLETS: tuple[Cmdlet, ...] = (
    _cmdlet(
        "Get",
        (
            Parameter("Identity", kinds.STRING, position=0),
            Parameter("Diagnostics", kinds.SWITCH, since="2013"),
            Parameter("Explicit", kinds.SWITCH, since="2013"),
            _SCOPE,
        ),
        get_throttling_policy,
        writes=False,
    ),
    _cmdlet(
        "New",
        (
            Parameter("Name", kinds.STRING, position=0, mandatory=True, not_empty=True),
            *_limit_parameters(on_set=False),
            _SCOPE,
        ),
        new_throttling_policy,
    ),
    _cmdlet(
        "Set",
        (
            _IDENTITY,
            Parameter("Name", kinds.STRING, not_empty=True),
            *_limit_parameters(on_set=True),
            _SCOPE,
            _FORCE,
        ),
        set_throttling_policy,
    ),
    _cmdlet("Remove", (_IDENTITY, _FORCE), remove_throttling_policy, prompts=True),
)
