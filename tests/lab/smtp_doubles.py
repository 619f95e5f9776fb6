# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SMTP servers for tests of SMTP clients: one that is an Exchange in miniature, one that says what it is told."""

from __future__ import annotations

import socket
import threading
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from exchange_lab.smtp_tls import ServerCertificate

BANNER = "220 EX1.contoso.com Microsoft ESMTP MAIL Service ready at Tue, 10 Mar 2026 09:00:00 +0100"
NO_RELAY = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"
LISTED, UNLISTED = "127.0.0.10", "127.0.0.11"
PASSWORD = "Pa55-word-of-the-test"


class Handler:
    """An Exchange in miniature: the listed client may relay, others may send inside."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.refusals: list[str] = []
        self.data_reply = "250 2.6.0 <1@x> [InternalId=1, Hostname=EX1] Queued mail for delivery"

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.refusals:
            return self.refusals.pop(0)
        trusted = session.peer[0] == LISTED or session.authenticated
        if not trusted and not address.endswith("@contoso.com"):
            return NO_RELAY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(envelope.content)
        return self.data_reply


class Server(Controller):
    """The handler behind a real aiosmtpd, with Exchange's banner."""

    handler: Handler
    certificate: ServerCertificate | None = None
    plain_logon = False

    def factory(self) -> SMTP:
        def authenticate(
            _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
        ) -> AuthResult:
            right = data.login == b"CONTOSO\\svc" and data.password == PASSWORD.encode()
            return AuthResult(success=right, handled=False)

        return SMTP(
            self.handler,
            hostname="EX1.contoso.com",
            ident=BANNER.partition("EX1.contoso.com ")[2],
            tls_context=self.certificate.context() if self.certificate else None,
            authenticator=authenticate,
            auth_require_tls=not self.plain_logon,
            loop=self.loop,
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Script:
    """A server that says what it is told, whatever it hears; for everything a real one does not do on purpose.

    replies: a reply by the first word of a command; None closes the connection, "" stays silent.
    """

    def __init__(self, banner: str | None, address: str = "127.0.0.1", **replies: str | None) -> None:
        self.heard: list[str] = []
        self.connections = 0
        self.in_data = False
        self._banner, self._replies = banner, replies
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake a thread in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                peer, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with peer, peer.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream: Any) -> None:
        if self._banner is None:
            return
        if self._banner:
            stream.write(self._banner.encode() + b"\r\n")
            stream.flush()
        for line in stream:
            command = line.decode().strip()
            self.heard.append(command)
            if self.in_data and command != ".":
                continue
            reply = self._replies.get(command.split(" ")[0].upper().rstrip(":"), "250 2.0.0 OK")
            if reply is None:
                return
            self.in_data = bool(reply) and reply.startswith("354")
            if reply:
                stream.write(reply.encode() + b"\r\n")
                stream.flush()
