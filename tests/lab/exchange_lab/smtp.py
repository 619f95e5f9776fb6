# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SMTP front end of one Exchange server: listens on the server's address and answers as its connectors say.

The listener stands for Exchange's port 25, whatever `smtp_port` is. Which connector answers is asked anew for every
connection, so that a cmdlet takes effect with the next one. A client that no enabled connector takes, and a server in
maintenance, get a 421 and are closed (unverified: Exchange may close without a word).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any
from weakref import WeakSet

from exchange_lab.interface import AnswerBook
from exchange_lab.settings import ServerConfig
from exchange_lab.sink import MaildirSink
from exchange_lab.smtp_limits import ConnectionCounter, RateCounter
from exchange_lab.smtp_session import ExchangeConnection, FrontEnd
from exchange_lab.smtp_tls import ServerCertificate

WAIT_SECONDS = 10.0


class SmtpFrontEndError(Exception):
    """The front end could not be started; one sentence with the remedy."""


class SmtpFrontEnd:
    """The listener of one server, with an event loop and a thread of its own."""

    def __init__(self, server: ServerConfig, answers: AnswerBook, sink: MaildirSink) -> None:
        certificate = ServerCertificate(server.fqdn, server.address)
        self.certificate = certificate.pem
        self._server = server
        self._front = FrontEnd(server, answers, sink, ConnectionCounter(), RateCounter(), certificate.context())
        self._sessions: WeakSet[ExchangeConnection] = WeakSet()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._listener: asyncio.Server | None = None

    def start(self) -> tuple[str, int]:
        """Listen and return (address, port). Raises SmtpFrontEndError when the address cannot be used."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(self._loop,), name=f"smtp-{self._server.name}")
        self._thread.daemon = True
        self._thread.start()
        try:
            self._listener = self._do(self._listen())
        except OSError as error:
            self.stop()
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise SmtpFrontEndError(
                f"The SMTP front end of {self._server.name} cannot listen on {self._server.address} port "
                f"{self._server.smtp_port} ({reason}): free the port or set another `smtp_port`."
            ) from None
        host, port = self._listener.sockets[0].getsockname()[:2]
        return str(host), int(port)

    def stop(self) -> None:
        """Close the listener and every connection; does nothing when it does not run."""
        loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._shut(), loop).result(WAIT_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(WAIT_SECONDS)
        loop.close()

    def __enter__(self) -> SmtpFrontEnd:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> tuple[str, int]:
        """(address, port) of the running listener."""
        if self._listener is None or not self._listener.sockets:
            raise SmtpFrontEndError(f"The SMTP front end of {self._server.name} does not run: start it first.")
        host, port = self._listener.sockets[0].getsockname()[:2]
        return str(host), int(port)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()

    def _do(self, work: Coroutine[Any, Any, asyncio.Server]) -> asyncio.Server:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_SECONDS)

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._connection, self._server.address, self._server.smtp_port)

    def _connection(self) -> ExchangeConnection:
        session = ExchangeConnection(self._front, asyncio.get_running_loop())
        self._sessions.add(session)
        return session

    async def _shut(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for session in list(self._sessions):
            session.end()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2.0)
