# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an access list really gives: told by an audit, by a writer, by the filter, and the same on every server."""

from __future__ import annotations

from typing import Any

from harness.five_steps import INFO, play
from harness.labs import LISTED, STRANGER
from harness.promises import relays

ANY_RECIPIENT, SUBMIT = "ms-Exch-SMTP-Accept-Any-Recipient", "ms-Exch-SMTP-Submit"
SERVERS = {"EX1": {"version": "2019"}, "EX2": {"version": "2016", "culture": "de"}}
ABOVE = {"user": "ANONYMOUS LOGON", "right": ANY_RECIPIENT, "from": "administrative_group"}
ACCOUNTS = {
    "svc": {"password": "Secret-Svc-1", "role_groups": ["Hygiene Management"]},
}
SUBMISSION = {
    "name": "Submission",
    "bindings": ["0.0.0.0:25"],
    "remote_ip_ranges": [STRANGER],
    "permission_groups": ["ExchangeUsers"],
    "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
}
GRANTS: list[dict[str, Any]] = [
    {"principal": r"LAB\svc", "rights": ["ms-Exch-SMTP-Accept-Any-Sender"]},
    {"principal": r"LAB\Hygiene Management", "rights": [ANY_RECIPIENT], "deny": True},
]
SHOWN = {
    "findings": "{{ ansible_play_hosts | map('extract', hostvars, 'found') | mailrelay.exchange.relay_findings }}",
    "rows": "{{ found.receive_connectors | items2dict('name', 'effective_rights') }}",
}


def test_a_right_from_above_is_told_by_the_audit_and_by_the_writer(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(servers=SERVERS, clients=[LISTED, STRANGER], inherited_permissions=[ABOVE])
    runner = runner_for(lab)
    assert relays(lab, STRANGER) == {"EX1", "EX2"}, "Default Frontend takes everybody's mail, and so relays it"
    tasks = [
        {"name": "Apply", "mailrelay.exchange.relay": {"services": {"external": {"sources": [LISTED]}}}},
        {"name": "Read", INFO: {}, "register": "found"},
        {"name": "Show", "ansible.builtin.debug": {"msg": [SHOWN["findings"], SHOWN["rows"]]}},
    ]
    run = runner.run(play(tasks)).succeed()
    for server in lab.servers.values():
        applied = run.one("mailrelay.exchange.relay", server.fqdn)
        [told] = [one for one in applied["findings"] if one["id"] == "inherited_relay"]
        assert (told["severity"], told["connectors"]) == ("critical", ["Relay external"])
        assert any(told["message"] in warning for warning in applied["warnings"])
        [[findings, rows]] = [one.result["msg"] for one in run.of("ansible.builtin.debug", server.fqdn)]
        # One entry is one finding, whatever it opens; Client Frontend takes no mail without a logon.
        [audited] = [one for one in findings if (one["id"], one["server"]) == ("inherited_relay", server.name)]
        frontend = f"Default Frontend {server.name}"
        assert {frontend, "Relay external"} <= set(audited["connectors"])
        assert f"Client Frontend {server.name}" not in audited["connectors"]
        assert "where it is defined" in audited["remedy"]
        by_name = {row["principal"]: row for row in rows[frontend]}
        assert by_name["anonymous"]["may"] == ["submit", "relay"]
        assert "open_relay" in [one["id"] for one in findings if frontend in one["connectors"]]


def test_an_account_is_told_with_its_groups(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(servers=SERVERS, clients=[STRANGER], accounts=ACCOUNTS)
    runner = runner_for(lab)
    question = "found.receive_connectors[0] | mailrelay.exchange.effective_rights"
    asked = [
        f"{{{{ {question}(account) }}}}",
        f"{{{{ {question}(account, groups=[group]) }}}}",
        f"{{{{ {question}('authenticated_users') }}}}",
        f"{{{{ {question} }}}}",
    ]
    tasks = [
        {"name": "Let users submit", "mailrelay.exchange.receive_connector": SUBMISSION},
        {
            "name": "Grant and deny",
            "mailrelay.exchange.receive_connector_permission": {"connector": "Submission", "grants": GRANTS},
        },
        {"name": "Read", INFO: {"name": "Submission"}, "register": "found"},
        {
            "name": "Ask",
            "ansible.builtin.debug": {"msg": asked},
            "vars": {"account": GRANTS[0]["principal"], "group": GRANTS[1]["principal"]},
        },
    ]
    run = runner.run(play(tasks)).succeed()
    for server in lab.servers.values():
        [[alone, member, everybody, stranger]] = [
            one.result["msg"] for one in run.of("ansible.builtin.debug", server.fqdn)
        ]
        assert (alone["may"], alone["senders"]) == (["submit", "relay"], "any")
        assert (member["may"], member["denied"]) == (["submit"], [ANY_RECIPIENT])
        assert (everybody["may"], everybody["senders"], everybody["unverified"]) == (["submit", "relay"], "own", [])
        assert (stranger["may"], SUBMIT in stranger["rights"]) == ([], False)


def test_the_filter_says_in_one_sentence_what_is_wrong(start_lab: Any, runner_for: Any) -> None:
    lab = start_lab(servers={"EX1": SERVERS["EX1"]}, clients=[])
    runner = runner_for(lab)
    for question, sentence in (
        ("found | mailrelay.exchange.effective_rights", "takes one of the receive_connectors"),
        ("found.receive_connectors[0] | mailrelay.exchange.effective_rights('')", "'' is no name of a principal"),
    ):
        tasks = [
            {"name": "Read", INFO: {}, "register": "found"},
            {"name": "Ask", "ansible.builtin.debug": {"msg": f"{{{{ {question} }}}}"}},
        ]
        run = runner.run(play(tasks)).fail().no_traceback()
        assert sentence in str(run.failures[0].result["msg"])
