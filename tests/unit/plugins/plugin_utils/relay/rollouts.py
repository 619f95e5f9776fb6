# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plan against a simulated server, carry the plan out command by command, and hold every moment to the promise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    AccessEntry,
    PrincipalAnswer,
    ReceiveConnector,
    ServerFacts,
    ServerState,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import (
    access_needed,
    plan_server,
    principals_needed,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan, Step

from .simulated_exchange import Connector, Refused, SimulatedExchange
from .simulated_facts import DC

TODAY = date(2026, 11, 21)
# What somebody says who takes sources away, lets others in and trusts them on purpose.
MEANT = Policy(
    accepted={
        "too_many_removed": "they are gone for good",
        "too_many_added": "they are all needed",
        "externally_secured_bypass": "they are mail servers of ours",
    }
)


def facts_of(server: SimulatedExchange) -> ServerFacts:
    return ServerFacts(
        server.name,
        f"{server.name.lower()}.lab.example",
        server.dn,
        "Version",
        server.version,
        is_edge=server.edge,
        is_hub_transport=not server.edge,
        is_frontend_transport=server.kind == "front end",
        is_mailbox=not server.edge,
        is_client_access=not server.edge,
        domain_controller=None if server.edge else DC,
    )


class Reader:
    """What a facade offers to the executor of a plan, on the simulated server."""

    def __init__(self, server: SimulatedExchange) -> None:
        self.server = server

    def read_connector(self, distinguished_name: str) -> ReceiveConnector | None:
        plain = self.server.get(distinguished_name)
        return None if plain is None else ReceiveConnector.from_exchange(plain)

    def read_access(self, distinguished_name: str) -> tuple[AccessEntry, ...]:
        rows = self.server.get_permission(distinguished_name)
        return tuple(entry for row in rows for entry in AccessEntry.from_exchange(row))

    def read_principal(self, distinguished_name: str, principal: str) -> PrincipalAnswer:
        try:
            rows = self.server.get_permission_of(distinguished_name, principal)
        except Refused as refused:
            return PrincipalAnswer(refusal=str(refused))
        return PrincipalAnswer(rows[0]["User"] if rows else "")

    def run(self, command: Any) -> list[str]:
        self.server.execute(command.cmdlet, dict(command.parameters))
        return []


def read_state(server: SimulatedExchange, desired: DesiredConnectors) -> ServerState:
    """The state of the server as the modules read it: only the access lists that are needed."""
    reader = Reader(server)
    connectors = tuple(found for dn in server.connectors if (found := reader.read_connector(dn)) is not None)
    state = ServerState(facts_of(server), connectors)
    while missing := [dn for dn in access_needed(desired, state) if dn not in state.access]:
        access = {**state.access, **{dn: reader.read_access(dn) for dn in missing}}
        state = ServerState(state.facts, connectors, access)
    while asked := principals_needed(desired, state):
        answers = {(dn, name.casefold()): reader.read_principal(dn, name) for dn, name in asked}
        state = replace(state, principals={**state.principals, **answers})
    return state


def services(declared: Mapping[str, Any], server: SimulatedExchange) -> DesiredConnectors:
    return parse_services(declared, None, None, None, server.name, TODAY)


def plan_for(server: SimulatedExchange, desired: DesiredConnectors, policy: Policy | None = None) -> Plan:
    return plan_server(desired, read_state(server, desired), policy or MEANT)


class Promise:
    """No gap and no window: asked of SMTP after every command.

    clients: the addresses to ask for. before: who could relay when the rollout began. after: who shall.
    """

    def __init__(self, server: SimulatedExchange, clients: Iterable[str], after: set[str], port: int = 25) -> None:
        self.server = server
        self.port = port
        self.clients = tuple(clients)
        self.after = after
        self.before = self.relaying()
        # On another port no default connector answers whom the service no longer lists.
        kept = set(self.clients) if port == 25 else after
        self.submitting = {client for client in kept if self.submits(client)}

    def relaying(self) -> set[str]:
        return {client for client in self.clients if self.server.relays(client, port=self.port)}

    def submits(self, client: str) -> bool:
        return self.server.submits(client, port=self.port)

    def gap(self) -> set[str]:
        return (self.before & self.after) - self.relaying()

    def window(self) -> set[str]:
        return self.relaying() - self.before - self.after

    def refused_inside(self) -> set[str]:
        """Clients that can no longer even send to recipients inside."""
        return {client for client in self.submitting if not self.submits(client)}


def is_due(step: Step, server: SimulatedExchange) -> bool:
    """What an executor does with a step's checks: every one is read afresh."""
    reader = Reader(server)

    def holds(check: Any) -> bool:
        if check.needs == "access":
            known = check.distinguished_name in server.connectors
            return bool(check.holds(None, reader.read_access(check.distinguished_name) if known else ()))
        return bool(check.holds(reader.read_connector(check.distinguished_name), ()))

    for check in step.requires:
        assert holds(check), f"{step.text}: {check.sentence}"
    return step.only_if is None or holds(step.only_if)


def carry_out(plan: Plan, server: SimulatedExchange, promise: Promise | None = None, commands: int = 1000) -> bool:
    """Run the plan's commands, at most so many, and ask after each. Returns whether the plan came to its end."""
    done = 0
    for step in plan.steps:
        if not is_due(step, server):
            continue
        if done == commands:
            return False
        try:
            server.execute(step.command.cmdlet, dict(step.command.parameters))
        except Refused as refused:
            raise AssertionError(f"Exchange refuses {step.text}: {refused}") from refused
        done += 1
        if promise is not None:
            assert not promise.gap(), f"after {step.text}\nrefused: {promise.gap()}\nplan: {plan.commands}"
            assert not promise.window(), f"after {step.text}\nopen: {promise.window()}\nplan: {plan.commands}"
            assert not promise.refused_inside(), f"after {step.text}\nrefused inside: {promise.refused_inside()}"
    return True


def relay(server: SimulatedExchange, **service: Any) -> Plan:
    """The plan for one service called "a"."""
    return plan_for(server, services({"a": service}, server))


def rolled_out(server: SimulatedExchange, **service: Any) -> Connector:
    """The connector of one service called "a" after its rollout."""
    assert carry_out(relay(server, **service), server)
    return server.connectors[dn(server)]


def dn(server: SimulatedExchange, name: str = "Relay a") -> str:
    return f"CN={name},CN=SMTP Receive Connectors,CN=Protocols,{server.dn}"


def short(plan: Plan, server: SimulatedExchange) -> list[str]:
    """The commands without what all of them share."""
    tail = f" -DomainController '{DC}'"
    return [line.replace(tail, "").replace(f" -Identity '{dn(server)}'", "") for line in plan.commands]
