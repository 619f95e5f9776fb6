# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module smtp_probe, logging on to the lab's front ends with an account whose UPN has a suffix of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from smtp_doubles import LISTED

from ansible_collections.mailrelay.exchange.plugins.modules import smtp_probe
from exchange_lab.interface import CallContext, CmdletCall
from exchange_lab.lab import Lab

from .conftest import Run

PASSWORD, UPN = "Lab-App-1", "svc-app@mail.example"
SERVER = {"address": "127.0.1.1", "auth": ["ntlm"], "port": 0, "smtp_port": 0}
CPRX2 = "451 4.7.0 Temporary server error. Please try again later. CPRX2"


@pytest.fixture(params=["mail", "logon"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """A front end with a connector for everybody who logs on; both answers to when it tells that it lost somebody."""
    content = {
        "organization": {"name": "Lab Organization", "domain": "lab.example"},
        "accounts": {
            "administrator": {"password": PASSWORD, "role_groups": ["Organization Management"]},
            "svc-app": {"password": PASSWORD, "upn": UPN},
        },
        "servers": {"EX1": {**SERVER, "version": "2013"}},
        "switches": {"proxy_lookup_failure": request.param},
    }
    with Lab.from_config(content, tmp_path) as running:
        parameters: dict[str, Any] = {
            "Name": "Relay",
            "Usage": "Custom",
            "Bindings": ["0.0.0.0:25"],
            "RemoteIPRanges": [LISTED],
            "TransportRole": "FrontendTransport",
            "PermissionGroups": "ExchangeUsers",
            "AuthMechanism": "Tls,BasicAuth",
        }
        made = running.backend.execute(
            CallContext("EX1", "administrator"), CmdletCall("New-ReceiveConnector", parameters)
        )
        assert made.errors == []
        yield running


def probed(lab: Lab, run_module: Run, username: str) -> dict[str, Any]:
    facts: Any = lab.endpoints["servers"]
    return run_module(
        smtp_probe.main,
        host=facts["EX1"]["smtp"]["host"],
        port=facts["EX1"]["smtp"]["port"],
        source_address=LISTED,
        sender="svc-app@lab.example",
        recipients=[{"address": "b@fabrikam.com"}],
        username=username,
        password=PASSWORD,
        expect="accepted",
        starttls=True,
        validate_certs=False,
    )


def test_a_upn_that_the_front_end_does_not_find_is_explained(lab: Lab, run_module: Run) -> None:
    result = probed(lab, run_module, UPN)
    assert not result["proven"] and CPRX2 in result["msg"]
    assert [hint for hint in result["hints"] if "log on as DOMAIN\\user" in hint]


def test_the_name_with_the_domain_goes_through(lab: Lab, run_module: Run) -> None:
    result = probed(lab, run_module, r"LAB\svc-app")
    assert result["verdict"] == "accepted" and result["proven"] and result["hints"] == []
