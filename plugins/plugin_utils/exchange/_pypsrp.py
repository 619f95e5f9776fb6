# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one place that imports pypsrp, and all we ask of it beyond its public interface. PRIVATE to the collection.

pypsrp does the protocol; what it cannot do is read Exchange's objects: a MultiValuedProperty arrives as an object
without value, and a reference into such a list ends in KeyError. So its serializer is wrapped, and the messages of a
pipeline come out as the XML that was on the wire. Tried with pypsrp 0.9.0 and 0.9.1; 0.8 can
neither close a pipeline nor tell that it needs a new connection.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .clixml import decode_state
from .errors import ErrorRecord, MissingLibrary
from .session import ConnectionOptions

__all__ = [
    "IMPORT_ERROR",
    "Answers",
    "NewConnectionDisabled",
    "RawMessage",
    "build_connection",
    "build_pipeline",
    "build_pool",
    "delete_shell",
    "exceptions",
    "forget_encryption",
    "requests",
    "require",
    "same_connection",
]

try:
    import requests
    from pypsrp import complex_objects, exceptions, messages, powershell, wsman
    from pypsrp._pool_manager import DisableNewConnectionsContext, NewConnectionDisabled
except ImportError as error:
    IMPORT_ERROR: ImportError | None = error
else:
    IMPORT_ERROR = None
    # States of a pool and of a pipeline ([MS-PSRP] 2.2.3.4, 2.2.3.5).
    BEFORE_OPEN = complex_objects.RunspacePoolState.BEFORE_OPEN
    NEGOTIATION_SENT = complex_objects.RunspacePoolState.NEGOTIATION_SENT
    OPENED = complex_objects.RunspacePoolState.OPENED
    RUNNING = complex_objects.PSInvocationState.RUNNING
    COMPLETED = complex_objects.PSInvocationState.COMPLETED


def require() -> None:
    """Raise MissingLibrary unless pypsrp can be used.

    pypsrp writes whole tracebacks to its log, for errors that the user is told in a sentence. They stay out of
    Ansible's log file; who wants them sets pypsrp's own PYPSRP_LOG_CFG.
    """
    if IMPORT_ERROR is not None:
        raise MissingLibrary("pypsrp[kerberos]>=0.9", IMPORT_ERROR)
    if "PYPSRP_LOG_CFG" not in os.environ:
        logging.getLogger("pypsrp").propagate = False


@dataclass
class RawMessage:
    """A PSRP message that pypsrp only passes on: its XML, and of state messages the state.

    pypsrp reads MESSAGE_TYPE, `state` and `error_record`.
    """

    MESSAGE_TYPE: int
    text: str
    state: int = 0
    error_record: ErrorRecord | None = None


class RawSerializer:
    """Stands in for pypsrp's serializer and leaves every message of a pipeline undecoded.

    Args:
        inner: pypsrp's own serializer, for what we send and for the messages that set up a session.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._records = {
            messages.ErrorRecordMessage,
            messages.WarningRecord,
            messages.VerboseRecord,
            messages.DebugRecord,
            messages.InformationRecord,
            messages.ProgressRecord,
        }
        self._states = {
            messages.PipelineState: "PipelineState",
            messages.RunspacePoolStateMessage: "RunspaceState",
        }

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def deserialize(self, element: Any, metadata: Any = None, clear: bool = True) -> Any:
        """Return the text of a pipeline's message, or what pypsrp makes of any other."""
        if isinstance(element, str):
            if metadata is None:
                return element  # PIPELINE_OUTPUT is the one message that pypsrp has no class for
            kind = metadata.object
            if kind in self._records:
                return RawMessage(kind.MESSAGE_TYPE, element)
            if kind in self._states:
                state, record = decode_state(element, self._states[kind])
                return RawMessage(kind.MESSAGE_TYPE, element, state, record)
        return self._inner.deserialize(element, metadata, clear)


class Answers:
    """Remembers the last HTTP answer: an error of pypsrp does not tell its status, nor what a 401 offered."""

    def __init__(self) -> None:
        self.status = 0
        self.offered: list[str] = []

    def __call__(self, response: Any, *_args: Any, **_keywords: Any) -> Any:
        self.status = response.status_code
        if response.status_code == 401:
            schemes = [part.strip().split(" ")[0] for part in response.headers.get("www-authenticate", "").split(",")]
            self.offered = [scheme for scheme in dict.fromkeys(schemes) if scheme and "=" not in scheme]
        return response


def build_connection(options: ConnectionOptions, answers: Answers) -> Any:
    """Return a pypsrp WSMan object for an endpoint; nothing is sent yet.

    A read that times out is not repeated: the server had until `operation_timeout` to say that nothing happened.
    """
    trusted: bool | str = (options.ca_cert or True) if options.cert_validation else False
    connection: Any = wsman.WSMan(
        options.host,
        port=options.tcp_port,
        ssl=options.scheme == "https",
        path=options.url_path,
        auth=options.auth,
        username=options.username,
        password=options.password,
        encryption=options.message_encryption,
        cert_validation=trusted,  # type: ignore[arg-type] # a path works, as it does in requests
        connection_timeout=options.connection_timeout,
        operation_timeout=options.operation_timeout,
        read_timeout=options.read_timeout,
        no_proxy=True,
        negotiate_service=options.negotiate_service,
        negotiate_hostname_override=options.negotiate_hostname,
        negotiate_delegate=options.negotiate_delegate,
    )
    send = connection.invoke

    def send_once(*arguments: Any, **keywords: Any) -> Any:
        keywords.pop("retries_on_read_timeout", None)
        return send(*arguments, **keywords)

    connection.invoke = send_once
    connection.transport.session = connection.transport._build_session()
    connection.transport.session.hooks["response"].append(answers)
    return connection


def build_pool(connection: Any, options: ConnectionOptions) -> Any:
    """Return a RunspacePool whose pipelines hand out the XML of their messages."""
    pool: Any = powershell.RunspacePool(connection, configuration_name=options.configuration)
    pool._fragmenter.serializer = RawSerializer(pool._fragmenter.serializer)
    return pool


def is_encrypted(connection: Any) -> bool:
    """Whether messages are sealed with a context that belongs to one TCP connection."""
    return bool(connection.transport.wrap_required)


def forget_encryption(connection: Any) -> None:
    """Let the next request authenticate anew."""
    connection.transport.encryption = None


@contextlib.contextmanager
def same_connection(connection: Any) -> Iterator[None]:
    """Refuse a second TCP connection while messages are encrypted.

    The server drops idle connections; a new one knows nothing of the context that seals the messages, and pypsrp
    would resend them sealed with the old one. NewConnectionDisabled is raised before anything is sent.
    """
    if not is_encrypted(connection):
        yield
        return
    with DisableNewConnectionsContext():
        yield


def build_pipeline(pool: Any, cmdlet: str) -> Any:
    """Return a pipeline of one command without parameters. There is no way to add script text."""
    return powershell.PowerShell(pool).add_cmdlet(cmdlet)


def delete_shell(pool: Any, seconds: int) -> None:
    """Delete the shell behind a pool, waiting `seconds` at most."""
    pool.connection.delete(pool.shell.resource_uri, selector_set=pool.shell._selector_set, timeout=seconds)
    pool.shell.opened = False
