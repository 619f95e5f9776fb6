# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Accounts whose UPN has another suffix than the domain: which logon a front end loses."""

from __future__ import annotations

import smtplib
from typing import Any

import pytest

from exchange_lab.lab import Lab

from .conftest import MakeShell, Shell, lab_content

CLIENT, OUTSIDE = "127.0.0.10", "someone@elsewhere.example"
UPN, DOWN_LEVEL = "svc-app@mail.example", r"LAB\svc-app"
ACCOUNTS = {**lab_content()["accounts"], "svc-app": {"password": "Secret-6", "upn": UPN}}  # type: ignore[dict-item]
OK = "250 2.1.5 Recipient OK"
LOST = "451 4.7.0 Temporary server error. Please try again later. CPRX2"
REFUSED = "535 5.7.3 Authentication unsuccessful"
FRONT_ENDS, OTHERS = ("2013", "2016", "2019", "SE"), ("2007", "2010")


def content(version: str, moment: str = "mail", **server: Any) -> dict[str, Any]:
    """A lab file of one server, with a watch for each way to call the account."""
    watches = [
        {"client": CLIENT, "sender": "svc-app@lab.example", "recipient": OUTSIDE, "user": name, "logon": "always"}
        for name in (UPN, DOWN_LEVEL, "svc-app")
    ]
    servers = {"EX1": {"address": "127.0.1.1", "auth": ["ntlm"], "version": version, **server}}
    return lab_content(servers=servers, accounts=ACCOUNTS, watch=watches, switches={"proxy_lookup_failure": moment})


def relay(shell: Shell, version: str, role: str = "FrontendTransport") -> None:
    """A connector for everybody who logs on."""
    roles = {"TransportRole": role} if version in FRONT_ENDS else {}
    parameters = {"PermissionGroups": "ExchangeUsers", "AuthMechanism": "Tls,BasicAuth", "RemoteIPRanges": [CLIENT]}
    shell.one(
        "New-ReceiveConnector",
        Name="Relay",
        Usage="Custom",
        Server="EX1",
        Bindings=["0.0.0.0:25"],
        **parameters,
        **roles,
    )


def told(shell: Shell) -> dict[str, str]:
    """By the name that the client logs on as: what the journal says last."""
    return {str(line["user"]): str(line["reply"]) for line in shell.journal.watches()}


@pytest.mark.parametrize("version", [*FRONT_ENDS, *OTHERS])
@pytest.mark.parametrize("moment", ["mail", "logon"])
def test_only_a_front_end_loses_a_upn_of_another_suffix(make_shell: MakeShell, version: str, moment: str) -> None:
    shell = make_shell(**content(version, moment))
    relay(shell, version)
    assert told(shell) == {UPN: LOST if version in FRONT_ENDS else OK, DOWN_LEVEL: OK, "svc-app": OK}


def test_the_transport_service_asks_no_other_one(make_shell: MakeShell) -> None:
    shell = make_shell(**content("2013", roles=["mailbox"]))
    relay(shell, "2013", "HubTransport")
    assert told(shell)[UPN] == OK


def test_a_logon_that_is_refused_is_not_looked_up(make_shell: MakeShell) -> None:
    shell = make_shell(**content("2019"))
    relay(shell, "2019")
    grant: dict[str, Any] = {"User": UPN, "ExtendedRights": ["ms-Exch-SMTP-Submit"], "Deny": True}
    shell.objects("Add-ADPermission", r"EX1\Relay", **grant)
    assert set(told(shell).values()) == {REFUSED}


def test_a_upn_with_the_suffix_of_the_domain_is_found(make_shell: MakeShell) -> None:
    own = {**content("2019"), "accounts": {**ACCOUNTS, "svc-app": {"password": "x", "upn": "Service@LAB.example"}}}
    watches = [{**watch, "user": "service@lab.EXAMPLE"} for watch in own["watch"]]
    shell = make_shell(**{**own, "watch": watches})
    relay(shell, "2019")
    assert set(told(shell).values()) == {OK}


@pytest.mark.parametrize("moment", ["mail", "logon"])
def test_the_socket_says_what_the_journal_says(tmp_path: Any, moment: str) -> None:
    with Lab.from_config(content("2013", moment, port=0, smtp_port=0), tmp_path) as lab:
        shell = Shell(lab.organization, lab.backend, lab.journal)
        relay(shell, "2013")
        facts: Any = lab.endpoints["servers"]
        for name, reply in told(shell).items():
            smtp = facts["EX1"]["smtp"]
            with smtplib.SMTP(smtp["host"], smtp["port"], "client.lab.example", 20, (CLIENT, 0)) as client:
                client.ehlo()
                if moment == "logon" and reply == LOST:
                    with pytest.raises(smtplib.SMTPAuthenticationError, match="CPRX2"):
                        client.login(name, "Secret-6")
                    continue
                client.login(name, "Secret-6")
                code, text = client.mail("svc-app@lab.example")
                if code == 250:
                    code, text = client.rcpt(OUTSIDE)
                assert f"{code} {text.decode()}" == reply
