# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Profiles on every kind of server of the lab: which of them was there before does not matter, and each can be taken
back. The lab refuses an inactivity timeout that is not less than the connection timeout after every single call."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._profiles import PROFILES
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import THROTTLING
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.apply import apply_plan
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import Exchange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ServerState
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector_throttling
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import plan_server
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan
from exchange_lab.backend import ExchangeBackend
from exchange_lab.config import parse
from exchange_lab.organization.model import Organization

from .generated_connectors import lab_content
from .lab_session import LabSession, NoJournal

CONNECTOR = "Limited"
TIMEOUTS = ("ConnectionTimeout", "ConnectionInactivityTimeout")
KINDS: dict[str, dict[str, Any]] = {
    **{version: {"version": version} for version in ("2007", "2010", "2013", "2016", "2019", "SE")},
    "2007 Hub Transport": {"version": "2007", "roles": ["hub_transport"]},
    "2010 Hub Transport": {"version": "2010", "roles": ["hub_transport"]},
    "2013 Client Access": {"version": "2013", "roles": ["client_access"]},
    "2013 Mailbox": {"version": "2013", "roles": ["mailbox"]},
    **{
        f"{version} Edge": {"version": version, "roles": ["edge"]} for version in ("2010", "2013", "2016", "2019", "SE")
    },
}


class Server:
    """One server of the lab with one new connector."""

    def __init__(self, kind: str) -> None:
        content = lab_content("EX1")
        content["servers"] = {"EX1": {"address": "127.0.1.1", "auth": ["ntlm"], **KINDS[kind]}}
        organization = Organization(parse(content))
        self.session = LabSession(ExchangeBackend(organization, NoJournal()), "EX1")
        self.exchange = Exchange(self.session)
        self.facts = self.exchange.read_server("EX1")
        role = organization.servers["ex1"].config.transport_roles[0]
        scope = {} if self.facts.is_edge or self.facts.version in ("2007", "2010") else {"TransportRole": role}
        errors = self.session.call(
            "New-ReceiveConnector",
            Name=CONNECTOR,
            Usage="Custom",
            Bindings=["0.0.0.0:2600"],
            RemoteIPRanges=["10.20.4.11"],
            **scope,
        )
        assert errors == []

    def limits(self) -> dict[str, Any]:
        """The throttle and size properties of the connector as they are."""
        connectors = self.exchange.read_connectors("EX1")
        [found] = [one for one in connectors if one.name == CONNECTOR]
        return {row.option: found.values[row.option] for row in THROTTLING if row.option in found.values}

    def take(self, profile: str, **overrides: Any) -> Plan:
        """Give the connector a profile, as module receive_connector_throttling does."""
        desired = parse_receive_connector_throttling({"connector": CONNECTOR, "profile": profile, **overrides}, "EX1")
        state = ServerState(self.facts, self.exchange.read_connectors("EX1"))
        plan = plan_server(desired, state, Policy())
        assert plan.refusal is None
        applied = apply_plan(plan, self.exchange)
        assert applied.error is None, applied.error
        return plan


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("first", "second"), list(product(PROFILES, repeat=2)))
def test_a_profile_is_the_same_whatever_was_there_before(kind: str, first: str, second: str) -> None:
    alone, after = Server(kind), Server(kind)
    alone.take(second)
    after.take(first)
    plan = after.take(second)
    assert after.limits() == alone.limits()
    assert len(plan.steps) == (first != second), "one call, and none where nothing differs"
    for step in plan.steps:
        sent = [step.command.has(name) for name in TIMEOUTS]
        assert sent in ([True, True], [False, False]), step.text
    assert after.take(second).steps == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_default_profile_gives_back_a_new_connector(kind: str, profile: str) -> None:
    server = Server(kind)
    new = server.limits()
    server.take(profile)
    server.take("exchange_default")
    assert server.limits() == new


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", PROFILES)
def test_an_override_wins_and_is_taken_back(kind: str, profile: str) -> None:
    server, plain = Server(kind), Server(kind)
    server.take(profile, max_inbound_connection_per_source="77", max_recipients_per_message=500)
    assert server.limits()["max_inbound_connection_per_source"] == 77
    # What no profile names is left alone, whoever set it.
    plain.take(profile, max_recipients_per_message=500)
    server.take(profile)
    assert server.limits() == plain.limits()


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_names_what_the_server_has(kind: str) -> None:
    server = Server(kind)
    for profile in PROFILES.values():
        values = profile.values_for(server.facts.version, server.facts.is_edge)
        assert values.keys() <= server.limits().keys()
        assert len(values) == (7 if server.facts.version == "2007" else 9)
