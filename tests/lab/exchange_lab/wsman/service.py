# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The WS-Management service of one Exchange server: shells opened, used and closed by SOAP requests (MS-WSMV 3.1.4)."""

from __future__ import annotations

import base64
import binascii
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from exchange_lab.interface import Backend, CallContext, JournalWriter
from exchange_lab.settings import AccountConfig, Limits, ServerConfig
from exchange_lab.wsman import soap, wsman_faults
from exchange_lab.wsman.disturbances import Disturbances
from exchange_lab.wsman.kinds import kind_of
from exchange_lab.wsman.replays import Answer, Replays
from exchange_lab.wsman.runner import Runner
from exchange_lab.wsman.shells import Shell
from exchange_lab.wsman.snap_ins import SnapInSession
from exchange_lab.wsman.soap import NAMESPACES, Request
from exchange_lab.wsman.wsman_faults import WSManFault

_TRANSFER = NAMESPACES["x"]
_SHELL = NAMESPACES["rsp"]
_DONE = f"{_SHELL}/CommandState/Done"
_RUNNING = f"{_SHELL}/CommandState/Running"
# What a client may demand: the version of PSRP.
_OPTIONS = frozenset({"protocolversion"})
_STOP_SIGNALS = ("/signal/ctrl_c", "/signal/ctrl_break")
# A Receive answers this much before the client's OperationTimeout, in seconds.
_HEAD_START = 0.25


@dataclass(frozen=True)
class Caller:
    """Who sends a request. address: of the client. delegated: it gave the server a ticket to act in its name."""

    account: AccountConfig
    address: str
    delegated: bool = False


class WSManService:
    """The shells of one server. `handle` may be called from any thread."""

    def __init__(
        self,
        server: ServerConfig,
        backend: Backend,
        limits: Limits,
        journal: JournalWriter | None,
        disturbances: Disturbances,
    ) -> None:
        self._server = server
        self._kind = kind_of(server)
        self._backend = backend
        self._limits = limits
        self._journal = journal
        self._disturbances = disturbances
        self._lock = threading.Lock()
        self._shells: dict[str, Shell] = {}
        self._replays = Replays()
        self._actions: dict[str, Callable[[Request, Caller], str]] = {
            f"{_TRANSFER}/Create": self._create,
            f"{_TRANSFER}/Delete": self._delete,
            f"{_SHELL}/Command": self._command,
            f"{_SHELL}/Send": self._send,
            f"{_SHELL}/Receive": self._receive,
            f"{_SHELL}/Signal": self._signal,
            f"{_SHELL}/Disconnect": self._unsupported,
            f"{_SHELL}/Reconnect": self._unsupported,
            f"{_SHELL}/Connect": self._unsupported,
        }

    @property
    def open_shells(self) -> int:
        """How many shells are open, whoever owns them."""
        with self._lock:
            return len(self._shells)

    def handle(self, caller: Caller, envelope: bytes) -> Answer:
        """Answer one SOAP request of an authenticated caller. Raises ConnectionDropped when a test wants that."""
        message_id = ""
        try:
            if len(envelope) > self._limits.maximum_envelope_size:
                raise wsman_faults.request_too_large()
            request = soap.read(envelope)
            message_id = request.message_id
            earlier = self._replays.find(caller.account.name, message_id)
            if earlier is not None:
                return earlier
            action = self._actions.get(request.action)
            if action is None:
                raise wsman_faults.action_not_supported()
            if not request.demands <= _OPTIONS:
                raise wsman_faults.options_not_supported()
            self._expire()
            body = action(request, caller)
            answer = Answer(200, soap.response(f"{request.action}Response", message_id, body))
        except WSManFault as problem:
            answer = Answer(500, soap.fault(problem, message_id, self._server.fqdn))
        if message_id:
            self._replays.keep(caller.account.name, message_id, answer)
        return answer

    def stop(self, seconds: float) -> None:
        """Close every shell and wait for their workers, no longer than `seconds` in all."""
        with self._lock:
            shells, self._shells = list(self._shells.values()), {}
        pipelines = [pipeline for shell in shells for pipeline in shell.close()]
        deadline = time.monotonic() + seconds
        for pipeline in pipelines:
            pipeline.join(max(deadline - time.monotonic(), 0.0))

    def _create(self, request: Request, caller: Caller) -> str:
        if request.resource_uri.rstrip("/").casefold() != self._kind.resource_uri.casefold():
            raise wsman_faults.unknown_resource(request.resource_uri)
        account = caller.account
        definition = request.part("rsp:Shell")
        creation = request.part("rsp:Shell/pwsh:creationXml")
        if definition is None or creation is None:
            raise wsman_faults.invalid_xml()
        shell_id = (definition.get("ShellId") or str(uuid.uuid4())).upper()
        context = CallContext(self._server.name, account.name, shell_id)
        backend = self._backend_of(caller)
        refusal = backend.session_refusal(context)
        if refusal is not None:
            self._note("refused", account, shell_id)
            raise wsman_faults.access_denied() if self._kind.snap_in else wsman_faults.session_refused(refusal)
        wanted = soap.seconds(definition.findtext("rsp:IdleTimeOut", "", NAMESPACES))
        idle = min(wanted or self._limits.shell_idle_timeout, self._limits.shell_idle_timeout)
        runner = Runner(backend, context, self._disturbances, full_language=self._kind.snap_in)
        shell = Shell(shell_id, account, runner, idle)
        self._add(shell)
        try:
            shell.open(_decoded(creation.text))
        except WSManFault:
            self._remove(shell)
            raise
        self._note("opened", account, shell_id)
        return self._created(shell, caller.address)

    def _backend_of(self, caller: Caller) -> Backend:
        """What a new session talks to: which snap-in is loaded is its own business."""
        if not self._kind.snap_in:
            return self._backend
        return SnapInSession(self._backend, self._server, self._journal, caller.delegated)

    def _add(self, shell: Shell) -> None:
        with self._lock:
            if shell.id in self._shells:
                raise wsman_faults.plugin_failure(f"The shell {shell.id} exists already.")
            own = sum(other.account.name == shell.account.name for other in self._shells.values())
            refused = own >= self._limits.shells_per_user
            if not refused:
                self._shells[shell.id] = shell
        if refused:
            self._note("refused", shell.account, shell.id)
            raise wsman_faults.too_many_shells(self._limits.shells_per_user)

    def _created(self, shell: Shell, client: str) -> str:
        selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell.id}</w:Selector></w:SelectorSet>'
        owner = escape(shell.account.netbios_name or shell.account.name)
        resource = self._kind.resource_uri
        address = f"http://{self._server.fqdn}:{self._kind.port}/{self._kind.path}"
        return (
            f"<x:ResourceCreated><a:Address>{address}</a:Address>"
            f"<a:ReferenceParameters><w:ResourceURI>{resource}</w:ResourceURI>{selector}</a:ReferenceParameters>"
            f"</x:ResourceCreated><rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId>"
            f"<rsp:ResourceUri>{resource}</rsp:ResourceUri><rsp:Owner>{owner}</rsp:Owner>"
            f"<rsp:ClientIP>{client}</rsp:ClientIP><rsp:IdleTimeOut>PT{shell.idle_timeout:.3f}S</rsp:IdleTimeOut>"
            "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>"
            "<rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity>"
            "</rsp:Shell>"
        )

    def _delete(self, request: Request, caller: Caller) -> str:
        shell = self._shell(request, caller.account)
        self._remove(shell)
        self._note("closed", caller.account, shell.id)
        return ""

    def _command(self, request: Request, caller: Caller) -> str:
        shell = self._shell(request, caller.account)
        line = request.part("rsp:CommandLine")
        first = request.part("rsp:CommandLine/rsp:Arguments")
        if line is None or first is None:
            raise wsman_faults.invalid_xml()
        pipeline_id = _identifier(line.get("CommandId")) or uuid.uuid4()
        with shell.request():
            shell.command(pipeline_id, _decoded(first.text))
        command_id = str(pipeline_id).upper()
        return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"

    def _send(self, request: Request, caller: Caller) -> str:
        shell = self._shell(request, caller.account)
        with shell.request():
            for stream in request.body.findall("rsp:Send/rsp:Stream", NAMESPACES):
                shell.send(_identifier(stream.get("CommandId")), _decoded(stream.text))
        return "<rsp:SendResponse/>"

    def _receive(self, request: Request, caller: Caller) -> str:
        shell = self._shell(request, caller.account)
        desired = request.part("rsp:Receive/rsp:DesiredStream")
        if desired is None:
            raise wsman_faults.invalid_xml()
        pipeline_id = _identifier(desired.get("CommandId"))
        limit = min(request.max_envelope_size, self._limits.maximum_envelope_size)
        empty = soap.response(f"{request.action}Response", request.message_id, _received(pipeline_id, b"", False))
        with shell.request():
            data, done = shell.receive(pipeline_id, (limit - len(empty)) // 4 * 3, self._patience(request))
        return _received(pipeline_id, data, done)

    def _signal(self, request: Request, caller: Caller) -> str:
        shell = self._shell(request, caller.account)
        signal = request.part("rsp:Signal")
        pipeline_id = _identifier(signal.get("CommandId")) if signal is not None else None
        code = (request.body.findtext("rsp:Signal/rsp:Code", "", NAMESPACES)).strip().lower()
        if pipeline_id is None or not code.endswith(("/signal/terminate", *_STOP_SIGNALS)):
            raise wsman_faults.invalid_xml()
        with shell.request():
            shell.signal(pipeline_id, code.endswith("/signal/terminate"))
        return "<rsp:SignalResponse/>"

    def _unsupported(self, request: Request, caller: Caller) -> str:
        self._shell(request, caller.account)
        raise wsman_faults.unsupported_feature()

    def _shell(self, request: Request, account: AccountConfig) -> Shell:
        """Return the caller's shell; another account's shell is not there."""
        with self._lock:
            shell = self._shells.get(request.shell_id.upper())
        if shell is None or shell.account.name != account.name:
            raise wsman_faults.shell_not_found(request.shell_id, "" if self._kind.snap_in else self._server.fqdn)
        return shell

    def _remove(self, shell: Shell) -> None:
        with self._lock:
            self._shells.pop(shell.id, None)
        shell.close()

    def _expire(self) -> None:
        with self._lock:
            shells = list(self._shells.values())
        for shell in shells:
            if shell.expired():
                self._remove(shell)
                self._note("expired", shell.account, shell.id)

    def _patience(self, request: Request) -> float:
        """How long a Receive may wait: an answer after OperationTimeout is none."""
        seconds = min(request.operation_timeout or self._limits.operation_timeout, self._limits.operation_timeout)
        return seconds - min(_HEAD_START, seconds / 10)

    def _note(self, event: str, account: AccountConfig, shell_id: str) -> None:
        if self._journal is not None:
            line = {"server": self._server.name, "user": account.name, "event": event, "shell": shell_id}
            self._journal.record("session", line)


def _received(pipeline_id: uuid.UUID | None, data: bytes, done: bool) -> str:
    """Return the body of one ReceiveResponse; only a pipeline has a state."""
    command = f" CommandId={quoteattr(str(pipeline_id).upper())}" if pipeline_id else ""
    state = f'<rsp:CommandState{command} State="{_DONE if done else _RUNNING}"/>' if pipeline_id else ""
    stream = f'<rsp:Stream Name="stdout"{command}>{base64.b64encode(data).decode()}</rsp:Stream>'
    return f"<rsp:ReceiveResponse>{stream}{state}</rsp:ReceiveResponse>"


def _decoded(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        raise wsman_faults.invalid_xml() from None


def _identifier(text: str | None) -> uuid.UUID | None:
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise wsman_faults.invalid_selectors() from None
