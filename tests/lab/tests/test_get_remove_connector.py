# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Get- and Remove-ReceiveConnector."""

from __future__ import annotations

import pytest

from .conftest import Shell

DEFAULTS = {"Default {}", "Client Proxy {}", "Default Frontend {}", "Outbound Proxy Frontend {}", "Client Frontend {}"}


@pytest.mark.parametrize("identity", [None, "", "absent"])
def test_an_empty_identity_means_every_connector(shell: Shell, identity: str | None) -> None:
    parameters: dict[str, object] = {} if identity == "absent" else {"Identity": identity}
    found = shell.objects("Get-ReceiveConnector", **parameters)
    assert {item["Name"] for item in found} == {name.format(server) for name in DEFAULTS for server in ("EX1", "EX2")}


def test_the_connectors_of_one_server(shell: Shell) -> None:
    found = shell.objects("Get-ReceiveConnector", Server="EX2.lab.example")
    assert {item["Name"] for item in found} == {name.format("EX2") for name in DEFAULTS}
    assert {item["Server"] for item in found} == {"EX2"}


def test_default_connectors(shell: Shell) -> None:
    found = {str(item["Name"]): item for item in shell.objects("Get-ReceiveConnector", Server="EX1")}
    assert {
        name: (item["TransportRole"], item["Bindings"], item["PermissionGroups"]) for name, item in found.items()
    } == {
        "Default EX1": (
            "HubTransport",
            ["0.0.0.0:2525", "[::]:2525"],
            "ExchangeUsers, ExchangeServers, ExchangeLegacyServers",
        ),
        "Client Proxy EX1": ("HubTransport", ["[::]:465", "0.0.0.0:465"], "ExchangeUsers, ExchangeServers"),
        "Default Frontend EX1": (
            "FrontendTransport",
            ["[::]:25", "0.0.0.0:25"],
            "AnonymousUsers, ExchangeServers, ExchangeLegacyServers",
        ),
        "Outbound Proxy Frontend EX1": ("FrontendTransport", ["[::]:717", "0.0.0.0:717"], "ExchangeServers"),
        "Client Frontend EX1": ("FrontendTransport", ["[::]:587", "0.0.0.0:587"], "ExchangeUsers"),
    }
    assert found["Default EX1"]["MaxInboundConnectionPerSource"] == "Unlimited"
    assert found["Client Frontend EX1"]["MessageRateLimit"] == "5"
    assert found["Outbound Proxy Frontend EX1"]["TarpitInterval"] == "00:00:00"


def test_identity_and_server_exclude_each_other(shell: Shell) -> None:
    error = shell.refused("Get-ReceiveConnector", Identity="x", Server="EX1")
    assert error.error_id == "AmbiguousParameterSet,Get-ReceiveConnector"


def test_wildcards(shell: Shell) -> None:
    assert len(shell.objects("Get-ReceiveConnector", r"EX1\*Frontend*")) == 3
    assert len(shell.objects("Get-ReceiveConnector", "Default E*")) == 2
    assert shell.objects("Get-ReceiveConnector", "No*") == []


@pytest.mark.parametrize("identity", ["Nothing", r"EX1\Nothing", "7849c4d3-e168-483e-8ea8-836875117e4e"])
def test_what_is_not_there_is_an_error(shell: Shell, identity: str) -> None:
    error = shell.refused("Get-ReceiveConnector", identity)
    assert f"object '{identity}' couldn't be found on 'dc1.lab.example'" in error.message
    assert error.error_id.endswith(",Microsoft.Exchange.Management.SystemConfigurationTasks.GetReceiveConnector")


def test_an_unknown_server_is_an_error(shell: Shell) -> None:
    assert "object 'EX9' couldn't be found" in shell.refused("Get-ReceiveConnector", Server="EX9").message


def test_the_executing_servers_domain_controller_answers(shell: Shell) -> None:
    assert shell.on("EX2").one("Get-ReceiveConnector", r"EX1\Default EX1")["OriginatingServer"] == "dc2.lab.example"
    named = shell.on("EX2").one("Get-ReceiveConnector", r"EX1\Default EX1", DomainController="dc1.lab.example")
    assert named["OriginatingServer"] == "dc1.lab.example"


def test_remove_prompts_unless_told_not_to(shell: Shell) -> None:
    shell.relay()
    error = shell.refused("Remove-ReceiveConnector", r"EX1\Relay")
    assert error.error_id == "HostFunctionNotImplemented,Remove-ReceiveConnector"
    assert 'Removing Receive connector "EX1\\Relay"' in error.message
    assert error.terminating
    shell.refused("Remove-ReceiveConnector", r"EX1\Relay", Confirm=True)
    assert shell.objects("Remove-ReceiveConnector", r"EX1\Relay", Confirm=False) == []
    shell.refused("Get-ReceiveConnector", r"EX1\Relay")
    shell.refused("Remove-ReceiveConnector", r"EX1\Relay", Confirm=False)


def test_remove_with_what_if(shell: Shell) -> None:
    shell.relay()
    assert shell.objects("Remove-ReceiveConnector", r"EX1\Relay", WhatIf=True) == []
    shell.one("Get-ReceiveConnector", r"EX1\Relay")


def test_remove_takes_one_connector_only(shell: Shell) -> None:
    shell.relay()
    shell.relay(Server="EX2")
    assert "matches multiple entries" in shell.refused("Remove-ReceiveConnector", "Relay", Confirm=False).message


def test_a_removed_connector_takes_its_rows_along(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    shell.objects("Remove-ReceiveConnector", r"EX1\Relay", Confirm=False)
    made = shell.relay()
    assert made["PermissionGroups"] == "None"
    assert [row for row in shell.objects("Get-ADPermission", r"EX1\Relay") if not row["IsInherited"]] == []
