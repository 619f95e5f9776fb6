# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""New-ReceiveConnector: usages seed, parameters override, rules are checked (receive-connector.md parts 1, 7)."""

from __future__ import annotations

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.conflicts import check_conflicts
from exchange_lab.cmdlets.connector_values import sent_values, stored_values, wanted_groups
from exchange_lab.cmdlets.definition import Invocation
from exchange_lab.cmdlets.identity import one_server
from exchange_lab.cmdlets.reach import CONNECTOR, check_reach, check_scope
from exchange_lab.cmdlets.texts import Text
from exchange_lab.cmdlets.validation import check_connector, check_limits, check_name
from exchange_lab.objects.connector import connector_object
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.defaults import ANY_RANGES, table_defaults
from exchange_lab.organization.model import ExchangeServer
from exchange_lab.organization.usages import USAGES, Usage
from exchange_lab.values import enums
from exchange_lab.values.addresses import parse_binding

USAGE_NAMES = tuple(USAGES)


def new_receive_connector(run: Invocation) -> None:
    """Create a connector; nothing is stored unless it keeps every rule."""
    usage_name = _usage(run)
    controller = run.controller()
    server = one_server(run, run.text("Server")) if run.text("Server") else run.server
    check_reach(run, server)
    if not server.config.transport_roles:
        raise errors.wrong_server("no_transport", server.name)
    name = run.text("Name")
    check_scope(run, CONNECTOR, f"{server.name}\\{name}", server)
    check_name(name)
    _check_usage(run, usage_name, server)
    draft, groups = _draft(run, server, name, USAGES[usage_name])
    others = run.organization.connectors_of(server.name)
    if any(other.name.lower() == name.lower() for other in others):
        raise errors.already_exists(draft.distinguished_name, controller)
    check_connector(draft, groups, server)
    check_conflicts(draft, others, run.organization.config.switches)
    if not run.should_process(Text("create_connector", {"name": name, "server": server.name})):
        return
    run.organization.connectors.append(draft)
    run.changed = True
    run.emit(connector_object(run.organization, draft, controller, run.server))


def _draft(run: Invocation, server: ExchangeServer, name: str, usage: Usage) -> tuple[ReceiveConnector, frozenset[str]]:
    """The connector as it would be stored, and its permission groups."""
    sent = sent_values(run)
    check_limits(sent)
    groups = wanted_groups(sent, usage.seeded_groups(server.config.edge))
    values = table_defaults(server.config, run.organization.config.switches)
    values["AuthMechanism"] = enums.AUTH_MECHANISMS.value(usage.mechanisms)
    if usage.default_binding:
        values["Bindings"] = (parse_binding(usage.default_binding),)
    if usage.ranges == "forbidden":
        values["RemoteIPRanges"] = ANY_RANGES[1:]  # Internet: 0.0.0.0-255.255.255.255 only
    values.update(stored_values(run, sent, values))
    explicit = [row for group, rows in server.presets.items() if group in groups for row in rows]
    return run.organization.new_connector(server, name, values, explicit), groups


def _usage(run: Invocation) -> str:
    """Exactly one of -Usage and the five switches (mandatory since 2007 SP1)."""
    chosen = [name for name in USAGE_NAMES if run.bound.get(name)]
    if "Usage" in run.bound:
        chosen.append(str(run.bound["Usage"]))
    if len(chosen) > 1:
        raise errors.ambiguous_set()
    if not chosen:
        raise errors.missing_parameters(["Usage"])
    return chosen[0]


def _check_usage(run: Invocation, name: str, server: ExchangeServer) -> None:
    """A usage requires and forbids parameters, and one of them does not exist on Edge Transport."""
    usage = USAGES[name]
    if server.config.edge and not usage.on_edge:
        raise errors.invalid("usage_not_on_edge", usage=name)
    bindings = usage.bindings
    if bindings == "optional" and not run.organization.config.switches.usage_bindings:
        bindings = "forbidden"
    wanted = {"Bindings": bindings, "RemoteIPRanges": usage.ranges}
    missing = [parameter for parameter, need in wanted.items() if need == "required" and parameter not in run.bound]
    if missing and "Usage" not in run.bound:
        raise errors.missing_parameters(missing)  # a switch selects a parameter set, so PowerShell asks
    for parameter, need in wanted.items():
        if parameter in missing:
            raise errors.invalid("usage_requires", parameter=parameter, usage=name)
        if need == "forbidden" and parameter in run.bound:
            raise errors.invalid("usage_forbids", parameter=parameter, usage=name)
