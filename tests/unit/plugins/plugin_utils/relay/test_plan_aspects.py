# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The modules for one aspect of a connector: values, rights or throttling, by the same planner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import (
    parse_receive_connector,
    parse_receive_connector_permission,
    parse_receive_connector_throttling,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import access_needed, plan_server
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy

from .rollouts import carry_out, dn, facts_of, plan_for, read_state, rolled_out, services, short
from .simulated_exchange import RIGHT, Row, SimulatedExchange

ANONYMOUS = "NT AUTHORITY\\ANONYMOUS LOGON"
USER = "LAB\\svc-relay"


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def connector(server: SimulatedExchange, **options: Any) -> DesiredConnectors:
    return parse_receive_connector({"name": "Relay a", **options}, server.name)


def permission(server: SimulatedExchange, *grants: Mapping[str, Any], **options: Any) -> DesiredConnectors:
    return parse_receive_connector_permission({"connector": "Relay a", "grants": grants, **options}, server.name)


def test_a_connector_by_itself_is_one_command(server: SimulatedExchange) -> None:
    options = {"bindings": "0.0.0.0:2526", "remote_ip_ranges": "10.0.0.1", "permission_groups": ["AnonymousUsers"]}
    plan = plan_for(server, connector(server, **options))
    assert len(plan.steps) == 1
    assert "-Enabled" not in plan.commands[0]
    assert "-TransportRole 'FrontendTransport'" in plan.commands[0]
    assert carry_out(plan, server)
    assert plan_for(server, connector(server, **options)).steps == ()
    added = plan_for(server, connector(server, remote_ip_ranges={"add": ["10.0.0.2"], "remove": ["10.9.9.9"]}))
    assert short(added, server) == ["Set-ReceiveConnector -RemoteIPRanges '10.0.0.1','10.0.0.2'"]
    gone = plan_for(server, connector(server, state="absent"))
    assert [line.split()[0] for line in gone.commands] == ["Remove-ReceiveConnector"]


@pytest.mark.parametrize("missing", ["bindings", "remote_ip_ranges"])
def test_a_new_connector_needs_bindings_and_ranges(server: SimulatedExchange, missing: str) -> None:
    options = {"bindings": "0.0.0.0:25", "remote_ip_ranges": "10.0.0.1"}
    del options[missing]
    with pytest.raises(InputError, match=f"a new one needs {missing}"):
        plan_for(server, connector(server, **options))


def test_a_list_cannot_become_empty(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    for empty in ([], {"remove": "10.0.0.1"}):
        with pytest.raises(InputError, match="remote_ip_ranges: the list would become empty"):
            plan_for(server, connector(server, remote_ip_ranges=empty))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"connection_timeout": "00:04:00"}, "connection_inactivity_timeout: 00:05:00 is not less than"),
        ({"auth_mechanism": ["BasicAuthRequireTLS"]}, "BasicAuthRequireTLS needs BasicAuth and Tls"),
        ({"auth_mechanism": ["ExternalAuthoritative", "Integrated"]}, "goes only with Tls; take out Integrated"),
        ({"auth_mechanism": ["ExternalAuthoritative"]}, "needs ExchangeServers in permission_groups"),
        ({"require_tls": True, "auth_mechanism": "None"}, "require_tls: true needs Tls"),
        ({"domain_secure_enabled": True, "auth_mechanism": "None"}, "domain_secure_enabled: true needs Tls"),
        ({"chunking_enabled": False}, "binary_mime_enabled: true needs chunking_enabled"),
        (
            {"auth_mechanism": ["Tls", "ExchangeServer"], "fqdn": "relay.contoso.com"},
            "fqdn: with ExchangeServer in auth_mechanism",
        ),
        ({"long_addresses_enabled": True}, "only for connectors of the Transport service"),
    ],
)
def test_what_exchange_would_refuse_is_refused_before(
    server: SimulatedExchange, options: dict[str, Any], told: str
) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    with pytest.raises(InputError) as caught:
        plan_for(server, connector(server, **options))
    assert told in str(caught.value)
    assert "'Relay a' on EX1" in str(caught.value)


def test_what_was_wrong_before_stays_its_owners_affair(server: SimulatedExchange) -> None:
    made = rolled_out(server, sources=["10.0.0.1"])
    made.properties["RequireTLS"] = True
    made.properties["AuthMechanism"] = "None"
    assert len(plan_for(server, connector(server, comment="x")).steps) == 1


def test_a_property_the_version_lacks_is_refused_and_a_profile_leaves_it_out(server: SimulatedExchange) -> None:
    desired = services({"a": {"sources": ["10.0.0.1"], "throttling": "high_volume"}}, server)
    state = read_state(server, desired)
    old = replace(state, facts=replace(facts_of(server), version="2007"))
    plan = plan_server(desired, old, Policy())
    assert "MaxAcknowledgementDelay" not in plan.commands[0]
    assert "TransportRole" not in plan.commands[0]
    asked = services({"a": {"sources": ["10.0.0.1"], "connector": {"auth_tarpit_interval": "00:00:01"}}}, server)
    with pytest.raises(InputError, match="Exchange 2007 does not have AuthTarpitInterval"):
        plan_server(asked, old, Policy())


def test_an_edge_server_has_no_domain_controller_and_no_role(server: SimulatedExchange) -> None:
    desired = services({"a": {"sources": ["10.0.0.1"]}}, server)
    edge = replace(facts_of(server), is_edge=True)
    plan = plan_server(desired, replace(read_state(server, desired), facts=edge), Policy())
    assert not any("DomainController" in line or "TransportRole" in line for line in plan.commands)


def test_grants_are_added_a_principal_at_a_time_and_removed_where_declared(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    rights = ["ms-exch-smtp-submit", "ms-Exch-Bypass-Anti-Spam"]
    desired = permission(
        server,
        {"principal": USER.lower(), "rights": rights},
        {"principal": "Anonymous", "rights": [RIGHT], "state": "absent"},
    )
    plan = plan_for(server, desired)
    assert short(plan, server) == [
        f"Add-ADPermission -User '{USER.lower()}' -ExtendedRights 'ms-Exch-SMTP-Submit','ms-Exch-Bypass-Anti-Spam'",
        f"Remove-ADPermission -User '{ANONYMOUS}' -ExtendedRights '{RIGHT}' -Confirm:$false",
    ]


@pytest.mark.parametrize(
    "word", ["svc-relay", "SVC-Relay", "lab\\svc-relay", "svc-relay@lab.example", "S-1-5-21-1-2-3-1601"]
)
def test_a_principal_is_known_by_the_name_the_server_shows(server: SimulatedExchange, word: str) -> None:
    rolled_out(server, sources=["10.0.0.1"]).rows.append(Row(USER, RIGHT))
    grant = {"principal": word, "rights": [RIGHT]}
    assert plan_for(server, permission(server, grant)).steps == ()
    assert short(plan_for(server, permission(server, {**grant, "state": "absent"})), server) == [
        f"Remove-ADPermission -User '{USER}' -ExtendedRights '{RIGHT}' -Confirm:$false"
    ]


@pytest.mark.parametrize("word", ["S-1-5-7", "ANONYMOUS LOGON", ANONYMOUS.lower()])
def test_anonymous_clients_have_one_name(server: SimulatedExchange, word: str) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    grant = {"principal": word, "rights": [RIGHT]}
    assert plan_for(server, permission(server, grant)).steps == ()
    assert len(plan_for(server, permission(server, {**grant, "state": "absent"})).steps) == 1


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("S-1-5-21-1-2-3-1104", "knows nobody with the SID 'S-1-5-21-1-2-3-1104' (it says: User or Group"),
        ("svc-rely@lab.example", "'svc-rely@lab.example' (it says: User or Group"),
        ("svc-relay", "may be LAB\\svc-relay or OLD\\svc-relay on connector 'Relay a'"),
    ],
)
def test_a_principal_that_cannot_be_compared_is_refused(server: SimulatedExchange, word: str, words: str) -> None:
    rolled_out(server, sources=["10.0.0.1"]).rows.extend([Row(USER, RIGHT), Row("OLD\\svc-relay", RIGHT)])
    with pytest.raises(InputError, match=re.escape(words)):
        plan_for(server, permission(server, {"principal": word, "rights": [RIGHT]}))


def test_an_account_that_is_gone_is_taken_out_by_the_sid_that_is_left(server: SimulatedExchange) -> None:
    sid = "S-1-5-21-1-2-3-1104"
    made = rolled_out(server, sources=["10.0.0.1"])
    gone = permission(server, {"principal": sid, "rights": [RIGHT], "state": "absent"})
    assert plan_for(server, gone).steps == ()
    made.rows.append(Row(sid, RIGHT))
    assert short(plan_for(server, gone), server) == [
        f"Remove-ADPermission -User '{sid}' -ExtendedRights '{RIGHT}' -Confirm:$false"
    ]


def test_exclusive_takes_what_hands_granted_and_nothing_else(server: SimulatedExchange) -> None:
    made = rolled_out(
        server, sources=["10.0.0.1"], connector={"permission_groups": ["AnonymousUsers", "ExchangeUsers"]}
    )
    made.rows += [Row(USER, RIGHT), Row(USER, RIGHT, deny=True), Row("LAB\\above", RIGHT, inherited=True)]
    grant = {"principal": "anonymous", "rights": [RIGHT]}
    plan = plan_for(server, permission(server, grant, exclusive=True))
    assert short(plan, server) == [
        f"Remove-ADPermission -User '{USER}' -ExtendedRights '{RIGHT}' -Confirm:$false",
        f"Remove-ADPermission -User '{USER}' -ExtendedRights '{RIGHT}' -Deny:$true -Confirm:$false",
    ]
    assert carry_out(plan, server)
    assert plan_for(server, permission(server, grant, exclusive=True)).steps == ()
    assert plan_for(server, permission(server, grant)).steps == ()


def test_throttling_by_itself_reads_no_access_list(server: SimulatedExchange) -> None:
    rolled_out(server, sources=["10.0.0.1"])
    desired = parse_receive_connector_throttling({"connector": "Relay a", "profile": "guarded"}, "EX1")
    assert access_needed(desired, replace(read_state(server, desired), access={})) == ()
    plan = plan_for(server, desired)
    assert len(plan.steps) == 1
    assert "MessageRateLimit" in plan.commands[0]


@pytest.mark.parametrize("aspect", ["permission", "throttling"])
def test_a_connector_to_change_has_to_be_there_except_in_check_mode(server: SimulatedExchange, aspect: str) -> None:
    if aspect == "permission":
        desired = permission(server, {"principal": "anonymous", "rights": [RIGHT]})
    else:
        desired = parse_receive_connector_throttling({"connector": "Relay a", "profile": "guarded"}, "EX1")
    with pytest.raises(InputError, match="There is no receive connector 'Relay a' on EX1; create it first"):
        plan_for(server, desired)
    plan = plan_for(server, desired, Policy(absent_is_created=True))
    assert len(plan.steps) == 1
    assert f"-Identity '{dn(server)}'" in plan.commands[0]
