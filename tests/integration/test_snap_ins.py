# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Edge Transport and Exchange 2007, servers without an Exchange endpoint: a relay in five steps, and mistakes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from harness.lab import Lab
from harness.labs import LISTED, OUTSIDE
from harness.plays import PlayRun
from harness.promises import Promises
from harness.shell import assert_shown_is_run
from harness.smtp import Question, ask_all

ADMIN_2007 = "Microsoft.Exchange.Management.PowerShell.Admin"
E2010 = "Microsoft.Exchange.Management.PowerShell.E2010"
SNAP_IN = "Microsoft.Exchange.Management.PowerShell.SnapIn"
# Made-up passwords of a lab that listens on loopback only.
ACCOUNTS = {name: {"password": f"Lab-{name}-1"} for name in ("svc-app", "svc-scan")}
LAB = {
    "accounts": ACCOUNTS,
    "servers": {
        "EDGE01": {"version": "2019", "roles": ["edge"], "auth": ["ntlm"]},
        "OLD1": {"version": "2007", "auth": ["kerberos"]},
    },
}
ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
LIMIT = {"max_inbound_connection_per_source": 42}


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of server: how its inventory reaches it, and what only it has or lacks."""

    server: str
    snap_in: str
    account: Mapping[str, Any]
    names_domain_controller: bool
    version: str
    roles: tuple[str, ...]
    lacks: frozenset[str]

    @property
    def domain(self) -> str:
        """What names of accounts begin with: an Edge Transport server is in no domain."""
        return "LAB" if self.names_domain_controller else self.server

    @property
    def host(self) -> str:
        return f"{self.server.lower()}.lab.example"

    @property
    def variables(self) -> dict[str, Any]:
        return {"ansible_exchange_snap_in": self.snap_in, **self.account}


EDGE = Kind(
    "EDGE01",
    SNAP_IN,
    {"ansible_user": "EDGE01\\administrator", "ansible_exchange_auth": "ntlm"},
    False,
    "2019",
    ("edge",),
    frozenset(),
)
OLD = Kind(
    "OLD1",
    ADMIN_2007,
    {"ansible_exchange_kerberos_delegation": True},
    True,
    "2007",
    ("client_access", "hub_transport", "mailbox"),
    frozenset({"Get-NetworkConnectionInfo", "Get-ServerComponentState"}),
)
KINDS = pytest.mark.parametrize("kind", [EDGE, OLD], ids=["edge", "2007"])


def play(kind: Kind, module: str, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A playbook of one task for one server."""
    task = {"name": f"Try {module}", f"mailrelay.exchange.{module}": dict(arguments)}
    return [{"hosts": kind.host, "gather_facts": False, "tasks": [task]}]


def inventory_of(kind: Kind, **more: Any) -> dict[str, Any]:
    """Arguments of the inventory: this server's variables, as its administrator would write them."""
    return {"hosts": {kind.server: {**kind.variables, **more}}}


def only_structured_commands(lab: Lab, kind: Kind, since: int) -> None:
    """Every session of the server began with its snap-in, and nothing named a domain controller that must not."""
    sessions: dict[str, list[dict[str, Any]]] = {}
    for line in lab.journal.lines(since):
        if line["kind"] == "cmdlet" and line["server"] == kind.server:
            sessions.setdefault(line["connection"], []).append(line)
    assert sessions
    for lines in sessions.values():
        assert (lines[0]["cmdlet"], lines[0]["parameters"]) == ("Add-PSSnapin", {"Name": kind.snap_in})
        assert not any(line["errors"] for line in lines)
    named = [line for lines in sessions.values() for line in lines if "DomainController" in line["parameters"]]
    assert bool(named) is kind.names_domain_controller


@KINDS
def test_a_relay_in_five_steps(kind: Kind, lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, **inventory_of(kind))
    promises = Promises(lab)
    services = {"external": {"method": "anonymous", "sources": [LISTED], "throttling": LIMIT}}
    playbook = play(kind, "relay", {"services": services})
    mark = lab.journal.mark()

    # 1 and 2: check mode says what would change, and changes nothing.
    checked = runner.run(playbook, "--check", "--diff").succeed().one("relay")
    assert checked["changed"] is True
    assert lab.journal.writes(mark) == []

    # 3: the run does it, and does exactly that; nobody else gains or loses anything meanwhile.
    with promises.kept(gains={LISTED}):
        ran = runner.run(playbook).succeed().one("relay")
    assert ran["changed"] is True
    assert ran["commands"] == checked["commands"]
    assert_shown_is_run(ran["commands"], lab.journal.writes(mark))
    assert ran["domain_controller"] == ("dc1.lab.example" if kind.names_domain_controller else None)
    only_structured_commands(lab, kind, mark)

    # 4: reading back and SMTP agree.
    read = runner.run(play(kind, "receive_connector_info", {"name": "Relay external"})).succeed()
    [found] = read.one("receive_connector_info")["receive_connectors"]
    assert found["options"]["remote_ip_ranges"] == [LISTED]
    assert found["options"]["max_inbound_connection_per_source"] == 42
    assert "transport_role" not in found["options"]
    [anonymous] = [grant for grant in found["permissions"]["grants"] if not grant["deny"]]
    assert anonymous["principal"] == "anonymous"
    assert ANY_RECIPIENT in anonymous["rights"]
    assert promises.relays(LISTED) == {kind.server}

    # 5: the second run finds nothing to do.
    mark = lab.journal.mark()
    again = runner.run(playbook).succeed()
    assert (again.changed, again.one("relay")["commands"]) == (0, [])
    assert lab.journal.writes(mark) == []

    # And it goes as it came.
    gone = {"external": {"state": "absent", "accept_findings": {"too_many_removed": "The test is over"}}}
    with promises.kept(loses={LISTED}):
        assert runner.run(play(kind, "relay", {"services": gone})).succeed().changed == 1
    assert promises.relays(LISTED) == set()


@KINDS
def test_a_relay_for_an_account(kind: Kind, lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, **inventory_of(kind))
    account = f"{kind.domain}\\svc-app"
    accounts = {"method": "authenticated", "accounts": [account], "sources": [LISTED]}
    services = {"accounts": {**accounts, "connector": {"tarpit_interval": "00:00:00"}}}
    playbook = play(kind, "relay", {"services": services})
    mark = lab.journal.mark()
    checked = runner.run(playbook, "--check").succeed().one("relay")
    assert lab.journal.writes(mark) == []
    ran = runner.run(playbook).succeed().one("relay")
    assert ran["changed"] is True
    assert ran["commands"] == checked["commands"]
    only_structured_commands(lab, kind, mark)

    read = runner.run(play(kind, "receive_connector_info", {"name": "Relay accounts"})).succeed()
    [found] = read.one("receive_connector_info")["receive_connectors"]
    assert {grant["principal"] for grant in found["permissions"]["grants"]} == {account}
    assert heard(lab, kind, account) == {"svc-app": "250", account: "250", f"{kind.domain}\\svc-scan": "535"}

    mark = lab.journal.mark()
    again = runner.run(playbook).succeed()
    assert (again.changed, again.one("relay")["commands"]) == (0, [])
    assert lab.journal.writes(mark) == []
    gone = {"accounts": {"state": "absent", "accept_findings": {"too_many_removed": "The test is over"}}}
    assert runner.run(play(kind, "relay", {"services": gone})).succeed().changed == 1


def heard(lab: Lab, kind: Kind, account: str) -> dict[str, str]:
    """Code of the decisive reply to a client who sends to the outside, by the name that it logs on as."""
    server, names = lab.servers[kind.server], ("svc-app", account, f"{kind.domain}\\svc-scan")
    passwords = [ACCOUNTS[name.rpartition("\\")[2]]["password"] for name in names]
    questions = [
        Question(server.smtp_host, server.smtp_port, LISTED, "svc-app@lab.example", OUTSIDE, (name, password))
        for name, password in zip(names, passwords, strict=True)
    ]
    return {name: dialogue.reply[:3] for name, dialogue in zip(names, ask_all(questions), strict=True)}


def test_everybody_who_logs_on_has_a_group_on_2007_and_none_on_edge(lab: Lab, runner_for: Any) -> None:
    services = {"users": {"method": "authenticated", "sources": [LISTED]}}
    mark = lab.journal.mark()
    run: PlayRun = runner_for(lab, **inventory_of(EDGE)).run(play(EDGE, "relay", {"services": services})).fail()
    [failure] = run.failures
    assert "Edge Transport" in failure.result["msg"]
    assert "ExchangeUsers" in failure.result["msg"] and "accounts" in failure.result["msg"]
    assert "\n" not in failure.result["msg"]
    assert lab.journal.writes(mark) == []
    runner = runner_for(lab, **inventory_of(OLD))
    assert runner.run(play(OLD, "relay", {"services": services})).succeed().changed == 1
    assert runner.run(play(OLD, "relay", {"services": services})).succeed().changed == 0
    gone = {"users": {"state": "absent", "accept_findings": {"too_many_removed": "The test is over"}}}
    assert runner.run(play(OLD, "relay", {"services": gone})).succeed().changed == 1


@KINDS
def test_what_the_server_is(kind: Kind, lab: Lab, runner_for: Any) -> None:
    run: PlayRun = runner_for(lab, **inventory_of(kind)).run(play(kind, "exchange_server_info", {})).succeed()
    result = run.one("exchange_server_info")
    server = result["exchange_server"]
    assert (server["name"], server["version"], server["roles"]) == (kind.server, kind.version, list(kind.roles))
    assert not result.get("warnings")
    for part, cmdlet in (
        ("addresses", "Get-NetworkConnectionInfo"),
        ("component_states", "Get-ServerComponentState"),
    ):
        assert (server[part] is None) is (cmdlet in kind.lacks)
        assert (cmdlet in server["cmdlets"]) is (cmdlet not in kind.lacks)
    assert (server["missing_cmdlets"], server["missing_roles"]) == ([], [])
    assert [domain["domain_name"] for domain in server["accepted_domains"]] == ["lab.example"]
    assert server["dns_addresses"] == [lab.servers[kind.server].host]


@KINDS
def test_its_default_connectors_are_given_back_unchanged(kind: Kind, lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, **inventory_of(kind))
    listed = runner.run(play(kind, "receive_connector_info", {"include_default": True})).succeed()
    connectors = listed.one("receive_connector_info")["receive_connectors"]
    assert connectors
    tasks = [
        {"name": f"Give {one['name']} back", "mailrelay.exchange.receive_connector": one["options"]}
        for one in connectors
    ]
    mark = lab.journal.mark()
    runner.run([{"hosts": kind.host, "gather_facts": False, "tasks": tasks}]).succeed()
    assert lab.journal.writes(mark) == []


MISTAKES: tuple[tuple[str, Kind, dict[str, Any], str], ...] = (
    ("no snap-in for an Edge server", EDGE, {"ansible_exchange_snap_in": ""}, "needs ansible_exchange_snap_in"),
    (
        "no snap-in, but its endpoint",
        EDGE,
        {"ansible_exchange_snap_in": "", "ansible_exchange_path": "wsman"},
        "does not know the session configuration Microsoft.Exchange",
    ),
    (
        "the snap-in of another version",
        EDGE,
        {"ansible_exchange_snap_in": E2010},
        f"set ansible_exchange_snap_in to {SNAP_IN}, which is registered there",
    ),
    (
        "the snap-in of another version",
        OLD,
        {"ansible_exchange_snap_in": SNAP_IN},
        f"set ansible_exchange_snap_in to {ADMIN_2007}, which is registered there",
    ),
    ("a pattern", EDGE, {"ansible_exchange_snap_in": "Microsoft.*"}, "must be the name of one snap-in"),
    ("an account of the domain", EDGE, {"ansible_user": "LAB\\administrator"}, "a local account is written"),
    ("no administrator", EDGE, {"ansible_user": "EDGE01\\operator"}, "a local Administrator"),
    (
        "no delegation",
        OLD,
        {"ansible_exchange_kerberos_delegation": False},
        "set ansible_exchange_kerberos_delegation: true",
    ),
    (
        "Kerberos outside of a domain",
        EDGE,
        {"ansible_exchange_auth": "kerberos"},
        "takes no Kerberos but a local account with ansible_exchange_auth: ntlm",
    ),
)


@pytest.mark.parametrize(
    ("kind", "variables", "sentence"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES]
)
def test_a_mistake_is_one_sentence(
    kind: Kind, variables: dict[str, Any], sentence: str, lab: Lab, runner_for: Any
) -> None:
    more = dict(variables)
    if "operator" in str(variables.get("ansible_user")):
        more["ansible_password"] = lab.facts["accounts"]["operator"]["password"]
    runner = runner_for(lab, **inventory_of(kind, **more))
    mark = lab.journal.mark()
    run: PlayRun = runner.run(play(kind, "relay", {"services": {"external": {"sources": [LISTED]}}})).fail()
    [failure] = run.failures
    text = str(failure.result["msg"])
    assert sentence in text
    assert "\n" not in text
    assert lab.journal.writes(mark) == []
