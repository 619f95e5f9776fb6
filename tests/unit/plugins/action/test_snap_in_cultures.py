# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A relay on old and Edge Transport servers, in three languages: made, found as it is, changed, removed.

On 2007 and 2010 nothing tells how the server names anonymous clients before the relay's own connector does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exchange_lab.lab import Lab
from exchange_lab.wsman.security import ConnectionSecurity

from .conftest import CONFIG, Actions

SERVERS: dict[str, dict[str, Any]] = {
    "EDGEDE": {"version": "2019", "roles": ["edge"], "culture": "de"},
    "EDGEFR": {"version": "2010", "roles": ["edge"], "culture": "fr"},
    "OLDEN": {"version": "2007"},
    "OLDDE": {"version": "2007", "culture": "de"},
    "OLDFR": {"version": "2007", "culture": "fr", "roles": ["hub_transport"]},
    "EX10DE": {"version": "2010", "culture": "de"},
    "EDGEOLD": {"version": "2007", "roles": ["edge"], "culture": "de"},
}
SOURCES = ["10.20.4.11", "10.31.0.0/24", "2001:db8:7::/64"]


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    servers = {
        name: {**config, "address": f"127.0.1.{number}", "port": 0, "smtp_port": 0, "auth": ["ntlm"]}
        for number, (name, config) in enumerate(SERVERS.items(), start=1)
    }
    with pytest.MonkeyPatch.context() as patch:
        # 2007 wants a delegated Kerberos ticket; how sessions are opened is proved elsewhere.
        patch.setattr(ConnectionSecurity, "delegated", True)
        with Lab.from_config({**CONFIG, "servers": servers}, tmp_path_factory.mktemp("lab")) as lab:
            yield lab


def service(method: str, sources: list[str], **more: Any) -> dict[str, Any]:
    accepted = {
        "open_relay": "addresses of documentation, in a test",
        "externally_secured_bypass": "a test of the method",
    }
    return {"external": {"method": method, "sources": sources, "accept_findings": accepted, **more}}


@pytest.mark.parametrize("method", ["anonymous", "externally_secured"])
@pytest.mark.parametrize("name", SERVERS)
def test_a_relay_comes_stays_changes_and_goes(organisation: Lab, name: str, method: str):
    actions = Actions(organisation, name)
    limits = {"max_message_size": "25MB", "connection_timeout": "00:20:00"}
    services = service(method, SOURCES, throttling=limits)

    checked = actions("relay", check=True, services=services)
    made = actions("relay", services=services)
    assert not made.get("failed"), made.get("msg")
    assert made["commands"] == checked["commands"] != []

    again = actions("relay", services=services)
    assert (again["changed"], again["commands"]) == (False, [])
    [shown] = actions("receive_connector_info", name="Relay external")["receive_connectors"]
    assert shown["options"]["max_message_size"] == "25MB"
    assert not actions("receive_connector", **shown["options"])["changed"]
    if method == "anonymous":
        assert shown["permissions"]["grants"][0]["principal"] == "anonymous"

    other = {"anonymous": "externally_secured", "externally_secured": "anonymous"}[method]
    switched = actions("relay", services=service(other, SOURCES, throttling=limits))
    assert switched["changed"], switched.get("msg")
    assert not actions("relay", services=service(other, SOURCES, throttling=limits))["changed"]

    gone = {"external": {"state": "absent", "accept_findings": {"too_many_removed": "the test is over"}}}
    removed = actions("relay", services=gone)
    assert removed["changed"], removed.get("msg")
    assert not actions("relay", services=gone)["changed"]
