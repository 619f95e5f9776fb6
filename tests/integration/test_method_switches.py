# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every method to every other one over the wire, with the connection lost after each single command.

Two servers make the tour together. One loses its connection after every command and goes on from there; the other is
not disturbed, and shows that what runs is what check mode showed. Half-way they change places, and one is German. What
writing PermissionGroups does to rights made by hand takes turns, and the last part is made by servers of 2010.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from harness.lab import Lab
from harness.labs import INSIDE, OUTSIDE
from harness.plays import PlayRun, Runner
from harness.proxy import StumblingProxy
from harness.shell import assert_shown_is_run
from harness.smtp import Question, ask_all
from harness.switches import ACCOUNTS, KINDS, WATCH, Kind, Stop, switches, tour

# Parts of the tour: a part is one run of ansible-playbook, and real clients ask at the end of each.
LENGTH = 6
PARTS = range(0, len(tour()) - 1, LENGTH)
OUTCOMES = ("keeps_manual", "removes_dropped", "removes_manual")
# More attempts than any switch has commands.
ATTEMPTS = 20
RELAY = "mailrelay.exchange.relay"
THROUGH = {"ansible_host": "{{ proxy_host }}", "ansible_exchange_port": "{{ proxy_port }}"}


def setting(first: int) -> tuple[str, str]:
    """Version and outcome of a part."""
    return "2010" if first == PARTS[-1] else "2019", OUTCOMES[PARTS.index(first) % len(OUTCOMES)]


@pytest.fixture
def lab(first: int, start_lab: Any) -> Lab:
    """The lab of one part, which starts with the state that setup leaves."""
    version, outcome = setting(first)
    servers = {"EX1": {"version": version}, "EX2": {"version": version, "culture": "de"}}
    switches = {"permission_groups_replacement": outcome}
    started: Lab = start_lab(servers=servers, watch=WATCH, accounts=ACCOUNTS, switches=switches)
    return started


def tasks(number: int, stop: Stop) -> list[dict[str, Any]]:
    """Shown, and run through the proxy until nothing is left to do."""
    again = {"until": "done is not failed", "retries": ATTEMPTS, "delay": 0, "register": "done"}
    return [
        {"name": f"Show {number}", **declared(stop), "check_mode": True},
        {"name": f"Switch {number}", **declared(stop), "vars": THROUGH, **again},
    ]


def declared(stop: Stop) -> dict[str, Any]:
    return {RELAY: {"services": stop.services}}


def result(run: PlayRun, name: str, host: str) -> Mapping[str, Any]:
    """The last result of a task on a host; earlier ones are attempts."""
    return [one.result for one in run.results if (one.name, one.host) == (name, host)][-1]


@contextlib.contextmanager
def proxies(lab: Lab, stumbling: str) -> Iterator[dict[str, StumblingProxy]]:
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(
                StumblingProxy((server.host, server.port), lab.journal.path, name, name == stumbling)
            )
            for name, server in lab.servers.items()
        }


def runner_through(lab: Lab, runner_for: Any, found: Mapping[str, StumblingProxy]) -> Runner:
    hosts = {name: {"proxy_host": proxy.host, "proxy_port": proxy.port} for name, proxy in found.items()}
    runner: Runner = runner_for(lab, hosts=hosts, auth="ntlm")
    return runner


@pytest.mark.parametrize("first", PARTS)
def test_every_switch_is_finished_from_wherever_the_connection_was_lost(first: int, lab: Lab, runner_for: Any) -> None:
    whole = tour(users=setting(first)[0] == "2010")
    start, stops = whole[first], whole[first + 1 : first + 1 + LENGTH]
    stumbling, steady = ("EX1", "EX2") if first < len(whole) // 2 else ("EX2", "EX1")
    steps = [
        declared(start),
        *(task for number, stop in enumerate(stops) for task in tasks(number, stop)),
        {"name": "Again", **declared(stops[-1])},
    ]
    mark = lab.journal.mark()
    with proxies(lab, stumbling) as found:
        runner = runner_through(lab, runner_for, found)
        run = runner.run([{"hosts": "exchange", "gather_facts": False, "tasks": steps}]).succeed()
        lost = found[stumbling].lost
    hosts = {name: server.fqdn for name, server in lab.servers.items()}
    for name, host in hosts.items():
        done = switches(lab.journal, name, mark, len(stops))
        assert len(done) == len(stops), "a switch without a command is none"
        for number, (stop, switch) in enumerate(zip(stops, done, strict=True)):
            broken = list(switch.broken(stop))
            assert not broken, f"to {stop.name} on {name}:\n" + "\n".join(broken)
            assert switch.answers[-1] == expected(stop), f"{stop.name} on {name}"
            shown = result(run, f"Show {number}", host)["commands"]
            if name == steady:
                assert result(run, f"Switch {number}", host)["commands"] == shown
                assert_shown_is_run(shown, switch.writes)
            else:
                # One attempt a command, each of which was cut off, and one that finds nothing to do.
                assert result(run, f"Switch {number}", host)["attempts"] == len(switch.writes) + 1
                assert_shown_is_run(shown[:1], switch.writes[:1])
        again = result(run, "Again", host)
        assert (again["changed"], again["commands"]) == (False, [])
        if name == stumbling:
            assert lost == sum(len(switch.writes) for switch in done), "every command was followed by a cut"
    assert_same_in_every_language(run, hosts, len(stops))
    assert_heard(lab, stops[-1])


def expected(stop: Stop) -> dict[tuple[Kind, str], bool]:
    return {(kind, recipient): stop.lets(kind, recipient) for kind in KINDS for recipient in (OUTSIDE, INSIDE)}


def assert_same_in_every_language(run: PlayRun, hosts: Mapping[str, str], stops: int) -> None:
    """Check mode shows the same on a German server, but for names and for the order in which a list shows entries."""
    for number in range(stops):
        english, german = (
            sorted(in_english(line, name) for line in result(run, f"Show {number}", host)["commands"])
            for name, host in hosts.items()
        )
        assert english == german


def in_english(line: str, server: str) -> str:
    return (
        line.replace(server, "SERVER")
        .replace("NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG", "NT AUTHORITY\\ANONYMOUS LOGON")
        .replace("NT-AUTORITÄT\\Authentifizierte Benutzer", "NT AUTHORITY\\Authenticated Users")
    )


def assert_heard(lab: Lab, stop: Stop) -> None:
    """Real clients hear what the journal says: those who never log on, and those who always do."""
    asked = [
        (name, kind, recipient)
        for name in lab.servers
        for kind in KINDS
        for recipient in (OUTSIDE, INSIDE)
        if kind.logon != "either"
    ]
    questions = [
        Question(
            lab.servers[name].smtp_host,
            lab.servers[name].smtp_port,
            kind.client,
            kind.sender,
            recipient,
            None if kind.user is None else (kind.user, ACCOUNTS[kind.user]["password"]),
        )
        for name, kind, recipient in asked
    ]
    for (name, kind, recipient), dialogue in zip(asked, ask_all(questions), strict=True):
        assert dialogue.accepted == stop.lets(kind, recipient), f"{kind} to {recipient} on {name}: {dialogue.lines}"
