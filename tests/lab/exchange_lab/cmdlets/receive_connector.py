# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""New-, Set-, Get- and Remove-ReceiveConnector (receive-connector.md parts 1, 2 and 7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.conflicts import check_conflicts
from exchange_lab.cmdlets.definition import DOMAIN_CONTROLLER, Cmdlet, Invocation, Parameter
from exchange_lab.cmdlets.identity import find_connectors, find_domain, one_connector, one_server
from exchange_lab.cmdlets.validation import check_connector, check_limits, check_name
from exchange_lab.objects.connector import connector_object
from exchange_lab.organization.acl import groups_of, replace_groups
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.defaults import ANY_RANGES, USAGES, table_defaults
from exchange_lab.organization.properties import PROPERTIES
from exchange_lab.values import enums, kinds
from exchange_lab.values.addresses import parse_binding
from exchange_lab.values.enums import EnumValue
from exchange_lab.values.kinds import ListChange

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks"
_USAGE_NAMES = tuple(USAGES)


def _property_parameters(on_new: bool) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(item.name, item.kind, not_empty=on_new and item.name in ("Bindings", "RemoteIPRanges"))
        for item in PROPERTIES
        if (item.on_new if on_new else item.on_set)
    )


def _sent(run: Invocation) -> dict[str, object]:
    """The connector properties among the bound parameters."""
    names = {item.name for item in PROPERTIES}
    return {name: value for name, value in run.bound.items() if name in names}


# --- New -------------------------------------------------------------------------------------------------------------


def new_receive_connector(run: Invocation) -> None:
    """Create a connector: usage seeds, parameters override, then every rule is checked."""
    usage_name = _usage(run)
    controller = run.controller()
    server = one_server(run, run.text("Server")) if run.text("Server") else run.server
    name = run.text("Name")
    check_name(name)
    sent = _sent(run)
    _check_usage(run, usage_name, sent)
    check_limits(sent)
    usage = USAGES[usage_name]
    groups = _wanted_groups(sent, usage.groups)
    values = table_defaults(server.config.fqdn)
    values["AuthMechanism"] = enums.AUTH_MECHANISMS.value(usage.mechanisms)
    if usage.default_binding:
        values["Bindings"] = (parse_binding(usage.default_binding),)
    if usage.ranges == "forbidden":
        values["RemoteIPRanges"] = ANY_RANGES[1:]  # Internet: 0.0.0.0-255.255.255.255 only
    values.update(_stored(run, sent, values))
    explicit = [row for group in run.organization.presets if group in groups for row in run.organization.presets[group]]
    draft = run.organization.new_connector(server, name, values, explicit)
    others = run.organization.connectors_of(server.name)
    if any(other.name.lower() == name.lower() for other in others):
        raise errors.already_exists(draft.distinguished_name, controller)
    check_connector(draft, groups, server)
    check_conflicts(draft, others, run.organization.config.switches)
    if not run.should_process(f'Creating Receive connector "{name}" on server "{server.name}".'):
        return
    run.organization.connectors.append(draft)
    run.changed = True
    run.emit(connector_object(run.organization, draft, controller))


def _usage(run: Invocation) -> str:
    """Exactly one of -Usage and the five switches (mandatory since 2007 SP1)."""
    chosen = [name for name in _USAGE_NAMES if run.bound.get(name)]
    if "Usage" in run.bound:
        chosen.append(str(run.bound["Usage"]))
    if len(chosen) > 1:
        raise errors.ambiguous_set()
    if not chosen:
        raise errors.missing_parameters(["Usage"])
    return chosen[0]


def _check_usage(run: Invocation, name: str, sent: dict[str, object]) -> None:
    usage = USAGES[name]
    bindings = usage.bindings
    if bindings == "optional" and not run.organization.config.switches.usage_bindings:
        bindings = "forbidden"
    wanted = {"Bindings": bindings, "RemoteIPRanges": usage.ranges}
    missing = [parameter for parameter, need in wanted.items() if need == "required" and parameter not in sent]
    if missing and "Usage" not in run.bound:
        raise errors.missing_parameters(missing)  # a switch selects a parameter set, so PowerShell asks
    for parameter, need in wanted.items():
        if parameter in missing:
            raise errors.invalid(f"The {parameter} parameter is required when the usage type is {name}.")
        if need == "forbidden" and parameter in sent:
            raise errors.invalid(f"The {parameter} parameter cannot be used when the usage type is {name}.")


# --- Set -------------------------------------------------------------------------------------------------------------


def set_receive_connector(run: Invocation) -> None:
    """Change a connector; nothing is stored unless the whole result keeps every rule."""
    run.controller()
    connector = one_connector(run, run.text("Identity"))
    server = run.organization.servers[connector.server.lower()]
    sent = _sent(run)
    check_limits(sent)
    name = connector.name
    if "Name" in run.bound:
        name = run.text("Name")
        check_name(name)
    explicit = connector.explicit
    present = groups_of(explicit, run.organization.presets)
    groups = _wanted_groups(sent, present - {"Custom"})
    if "PermissionGroups" in sent:
        manual = run.organization.config.switches.permission_groups_replacement
        explicit = replace_groups(explicit, groups, run.organization.presets, manual)
    draft = connector.draft(_stored(run, sent, connector.values), explicit, name)
    others = [other for other in run.organization.connectors_of(server.name) if other is not connector]
    if any(other.name.lower() == name.lower() for other in others):
        raise errors.already_exists(draft.distinguished_name, run.controller())
    check_connector(draft, groups, server)
    # Every Set checks, whatever it changes: setup's own Set -MaxLocalHopCount met the conflict (P365-U).
    check_conflicts(draft, others, run.organization.config.switches)
    if not run.should_process(f'Setting properties on Receive connector "{connector.identity}".'):
        return
    _store(run, connector, draft)


def _store(run: Invocation, connector: ReceiveConnector, draft: ReceiveConnector) -> None:
    same_rows = {row.key for row in connector.explicit} == {row.key for row in draft.explicit}
    if draft.values == connector.values and draft.name == connector.name and same_rows:
        run.warn(f"The command completed successfully but no settings of '{connector.identity}' have been modified.")
        return
    connector.name, connector.values, connector.explicit = draft.name, draft.values, draft.explicit
    run.organization.touch(connector)
    run.changed = True


# --- shared by New and Set -------------------------------------------------------------------------------------------


def _wanted_groups(sent: dict[str, object], otherwise: frozenset[str]) -> frozenset[str]:
    """The permission groups a call asks for; Custom cannot be written (how Exchange refuses it is unverified)."""
    if "PermissionGroups" not in sent:
        return otherwise
    groups = cast("EnumValue", sent["PermissionGroups"]).names()
    if "Custom" in groups:
        raise errors.invalid(
            "The value Custom of the PermissionGroups parameter cannot be set; use the Add-ADPermission cmdlet instead."
        )
    return groups


def _stored(run: Invocation, sent: dict[str, object], before: dict[str, object]) -> dict[str, object]:
    """What is stored for the values that were sent."""
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
        else:
            stored[name] = value
    return stored


def _directory_order(items: Iterable[object]) -> tuple[object, ...]:
    """A multi-valued attribute does not keep the order of its input; the reports show it reversed."""
    return tuple(reversed(tuple(items)))


def _changed_list(before: tuple[object, ...], change: ListChange) -> tuple[object, ...]:
    """Apply Add and Remove; adding what is there and removing what is not are ignored (unverified)."""
    kept = [item for item in before if _key(item) not in {_key(gone) for gone in change.remove}]
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


# --- Get, Remove -----------------------------------------------------------------------------------------------------


def get_receive_connector(run: Invocation) -> None:
    """List connectors. An empty identity means all of the organisation: the documentation itself warns of it."""
    if "Identity" in run.bound and "Server" in run.bound:
        raise errors.ambiguous_set()
    controller = run.controller()
    identity = run.text("Identity")
    if identity:
        found = find_connectors(run.organization, identity, wildcards=True)
        if not found and "*" not in identity:
            raise errors.not_found(identity, controller)
    elif run.text("Server"):
        found = run.organization.connectors_of(one_server(run, run.text("Server")).name)
    else:
        found = list(run.organization.connectors)
    for connector in found:
        run.emit(connector_object(run.organization, connector, controller))


def remove_receive_connector(run: Invocation) -> None:
    """Remove a connector and with it its access control list."""
    connector = one_connector(run, run.text("Identity"))
    question = f'Are you sure you want to perform this action?\nRemoving Receive connector "{connector.identity}".'
    if not run.should_process(question):
        return
    run.organization.connectors.remove(connector)
    run.changed = True


_IDENTITY = Parameter("Identity", kinds.STRING, position=0)
_REQUIRED_IDENTITY = Parameter("Identity", kinds.STRING, position=0, mandatory=True, not_empty=True)
_SERVER = Parameter("Server", kinds.STRING)

CMDLETS: tuple[Cmdlet, ...] = (
    Cmdlet(
        "New-ReceiveConnector",
        f"{_TASKS}.NewReceiveConnector",
        (
            Parameter("Name", kinds.STRING, position=0, mandatory=True, not_empty=True),
            Parameter("Usage", kinds.enum_kind(enums.USAGE)),
            *(Parameter(name, kinds.SWITCH) for name in _USAGE_NAMES),
            _SERVER,
            *_property_parameters(on_new=True),
            DOMAIN_CONTROLLER,
        ),
        new_receive_connector,
        writes=True,
    ),
    Cmdlet(
        "Set-ReceiveConnector",
        f"{_TASKS}.SetReceiveConnector",
        (
            _REQUIRED_IDENTITY,
            Parameter("Name", kinds.STRING, not_empty=True),
            *_property_parameters(on_new=False),
            DOMAIN_CONTROLLER,
        ),
        set_receive_connector,
        writes=True,
    ),
    Cmdlet(
        "Get-ReceiveConnector",
        f"{_TASKS}.GetReceiveConnector",
        (_IDENTITY, _SERVER, DOMAIN_CONTROLLER),
        get_receive_connector,
    ),
    Cmdlet(
        "Remove-ReceiveConnector",
        f"{_TASKS}.RemoveReceiveConnector",
        (_REQUIRED_IDENTITY, DOMAIN_CONTROLLER),
        remove_receive_connector,
        writes=True,
        prompts=True,
    ),
)
