# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every version over real sockets: unmodified pypsrp sets up a relay on each server, smtplib tries it."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from exchange_lab.lab import Lab

USER, PASSWORD = "administrator", "Secret-1"
ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"

# Name: the server's version and more, the name of the anonymous principal there, and what refuses to relay.
SERVERS: dict[str, tuple[dict[str, object], str, str]] = {
    "EX10": ({"version": "2010"}, r"NT AUTHORITY\ANONYMOUS LOGON", "5.7.1 Unable to relay"),
    "CAS13": (
        {"version": "2013", "roles": ["client_access"]},
        r"NT AUTHORITY\ANONYMOUS LOGON",
        "5.7.1 Unable to relay",
    ),
    "MBX13": ({"version": "2013", "roles": ["mailbox"]}, r"NT AUTHORITY\ANONYMOUS LOGON", "5.7.1 Unable to relay"),
    "EX16": (
        {"version": "2016", "culture": "de"},
        r"NT-AUTORITÄT\ANONYMOUS-ANMELDUNG",
        "5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    ),
    "EXSE": (
        {"version": "SE", "culture": "fr"},
        r"AUTORITE NT\ANONYMOUS LOGON",
        "5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    ),
    "EDGE10": ({"version": "2010", "roles": ["edge"]}, r"NT AUTHORITY\ANONYMOUS LOGON", "5.7.1 Unable to relay"),
    "EDGE19": (
        {"version": "2019", "roles": ["edge"]},
        r"NT AUTHORITY\ANONYMOUS LOGON",
        "5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    ),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    content = {
        "organization": {"name": "Lab Organization", "domain": "lab.example"},
        "accounts": {USER: {"password": PASSWORD, "role_groups": ["Organization Management"]}},
        "servers": {
            name: {"address": f"127.0.11.{number}", "smtp_port": 0, "auth": ["ntlm"], **settings}
            for number, (name, (settings, _, _)) in enumerate(SERVERS.items(), start=1)
        },
    }
    with Lab.from_config(content, tmp_path_factory.mktemp("mixed")) as running:
        yield running


def entry(lab: Lab, name: str) -> dict[str, Any]:
    servers = lab.endpoints["servers"]
    assert isinstance(servers, dict)
    found = servers[name]
    assert isinstance(found, dict)
    return found


@contextmanager
def session(lab: Lab, name: str) -> Iterator[RunspacePool]:
    """Open a session the way the server wants it: Exchange's own endpoint, or WinRM and the snap-in."""
    server = entry(lab, name)
    snap_in = server["snap_in"]
    path, configuration = ("wsman", "Microsoft.PowerShell") if snap_in else ("PowerShell", "Microsoft.Exchange")
    connection = WSMan(
        server["host"], port=server["port"], ssl=False, path=path, auth="ntlm", username=USER, password=PASSWORD
    )
    with connection, RunspacePool(connection, configuration_name=configuration) as pool:
        if snap_in:
            run(pool, "Add-PSSnapin", Name=snap_in)
        yield pool


def run(pool: RunspacePool, cmdlet: str, **parameters: object) -> list[Any]:
    """Run a cmdlet that must succeed; return its output."""
    shell = PowerShell(pool)
    shell.add_cmdlet(cmdlet).add_parameters(parameters)
    output = shell.invoke()
    assert [str(error) for error in shell.streams.error] == []
    return list(output)


def relay(lab: Lab, name: str) -> str:
    """What the server answers a client at RCPT TO that wants to relay."""
    smtp = entry(lab, name)["smtp"]
    with closing(smtplib.SMTP(smtp["host"], smtp["port"], timeout=20)) as client:
        client.helo("client.lab.example")
        assert client.mail("app@lab.example")[0] == 250
        code, text = client.rcpt("someone@elsewhere.example")
        return f"{code} {text.decode()}"


@pytest.mark.parametrize("name", SERVERS)
def test_a_relay_on_every_version(lab: Lab, name: str) -> None:
    _, anonymous, refusal = SERVERS[name]
    server = lab.config.servers[name]
    role = {"TransportRole": server.transport_roles[0]} if not server.edge and server.version != "2010" else {}
    with session(lab, name) as pool:
        [made] = run(
            pool,
            "New-ReceiveConnector",
            Name="Relay",
            Usage="Custom",
            Server=name,
            Bindings=["0.0.0.0:25"],
            RemoteIPRanges=["127.0.0.0/8"],
            PermissionGroups="AnonymousUsers",
            TarpitInterval="00:00:00",
            **role,
        )
        assert relay(lab, name) == f"550 {refusal}"
        name_of_it = made.adapted_properties["DistinguishedName"]
        run(pool, "Add-ADPermission", Identity=name_of_it, User=anonymous, ExtendedRights=[ANY_RECIPIENT])
        assert relay(lab, name) == "250 2.1.5 Recipient OK"


@pytest.mark.parametrize("name", SERVERS)
def test_an_unknown_parameter_over_the_wire(lab: Lab, name: str) -> None:
    said = {
        "en": "A parameter cannot be found that matches parameter name 'Surprise'.",
        "de": 'Es wurde kein Parameter gefunden, der dem Parameternamen "Surprise" entspricht.',
        "fr": "Impossible de trouver un paramètre correspondant au nom «Surprise».",
    }
    with session(lab, name) as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet("Set-ReceiveConnector").add_parameters({"Identity": "Relay", "Surprise": 1})
        shell.invoke()
        [error] = shell.streams.error
    assert shell.had_errors
    assert str(error) == said[lab.config.servers[name].culture]
    assert error.fq_error == "NamedParameterNotFound,Set-ReceiveConnector"
    assert error.category == 5, "InvalidArgument"


def test_edge_transport_servers_are_not_in_the_organisation(lab: Lab) -> None:
    with session(lab, "EXSE") as pool:
        found = run(pool, "Get-ReceiveConnector")
    servers = {str(item).partition("\\")[0] for item in found}
    assert servers == {"EX10", "CAS13", "MBX13", "EX16", "EXSE"}
