# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every method to every other one, wherever it is killed, whatever writing PermissionGroups does, on every version."""

from __future__ import annotations

import copy
from itertools import cycle, permutations, product

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import Policy

from .method_switches import (
    ACCEPTED,
    APP,
    SCAN,
    SHARED,
    assert_reached,
    clients_at,
    method,
    on_server,
    planned,
    run,
)
from .rollouts import plan_for, services
from .simulated_exchange import ANONYMOUS_RIGHTS, RIGHT, Connector, SimulatedExchange
from .simulated_facts import NAMES, SUBMIT

METHODS = ("anonymous", "externally_secured", "authenticated", "accounts", "other accounts", "internal")
REPLACEMENTS = ("keeps_manual", "removes_dropped", "removes_manual")
FRONT_ENDS = ("2013", "2016", "2019", "SE")
TRANSPORTS = ("2007", "2010")
EDGES = ("edge 2007", "edge 2010", "edge 2016", "edge SE")
# One leaves, one stays, one comes, and one has nothing to do with it.
BEFORE, AFTER = ["10.0.0.1", "10.0.0.2"], ["10.0.0.2", "10.0.0.3"]
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9")
LANGUAGES = tuple(NAMES)


def possible(name: str, version: str) -> bool:
    """Edge Transport has no permission group for every user."""
    return name != "authenticated" or not version.startswith("edge ")


def combinations() -> list[tuple[str, str, str, str, str]]:
    """Every pair, every outcome, every kind of server; versions and languages take turns."""
    languages = cycle(LANGUAGES)
    return [
        (old, new, replacement, version, next(languages))
        for versions in (FRONT_ENDS, TRANSPORTS, EDGES)
        for ((old, new), replacement), version in zip(
            product(permutations(METHODS, 2), REPLACEMENTS), cycle(versions), strict=False
        )
        if possible(old, version) and possible(new, version)
    ]


@pytest.mark.parametrize(("old", "new", "replacement", "version", "language"), combinations())
def test_every_switch_keeps_its_promises_wherever_it_is_killed(
    old: str, new: str, replacement: str, version: str, language: str
) -> None:
    server = on_server(version, language, replacement)
    clients = clients_at(server, ADDRESSES)
    allowed = told_of_internal(server)
    before = {"a": {**method(old, server), "sources": BEFORE}}
    after = {"a": {**method(new, server), "sources": AFTER}}
    run(server, before, clients, allowed=allowed)
    assert_reached(server, before, clients, allowed)
    start = copy.deepcopy(server)
    whole = run(server, after, clients, allowed=allowed)
    assert whole.done, "a switch without a command is none"
    assert_closed(server, new)
    assert_reached(server, after, clients, allowed)
    for killed in (start, *whole.states[:-1]):
        run(killed, after, clients, allowed=allowed)
        assert_closed(killed, new)
        assert_reached(killed, after, clients, allowed)


@pytest.mark.parametrize(("old", "new"), list(permutations(METHODS, 2)))
def test_clients_of_both_families_are_kept(old: str, new: str) -> None:
    """A service has addresses of IPv6 too, alone, in a network and beside those of IPv4; some of them go or come."""
    server = on_server("2019", "de", "removes_manual")
    clients = clients_at(server, ("10.0.0.1", "10.0.0.2", "fd00:10::1", "fd00:20::7", "fd00:30::1"))
    before = {"a": {**method(old, server), "sources": ["10.0.0.1", "fd00:10::1", "fd00:20::/112"]}}
    after = {"a": {**method(new, server), "sources": ["10.0.0.2", "fd00:20::/112", "fd00:30::1"]}}
    run(server, before, clients)
    start = copy.deepcopy(server)
    whole = run(server, after, clients)
    for killed in (start, *whole.states):
        run(killed, after, clients)
        assert_closed(killed, new)
        assert_reached(killed, after, clients)


def told_of_internal(server: SimulatedExchange) -> tuple[str, ...]:
    """Where setup lets nobody send without logging on, `internal` is told to reach nobody."""
    return ("internal_refused",) if server.kind == "transport" else ()


def assert_closed(server: SimulatedExchange, name: str) -> None:
    """The connector of service "a" lets clients in by its method, and by nothing else."""
    found = [connector for connector in server.connectors.values() if connector.name == "Relay a"]
    if name == "internal":
        assert found == []
        return
    [connector] = found
    anonymous, everybody = (rights_of(connector, user) for user in (server.anonymous, server.everybody))
    logons = connector.mechanisms & {"Integrated", "BasicAuth", "BasicAuthRequireTLS"}
    assert ("ExternalAuthoritative" in connector.mechanisms) is (name == "externally_secured")
    if name in ("anonymous", "externally_secured"):
        assert not logons
        assert all(rights_of(connector, server.account(user)) == set() for user in (APP, SCAN, SHARED))
    else:
        assert connector.mechanisms == {"Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS"}
    if name == "anonymous":
        assert "AnonymousUsers" in connector.groups and anonymous == {*ANONYMOUS_RIGHTS, RIGHT}
        return
    assert "AnonymousUsers" not in connector.groups and RIGHT not in anonymous
    if name == "externally_secured":
        assert "ExchangeServers" in connector.groups
        return
    assert anonymous == set()
    if name == "authenticated":
        assert "ExchangeUsers" in connector.groups
        return
    assert "ExchangeUsers" not in connector.groups and everybody == set()
    wanted = {"accounts": (APP, SHARED), "other accounts": (SCAN, SHARED)}[name]
    rights = {RIGHT, SUBMIT, "ms-Exch-Accept-Headers-Routing"}
    kept = {user: rights_of(connector, server.account(user)) for user in (APP, SCAN, SHARED)}
    assert kept == {user: rights if user in wanted else set() for user in kept}


def rights_of(connector: Connector, user: str) -> set[str]:
    return {row.right for row in connector.rows if row.user == user}


def beside() -> list[tuple[str, str, str, str, str]]:
    """Every pair next to a service of another method, which takes turns as outcomes and versions do."""
    others = cycle(METHODS[:-1])
    outcomes, versions = cycle(REPLACEMENTS), cycle(("2019", "2010", "2016", "2007"))
    return [(old, new, next(others), next(outcomes), next(versions)) for old, new in permutations(METHODS, 2)]


@pytest.mark.parametrize(("old", "new", "other", "replacement", "version"), beside())
def test_a_service_that_holds_the_same_clients_stays_what_it_is(
    old: str, new: str, other: str, replacement: str, version: str
) -> None:
    """Service b has the whole network, a some of its addresses: whoever a leaves is answered by b."""
    server = on_server(version, "de", replacement)
    clients = clients_at(server, ADDRESSES)
    allowed = ("internal_refused",)
    stays = {"b": {**method(other, server), "sources": ["10.0.0.0/24"]}}
    before = {"a": {**method(old, server), "sources": BEFORE}, **stays}
    after = {"a": {**method(new, server), "sources": AFTER}, **stays}
    run(server, before, clients, allowed=allowed)
    was = rows_and_properties(server, "Relay b")
    start = copy.deepcopy(server)
    whole = run(server, after, clients, allowed=allowed)
    for killed in (start, *whole.states):
        run(killed, after, clients, allowed=allowed)
        assert_closed(killed, new)
        assert_reached(killed, after, clients, allowed)
        assert rows_and_properties(killed, "Relay b") == was


def rows_and_properties(server: SimulatedExchange, name: str) -> tuple[object, ...]:
    connector = server.named(name)
    return dict(connector.properties), {row.key for row in connector.rows}


@pytest.mark.parametrize(("version", "rights"), [("2007", 3), ("2007", 4), ("2010", 4)])
@pytest.mark.parametrize("new", METHODS)
def test_groups_of_three_and_of_four_rights_are_left_whole(version: str, rights: int, new: str) -> None:
    """How many rights the groups of 2007 have is told in two ways."""
    server = on_server(version, "fr", "removes_manual", legacy_rights=rights)
    clients = clients_at(server, ADDRESSES)
    allowed = told_of_internal(server)
    for name in ("authenticated", new, "anonymous", new):
        declared = {"a": {**method(name, server), "sources": BEFORE}}
        run(server, declared, clients, allowed=allowed)
        assert_closed(server, name)
        assert_reached(server, declared, clients, allowed)


@pytest.mark.parametrize("new", ["anonymous", "authenticated", "accounts"])
def test_what_check_mode_shows_is_what_is_planned(new: str) -> None:
    server = on_server("2019")
    clients = clients_at(server, ADDRESSES)
    run(server, {"a": {**method("externally_secured", server), "sources": BEFORE}}, clients)
    after = {"a": {**method(new, server), "sources": AFTER}}
    shown = plan_for(server, services(after, server), Policy(accepted=ACCEPTED, absent_is_created=True))
    assert shown.commands == planned(server, after)[0].commands
    assert shown.commands, "a switch without a command is none"


def test_entering_externally_secured_is_refused_until_somebody_says_why() -> None:
    server = on_server("2019")
    for old in ("anonymous", "authenticated", "accounts"):
        run(server, {"a": {**method(old, server), "sources": BEFORE}}, ())
        plan = plan_for(server, services({"a": {"method": "externally_secured", "sources": BEFORE}}, server), Policy())
        assert plan.refusal is not None
        assert {entry.id for entry in plan.refusal.findings} == {"externally_secured_bypass"}


def test_edge_transport_has_no_group_for_every_user() -> None:
    server = on_server("edge 2019")
    with pytest.raises(InputError, match="Edge Transport"):
        planned(server, {"a": {"method": "authenticated", "sources": BEFORE}})
