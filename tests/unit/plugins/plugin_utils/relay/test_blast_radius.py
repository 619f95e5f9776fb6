# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much one run may take away from a service, and let in."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy, parse_safety
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan

from .rollouts import carry_out, plan_for, services
from .simulated_exchange import SimulatedExchange

WHY = "the project was closed, CHG1"


def hosts(first: int, count: int) -> list[str]:
    """Addresses that have nothing to do with each other."""
    return [f"10.{n // 100}.{n % 100}.7" for n in range(first, first + count)]


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange()


def planned(server: SimulatedExchange, safety: dict[str, Any] | None = None, **service: Any) -> Plan:
    return plan_for(server, services({"a": service}, server), Policy(safety=parse_safety(safety)))


def roll_out(server: SimulatedExchange, **service: Any) -> None:
    plan = planned(server, **service)
    assert plan.refusal is None
    assert carry_out(plan, server)


def refused(plan: Plan) -> set[str]:
    return {finding.id for finding in plan.refusal.findings} if plan.refusal is not None else set()


@pytest.mark.parametrize(
    ("sources", "lost", "wrong"),
    [
        (3, 1, False),
        (3, 2, True),
        (99, 1, False),
        (99, 2, True),
        (100, 2, False),
        (100, 3, True),
        (300, 5, False),
        (300, 6, True),
        (900, 5, False),
        (900, 6, True),
    ],
)
def test_five_sources_or_two_percent_may_go_whichever_is_less_and_one_always(
    server: SimulatedExchange, sources: int, lost: int, wrong: bool
) -> None:
    roll_out(server, sources=hosts(0, sources))
    plan = planned(server, sources=hosts(lost, sources - lost))
    assert refused(plan) == ({"too_many_removed"} if wrong else set())
    if wrong:
        [finding] = [entry for entry in plan.findings if entry.id == "too_many_removed"]
        assert f"service 'a' loses {lost} of its {sources} sources, and {lost - 1} may go in one run" in finding.message
        assert finding.addresses[0] == "10.0.0.7"
        assert len(finding.addresses) == lost


def test_limits_are_what_was_declared(server: SimulatedExchange) -> None:
    roll_out(server, sources=hosts(0, 100))
    less = {"sources": hosts(10, 90)}
    assert refused(planned(server, {"max_removed": {"count": 10}}, **less)) == {"too_many_removed"}
    assert refused(planned(server, {"max_removed": {"percent": 10}}, **less)) == {"too_many_removed"}
    assert refused(planned(server, {"max_removed": {"count": 10, "percent": 10}}, **less)) == set()
    assert refused(planned(server, {"max_removed": {"count": 10, "percent": 9.9}}, **less)) == {"too_many_removed"}


def test_the_one_override_is_a_reason(server: SimulatedExchange) -> None:
    roll_out(server, sources=hosts(0, 20))
    plan = planned(server, sources=hosts(10, 10), accept_findings={"too_many_removed": WHY})
    assert refused(plan) == set()
    assert [finding.accepted for finding in plan.findings if finding.id == "too_many_removed"] == [WHY]
    assert carry_out(plan, server)
    again = planned(server, sources=hosts(10, 10), accept_findings={"too_many_removed": WHY})
    assert (again.commands, again.findings) == ([], [])


@pytest.mark.parametrize("sources", [1, 20])
def test_a_service_that_is_removed_counts_whatever_it_has(server: SimulatedExchange, sources: int) -> None:
    roll_out(server, sources=hosts(0, sources))
    plan = planned(server, state="absent")
    assert refused(plan) == {"too_many_removed"}
    assert f"service 'a' is removed with its {sources} source" in plan.findings[0].message
    assert refused(planned(server, state="absent", accept_findings={"too_many_removed": WHY})) == set()


def test_removing_what_is_not_there_or_switched_off_takes_nothing_away(server: SimulatedExchange) -> None:
    assert planned(server, state="absent").findings == []
    roll_out(server, sources=hosts(0, 3), connector={"enabled": False})
    assert refused(planned(server, state="absent")) == set()


def test_switching_a_service_off_takes_all_its_sources_away(server: SimulatedExchange) -> None:
    roll_out(server, sources=hosts(0, 3))
    assert refused(planned(server, sources=hosts(0, 3), connector={"enabled": False})) == {"too_many_removed"}


def test_an_empty_list_is_a_finding_of_its_own(server: SimulatedExchange) -> None:
    roll_out(server, sources=hosts(0, 20))
    plan = planned(server, sources=[], accept_findings={"empty_sources": WHY})
    assert {finding.id for finding in plan.findings} == {"empty_sources"}
    assert refused(plan) == set()


def test_sources_are_counted_by_what_they_cover(server: SimulatedExchange) -> None:
    roll_out(server, sources=[f"10.0.0.{n}" for n in range(1, 9)])
    assert refused(planned(server, sources=["10.0.0.1-10.0.0.8"])) == set(), "written another way"
    assert refused(planned(server, sources=["10.0.0.0/28"])) == set(), "made wider"
    narrower = planned(server, sources=["10.0.0.1-10.0.0.5"])
    assert "loses 3 of its 8 sources" in narrower.findings[0].message
    roll_out(server, sources=["10.0.0.1-10.0.0.8"])
    assert refused(planned(server, sources=["10.0.0.1-10.0.0.7"])) == set(), "one entry lost one address"


@pytest.mark.parametrize(
    ("added", "wrong"),
    [
        (["10.9.0.0/24"], False),
        (["10.9.0.0/24", "10.9.1.1"], True),
        (["10.9.0.0/16"], True),
        (["10.0.0.0/23"], True),
        (["fd00::/120"], False),
        (["fd00::/119"], True),
    ],
)
def test_a_service_gains_at_most_256_addresses_in_a_run(
    server: SimulatedExchange, added: list[str], wrong: bool
) -> None:
    roll_out(server, sources=["10.0.0.7"])
    plan = planned(server, sources=["10.0.0.7", *added])
    assert refused(plan) == ({"too_many_added"} if wrong else set())
    if wrong:
        assert "and 256 may come in one run" in plan.findings[0].message
    assert refused(planned(server, {"max_added_addresses": 70000}, sources=["10.0.0.7", *added])) == set()
    assert refused(planned(server, {"max_added_addresses": 0}, sources=["10.0.0.7", "10.0.0.8"])) == {"too_many_added"}


def test_addresses_that_were_there_before_are_not_gained(server: SimulatedExchange) -> None:
    roll_out(server, sources=["10.1.0.0/16"])
    assert refused(planned(server, sources=["10.1.0.0/17", "10.1.128.0/17"])) == set()


def test_a_service_that_did_not_exist_gains_nothing(server: SimulatedExchange) -> None:
    assert refused(planned(server, sources=["10.1.0.0/16", "10.2.0.0/16"])) == set()


def test_the_second_attempt_at_a_service_gains_nothing_either(server: SimulatedExchange) -> None:
    """A connector that stands there switched off was made by a run that did not come to its end."""
    plan = planned(server, sources=["10.1.0.0/16"])
    assert not carry_out(plan, server, commands=2)
    roll_out(server, sources=["10.1.0.0/16"])


def test_without_steps_nothing_is_lost(server: SimulatedExchange) -> None:
    roll_out(server, sources=hosts(0, 20))
    assert planned(server, sources=hosts(0, 20)).findings == []


def test_each_service_is_counted_for_itself(server: SimulatedExchange) -> None:
    def declared(a: list[str], b: list[str]) -> Plan:
        found = services({"a": {"sources": a}, "b": {"sources": b}}, server)
        return plan_for(server, found, Policy())

    assert carry_out(declared(hosts(0, 20), hosts(100, 20)), server)
    one_each = declared(hosts(1, 19), hosts(101, 19))
    assert refused(one_each) == set()
    moved = declared(hosts(2, 18), hosts(100, 20) + hosts(0, 2))
    assert "too_many_removed" in refused(moved), "what another service gets is lost to this one"


def test_a_service_is_counted_over_all_its_connectors(server: SimulatedExchange) -> None:
    roll_out(server, sources=hosts(0, 60), split={"connectors": 3})
    meant = {"service_gap": "at night"}
    plan = planned(server, sources=hosts(0, 60), split={"connectors": 2}, accept_findings=meant)
    assert {finding.id for finding in plan.findings} == {"service_gap"}, "sources only move between its connectors"
    more = planned(server, sources=hosts(0, 60), split={"connectors": 4}, accept_findings=meant)
    assert {finding.id for finding in more.findings} == {"service_gap"}
    less = planned(server, sources=hosts(3, 57), split={"connectors": 2}, accept_findings=meant)
    assert refused(less) == {"too_many_removed"}
    assert "loses 3 of its 60 sources, and 1 may go" in str(less.refusal)
    gone = planned(server, state="absent", split={"connectors": 3})
    assert "is removed with its 60 sources" in str(gone.refusal)


@pytest.mark.parametrize(("expired", "wrong"), [("report", False), ("remove", True)])
def test_sources_that_go_because_they_expired_count(server: SimulatedExchange, expired: str, wrong: bool) -> None:
    groups = {
        "old": {"addresses": [{"address": address, "expires": "2026-10-01"} for address in hosts(0, 3)]},
        "new": {"addresses": hosts(3, 10)},
    }
    safety = {"expired": expired}

    def planned_on(day: date) -> Plan:
        declared = {"a": {"sources": ["old", "new"]}}
        return plan_for(
            server,
            parse_services(declared, groups, None, safety, server.name, day),
            Policy(safety=parse_safety(safety)),
        )

    assert carry_out(planned_on(date(2026, 9, 1)), server)
    plan = planned_on(date(2026, 11, 21))
    assert refused(plan) == ({"too_many_removed"} if wrong else set())
    assert bool(plan.commands) is wrong


def connector(server: SimulatedExchange, safety: dict[str, Any] | None, **options: Any) -> Plan:
    desired = parse_receive_connector({"name": "Relay a", **options}, server.name)
    return plan_for(server, desired, Policy(safety=parse_safety(safety)))


def test_a_connector_alone_has_these_limits_only_where_they_are_named(server: SimulatedExchange) -> None:
    roll_out(server, sources=hosts(0, 20))
    less, more = {"remote_ip_ranges": hosts(5, 15)}, {"remote_ip_ranges": [*hosts(0, 20), "10.9.0.0/16"]}
    removed: dict[str, Any] = {"max_removed": {"count": 4, "percent": 100}}
    added: dict[str, Any] = {"max_added_addresses": 256}
    for safety in (None, {"max_addresses": 70000}, added):
        assert refused(connector(server, safety, **less)) == set()
        assert refused(connector(server, safety, state="absent")) == set()
    for safety in (None, {"max_addresses": 70000}, removed):
        assert refused(connector(server, safety, **more)) == set()
    assert refused(connector(server, removed, **less)) == {"too_many_removed"}
    assert refused(connector(server, removed, state="absent")) == {"too_many_removed"}
    assert refused(connector(server, added, **more)) == {"too_many_added"}
    assert refused(connector(server, removed, comment="x")) == set()
