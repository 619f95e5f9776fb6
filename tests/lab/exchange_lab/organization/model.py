# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole organisation: what the configuration partition of the forest holds, shared by all endpoints.

One lock guards everything. Whoever reads or writes holds it for the length of one cmdlet or one SMTP decision; nothing
else in the lab keeps organisation state.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from exchange_lab.interface import AcceptedDomain, LabConfig, ServerConfig
from exchange_lab.organization.acl import Ace, inherited_rows, presets
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.defaults import MAILBOX_DEFAULTS, setup_values
from exchange_lab.organization.principals import Principals
from exchange_lab.organization.roles import ROLE_GROUPS, visible_cmdlets
from exchange_lab.section import LabFileError
from exchange_lab.values.directory import ObjectId, escape_rdn, partition_guid, stable_guid

# The components of a 2019 Mailbox server, two of them always inactive, as in the public test data of the repository
# microsoft/CSS-Exchange (GetServerComponentState of a 2019 server).
COMPONENTS = (
    "ServerWideOffline",
    "HubTransport",
    "FrontendTransport",
    "Monitoring",
    "RecoveryActionsEnabled",
    "AutoDiscoverProxy",
    "ActiveSyncProxy",
    "EcpProxy",
    "EwsProxy",
    "ImapProxy",
    "OabProxy",
    "OwaProxy",
    "PopProxy",
    "PushNotificationsProxy",
    "RpsProxy",
    "RwsProxy",
    "RpcProxy",
    "XropProxy",
    "HttpProxyAvailabilityGroup",
    "ForwardSyncDaemon",
    "ProvisioningRps",
    "MapiProxy",
    "EdgeTransport",
    "HighAvailability",
    "SharedCache",
    "MailboxDeliveryProxy",
    "RoutingUpdates",
    "RestProxy",
    "DefaultProxy",
    "Lsass",
    "RoutingService",
    "E4EProxy",
    "CafeLAMv2",
    "LogExportProvider",
)
_INACTIVE = frozenset({"ForwardSyncDaemon", "ProvisioningRps"})


@dataclass
class ExchangeServer:
    """One server; `components` maps each component to Active, Inactive or Draining."""

    config: ServerConfig
    distinguished_name: str
    guid: UUID
    created: datetime
    components: dict[str, str]

    @property
    def name(self) -> str:
        return self.config.name

    def active(self, component: str) -> bool:
        """Whether a component serves: ServerWideOffline takes all of them down."""
        return self.components["ServerWideOffline"] == "Active" == self.components[component]


class Organization:
    """Servers, connectors, accepted domains, principals and roles of one forest."""

    def __init__(self, config: LabConfig, clock: Callable[[], datetime] | None = None) -> None:
        self.config = config
        self.lock = threading.RLock()
        self._clock = clock or (lambda: datetime.now(UTC))
        self.domain = config.organization.domain
        self.created = self.now()
        self.principals = Principals(config.organization, config.accounts.values())
        self.presets = presets(self.principals)
        self.inherited: list[Ace] = [*inherited_rows(self.principals), *self._configured_rows()]
        self.role_groups = {**ROLE_GROUPS, **config.role_groups}
        self.servers: dict[str, ExchangeServer] = {}
        self.connectors: list[ReceiveConnector] = []
        for server in config.servers.values():
            self._install(server)

    def now(self) -> datetime:
        """The directory's time: whole seconds, as whenChanged keeps."""
        return self._clock().replace(microsecond=0)

    # --- names -------------------------------------------------------------------------------------------------------

    @property
    def naming_context(self) -> str:
        return ",".join(f"DC={label}" for label in self.domain.split("."))

    @property
    def root(self) -> str:
        """The distinguished name of the Exchange organisation."""
        name = escape_rdn(self.config.organization.name)
        return f"CN={name},CN=Microsoft Exchange,CN=Services,CN=Configuration,{self.naming_context}"

    @property
    def administrative_group(self) -> str:
        return f"CN=Exchange Administrative Group (FYDIBOHF23SPDLT),CN=Administrative Groups,{self.root}"

    def server_id(self, server: ExchangeServer) -> ObjectId:
        return ObjectId(server.distinguished_name, server.guid, server.name, self.domain, partition_guid())

    def connector_id(self, connector: ReceiveConnector) -> ObjectId:
        dn = connector.distinguished_name
        return ObjectId(dn, connector.guid, connector.identity, self.domain, partition_guid())

    def accepted_domain_dn(self, domain: AcceptedDomain) -> str:
        return f"CN={escape_rdn(domain.name)},CN=Accepted Domains,CN=Transport Settings,{self.root}"

    def accepted_domain_id(self, domain: AcceptedDomain) -> ObjectId:
        guid = stable_guid("accepted domain", self.domain, domain.name)
        return ObjectId(self.accepted_domain_dn(domain), guid, domain.name, self.domain, partition_guid())

    # --- setup -------------------------------------------------------------------------------------------------------

    def _configured_rows(self) -> list[Ace]:
        rows = []
        for entry in self.config.inherited_permissions:
            principal = self.principals.find(entry.user, sids=True)
            if principal is None:
                raise LabFileError(f"inherited_permissions: the lab knows no user or group {entry.user!r}.")
            rows.append(Ace(principal, entry.right, entry.deny, inherited=True))
        return rows

    def _install(self, config: ServerConfig) -> None:
        dn = f"CN={config.name},CN=Servers,{self.administrative_group}"
        components = {name: "Inactive" if name in _INACTIVE else "Active" for name in COMPONENTS}
        components.update(config.components)
        guid = stable_guid("server", self.domain, config.name)
        server = ExchangeServer(config, dn, guid, self.now(), components)
        self.servers[config.name.lower()] = server
        for default in MAILBOX_DEFAULTS:
            explicit = [row for group in default.groups for row in self.presets[group]]
            name = default.name.format(server=config.name)
            connector = self.new_connector(server, name, setup_values(default, config.fqdn), explicit)
            connector.guid = stable_guid("connector", self.domain, config.name, name)
            self.connectors.append(connector)

    def new_connector(
        self, server: ExchangeServer, name: str, values: dict[str, object], explicit: list[Ace]
    ) -> ReceiveConnector:
        """Return a connector of a server that is not stored yet."""
        container = f"CN=SMTP Receive Connectors,CN=Protocols,{server.distinguished_name}"
        now = self.now()
        return ReceiveConnector(server.name, name, uuid4(), container, now, now, values, explicit)

    # --- questions ---------------------------------------------------------------------------------------------------

    def touch(self, connector: ReceiveConnector) -> None:
        """Note that a connector was changed now."""
        connector.changed = self.now()

    def connectors_of(self, server: str) -> list[ReceiveConnector]:
        return [connector for connector in self.connectors if connector.server.lower() == server.lower()]

    def rows_of(self, connector: ReceiveConnector) -> list[Ace]:
        """Every access control entry that counts on a connector."""
        return [*connector.explicit, *self.inherited]

    def cmdlets_of(self, user: str) -> frozenset[str]:
        """The cmdlets an account may call; empty for an unknown account and for one without a role."""
        account = self.config.accounts.get(user)
        if account is None:
            return frozenset()
        return visible_cmdlets(account, self.role_groups, self.config.switches.view_only_reads_permissions)
