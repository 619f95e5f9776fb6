# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One SMTP connection to an Exchange server, as the connector that takes it answers.

aiosmtpd reads and parses; this class decides at connect which connector answers, speaks in Exchange's words through the
one door `push`, and keeps the connector's limits. Only what is served is advertised: no BDAT, no NTLM. What the answers
to MAIL, RCPT and DATA are is in `smtp_handler`. Sources: receive-connector.md parts 2, 6, 7; throttling.md part 1.
"""

# ruff: noqa: N802 - aiosmtpd finds commands by the names of methods
from __future__ import annotations

import asyncio
import collections
import ipaddress
import logging
import re
import ssl
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, Session

from exchange_lab import smtp_texts, verdict
from exchange_lab.interface import AnswerBook, ConnectorView, Reply, SmtpSession
from exchange_lab.settings import ServerConfig
from exchange_lab.sink import MaildirSink
from exchange_lab.smtp_handler import ExchangeHandler
from exchange_lab.smtp_limits import ConnectionCounter, RateCounter

SMTP_PORT = 25
COMMAND_LIMIT = 2048
BYPASS_SIZE = "ms-exch-bypass-message-size-limit"

_HOST_NAME = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Za-z:.]+\])")
# Extensions of DELIVERY STATUS NOTIFICATION that aiosmtpd does not know: taken, and nothing is made of them.
_DSN_PARAMETERS = re.compile(r"\s+(?:RET=\S+|ENVID=\S+|NOTIFY=\S+|ORCPT=\S+)", re.IGNORECASE)

logging.getLogger("mail.log").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class FrontEnd:
    """What all connections to one server share."""

    server: ServerConfig
    answers: AnswerBook
    sink: MaildirSink
    connections: ConnectionCounter
    rates: RateCounter
    tls: ssl.SSLContext


class _Commands(dict[str, Any]):
    """aiosmtpd's table of commands that also knows what to do with an unknown one."""

    def __init__(self, commands: dict[str, Any], unknown: Any) -> None:
        super().__init__(commands)
        self._unknown = unknown

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name, self._unknown)


class ExchangeConnection(SMTP):
    """One connection; `view` is the connector that answers it, frozen when the connection came."""

    command_size_limit = COMMAND_LIMIT
    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(self, front: FrontEnd, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            ExchangeHandler(),
            loop=loop,
            auth_require_tls=False,
            auth_exclude_mechanism=["PLAIN"],
            authenticator=self._authenticate_user,
        )
        self.command_size_limits = collections.defaultdict(lambda: COMMAND_LIMIT)
        self._smtp_methods = _Commands(self._smtp_methods, self._unrecognized)
        self.front = front
        self.view: ConnectorView | None = None
        self.rights = SmtpSession(frozenset())
        self.client = ""
        self.local = ""
        self._admitted = False
        self._protocol_errors = 0
        self._logon_failures = 0
        self._lifetime: asyncio.TimerHandle | None = None

    # --- the connection ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Find the connector at the first call; the second one, after STARTTLS, forgets who the client was."""
        if self.transport is None:
            self.client = _bare(transport.get_extra_info("peername")[0])
            self.local = _bare(transport.get_extra_info("sockname")[0])
            self.view = self.front.answers.decide(self.front.server.name, self.local, SMTP_PORT, self.client)
        if self.view is not None:
            self._become(self.view, self.view.session)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Give the connection's place back."""
        if self._lifetime is not None:
            self._lifetime.cancel()
        if self._admitted and self.view is not None:
            self._admitted = False
            self.front.connections.leave(self.view, self.client)
        super().connection_lost(error)

    def _become(self, view: ConnectorView, rights: SmtpSession) -> None:
        self.rights = rights
        self.data_size_limit = None if BYPASS_SIZE in rights.rights else view.max_message_size
        self.enable_SMTPUTF8 = view.smtp_utf8
        self.tls_context = self.front.tls if verdict.offers_tls(view) else None
        self._timeout_duration = view.connection_inactivity_timeout

    async def _handle_client(self) -> None:
        refusal = self._refusal()
        if refusal is not None or self.view is None:
            await self.push(str(refusal))
            return
        banner = self.view.banner or smtp_texts.default_banner(self.view.fqdn)
        self.hostname, _, self.__ident__ = banner.removeprefix("220").strip().partition(" ")
        self._lifetime = self.loop.call_later(self.view.connection_timeout, self.end)
        await super()._handle_client()

    def _refusal(self) -> Reply | None:
        unavailable = self.front.answers.unavailable(self.front.server.name)
        if unavailable is not None:
            return unavailable
        if self.view is None:
            return verdict.NO_CONNECTOR
        refusal = self.front.connections.admit(self.view, self.client)
        self._admitted = refusal is None
        return refusal

    def _timeout_cb(self) -> None:
        self._writer.write(f"{smtp_texts.IDLE}\r\n".encode("ascii"))
        self.end()

    def end(self) -> None:
        """Close the connection without a word."""
        if self.transport is not None:
            self.transport.close()

    # --- the one door for replies ------------------------------------------------------------------------------------

    async def push(self, status: str | bytes) -> None:
        """Say a reply in Exchange's words, after the tarpit for refusals; 421 ends the connection."""
        line = smtp_texts.in_exchange_words(status.decode("ascii") if isinstance(status, bytes) else status).rstrip()
        if smtp_texts.is_protocol_error(line):
            line = self._count_protocol_error(line)
        await self._tarpit(line)
        if self.view is not None and not self.view.enhanced_status_codes:
            line = smtp_texts.without_enhanced_code(line)
        await super().push(line)
        if line.startswith("535") and self._too_many_logons():
            await super().push(str(smtp_texts.TOO_MANY_ERRORS))
            self.end()
        if line.startswith("421"):
            self.end()

    def _count_protocol_error(self, line: str) -> str:
        self._protocol_errors += 1
        limit = self.view.max_protocol_errors if self.view is not None else None
        return str(smtp_texts.TOO_MANY_ERRORS) if limit is not None and self._protocol_errors > limit else line

    def _too_many_logons(self) -> bool:
        self._logon_failures += 1
        return self.view is not None and 0 < self.view.max_logon_failures <= self._logon_failures

    async def _tarpit(self, line: str) -> None:
        if self.view is None:
            return
        if line.startswith("535"):
            await asyncio.sleep(self.view.auth_tarpit_interval)
        elif line.startswith("5") and self.rights.user is None and not self.view.externally_secured:
            await asyncio.sleep(self.view.tarpit_interval)

    async def _unrecognized(self, _argument: str | None) -> None:
        await self.push("500 5.3.3 Unrecognized command")

    # --- commands that differ from the library's ---------------------------------------------------------------------

    async def smtp_EHLO(self, hostname: str | None) -> None:
        """Greet and tell what this connector offers."""
        if await self._hello(hostname, extended=True):
            lines = [self._greeting(), *self._extensions()]
            for line in lines[:-1]:
                await self.push(f"250-{line}")
            await self.push(f"250 {lines[-1]}")

    async def smtp_HELO(self, hostname: str | None) -> None:
        """Greet without extensions."""
        if await self._hello(hostname, extended=False):
            await self.push(f"250 {self._greeting()}")

    async def _hello(self, hostname: str | None, *, extended: bool) -> bool:
        view, session = self._known()
        if (hostname is None and view.require_ehlo_domain) or (hostname and not _HOST_NAME.fullmatch(hostname)):
            await self.push(str(smtp_texts.INVALID_DOMAIN))
            return False
        self.envelope = self._create_envelope()
        session.extended_smtp = extended
        session.host_name = hostname or f"[{self.client}]"
        return True

    def _greeting(self) -> str:
        return f"{self._known()[0].fqdn} Hello [{self.client}]"

    def _extensions(self) -> list[str]:
        view, _session = self._known()
        size = {"Enabled": f"SIZE {view.max_message_size}", "EnabledWithoutValue": "SIZE"}.get(view.size_enabled)
        offers = [
            (size, bool(size)),
            ("PIPELINING", view.pipelining),
            ("DSN", view.delivery_status_notification),
            ("ENHANCEDSTATUSCODES", view.enhanced_status_codes),
            ("STARTTLS", self.tls_context is not None and self._tls_protocol is None),
            ("AUTH LOGIN", self._offers_logon()),
            ("8BITMIME", view.eight_bit_mime),
            ("SMTPUTF8", view.smtp_utf8),
        ]
        return [str(name) for name, offered in offers if offered]

    def _offers_logon(self) -> bool:
        return verdict.offers_logon(self._known()[0], self.encrypted)

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        """Encrypt, once."""
        if self.encrypted:
            await self.push("503 5.5.2 Only one STARTTLS command can be issued per session")
            return
        await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str | None) -> None:
        """Log on with LOGIN, where the connector offers it."""
        mechanism, _, rest = (arg or "").partition(" ")
        if mechanism.upper() != "LOGIN" or not self._offers_logon():
            await self.push(str(smtp_texts.NO_SUCH_LOGON))
            return
        await super().smtp_AUTH(f"LOGIN {rest}".strip())

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Take the sender; see ExchangeHandler.handle_MAIL."""
        await super().smtp_MAIL(self._without_dsn(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:
        """Take a recipient; see ExchangeHandler.handle_RCPT."""
        await super().smtp_RCPT(self._without_dsn(arg))

    async def smtp_HELP(self, arg: str | None) -> None:
        """List the commands."""
        commands = "HELO EHLO STARTTLS RCPT DATA RSET MAIL QUIT HELP AUTH"
        await self.push(f"214-This server supports the following commands:\r\n214 {commands}")

    def _without_dsn(self, arg: str | None) -> str | None:
        if arg is None or not self._known()[0].delivery_status_notification:
            return arg
        return _DSN_PARAMETERS.sub("", arg)

    # --- logon -------------------------------------------------------------------------------------------------------

    @property
    def encrypted(self) -> bool:
        """Whether the session goes over TLS."""
        return self._tls_protocol is not None

    def _authenticate_user(
        self, _server: SMTP, _session: Session, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        view, _ = self._known()
        assert isinstance(data, LoginPassword)
        rights = self.front.answers.authenticate(view, _text(data.login), _text(data.password))
        refusal = verdict.logon_refusal(view, rights)
        if rights is None or refusal is not None:
            return AuthResult(success=False, handled=False, message=str(refusal or smtp_texts.LOGON_REFUSED))
        self._become(view, rights)
        return AuthResult(success=True, auth_data=rights.user, message=str(smtp_texts.LOGGED_ON))

    def _known(self) -> tuple[ConnectorView, Session]:
        """The connector and the session, both there once commands are read."""
        assert self.view is not None and self.session is not None
        return self.view, self.session


def _bare(address: str) -> str:
    """Return an address as text without the scope id of a link-local one."""
    return str(ipaddress.ip_address(address.partition("%")[0]))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
