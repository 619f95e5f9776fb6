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


def test_relay_probes_and_verdicts_go_together() -> None:
    proof = {"sender": "a@contoso.com", "recipients": {"external": "b@fabrikam.com"}}
    services = {"external": {"sources": ["10.20.4.11"]}}
    [probe] = run("relay_probes", ["ex1"], proof, [{"address": "10.20.4.11"}], services=services)
    answer = {"address": "b@fabrikam.com", "expect": "accepted", "verdict": "accepted", "met": True, "reply": "250 OK"}
    [verdict] = run("relay_verdicts", [{"item": probe, "recipients": [answer]}])
    assert verdict["verdict"] == "proven"
    assert verdict["sentence"] == "10.20.4.11 at ex1: proven, may relay (250 OK); service external lists 10.20.4.11."


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
    return {"id": identifier, "severity": "critical", "server": server, **texts, **more}


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
