# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Methods, accounts and sources that change together, and connectors left behind by hand in any mixture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import RelayError

from .method_switches import APP, SCAN, SHARED, assert_reached, clients_at, on_server, planned, run
from .simulated_exchange import ANONYMOUS_RIGHTS, RIGHT, Connector, Row, SimulatedExchange
from .simulated_facts import GROUP_FLAGS, SUBMIT

REPLACEMENTS = ("keeps_manual", "removes_dropped", "removes_manual")
# Nested in each other or apart, so that no two clash.
SOURCES = ("10.0.0.1", "10.0.0.2", "10.0.0.0/30", "10.0.0.0/24", "10.0.1.7")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9", "10.0.1.7", "192.168.9.9")
RELAY_RIGHTS = (SUBMIT, RIGHT)

sources = st.lists(st.sampled_from(SOURCES), min_size=1, max_size=3, unique=True)
principals = st.lists(st.sampled_from((APP, SCAN, SHARED)), min_size=1, max_size=3, unique=True)
replacements = st.sampled_from(REPLACEMENTS)
versions = st.sampled_from(("2007", "2010", "2013", "2019", "SE"))


@st.composite
def service(draw: st.DrawFn) -> dict[str, Any]:
    """A service of any method; accounts sometimes with rights of their own."""
    name = draw(st.sampled_from(("anonymous", "externally_secured", "authenticated", "accounts", "internal")))
    found: dict[str, Any] = {"method": name, "sources": draw(sources)}
    if name == "accounts":
        accounts: list[Any] = [f"LAB\\{one}" for one in draw(principals)]
        if draw(st.booleans()):
            more = ["ms-Exch-SMTP-Accept-Any-Sender"] if draw(st.booleans()) else []
            accounts[0] = {"principal": accounts[0], "rights": [*RELAY_RIGHTS, *more]}
        found |= {"method": "authenticated", "accounts": accounts}
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(service(), min_size=2, max_size=3), st.lists(st.integers(0, 8), min_size=3), st.data())
def test_methods_accounts_and_sources_change_together(
    chain: list[dict[str, Any]], kills: list[int], data: st.DataObject
) -> None:
    server = on_server(data.draw(versions), data.draw(st.sampled_from(["en", "de", "fr"])), data.draw(replacements))
    clients = clients_at(server, ADDRESSES)
    allowed = ("internal_refused",)
    for one, kill in zip(chain, kills, strict=False):
        declared = {"a": one}
        if run(server, declared, clients, kill, allowed).cut:
            event("killed")
            run(server, declared, clients, allowed=allowed)
        assert_reached(server, declared, clients, allowed)


@settings(max_examples=40, deadline=None)
@given(service(), service(), service(), replacements, versions, st.integers(0, 8))
def test_two_services_change_methods_in_one_plan(
    old: dict[str, Any], new: dict[str, Any], other: dict[str, Any], replacement: str, version: str, kill: int
) -> None:
    """Service b changes from one method to the other while a does; their sources are apart, those of b around a's."""
    server = on_server(version, "de", replacement)
    clients = clients_at(server, ADDRESSES)
    allowed = ("internal_refused",)
    before = {"a": {**old, "sources": ["10.0.0.1"]}, "b": {**other, "sources": ["10.0.0.0/24"]}}
    after = {"a": {**new, "sources": ["10.0.0.1", "10.0.1.7"]}, "b": {**old, "sources": ["10.0.0.0/24"]}}
    run(server, before, clients, allowed=allowed)
    assert_reached(server, before, clients, allowed)
    if planned(server, after, (*allowed, "open_window", "service_gap"))[1] - set(allowed):
        event("one service after the other")
        run(server, {"a": before["a"], "b": after["b"]}, clients, allowed=allowed)
    if run(server, after, clients, kill, allowed).cut:
        event("killed")
        run(server, after, clients, allowed=allowed)
    assert_reached(server, after, clients, allowed)


@st.composite
def made_by_hand(draw: st.DrawFn) -> dict[str, Any]:
    """A connector as an administrator could have left it: groups, mechanisms and rights in any mixture."""
    secured = draw(st.booleans())
    groups = draw(st.sets(st.sampled_from(["AnonymousUsers", "ExchangeUsers", "Partners"])))
    mechanisms = st.sampled_from(
        ("Tls, ExternalAuthoritative", "ExternalAuthoritative")
        if secured
        else ("None", "Tls", "Tls, Integrated", "Tls, BasicAuth", "Tls, Integrated, BasicAuth, BasicAuthRequireTLS")
    )
    return {
        "Enabled": draw(st.booleans()),
        "RemoteIPRanges": draw(sources),
        "Bindings": ["0.0.0.0:25"],
        "PermissionGroups": ", ".join(
            word for word in GROUP_FLAGS if word in groups | ({"ExchangeServers"} if secured else set())
        )
        or "None",
        "AuthMechanism": draw(mechanisms),
        "TransportRole": "FrontendTransport",
        "grants": draw(
            st.lists(
                st.tuples(
                    st.sampled_from(("anonymous", "everybody", APP, SCAN)),
                    st.sampled_from((SUBMIT, RIGHT, ANONYMOUS_RIGHTS[0], "ms-Exch-Bypass-Anti-Spam")),
                ),
                max_size=5,
                unique=True,
            )
        ),
        "missing": draw(st.sampled_from(("", *ANONYMOUS_RIGHTS))),
    }


def add_by_hand(server: SimulatedExchange, made: Mapping[str, Any]) -> Connector:
    connector = server.add("Relay a", {key: value for key, value in made.items() if key[0].isupper()})
    names = {"anonymous": server.anonymous, "everybody": server.everybody}
    connector.rows = [row for row in connector.rows if (row.user, row.right) != (server.anonymous, made["missing"])]
    present = {row.key for row in connector.rows}
    for who, right in made["grants"]:
        row = Row(names.get(who, f"LAB\\{who}"), right)
        if row.key not in present:
            connector.rows.append(row)
    return connector


@settings(max_examples=40, deadline=None)
@given(made_by_hand(), service(), replacements, versions, st.integers(0, 8))
def test_a_connector_left_behind_in_any_mixture_is_adopted(
    made: dict[str, Any], wanted: dict[str, Any], replacement: str, version: str, kill: int
) -> None:
    server = on_server(version, "en", replacement)
    add_by_hand(server, made)
    # A way to log on that is there stays the only one, so who knows another is not asked for.
    kept = {"BasicAuth", "Integrated"} & set(made["AuthMechanism"].split(", "))
    clients = [
        one for one in clients_at(server, ADDRESSES) if not one.user or one.mechanism in (kept or {one.mechanism})
    ]
    declared = {"a": wanted}
    allowed = ("internal_refused", "service_gap")
    try:
        watch = run(server, declared, clients, kill, allowed)
    except RelayError as stopped:
        # Where nothing else tells the name, a list with unusual rights does not either.
        assert version in ("2007", "2010") and "does not tell how this server names anonymous clients" in str(stopped)
        event("nobody tells the name")
        return
    if watch.told:
        event("told: " + ", ".join(sorted(watch.told)))
    if watch.cut:
        event("killed")
        run(server, declared, clients, allowed=allowed)
    assert_reached(server, declared, clients, allowed)
