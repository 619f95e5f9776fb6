# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a lab file says, as dataclasses: `config` reads them, every part of the lab is given the ones it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from exchange_lab import versions
from exchange_lab.interface import AcceptedDomain


@dataclass(frozen=True)
class OrganizationConfig:
    """The Active Directory forest: one domain, its DNS name, NetBIOS name and domain controllers (FQDNs)."""

    name: str
    domain: str
    netbios: str
    domain_controllers: tuple[str, ...]


@dataclass(frozen=True)
class Edit:
    """What a concurrent administrator does to a connector `before` or `after` (moment) the count-th call of a cmdlet:
    ranges to add and to remove, other parameters of Set-ReceiveConnector to set."""

    moment: str
    cmdlet: str
    connector: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    set: Mapping[str, object] = field(default_factory=dict)
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
    """One account of the domain: `upn` is name@domain unless the lab file gives it another suffix, `netbios_name`
    DOMAIN\\name; the Kerberos principal is name@REALM. `administrator_of`: the servers whose local administrator it is;
    None means by its role groups. `number` is the last part of its SID. `domain` is the DNS name of the forest."""

    name: str
    password: str = field(repr=False)
    role_groups: tuple[str, ...] = ()
    upn: str = ""
    netbios_name: str = ""
    remote_powershell: bool = True
    administrator_of: tuple[str, ...] | None = None
    number: int = 1601
    domain: str = ""

    @property
    def mail_address(self) -> str:
        """The address that it may send as, which its UPN does not change."""
        return f"{self.name}@{self.domain}"

    @property
    def names(self) -> tuple[str, ...]:
        """What it may call itself to log on to SMTP."""
        return tuple(name for name in (self.name, self.upn, self.netbios_name) if name)

    def local_to(self, server: str) -> AccountConfig:
        """The account of the same name and password that a server outside of the domain has of its own.

        Which addresses it may send as is unverified: those of the domain's account.
        """
        return replace(self, upn="", netbios_name=f"{server}\\{self.name}")

    def administers(self, server: str) -> bool:
        """Whether the account is local administrator of a server; unless the lab file says, Organization Management is
        everywhere."""
        if self.administrator_of is None:
            return "Organization Management" in self.role_groups
        return server.lower() in {name.lower() for name in self.administrator_of}


@dataclass(frozen=True)
class ManagementRoleConfig:
    """A management role of one's own: a child of another. without: cmdlet to the parameters that were taken out, None
    for the whole cmdlet."""

    parent: str
    without: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)


@dataclass(frozen=True)
class RoleGroupConfig:
    """A role group. servers: those of its configuration write scope, None when it has none and may change anything."""

    roles: tuple[str, ...]
    servers: tuple[str, ...] | None = None


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
    """One access control entry on an object above the connectors.

    right: an extended right, or GenericAll or ExtendedRight for all of them. level: the object that carries it. server:
    whose object that is, "" for every server of the forest. inheritance: which objects below inherit it.
    """

    user: str
    right: str
    deny: bool = False
    level: str = "organization"
    server: str = ""
    inheritance: str = "All"


NEVER, ALWAYS, EITHER = "never", "always", "either"
LOGONS = (NEVER, ALWAYS, EITHER)
"""What a client does about AUTH: nothing, log on or give up, or whichever gets its mail through."""


@dataclass(frozen=True)
class WatchConfig:
    """One client whose luck is asked after every writing cmdlet, on every server.

    user: the account it has a password of, by the name that it logs on as; None for none. logon: one of LOGONS.
    """

    client: str
    sender: str
    recipient: str
    user: str | None = None
    logon: str = NEVER


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
    command_parameters: Get-Command tells the parameters that the account sees (shown) or only cmdlets (hidden).
    write_scope_error: exception of a write out of scope: the directory's (saving), or the cmdlet's own (task).
    proxy_lookup_failure: what hears that the front end does not find a UPN with a suffix of its own for the back end:
        the sender (mail), or the logon itself.
    hop_counts: hop counts of a new connector, as `captured` (60 and 5) or as `documented` (30 and 8 since 2016).
    split_mailbox_port: port of `Default SERVER` on a 2013 Mailbox server without Client Access.
    older_cmdlets: whether cmdlets may write connectors of a server newer than themselves (refused, allowed).
    newer_cmdlets: whether those of 2013 and later may write connectors of 2007 and 2010 (refused, allowed).
    edge_parameters: DomainController and TransportRole on Edge Transport do not exist (unknown) or are refused.
    legacy_anonymous_rights: rights of AnonymousUsers on 2007 and 2010 (four as documented later, three as at first).
    localized_sizes: sizes carry the separators of the server's culture.
    small_sizes: a size that is no whole number of kilobytes is kept (exact) or rounded up (rounded).
    scope_ids: Get shows the scope id of an IPv6 address (kept) or not (dropped).
    omitted_transport_role: role of a new connector without TransportRole, where the server runs both services.
    edge_transport_role: Get shows TransportRole on Edge Transport (shown, as HubTransport) or not (hidden).
    explicit_limits: Get-ThrottlingPolicy -Explicit shows only what a policy holds itself (assigned) or all (effective).
    policy_null: what null does to a limit since 2013: the policy inherits it (inherits), or has no limit (no_limit).
    policy_scope_change: Set-ThrottlingPolicy changes the scope of a policy (allowed) or not (refused).
    """

    disabled_connector_conflicts: bool = True
    permission_groups_replacement: str = "keeps_manual"
    cross_role_bindings_overlap: bool = True
    range_echo: str = "entered"
    sid_users: bool = True
    server_name_identities: bool = True
    usage_bindings: bool = False
    view_only_reads_permissions: bool = True
    command_parameters: str = "shown"
    write_scope_error: str = "saving"
    proxy_lookup_failure: str = "mail"
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
    omitted_transport_role: str = "HubTransport"
    explicit_limits: str = "assigned"
    policy_null: str = "inherits"
    policy_scope_change: str = "allowed"


@dataclass(frozen=True)
class LabConfig:
    """A whole lab file. `role_groups` and `management_roles` are those beyond Exchange's own; `deleted_accounts` are
    gone, all but their SIDs."""

    organization: OrganizationConfig
    servers: Mapping[str, ServerConfig]
    accounts: Mapping[str, AccountConfig]
    accepted_domains: tuple[AcceptedDomain, ...]
    kerberos: KerberosConfig | None = None
    dns: DnsConfig | None = None
    watch: tuple[WatchConfig, ...] = ()
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)
    role_groups: Mapping[str, RoleGroupConfig] = field(default_factory=dict)
    inherited_permissions: tuple[InheritedPermission, ...] = ()
    management_roles: Mapping[str, ManagementRoleConfig] = field(default_factory=dict)
    deleted_accounts: tuple[AccountConfig, ...] = ()
