# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans carried out on a simulated server: whatever was, whatever is declared, wherever it is killed."""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from .rollouts import Promise, carry_out, plan_for, services
from .simulated_exchange import (
    ANONYMOUS_RIGHTS,
    GROUP_FLAGS,
    RIGHT,
    Connector,
    Row,
    SimulatedExchange,
    bounds,
    clash,
)

REPLACEMENTS = ("keeps_manual", "removes_dropped", "removes_manual")
METHODS = ("anonymous", "externally_secured")
RANGES = (
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
    "10.0.0.0/30",
    "10.0.0.0/24",
    "10.0.1.0-10.0.1.9",
    "10.0.1.5-10.0.1.20",
    "10.0.1.7",
    "10.0.2.2",
)
CLIENTS = tuple(
    [f"10.0.0.{n}" for n in (0, 1, 2, 3, 4, 200)]
    + [f"10.0.1.{n}" for n in (0, 4, 5, 7, 9, 10, 20, 21)]
    + ["10.0.2.1", "10.0.2.2", "192.168.9.9"]
)


def expected(declared: Mapping[str, Any]) -> set[str]:
    """Clients that shall relay: those in the sources of a service that is on."""
    found: set[str] = set()
    for service in declared.values():
        if service.get("state") == "absent" or service.get("connector", {}).get("enabled") is False:
            continue
        for text in service["sources"]:
            _version, low, high = bounds(text)
            found |= {client for client in CLIENTS if low <= int(ipaddress.ip_address(client)) <= high}
    return found


service = st.fixed_dictionaries(
    {
        "method": st.sampled_from(METHODS),
        "sources": st.lists(st.sampled_from(RANGES), min_size=1, max_size=4, unique=True),
    },
    optional={
        "throttling": st.sampled_from(["exchange_default", "guarded", "high_volume"]),
        "connector": st.fixed_dictionaries(
            {},
            optional={
                "protocol_logging_level": st.sampled_from(["none", "verbose"]),
                "comment": st.sampled_from(["", "ticket 1"]),
                "bare_linefeed_rejection_enabled": st.booleans(),
            },
        ),
    },
)
one_service = st.fixed_dictionaries({"a": service})

# Ranges that may stand together on one binding, whoever has them.
NESTED = tuple(text for text in RANGES if text != "10.0.1.5-10.0.1.20")


@st.composite
def two_services(draw: st.DrawFn, absent: bool = False) -> dict[str, Any]:
    """Two services that share out the ranges; with `absent`, either may be one to remove."""
    owners = draw(st.lists(st.sampled_from("ab-"), min_size=len(NESTED), max_size=len(NESTED)))
    found: dict[str, Any] = {}
    for name in "ab":
        sources = [text for text, owner in zip(NESTED, owners, strict=True) if owner == name]
        if sources:
            found[name] = {**draw(service), "sources": sources}
        elif absent:
            found[name] = {"state": "absent"}
    return found or {"a": draw(service)}


def roll_out(server: SimulatedExchange, declared: Mapping[str, Any]) -> bool:
    """From nothing to this declaration; whether that came to its end."""
    plan = plan_for(server, services(declared, server))
    assert plan.refusal is None
    return carry_out(plan, server, Promise(server, CLIENTS, expected(declared)))


def assert_reached(server: SimulatedExchange, declared: Mapping[str, Any]) -> None:
    again = plan_for(server, services(declared, server))
    assert again.commands == []
    assert {client for client in CLIENTS if server.relays(client)} == expected(declared)


@settings(max_examples=70, deadline=None)
@given(one_service, one_service, st.sampled_from(REPLACEMENTS), st.integers(0, 7), st.booleans())
def test_one_service_changes_without_a_gap_or_a_window(
    old: dict[str, Any], new: dict[str, Any], replacement: str, kill: int, disabled_conflicts: bool
) -> None:
    server = SimulatedExchange(replacement, "NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG", disabled_conflicts)
    assert roll_out(server, old)
    assert_reached(server, old)
    promise = Promise(server, CLIENTS, expected(new))
    plan = plan_for(server, services(new, server))
    assert plan.refusal is None
    if not carry_out(plan, server, promise, commands=kill):
        event("killed")
        plan = plan_for(server, services(new, server))
        assert carry_out(plan, server, promise)
    assert_reached(server, new)


@settings(max_examples=70, deadline=None)
@given(two_services(), two_services(absent=True), st.sampled_from(REPLACEMENTS), st.integers(0, 9))
def test_ranges_go_from_service_to_service_without_a_gap_or_it_is_told(
    old: dict[str, Any], new: dict[str, Any], replacement: str, kill: int
) -> None:
    server = SimulatedExchange(replacement)
    assert roll_out(server, old)
    promise = Promise(server, CLIENTS, expected(new))
    plan = plan_for(server, services(new, server))
    told = {entry.id for entry in plan.refusal.findings} if plan.refusal is not None else set()
    assert told <= {"service_gap"}
    if told:
        event("gap is told")
        assert must_clash(old, new), "a gap that another order would avoid"
        addresses = {text for entry in plan.findings if entry.id == "service_gap" for text in entry.addresses}
        assert_only_gaps_told(plan, server, promise, addresses)
    elif not carry_out(plan, server, promise, commands=kill):
        event("killed")
        plan = plan_for(server, services(new, server))
        assert plan.refusal is None
        assert carry_out(plan, server, promise)
    assert_reached(server, new)


def must_clash(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether some range goes to another service that cannot have it next to the one it comes from."""

    def moved(here: Mapping[str, Any], there: Mapping[str, Any], name: str) -> set[str]:
        return set(here.get(name, {}).get("sources", ())) - set(there.get(name, {}).get("sources", ()))

    return any(
        clash(bounds(lost), bounds(won))
        for one, other in (("a", "b"), ("b", "a"))
        for lost in moved(old, new, one)
        for won in moved(new, old, other)
    )


def assert_only_gaps_told(plan: Any, server: SimulatedExchange, promise: Promise, told: set[str]) -> None:
    """A gap that is told is real, concerns the addresses told and no others, and nothing else is wrong."""
    allowed = {
        client
        for client in CLIENTS
        for text in told
        if bounds(text)[1] <= int(ipaddress.ip_address(client)) <= bounds(text)[2]
    }
    missed: set[str] = set()
    for count in range(1, len(plan.steps)):
        rehearsal = copy.deepcopy(server)
        carry_out(plan, rehearsal, commands=count)
        watched = copy.copy(promise)
        watched.server = rehearsal
        missed |= watched.gap()
        assert not watched.window()
    assert missed <= allowed
    assert missed, "a gap was told that does not happen"
    assert carry_out(plan, server)


@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("old", METHODS)
@pytest.mark.parametrize("new", METHODS)
def test_every_switch_of_method_survives_a_kill_after_each_command(old: str, new: str, replacement: str) -> None:
    before = {"a": {"method": old, "sources": ["10.0.0.1", "10.0.0.2"]}}
    after = {"a": {"method": new, "sources": ["10.0.0.2", "10.0.0.3"]}}
    for kill in range(6):
        server = SimulatedExchange(replacement)
        assert roll_out(server, before)
        promise = Promise(server, CLIENTS, expected(after))
        if not carry_out(plan_for(server, services(after, server)), server, promise, commands=kill):
            assert carry_out(plan_for(server, services(after, server)), server, promise)
        assert_reached(server, after)
        rows = [
            row.right
            for row in server.connectors[f"CN=Relay a,CN=SMTP Receive Connectors,CN=Protocols,{server.dn}"].rows
            if row.user == server.anonymous
        ]
        assert len(rows) == (5 if new == "anonymous" else 0)


@st.composite
def connector_made_by_hand(draw: st.DrawFn) -> dict[str, Any]:
    """Any connector an administrator could have left behind under the name of the service."""
    secured = draw(st.booleans())
    groups = draw(st.sets(st.sampled_from(["AnonymousUsers", "ExchangeUsers", "Partners"]))) | (
        {"ExchangeServers"} if secured else draw(st.sets(st.just("ExchangeServers")))
    )
    secured_mechanisms = st.sampled_from(["Tls, ExternalAuthoritative", "ExternalAuthoritative"])
    mechanisms = secured_mechanisms if secured else st.sampled_from(["None", "Tls", "Tls, Integrated, BasicAuth"])
    return {
        "Enabled": draw(st.booleans()),
        "RemoteIPRanges": draw(st.lists(st.sampled_from(NESTED), min_size=1, max_size=4, unique=True)),
        "Bindings": draw(st.sampled_from([["0.0.0.0:25"], ["10.99.0.1:25"], ["0.0.0.0:26"]])),
        "PermissionGroups": ", ".join(word for word in GROUP_FLAGS if word in groups) or "None",
        "AuthMechanism": draw(mechanisms),
        "TransportRole": "FrontendTransport",
        "anonymous": draw(st.sets(st.sampled_from([RIGHT, ANONYMOUS_RIGHTS[3], "ms-Exch-Bypass-Anti-Spam"]))),
        "missing": draw(st.sampled_from(["", *ANONYMOUS_RIGHTS])),
        "user": draw(st.booleans()),
    }


def add_by_hand(server: SimulatedExchange, made: Mapping[str, Any]) -> Connector:
    properties = {key: value for key, value in made.items() if key[0].isupper()}
    connector = server.add("Relay a", properties)
    connector.rows = [row for row in connector.rows if (row.user, row.right) != (server.anonymous, made["missing"])]
    for right in sorted(made["anonymous"]):
        if not any((row.user, row.right) == (server.anonymous, right) for row in connector.rows):
            connector.rows.append(Row(server.anonymous, right))
    if made["user"]:
        connector.rows += [Row("LAB\\svc-relay", RIGHT), Row("LAB\\svc-relay", ANONYMOUS_RIGHTS[3])]
        connector.rows += [Row("LAB\\svc-app", RIGHT), Row("LAB\\svc-app", "ms-Exch-Bypass-Anti-Spam")]
    return connector


@settings(max_examples=100, deadline=None)
@given(connector_made_by_hand(), service, st.sampled_from(REPLACEMENTS), st.integers(0, 7))
def test_a_connector_made_by_hand_is_adopted_without_a_gap_or_a_window(
    made: dict[str, Any], wanted: dict[str, Any], replacement: str, kill: int
) -> None:
    server = SimulatedExchange(replacement, whole_groups=True)
    connector = add_by_hand(server, made)
    by_hand = {(row.user, row.right) for row in connector.rows if row.user == "LAB\\svc-app"}
    declared = {"a": {**wanted, "connector": {"bindings": made["Bindings"], "enabled": True}}}
    port = 26 if made["Bindings"] == ["0.0.0.0:26"] else 25
    promise = Promise(server, CLIENTS, expected(declared), port)
    plan = plan_for(server, services(declared, server))
    told = {entry.id for entry in plan.refusal.findings} if plan.refusal is not None else set()
    killed = False
    if told:
        event("gap is told")
        assert told == {"service_gap"}
        assert carry_out(plan, server)
    elif not carry_out(plan, server, promise, commands=kill):
        event("killed")
        killed = True
        plan = plan_for(server, services(declared, server))
        assert plan.refusal is None
        assert carry_out(plan, server, promise)
    assert plan_for(server, services(declared, server)).commands == []
    assert promise.relaying() == expected(declared)
    # Who could relay by logging on would do so by another method than the declared one, were a logon offered.
    assert not any(row.user == "LAB\\svc-relay" for row in connector.rows)
    # What a write took in the very moment of the kill is nowhere any more, so the next run cannot know of it.
    if not killed:
        assert by_hand <= {(row.user, row.right) for row in connector.rows}, "a grant nobody declared away is lost"
