# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The endpoint as a web server: what it offers, what it refuses, and how quickly it goes away."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from wsman_clients import PASSWORD, RawSession, Reply, ScriptedBackend, endpoint, invoke, open_pool, server

from exchange_lab.settings import Limits
from exchange_lab.wsman.listener import SLACK
from exchange_lab.wsman.server import ExchangeEndpoint
from exchange_lab.wsman.tls import ServerCertificate


def request(running: ExchangeEndpoint, method: str, path: str, **headers: str) -> http.client.HTTPResponse:
    client = http.client.HTTPConnection(*running.address, timeout=10)
    client.request(method, path, headers=headers)
    return client.getresponse()


@pytest.mark.parametrize("path", ["/wsman", "/", "/PowerShell/other", "/powershell-test", "/wsman?x=/PowerShell"])
def test_other_path_is_a_web_page_that_says_404(path: str) -> None:
    with endpoint("basic") as running:
        answer = request(running, "POST", path)
        assert (answer.status, answer.headers.get_content_type()) == (404, "text/html")
        assert b"<h2>404 - File or directory not found.</h2>" in answer.read()


@pytest.mark.parametrize(
    "path", ["/PowerShell", "/PowerShell/", "/powershell", "/POWERSHELL/?serializationLevel=Full", "/PowerShell?a=b"]
)
def test_path_is_known_without_regard_to_case_slash_and_query(path: str) -> None:
    with endpoint("basic") as running:
        assert request(running, "POST", path).status == 401


def test_configuration_name_is_known_without_regard_to_case() -> None:
    with endpoint("basic") as running, open_pool(running, "basic", configuration_name="microsoft.exchange"):
        assert running.service.open_shells == 1


@pytest.mark.parametrize(
    ("auth", "offers"),
    [
        (("basic",), ['Basic realm="ex1.lab.example"']),
        (("ntlm",), ["Negotiate", "NTLM"]),
        (("ntlm", "basic"), ["Negotiate", "NTLM", 'Basic realm="ex1.lab.example"']),
        (("negotiate",), ["Negotiate"]),
    ],
)
def test_401_offers_what_the_server_has(auth: tuple[str, ...], offers: list[str]) -> None:
    with endpoint(*auth) as running:
        answer = request(running, "POST", "/PowerShell")
        assert answer.status == 401
        assert answer.headers.get_all("WWW-Authenticate") == offers


def test_offer_of_kerberos_without_a_realm_is_a_mistake_in_the_lab_file() -> None:
    with pytest.raises(ValueError, match="the lab has no realm"), endpoint("kerberos"):
        pass


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_verbs_are_refused_after_logon(method: str) -> None:
    credentials = base64.b64encode(f"administrator:{PASSWORD}".encode()).decode()
    with endpoint("basic") as running:
        assert request(running, method, "/PowerShell").status == 401
        assert request(running, method, "/PowerShell", Authorization=f"Basic {credentials}").status == 405
        assert request(running, method, "/").status == 404


def test_unread_body_of_another_verb_is_not_taken_for_a_request() -> None:
    with endpoint("basic") as running:
        client = http.client.HTTPConnection(*running.address, timeout=10)
        client.request("PUT", "/PowerShell", b"POST /PowerShell HTTP/1.1\r\n\r\n")
        answer = client.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (401, "close")


def test_body_of_unknown_or_senseless_length_is_refused() -> None:
    with endpoint("basic") as running:
        assert request(running, "POST", "/PowerShell", **{"Transfer-Encoding": "chunked"}).status == 411
        assert request(running, "POST", "/PowerShell", **{"Content-Length": "-1"}).status == 411
        too_long = str(Limits().maximum_envelope_size + SLACK + 1)
        answer = request(running, "POST", "/PowerShell", **{"Content-Length": too_long})
        assert (answer.status, answer.headers["Connection"]) == (413, "close")


def test_envelope_above_the_service_limit_is_a_fault() -> None:
    with endpoint("basic", limits=Limits(maximum_envelope_size=20000)) as running:
        session = RawSession(running)
        code, message = session.post(b" " * 20001).fault
        assert (code, "encoding limit" in message) == (2150858805, True)


@pytest.mark.parametrize(
    "credentials",
    ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"no colon").decode(), "Bearer abc", "NTLM", "Negotiate !!!"],
)
def test_nonsense_for_credentials_is_401(credentials: str) -> None:
    with endpoint("basic", "ntlm") as running:
        answer = request(running, "POST", "/PowerShell", Authorization=credentials)
        assert (answer.status, len(answer.headers.get_all("WWW-Authenticate", []))) == (401, 3)


@pytest.mark.parametrize("user", ["administrator", "ADMINISTRATOR", "LAB\\administrator", "lab.example\\administrator",
                                  "administrator@lab.example"])  # fmt: skip
def test_basic_takes_every_form_of_the_name(user: str) -> None:
    with endpoint("basic") as running:
        assert RawSession(running, user).create().status == 200


@pytest.mark.parametrize(
    ("user", "password"), [("administrator", "wrong"), ("nobody", PASSWORD), ("administrator", "")]
)
def test_basic_refuses_a_wrong_password_each_time(user: str, password: str) -> None:
    with endpoint("basic") as running:
        session = RawSession(running, user, password)
        assert [session.ask("any", "").status for _ in range(2)] == [401, 401]


def test_basic_counts_for_one_request_only() -> None:
    with endpoint("basic") as running:
        session = RawSession(running).opened()
        envelope = session.envelope("x", "")
        session.http.request("POST", "/PowerShell", envelope, {"Content-Type": "application/soap+xml"})
        answer = session.http.getresponse()
        answer.read()
        assert answer.status == 401


def test_password_in_the_clear_is_refused_where_basic_is_off() -> None:
    with endpoint("ntlm") as running:
        assert RawSession(running).create().status == 401


def test_https_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    certificate = ServerCertificate.self_signed(tmp_path / "tls", "ex1.lab.example", "127.0.0.1")
    assert certificate.key.stat().st_mode & 0o077 == 0
    with endpoint("basic", "ntlm", certificate=certificate) as running:
        assert running.url == f"https://127.0.0.1:{running.address[1]}/PowerShell"
        for auth in ("basic", "ntlm"):
            with open_pool(running, auth, cert_validation=str(certificate.certificate)) as pool:
                assert "Get-Echo" in str(invoke(pool, "Get-Echo").output[0])
        with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"), open_pool(running, "basic"):
            pass
        context = ssl.create_default_context(cafile=str(certificate.certificate))
        with (
            socket.create_connection(running.address) as plain,
            context.wrap_socket(plain, server_hostname="ex1.lab.example") as secured,
        ):
            assert secured.version() in ("TLSv1.2", "TLSv1.3")


def test_https_survives_a_client_that_speaks_http(tmp_path: Path) -> None:
    certificate = ServerCertificate.self_signed(tmp_path, "ex1.lab.example", "127.0.0.1")
    with endpoint("basic", certificate=certificate) as running:
        with pytest.raises((OSError, http.client.HTTPException)):
            request(running, "POST", "/PowerShell")
        with open_pool(running, "basic", cert_validation=str(certificate.certificate)) as pool:
            assert invoke(pool, "Get-Echo").output


def test_stop_closes_connections_and_threads_at_once() -> None:
    backend = ScriptedBackend()
    before = set(threading.enumerate())
    with endpoint("basic", backend=backend) as running:
        idle = socket.create_connection(running.address)
        session = RawSession(running).opened()
        pipeline = session.command("Wait-Gate")
        answers: list[Reply] = []
        waiting = threading.Thread(target=lambda: answers.append(session.receive(pipeline)))
        waiting.start()
        assert backend.entered.wait(5)
        time.sleep(0.1)
        threading.Timer(0.2, backend.gate.set).start()
        began = time.monotonic()
        running.stop()
        assert time.monotonic() - began < 10.0
        waiting.join(5)
        assert answers[0].fault[0] == 995, "whoever waits is told before the connection ends"
        assert idle.recv(1) == b""
        idle.close()
    assert set(threading.enumerate()) <= before
    with pytest.raises(RuntimeError, match="does not run"):
        _ = running.address


def test_stop_does_not_wait_for_a_cmdlet_that_hangs() -> None:
    backend = ScriptedBackend()
    with endpoint("basic", backend=backend) as running:
        RawSession(running).opened().command("Wait-Gate")
        assert backend.entered.wait(5)
        began = time.monotonic()
        running.stop()
        assert time.monotonic() - began < 10.0
    backend.gate.set()


def test_port_in_use_is_one_sentence() -> None:
    with endpoint("basic") as running:
        taken = ExchangeEndpoint(
            server("basic").__class__(**{**vars(server("basic")), "port": running.address[1]}),
            {}, None, ScriptedBackend(), Limits(),
        )  # fmt: skip
        with pytest.raises(OSError, match=r"The endpoint of ex1\.lab\.example cannot listen on 127\.0\.0\.1 port"):
            taken.start()
