# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declared methods carried out on the simulated server by the real executor, which can be cut off after any command.

What each client shall be able to do is worked out here from the declaration alone, as a reading of its own.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.apply import apply_plan
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import SessionLost
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import Reader, plan_for, services
from .simulated_exchange import Client, Refused, SimulatedExchange
from .simulated_facts import NAMES, bounds

Declared = Mapping[str, Mapping[str, Any]]

APP, SCAN, SHARED, PLAIN = "svc-app", "svc-scan", "svc-relay", "plain"
LOGONS = ("always", "either")
# What has to be accepted to enter a method, and what somebody says who takes sources away and lets others in.
ACCEPTED = {
    "externally_secured_bypass": "the sources are our own mail servers",
    "too_many_removed": "they are gone for good",
    "too_many_added": "they are all needed",
}


def clients_at(server: SimulatedExchange, addresses: Iterable[str]) -> tuple[Client, ...]:
    """Clients of every kind at these addresses: who never logs on, always does, and does either; one account each."""
    accounts = [(server.account(name), "BasicAuth") for name in (APP, SCAN, SHARED, PLAIN)]
    accounts.append((server.account(PLAIN), "Integrated"))
    return tuple(
        client
        for address in addresses
        for client in (
            Client(address),
            *(Client(address, logon, user, how) for logon in LOGONS for user, how in accounts),
        )
    )


def method(name: str, server: SimulatedExchange) -> dict[str, Any]:
    """The options of a service for one of the ways to relay that the tests switch between."""
    accounts = {"accounts": (APP, SHARED), "other accounts": (SCAN, SHARED)}
    if name in accounts:
        return {"method": "authenticated", "accounts": [server.account(one) for one in accounts[name]]}
    return {"method": name}


def on_server(version: str, language: str = "en", replacement: str = "keeps_manual", **options: Any) -> Any:
    """A simulated server whose permission groups are what its rows make up. version: `edge` before it for Edge."""
    edge = version.startswith("edge ")
    number = version.removeprefix("edge ")
    return SimulatedExchange(replacement, NAMES[language][0], version=number, edge=edge, whole_groups=True, **options)


class Shall:
    """What clients shall be able to do once a declaration is carried out.

    server: as it was, to know what answers whom no service answers.
    """

    def __init__(self, server: SimulatedExchange, declared: Declared) -> None:
        self.declared = {
            name: service
            for name, service in declared.items()
            if service.get("state") != "absent" and service.get("method") != "internal"
        }
        self.without = copy.deepcopy(server)
        gone = {f"Relay {name}" for name in declared}
        self.without.connectors = {
            dn: connector for dn, connector in self.without.connectors.items() if connector.name not in gone
        }

    def relay(self, client: Client) -> bool:
        service = self._serving(client.address)
        return self.without.relays(client) if service is None else self._lets(service, client)

    def submit(self, client: Client) -> bool:
        service = self._serving(client.address)
        return self.without.submits(client) if service is None else self._lets(service, client)

    def _serving(self, address: str) -> Mapping[str, Any] | None:
        """The service with the smallest source that holds the address."""
        number = int(ipaddress.ip_address(address))
        found = [
            (high - low, name)
            for name, service in self.declared.items()
            for _version, low, high in map(bounds, service["sources"])
            if low <= number <= high
        ]
        return self.declared[min(found)[1]] if found else None

    def _lets(self, service: Mapping[str, Any], client: Client) -> bool:
        if service["method"] != "authenticated":
            return client.logon != "always"
        accounts = service.get("accounts")
        listed = accounts is None or client.user in [
            one if isinstance(one, str) else one["principal"] for one in accounts
        ]
        return client.logon != "never" and listed


class Watch(Reader):
    """The server as the executor sees it: every command is followed by questions, and after some the line is cut.

    shall: what clients shall be able to do in the end. commands: how many are carried out before the cut.
    wrong: what was asked and answered wrongly, command by command. cut: whether the line was cut.
    told: findings that were told before, and accepted.
    """

    def __init__(
        self, server: SimulatedExchange, clients: Sequence[Client], shall: Shall, commands: int | None = None
    ) -> None:
        super().__init__(server)
        self.clients = clients
        self.commands = commands
        self.after = {client for client in clients if shall.relay(client)}
        self.sends_after = {client for client in clients if shall.submit(client)}
        self.before = self.relaying()
        self.sends_before = self.submitting()
        self.done: list[str] = []
        self.states: list[SimulatedExchange] = []
        self.wrong: list[str] = []
        self.told: set[str] = set()
        self.cut = False

    def relaying(self) -> set[Client]:
        return {client for client in self.clients if self.server.relays(client)}

    def submitting(self) -> set[Client]:
        return {client for client in self.clients if self.server.submits(client)}

    def run(self, command: Any) -> list[str]:
        if len(self.done) == self.commands:
            self.cut = True
            raise SessionLost("cut off", may_have_run=False)
        try:
            super().run(command)
        except Refused as refused:
            self.wrong.append(f"Exchange refuses {command}: {refused}")
            raise
        self.done.append(str(command))
        self.states.append(copy.deepcopy(self.server))
        relaying = self.relaying()
        self._wrong("gap", (self.before & self.after) - relaying)
        self._wrong("cannot even send inside", (self.sends_before & self.sends_after) - self.submitting())
        self._wrong("window", relaying - self.before - self.after)
        return []

    def _wrong(self, what: str, clients: set[Client]) -> None:
        if clients:
            named = ", ".join(sorted(map(str, clients)))
            self.wrong.append(f"{what} after command {len(self.done)} ({self.done[-1]}): {named}")


def planned(server: SimulatedExchange, declared: Declared, allowed: Iterable[str] = ()) -> tuple[Plan, set[str]]:
    """The plan of a run, and what it was refused for at first: only findings that are `allowed`, accepted then."""
    desired = services(declared, server)
    plan = plan_for(server, desired, Policy(accepted=ACCEPTED))
    if plan.refusal is None:
        return plan, set()
    told = {entry.id for entry in plan.refusal.findings}
    assert told <= set(allowed), f"{plan.refusal}\nfor {declared}\nplan:\n" + "\n".join(plan.commands)
    accepted = {**ACCEPTED, **dict.fromkeys(told, "as the test expects")}
    return plan_for(server, desired, Policy(accepted=accepted)), told


def run(
    server: SimulatedExchange,
    declared: Declared,
    clients: Sequence[Client],
    commands: int | None = None,
    allowed: Iterable[str] = (),
) -> Watch:
    """One run, held to the promises after each command; what ran is what was planned.

    commands: after how many the line is cut, None for never. allowed: findings that may be told, see `planned`; a gap
    that is told may happen, a window never.
    """
    plan, told = planned(server, declared, allowed)
    watch = Watch(server, clients, Shall(server, declared), commands)
    watch.told = told
    applied = apply_plan(plan, watch)
    context = f"\nfor {declared}\nplan:\n" + "\n".join(plan.commands)
    wrong = [text for text in watch.wrong if "service_gap" not in told or text.startswith("window")]
    assert not wrong, "\n".join(wrong) + context
    assert applied.error is None or watch.cut, f"{applied.error}{context}"
    return watch


def assert_reached(
    server: SimulatedExchange, declared: Declared, clients: Sequence[Client], allowed: Iterable[str] = ()
) -> None:
    """Everybody can do what was declared and nothing else, and a further run has nothing to do."""
    again, _told = planned(server, declared, allowed)
    assert again.commands == [], f"the next run still has commands, for {declared}: {again.commands}"
    shall = Shall(server, declared)
    wrong = [
        f"{client}: {'may not' if shall.relay(client) else 'may'} relay"
        for client in clients
        if shall.relay(client) != server.relays(client)
    ]
    wrong += [f"{client}: may not send inside" for client in clients if shall.submit(client) > server.submits(client)]
    assert not wrong, f"{wrong} for {declared}"
