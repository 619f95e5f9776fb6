# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plain WinRM endpoint of Edge Transport and Exchange 2007 servers, asked by unmodified clients."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import winrm.exceptions
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from winrm.protocol import Protocol
from wsman_clients import (
    PASSWORD,
    REALM,
    Lines,
    RawSession,
    ScriptedBackend,
    connection,
    endpoint,
    invoke,
    open_pool,
)

from exchange_lab.clixml import Complex, build
from exchange_lab.interface import CmdletCall, Outcome
from exchange_lab.kerberos import KerberosError, KerberosRealm, find_tool
from exchange_lab.settings import KerberosConfig
from exchange_lab.wsman.server import ExchangeEndpoint
from exchange_lab.wsman.tls import ServerCertificate

ADMIN_2007 = "Microsoft.Exchange.Management.PowerShell.Admin"
E2010 = "Microsoft.Exchange.Management.PowerShell.E2010"
SNAP_IN = "Microsoft.Exchange.Management.PowerShell.SnapIn"
LOCAL = "EDGE01\\administrator"


def servers(_call: CmdletCall) -> Outcome:
    version = Complex(("Exchange.ServerVersion",), "Version 15.2 (Build 986.5)", [("Major", 15)])
    return Outcome(
        [build(Complex(("Exchange.Server", "System.Object"), "EDGE01", [("Name", "EDGE01"), ("Version", version)]))]
    )


def scripted() -> ScriptedBackend:
    return ScriptedBackend({"Get-ExchangeServer": servers, "Get-Command": lambda _call: Outcome()})


@contextmanager
def edge(*auth: str, backend: ScriptedBackend | None = None, **keywords: Any) -> Iterator[ExchangeEndpoint]:
    keywords = {"name": "EDGE01", "roles": ("edge",), **keywords}
    with endpoint(*(auth or ("ntlm",)), backend=backend or scripted(), **keywords) as running:
        yield running


def errors(shell: PowerShell) -> list[tuple[str, str]]:
    """Id and category of every error."""
    return [(str(one.fq_error), str(one.reason)) for one in shell.streams.error]


@pytest.mark.parametrize(
    ("version", "roles", "name"),
    [
        ("2007", ("edge",), ADMIN_2007),
        ("2010", ("edge",), E2010),
        ("2013", ("edge",), SNAP_IN),
        ("SE", ("edge",), SNAP_IN),
    ],
)
def test_a_snap_in_brings_the_cmdlets(version: str, roles: tuple[str, ...], name: str) -> None:
    backend, journal = scripted(), Lines()
    with (
        edge(backend=backend, version=version, roles=roles, journal=journal) as running,
        open_pool(running, "ntlm", "administrator") as pool,
    ):
        before = invoke(pool, "Get-ExchangeServer")
        assert errors(before) == [("CommandNotFoundException", "CommandNotFoundException")]
        assert "is not recognized" in str(before.streams.error[0])
        assert backend.calls == []
        added = invoke(pool, "Add-PSSnapin", Name=name)
        assert (added.output, errors(added)) == ([], [])
        [found] = invoke(pool, "Get-ExchangeServer").output
    assert found.adapted_properties == {"Name": "EDGE01", "Version": "Version 15.2 (Build 986.5)"}
    assert backend.names == ["Get-ExchangeServer"]
    lines = [line for line in journal.lines if line["kind"] == "cmdlet"]
    assert [(line["cmdlet"], line["parameters"], line["write"]) for line in lines] == [
        ("Get-ExchangeServer", {}, False),
        ("Add-PSSnapin", {"Name": name}, False),
    ]


@pytest.mark.parametrize("name", [E2010, "Microsoft.Exchange.Management.PowerShell.Snap", "x"])
def test_a_snap_in_that_is_not_there(name: str) -> None:
    with edge() as running, open_pool(running, "ntlm", LOCAL) as pool:
        missing = invoke(pool, "Add-PSSnapin", Name=name)
        assert errors(missing) == [
            ("AddPSSnapInRead,Microsoft.PowerShell.Commands.AddPSSnapinCommand", "PSArgumentException")
        ]
        assert f"'{name}' is not installed" in str(missing.streams.error[0])
        assert errors(invoke(pool, "Get-ExchangeServer"))


def test_names_of_snap_ins() -> None:
    with edge() as running, open_pool(running, "ntlm", LOCAL) as pool:
        registered = invoke(pool, "Get-PSSnapin", Registered=True).output
        assert [one.adapted_properties["Name"] for one in registered] == [SNAP_IN]
        absent = invoke(pool, "Get-PSSnapin", Name=SNAP_IN)
        assert errors(absent) == [
            ("NoPSSnapInsFound,Microsoft.PowerShell.Commands.GetPSSnapinCommand", "PSArgumentException")
        ]
        [passed] = invoke(pool, "Add-PSSnapin", Name="microsoft.exchange.*", PassThru=True).output
        assert passed.adapted_properties["Name"] == SNAP_IN
        loaded = [one.adapted_properties["Name"] for one in invoke(pool, "Get-PSSnapin").output]
        assert loaded == ["Microsoft.PowerShell.Core", SNAP_IN]
        assert errors(invoke(pool, "Add-PSSnapin", Name="nothing*")) == []


def test_what_add_pssnapin_does_not_take() -> None:
    with edge() as running, open_pool(running, "ntlm", LOCAL) as pool:
        [(wrong, _)] = errors(invoke(pool, "Add-PSSnapin", Name=SNAP_IN, Force=True))
        assert wrong == "NamedParameterNotFound,Microsoft.PowerShell.Commands.AddPSSnapinCommand"
        [(wrong, _)] = errors(invoke(pool, "Add-PSSnapin"))
        assert wrong == "MissingMandatoryParameter,Microsoft.PowerShell.Commands.AddPSSnapinCommand"


@pytest.mark.parametrize(("version", "name", "complains"), [("2007", ADMIN_2007, True), ("2016", SNAP_IN, False)])
def test_only_old_powershell_minds_a_snap_in_that_is_loaded(version: str, name: str, complains: bool) -> None:
    with edge(version=version) as running, open_pool(running, "ntlm", LOCAL) as pool:
        invoke(pool, "Add-PSSnapin", Name=name)
        again = invoke(pool, "Add-PSSnapin", Name=name)
        assert bool(again.streams.error) is complains
        if complains:
            assert "already added" in str(again.streams.error[0])


def test_every_session_loads_its_own() -> None:
    with edge() as running:
        with open_pool(running, "ntlm", LOCAL) as pool:
            invoke(pool, "Add-PSSnapin", Name=SNAP_IN)
        with open_pool(running, "ntlm", LOCAL) as pool:
            assert errors(invoke(pool, "Get-ExchangeServer"))


def test_get_command_before_and_after() -> None:
    backend = scripted()
    with edge(backend=backend) as running, open_pool(running, "ntlm", LOCAL) as pool:
        found = invoke(pool, "Get-Command", Name=["Get-ExchangeServer", "Get-Other"])
        assert [one for one, _ in errors(found)] == [
            "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand"
        ] * 2
        invoke(pool, "Add-PSSnapin", Name=SNAP_IN)
        invoke(pool, "Get-Command", Name=["Get-ExchangeServer"])
    assert backend.names == ["Get-Command"]


def test_scripts_are_refused_in_the_lab_s_own_name() -> None:
    """A real server would run them, so no test may rely on a refusal."""
    with edge() as running, open_pool(running, "ntlm", LOCAL) as pool:
        shell = PowerShell(pool)
        shell.add_script("Get-ExchangeServer")
        shell.invoke()
        [error] = shell.streams.error
        assert str(error.fq_error) == "BeyondTheLab"


class TestTheOtherKind:
    """Fault 2150858811, whichever way round the endpoints are mixed up."""

    def test_winrm_does_not_know_exchange(self) -> None:
        with (
            edge() as running,
            pytest.raises(WSManFaultError, match=r"powershell/Microsoft.Exchange.*was not found") as caught,
        ):
            open_pool(running, "ntlm", LOCAL, configuration_name="Microsoft.Exchange").__enter__()
        assert caught.value.code == 2150858811

    def test_exchange_does_not_know_powershell(self) -> None:
        with (
            endpoint("ntlm") as running,
            pytest.raises(WSManFaultError, match=r"powershell/Microsoft.PowerShell.*was not found") as caught,
        ):
            open_pool(running, "ntlm", configuration_name="Microsoft.PowerShell").__enter__()
        assert caught.value.code == 2150858811

    @pytest.mark.parametrize(
        ("keywords", "path", "server"),
        [
            ({}, "/wsman", "Microsoft-IIS/10.0"),
            ({"name": "EDGE01", "roles": ("edge",)}, "/PowerShell", "Microsoft-HTTPAPI/2.0"),
        ],
    )
    def test_there_is_nothing_at_the_other_s_path(self, keywords: dict[str, Any], path: str, server: str) -> None:
        with endpoint("ntlm", **keywords) as running:
            client = http.client.HTTPConnection(*running.address, timeout=10)
            client.request("POST", path, headers={"Content-Length": "0"})
            answer = client.getresponse()
            assert (answer.status, answer.headers["Server"]) == (404, server)
            assert b"404" in answer.read()
            client.close()

    def test_pywinrm_asks_for_a_shell_that_the_lab_has_not(self) -> None:
        with edge() as running:
            shell = Protocol(running.url, "ntlm", LOCAL, PASSWORD, ca_trust_path="unused")
            with pytest.raises(winrm.exceptions.WSManFaultError, match="was not found in the WS-Management catalog"):
                shell.open_shell()


class TestAccounts:
    @pytest.mark.parametrize("user", ["administrator", LOCAL, "edge01\\Administrator"])
    @pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
    def test_an_edge_server_has_its_own(self, auth: str, user: str) -> None:
        with edge() as running, open_pool(running, auth, user) as pool:
            assert errors(invoke(pool, "Add-PSSnapin", Name=SNAP_IN)) == []

    @pytest.mark.parametrize("user", ["LAB\\administrator", "administrator@lab.example"])
    def test_an_edge_server_knows_no_domain(self, user: str) -> None:
        with edge() as running, pytest.raises(AuthenticationError):
            RunspacePool(connection(running, "ntlm", user)).open()

    def test_who_may_not_open_a_session_is_told_no_more(self) -> None:
        backend = scripted()
        backend.refusals["operator"] = "no administrator"
        with edge(backend=backend) as running, pytest.raises(WSManFaultError, match="Access is denied") as caught:
            open_pool(running, "ntlm", "operator").__enter__()
        assert (caught.value.code, "no administrator" in str(caught.value)) == (5, False)

    def test_basic_needs_tls(self, tmp_path: Path) -> None:
        with edge("basic") as running, pytest.raises(AuthenticationError):
            RunspacePool(connection(running, "basic", LOCAL)).open()
        certificate = ServerCertificate.self_signed(tmp_path, "edge01.lab.example", "127.0.0.1")
        with edge("basic", certificate=certificate) as running:
            trust = str(certificate.certificate)
            with open_pool(running, "basic", LOCAL, cert_validation=trust) as pool:
                assert errors(invoke(pool, "Add-PSSnapin", Name=SNAP_IN)) == []

    def test_what_a_401_offers(self) -> None:
        with edge("kerberos", "negotiate", "ntlm") as running:
            client = http.client.HTTPConnection(*running.address, timeout=10)
            client.request("POST", "/wsman", headers={"Content-Length": "0"})
            assert client.getresponse().headers.get_all("WWW-Authenticate") == ["Negotiate"]
            client.close()


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KerberosRealm]:
    try:
        find_tool("krb5kdc")
    except KerberosError as error:
        pytest.skip(str(error))
    realm = KerberosRealm(KerberosConfig(REALM), tmp_path_factory.mktemp("realm"))
    realm.add_principal("administrator", PASSWORD)
    with realm:
        yield realm


@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
@pytest.mark.parametrize("delegated", [True, False])
def test_exchange_2007_asks_the_directory_in_the_caller_s_name(
    realm: KerberosRealm, auth: str, delegated: bool
) -> None:
    backend = scripted()
    with (
        endpoint("kerberos", backend=backend, kerberos=realm, version="2007", roles=("hub_transport",)) as running,
        open_pool(running, auth, f"administrator@{REALM}", negotiate_delegate=delegated) as pool,
    ):
        assert errors(invoke(pool, "Add-PSSnapin", Name=ADMIN_2007)) == []
        found = invoke(pool, "Get-ExchangeServer")
        assert bool(found.output) is delegated
        if not delegated:
            assert "logon session does not exist" in str(found.streams.error[0])
        invoke(pool, "Get-Command", Name=["Get-ExchangeServer"])
    assert backend.names == [*(["Get-ExchangeServer"] if delegated else []), "Get-Command"]


def test_a_shell_that_is_gone_is_told_without_exchange_s_mark(tmp_path: Path) -> None:
    certificate = ServerCertificate.self_signed(tmp_path, "edge01.lab.example", "127.0.0.1")
    with edge("basic", certificate=certificate) as running:
        session = RawSession(running)
        code, message = session.delete().fault
        session.close()
    assert code == 2150858843
    assert message.startswith("The request for the Windows Remote Shell with ShellId")
