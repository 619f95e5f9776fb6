# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Set-, Get- and Remove-ReceiveConnector; the parameters of all four cmdlets (receive-connector.md parts 1, 2, 7)."""

from __future__ import annotations

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.conflicts import check_conflicts
from exchange_lab.cmdlets.connector_values import sent_values, stored_values, wanted_groups
from exchange_lab.cmdlets.definition import DOMAIN_CONTROLLER, Cmdlet, Invocation, Parameter
from exchange_lab.cmdlets.identity import find_connectors, one_connector, one_server
from exchange_lab.cmdlets.new_receive_connector import USAGE_NAMES, new_receive_connector
from exchange_lab.cmdlets.reach import CONNECTOR, check_reach, check_scope
from exchange_lab.cmdlets.texts import Text
from exchange_lab.cmdlets.validation import check_connector, check_limits, check_name
from exchange_lab.objects.connector import connector_object
from exchange_lab.organization.acl import groups_of, replace_groups
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.properties import PROPERTIES
from exchange_lab.values import enums, kinds

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks"


def set_receive_connector(run: Invocation) -> None:
    """Change a connector; nothing is stored unless the whole result keeps every rule."""
    controller = run.controller()
    connector = one_connector(run, run.text("Identity"))
    server = run.organization.server_of(connector)
    check_reach(run, server)
    check_scope(run, CONNECTOR, connector.identity, server)
    sent = sent_values(run)
    check_limits(sent)
    name = connector.name
    if "Name" in run.bound:
        name = run.text("Name")
        check_name(name)
    explicit = connector.explicit
    groups = wanted_groups(sent, groups_of(explicit, server.presets) - {"Custom"})
    if "PermissionGroups" in sent:
        manual = run.organization.config.switches.permission_groups_replacement
        explicit = replace_groups(explicit, groups & server.presets.keys(), server.presets, manual)
    draft = connector.draft(stored_values(run, sent, connector.values), explicit, name)
    others = [other for other in run.organization.connectors_of(server.name) if other is not connector]
    if any(other.name.lower() == name.lower() for other in others):
        raise errors.already_exists(draft.distinguished_name, controller)
    check_connector(draft, groups, server)
    # Every Set checks, whatever it changes: setup's own Set -MaxLocalHopCount met the conflict (P365-U).
    check_conflicts(draft, others, run.organization.config.switches)
    if not run.should_process(Text("set_connector", {"identity": connector.identity})):
        return
    _store(run, connector, draft)


def _store(run: Invocation, connector: ReceiveConnector, draft: ReceiveConnector) -> None:
    same_rows = {row.key for row in connector.explicit} == {row.key for row in draft.explicit}
    if draft.values == connector.values and draft.name == connector.name and same_rows:
        run.warn(Text("nothing_modified", {"identity": connector.identity}))
        return
    connector.name, connector.values, connector.explicit = draft.name, draft.values, draft.explicit
    run.organization.touch(connector)
    run.changed = True


def get_receive_connector(run: Invocation) -> None:
    """List connectors. An empty identity means all of the organisation: the documentation itself warns of it."""
    if "Identity" in run.bound and "Server" in run.bound:
        raise errors.ambiguous_set()
    controller = run.controller()
    identity = run.text("Identity")
    if identity:
        found = find_connectors(run, identity, wildcards=True)
        if not found and "*" not in identity:
            raise errors.not_found(identity, controller)
    elif run.text("Server"):
        found = run.organization.connectors_of(one_server(run, run.text("Server")).name)
    else:
        found = run.organization.connectors_seen_from(run.server)
    for connector in found:
        run.emit(connector_object(run.organization, connector, controller, run.server))


def remove_receive_connector(run: Invocation) -> None:
    """Remove a connector and with it its access control list."""
    connector = one_connector(run, run.text("Identity"))
    server = run.organization.server_of(connector)
    check_reach(run, server)
    check_scope(run, CONNECTOR, connector.identity, server)
    if not run.should_process(Text("remove_connector", {"identity": connector.identity})):
        return
    run.organization.connectors.remove(connector)
    run.changed = True


def _property_parameters(on_new: bool) -> tuple[Parameter, ...]:
    """The parameters of New or Set that write a property; which versions have them says the table of properties."""
    return tuple(
        Parameter(
            item.name,
            item.kind,
            not_empty=on_new and item.name in ("Bindings", "RemoteIPRanges"),
            since=item.since,
            until=item.until,
            on_edge=item.on_edge,
        )
        for item in PROPERTIES
        if (item.on_new if on_new else item.on_set)
    )


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
            *(Parameter(name, kinds.SWITCH) for name in USAGE_NAMES),
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
