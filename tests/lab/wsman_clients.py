# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tests of the remote PowerShell endpoint share: a scripted backend, and clients that are not the lab's own.

`open_pool` is unmodified pypsrp. `RawSession` writes the SOAP itself, so that a test can send what no library would.
"""

from __future__ import annotations

import base64
import http.client
import re
import ssl
import threading
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psrpcore import ClientPowerShell, ClientRunspacePool
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from exchange_lab.interface import CallContext, CmdletCall, CmdletError, Outcome
from exchange_lab.settings import AccountConfig, Limits, ServerConfig
from exchange_lab.wsman.server import ExchangeEndpoint

DOMAIN = "lab.example"
REALM = "LAB.EXAMPLE"
PASSWORD = "corr: ect hörse"
RESOURCE = "http://schemas.microsoft.com/powershell/Microsoft.Exchange"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
TERMINATE = f"{SHELL}/signal/Terminate"
CTRL_C = "powershell/signal/ctrl_c"
NAMES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "x": TRANSFER,
    "rsp": SHELL,
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
}


def account(name: str, password: str = PASSWORD) -> AccountConfig:
    return AccountConfig(name, password, upn=f"{name}@{DOMAIN}", netbios_name=f"LAB\\{name}", domain=DOMAIN)


ACCOUNTS = {name: account(name) for name in ("administrator", "operator")}


def server(*auth: str, name: str = "EX1", version: str = "2019", roles: tuple[str, ...] = ("mailbox",)) -> ServerConfig:
    return ServerConfig(
        name=name,
        fqdn=f"{name.lower()}.{DOMAIN}",
        version=version,
        roles=roles,
        address="127.0.0.1",
        port=0,
        smtp_port=0,
        auth=auth,
        addresses=("127.0.1.1",),
        domain_controller=f"dc1.{DOMAIN}",
        site="Default-First-Site-Name",
    )


def text(value: str) -> ET.Element:
    element = ET.Element("S")
    element.text = value
    return element


@dataclass
class ScriptedBackend:
    """Answers by cmdlet name and remembers every call; an unknown cmdlet is PowerShell's own terminating error."""

    answers: dict[str, Callable[[CmdletCall], Outcome]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[CallContext, CmdletCall]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)

    def session_refusal(self, context: CallContext) -> str | None:
        return self.refusals.get(context.user)

    def execute(self, context: CallContext, call: CmdletCall) -> Outcome:
        self.calls.append((context, call))
        if call.name == "Wait-Gate":
            self.entered.set()
            self.gate.wait(20)
            return Outcome([text("gate")])
        if call.name == "Get-Echo":
            return Outcome([text(repr(call))])
        answer = self.answers.get(call.name)
        if answer is not None:
            return answer(call)
        return Outcome(errors=[unknown_cmdlet(call.name)])

    @property
    def names(self) -> list[str]:
        return [call.name for _, call in self.calls]


def unknown_cmdlet(name: str) -> CmdletError:
    return CmdletError(
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program.",
        "CommandNotFoundException",
        "ObjectNotFound",
        name,
        "System.Management.Automation.CommandNotFoundException",
        terminating=True,
    )


@dataclass
class Lines:
    """A journal that is a list."""

    lines: list[dict[str, object]] = field(default_factory=list)

    def record(self, kind: str, fields: Mapping[str, object]) -> int:
        self.lines.append({"kind": kind, **fields})
        return len(self.lines)

    @property
    def events(self) -> list[object]:
        return [line["event"] for line in self.lines]


@contextmanager
def endpoint(*auth: str, backend: ScriptedBackend | None = None, **keywords: Any) -> Iterator[ExchangeEndpoint]:
    """A running endpoint with the methods `auth`; keywords: kerberos, limits, journal, certificate, disturbances,
    name, version, roles, accounts."""
    kept = {key: keywords.pop(key) for key in ("name", "version", "roles") if key in keywords}
    running = ExchangeEndpoint(
        server(*auth, **kept),
        keywords.pop("accounts", ACCOUNTS),
        keywords.pop("kerberos", None),
        backend or ScriptedBackend(),
        keywords.pop("limits", Limits()),
        keywords.pop("journal", None),
        **keywords,
    )
    with running:
        yield running


def connection(running: ExchangeEndpoint, auth: str, user: str = "administrator", **keywords: Any) -> WSMan:
    """pypsrp's own transport for an endpoint."""
    host, port = running.address
    keywords = {"path": running.kind.path, "password": PASSWORD, "ssl": running.scheme == "https", **keywords}
    if auth == "basic" and not keywords["ssl"]:
        keywords.setdefault("encryption", "never")
    if auth in ("kerberos", "negotiate"):
        keywords.setdefault("negotiate_service", "HTTP")
        keywords.setdefault("negotiate_hostname_override", running.fqdn)
    return WSMan(host, port=port, auth=auth, username=user, **keywords)


@contextmanager
def open_pool(
    running: ExchangeEndpoint, auth: str, user: str = "administrator", **keywords: Any
) -> Iterator[RunspacePool]:
    configuration = keywords.pop("configuration_name", running.kind.configuration)
    with (
        connection(running, auth, user, **keywords) as wsman,
        RunspacePool(wsman, configuration_name=configuration) as pool,
    ):
        yield pool


def invoke(pool: RunspacePool, cmdlet: str, **parameters: object) -> PowerShell:
    """Run one cmdlet to its end; the output is in `.output`."""
    shell = PowerShell(pool)
    shell.add_cmdlet(cmdlet)
    for name, value in parameters.items():
        shell.add_parameter(name, value)
    shell.invoke()
    shell.close()
    return shell


@dataclass
class Reply:
    """One HTTP answer, with its envelope when there is one."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def envelope(self) -> ET.Element:
        return ET.fromstring(self.body)  # noqa: S314 - the lab's own answer

    @property
    def fault(self) -> tuple[int, str]:
        found = self.envelope.find(".//f:WSManFault", NAMES)
        assert found is not None, self.body
        return int(found.get("Code", "0")), found.findtext("f:Message", "", NAMES)

    def find(self, path: str) -> str:
        return self.envelope.findtext(path, "", NAMES)


class RawSession:
    """SOAP by hand over one TCP connection with Basic, and psrpcore for the PSRP inside."""

    def __init__(self, running: ExchangeEndpoint, user: str = "administrator", password: str = PASSWORD) -> None:
        self.http = http.client.HTTPConnection(*running.address, timeout=30)
        if running.scheme == "https":
            # Which certificate the lab made is not what is tested.
            context = ssl._create_unverified_context()  # noqa: S323
            self.http = http.client.HTTPSConnection(*running.address, timeout=30, context=context)
        self.path = f"/{running.kind.path}"
        self.user = user
        self._authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.pool = ClientRunspacePool()
        self.shell_id = str(self.pool.runspace_pool_id).upper()
        self.max_envelope_size = 153600
        self.timeout = "PT20S"

    def post(self, envelope: bytes, **headers: str) -> Reply:
        headers = {"Authorization": self._authorization, "Content-Type": "application/soap+xml", **headers}
        self.http.request("POST", self.path, envelope, headers)
        answer = self.http.getresponse()
        return Reply(answer.status, answer.headers, answer.read())

    def envelope(self, action: str, body: str, message_id: str | None = None, resource: str = RESOURCE) -> bytes:
        message_id = message_id or f"uuid:{uuid.uuid4()}"
        return (
            f'<s:Envelope xmlns:s="{NAMES["s"]}" xmlns:a="{NAMES["a"]}" xmlns:w="{NAMES["w"]}" xmlns:rsp="{SHELL}">'
            f"<s:Header><a:Action>{action}</a:Action><a:MessageID>{message_id}</a:MessageID>"
            f"<w:ResourceURI>{resource}</w:ResourceURI><w:MaxEnvelopeSize>{self.max_envelope_size}</w:MaxEnvelopeSize>"
            f"<w:OperationTimeout>{self.timeout}</w:OperationTimeout>"
            f'<w:SelectorSet><w:Selector Name="ShellId">{self.shell_id}</w:Selector></w:SelectorSet>'
            f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        ).encode()

    def ask(self, action: str, body: str, message_id: str | None = None, resource: str = RESOURCE) -> Reply:
        return self.post(self.envelope(action, body, message_id, resource))

    def create(self, resource: str = RESOURCE, extra: str = "", message_id: str | None = None) -> Reply:
        self.pool.open()
        payload = self.pool.data_to_send()
        assert payload is not None
        body = (
            f'<rsp:Shell ShellId="{self.shell_id}">{extra}<creationXml xmlns="http://schemas.microsoft.com/powershell">'
            f"{base64.b64encode(payload.data).decode()}</creationXml></rsp:Shell>"
        )
        return self.ask(f"{TRANSFER}/Create", body, message_id, resource)

    def opened(self) -> RawSession:
        reply = self.create()
        assert reply.status == 200, reply.body
        self.receive()
        return self

    def command(self, cmdlet: str, *arguments: object) -> uuid.UUID:
        powershell = ClientPowerShell(self.pool)
        powershell.add_command(cmdlet)
        for argument in arguments:
            powershell.add_argument(argument)
        powershell.start()
        payload = self.pool.data_to_send()
        assert payload is not None
        body = (
            f'<rsp:CommandLine CommandId="{str(powershell.pipeline_id).upper()}"><rsp:Command/>'
            f"<rsp:Arguments>{base64.b64encode(payload.data).decode()}</rsp:Arguments></rsp:CommandLine>"
        )
        reply = self.ask(f"{SHELL}/Command", body)
        assert reply.status == 200, reply.body
        return powershell.pipeline_id

    def receive_body(self, pipeline_id: uuid.UUID | None = None) -> str:
        command = f' CommandId="{str(pipeline_id).upper()}"' if pipeline_id else ""
        return f"<rsp:Receive><rsp:DesiredStream{command}>stdout</rsp:DesiredStream></rsp:Receive>"

    def receive(self, pipeline_id: uuid.UUID | None = None, message_id: str | None = None) -> Reply:
        return self.ask(f"{SHELL}/Receive", self.receive_body(pipeline_id), message_id)

    def signal(self, pipeline_id: uuid.UUID, code: str = TERMINATE) -> Reply:
        body = f'<rsp:Signal CommandId="{str(pipeline_id).upper()}"><rsp:Code>{code}</rsp:Code></rsp:Signal>'
        return self.ask(f"{SHELL}/Signal", body)

    def delete(self) -> Reply:
        return self.ask(f"{TRANSFER}/Delete", "")

    def close(self) -> None:
        self.http.close()


def output_of(reply: Reply) -> bytes:
    """The PSRP fragments in a ReceiveResponse."""
    return base64.b64decode("".join(re.findall(r"<rsp:Stream[^>]*>([^<]*)<", reply.body.decode())))


def done(reply: Reply) -> bool:
    state = reply.envelope.find(".//rsp:CommandState", NAMES)
    return state is not None and state.get("State", "").endswith("/Done")
