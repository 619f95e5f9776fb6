# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session over the PowerShell Remoting Protocol, as Exchange 2010 and later serve it. PRIVATE to the collection.

The plain endpoint of Windows speaks the same protocol; `snap_in.py` makes such a session one with Exchange.
"""

from __future__ import annotations

import contextlib
import random
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue

from . import _pypsrp, faults
from .clixml import decode_error, decode_object, decode_warning
from .errors import CommandTimeout, ConnectFailed, ErrorRecord, SessionLost, ShellQuotaExceeded
from .session import ConnectionOptions, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command, Value

_CLOSE_SECONDS = 5
_LONGEST_PAUSE = 30.0


class PsrpSession:
    """One runspace of one Exchange server; every command is a pipeline of its own.

    Args:
        options: where and how.
        sleep: how to wait between attempts; tests give their own.
    """

    def __init__(self, options: ConnectionOptions, sleep: Callable[[float], None] = time.sleep) -> None:
        self._options = options
        self._sleep = sleep
        self._connection: Any = None
        self._pool: Any = None
        self._lost: SessionLost | None = None
        self._answers = _pypsrp.Answers()

    @property
    def account(self) -> str:
        return self._options.account

    @property
    def endpoint(self) -> str:
        return self._options.endpoint

    @property
    def snap_in(self) -> str:
        return ""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Open the session; while the account has too many, wait for one to be closed (`quota_timeout`)."""
        _pypsrp.require()
        deadline = time.monotonic() + self._options.quota_timeout
        pause = 1.0
        while True:
            try:
                return self._open_once()
            except ShellQuotaExceeded:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise
                # Twenty hosts that were refused together must not come back together.
                self._sleep(min(left, pause * random.uniform(0.5, 1.5)))  # noqa: S311
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _open_once(self) -> None:
        self._answers = _pypsrp.Answers()
        try:
            self._connection = _pypsrp.build_connection(self._options, self._answers)
            self._pool = _pypsrp.build_pool(self._connection, self._options)
            self._open_pool()
        except Exception as error:
            self.close()
            raise faults.opening_error(error, self._options, self._answers) from error
        except BaseException:
            self.close()
            raise

    def _open_pool(self) -> None:
        """Open the runspace. A busy server may need longer than one Receive may wait; pypsrp gives up at the first."""
        deadline = time.monotonic() + self._options.command_timeout
        receive = self._pool.open
        while self._pool.state in (_pypsrp.BEFORE_OPEN, _pypsrp.NEGOTIATION_SENT):
            try:
                receive()
            except Exception as error:
                waiting = self._pool.state == _pypsrp.NEGOTIATION_SENT and faults.is_operation_timeout(error)
                if not waiting or time.monotonic() > deadline:
                    raise
            receive = self._pool._receive
        if self._pool.state != _pypsrp.OPENED:
            raise ConnectFailed(f"{self.endpoint} closed the session while it was being opened.")

    def invoke(self, command: Command) -> Response:
        """Run one command as a pipeline of its own."""
        if self._lost is not None:
            raise SessionLost(str(self._lost), may_have_run=False)
        if self._pool is None:
            raise SessionLost(f"There is no open session with {self.endpoint}.", may_have_run=False)
        pipeline = _pypsrp.build_pipeline(self._pool, command.cmdlet)
        for name, value in command.parameters:
            pipeline.add_parameter(name, _wire_value(value))
        try:
            self._run(pipeline, command.cmdlet)
        except SessionLost as lost:
            self._lose(lost)
            raise
        except BaseException:  # a task's time limit, a keyboard interrupt, an answer that cannot be read
            self._lose(SessionLost(f"The session with {self.endpoint} was given up.", may_have_run=False))
            raise
        return _response(pipeline)

    def _run(self, pipeline: Any, cmdlet: str) -> None:
        """Run a pipeline to its end and let the server forget it."""
        sent = False
        try:
            with _pypsrp.same_connection(self._connection):
                pipeline.begin_invoke(remote_stream_options=0)
                sent = True
                self._receive_all(pipeline, cmdlet)
        except (SessionLost, UndecodableValue):
            raise
        except Exception as error:
            raise self._lost_in(cmdlet, error, sent) from error
        try:
            with _pypsrp.same_connection(self._connection):
                pipeline.close()
        except Exception as error:  # the answer is complete: only the next command has no session
            self._lose(self._lost_in(cmdlet, error, sent=True))

    def _receive_all(self, pipeline: Any, cmdlet: str) -> None:
        deadline = time.monotonic() + self._options.command_timeout
        while pipeline.state == _pypsrp.RUNNING:
            left = deadline - time.monotonic()
            if left <= 0:
                with contextlib.suppress(Exception):
                    pipeline.stop()
                raise CommandTimeout(
                    f"{cmdlet} did not end within {self._options.command_timeout} seconds at {self.endpoint} and was "
                    f"told to stop: it may or may not have done its work; read before you repeat it, or raise "
                    f"ansible_exchange_command_timeout."
                )
            # None leaves the connection's own operation timeout in force.
            pipeline.poll_invoke(timeout=max(1, int(left)) if left < self._options.operation_timeout else None)

    def _lost_in(self, cmdlet: str, error: Exception, sent: bool) -> SessionLost:
        return faults.running_error(error, self._options, self._answers, cmdlet=cmdlet, sent=sent)

    def _lose(self, lost: SessionLost) -> None:
        self._lost = lost
        self.close()

    def close(self) -> None:
        """Delete the shell, or it counts against the account until the server's idle limit. Never raises."""
        pool, connection = self._pool, self._connection
        self._pool = self._connection = None
        if pool is not None and pool.shell.opened:
            with contextlib.suppress(Exception):
                if self._lost is not None:
                    _pypsrp.forget_encryption(connection)
                _pypsrp.delete_shell(pool, _CLOSE_SECONDS)
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()


def _wire_value(value: Value) -> Any:
    """A parameter's value as pypsrp serialises it best. Ansible's own subclasses of str become plain text."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, tuple):
        return [str.__str__(item) for item in value]
    return value


def _response(pipeline: Any) -> Response:
    errors = [_record(raw) for raw in pipeline.streams.error]
    if pipeline.state != _pypsrp.COMPLETED and not errors:
        errors.append(ErrorRecord("the command ended as failed, without an error record", "PipelineFailed"))
    return Response(
        objects=[decode_object(text) for text in pipeline.output],
        errors=errors,
        warnings=[decode_warning(raw.text) for raw in pipeline.streams.warning],
    )


def _record(raw: Any) -> ErrorRecord:
    return raw if isinstance(raw, ErrorRecord) else decode_error(raw.text)
