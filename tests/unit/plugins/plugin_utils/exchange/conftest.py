# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An Exchange endpoint in this process: real sockets, real authentication, and a backend that does as it is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.psrp import PsrpSession
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import ConnectionOptions
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.snap_in import SnapInSession
from exchange_lab.interface import CallContext, CmdletCall, Outcome
from exchange_lab.kerberos import KerberosRealm
from exchange_lab.settings import AccountConfig, KerberosConfig, Limits, ServerConfig
from exchange_lab.wsman.server import ExchangeEndpoint

PASSWORD = "Correct-Horse-7!"
FQDN = "ex1.lab.example"
ACCOUNT = AccountConfig(
    "administrator",
    PASSWORD,
    ("Organization Management",),
    upn="administrator@lab.example",
    netbios_name="LAB\\administrator",
    domain="lab.example",
)


def element(xml: str) -> ElementTree.Element:
    """One output object from its XML."""
    return ElementTree.fromstring(xml)  # noqa: S314


class ScriptedBackend:
    """Answers every cmdlet with what the test has put under its name; remembers the calls."""

    def __init__(self) -> None:
        self.answers: dict[str, Outcome | Callable[[CmdletCall], Outcome]] = {}
        self.calls: list[CmdletCall] = []
        self.refusal: str | None = None

    def session_refusal(self, context: CallContext) -> str | None:
        return self.refusal

    def execute(self, context: CallContext, call: CmdletCall) -> Outcome:
        self.calls.append(call)
        answer = self.answers.get(call.name, Outcome())
        return answer(call) if callable(answer) else answer


class Endpoint:
    """A running endpoint, its backend, and sessions with it."""

    def __init__(self, endpoint: ExchangeEndpoint, backend: ScriptedBackend) -> None:
        self.lab = endpoint
        self.backend = backend

    def options(self, **changes: object) -> ConnectionOptions:
        """NTLM with encryption unless the test says otherwise."""
        host, port = self.lab.address
        values: dict[str, object] = {
            "host": host,
            "port": port,
            "scheme": self.lab.scheme,
            "auth": "ntlm",
            "username": "LAB\\administrator",
            "password": PASSWORD,
            "negotiate_hostname": FQDN,
            "operation_timeout": 2,
            "read_timeout": 5,
            "connection_timeout": 5,
            **changes,
        }
        return ConnectionOptions(**values)

    def session(self, **changes: object) -> PsrpSession:
        return PsrpSession(self.options(**changes))

    def snap_in_session(self, snap_in: str, **changes: object) -> SnapInSession:
        return SnapInSession(self.session(snap_in=snap_in, **changes), snap_in)

    @property
    def open_shells(self) -> int:
        return self.lab.service.open_shells


StartEndpoint = Callable[..., Endpoint]


@pytest.fixture
def start_endpoint() -> Iterator[StartEndpoint]:
    """Start endpoints that stop with the test."""
    running: list[ExchangeEndpoint] = []

    def start(
        auth: tuple[str, ...] = ("ntlm", "basic"),
        limits: Limits | None = None,
        realm: KerberosRealm | None = None,
        version: str = "2019",
        roles: tuple[str, ...] = ("mailbox",),
        **more: object,
    ) -> Endpoint:
        server = ServerConfig(
            "EX1", FQDN, version, "127.0.0.1", 0, 0, auth, ("127.0.0.1",), "dc1.lab.example", "Site", roles=roles
        )
        backend = ScriptedBackend()
        endpoint = ExchangeEndpoint(server, {ACCOUNT.name: ACCOUNT}, realm, backend, limits or Limits(), **more)
        endpoint.start()
        running.append(endpoint)
        return Endpoint(endpoint, backend)

    yield start
    for endpoint in running:
        endpoint.stop()


@pytest.fixture
def endpoint(start_endpoint: StartEndpoint) -> Endpoint:
    """One endpoint with NTLM and Basic."""
    return start_endpoint()


@pytest.fixture(scope="session")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KerberosRealm]:
    """A real key distribution centre."""
    if not (shutil.which("krb5kdc") or Path("/usr/sbin/krb5kdc").exists()):
        pytest.skip("the packages krb5-kdc and krb5-admin-server are not installed")
    realm = KerberosRealm(KerberosConfig("LAB.EXAMPLE"), tmp_path_factory.mktemp("realm"))
    realm.add_principal(ACCOUNT.name, PASSWORD)
    realm.add_service(FQDN)
    realm.start()
    yield realm
    realm.stop()
