# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every version from 2007 to Subscription Edition, split roles and Edge: what each can hold, and what it lacks."""

from __future__ import annotations

import json
from typing import Any

from harness.five_steps import INFO, five_steps, play
from harness.lab import Lab
from harness.labs import LISTED, dns_alias_variables, proof_variables
from harness.organisation import SERVERS, SET_ONLY, VALUES, documented_options, everything, host_variables, lacking
from harness.promises import relays

LAB = {"servers": SERVERS, "clients": [LISTED]}
CONNECTOR = "mailrelay.exchange.receive_connector"
FULL = "Everything"
PLAIN = {"name": "Plain", "bindings": ["0.0.0.0:2727"], "remote_ip_ranges": ["10.50.0.1"]}


def parameter(option: str) -> str:
    """The cmdlets' parameter of an option, as lower case."""
    return option.replace("_", "")


def test_the_values_of_these_tests_are_all_that_is_documented() -> None:
    assert set(VALUES) == documented_options()


def test_every_property_is_set_in_one_task_on_every_version(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    runner.run(play([{"name": "Make a connector to compare with", CONNECTOR: PLAIN}])).succeed()
    mark = lab.journal.mark()
    steps = five_steps(
        lab, runner, "receive_connector", "{{ {'name': 'Everything', 'usage': 'Custom'} | combine(everything) }}"
    )
    for name, server in lab.servers.items():
        wanted = everything(server)
        writes = [line for line in lab.journal.writes(mark) if line.server == name]
        created = next(line for line in writes if line.cmdlet == "New-ReceiveConnector")
        changed = [line for line in writes if line.cmdlet == "Set-ReceiveConnector"]
        sent = {one.lower() for line in (created, *changed) for one in line.parameters}
        assert {parameter(option) for option in wanted} <= sent, name
        assert not {parameter(option) for option in lacking(server)} & sent, name
        # What New does not take comes in a Set of the same plan, after it.
        in_the_second_call = {one.lower() for line in changed for one in line.parameters}
        assert {parameter(option) for option in SET_ONLY if option in wanted} <= in_the_second_call, name
        held, plain = steps[name].options(FULL), steps[name].options("Plain")
        same = {option for option in wanted if held[option] == plain.get(option)}
        assert same <= {"transport_role", "long_addresses_enabled", "enabled"}, f"{name} still has its defaults"
        assert not set(lacking(server)) & set(held), f"{name} is said to have what it has not"


def test_what_a_version_lacks_is_refused_with_the_version_named(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    runner.run(play([{"name": "Make a connector", CONNECTOR: PLAIN}])).succeed()
    task = {
        "name": "Ask for what is not there",
        CONNECTOR: {},
        "args": "{{ {'name': 'Plain'} | combine(item) }}",
        "loop": "{{ lacking }}",
        "ignore_errors": True,
    }
    mark = lab.journal.mark()
    run = runner.run(play([task])).no_traceback()
    assert lab.journal.writes(mark) == []
    for server in lab.servers.values():
        missing = lacking(server)
        [found] = [one for one in run.results if one.host == server.fqdn]
        if not missing:
            assert found.status == "skipped"
            continue
        for option, said in zip(missing, found.result["results"], strict=True):
            sentence = said["msg"]
            assert option in sentence, f"{server.name}: {sentence}"
            assert f"Exchange {server.version}" in sentence or server.edge, f"{server.name}: {sentence}"
            assert not server.edge or "Edge" in sentence or server.version in sentence, sentence


def test_what_a_version_lacks_is_left_out_of_a_profile(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    runner.run(play([{"name": "Make a connector", CONNECTOR: PLAIN}])).succeed()
    mark = lab.journal.mark()
    five_steps(lab, runner, "receive_connector_throttling", {"connector": "Plain", "profile": "high_volume"})
    for name, server in lab.servers.items():
        sent = {one.lower() for line in lab.journal.writes(mark) if line.server == name for one in line.parameters}
        assert not sent & {parameter(option) for option in lacking(server)}, name


# Usage: what must be declared for it, and the groups that a server of the organisation gives it.
USAGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "Custom": ({"bindings": ["0.0.0.0:2801"], "remote_ip_ranges": ["10.61.0.1"]}, set()),
    "Partner": ({"bindings": ["0.0.0.0:2802"], "remote_ip_ranges": ["10.61.0.2"]}, {"Partners"}),
    "Internet": ({"bindings": ["0.0.0.0:2803"]}, {"AnonymousUsers"}),
    "Client": ({"bindings": ["0.0.0.0:2804"], "remote_ip_ranges": ["10.61.0.4"]}, {"ExchangeUsers"}),
    "Internal": (
        {"bindings": ["0.0.0.0:2805"], "remote_ip_ranges": ["10.61.0.5"]},
        {"ExchangeServers", "ExchangeLegacyServers"},
    ),
}


def test_every_usage_is_created_and_left_alone(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    servers = ("EX07", "EX13", "EXSE", "EDGE19")
    declared = [{"name": f"For {usage}", "usage": usage, **options} for usage, (options, _groups) in USAGES.items()]
    create = {"name": "Create", CONNECTOR: "{{ item }}", "loop": declared, "ignore_errors": True}
    tasks: list[dict[str, Any]] = [
        create,
        {"name": "Read", INFO: {"include_default": False}},
        {**create, "name": "Create again"},
    ]
    mark = lab.journal.mark()
    run = runner.run(play(tasks, ":".join(lab.servers[name].fqdn for name in servers))).no_traceback()
    for name in servers:
        host = lab.servers[name].fqdn
        first, again = (one.result["results"] for one in run.of("receive_connector", host))
        listed = {one["name"]: one for one in run.one("receive_connector_info", host)["receive_connectors"]}
        for (usage, (options, groups)), made, left in zip(USAGES.items(), first, again, strict=True):
            if (name, usage) == ("EDGE19", "Client"):
                assert "Edge" in made["msg"] and f"For {usage}" not in listed
                continue
            assert (made["changed"], left["changed"]) == (True, False), f"{name} {usage}: {made.get('msg', left)}"
            expected = groups - ({"ExchangeLegacyServers"} if name == "EDGE19" else set())
            held = listed[f"For {usage}"]["options"]
            assert set(held["permission_groups"]) == expected, f"{name} {usage}"
            assert held["bindings"] == options["bindings"], f"{name} {usage}"
        created = [
            line.parameters["Usage"]
            for line in lab.journal.writes(mark)
            if (line.server, "Usage" in line.parameters) == (name, True)
        ]
        assert created == [usage for usage in USAGES if (name, usage) != ("EDGE19", "Client")]


def test_what_is_shown_of_every_connector_changes_nothing_when_given_back(lab: Lab, runner_for: Any) -> None:
    tasks = [
        {"name": "List", INFO: {}, "register": "listed"},
        {
            "name": "Give the properties back",
            CONNECTOR: {},
            "args": "{{ item.options }}",
            "loop": "{{ listed.receive_connectors }}",
            "loop_control": {"label": "{{ item.name }}"},
        },
        {
            "name": "Give the permissions back",
            "mailrelay.exchange.receive_connector_permission": {},
            "args": "{{ item.permissions }}",
            "loop": "{{ listed.receive_connectors | selectattr('permissions.grants') }}",
            "loop_control": {"label": "{{ item.name }}"},
        },
    ]
    mark = lab.journal.mark()
    run = runner_for(lab, hosts=host_variables(lab.servers)).run(play(tasks)).succeed()
    assert (run.changed, lab.journal.writes(mark)) == (0, [])
    for server in lab.servers.values():
        listed = run.one("receive_connector_info", server.fqdn)["receive_connectors"]
        assert len([one for one in listed if server.name in one["name"]]) >= 1, "no default connector was looked at"
        json.dumps(listed)


def test_a_relay_is_rolled_out_in_a_mixed_organisation(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, hosts=host_variables(lab.servers))
    service = {"services": {"external": {"sources": [LISTED], "throttling": "guarded"}}}
    # Port 25 of a Mailbox server without a front end belongs to other mail servers: devices are none.
    with_clients = [name for name in lab.servers if name != "MBX13"]
    steps = five_steps(lab, runner, "relay", service, servers=with_clients)
    for name in with_clients:
        held = steps[name].options("Relay external")
        assert held["remote_ip_ranges"] == [LISTED] and held["enabled"] is True
        front = "transport_role" in everything(lab.servers[name])
        assert held.get("transport_role") == ("FrontendTransport" if front else None)
    assert relays(lab, LISTED) == set(with_clients)

    # The playbooks find the same true on every server, keep the name, and prove it over SMTP in every version's words.
    variables = {
        "relay_services": service["services"],
        **dns_alias_variables(lab, leads_to="EX19"),
        **proof_variables(lab, leads_to="EX19"),
    }
    mark = lab.journal.mark()
    rollout = runner_for(lab, variables=variables, hosts=host_variables(lab.servers))
    hosts = ["--extra-vars", "relay_hosts=exchange:!mbx13.lab.example"]
    assert rollout.run("mailrelay.exchange.rollout", *hosts).succeed().changed == 1
    assert lab.journal.writes(mark) == []
    assert lab.resolve("smtp.lab.example") == lab.servers["EX19"].host

    mark = lab.journal.mark()
    refused = runner.run(play([{"name": "Apply", "mailrelay.exchange.relay": service}], "mbx13.lab.example")).fail()
    assert "hub_transport_on_port_25" in refused.failures[0].result["msg"]
    assert lab.journal.writes(mark) == []
