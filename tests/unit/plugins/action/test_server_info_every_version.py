# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What exchange_server_info tells of each kind of server, and where the addresses of one come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import CmdletUnavailable, ErrorRecord
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import (
    COMPONENTS_CMDLET,
    NETWORK_CMDLET,
    RELAY_CMDLETS,
    Exchange,
)
from exchange_lab.lab import Lab
from exchange_lab.wsman.security import ConnectionSecurity

from .conftest import CONFIG, Actions

ALL_ROLES = ["client_access", "frontend_transport", "hub_transport", "mailbox"]
OLD_ROLES = ["client_access", "hub_transport", "mailbox"]
# Server -> how the lab has it, roles told, cmdlets that its version lacks.
SERVERS: dict[str, tuple[dict[str, Any], list[str], set[str]]] = {
    "EX07": ({"version": "2007"}, OLD_ROLES, {NETWORK_CMDLET, COMPONENTS_CMDLET}),
    "EDGE07": ({"version": "2007", "roles": ["edge"]}, ["edge"], {NETWORK_CMDLET, COMPONENTS_CMDLET}),
    "EX10": ({"version": "2010"}, OLD_ROLES, {COMPONENTS_CMDLET}),
    "EDGE10": ({"version": "2010", "roles": ["edge"]}, ["edge"], {COMPONENTS_CMDLET}),
    "EX13": ({"version": "2013"}, ALL_ROLES, set()),
    "CAS13": ({"version": "2013", "roles": ["client_access"]}, ["client_access", "frontend_transport"], set()),
    "MBX13": ({"version": "2013", "roles": ["mailbox"]}, ["hub_transport", "mailbox"], set()),
    "EX16": ({"version": "2016"}, ALL_ROLES, set()),
    "EX19": ({"version": "2019"}, ALL_ROLES, set()),
    "EXSE": ({"version": "SE"}, ALL_ROLES, set()),
    "EDGESE": ({"version": "SE", "roles": ["edge"]}, ["edge"], set()),
}


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    servers = {
        name: {**config, "address": f"127.0.1.{number}", "port": 0, "smtp_port": 0, "auth": ["ntlm"]}
        for number, (name, (config, _roles, _lacks)) in enumerate(SERVERS.items(), start=1)
    }
    with pytest.MonkeyPatch.context() as patch:
        # 2007 wants a delegated Kerberos ticket; how sessions are opened is proved elsewhere.
        patch.setattr(ConnectionSecurity, "delegated", True)
        with Lab.from_config({**CONFIG, "servers": servers}, tmp_path_factory.mktemp("lab")) as lab:
            yield lab


@pytest.mark.parametrize("name", SERVERS)
def test_what_a_server_is(organisation: Lab, name: str):
    config, roles, lacks = SERVERS[name]
    actions = Actions(organisation, name)
    result = actions("exchange_server_info")
    told = result["exchange_server"]
    address = organisation.endpoints["servers"][name]["host"]
    edge = roles == ["edge"]
    assert (told["name"], told["version"], told["roles"]) == (name, config["version"], roles)
    assert told["domain_controller"] == (None if edge else "dc1.lab.example")
    assert (told["site"] is None) is edge
    assert told["dns_addresses"] == [address]
    assert told["addresses"] == (None if NETWORK_CMDLET in lacks else [address])
    assert (told["component_states"] is None) is (COMPONENTS_CMDLET in lacks)
    assert told["accepted_domains"][0]["domain_name"] == "lab.example"
    assert told["cmdlets"] == sorted(set(RELAY_CMDLETS) - lacks)
    assert (told["missing_cmdlets"], told["missing_roles"]) == ([], [])
    assert "warnings" not in result


@pytest.mark.parametrize("name", SERVERS)
def test_nothing_that_the_server_lacks_is_asked(organisation: Lab, name: str):
    actions = Actions(organisation, name)
    mark = actions.mark()
    actions("exchange_server_info")
    actions("relay", check=True, services={"external": {"sources": ["10.20.4.11"]}})
    lines = actions.journal(mark)
    assert not {line["cmdlet"] for line in lines} & SERVERS[name][2]
    assert not any(line["errors"] for line in lines)
    named = any("DomainController" in line["parameters"] for line in lines)
    assert named is (SERVERS[name][1] != ["edge"])


RELAY = {"services": {"external": {"sources": ["10.20.4.11"]}}}


def hide_adapters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Get-NetworkConnectionInfo be missing: no source says whether Edge Transport has it."""

    def missing(_self: Exchange, _server: str) -> tuple[str, ...]:
        raise CmdletUnavailable(NETWORK_CMDLET, ErrorRecord("?"), f"{NETWORK_CMDLET} does not exist.")

    monkeypatch.setattr(Exchange, "read_network_addresses", missing)


def test_an_edge_server_that_does_not_know_its_adapters(organisation: Lab, monkeypatch: pytest.MonkeyPatch):
    hide_adapters(monkeypatch)
    result = Actions(organisation, "EDGESE")("relay", check=True, **RELAY)
    assert result["changed"] is True
    assert [one for one in result["warnings"] if one.startswith("Only DNS tells the addresses of EDGESE")]
    told = Actions(organisation, "EDGESE")("exchange_server_info")
    assert told["exchange_server"]["addresses"] is None
    assert told["warnings"] == [f"{NETWORK_CMDLET} does not exist."]


def test_elsewhere_a_missing_cmdlet_is_a_missing_role(organisation: Lab, monkeypatch: pytest.MonkeyPatch):
    hide_adapters(monkeypatch)
    result = Actions(organisation, "EX19")("relay", check=True, **RELAY)
    assert result["failed"] and result["msg"].startswith(NETWORK_CMDLET)


def test_the_own_address_of_a_2007_server_is_known_by_dns(organisation: Lab):
    """There the cmdlet does not exist, and the guard must hold all the same."""
    own = organisation.endpoints["servers"]["EX07"]["host"]
    actions = Actions(organisation, "EX07")
    result = actions("relay", services={"external": {"sources": [own]}})
    assert result["failed"]
    assert "exchange_server_address" in [finding["id"] for finding in result["findings"]]
