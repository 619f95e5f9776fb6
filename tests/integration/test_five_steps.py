# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each writing module in five steps: check mode, nothing changed, run, read back, run again unchanged."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from harness.lab import Lab
from harness.labs import LISTED
from harness.plays import PlayRun
from harness.promises import relays
from harness.shell import assert_shown_is_run

LAB = {"servers": ["EX1", "EX2"], "accounts": {"svc-scan": {"password": "Scan-Password-1", "role_groups": []}}}
ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
PREPARED = "Prepared"


def play(module: str, arguments: Mapping[str, Any], **keywords: Any) -> list[dict[str, Any]]:
    """A playbook of one task for all Exchange servers."""
    task = {"name": f"Try {module}", f"mailrelay.exchange.{module}": dict(arguments), **keywords}
    return [{"hosts": "exchange", "gather_facts": False, "tasks": [task]}]


def connector(run: PlayRun, host: str, name: str) -> Mapping[str, Any]:
    """One connector out of the result of receive_connector_info."""
    listed: list[Mapping[str, Any]] = run.one("receive_connector_info", host)["receive_connectors"]
    found = [one for one in listed if one["name"] == name]
    assert len(found) == 1, f"{host} has {len(found)} connectors named {name}"
    return found[0]


def anonymous_rights(found: Mapping[str, Any]) -> set[str]:
    """Rights that a connector explicitly allows to anonymous clients."""
    return {
        right
        for grant in found["permissions"]["grants"]
        if "ANONYMOUS" in grant["principal"].upper() and not grant.get("deny")
        for right in grant["rights"]
    }


def relays_anonymously(found: Mapping[str, Any]) -> None:
    assert found["options"]["permission_groups"] == ["AnonymousUsers"]
    assert found["options"]["remote_ip_ranges"] == [LISTED]
    assert found["options"]["enabled"] is True
    assert ANY_RECIPIENT in anonymous_rights(found)


def relays_externally_secured(found: Mapping[str, Any]) -> None:
    assert found["options"]["permission_groups"] == ["ExchangeServers"]
    assert "ExternalAuthoritative" in found["options"]["auth_mechanism"]
    assert ANY_RECIPIENT not in anonymous_rights(found)


def relays_after_logon(found: Mapping[str, Any]) -> None:
    assert found["options"]["permission_groups"] == ["ExchangeUsers"]
    assert set(found["options"]["auth_mechanism"]) == {"Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS"}
    assert anonymous_rights(found) == set()


def relays_for_an_account(found: Mapping[str, Any]) -> None:
    assert found["options"]["permission_groups"] == []
    assert found["permissions"]["grants"] == [
        {
            "principal": "LAB\\svc-scan",
            "deny": False,
            "rights": ["ms-Exch-Accept-Headers-Routing", ANY_RECIPIENT, "ms-Exch-SMTP-Submit"],
        }
    ]


def holds_its_properties(found: Mapping[str, Any]) -> None:
    assert found["options"]["remote_ip_ranges"] == ["127.0.0.41-127.0.0.44"]
    assert found["options"]["comment"] == "Scan to mail"
    assert str(found["options"]["protocol_logging_level"]).lower() == "verbose"


def is_granted(found: Mapping[str, Any]) -> None:
    assert ANY_RECIPIENT in anonymous_rights(found)


def is_granted_to_each(found: Mapping[str, Any]) -> None:
    assert [(grant["principal"], grant["deny"], grant["rights"]) for grant in found["permissions"]["grants"]] == [
        ("anonymous", False, [ANY_RECIPIENT]),
        ("authenticated_users", True, [ANY_RECIPIENT]),
        ("LAB\\administrator", False, ["ms-Exch-SMTP-Accept-Exch50"]),
    ]


def is_guarded(found: Mapping[str, Any]) -> None:
    assert found["options"]["max_inbound_connection_per_source"] == 100
    assert found["options"]["message_rate_limit"] == 600


@dataclasses.dataclass(frozen=True)
class Case:
    """One module, what it is told, which connector it makes, and what must be true of it afterwards."""

    name: str
    module: str
    arguments: Mapping[str, Any]
    connector: str
    holds: Callable[[Mapping[str, Any]], None]
    relays: bool = False


def service(method: str, **more: Any) -> dict[str, Any]:
    return {"services": {"external": {"method": method, "sources": [LISTED], **more}}}


CASES = (
    Case("relay anonymous", "relay", service("anonymous"), "Relay external", relays_anonymously, relays=True),
    Case(
        "relay externally secured",
        "relay",
        service("externally_secured", accept_findings={"externally_secured_bypass": "they are ours"}),
        "Relay external",
        relays_externally_secured,
        relays=True,
    ),
    Case("relay authenticated", "relay", service("authenticated"), "Relay external", relays_after_logon),
    Case(
        "relay for an account",
        "relay",
        service("authenticated", accounts=["svc-scan@lab.example"]),
        "Relay external",
        relays_for_an_account,
    ),
    Case(
        "connector",
        "receive_connector",
        {
            "name": "Scanners",
            "bindings": ["0.0.0.0:25"],
            "remote_ip_ranges": ["127.0.0.41-127.0.0.44"],
            "permission_groups": ["AnonymousUsers"],
            "comment": "Scan to mail",
            "protocol_logging_level": "verbose",
        },
        "Scanners",
        holds_its_properties,
    ),
    Case(
        "permission",
        "receive_connector_permission",
        {"connector": PREPARED, "grants": [{"principal": "anonymous", "rights": [ANY_RECIPIENT]}]},
        PREPARED,
        is_granted,
        relays=True,
    ),
    Case(
        "permission by words, exclusive",
        "receive_connector_permission",
        {
            "connector": PREPARED,
            "grants": [
                {"principal": "S-1-5-7", "rights": [ANY_RECIPIENT.upper()]},
                {"principal": "authenticated_users", "rights": [ANY_RECIPIENT], "deny": True},
                {"principal": "administrator@lab.example", "rights": ["ms-Exch-Accept-Exch50"]},
            ],
            "exclusive": True,
        },
        PREPARED,
        is_granted_to_each,
        relays=True,
    ),
    Case(
        "throttling",
        "receive_connector_throttling",
        {"connector": PREPARED, "profile": "guarded"},
        PREPARED,
        is_guarded,
    ),
)
ON_A_CONNECTOR = {
    "name": PREPARED,
    "bindings": ["0.0.0.0:25"],
    "remote_ip_ranges": [LISTED],
    "permission_groups": ["AnonymousUsers"],
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_five_steps(case: Case, start_lab: Any, runner_for: Any) -> None:
    lab: Lab = start_lab(**LAB)
    runner = runner_for(lab)
    if case.connector == PREPARED:
        runner.run(play("receive_connector", ON_A_CONNECTOR)).succeed()
    playbook = play(case.module, case.arguments)
    info = play("receive_connector_info", {"name": case.connector})
    hosts = {server.fqdn: name for name, server in lab.servers.items()}
    mark = lab.journal.mark()

    # 1 and 2: check mode says what would change, and changes nothing.
    checked = runner.run(playbook, "--check", "--diff").succeed()
    assert lab.journal.writes(mark) == []
    for host in hosts:
        assert checked.one(case.module, host)["changed"] is True
    assert relays(lab, LISTED) == set()

    # 3: the run does it, and does exactly that.
    ran = runner.run(playbook).succeed()
    for host, name in hosts.items():
        result = ran.one(case.module, host)
        assert result["changed"] is True
        assert result["changes"]
        assert result["commands"] == checked.one(case.module, host)["commands"]
        assert_shown_is_run(result["commands"], [one for one in lab.journal.writes(mark) if one.server == name])

    # 4: reading back and SMTP agree.
    read = runner.run(info).succeed()
    for host in hosts:
        case.holds(connector(read, host, case.connector))
    assert relays(lab, LISTED) == (set(lab.servers) if case.relays else set())

    # 5: the second run finds nothing to do.
    mark = lab.journal.mark()
    again = runner.run(playbook).succeed()
    assert again.changed == 0, again.output
    assert lab.journal.writes(mark) == []
    for host in hosts:
        assert again.one(case.module, host)["commands"] == []


def test_a_service_without_a_connector_takes_the_one_away_that_it_had(start_lab: Any, runner_for: Any) -> None:
    lab: Lab = start_lab(**LAB)
    runner = runner_for(lab)
    runner.run(play("relay", service("anonymous"))).succeed()
    assert relays(lab, LISTED) == set(lab.servers)
    playbook = play("relay", service("internal"))
    mark = lab.journal.mark()

    checked = runner.run(playbook, "--check", "--diff").succeed()
    assert lab.journal.writes(mark) == []
    ran = runner.run(playbook).succeed()
    assert relays(lab, LISTED) == set()
    for server in lab.servers.values():
        result = ran.one("relay", server.fqdn)
        assert result["commands"] == checked.one("relay", server.fqdn)["commands"]
        assert [line.split()[0] for line in result["commands"]] == ["Remove-ReceiveConnector"]
        [report] = result["services"]
        assert report["answered_by"] == [f"Default Frontend {server.name}"]

    mark = lab.journal.mark()
    again = runner.run(playbook).succeed()
    assert (again.changed, lab.journal.writes(mark)) == (0, [])
    assert "which needs no connector" in again.one("relay", server.fqdn)["summary"][0]


def test_five_steps_of_dns_alias(lab: Lab, runner_for: Any) -> None:
    dns = lab.facts["dns"]
    runner = runner_for(lab, hostile=True)
    playbook = play(
        "dns_alias",
        {
            "name": "smtp.lab.example",
            "type": "cname",
            "targets": ["ex1.lab.example"],
            "server": dns["host"],
            "port": dns["port"],
            "key_name": dns["key"]["name"],
            "key_secret": dns["key"]["secret"],
            "key_algorithm": dns["key"]["algorithm"],
        },
        delegate_to="localhost",
        run_once=True,
        vars={
            "ansible_connection": "local",
            "ansible_shell_type": "sh",
            "ansible_become": False,
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        },
    )
    checked = runner.run(playbook, "--check", "--diff").succeed()
    assert checked.changed == 1
    assert lab.resolve("smtp.lab.example") == ""
    assert runner.run(playbook).succeed().changed == 1
    assert lab.resolve("smtp.lab.example") == lab.servers["EX1"].host
    assert runner.run(playbook).succeed().changed == 0
