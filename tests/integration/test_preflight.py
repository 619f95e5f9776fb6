# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an account may not do is told before anything is written: roles, single parameters, write scopes."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
import yaml
from harness.five_steps import five_steps
from harness.lab import ROOT, Lab
from harness.labs import LISTED, inventory
from harness.plays import PlayRun, Runner
from harness.promises import relays

ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
LEAST = ["Receive Connectors", "Active Directory Permissions", "View-Only Configuration"]
ROLES: dict[str, Any] = {
    "accounts": {
        "hygienist": {"password": "Lab-Hygienist-1", "role_groups": ["Hygiene Management"]},
        "relay": {"password": "Lab-Relay-1", "role_groups": ["Relay Operators"]},
        "policies": {"password": "Lab-Policies-1", "role_groups": ["Policy Operators"]},
        "careful": {"password": "Lab-Careful-1", "role_groups": ["Careful Operators"]},
        "creator": {"password": "Lab-Creator-1", "role_groups": ["Server Management", "Relay Operators"]},
    },
    "management_roles": {
        "Relay Connectors": {
            "parent": "Receive Connectors",
            "without": {"New-ReceiveConnector": ["Banner"], "Set-ReceiveConnector": ["Banner"]},
        }
    },
    "role_groups": {
        "Relay Operators": {"roles": LEAST, "servers": ["EX1"]},
        "Policy Operators": {"roles": ["Recipient Policies", "View-Only Configuration"], "servers": ["EX1"]},
        "Careful Operators": ["Relay Connectors", *LEAST[1:]],
    },
}
SERVERS = {
    "EX1": {"version": "2019"},
    "EX2": {"version": "2019"},
    "EX3": {"version": "2019", "culture": "de"},
    "EX4": {"version": "2019", "culture": "fr"},
}
LAB = {"servers": SERVERS, **ROLES}
OUT_OF_SCOPE = ("EX2", "EX3", "EX4")

PREPARED = {
    "name": "Prepared",
    "bindings": ["0.0.0.0:25"],
    "remote_ip_ranges": ["127.0.0.40"],
    "permission_groups": ["AnonymousUsers"],
}
GRANT = {"connector": "Prepared", "grants": [{"principal": "anonymous", "rights": [ANY_RECIPIENT]}]}


def anonymous(**keys: Any) -> dict[str, Any]:
    return {"services": {"external": {"sources": [LISTED], **keys}}}


GONE = {"too_many_removed": "the device is gone"}
REMOVAL = {"services": {"external": {"state": "absent"}}, "accept_findings": GONE}

SECURED = {
    **anonymous(method="externally_secured"),
    "accept_findings": {"externally_secured_bypass": "the sources are mail servers of ours"},
}

HELD_CONNECTORS = "Organization Management, Server Management and Hygiene Management hold"
NO_GRANTS = "the management role 'Active Directory Permissions' (by default Organization Management alone holds it)"
NO_READING = f"Get-ADPermission is not visible to the account {{account}} on EX1: give it {NO_GRANTS}"
NO_GRANTING = f"The account {{account}} may not use Add-ADPermission on EX1: give it {NO_GRANTS}."


def task(name: str, module: str, arguments: Mapping[str, Any], **keywords: Any) -> dict[str, Any]:
    return {"name": name, f"mailrelay.exchange.{module}": dict(arguments), "ignore_errors": True, **keywords}


def play(tasks: Sequence[Mapping[str, Any]], hosts: str = "ex1.lab.example") -> list[dict[str, Any]]:
    return [{"hosts": hosts, "gather_facts": False, "tasks": [dict(one) for one in tasks]}]


def shown_and_run(name: str, module: str, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A task in check mode, and the same as a run."""
    return [task(f"{name} shown", module, arguments, check_mode=True), task(name, module, arguments)]


def told(run: PlayRun, name: str, host: str = "ex1.lab.example") -> Mapping[str, Any]:
    """What a task returned; `refused` whether it failed, which the play ignored."""
    [found] = [one for one in run.results if (one.name, one.host) == (name, host)]
    return {**found.result, "refused": found.status == "ignored"}


def sentence(text: object) -> str:
    """What was said, when it is one line and no page."""
    said = str(text)
    assert said.strip() and "\n" not in said and len(said) < 900, said
    return said


@pytest.fixture
def start_lab_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Lab]]:
    """Start a shipped lab on free ports."""
    labs: list[Lab] = []

    def start(name: str) -> Lab:
        content = yaml.safe_load((ROOT / "tests" / "lab" / "labs" / name).read_text(encoding="utf-8"))
        for server in content["servers"].values():
            server["smtp_port"] = 0
        labs.append(Lab.start(content, tmp_path_factory.mktemp("shipped")))
        return labs[-1]

    yield start
    for lab in labs:
        lab.stop()


@pytest.fixture(scope="module")
def prepared(lab: Lab, start_lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The lab with a connector on every server that relays for nobody, and one on EX1 that relays."""
    folder = tmp_path_factory.mktemp("prepared")
    runner = Runner(folder, inventory(lab, folder), lab.environment())
    granted = {"services": {"granted": {"sources": ["127.0.0.41"]}}}
    runner.run(
        [
            *play([{"mailrelay.exchange.receive_connector": PREPARED}], "exchange"),
            *play([{"mailrelay.exchange.relay": granted}]),
        ]
    ).succeed()
    return lab


# --- role groups -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Group:
    """An account of a role group. Each answer: None is done; else what a run says, and `warned`: check mode only
    warns, because the account can read all that the plan needs.

    logon, accounts: what check mode says of a service whose clients log on, for everybody and for some accounts; None:
    nothing is lacking. One that has no connector only takes that permissions can be read.
    """

    user: str
    create: str | None
    grant: str | None
    remove: str | None
    warned: bool
    reads_permissions: bool
    logon: str | None
    accounts: str | None


GROUPS = {
    "Server Management": Group(
        "operator", NO_READING, NO_READING, NO_READING, False, False, "Get-ADPermission", "Get-ADPermission"
    ),
    "Hygiene Management": Group(
        "hygienist",
        NO_GRANTING,
        NO_GRANTING,
        f"may not use Add-ADPermission, which would undo a run that fails, on EX1: give it {NO_GRANTS}.",
        True,
        True,
        None,
        "may not use Add-ADPermission on EX1",
    ),
    "View-Only Organization Management": Group(
        "auditor",
        "may not use New-ReceiveConnector, Add-ADPermission, Set-ReceiveConnector on EX1: give it the management roles "
        f"'Receive Connectors' and 'Active Directory Permissions' (by default {HELD_CONNECTORS} 'Receive Connectors', "
        "and Organization Management alone holds 'Active Directory Permissions').",
        NO_GRANTING,
        "may not use Remove-ReceiveConnector, nor Add-ADPermission, which would undo a run that fails, on EX1: give it "
        "the management roles 'Receive Connectors' and 'Active Directory Permissions'",
        True,
        True,
        "may not use New-ReceiveConnector",
        "may not use New-ReceiveConnector, Add-ADPermission",
    ),
}


METHODS: dict[str, dict[str, Any]] = {
    "authenticated": anonymous(method="authenticated"),
    "accounts": anonymous(method="authenticated", accounts=[r"LAB\auditor"]),
    "internal": anonymous(method="internal"),
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_role_group_is_told_what_it_lacks_before_anything_is_written(
    group: str, prepared: Lab, runner_for: Any
) -> None:
    case = GROUPS[group]
    removal = {"services": {"granted": {"state": "absent"}}, "accept_findings": GONE}
    mark = prepared.journal.mark()
    run: PlayRun = (
        runner_for(prepared, user=case.user)
        .run(
            play(
                [
                    *shown_and_run("create", "relay", anonymous()),
                    *shown_and_run("grant", "receive_connector_permission", GRANT),
                    *shown_and_run("remove", "relay", removal),
                    *(task(name, "relay", arguments, check_mode=True) for name, arguments in METHODS.items()),
                    task("info", "receive_connector_info", {}),
                    task("server", "exchange_server_info", {"gather": ["cmdlets"]}),
                ]
            )
        )
        .succeed()
    )
    assert prepared.journal.writes(mark) == [], "something was written before the refusal"
    account = f"{case.user}@LAB.EXAMPLE"
    for name in ("create", "grant", "remove"):
        expected = str(getattr(case, name)).format(account=account)
        done, shown = told(run, name), told(run, f"{name} shown")
        assert done["refused"] and not done["changed"], name
        assert expected in sentence(done["msg"]), name
        if not case.warned:
            assert shown["refused"] and expected in sentence(shown["msg"]), name
            continue
        assert done["msg"].endswith("Nothing was written.")
        assert shown["changed"] and shown["commands"] == done["commands"], name
        [warning] = [text for text in shown["warnings"] if "may not use" in text]
        assert expected in sentence(warning) and warning.endswith("A run would stop before it writes.")
    for name in METHODS:
        reading = None if case.reads_permissions else "Get-ADPermission"
        lacking = {"authenticated": case.logon, "accounts": case.accounts, "internal": reading}[name]
        shown = told(run, name)
        said = (*shown.get("warnings", ()), shown.get("msg") or "")
        lacks_some = [text for text in said if "may not use" in text or "is not visible" in text]
        assert len(lacks_some) == (lacking is not None), f"{name}: {said}"
        assert lacking is None or lacking in lacks_some[0], name
        assert shown["refused"] or shown["changed"] is (name != "internal"), name
    connectors = told(run, "info")["receive_connectors"]
    assert len(connectors) > 5
    assert all((one["permissions"] is not None) is case.reads_permissions for one in connectors)
    lacks = told(run, "server")["exchange_server"]
    assert "Add-ADPermission" in lacks["missing_cmdlets"] and "Active Directory Permissions" in lacks["missing_roles"]
    seen = {"New-ReceiveConnector"} & set(lacks["cmdlets"])
    assert bool(seen) is (case.user != "auditor")


def test_organization_management_does_everything(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(servers={"EX1": {"version": "2019"}})
    runner = runner_for(lab)
    five_steps(lab, runner, "relay", anonymous())
    assert relays(lab, LISTED) == {"EX1"}
    runner.run(play([{"mailrelay.exchange.receive_connector": PREPARED}])).succeed()
    five_steps(lab, runner, "receive_connector_permission", GRANT)
    five_steps(lab, runner, "relay", REMOVAL)
    assert relays(lab, LISTED) == set()
    run = runner.run(play([task("server", "exchange_server_info", {"gather": ["cmdlets"]})])).succeed()
    assert told(run, "server")["exchange_server"]["missing_cmdlets"] == []


def test_whoever_creates_has_to_be_able_to_read_again(start_lab: Any, runner_for: Any) -> None:
    """externally_secured grants nothing, but the next run reads who may relay."""
    lab = start_lab(servers={"EX1": {"version": "2019"}})
    run = runner_for(lab, user="operator").run(play(shown_and_run("create", "relay", SECURED))).succeed()
    expected = f"may not use Get-ADPermission on EX1: give it {NO_GRANTS}."
    assert expected in sentence(told(run, "create")["msg"])
    assert expected in " ".join(told(run, "create shown")["warnings"])
    assert lab.journal.writes() == []


def test_what_a_role_group_may_do_it_does(start_lab: Any, runner_for: Any) -> None:
    """Hygiene Management creates and reads, so it may trust externally; Server Management throttles."""
    lab = start_lab(servers={"EX1": {"version": "2019"}}, **ROLES)
    five_steps(lab, runner_for(lab, user="hygienist"), "relay", SECURED)
    assert relays(lab, LISTED) == {"EX1"}
    guarded = {"connector": "Relay external", "profile": "guarded"}
    run = runner_for(lab, user="operator").run(play(shown_and_run("throttle", "receive_connector_throttling", guarded)))
    assert told(run.succeed(), "throttle")["commands"] == told(run, "throttle shown")["commands"] != []
    assert told(run, "throttle")["changed"]


# --- single parameters -----------------------------------------------------------------------------------------------

BANNER = {"name": "Prepared", "banner": "220 relay"}


@pytest.mark.parametrize("command_parameters", ["shown", "hidden"])
def test_a_parameter_that_was_taken_out_of_a_role(command_parameters: str, start_lab: Any, runner_for: Any) -> None:
    """Where Get-Command tells parameters it is known before; else the first write is refused, and nothing is done."""
    lab = start_lab(
        **{**LAB, "servers": {"EX1": {"version": "2019"}}}, switches={"command_parameters": command_parameters}
    )
    runner_for(lab).run(play([{"mailrelay.exchange.receive_connector": PREPARED}])).succeed()
    mark = lab.journal.mark()
    run = (
        runner_for(lab, user="careful")
        .run(
            play(
                [
                    *shown_and_run("change", "receive_connector", BANNER),
                    *shown_and_run("create", "relay", anonymous(connector={"banner": "220 relay"})),
                    task("within", "receive_connector", {"name": "Prepared", "comment": "within the role"}),
                ]
            )
        )
        .succeed()
    )
    within = [line for line in lab.journal.writes(mark) if line.changed]
    assert [line.parameters.get("Comment") for line in within] == ["within the role"]
    for name, cmdlet in (("change", "Set-ReceiveConnector"), ("create", "New-ReceiveConnector")):
        done, shown = told(run, name), told(run, f"{name} shown")
        assert done["refused"] and not done["changed"]
        said = sentence(done["msg"])
        assert "'Receive Connectors'" in said and HELD_CONNECTORS in said and said.endswith("Nothing was written.")
        warned = [text for text in shown.get("warnings", ()) if "may not use" in text]
        if command_parameters == "shown":
            assert f"may not use {cmdlet} -Banner on EX1" in said
            assert [f"may not use {cmdlet} -Banner on EX1" in text for text in warned] == [True]
        else:
            assert f"{cmdlet} was given a parameter that is not visible" in said and "'Banner'" in said
            assert warned == [] and done["rolled_back"] is None


# --- write scopes ----------------------------------------------------------------------------------------------------


def test_the_least_privileged_role_group_does_everything_in_its_scope(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(**{**LAB, "servers": {name: SERVERS[name] for name in ("EX1", "EX3")}})
    runner = runner_for(lab, user="relay")
    mark = lab.journal.mark()
    five_steps(lab, runner, "relay", anonymous(), ["EX1"])
    assert relays(lab, LISTED) == {"EX1"}
    five_steps(
        lab,
        runner,
        "receive_connector_permission",
        {"connector": "Relay external", "grants": [{"principal": r"LAB\auditor", "rights": ["ms-Exch-SMTP-Submit"]}]},
        ["EX1"],
    )
    throttled = {"connector": "Relay external", "profile": "guarded"}
    steps = five_steps(lab, runner, "receive_connector_throttling", throttled, ["EX1"])
    assert steps["EX1"].options("Relay external")["message_rate_limit"] == 600
    five_steps(lab, runner, "relay", REMOVAL, ["EX1"])
    five_steps(lab, runner, "relay", SECURED, ["EX1"])
    assert relays(lab, LISTED) == {"EX1"}
    for method, more in (
        ("authenticated", {}),
        ("authenticated", {"accounts": [r"LAB\auditor"]}),
        ("anonymous", {}),
        ("internal", {}),
    ):
        service = {"method": method, "sources": [LISTED], **more}
        five_steps(lab, runner, "relay", {"services": {"external": service}}, ["EX1"])
    assert relays(lab, LISTED) == set()
    writes = lab.journal.writes(mark)
    assert {(line.server, line.user) for line in writes} == {("EX1", "relay")}
    assert [error for line in writes for error in line.errors] == []


@pytest.mark.parametrize("kind", ["saving", "task"])
def test_out_of_scope_is_one_sentence_in_every_language(kind: str, start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(**LAB, switches={"write_scope_error": kind})
    prepare = [{"mailrelay.exchange.receive_connector": PREPARED}]
    runner_for(lab).run(play(prepare, "exchange")).succeed()
    mark = lab.journal.mark()
    cases: dict[str, tuple[str, Mapping[str, Any], str]] = {
        "anonymous": ("relay", anonymous(), "New-ReceiveConnector"),
        "secured": ("relay", SECURED, "New-ReceiveConnector"),
        "grant": ("receive_connector_permission", GRANT, "Add-ADPermission"),
        "throttle": ("receive_connector_throttling", {"connector": "Prepared", "profile": "guarded"}, "Set-"),
        "remove": ("receive_connector", {"name": "Prepared", "state": "absent"}, "Remove-ReceiveConnector"),
    }
    tasks = [task(name, module, arguments) for name, (module, arguments, _cmdlet) in cases.items()]
    hosts = [lab.servers[name].fqdn for name in OUT_OF_SCOPE]
    run = runner_for(lab, user="relay").run(play(tasks, ":".join(hosts))).succeed()
    for (name, (_module, _arguments, cmdlet)), server in itertools.product(cases.items(), OUT_OF_SCOPE):
        result = told(run, name, lab.servers[server].fqdn)
        said = sentence(result["msg"])
        assert said.startswith(cmdlet), f"{server} {name}: {said}"
        assert (
            f"was refused, because {server} is outside of the write scope of the account relay@LAB.EXAMPLE: add "
            f"{server} to the configuration write scope of its role group" in said
        )
        assert said.endswith("Nothing was written.")
        assert (result["refused"], result["changed"], result["rolled_back"]) == (True, False, None)
    writes = lab.journal.writes(mark)
    assert len(writes) == len(cases) * len(OUT_OF_SCOPE), "one refused attempt a task, and no second"
    assert not any(line.changed for line in writes)
    assert lab.journal.writes(mark) and relays(lab, LISTED) == set()


def test_a_later_write_out_of_scope_is_undone(prepared: Lab, runner_for: Any) -> None:
    """Two role groups: one creates everywhere, the other grants on EX1 only."""
    mark = prepared.journal.mark()
    hosts = [prepared.servers[name].fqdn for name in OUT_OF_SCOPE]
    run = runner_for(prepared, user="creator").run(play([task("create", "relay", anonymous())], ":".join(hosts)))
    run.succeed()
    for server in OUT_OF_SCOPE:
        result = told(run, "create", prepared.servers[server].fqdn)
        said = sentence(result["msg"])
        assert said.startswith(f"Add-ADPermission was refused, because {server} is outside of the write scope")
        assert said.endswith("What had been done was undone.")
        assert (result["changed"], result["rolled_back"], result.get("remaining")) == (False, "true", [])
        mine = [line.cmdlet for line in prepared.journal.writes(mark) if line.server == server]
        assert mine == ["New-ReceiveConnector", "Add-ADPermission", "Remove-ReceiveConnector"]
    assert relays(prepared, LISTED) == set()


def test_throttling_policies_are_in_no_scope_of_servers(prepared: Lab, runner_for: Any) -> None:
    mark = prepared.journal.mark()
    policy = {"name": "Relay clients"}
    run = runner_for(prepared, user="policies").run(play([task("create", "throttling_policy", policy)])).succeed()
    result = told(run, "create")
    said = sentence(result["msg"])
    assert said.startswith(
        "New-ThrottlingPolicy was refused, because what it changes belongs to the whole organization"
    )
    assert "account policies@LAB.EXAMPLE: use an account of a role group without a configuration write scope" in said
    assert said.endswith("Nothing was written.")
    assert (result["refused"], result["changed"], result["rolled_back"]) == (True, False, None)
    assert [line.changed for line in prepared.journal.writes(mark)] == [False]
    mark = prepared.journal.mark()
    tasks = [
        *shown_and_run("create", "throttling_policy", policy),
        task("info", "throttling_policy_info", {}),
    ]
    run = runner_for(prepared, user="hygienist").run(play(tasks)).succeed()
    expected = "may not use New-ThrottlingPolicy on EX1: give it the management role 'Recipient Policies'"
    assert expected in sentence(told(run, "create")["msg"])
    assert expected in " ".join(told(run, "create shown")["warnings"])
    assert not told(run, "info")["refused"] and prepared.journal.writes(mark) == []


# --- the recipe ------------------------------------------------------------------------------------------------------


def test_the_recipe_and_the_shipped_lab_have_one_role_group() -> None:
    """What docs/security.md tells to make is what the lab of that name has, and what this file tries."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```powershell\n(.*?)```", page, re.DOTALL)
    roles = re.search(r"-Roles ('[^`]*')", block)
    added = re.search(r"-Role '([^']*)'", block)
    assert roles is not None and added is not None
    told_roles = [*(role.strip(" '") for role in roles[1].split(",")), added[1]]
    lab = yaml.safe_load((ROOT / "tests" / "lab" / "labs" / "least-privilege.yml").read_text(encoding="utf-8"))
    group = lab["role_groups"]["Relay Operators"]
    assert told_roles == group["roles"] == ROLES["role_groups"]["Relay Operators"]["roles"]
    assert group["servers"] == ["EX1"] and set(lab["servers"]) > {"EX1"}


def test_the_shipped_lab_does_what_it_says(start_lab_file: Any, runner_for: Any) -> None:
    lab = start_lab_file("least-privilege.yml")
    run = runner_for(lab, user="relay").run(play([task("create", "relay", anonymous())], "exchange")).succeed()
    assert told(run, "create", lab.servers["EX1"].fqdn)["changed"]
    assert "EX2 is outside of the write scope" in told(run, "create", lab.servers["EX2"].fqdn)["msg"]
    changes = [
        *shown_and_run("comment", "receive_connector", {"name": "Relay external", "comment": "kept"}),
        *shown_and_run("remove", "relay", REMOVAL),
    ]
    run = runner_for(lab, user="careful").run(play(changes)).succeed()
    assert told(run, "comment")["changed"]
    assert "may not use Remove-ReceiveConnector on EX1: give it" in sentence(told(run, "remove")["msg"])
