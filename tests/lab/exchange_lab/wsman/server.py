# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The remote PowerShell endpoint of one Exchange server, ready to be started."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType

from exchange_lab.interface import Backend, JournalWriter
from exchange_lab.kerberos import KerberosRealm
from exchange_lab.settings import AccountConfig, Limits, ServerConfig
from exchange_lab.wsman.accounts import Accounts, local_accounts
from exchange_lab.wsman.disturbances import Disturbances
from exchange_lab.wsman.kinds import kind_of
from exchange_lab.wsman.listener import Listener
from exchange_lab.wsman.security import Authenticator
from exchange_lab.wsman.service import WSManService
from exchange_lab.wsman.tls import ServerCertificate

_POLL_SECONDS = 0.05
_JOIN_SECONDS = 1.0


class ExchangeEndpoint:
    """`http://<server>/PowerShell` of one Exchange server, or `http://<server>/wsman` of one without that.

    An Edge Transport server is in no domain: the accounts are its local ones then, and there is no Kerberos.

    server: names, address, port (0 = a free one) and `auth`. accounts: by name. kerberos: the running realm, needed
    for the methods kerberos and negotiate. backend: what runs the cmdlets. journal: gets a line of kind `session`
    when a session is opened, refused, closed or expires. certificate: serve https instead of http. disturbances: what
    shall go wrong; also to be changed while it runs.
    """

    def __init__(
        self,
        server: ServerConfig,
        accounts: Mapping[str, AccountConfig],
        kerberos: KerberosRealm | None,
        backend: Backend,
        limits: Limits,
        journal: JournalWriter | None = None,
        *,
        certificate: ServerCertificate | None = None,
        disturbances: Disturbances | None = None,
    ) -> None:
        self.fqdn = server.fqdn
        self.kind = kind_of(server)
        self.limits = limits
        self.disturbances = disturbances or Disturbances()
        self.service = WSManService(server, backend, limits, journal, self.disturbances)
        self._server = server
        self._port = server.port
        if server.edge:
            accounts, kerberos = local_accounts(server.name, accounts), None
        self._accounts = Accounts(accounts, kerberos.realm if kerberos else None)
        self._kerberos = kerberos
        self._certificate = certificate
        self._authenticator: Authenticator | None = None
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def authenticator(self) -> Authenticator:
        """What the running endpoint accepts."""
        if self._authenticator is None:
            raise RuntimeError(f"The endpoint of {self.fqdn} does not run.")
        return self._authenticator

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) of the running endpoint."""
        if self._listener is None:
            raise RuntimeError(f"The endpoint of {self.fqdn} does not run.")
        host, port = self._listener.server_address[:2]
        return str(host), int(port)

    @property
    def scheme(self) -> str:
        """http or https."""
        return "https" if self._certificate else "http"

    @property
    def url(self) -> str:
        """The endpoint's address as a client connects to it."""
        host, port = self.address
        return f"{self.scheme}://{host}:{port}/{self.kind.path}"

    def start(self) -> tuple[str, int]:
        """Listen and return (host, port); started again after `stop`, it listens on the same port.

        Raises OSError when the address or port cannot be had.
        """
        tls = self._certificate.context() if self._certificate else None
        self._authenticator = Authenticator(self._methods(), self.fqdn, self._accounts, self._kerberos, self.kind)
        try:
            self._listener = Listener((self._server.address, self._port), self, tls)
        except OSError as error:
            where = f"{self._server.address} port {self._port}"
            raise OSError(
                error.errno, f"The endpoint of {self.fqdn} cannot listen on {where}: {error.strerror}"
            ) from error
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(_POLL_SECONDS,), name=f"exchange-lab-{self.fqdn}", daemon=True
        )
        self._thread.start()
        self._port = self.address[1]
        return self.address

    def _methods(self) -> tuple[str, ...]:
        """The server's methods of authentication without those that cannot be had here."""
        no_kerberos = self._server.edge
        no_basic = not self.kind.clear_basic and self._certificate is None
        lacking = {"kerberos"} if no_kerberos else set()
        lacking |= {"basic"} if no_basic else set()
        return tuple(method for method in self._server.auth if method not in lacking)

    def stop(self) -> None:
        """Close the listener, every session and every connection; does nothing when it does not run."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        listener.shutdown()
        listener.server_close()
        self.service.stop(_JOIN_SECONDS)
        listener.close_connections(_JOIN_SECONDS)
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)
        self._accounts.forget()

    def __enter__(self) -> ExchangeEndpoint:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
