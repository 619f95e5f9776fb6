# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kerberos, NTLM, Negotiate and Basic with an unmodified pypsrp, and what the wire shows of them."""

from __future__ import annotations

import base64
import http.client
import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypsrp.encryption
import pytest
import requests
import spnego
import winrm.exceptions
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import RunspacePool
from winrm.protocol import Protocol
from wsman_clients import (
    ACCOUNTS,
    PASSWORD,
    REALM,
    RawSession,
    ScriptedBackend,
    account,
    connection,
    endpoint,
    invoke,
    open_pool,
)

from exchange_lab.kerberos import KerberosError, KerberosRealm, find_tool
from exchange_lab.settings import KerberosConfig
from exchange_lab.wsman import sealing

try:
    find_tool("krb5kdc")
    MISSING = ""
except KerberosError as error:
    MISSING = str(error)

PRINCIPAL = f"administrator@{REALM}"


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KerberosRealm]:
    if MISSING:
        pytest.skip(MISSING)
    realm = KerberosRealm(KerberosConfig(REALM), tmp_path_factory.mktemp("realm"))
    for name in (*ACCOUNTS, "outsider"):
        realm.add_principal(name, PASSWORD)
    with realm:
        yield realm


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[requests.Response]]:
    """Every HTTP answer that pypsrp gets."""
    answers: list[requests.Response] = []
    send = requests.adapters.HTTPAdapter.send

    def record(self: Any, request: Any, *arguments: Any, **keywords: Any) -> requests.Response:
        answers.append(send(self, request, *arguments, **keywords))
        return answers[-1]

    with monkeypatch.context() as patch:
        patch.setattr(requests.adapters.HTTPAdapter, "send", record)
        yield answers


@pytest.mark.parametrize(
    ("auth", "user"),
    [
        ("kerberos", PRINCIPAL),
        ("negotiate", PRINCIPAL),
        ("ntlm", "administrator"),
        ("ntlm", "LAB\\Administrator"),
        ("ntlm", "lab.example\\administrator"),
        ("ntlm", "administrator@lab.example"),
        ("basic", "LAB\\administrator"),
    ],
)
def test_pypsrp_opens_runs_and_closes(realm: KerberosRealm, auth: str, user: str) -> None:
    backend = ScriptedBackend()
    with endpoint("kerberos", "ntlm", "basic", kerberos=realm, backend=backend) as running:
        with open_pool(running, auth, user) as pool:
            assert "Get-Echo" in str(invoke(pool, "Get-Echo", Identity="x").output[0])
            assert running.service.open_shells == 1
        assert running.service.open_shells == 0
    context, _ = backend.calls[0]
    assert (context.server, context.user) == ("EX1", "administrator")
    assert re.fullmatch(r"[0-9A-F-]{36}", context.connection)


@pytest.mark.parametrize(
    ("offered", "auth", "user", "protocol"),
    [
        (("kerberos",), "kerberos", PRINCIPAL, sealing.KERBEROS),
        (("kerberos", "ntlm"), "kerberos", PRINCIPAL, sealing.SPNEGO),
        (("negotiate",), "negotiate", PRINCIPAL, sealing.SPNEGO),
        (("negotiate",), "ntlm", "administrator", sealing.SPNEGO),
        (("ntlm",), "ntlm", "administrator", sealing.SPNEGO),
        (("ntlm",), "negotiate", PRINCIPAL, sealing.SPNEGO),
    ],
)
def test_every_message_is_sealed_with_exchanges_boundary(
    realm: KerberosRealm,
    monkeypatch: pytest.MonkeyPatch,
    offered: tuple[str, ...],
    auth: str,
    user: str,
    protocol: str,
) -> None:
    with (
        endpoint(*offered, kerberos=realm) as running,
        watched(monkeypatch) as answers,
        open_pool(running, auth, user) as pool,
    ):
        assert invoke(pool, "Get-Echo", Identity="needle").output
    sealed = [answer for answer in answers if answer.status_code == 200 and answer.content]
    assert len(sealed) >= 5
    for answer in sealed:
        assert answer.headers["Content-Type"] == (
            f'multipart/encrypted;protocol="{protocol}";boundary="Encrypted Boundary"'
        )
        assert answer.content.startswith(b"-- Encrypted Boundary\r\n\tContent-Type: " + protocol.encode())
        assert answer.content.endswith(b"-- Encrypted Boundary--\r\n")
        assert b"needle" not in answer.content
        assert b"Envelope" not in answer.content
        assert f'protocol="{protocol}"'.encode() in _sent(answer, "Content-Type")
        assert b"needle" not in (answer.request.body or b"")  # type: ignore[operator]


def _sent(answer: requests.Response, header: str) -> bytes:
    value = answer.request.headers[header]
    return value if isinstance(value, bytes) else value.encode()


def test_kerberos_200_of_the_empty_post_carries_the_proof_of_the_server(
    realm: KerberosRealm, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        endpoint("kerberos", kerberos=realm) as running,
        watched(monkeypatch) as answers,
        open_pool(running, "kerberos", PRINCIPAL),
    ):
        pass
    challenge, proof = answers[0], answers[1]
    assert (challenge.status_code, challenge.headers["WWW-Authenticate"]) == (401, "Kerberos")
    assert (proof.status_code, proof.content) == (200, b"")
    assert base64.b64decode(proof.headers["WWW-Authenticate"].removeprefix("Kerberos "))[:1] == b"\x60"
    assert all("WWW-Authenticate" not in answer.headers for answer in answers[2:])


def test_faults_are_sealed_too(realm: KerberosRealm, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        endpoint("kerberos", kerberos=realm) as running,
        watched(monkeypatch) as answers,
        pytest.raises(WSManFaultError) as caught,
        open_pool(running, "kerberos", PRINCIPAL, configuration_name="Microsoft.PowerShell"),
    ):
        pass
    assert caught.value.code == 2150858811
    assert answers[-1].status_code == 500
    assert answers[-1].headers["Content-Type"].startswith("multipart/encrypted")


@pytest.mark.parametrize(
    ("auth", "user", "password"),
    [("ntlm", "administrator", "wrong"), ("ntlm", "nobody", PASSWORD), ("ntlm", "OTHER\\administrator", PASSWORD),
     ("basic", "administrator", "wrong")],
)  # fmt: skip
def test_wrong_credentials_are_refused(auth: str, user: str, password: str) -> None:
    with (
        endpoint("ntlm", "basic") as running,
        pytest.raises(AuthenticationError),
        open_pool(running, auth, user, password=password),
    ):
        pass
    assert running.service.open_shells == 0


def test_ticket_of_a_user_without_an_account_is_refused(realm: KerberosRealm) -> None:
    with (
        endpoint("kerberos", kerberos=realm) as running,
        pytest.raises(AuthenticationError),
        open_pool(running, "kerberos", f"outsider@{REALM}"),
    ):
        pass


def test_ticket_for_another_server_is_refused(realm: KerberosRealm) -> None:
    with endpoint("kerberos", kerberos=realm, name="EX2") as other, endpoint("kerberos", kerberos=realm) as running:
        assert other.fqdn == "ex2.lab.example"
        with (
            pytest.raises(AuthenticationError),
            open_pool(running, "kerberos", PRINCIPAL, negotiate_hostname_override=other.fqdn),
        ):
            pass
        with open_pool(other, "kerberos", PRINCIPAL) as pool:
            assert invoke(pool, "Get-Echo").output


def test_kerberos_is_refused_where_only_ntlm_is_offered(realm: KerberosRealm) -> None:
    with (
        endpoint("ntlm", kerberos=realm) as running,
        pytest.raises(AuthenticationError),
        open_pool(running, "kerberos", PRINCIPAL),
    ):
        pass


def test_ntlm_is_refused_where_only_kerberos_is_offered(realm: KerberosRealm) -> None:
    with (
        endpoint("kerberos", kerberos=realm) as running,
        pytest.raises(ValueError, match="incompatible"),
        open_pool(running, "ntlm"),
    ):
        pass
    with endpoint("kerberos", kerberos=realm) as running:
        token = spnego.client("administrator", PASSWORD, protocol="ntlm").step() or b""
        for scheme in ("Kerberos", "NTLM", "Negotiate"):
            header = f"{scheme} {base64.b64encode(token).decode()}"
            assert _empty_post(http.client.HTTPConnection(*running.address), header)[0] == 401


@pytest.mark.parametrize(("auth", "user"), [("kerberos", PRINCIPAL), ("ntlm", "administrator")])
def test_unsealed_message_is_refused_over_http(realm: KerberosRealm, auth: str, user: str) -> None:
    with (
        endpoint("kerberos", "ntlm", kerberos=realm) as running,
        pytest.raises(WinRMTransportError) as caught,
        open_pool(running, auth, user, encryption="never"),
    ):
        pass
    assert (caught.value.code, caught.value.response_text) == (500, "")


def _empty_post(client: http.client.HTTPConnection, authorization: str | None = None) -> tuple[int, str]:
    client.request("POST", "/PowerShell", headers={"Authorization": authorization} if authorization else {})
    answer = client.getresponse()
    answer.read()
    return answer.status, ", ".join(answer.headers.get_all("WWW-Authenticate", []))


def _log_on(client: http.client.HTTPConnection, scheme: str = "NTLM") -> spnego.ContextProxy:
    context = spnego.client(
        "LAB\\administrator", PASSWORD, protocol="ntlm", options=spnego.NegotiateOptions.wrapping_winrm
    )
    status, challenge = _empty_post(client, f"{scheme} {base64.b64encode(context.step() or b'').decode()}")
    assert (status, challenge.split(" ")[0]) == (401, scheme)
    token = context.step(base64.b64decode(challenge.removeprefix(f"{scheme} "))) or b""
    assert _empty_post(client, f"{scheme} {base64.b64encode(token).decode()}") == (200, "")
    return context


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_authentication_belongs_to_the_connection(scheme: str) -> None:
    with endpoint("ntlm") as running:
        first, second = (http.client.HTTPConnection(*running.address) for _ in range(2))
        _log_on(first, scheme)
        assert _empty_post(first)[0] == 200, "authenticated once, authenticated for its life"
        assert _empty_post(second)[0] == 401, "another connection is somebody else"
        first.close()
        assert _empty_post(first)[0] == 401, "a new connection from the same client starts anew"


def test_failed_second_logon_ends_the_first_one() -> None:
    with endpoint("ntlm") as running:
        client = http.client.HTTPConnection(*running.address)
        _log_on(client)
        assert _empty_post(client, "NTLM AAAA")[0] == 401
        assert _empty_post(client)[0] == 401


def test_sealed_message_of_another_connection_is_refused() -> None:
    with endpoint("ntlm") as running:
        first, second = (http.client.HTTPConnection(*running.address) for _ in range(2))
        context = _log_on(first)
        _log_on(second)
        sealed = pypsrp.encryption.WinRMEncryption(context, sealing.SPNEGO).wrap_message(b"<s/>")[1]
        headers = {"Content-Type": 'multipart/encrypted;protocol="x";boundary="Encrypted Boundary"'}
        second.request("POST", "/PowerShell", sealed, headers)
        answer = second.getresponse()
        assert (answer.status, answer.read(), answer.headers["Connection"]) == (500, b"", "close")


@pytest.mark.parametrize("body", [b"nonsense", b"--Encrypted Boundary\r\n", b"x" * 70000])
def test_sealed_nonsense_is_refused(body: bytes) -> None:
    with endpoint("ntlm", "basic") as running:
        client = http.client.HTTPConnection(*running.address)
        _log_on(client)
        client.request("POST", "/PowerShell", body, {"Content-Type": "multipart/encrypted;x"})
        assert client.getresponse().status == 500
        basic = RawSession(running)
        assert basic.post(body, **{"Content-Type": "multipart/encrypted;x"}).status == 500


def test_passwords_and_hashes_leave_no_trace(
    realm: KerberosRealm, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    with endpoint("kerberos", "ntlm", "basic", kerberos=realm) as running:
        for auth, user in (("kerberos", PRINCIPAL), ("ntlm", "administrator"), ("basic", "administrator")):
            with open_pool(running, auth, user) as pool:
                invoke(pool, "Get-Echo")
        with pytest.raises(AuthenticationError), open_pool(running, "basic", password="the wrong one"):
            pass
        hash_file = Path(os.environ["NTLM_USER_FILE"])
        assert PASSWORD not in hash_file.read_text(encoding="utf-8")
        assert hash_file.parent.stat().st_mode & 0o077 == 0
    assert not hash_file.exists(), "the hashes go when the endpoint stops"
    assert "NTLM_USER_FILE" not in os.environ
    said = caplog.text + "".join(capfd.readouterr())
    assert PASSWORD not in said
    assert "the wrong one" not in said
    assert PASSWORD not in repr(ACCOUNTS["administrator"])


def test_password_with_a_colon_and_two_labs_in_one_process() -> None:
    ours = {"administrator": account("administrator", "a:b:c")}
    with endpoint("ntlm", accounts=ours) as first, endpoint("ntlm", name="EX2") as second:
        for running, password in ((first, "a:b:c"), (second, PASSWORD), (first, "a:b:c")):
            with open_pool(running, "ntlm", password=password) as pool:
                assert invoke(pool, "Get-Echo").output
        with pytest.raises(AuthenticationError), open_pool(second, "ntlm", password="a:b:c"):
            pass


def test_replayed_ticket_is_refused(realm: KerberosRealm) -> None:
    with endpoint("kerberos", kerberos=realm) as running:
        token = spnego.client(PRINCIPAL, PASSWORD, hostname=running.fqdn, service="HTTP", protocol="kerberos").step()
        header = f"Kerberos {base64.b64encode(token or b'').decode()}"
        assert _empty_post(http.client.HTTPConnection(*running.address), header)[0] == 200
        assert _empty_post(http.client.HTTPConnection(*running.address), header)[0] == 401


@pytest.mark.parametrize("auth", ["kerberos", "ntlm", "basic"])
def test_client_that_gave_up_waiting_comes_back_for_the_answer(realm: KerberosRealm, auth: str) -> None:
    """After a read timeout pypsrp opens a new connection, logs on again and sends the identical Receive again."""
    backend = ScriptedBackend()
    user = PRINCIPAL if auth == "kerberos" else "administrator"
    with (
        endpoint("kerberos", "ntlm", "basic", kerberos=realm, backend=backend) as running,
        open_pool(running, auth, user, read_timeout=1, reconnection_backoff=0.1) as pool,
    ):
        threading.Timer(1.5, backend.gate.set).start()
        assert invoke(pool, "Wait-Gate").output == ["gate"]
    assert backend.names == ["Wait-Gate"]


def test_pywinrm_meets_the_missing_configuration_and_the_boundary_it_cannot_read() -> None:
    with endpoint("ntlm", "basic") as running:
        clear = Protocol(
            running.url, "plaintext", "administrator", PASSWORD, message_encryption="never", ca_trust_path="unused"
        )
        with pytest.raises(winrm.exceptions.WSManFaultError, match="was not found in the WS-Management catalog"):
            clear.open_shell()
        with pytest.raises(IndexError):
            Protocol(running.url, "ntlm", "administrator", PASSWORD, ca_trust_path="unused").open_shell()


def test_client_needs_no_name_for_the_server_but_the_ticket(realm: KerberosRealm) -> None:
    """The client connects to 127.0.0.1; only negotiate_hostname_override names the server, no hosts file does."""
    with endpoint("kerberos", kerberos=realm) as running:
        with pytest.raises(Exception, match="not found in Kerberos database"):
            RunspacePool(connection(running, "kerberos", PRINCIPAL, negotiate_hostname_override="127.0.0.1")).open()
        with open_pool(running, "kerberos", PRINCIPAL, negotiate_service="host") as pool:
            assert invoke(pool, "Get-Echo").output
