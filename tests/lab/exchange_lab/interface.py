# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the parts of the lab promise each other: a cmdlet call in, an outcome out; a connection in, an answer out.

The endpoints (WS-Management and PSRP) know `Backend` and nothing of connectors; the SMTP front ends know `AnswerBook`
and nothing of cmdlets; the organisation behind both knows neither sockets nor protocols.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree.ElementTree import Element


class LabError(Exception):
    """The lab cannot do what was asked; the message is one sentence with the remedy."""


# --- Cmdlets ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CmdletCall:
    """One command of a pipeline as the client sent it, decoded to plain Python.

    name: the cmdlet as typed; the backend compares names without regard to case.
    parameters: named parameters; values are str, int, float, bool, None, list or dict of these. A switch that was
        given without a value arrives as True. Names are as typed; the backend resolves case and prefixes.
    arguments: positional values, in order.
    """

    name: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True)
class CallContext:
    """Who calls, and where.

    server: short name of the Exchange server whose endpoint carries the session.
    user: the account's name in the lab file (the endpoint maps UPN, DOMAIN\\name and Kerberos principal to it).
    connection: any text that tells one session from another; it only reaches the journal.
    """

    server: str
    user: str
    connection: str = ""


@dataclass(frozen=True)
class CmdletError:
    """One ErrorRecord.

    error_id is the FullyQualifiedErrorId, category the name of the CategoryInfo category (`InvalidArgument`, ...),
    target the text of the target object, exception_type the .NET type of the exception. `activity` is the cmdlet named
    in CategoryInfo. A terminating error ends the pipeline as failed; any other one only goes to the error stream.
    """

    message: str
    error_id: str
    category: str
    target: str
    exception_type: str
    terminating: bool = False
    activity: str = ""


@dataclass
class Outcome:
    """What a cmdlet did: every element of `output` is one complete <Obj> (or primitive element) without namespace,
    with type name and RefId tables of its own, ready to be the data of one PIPELINE_OUTPUT message."""

    output: list[Element] = field(default_factory=list)
    errors: list[CmdletError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Backend(Protocol):
    """The organisation as the endpoints see it. Every method may be called from any thread."""

    def session_refusal(self, context: CallContext) -> str | None:
        """Return why this account gets no session on this server, None when it may open one."""

    def execute(self, context: CallContext, call: CmdletCall) -> Outcome:
        """Run one cmdlet. Never raises for anything that a client sent."""


class JournalWriter(Protocol):
    """The journal as the other parts of the lab see it."""

    def record(self, kind: str, fields: Mapping[str, object]) -> int:
        """Write one line {"sequence", "time", "kind", **fields} at once; return its sequence number."""


# --- SMTP ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """One SMTP reply; `text` starts with the enhanced status code where Exchange sends one."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 400


@dataclass(frozen=True)
class AcceptedDomain:
    """One accepted domain: its SMTP domain (`*.` prefix = with subdomains) and type (Authoritative, InternalRelay,
    ExternalRelay)."""

    name: str
    domain: str
    type: str = "Authoritative"
    default: bool = False


@dataclass(frozen=True)
class SmtpSession:
    """Who an SMTP session is for the connector that answers it.

    rights: extended rights in lower case. user: account name after AUTH, else None. addresses: the SMTP addresses (in
    lower case) that the user may send as without ms-Exch-SMTP-Accept-Any-Sender. lost: the front end does not find who
    logged on for the back end.
    """

    rights: frozenset[str]
    user: str | None = None
    addresses: frozenset[str] = frozenset()
    lost: bool = False


@dataclass(frozen=True)
class ConnectorView:
    """The connector that answers one connection, frozen at the moment of the connection.

    Times are in seconds, sizes in bytes, None where Exchange says Unlimited. `session` is the session before AUTH:
    anonymous, or externally secured when AuthMechanism holds ExternalAuthoritative. `enforces_sender_rights` is False
    for the Front End Transport service, which lets any sender pass. version and culture are the server's.
    default_domain is what 2010 and 2013 append to an address without a domain, empty elsewhere. lookup_at_logon: a
    session that is lost hears it at AUTH already (switch proxy_lookup_failure).
    """

    server: str
    name: str
    identity: str
    matched_range: str
    fqdn: str
    banner: str
    auth_mechanism: frozenset[str]
    externally_secured: bool
    session: SmtpSession
    enforces_sender_rights: bool
    accepted_domains: tuple[AcceptedDomain, ...]
    tarpit_interval: float
    auth_tarpit_interval: float
    connection_timeout: float
    connection_inactivity_timeout: float
    max_inbound_connection: int | None
    max_inbound_connection_per_source: int | None
    max_inbound_connection_percentage_per_source: int
    message_rate_limit: int | None
    message_rate_source: frozenset[str]
    max_message_size: int
    max_header_size: int
    max_hop_count: int
    max_recipients_per_message: int
    max_protocol_errors: int | None
    max_logon_failures: int
    size_enabled: str
    require_tls: bool
    require_ehlo_domain: bool
    pipelining: bool
    eight_bit_mime: bool
    delivery_status_notification: bool
    enhanced_status_codes: bool
    chunking: bool
    binary_mime: bool
    smtp_utf8: bool
    version: str = "2019"
    culture: str = "en"
    default_domain: str = ""
    lookup_at_logon: bool = False


class AnswerBook(Protocol):
    """The organisation as the SMTP front ends see it: asked anew for every connection, from any thread.

    `port` is always Exchange's port: the front end that listens on a server's `smtp_port` passes 25.
    What a command is answered then comes from `exchange_lab.verdict`: `mail_from(view, session, sender, tls)` and
    `rcpt_to(view, session, recipient)`, where session is `view.session` or what `authenticate` returned.
    """

    def decide(self, server: str, local_address: str, port: int, client_address: str) -> ConnectorView | None:
        """Return the enabled connector with the most specific range, None when no connector takes the client."""

    def unavailable(self, server: str) -> Reply | None:
        """Return the 421 a server answers at connect while its transport component is not active, else None."""

    def authenticate(self, view: ConnectorView, user: str, password: str) -> SmtpSession | None:
        """Return the session after a successful logon, None when the credentials are wrong.
        `user` may be name, DOMAIN\\name or UPN."""
