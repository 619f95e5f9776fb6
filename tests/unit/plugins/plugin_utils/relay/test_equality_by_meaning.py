# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two spellings of one value write nothing; another value writes one Set with exactly the parameters that differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RECEIVE_CONNECTOR_SPEC
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, PROPERTIES, Property
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.arguments import Rules, validate
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ReceiveConnector, ServerState
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import plan_server
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy

from .rollouts import facts_of
from .simulated_exchange import SimulatedExchange
from .spellings import KINDS, TICKS

SERVER = SimulatedExchange()
COMPARED = tuple(row for row in PROPERTIES if row.returned and row.option != "name")
few = settings(max_examples=20, deadline=None)

# A connector whose every property may change alone without breaking a rule about two of them.
BASE: dict[str, Any] = {
    "bindings": frozenset({(4, 0, 2526)}),
    "remote_ip_ranges": frozenset({(4, 0x0A000001, 0x0A000001)}),
    "permission_groups": frozenset({"ExchangeServers"}),
    "auth_mechanism": frozenset({"Tls"}),
    "transport_role": "HubTransport",
    "connection_timeout": 86400 * TICKS,
    "connection_inactivity_timeout": TICKS,
    "chunking_enabled": True,
    "binary_mime_enabled": False,
    "require_tls": False,
    "domain_secure_enabled": False,
    "long_addresses_enabled": False,
    "enabled": True,
}


def legal(row: Property, value: Any) -> bool:
    """Whether the base connector may have this value of one property."""
    if row.option == "auth_mechanism":
        others = value - {"ExternalAuthoritative", "Tls"}
        basic = "BasicAuthRequireTLS" not in value or {"BasicAuth", "Tls"} <= value
        own_name = "ExchangeServer" not in value
        return basic and own_name and not ("ExternalAuthoritative" in value and others)
    if row.option == "connection_timeout":
        return bool(value > BASE["connection_inactivity_timeout"])
    if row.option == "connection_inactivity_timeout":
        return bool(value < BASE["connection_timeout"])
    return True


def values_of(row: Property) -> st.SearchStrategy[Any]:
    return KINDS[row.kind].values(row).filter(lambda value: legal(row, value))


def version_of(row: Property) -> str:
    return row.until or "SE"


def state(values: Mapping[str, Any], version: str, draw: Any) -> ServerState:
    """A server with one connector that has these values, shown in any way."""
    facts = replace(facts_of(SERVER), version=version)
    name = draw(st.sampled_from(["Relay a", "RELAY A"]))
    dn = f"CN={name},CN=SMTP Receive Connectors,CN=Protocols,{SERVER.dn}"
    plain = {"Name": name, "DistinguishedName": dn, "Server": SERVER.name, "WhenChangedUTC": "2026-01-01T00:00:00Z"}
    for option, value in values.items():
        row = BY_OPTION[option]
        plain[row.exchange] = KINDS[row.kind].shown(value, row, draw)
    connector = ReceiveConnector.from_exchange(plain, facts)
    return ServerState(facts, (connector,), {dn: ()})


def commands(options: Mapping[str, Any], before: ServerState) -> list[Command]:
    """What the module would write for these options, as a task gives them."""
    given_options, _secrets = validate(RECEIVE_CONNECTOR_SPEC, {"name": "Relay a", **options}, "task", Rules())
    plan = plan_server(parse_receive_connector(given_options, SERVER.name), before, Policy())
    return [step.command for step in plan.steps]


def written(row: Property, value: Any, draw: Any) -> Any:
    return KINDS[row.kind].written(value, row, draw)


def parameters(command: Command) -> dict[str, Any]:
    assert command.cmdlet == "Set-ReceiveConnector"
    return {name: value for name, value in command.parameters if name not in ("Identity", "DomainController")}


@pytest.mark.parametrize("row", COMPARED, ids=lambda row: row.option)
@few
@given(data=st.data())
def test_another_spelling_writes_nothing(row: Property, data: st.DataObject) -> None:
    value = data.draw(values_of(row))
    before = state({**BASE, row.option: value}, version_of(row), data.draw)
    assert commands({row.option: written(row, value, data.draw)}, before) == []


@pytest.mark.parametrize("row", COMPARED, ids=lambda row: row.option)
@few
@given(data=st.data())
def test_another_value_writes_itself_once(row: Property, data: st.DataObject) -> None:
    kind = KINDS[row.kind]
    old, new = data.draw(values_of(row)), data.draw(values_of(row))
    assume(old != new)
    if row.kind == "size":
        # A size that is no whole KB may have been rounded to the one beside it.
        assume(abs(old - new) >= 1024)
    spelling = written(row, new, data.draw)
    assume(not (isinstance(spelling, dict) and "add" in spelling))
    [command] = commands({row.option: spelling}, state({**BASE, row.option: old}, version_of(row), data.draw))
    sent = parameters(command)
    assert list(sent) == [row.exchange]
    stored = kind.stored(sent[row.exchange], row)
    assert (stored or None) == (new or None) if row.kind in ("flags", "certificate", "fqdn") else stored == new
    after = state({**BASE, row.option: stored}, version_of(row), data.draw)
    assert commands({row.option: written(row, new, data.draw)}, after) == []


@few
@given(data=st.data())
def test_only_what_differs_is_written_and_all_of_it_at_once(data: st.DataObject) -> None:
    rows = [row for row in COMPARED if row.available("SE")]
    declared = data.draw(st.lists(st.sampled_from(rows), unique_by=lambda row: row.option, min_size=2, max_size=12))
    held, options, differing = dict(BASE), {}, set()
    for row in declared:
        before, after = data.draw(values_of(row)), data.draw(values_of(row))
        assume(row.kind != "size" or before == after or abs(before - after) >= 1024)
        wanted = after if data.draw(st.booleans()) and row.option not in BASE else before
        spelling = written(row, wanted, data.draw)
        assume(not (isinstance(spelling, dict) and "add" in spelling))
        if row.option not in BASE:
            held[row.option], options[row.option] = before, spelling
            if wanted != before:
                differing.add(row.exchange)
        else:
            options[row.option] = written(row, BASE[row.option], data.draw)
    found = commands(options, state(held, "SE", data.draw))
    assert [set(parameters(command)) for command in found] == ([differing] if differing else [])


@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_lists_change_by_single_entries(data: st.DataObject) -> None:
    """Adding what is there and removing what is not, in other spellings, writes nothing."""
    held = {**BASE, "remote_ip_ranges": frozenset({(4, 0x0A010000, 0x0A0100FF), (6, 0xFE80 << 112, 0xFE80 << 112)})}
    before = state(held, "SE", data.draw)
    change = {"add": "10.1.0.77/24, FE80:0::0%12", "remove": ["10.1.0.0/25"]}
    assert commands({"remote_ip_ranges": change}, before) == []
    [command] = commands({"remote_ip_ranges": {"remove": ["10.1.0.0-10.1.0.255"]}}, before)
    assert len(parameters(command)["RemoteIPRanges"]) == 1


@pytest.mark.parametrize("option", [row.option for row in COMPARED if row.kind == "timespan"])
@pytest.mark.parametrize("raw", ["30", 30, 0, "1.5", 3600])
def test_a_bare_number_is_no_duration(option: str, raw: object) -> None:
    with pytest.raises(InputError, match="hh:mm:ss"):
        commands({option: raw}, ServerState(facts_of(SERVER), ()))
