# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab of the integration tests, and an inventory that reaches it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from .lab import ROOT, Lab, Server

LAB_FILE = ROOT / "tests" / "lab" / "labs" / "three-servers.yml"

LISTED = "127.0.0.10"
LATER = "127.0.0.11"
STRANGER = "127.0.0.66"
SENDER = "app@lab.example"
OUTSIDE = "someone@elsewhere.example"
INSIDE = "someone@lab.example"
CLIENTS = (LISTED, LATER, STRANGER)

# What a repository full of Windows servers says about its hosts: nothing of it may matter.
HOSTILE = {
    "ansible_connection": "winrm",
    "ansible_port": 5986,
    "ansible_shell_type": "powershell",
    "ansible_winrm_transport": "certificate",
    "ansible_become": True,
    "ansible_become_method": "runas",
    "ansible_become_user": "SYSTEM",
    "ansible_python_interpreter": "C:\\Python\\python.exe",
}


def lab_file(
    servers: Sequence[str] | Mapping[str, Mapping[str, Any]] = ("EX1", "EX2", "EX3"),
    clients: Sequence[str] = CLIENTS,
    switches: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None,
    accounts: Mapping[str, Mapping[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Content of a lab file: the demonstration's lab on free ports, watching `clients` outwards and inwards.

    servers: names out of the demonstration's, or other servers: name to version, roles, culture, faults, ...
    accounts: further accounts: name to password, role groups, ... more: further keys of a lab file.
    """
    content: dict[str, Any] = copy.deepcopy(yaml.safe_load(LAB_FILE.read_text(encoding="utf-8")))
    if isinstance(servers, Mapping):
        chosen = {
            name: {"address": f"127.0.1.{number}", "auth": ["kerberos", "ntlm"], **server}
            for number, (name, server) in enumerate(servers.items(), start=1)
        }
    else:
        chosen = {name: server for name, server in content["servers"].items() if name in servers}
    content["servers"] = {name: {**server, "port": 0, "smtp_port": 0} for name, server in chosen.items()}
    content["watch"] = [
        {"client": client, "sender": SENDER, "recipient": recipient}
        for client in clients
        for recipient in (OUTSIDE, INSIDE)
    ]
    if switches:
        content["switches"] = dict(switches)
    if accounts:
        content["accounts"].update(accounts)
    if limits:
        content["limits"] = dict(limits)
    return {**content, **more}


def inventory(
    lab: Lab,
    folder: Path,
    variables: Mapping[str, Any] | None = None,
    hosts: Mapping[str, Mapping[str, Any]] | None = None,
    hostile: bool = False,
    user: str = "administrator",
    auth: str = "kerberos",
) -> Path:
    """Write an inventory for a lab and return its path.

    variables: of all hosts, the control node included. hosts: further variables by server name. hostile: with the
    variables of a Windows repository for every host.
    """
    account = lab.facts["accounts"][user]
    servers = {
        server.fqdn: {
            "ansible_host": server.host,
            "ansible_exchange_port": server.port,
            "ansible_exchange_kerberos_hostname": server.fqdn,
            "relay_verify_host": server.smtp_host,
            "relay_verify_port": server.smtp_port,
            **_reached_through(server),
            **(hosts or {}).get(server.name, {}),
        }
        for server in lab.servers.values()
    }
    group = {
        "ansible_user": account["principal"] if auth == "kerberos" else user,
        "ansible_password": account["password"],
        "ansible_exchange_auth": auth,
    }
    common = {**(HOSTILE if hostile else {}), **dns_variables(lab), **(variables or {})}
    content = {"all": {"vars": common, "children": {"exchange": {"hosts": servers, "vars": group}}}}
    path = folder / "inventory.yml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def _reached_through(server: Server) -> dict[str, Any]:
    """Variables of a server that has no Exchange endpoint; 2007 reads the directory in the caller's name."""
    if not server.snap_in:
        return {}
    delegated = server.snap_in.endswith(".Admin")
    return {"ansible_exchange_snap_in": server.snap_in, "ansible_exchange_kerberos_delegation": delegated}


def dns_variables(lab: Lab) -> dict[str, Any]:
    """Variables that send every DNS question to the lab's name server."""
    dns = lab.facts.get("dns")
    return {"ansible_exchange_resolver": f"{dns['host']}:{dns['port']}"} if dns else {}


def dns_alias_variables(lab: Lab, namespaces: bool = True, leads_to: str = "EX1") -> dict[str, Any]:
    """Variables with which the role dns_alias reaches the lab's name server; the name leads to one server."""
    dns = lab.facts["dns"]
    variables: dict[str, Any] = {
        "dns_alias_server": dns["host"],
        "dns_alias_port": dns["port"],
        "dns_alias_key_name": dns["key"]["name"],
        "dns_alias_key_secret": dns["key"]["secret"],
        "dns_alias_key_algorithm": dns["key"]["algorithm"],
    }
    if namespaces:
        variables["relay_namespaces"] = {"smtp.lab.example": {"type": "cname", "targets": [lab.servers[leads_to].fqdn]}}
    return variables


def proof_variables(lab: Lab, clients: Sequence[str] = (LISTED,), leads_to: str = "EX1") -> dict[str, Any]:
    """Variables with which the role relay_verify asks as these clients; the names lead to one server."""
    return {
        "relay_proof": {
            "sender": SENDER,
            "recipients": {"internal": INSIDE, "external": OUTSIDE},
            "clients": [{"address": client} for client in clients],
        },
        "relay_verify_namespace_port": lab.servers[leads_to].smtp_port,
    }
