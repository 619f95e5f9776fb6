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

from exchange_lab import versions


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
    lower case) that the user may send as without ms-Exch-SMTP-Accept-Any-Sender.
    """

    rights: frozenset[str]
    user: str | None = None
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ConnectorView:
    """The connector that answers one connection, frozen at the moment of the connection.

    Times are in seconds, sizes in bytes, None where Exchange says Unlimited. `session` is the session before AUTH:
    anonymous, or externally secured when AuthMechanism holds ExternalAuthoritative. `enforces_sender_rights` is False
    for the Front End Transport service, which lets any sender pass. version and culture are the server's.
    default_domain is what 2010 and 2013 append to an address without a domain, empty elsewhere.
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


# --- The lab file ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrganizationConfig:
    """The Active Directory forest: one domain, its DNS name, NetBIOS name and domain controllers (FQDNs)."""

    name: str
    domain: str
    netbios: str
    domain_controllers: tuple[str, ...]


@dataclass(frozen=True)
class Edit:
    """What a concurrent administrator does to a connector's ranges `before` or `after` (moment) the count-th call of a
    cmdlet."""

    moment: str
    cmdlet: str
    connector: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    count: int = 1


@dataclass(frozen=True)
class ServerConfig:
    """One Exchange server and its listeners.

    port 0 and smtp_port 0 take a free port. `smtp_port` stands for Exchange's port 25. `addresses` are those of its
    network adapters (Get-NetworkConnectionInfo); auth holds kerberos, negotiate, ntlm, basic; scheme is http or https.
    `components` are the states of Get-ServerComponentState that are not the usual ones. `faults` is what shall go
    wrong at the PowerShell endpoint (see `exchange_lab.wsman.disturbances`), `edits` what a concurrent administrator
    does meanwhile (see `exchange_lab.concurrent_edits`).

    version: 2007 to SE. roles: out of mailbox, client_access, hub_transport, or edge alone. culture: en, de or fr, the
    language of its Windows. downgraded_exchange_auth: UseDowngradedExchangeServerAuth of its transport service.
    """

    name: str
    fqdn: str
    version: str
    address: str
    port: int
    smtp_port: int
    auth: tuple[str, ...]
    addresses: tuple[str, ...]
    domain_controller: str
    site: str
    components: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "http"
    faults: Mapping[str, object] = field(default_factory=dict)
    roles: tuple[str, ...] = (versions.MAILBOX,)
    culture: str = "en"
    edits: tuple[Edit, ...] = ()
    downgraded_exchange_auth: bool = False

    @property
    def platform(self) -> versions.Platform:
        """What decides which properties its connectors have."""
        return versions.Platform(self.version, self.edge)

    @property
    def transport_roles(self) -> tuple[str, ...]:
        """The transport roles that its connectors may have; the service of the first one owns port 25."""
        return versions.transport_roles(self.version, self.roles)

    @property
    def edge(self) -> bool:
        """Whether this is an Edge Transport server, outside of the organisation's Active Directory."""
        return versions.EDGE in self.roles

    @property
    def snap_in(self) -> str | None:
        """The snap-in that brings the cmdlets on a server without an Exchange endpoint, else None."""
        return versions.snap_in(self.version, self.edge)

    @property
    def endpoint(self) -> str:
        """`exchange` (path PowerShell, Microsoft.Exchange) or `wsman` (path wsman, Microsoft.PowerShell)."""
        return "wsman" if self.snap_in else "exchange"


@dataclass(frozen=True)
class AccountConfig:
    """One account of the domain: `upn` is name@domain, `netbios_name` DOMAIN\\name; the Kerberos principal is
    name@REALM. `administrator_of`: the servers whose local administrator it is; None means by its role groups."""

    name: str
    password: str = field(repr=False)
    role_groups: tuple[str, ...] = ()
    upn: str = ""
    netbios_name: str = ""
    remote_powershell: bool = True
    administrator_of: tuple[str, ...] | None = None

    def administers(self, server: str) -> bool:
        """Whether the account is local administrator of a server; unless the lab file says, Organization Management is
        everywhere."""
        if self.administrator_of is None:
            return "Organization Management" in self.role_groups
        return server.lower() in {name.lower() for name in self.administrator_of}


@dataclass(frozen=True)
class KerberosConfig:
    """The realm of the key distribution centre."""

    realm: str


@dataclass(frozen=True)
class DnsKey:
    """The TSIG key for updates; `secret` is base64."""

    name: str
    algorithm: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class DnsRecord:
    """One record set of the zone; `name` is fully qualified without a trailing dot."""

    name: str
    type: str
    values: tuple[str, ...]
    ttl: int = 300


@dataclass(frozen=True)
class DnsConfig:
    """The DNS server: `records` already include the A and AAAA sets of the servers' names."""

    address: str
    port: int
    zone: str
    key: DnsKey | None
    records: tuple[DnsRecord, ...] = ()


@dataclass(frozen=True)
class InheritedPermission:
    """One access control entry that every connector inherits from above; `right` is an extended right."""

    user: str
    right: str
    deny: bool = False


@dataclass(frozen=True)
class WatchConfig:
    """One client whose luck is asked after every writing cmdlet, on every server."""

    client: str
    sender: str
    recipient: str


@dataclass(frozen=True)
class Limits:
    """Limits of the remote PowerShell endpoint; times in seconds, the envelope in bytes.

    values_per_attribute: how many values Active Directory keeps in one attribute of an object.
    """

    shells_per_user: int = 18
    operation_timeout: float = 20.0
    shell_idle_timeout: float = 900.0
    maximum_envelope_size: int = 512000
    # Known to lie between 1,200 and 1,300 (unverified where exactly): the stricter end.
    values_per_attribute: int = 1200


@dataclass(frozen=True)
class Switches:
    """Behaviours that no source tells: each one selectable, so that a test can try both outcomes.

    disabled_connector_conflicts: a disabled connector takes part in the uniqueness check of bindings and ranges.
    permission_groups_replacement: what Set -PermissionGroups does with hand-made rows (keeps_manual, removes_dropped,
        removes_manual).
    cross_role_bindings_overlap: 0.0.0.0:25 and 10.0.0.5:25 of two transport roles conflict.
    range_echo: how Get shows a CIDR entry (entered, network, lohi).
    sid_users: -User of the ADPermission cmdlets resolves a SID string.
    server_name_identities: SERVER\\Name is an identity for the ADPermission cmdlets too.
    usage_bindings: -Bindings is allowed with the usages Client and Internal.
    view_only_reads_permissions: View-Only Configuration holds Get-ADPermission.
    hop_counts: hop counts of a new connector, as `captured` (60 and 5) or as `documented` (30 and 8 since 2016).
    split_mailbox_port: port of `Default SERVER` on a 2013 Mailbox server without Client Access.
    older_cmdlets: whether cmdlets may write connectors of a server newer than themselves (refused, allowed).
    newer_cmdlets: whether those of 2013 and later may write connectors of 2007 and 2010 (refused, allowed).
    edge_parameters: DomainController and TransportRole on Edge Transport do not exist (unknown) or are refused.
    legacy_anonymous_rights: rights of AnonymousUsers on 2007 and 2010 (four as documented later, three as at first).
    localized_sizes: sizes carry the separators of the server's culture.
    small_sizes: a size that is no whole number of kilobytes is kept (exact) or rounded up (rounded).
    scope_ids: Get shows the scope id of an IPv6 address (kept) or not (dropped).
    edge_transport_role: Get shows TransportRole on Edge Transport (shown, as HubTransport) or not (hidden).
    """

    disabled_connector_conflicts: bool = True
    permission_groups_replacement: str = "keeps_manual"
    cross_role_bindings_overlap: bool = True
    range_echo: str = "entered"
    sid_users: bool = True
    server_name_identities: bool = True
    usage_bindings: bool = False
    view_only_reads_permissions: bool = True
    hop_counts: str = "captured"
    split_mailbox_port: str = "25"
    older_cmdlets: str = "refused"
    newer_cmdlets: str = "refused"
    edge_parameters: str = "unknown"
    legacy_anonymous_rights: str = "four"
    localized_sizes: bool = True
    small_sizes: str = "exact"
    scope_ids: str = "kept"
    edge_transport_role: str = "shown"


@dataclass(frozen=True)
class LabConfig:
    """A whole lab file. `role_groups` are role groups beyond Exchange's own: name to management roles."""

    organization: OrganizationConfig
    servers: Mapping[str, ServerConfig]
    accounts: Mapping[str, AccountConfig]
    accepted_domains: tuple[AcceptedDomain, ...]
    kerberos: KerberosConfig | None = None
    dns: DnsConfig | None = None
    watch: tuple[WatchConfig, ...] = ()
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)
    role_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inherited_permissions: tuple[InheritedPermission, ...] = ()
