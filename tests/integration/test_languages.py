# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Servers of three languages: one playbook, one outcome, whichever server's endpoint it goes through."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from harness.five_steps import INFO, play, result
from harness.lab import Lab
from harness.labs import LATER, LISTED, inventory
from harness.plays import PlayRun, Runner
from harness.promises import relays

ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
SUBMIT = "ms-Exch-SMTP-Submit"
GROUP = (
    SUBMIT,
    "ms-Exch-SMTP-Accept-Any-Sender",
    "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender",
    "ms-Exch-Accept-Headers-Routing",
)
NAMES = {
    "en": ("NT AUTHORITY\\ANONYMOUS LOGON", "NT AUTHORITY\\Authenticated Users"),
    "de": ("NT-AUTORIT\u00c4T\\ANONYMOUS-ANMELDUNG", "NT-AUTORIT\u00c4T\\Authentifizierte Benutzer"),
    "fr": ("AUTORITE NT\\ANONYMOUS LOGON", "AUTORITE NT\\Utilisateurs authentifi\u00e9s"),
}
CULTURES = {"EX1": "en", "EX2": "de", "EX3": "fr"}
SERVICE_USERS = ("svc-one", "svc-two")
RELAY, PERMISSION = "mailrelay.exchange.relay", "mailrelay.exchange.receive_connector_permission"
TOLD = ("changed", "changes", "commands", "diff", "findings", "msg", "services", "summary")
ACCEPTED = {"excessive_rights": "the scanners are known senders"}


def grants(*wanted: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    return {PERMISSION: {"connector": "Relay external", "grants": list(wanted), **options}}


def office(method: str, **more: Any) -> dict[str, Any]:
    """A service beside the other one, by some method."""
    return {RELAY: {"services": {"office": {"method": method, "sources": [LATER], **more}}}}


ACCOUNTS = ["LAB\\svc-one", {"principal": "svc-two@lab.example", "rights": [SUBMIT, ANY_RECIPIENT]}]
OFFICE: list[dict[str, Any]] = [
    {"name": "Office logs on", **office("authenticated")},
    {"name": "Office has accounts", **office("authenticated", accounts=ACCOUNTS)},
    {"name": "Office logs on no more", **office("anonymous")},
    {"name": "Office sends inside", **office("internal")},
    {"name": "Office has accounts again", **office("authenticated", accounts=ACCOUNTS)},
]
SERVICE = {"services": {"external": {"method": "anonymous", "sources": [LISTED]}}}
TASKS: list[dict[str, Any]] = [
    {"name": "Relay", RELAY: SERVICE},
    {
        "name": "Users like anonymous",
        **grants(
            {"principal": "LAB\\svc-one", "rights": list(GROUP)},
            {"principal": "svc-two@lab.example", "rights": [*GROUP, ANY_RECIPIENT]},
        ),
    },
    {"name": "Relay beside them", RELAY: SERVICE},
    {
        "name": "Words",
        **grants(
            {"principal": "anonymous", "rights": [ANY_RECIPIENT, "ms-Exch-Bypass-Anti-Spam"]},
            {"principal": "authenticated_users", "rights": [SUBMIT]},
            {"principal": "authenticated_users", "rights": [ANY_RECIPIENT], "deny": True},
            {"principal": "externally_secured_servers", "rights": [SUBMIT]},
            {"principal": "exchange_servers", "rights": [SUBMIT]},
            {"principal": "S-1-5-7", "rights": ["ms-Exch-SMTP-Accept-Exch50"], "deny": True},
            accept_findings=ACCEPTED,
        ),
    },
    {
        "name": "Nothing else",
        **grants(
            {"principal": "S-1-5-7", "rights": [ANY_RECIPIENT]},
            {"principal": "svc-one", "rights": [SUBMIT]},
            exclusive=True,
        ),
    },
    {"name": "Refused", **grants({"principal": "Anonymous Login", "rights": [SUBMIT]}), "ignore_errors": True},
    {
        "name": "Secured",
        RELAY: {
            "services": {
                "external": {
                    "method": "externally_secured",
                    "sources": [LISTED],
                    "accept_findings": {"externally_secured_bypass": "they are ours"},
                }
            }
        },
    },
    {"name": "Back", RELAY: SERVICE},
    *OFFICE,
    {"name": "Read back", INFO: {"name": "Relay external"}},
]


@pytest.fixture(scope="module")
def languages(start_lab: Any) -> Iterator[Lab]:
    """A server of each language."""
    servers = {name: {"version": "2019", "culture": culture} for name, culture in CULTURES.items()}
    yield start_lab(servers=servers, accounts={name: {"password": "Lab-Service-1"} for name in SERVICE_USERS})


def through(lab: Lab, folder: Path, *shift: int) -> Runner:
    """A runner whose hosts are reached through their own endpoints, or through those `shift` servers further."""
    [by] = shift or (0,)
    names = list(lab.servers)
    hosts = {}
    for at, name in enumerate(names):
        other = lab.servers[names[(at + by) % len(names)]]
        hosts[name] = {
            "ansible_host": other.host,
            "ansible_exchange_port": other.port,
            "ansible_exchange_kerberos_hostname": other.fqdn,
        }
    folder.mkdir(exist_ok=True)
    return Runner(folder, inventory(lab, folder, hosts=hosts), lab.environment())


def in_words(text: str, server: str, culture: str) -> str:
    """What was told about one server through one of a language, as it would be of any."""
    for name, word in zip(NAMES[culture], ("(anonymous)", "(authenticated users)"), strict=True):
        text = text.replace(name, word)
    # Exchange's own words, and the short name that stands for all commands, are of the language too.
    text = re.sub(r"\(it says: [^()]*\)", "(it says)", text)
    return re.sub(rf"\b{server}\b", "SERVER", text, flags=re.IGNORECASE)


def told(run: PlayRun, lab: Lab, culture: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """By server: what each task told, without what differs for good reason."""
    found = {}
    for name, server in lab.servers.items():
        lines = []
        for task in TASKS[:-1]:
            one = result(run, str(task["name"]), server.fqdn)
            shown = {key: one.get(key) for key in TOLD}
            lines.append(
                (
                    str(task["name"]),
                    in_words(json.dumps(shown, ensure_ascii=False).replace("\\\\", "\\"), name, culture[name]),
                )
            )
        found[name] = lines
    return found


def same_everywhere(lines: Mapping[str, list[tuple[str, str]]]) -> None:
    first, *others = lines.values()
    for other in others:
        for one, another in zip(first, other, strict=True):
            assert one == another


def granted(run: PlayRun, lab: Lab, name: str) -> list[Mapping[str, Any]]:
    [found] = result(run, "Read back", lab.servers[name].fqdn)["receive_connectors"]
    rows: list[Mapping[str, Any]] = found["permissions"]["grants"]
    return rows


@pytest.fixture(scope="module")
def own(languages: Lab, tmp_path_factory: pytest.TempPathFactory) -> tuple[PlayRun, PlayRun]:
    """The playbook through each server's own endpoint: in check mode first, and then for good."""
    runner = through(languages, tmp_path_factory.mktemp("own"))
    checked = runner.run(play(TASKS[:1]), "--check", "--diff").succeed()
    return checked, runner.run(play(TASKS), "--diff").succeed()


def test_one_playbook_has_one_outcome_in_every_language(languages: Lab, own: tuple[PlayRun, PlayRun]) -> None:
    checked, run = own
    same_everywhere(told(run, languages, CULTURES))
    recaps = [run.stats[server.fqdn] for server in languages.servers.values()]
    assert recaps[0]["changed"] == 12 and recaps[0]["ignored"] == 1
    assert all(recap == recaps[0] for recap in recaps)
    for server in languages.servers.values():
        commands = [result(one, "Relay", server.fqdn)["commands"] for one in (checked, run)]
        assert commands[0] == commands[1]
    assert relays(languages, LISTED) == set(languages.servers)


def test_each_server_is_told_the_name_that_it_shows(languages: Lab, own: tuple[PlayRun, PlayRun]) -> None:
    for name, culture in CULTURES.items():
        commands = result(own[1], "Words", languages.servers[name].fqdn)["commands"]
        named = re.findall(r"-User '([^']*)'", "\n".join(commands))
        anonymous, users = NAMES[culture]
        exchange = ["MS Exchange\\Externally Secured Servers", "LAB\\Exchange Servers"]
        assert named == [anonymous, users, users, *exchange, anonymous]
        assert "did you mean anonymous?" in result(own[1], "Refused", languages.servers[name].fqdn)["msg"]


def test_an_account_is_itself_in_every_language(languages: Lab, own: tuple[PlayRun, PlayRun]) -> None:
    for name, culture in CULTURES.items():
        logs_on, accounts, no_more, inside, _again = (
            result(own[1], str(task["name"]), languages.servers[name].fqdn) for task in OFFICE
        )
        users = NAMES[culture][1]
        removed = [line for line in accounts["commands"] if line.startswith("Remove-ADPermission")]
        assert removed and all(f"-User '{users}'" in line for line in removed), "those of ExchangeUsers"
        added = "\n".join(line for line in accounts["commands"] if line.startswith("Add-ADPermission"))
        assert re.findall(r"-User '([^']*)'", added) == ["LAB\\svc-one", "svc-two@lab.example"], "as declared"
        assert any("-PermissionGroups 'ExchangeUsers'" in line for line in logs_on["commands"])
        assert any("-AuthMechanism" in line for line in no_more["commands"]), "the logon is closed"
        [report] = inside["services"]
        assert report["answered_by"] == [f"Default Frontend {name}"]


def test_a_service_user_is_never_taken_for_anonymous(languages: Lab, own: tuple[PlayRun, PlayRun]) -> None:
    """With as many as two of them beside it: who could relay by another method goes, everybody else stays."""
    for name in languages.servers:
        fqdn = languages.servers[name].fqdn
        [gone] = result(own[1], "Relay beside them", fqdn)["commands"]
        assert gone.startswith("Remove-ADPermission") and "-User 'LAB\\svc-two'" in gone and ANY_RECIPIENT in gone
        removed = [line for line in result(own[1], "Nothing else", fqdn)["commands"] if line.startswith("Remove")]
        assert any("svc-one" in line and "Accept-Any-Sender" in line for line in removed)
        assert not any(SUBMIT in line for line in removed if "svc-one" in line)
        assert granted(own[1], languages, name) == [
            {"principal": "anonymous", "deny": False, "rights": [ANY_RECIPIENT]},
            {"principal": "LAB\\svc-one", "deny": False, "rights": [SUBMIT]},
        ]


@pytest.mark.parametrize("by", [1, 2])
def test_another_servers_endpoint_of_another_language_finds_nothing_to_do(
    by: int, languages: Lab, own: tuple[PlayRun, PlayRun], tmp_path: Path
) -> None:
    mark = languages.journal.mark()
    last = [*(task for task in TASKS if task["name"] in ("Nothing else", "Back", "Read back")), OFFICE[-1]]
    run = through(languages, tmp_path / "through", by).run(play(last)).succeed()
    assert run.changed == 0, run.output
    assert languages.journal.writes(mark) == []
    for name in languages.servers:
        assert granted(run, languages, name) == granted(own[1], languages, name)


def test_the_whole_way_through_endpoints_of_another_language(
    languages: Lab, own: tuple[PlayRun, PlayRun], tmp_path: Path
) -> None:
    """The names are those of the server that carries the cmdlets out; everything else is as through the own one."""
    runner = through(languages, tmp_path / "through", 1)
    gone = {"external": {"state": "absent"}, "office": {"state": "absent"}}
    absent = {"services": gone, "accept_findings": {"too_many_removed": "a new start"}}
    runner.run(play([{"name": "Gone", RELAY: absent}])).succeed()
    run = runner.run(play(TASKS)).succeed()
    names = list(CULTURES)
    there = {name: CULTURES[names[(at + 1) % len(names)]] for at, name in enumerate(names)}
    lines = told(run, languages, there)
    same_everywhere(lines)
    assert lines == told(own[1], languages, CULTURES)
    for name in names:
        commands = result(run, "Words", languages.servers[name].fqdn)["commands"]
        assert NAMES[there[name]][0] in commands[0]
        assert granted(run, languages, name) == granted(own[1], languages, name)
    assert relays(languages, LISTED) == set(languages.servers)
