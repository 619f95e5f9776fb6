# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Grants on connectors: two servers never mix, whoever is gone is shown, and Exchange that takes no SIDs is told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from harness.five_steps import INFO, five_steps, play, result
from harness.lab import Lab
from harness.labs import LISTED
from harness.plays import PlayRun

ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
ANY_SENDER = "ms-Exch-SMTP-Accept-Any-Sender"
SUBMIT = "ms-Exch-SMTP-Submit"
CONNECTOR, PERMISSION = "mailrelay.exchange.receive_connector", "mailrelay.exchange.receive_connector_permission"
USERS = {name: {"password": "Lab-Service-1"} for name in ("svc-app", "svc-old")}
# Each server has a domain controller of its own, so that the journal tells which one was asked.
SERVERS = {
    "EX1": {"version": "2019", "domain_controller": "dc1.lab.example"},
    "EX2": {"version": "2019", "domain_controller": "dc2.lab.example"},
}
ORGANIZATION = {
    "name": "Lab Organization",
    "domain": "lab.example",
    "domain_controllers": ["dc1.lab.example", "dc2.lab.example"],
}
SAME: dict[str, Any] = {
    "name": "Scanners",
    "bindings": ["0.0.0.0:25"],
    "remote_ip_ranges": [LISTED],
    "permission_groups": ["AnonymousUsers"],
}


def grant(principal: str, *rights: str, **more: Any) -> dict[str, Any]:
    return {"principal": principal, "rights": list(rights), **more}


def permission(*grants: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    return {"connector": "Scanners", "grants": list(grants), **options}


def rows(run: PlayRun, host: str) -> list[dict[str, Any]]:
    [found] = result(run, "Read", host)["receive_connectors"]
    return list(found["permissions"]["grants"])


READ = {"name": "Read", INFO: {"name": "Scanners"}}


def test_connectors_of_one_name_on_two_servers_never_mix(start_lab: Any, runner_for: Any) -> None:
    lab: Lab = start_lab(servers=SERVERS, accounts=USERS, organization=ORGANIZATION)
    runner = runner_for(lab)
    runner.run(play([{"name": "Make", CONNECTOR: SAME}])).succeed()
    mark = lab.journal.mark()
    done = five_steps(
        lab,
        runner,
        "receive_connector_permission",
        permission(
            grant("LAB\\svc-app", SUBMIT, ANY_RECIPIENT),
            grant("svc-app@lab.example", ANY_SENDER, deny=True),
            grant("anonymous", ANY_SENDER, state="absent"),
            grant("anonymous", SUBMIT, "ms-Exch-Accept-Headers-Routing"),
            grant("anonymous", "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender"),
            exclusive=True,
        ),
        servers=["EX1"],
    )
    calls = [line for line in lab.journal.cmdlets(mark) if line.cmdlet.endswith("-ADPermission")]
    assert {line.cmdlet for line in calls} == {"Get-ADPermission", "Add-ADPermission", "Remove-ADPermission"}
    for line in calls:
        assert str(line.parameters["Identity"]).startswith("CN=")
        assert ",CN=EX1,CN=Servers," in str(line.parameters["Identity"])
        assert line.parameters["DomainController"] == "dc1.lab.example"
    assert {line.parameters.get("Confirm") for line in calls if line.cmdlet.startswith("Remove")} == {False}
    assert [line for line in lab.journal.writes(mark) if "CN=EX2" in str(line.parameters)] == []
    listed = done["EX1"].connectors["Scanners"]["permissions"]["grants"]
    assert [row for row in listed if row["principal"] != "anonymous"] == [
        grant("LAB\\svc-app", ANY_RECIPIENT, SUBMIT, deny=False),
        grant("LAB\\svc-app", ANY_SENDER, deny=True),
    ]
    read = runner.run(play([READ])).succeed()
    assert rows(read, lab.servers["EX2"].fqdn) == []
    [untouched] = result(read, "Read", lab.servers["EX2"].fqdn)["receive_connectors"]
    assert untouched["read_only"]["PermissionGroups"] == "AnonymousUsers"


@pytest.mark.parametrize("takes_sids", [True, False])
def test_what_is_left_of_an_account_that_is_gone(takes_sids: bool, start_lab: Any, runner_for: Any) -> None:
    lab: Lab = start_lab(servers={"EX1": {"version": "2019"}}, accounts=USERS)
    fqdn = lab.servers["EX1"].fqdn
    given = permission(grant("svc-old", SUBMIT, ANY_RECIPIENT), grant("svc-app", SUBMIT))
    runner_for(lab).run(play([{"name": "Make", CONNECTOR: SAME}, {"name": "Give", PERMISSION: given}])).succeed()
    accounts = yaml.safe_load((lab.state / "lab.yml").read_text(encoding="utf-8"))["accounts"]
    accounts["svc-old"]["deleted"] = True
    later = lab.start_again_with({}, accounts=accounts, switches={"sid_users": takes_sids})
    runner = runner_for(later)
    read = runner.run(play([READ])).succeed()
    left = [row for row in rows(read, fqdn) if row["principal"].startswith("S-1-5-21-")]
    assert [row["rights"] for row in left] == [[ANY_RECIPIENT, SUBMIT]]
    sid = left[0]["principal"]

    mark = later.journal.mark()
    kept = {"name": "Keep", PERMISSION: permission(*rows(read, fqdn), exclusive=True)}
    absent = permission(grant("svc-old", SUBMIT, state="absent"))
    named = {"name": "Named", PERMISSION: absent, "ignore_errors": True}
    run = runner.run(play([kept, named])).succeed()
    assert result(run, "Keep", fqdn)["commands"] == []
    assert f"its entries are shown by its SID: write that ({sid})" in result(run, "Named", fqdn)["msg"]

    gone = permission(grant(sid, ANY_RECIPIENT, SUBMIT, state="absent"))
    if takes_sids:
        done = five_steps(later, runner, "receive_connector_permission", gone)
        assert done["EX1"].connectors["Scanners"]["permissions"]["grants"] == [
            grant("LAB\\svc-app", SUBMIT, deny=False)
        ]
        return
    for options in (["--check"], []):
        for arguments, option in ((gone, "grants[0].principal"), (permission(exclusive=True), "exclusive")):
            failed = runner.run(play([{"name": "Take", PERMISSION: arguments}]), *options).fail()
            told = result(failed, "Take", fqdn)["msg"]
            assert told.startswith(f"{option}: the entries of {sid}, which is all that is left of an account,")
    assert later.journal.writes(mark) == []


def test_where_exchange_takes_no_sids_words_and_names_do(start_lab: Any, runner_for: Any) -> None:
    lab: Lab = start_lab(
        servers={"EX1": {"version": "2019", "culture": "de"}}, accounts=USERS, switches={"sid_users": False}
    )
    fqdn = lab.servers["EX1"].fqdn
    runner = runner_for(lab)
    runner.run(play([{"name": "Make", CONNECTOR: SAME}])).succeed()
    done = five_steps(
        lab,
        runner,
        "receive_connector_permission",
        permission(
            grant("S-1-5-7", ANY_RECIPIENT),
            grant("S-1-5-11", SUBMIT, deny=True),
            grant("S-1-9-1419165041-1139599005-3936102811-1022490595-23", SUBMIT),
            grant("svc-app@lab.example", SUBMIT),
        ),
    )
    assert done["EX1"].connectors["Scanners"]["permissions"]["grants"] == [
        grant("anonymous", ANY_RECIPIENT, deny=False),
        grant("authenticated_users", SUBMIT, deny=True),
        grant("LAB\\svc-app", SUBMIT, deny=False),
        grant("MS Exchange\\Externally Secured Servers", SUBMIT, deny=False),
    ]
    mark = lab.journal.mark()
    wrong = {"name": "Wrong", PERMISSION: permission(grant("S-1-5-21-1-2-3-500", SUBMIT))}
    told = result(runner.run(play([wrong])).fail(), "Wrong", fqdn)["msg"]
    assert "is a SID, and Exchange on EX1 takes none" in told and told.endswith("write DOMAIN\\name or name@domain.")
    assert lab.journal.writes(mark) == []


def test_what_the_information_module_lists_is_taken_again(start_lab: Any, runner_for: Any) -> None:
    """Allowed and denied, words and names: listed, given back with exclusive, nothing to do."""
    lab: Lab = start_lab(servers={"EX1": {"version": "2019", "culture": "fr"}}, accounts=USERS)
    fqdn = lab.servers["EX1"].fqdn
    runner = runner_for(lab)
    given = permission(
        grant("anonymous", ANY_RECIPIENT),
        grant("LAB\\svc-app", SUBMIT, "MS-EXCH-SMTP-ACCEPT-ANY-SENDER", "ms-Exch-Accept-Exch50"),
        grant("LAB\\svc-app", SUBMIT, deny=True),
        grant("authenticated_users", ANY_RECIPIENT, deny=True),
    )
    runner.run(play([{"name": "Make", CONNECTOR: SAME}, {"name": "Give", PERMISSION: given}])).succeed()
    mark = lab.journal.mark()
    back = {
        "name": "Back",
        PERMISSION: {
            "connector": "Scanners",
            "grants": "{{ listed.receive_connectors[0].permissions.grants }}",
            "exclusive": True,
        },
    }
    run = runner.run(play([{**READ, "register": "listed"}, back])).succeed()
    assert (result(run, "Back", fqdn)["changed"], lab.journal.writes(mark)) == (False, [])
    principals = [row["principal"] for row in rows(run, fqdn)]
    assert principals == ["anonymous", "authenticated_users", "LAB\\svc-app", "LAB\\svc-app"]
