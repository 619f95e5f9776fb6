# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filters are thin faces of the core: plain data in, plain data out, one sentence when it cannot be."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.mailrelay.exchange.plugins.module_utils._findings import BY_ID

FILTERS = Path(__file__).resolve().parents[4] / "plugins" / "filter"
NAMES = sorted(path.stem for path in FILTERS.glob("*.py"))

CONNECTORS = [
    {
        "server": "EX1",
        "name": name,
        "distinguished_name": f"CN={name}",
        "options": {
            "name": name,
            "enabled": enabled,
            "transport_role": "FrontendTransport",
            "bindings": ["0.0.0.0:25"],
            "remote_ip_ranges": ranges,
        },
    }
    for name, enabled, ranges in (
        ("Default Frontend EX1", True, ["0.0.0.0-255.255.255.255"]),
        ("Relay External", True, ["10.31.0.0/24", "10.20.4.11"]),
        ("Old Relay", False, ["10.31.0.7"]),
    )
]


def run(name: str, *arguments: Any, **options: Any) -> Any:
    module = import_module(f"ansible_collections.mailrelay.exchange.plugins.filter.{name}")
    result = module.FilterModule().filters()[name](*arguments, **options)
    json.dumps(result)  # plain data
    return result


@pytest.mark.parametrize("name", NAMES)
def test_documentation_and_code_agree(name: str) -> None:
    module = import_module(f"ansible_collections.mailrelay.exchange.plugins.filter.{name}")
    assert list(module.FilterModule().filters()) == [name]
    documented = yaml.safe_load((FILTERS / f"{name}.yml").read_text(encoding="utf-8"))["DOCUMENTATION"]
    code = module.FilterModule().filters()[name].__code__
    assert set(documented["options"]) - {"_input"} == set(code.co_varnames[1 : code.co_argcount])


def test_relay_ranges_reads_what_a_survey_delivers() -> None:
    assert run("relay_ranges", " 10.31.0.7/24,\n10.20.4.11, 10.20.4.11 ") == ["10.20.4.11", "10.31.0.0/24"]


def test_relay_ranges_resolves_groups_and_finds_an_address() -> None:
    groups = {"printers": {"addresses": ["10.31.0.0/24"]}}
    assert run("relay_ranges", ["printers", "10.20.4.11"], groups, containing="10.31.0.9") == ["10.31.0.0/24"]
    assert run("relay_ranges", ["printers"], groups, containing="10.32.0.9") == []


@pytest.mark.parametrize("sources", [None, "", ["printer"], ["10.20.4.300"], 17])
def test_relay_ranges_never_takes_a_mistake_for_nothing(sources: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="relay_ranges"):
        run("relay_ranges", sources, {"printers": {"addresses": ["10.31.0.0/24"]}})


@pytest.mark.parametrize(
    ("client", "name", "decides"),
    [
        ("10.31.0.7", "Relay External", "10.31.0.0/24"),
        ("10.20.4.11", "Relay External", "10.20.4.11"),
        ("10.99.0.1", "Default Frontend EX1", "0.0.0.0-255.255.255.255"),
    ],
)
def test_answering_connector_tells_who_answers_and_why(client: str, name: str, decides: str) -> None:
    answer = run("answering_connector", CONNECTORS, client)
    assert (answer["name"], answer["range"], answer["binding"]) == (name, decides, "0.0.0.0:25")
    assert answer["server"] == "EX1" and answer["distinguished_name"] == f"CN={name}"


def test_answering_connector_is_null_when_nobody_answers() -> None:
    assert run("answering_connector", CONNECTORS, "fd00::1") is None
    assert run("answering_connector", CONNECTORS, "10.31.0.7", port=587) is None
    assert run("answering_connector", [], "10.31.0.7") is None


@pytest.mark.parametrize(
    ("connectors", "client", "sentence"),
    [
        ("EX1", "10.31.0.7", "as receive_connector_info returns them"),
        ([{"name": "Relay"}], "10.31.0.7", "has no options"),
        ([{"name": "Relay", "options": {"enabled": True, "bindings": []}}], "10.31.0.7", "has no remote_ip_ranges"),
        (CONNECTORS, "printer7", "client: 'printer7'"),
        (CONNECTORS, "10.31.0.0/24", "is not a single address"),
    ],
)
def test_answering_connector_refuses_what_it_cannot_judge(connectors: Any, client: str, sentence: str) -> None:
    with pytest.raises(AnsibleFilterError, match=sentence):
        run("answering_connector", connectors, client)


def report(name: str, ranges: list[str], server: str = "EX1", **more: Any) -> dict[str, Any]:
    """A connector as receive_connector_info shows it."""
    options = {
        "name": name,
        "enabled": True,
        "transport_role": "FrontendTransport",
        "bindings": ["0.0.0.0:25"],
        "remote_ip_ranges": ranges,
        "auth_mechanism": ["Tls"],
        "permission_groups": ["AnonymousUsers"],
        **more.pop("options", {}),
    }
    shown = {"permissions": {"connector": name, "grants": []}, "read_only": {"OtherAccess": []}, **more}
    return {"server": server, "name": name, "distinguished_name": f"CN={name}", "options": options, **shown}


ANY = ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
RELAYS = [{"principal": "anonymous", "deny": False, "rights": ["ms-Exch-SMTP-Accept-Any-Recipient"]}]
REPORTS = [
    report("Default Frontend EX1", ANY, options={"bindings": ["0.0.0.0:25", "[::]:25"]}),
    report("Relay External", ["10.31.0.0/24"], permissions={"grants": RELAYS}),
    report(
        "Client Frontend EX1",
        ANY,
        options={
            "bindings": ["0.0.0.0:587"],
            "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS", "Integrated"],
            "permission_groups": ["ExchangeUsers"],
        },
    ),
]


def test_answering_connector_tells_what_the_client_may_and_who_came_second() -> None:
    answer = run("answering_connector", REPORTS, "10.31.0.7")
    assert (answer["connector"], answer["may"], answer["senders"]) == ("Relay External", ["submit", "relay"], "any")
    assert (answer["auth"], answer["tls_required"], answer["unverified"]) == ([], False, [])
    second = answer["second"]
    assert (second["connector"], second["range"], second["may"]) == ("Default Frontend EX1", ANY[0], ["submit"])
    over_ipv6 = run("answering_connector", REPORTS, "fd00:31::7")
    assert (over_ipv6["name"], over_ipv6["may"], over_ipv6["second"]) == ("Default Frontend EX1", ["submit"], None)


def test_answering_connector_tells_with_what_users_log_on() -> None:
    answer = run("answering_connector", REPORTS, "10.31.0.7", port="587")
    assert (answer["connector"], answer["may"], answer["senders"]) == ("Client Frontend EX1", [], "none")
    assert (answer["auth"], answer["auth_after_tls"]) == (["Integrated"], ["BasicAuth", "Integrated"])
    assert answer["users_may"] == ["submit", "relay"]


@pytest.mark.parametrize(
    ("read_only", "permissions", "options", "may"),
    [
        ({}, None, {}, None),
        ({}, {"grants": []}, {"permission_groups": []}, []),
        ({}, {"grants": [{**RELAYS[0], "deny": True}, *RELAYS]}, {}, ["submit"]),
        ({}, {"grants": [{**RELAYS[0], "principal": "LAB\\svc-relay"}]}, {}, ["submit"]),
        ({}, {"grants": [{**RELAYS[0], "principal": "NT AUTHORITY\\Anonymous Logon"}]}, {}, ["submit", "relay"]),
        (
            {
                "AnonymousPrincipal": "AUTORIDAD NT\\INICIO",
                "OtherAccess": [{"principal": "AUTORIDAD NT\\inicio", "right": "*", "deny": False, "inherited": True}],
            },
            {"grants": []},
            {"permission_groups": []},
            ["submit", "relay"],
        ),
        (
            {},
            {"grants": []},
            {"auth_mechanism": ["ExternalAuthoritative"], "permission_groups": ["ExchangeServers"]},
            ["submit", "relay", "trusted"],
        ),
        (
            {},
            None,
            {"auth_mechanism": ["ExternalAuthoritative"], "permission_groups": ["ExchangeServers"]},
            ["submit", "relay", "trusted"],
        ),
    ],
)
def test_answering_connector_reads_permissions_back(
    read_only: dict[str, Any], permissions: Any, options: dict[str, Any], may: Any
) -> None:
    shown = report("Relay", ["10.31.0.7"], read_only=read_only, permissions=permissions, options=options)
    assert run("answering_connector", [shown], "10.31.0.7")["may"] == may


def test_answering_connector_asks_which_server_is_meant() -> None:
    connectors = [report("Relay", ["10.31.0.7"]), report("Relay", ["10.31.0.0/24"], server="EX2")]
    assert run("answering_connector", connectors, "10.31.0.7", server="ex2")["range"] == "10.31.0.0/24"
    for options, sentence in (({}, "EX1, EX2; say which"), ({"server": "EX9"}, "one of 'EX9'")):
        with pytest.raises(AnsibleFilterError, match=sentence):
            run("answering_connector", connectors, "10.31.0.7", **options)


@pytest.mark.parametrize("port", [0, 65536, True, "smtp", "", -25, 25.5])
def test_answering_connector_takes_only_ports(port: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="is no TCP port"):
        run("answering_connector", REPORTS, "10.31.0.7", port=port)


@pytest.mark.parametrize(
    ("binding", "client", "name"),
    [
        ("0.0.0.0:25", "10.31.0.7", "Relay External"),
        ("10.9.9.9:25", "10.31.0.7", "Relay External"),
        ("0.0.0.0:587", "10.31.0.7", "Client Frontend EX1"),
        ("[::]:25", "fd00::7", "Default Frontend EX1"),
        ("[fd00::1]:25", "fd00::7", "Default Frontend EX1"),
        ("0.0.0.0:26", "10.31.0.7", None),
    ],
)
def test_answering_connector_is_asked_for_a_binding(binding: str, client: str, name: str | None) -> None:
    answer = run("answering_connector", REPORTS, client, binding=binding)
    assert (answer and answer["name"]) == name


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"binding": "10.9.9.9"}, "binding: '10.9.9.9'"),
        ({"binding": "10.9.9.9:25", "server_address": "10.9.9.9"}, "beside server_address"),
        ({"binding": "[::]:25"}, "one IP version"),
    ],
)
def test_answering_connector_refuses_wrong_bindings(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AnsibleFilterError, match=sentence):
        run("answering_connector", REPORTS, "10.31.0.7", **options)


def test_answering_connector_takes_two_addresses_of_one_version() -> None:
    with pytest.raises(AnsibleFilterError, match="one IP version"):
        run("answering_connector", REPORTS, "10.31.0.7", "fd00::1")


def test_relay_probes_and_verdicts_go_together() -> None:
    proof = {"sender": "a@contoso.com", "recipients": {"external": "b@fabrikam.com"}}
    services = {"external": {"sources": ["10.20.4.11"]}}
    [probe] = run("relay_probes", ["ex1"], proof, [{"address": "10.20.4.11"}], services=services)
    answer = {"address": "b@fabrikam.com", "expect": "accepted", "verdict": "accepted", "met": True, "reply": "250 OK"}
    [verdict] = run("relay_verdicts", [{"item": probe, "recipients": [answer]}])
    assert verdict["verdict"] == "proven"
    assert verdict["sentence"] == "10.20.4.11 at ex1: proven, may relay (250 OK); service external lists 10.20.4.11."


@pytest.mark.parametrize("folder", ["sources", "files/sources"])
def test_relay_probes_reads_files_of_sources(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "a.csv").write_text("address\n10.20.4.11\n", encoding="utf-8")
    proof = {"sender": "a@contoso.com", "recipients": {"external": "b@fabrikam.com"}}
    options = {"services": {"external": {"sources": ["legacy"]}}, "search_path": ["/nowhere", str(tmp_path)]}
    for name in ("sources/a.csv", str(tmp_path / folder / "a.csv")):
        groups = {"legacy": {"file": name}}
        [probe] = run("relay_probes", ["ex1"], proof, [{"address": "10.20.4.11"}], source_groups=groups, **options)
        assert probe["relay"] is True
    with pytest.raises(AnsibleFilterError, match=r"source_groups.legacy.file: 'sources/b.csv' was not found"):
        run("relay_probes", ["ex1"], proof, [], source_groups={"legacy": {"file": "sources/b.csv"}}, **options)


def test_relay_probes_without_services_expects_refusals() -> None:
    proof = {"sender": "a@contoso.com", "recipients": {"external": "b@fabrikam.com"}}
    [probe] = run("relay_probes", ["ex1"], proof, [{"address": "10.20.4.11"}])
    assert probe["relay"] is False


def test_wrong_input_is_one_sentence() -> None:
    with pytest.raises(AnsibleFilterError, match="relay_proof"):
        run("relay_probes", ["ex1"], {}, [])
    for results in (None, [{}], [{"item": "ex1"}], "results"):
        with pytest.raises(AnsibleFilterError, match="results of a loop of smtp_probe"):
            run("relay_verdicts", results)


def finding(identifier: str, server: str = "EX1", **more: Any) -> dict[str, Any]:
    texts = {"connectors": ["Relay"], "addresses": [], "message": f"{identifier} on {server}", "remedy": ""}
    return {"id": identifier, "severity": BY_ID[identifier].severity, "server": server, **texts, **more}


RESULTS = [
    {"changed": False, "findings": [finding("externally_secured_bypass", "EX2"), finding("open_relay", "EX2")]},
    {"receive_connectors": [{"name": "Relay", "findings": [finding("open_relay"), finding("open_relay")]}]},
    [finding("two_methods", accepted="until May")],
]


def test_relay_findings_come_once_and_worst_first() -> None:
    found = [(one["id"], one["server"]) for one in run("relay_findings", RESULTS)]
    assert found == [
        ("open_relay", "EX1"),
        ("two_methods", "EX1"),
        ("open_relay", "EX2"),
        ("externally_secured_bypass", "EX2"),
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"severity": "critical"}, ["open_relay", "two_methods", "open_relay"]),
        ({"ids": "two_methods"}, ["two_methods"]),
        ({"ids": ["two_methods", "externally_secured_bypass"]}, ["two_methods", "externally_secured_bypass"]),
        ({"accepted": True}, ["two_methods"]),
        ({"accepted": False, "severity": "critical"}, ["open_relay", "open_relay"]),
    ],
)
def test_relay_findings_can_be_chosen(options: dict[str, Any], expected: list[str]) -> None:
    assert [one["id"] for one in run("relay_findings", RESULTS, **options)] == expected


def test_relay_findings_are_as_bad_as_they_were_found() -> None:
    results = [finding("range_conflict", severity="warning"), finding("stolen_clients", severity="info")]
    assert run("relay_findings", results, severity="critical") == []
    assert [one["id"] for one in run("relay_findings", results, severity="warning")] == ["range_conflict"]
    unknown = [{**results[0], "severity": "dreadful"}]
    assert len(run("relay_findings", unknown, severity="critical")) == 1


@pytest.mark.parametrize(
    ("results", "options", "sentence"),
    [
        ("open_relay", {}, "takes results of the modules"),
        ([{"changed": True}], {}, "takes results of the modules"),
        ([], {"severity": "fatal"}, "severity 'fatal' is none of critical, warning, info"),
        ([], {"ids": ["open_realy"]}, "there is no finding 'open_realy'"),
    ],
)
def test_relay_findings_does_not_take_a_mistake_for_a_clean_report(
    results: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AnsibleFilterError, match=sentence):
        run("relay_findings", results, **options)


# -- effective_rights -------------------------------------------------------------------------------------------------

SUBMIT, ANY_SENDER = "ms-Exch-SMTP-Submit", "ms-Exch-SMTP-Accept-Any-Sender"
SPANISH = {"AnonymousPrincipal": "AUTORIDAD NT\\INICIO", "AuthenticatedUsersPrincipal": "AUTORIDAD NT\\Usuarios"}


def client_frontend(grants: Any = (), **read_only: Any) -> dict[str, Any]:
    """A connector on which users log on, on a Spanish server."""
    options = {
        "bindings": ["0.0.0.0:587"],
        "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
        "permission_groups": ["ExchangeUsers"],
    }
    shown = {"OtherAccess": [], **SPANISH, **read_only}
    return report("Client Frontend EX1", ANY, options=options, permissions={"grants": list(grants)}, read_only=shown)


@pytest.mark.parametrize("principal", ["anonymous", "S-1-5-7", "NT AUTHORITY\\ANONYMOUS LOGON", "Anonymous"])
def test_effective_rights_of_clients_that_do_not_log_on(principal: str) -> None:
    row = run("effective_rights", REPORTS[1], principal)
    assert (row["principal"], row["may"], len(row["rights"])) == ("anonymous", ["submit", "relay"], 5)
    assert row["without_effect"] == [ANY_SENDER, "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender"]
    assert run("effective_rights", REPORTS[1]) == row


def test_effective_rights_know_the_servers_own_names() -> None:
    grants = [{"principal": SPANISH["AuthenticatedUsersPrincipal"], "deny": True, "rights": [SUBMIT]}]
    for principal in ("authenticated_users", "S-1-5-11", "autoridad nt\\usuarios"):
        row = run("effective_rights", client_frontend(grants), principal)
        assert (row["principal"], row["may"], row["denied"]) == ("authenticated_users", [], [SUBMIT])
    relays = [{"principal": SPANISH["AnonymousPrincipal"].lower(), "deny": False, "rights": [SUBMIT]}]
    row = run("effective_rights", client_frontend(relays), SPANISH["AnonymousPrincipal"])
    assert (row["principal"], row["may"]) == ("anonymous", ["submit"])


def test_effective_rights_of_a_user_and_his_groups() -> None:
    grants = [
        {"principal": "CONTOSO\\svc", "deny": False, "rights": [ANY_SENDER]},
        {"principal": "CONTOSO\\Interns", "deny": True, "rights": ["ms-Exch-SMTP-Accept-Any-Recipient"]},
    ]
    row = run("effective_rights", client_frontend(grants), "contoso\\SVC")
    assert run("effective_rights", client_frontend(grants), "contoso\\\\SVC") == row, "as some expressions say it"
    assert (row["may"], row["senders"], row["without_effect"], row["unverified"]) == (
        ["submit", "relay"],
        "any",
        [],
        [],
    )
    row = run("effective_rights", client_frontend(grants), "CONTOSO\\svc", groups=["CONTOSO\\interns"])
    assert (row["may"], row["denied"]) == (["submit"], ["ms-Exch-SMTP-Accept-Any-Recipient"])
    row = run("effective_rights", client_frontend(grants), "svc@contoso.com")
    assert (row["senders"], len(row["unverified"])) == ("own", 1)
    assert "does not name 'svc@contoso.com'" in row["unverified"][0]


def test_effective_rights_of_secured_sessions() -> None:
    options = {"auth_mechanism": ["ExternalAuthoritative"], "permission_groups": ["ExchangeServers"]}
    secured = report("Trusting", ["10.31.0.7"], options=options)
    row = run("effective_rights", secured, "externally_secured_servers")
    assert (row["may"], len(row["rights"]), row["because"]) == (["submit", "relay", "trusted"], 9, "")
    for principal in ("anonymous", "authenticated_users", "CONTOSO\\svc"):
        assert "externally secured" in run("effective_rights", secured, principal)["because"]
    assert run("effective_rights", REPORTS[1], "externally_secured_servers")["may"] == []


def test_effective_rights_where_the_access_list_is_not_known() -> None:
    assert run("effective_rights", report("Relay", ["10.31.0.7"], permissions=None)) is None


@pytest.mark.parametrize(
    ("connector", "principal", "groups", "sentence"),
    [
        (REPORTS, "anonymous", None, "takes one of the receive_connectors"),
        ({"receive_connectors": REPORTS}, "anonymous", None, "takes one of the receive_connectors"),
        ("Relay", "anonymous", None, "takes one of the receive_connectors"),
        ({"name": "Relay"}, "anonymous", None, "has no options"),
        (REPORTS[0], "", None, "principal: '' is no name of a principal; write anonymous or DOMAIN"),
        (REPORTS[0], 5, None, "principal: 5 is no name"),
        (REPORTS[0], "anonymous", ["CONTOSO\\x"], "are in no group; leave 'CONTOSO"),
        (REPORTS[0], "CONTOSO\\svc", 5, "groups: 5 is no list of groups"),
        (REPORTS[0], "CONTOSO\\svc", [None], "groups: null is no name of a principal"),
        (REPORTS[0], "CONTOSO\\Exchange Servers", None, "is a principal of Exchange's own servers"),
        (REPORTS[0], "MS Exchange\\Externally Secured Servers", None, "ask for a user, anonymous"),
    ],
)
def test_effective_rights_refuse_in_one_sentence(connector: Any, principal: Any, groups: Any, sentence: str) -> None:
    with pytest.raises(AnsibleFilterError, match=sentence) as caught:
        run("effective_rights", connector, principal, groups)
    assert str(caught.value).startswith("effective_rights: ")
    assert str(caught.value).count(". ") == 0
