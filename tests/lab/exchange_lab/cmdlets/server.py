# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cmdlets that only read servers and domains: Get-ExchangeServer, Get-NetworkConnectionInfo,
Get-ServerComponentState, Get-AcceptedDomain."""

from __future__ import annotations

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.definition import DOMAIN_CONTROLLER, Cmdlet, Invocation, Parameter
from exchange_lab.cmdlets.identity import find_domain, one_server
from exchange_lab.objects import server as objects
from exchange_lab.values import kinds

_TASKS = "Microsoft.Exchange.Management.SystemConfigurationTasks"


def get_exchange_server(run: Invocation) -> None:
    """One server or all; -Status fills what only the server itself knows, its domain controllers among it."""
    controller = run.controller()
    if run.text("Identity"):
        servers = [one_server(run, run.text("Identity"))]
    else:
        servers = run.organization.servers_seen_from(run.server)
    for server in servers:
        run.emit(objects.server_object(run.organization, server, controller, bool(run.bound.get("Status")), run.server))


def get_network_connection_info(run: Invocation) -> None:
    """The network adapters of one server; without an identity those of the server that executes the cmdlet."""
    run.controller()
    server = one_server(run, run.text("Identity")) if run.text("Identity") else run.server
    for index, address in enumerate(server.config.addresses, start=1):
        run.emit(objects.network_object(server, index, address))


def get_server_component_state(run: Invocation) -> None:
    """The state of one component, or of all."""
    run.controller()
    server = one_server(run, run.text("Identity"))
    wanted = run.text("Component")
    if wanted and wanted.lower() not in {name.lower() for name in server.components}:
        # What Exchange says to an unknown component is unverified.
        raise errors.invalid("unknown_component", component=wanted)
    for component in server.components:
        if not wanted or component.lower() == wanted.lower():
            run.emit(objects.component_object(run.organization, server, component))


def get_accepted_domain(run: Invocation) -> None:
    """One accepted domain, or all."""
    controller = run.controller()
    domains = run.organization.config.accepted_domains
    if identity := run.text("Identity"):
        domain = find_domain(run.organization, identity)
        if domain is None:
            raise errors.not_found(identity, controller)
        domains = (domain,)
    for domain in domains:
        run.emit(objects.accepted_domain_object(run.organization, domain, controller))


_IDENTITY = Parameter("Identity", kinds.STRING, position=0)

CMDLETS: tuple[Cmdlet, ...] = (
    Cmdlet(
        "Get-ExchangeServer",
        f"{_TASKS}.GetExchangeServer",
        (_IDENTITY, Parameter("Status", kinds.SWITCH), Parameter("Domain", kinds.FQDN), DOMAIN_CONTROLLER),
        get_exchange_server,
    ),
    Cmdlet(
        "Get-NetworkConnectionInfo",
        f"{_TASKS}.GetNetworkConnectionInfo",
        (_IDENTITY, DOMAIN_CONTROLLER),
        get_network_connection_info,
        since="2010",
    ),
    Cmdlet(
        "Get-ServerComponentState",
        f"{_TASKS}.GetServerComponentState",
        (
            Parameter("Identity", kinds.STRING, position=0, mandatory=True, not_empty=True),
            Parameter("Component", kinds.STRING),
            DOMAIN_CONTROLLER,
        ),
        get_server_component_state,
        since="2013",
    ),
    Cmdlet(
        "Get-AcceptedDomain",
        f"{_TASKS}.GetAcceptedDomain",
        (_IDENTITY, DOMAIN_CONTROLLER),
        get_accepted_domain,
    ),
)
