# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What servers of each version and role are, and which connectors setup gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange_lab.config import load
from exchange_lab.lab import Lab

from .conftest import MakeShell, Plain, Shell

LABS = Path(__file__).resolve().parents[1] / "labs"


def server(version: str, *roles: str, **settings: object) -> dict[str, object]:
    """The servers of a lab file: EX1 alone."""
    held = {"roles": list(roles)} if roles else {}
    return {"EX1": {"address": "127.0.1.1", "auth": ["basic"], "version": version, **held, **settings}}


def connectors(shell: Shell) -> dict[str, Plain]:
    """The connectors of EX1 by name without the server's."""
    found = shell.objects("Get-ReceiveConnector", Server="EX1")
    return {str(item["Name"]).removesuffix(" EX1"): item for item in found}


FRONT = {"Default Frontend": "0.0.0.0:25", "Outbound Proxy Frontend": "0.0.0.0:717", "Client Frontend": "0.0.0.0:587"}
BACK = {"Default": "0.0.0.0:2525", "Client Proxy": "0.0.0.0:465"}
HUB = {"Default": "0.0.0.0:25", "Client": "0.0.0.0:587"}


@pytest.mark.parametrize(
    ("version", "roles", "expected"),
    [
        ("2007", (), HUB),
        ("2010", (), HUB),
        ("2010", ("hub_transport",), HUB),
        ("2010", ("mailbox", "client_access"), {}),
        ("2013", (), {**BACK, **FRONT}),
        ("2013", ("client_access",), FRONT),
        ("2013", ("mailbox",), {"Default": "0.0.0.0:25", "Client Proxy": "0.0.0.0:465"}),
        ("2016", (), {**BACK, **FRONT}),
        ("2019", (), {**BACK, **FRONT}),
        ("SE", (), {**BACK, **FRONT}),
        ("2016", ("edge",), {"Default internal receive connector": "0.0.0.0:25"}),
    ],
)
def test_default_connectors(make_shell: MakeShell, version: str, roles: tuple[str, ...], expected: Plain) -> None:
    found = connectors(make_shell(servers=server(version, *roles)))
    assert list(found) == list(expected)
    for name, binding in expected.items():
        bindings = found[name]["Bindings"]
        assert isinstance(bindings, list) and binding in bindings
        assert len(bindings) == (1 if "edge" in roles else 2), "Edge Transport binds IPv4 only"


def test_the_port_of_a_mailbox_server_of_2013_without_front_end(make_shell: MakeShell) -> None:
    shell = make_shell(servers=server("2013", "mailbox"), switches={"split_mailbox_port": "2525"})
    assert connectors(shell)["Default"]["Bindings"] == ["0.0.0.0:2525", "[::]:2525"]


def test_no_default_connector_of_2010_takes_anonymous_clients(make_shell: MakeShell) -> None:
    for version in ("2007", "2010"):
        found = connectors(make_shell(servers=server(version)))
        assert found["Default"]["PermissionGroups"] == "ExchangeUsers, ExchangeServers, ExchangeLegacyServers"
        assert found["Client"]["PermissionGroups"] == "ExchangeUsers"
        assert found["Client"]["EnableAuthGSSAPI"] is True


def test_the_default_connector_of_edge_transport(make_shell: MakeShell) -> None:
    [found] = connectors(make_shell(servers=server("2019", "edge"))).values()
    assert found["PermissionGroups"] == "AnonymousUsers, ExchangeServers, Partners"
    assert found["AuthMechanism"] == "Tls, ExchangeServer"
    assert found["RemoteIPRanges"] == ["0.0.0.0-255.255.255.255"]
    assert (found["MessageRateLimit"], found["DomainSecureEnabled"]) == ("600", True)
    assert (found["ConnectionTimeout"], found["ConnectionInactivityTimeout"]) == ("00:05:00", "00:01:00")
    assert str(found["DistinguishedName"]).startswith(
        "CN=Default internal receive connector EX1,CN=SMTP Receive Connectors,CN=Protocols,CN=EX1,CN=Servers,"
    )
    assert "DC=lab" not in str(found["DistinguishedName"]), "its directory is its own"


@pytest.mark.parametrize(
    ("version", "message", "header", "hops", "local"),
    [
        ("2007", "10 MB (10,485,760 bytes)", "64 KB (65,536 bytes)", 30, 8),
        ("2010", "10 MB (10,485,760 bytes)", "64 KB (65,536 bytes)", 60, 8),
        ("2013", "10 MB (10,485,760 bytes)", "64 KB (65,536 bytes)", 60, 5),
        ("2016", "36 MB (37,748,736 bytes)", "256 KB (262,144 bytes)", 60, 5),
        ("SE", "36 MB (37,748,736 bytes)", "256 KB (262,144 bytes)", 60, 5),
    ],
)
def test_defaults_of_a_new_connector(
    make_shell: MakeShell, version: str, message: str, header: str, hops: int, local: int
) -> None:
    made = new_relay(make_shell(servers=server(version)))
    assert (made["MaxMessageSize"], made["MaxHeaderSize"]) == (message, header)
    assert (made["MaxHopCount"], made["MaxLocalHopCount"]) == (hops, local)


@pytest.mark.parametrize(
    ("version", "hops", "local"), [("2010", 60, 8), ("2013", 60, 8), ("2016", 30, 8), ("SE", 30, 8)]
)
def test_documented_hop_counts(make_shell: MakeShell, version: str, hops: int, local: int) -> None:
    shell = make_shell(servers=server(version), switches={"hop_counts": "documented"})
    made = new_relay(shell)
    assert (made["MaxHopCount"], made["MaxLocalHopCount"]) == (hops, local)
    captured = connectors(shell)["Default"]
    assert captured["MaxHopCount"] == 60, "the switch is about new connectors only"


def new_relay(shell: Shell, **changes: object) -> Plain:
    """Create a relay connector with what every version knows."""
    parameters: dict[str, object] = {"Name": "Relay", "Usage": "Custom", "Server": "EX1"}
    parameters |= {"Bindings": ["127.0.1.1:26"], "RemoteIPRanges": ["10.1.0.0/16"], **changes}
    return shell.one("New-ReceiveConnector", **parameters)


# --- Get-ExchangeServer ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "roles", "shown", "number"),
    [
        ("2007", (), "Version 8.3 (Build 83.6)", "Mailbox, ClientAccess, HubTransport"),
        ("2010", ("hub_transport",), "Version 14.3 (Build 123.4)", "HubTransport"),
        ("2013", (), "Version 15.0 (Build 1497.2)", "Mailbox, ClientAccess"),
        ("2013", ("client_access",), "Version 15.0 (Build 1497.2)", "ClientAccess"),
        ("2016", (), "Version 15.1 (Build 2507.18)", "Mailbox"),
        ("2019", (), "Version 15.2 (Build 986.5)", "Mailbox"),
        ("SE", (), "Version 15.2 (Build 2562.17)", "Mailbox"),
        ("SE", ("edge",), "Version 15.2 (Build 2562.17)", "Edge"),
    ],
)
def test_versions_of_servers(
    make_shell: MakeShell, version: str, roles: tuple[str, ...], shown: str, number: str
) -> None:
    found = make_shell(servers=server(version, *roles)).one("Get-ExchangeServer", "EX1")
    assert found["AdminDisplayVersion"] == shown
    assert found["ServerRole"] == number
    assert ("IsE14OrLater" in found, "IsE15OrLater" in found) == (version != "2007", version not in ("2007", "2010"))


ROLE_FLAGS = (
    "IsMailboxServer",
    "IsClientAccessServer",
    "IsHubTransportServer",
    "IsFrontendTransportServer",
    "IsEdgeServer",
)


@pytest.mark.parametrize(
    ("version", "roles", "expected"),
    [
        ("2010", ("hub_transport",), {"IsHubTransportServer"}),
        ("2010", ("mailbox",), {"IsMailboxServer"}),
        ("2013", (), {"IsMailboxServer", "IsClientAccessServer", "IsHubTransportServer", "IsFrontendTransportServer"}),
        ("2013", ("client_access",), {"IsClientAccessServer", "IsFrontendTransportServer"}),
        ("2013", ("mailbox",), {"IsMailboxServer", "IsHubTransportServer"}),
        ("2016", (), {"IsMailboxServer", "IsClientAccessServer", "IsHubTransportServer", "IsFrontendTransportServer"}),
        ("2016", ("edge",), {"IsEdgeServer"}),
    ],
)
def test_role_flags(make_shell: MakeShell, version: str, roles: tuple[str, ...], expected: set[str]) -> None:
    found = make_shell(servers=server(version, *roles)).one("Get-ExchangeServer", "EX1")
    assert {flag for flag in ROLE_FLAGS if found.get(flag)} == expected


def test_an_edge_transport_server_is_alone_in_its_directory(make_shell: MakeShell) -> None:
    servers = {**server("2019"), "EDGE1": {"address": "127.0.1.9", "version": "2019", "roles": ["edge"]}}
    shell = make_shell(servers=servers)
    assert [found["Name"] for found in shell.objects("Get-ExchangeServer")] == ["EX1"]
    edge = shell.on("EDGE1")
    [found] = edge.objects("Get-ExchangeServer", Status=True)
    assert (found["Name"], found["Site"], found["CurrentConfigDomainController"]) == ("EDGE1", None, "")
    assert found["OriginatingServer"] == "localhost"
    assert {str(item["Identity"]).partition("\\")[0] for item in shell.objects("Get-ReceiveConnector")} == {"EX1"}
    assert {str(item["Identity"]).partition("\\")[0] for item in edge.objects("Get-ReceiveConnector")} == {"EDGE1"}
    assert "couldn't be found" in shell.refused("Get-ReceiveConnector", r"EDGE1\Default").message
    assert "couldn't be found" in edge.refused("Get-ExchangeServer", "EX1").message


# --- sessions --------------------------------------------------------------------------------------------------------


def test_a_snap_in_knows_no_roles_but_local_administrators(make_shell: MakeShell) -> None:
    accounts = {
        "administrator": {"password": "Secret-1", "role_groups": ["Organization Management"]},
        "operator": {"password": "Secret-2", "role_groups": ["Server Management"]},
        "helper": {"password": "Secret-3", "administrator_of": ["EX1"]},
        "outsider": {"password": "Secret-4", "role_groups": ["Organization Management"], "administrator_of": []},
    }
    shell = make_shell(servers=server("2016", "edge"), accounts=accounts)
    for user, welcome in (("administrator", True), ("operator", False), ("helper", True), ("outsider", False)):
        session = shell.on(user=user)
        refusal = shell.backend.session_refusal(session.context)
        assert (refusal is None) is welcome, user
        outcome = session.call("Add-ADPermission", WhatIf=True)
        assert (outcome.errors[0].error_id == "CommandNotFoundException") is not welcome


@pytest.mark.parametrize(
    ("version", "roles", "absent"),
    [
        ("2007", (), {"Get-NetworkConnectionInfo", "Get-ServerComponentState"}),
        ("2010", (), {"Get-ServerComponentState"}),
        ("2013", (), set()),
        ("2010", ("edge",), {"Get-ServerComponentState"}),
    ],
)
def test_cmdlets_that_a_version_lacks(
    make_shell: MakeShell, version: str, roles: tuple[str, ...], absent: set[str]
) -> None:
    shell = make_shell(servers=server(version, *roles))
    for cmdlet in ("Get-NetworkConnectionInfo", "Get-ServerComponentState"):
        outcome = shell.call(cmdlet, "EX1")
        assert [error.error_id for error in outcome.errors] == (
            ["CommandNotFoundException"] if cmdlet in absent else []
        )
    names = {item["Name"] for item in shell.objects("Get-Command")}
    assert not names & absent and "Set-ReceiveConnector" in names


@pytest.mark.parametrize(
    ("roles", "component"),
    [((), "FrontendTransport"), (("mailbox",), "HubTransport"), (("edge",), "EdgeTransport")],
)
def test_the_component_that_owns_port_25(make_shell: MakeShell, roles: tuple[str, ...], component: str) -> None:
    shell = make_shell(servers=server("2013", *roles, components={component: "Inactive"}))
    assert str(shell.answers.unavailable("EX1")) == "421 4.3.2 Service not active"
    states = {item["Component"]: item["State"] for item in shell.objects("Get-ServerComponentState", "EX1")}
    assert states[component] == "Inactive"


# --- the shipped lab files -------------------------------------------------------------------------------------------

SHIPPED = sorted(path.name for path in LABS.glob("*.yml"))


def test_there_is_a_lab_for_every_version() -> None:
    assert {config.version for name in SHIPPED for config in load(LABS / name).servers.values()} == {
        "2007",
        "2010",
        "2013",
        "2016",
        "2019",
        "SE",
    }
    assert {"edge.yml", "exchange-2013-split.yml", "mixed.yml"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_lab_starts(name: str, tmp_path: Path) -> None:
    with Lab.from_file(LABS / name, tmp_path) as lab:
        servers = lab.endpoints["servers"]
        assert isinstance(servers, dict)
        for key, entry in servers.items():
            config = lab.config.servers[key]
            assert (entry["version"], entry["roles"], entry["culture"]) == (
                config.version,
                list(config.roles),
                config.culture,
            )
            assert (entry["snap_in"] is None) == (config.version != "2007" and not config.edge)
            assert (entry["domain_controller"] is None) == config.edge
            assert entry["smtp"]["port"] == 2525
