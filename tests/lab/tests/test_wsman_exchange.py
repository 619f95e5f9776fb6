# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An unmodified client against the whole lab: the endpoint in front of the real organisation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypsrp.exceptions import WSManFaultError
from wsman_clients import PASSWORD, REALM, invoke, open_pool

from exchange_lab.kerberos import KerberosError, find_tool
from exchange_lab.lab import Lab

DEFAULTS = {"Default EX1", "Client Proxy EX1", "Default Frontend EX1", "Outbound Proxy Frontend EX1",
            "Client Frontend EX1"}  # fmt: skip

try:
    find_tool("krb5kdc")
    METHODS = ["kerberos", "ntlm", "basic"]
except KerberosError:
    METHODS = ["ntlm", "basic"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    config: dict[str, object] = {
        "organization": {"name": "Lab Organization", "domain": "lab.example",
                         "domain_controllers": ["dc1.lab.example"]},
        "accounts": {
            "administrator": {"password": PASSWORD, "role_groups": ["Organization Management"]},
            "nobody": {"password": PASSWORD},
        },
        "accepted_domains": [{"name": "lab.example", "type": "Authoritative", "default": True}],
        "servers": {
            "EX1": {"version": "2019", "address": "127.0.1.1", "port": 0, "smtp_port": 0, "auth": METHODS,
                    "addresses": ["127.0.1.1"]},
        },
    }  # fmt: skip
    if "kerberos" in METHODS:
        config["kerberos"] = {"realm": REALM}
    with Lab.from_config(config, tmp_path_factory.mktemp("lab")) as lab:
        yield lab


def user(auth: str) -> str:
    return f"administrator@{REALM}" if auth == "kerberos" else "LAB\\administrator"


@pytest.mark.parametrize("auth", METHODS)
def test_get_receive_connector_shows_the_five_default_connectors(lab: Lab, auth: str) -> None:
    with open_pool(lab.exchange["EX1"], auth, user(auth)) as pool:
        found = invoke(pool, "Get-ReceiveConnector", Server="EX1")
    assert not found.streams.error
    assert {item.adapted_properties["Name"] for item in found.output} == DEFAULTS


def test_new_connector_with_errors_and_warnings_of_the_organisation(lab: Lab) -> None:
    with open_pool(lab.exchange["EX1"], "basic", user("basic")) as pool:
        made = invoke(
            pool, "New-ReceiveConnector", Server="EX1", Name="Relay Test", Custom=True, Bindings=["0.0.0.0:25"],
            RemoteIPRanges=["10.9.9.1", "10.9.9.2"], TransportRole="FrontendTransport", Enabled=False,
        )  # fmt: skip
        assert not made.streams.error, [str(error) for error in made.streams.error]
        assert made.output[0].adapted_properties["Name"] == "Relay Test"
        missing = invoke(pool, "Get-ReceiveConnector", Identity="EX1\\No Such Connector")
        assert missing.output == []
        assert "couldn't be found" in str(missing.streams.error[0])
        unknown = invoke(pool, "Get-Mailboxes")
        assert str(unknown.streams.error[0].fq_error).startswith("CommandNotFoundException")
        invoke(pool, "Remove-ReceiveConnector", Identity="EX1\\Relay Test", Confirm=False)
        assert len(invoke(pool, "Get-ReceiveConnector", Server="EX1").output) == 5
    journal = [json.loads(line) for line in Path(lab.journal_path).read_text(encoding="utf-8").splitlines()]
    written = [line["cmdlet"] for line in journal if line["kind"] == "cmdlet" and line["write"]]
    assert written == ["New-ReceiveConnector", "Remove-ReceiveConnector"]
    assert {line["user"] for line in journal if line["kind"] == "session"} == {"administrator"}


def test_account_without_a_role_gets_no_session(lab: Lab) -> None:
    with pytest.raises(WSManFaultError, match="assigned to any management roles"):
        open_pool(lab.exchange["EX1"], "basic", "nobody").__enter__()
