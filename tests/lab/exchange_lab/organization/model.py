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

from exchange_lab.interface import AcceptedDomain
from exchange_lab.organization.acl import Ace, inherited_rows, presets
from exchange_lab.organization.components import components
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.inheritance import configured_rows
from exchange_lab.organization.principals import Principals
from exchange_lab.organization.roles import EVERYTHING, NOTHING, ROLE_GROUPS, View, custom_roles, view_of
from exchange_lab.organization.setup import default_connectors, setup_values
from exchange_lab.organization.throttling import ThrottlingPolicy, default_policies
from exchange_lab.settings import LabConfig, ServerConfig
from exchange_lab.values.directory import ObjectId, escape_rdn, partition_guid, stable_guid


@dataclass
class ExchangeServer:
    """One server.

    components: each component to Active, Inactive or Draining; none before 2013. presets: the rows of each permission
    group that it has. inherited: the rows that every connector of it inherits. principals: those that it knows.
    """

    config: ServerConfig
    distinguished_name: str
    guid: UUID
    created: datetime
    components: dict[str, str]
    presets: dict[str, tuple[Ace, ...]]
    inherited: tuple[Ace, ...]
    principals: Principals

    @property
    def name(self) -> str:
        return self.config.name

    def active(self, component: str) -> bool:
        """Whether a component serves: ServerWideOffline takes all of them down. Before 2013 there are no states."""
        return all(self.components.get(name, "Active") == "Active" for name in ("ServerWideOffline", component))


class Organization:
    """Servers, connectors, accepted domains, principals and roles of one forest."""

    def __init__(self, config: LabConfig, clock: Callable[[], datetime] | None = None) -> None:
        self.config = config
        self.lock = threading.RLock()
        self._clock = clock or (lambda: datetime.now(UTC))
        self.domain = config.organization.domain
        self.created = self.now()
        self._forest = Principals.of_forest(config.organization, config.accounts.values(), config.deleted_accounts)
        self.role_groups = {**ROLE_GROUPS, **config.role_groups}
        self.roles = custom_roles(config.management_roles)
        self.servers: dict[str, ExchangeServer] = {}
        self.connectors: list[ReceiveConnector] = []
        for server in config.servers.values():
            self._install(server)
        inside = [server.version for server in config.servers.values() if not server.edge]
        self.throttling_policies = default_policies(self.domain, self.root, self.created, inside)

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

    def root_of(self, server: ServerConfig) -> str:
        """The distinguished name of the organisation that a server belongs to.

        An Edge Transport server has a directory of its own, AD LDS, whose configuration partition is named by a GUID
        (the name of the organisation in it is unverified).
        """
        if not server.edge:
            return self.root
        partition = f"CN=Configuration,CN={{{str(stable_guid('partition', server.fqdn)).upper()}}}"
        return f"CN=First Organization,CN=Microsoft Exchange,CN=Services,{partition}"

    def administrative_group_of(self, server: ServerConfig) -> str:
        group = "CN=Exchange Administrative Group (FYDIBOHF23SPDLT),CN=Administrative Groups"
        return f"{group},{self.root_of(server)}"

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

    def _install(self, config: ServerConfig) -> None:
        dn = f"CN={config.name},CN=Servers,{self.administrative_group_of(config)}"
        principals = self._principals_of(config)
        server = ExchangeServer(
            config,
            dn,
            stable_guid("server", self.domain, config.name),
            self.now(),
            {**components(config), **config.components},
            presets(principals, config.platform, self.config.switches.legacy_anonymous_rights),
            (
                *inherited_rows(principals, config.edge),
                *configured_rows(self.config.inherited_permissions, principals, config),
            ),
            principals,
        )
        self.servers[config.name.lower()] = server
        split_port = int(self.config.switches.split_mailbox_port)
        for default in default_connectors(config):
            explicit = [row for group in default.groups for row in server.presets[group]]
            name = default.name.format(server=config.name)
            connector = self.new_connector(server, name, setup_values(default, config, split_port), explicit)
            connector.guid = stable_guid("connector", self.domain, config.name, name)
            self.connectors.append(connector)

    def _principals_of(self, config: ServerConfig) -> Principals:
        """Whom a server can name: an Edge Transport server is in no domain and has accounts of its own."""
        if not config.edge:
            return self._forest
        return Principals.of_machine(config, self.config.accounts.values(), self.config.deleted_accounts)

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

    def default_throttling_policy(self, legacy: bool) -> ThrottlingPolicy:
        """The policy that setup made, that of 2010 or the later one."""
        return next(policy for policy in self.throttling_policies if policy.default and policy.legacy is legacy)

    def connectors_of(self, server: str) -> list[ReceiveConnector]:
        return [connector for connector in self.connectors if connector.server.lower() == server.lower()]

    def server_of(self, connector: ReceiveConnector) -> ExchangeServer:
        return self.servers[connector.server.lower()]

    def rows_of(self, connector: ReceiveConnector) -> list[Ace]:
        """Every access control entry that counts on a connector."""
        return [*connector.explicit, *self.server_of(connector).inherited]

    def servers_seen_from(self, server: ExchangeServer) -> list[ExchangeServer]:
        """The servers in the directory that a server reads.

        Each Edge Transport server has its own and is alone in it. Edge subscriptions, which make a copy of the server's
        object in the organisation, are not simulated.
        """
        if server.config.edge:
            return [server]
        return [other for other in self.servers.values() if not other.config.edge]

    def connectors_seen_from(self, server: ExchangeServer) -> list[ReceiveConnector]:
        """The connectors in the directory that a server reads."""
        seen = {other.name for other in self.servers_seen_from(server)}
        return [connector for connector in self.connectors if connector.server in seen]

    def view_of(self, user: str, server: ExchangeServer) -> View:
        """What an account sees and may change on a server; nothing for an unknown account and for one without a role.

        A snap-in knows no roles: whoever is local administrator has every cmdlet.
        """
        account = self.config.accounts.get(user)
        if account is None:
            return NOTHING
        if server.config.snap_in is not None:
            return EVERYTHING if account.administers(server.name) else NOTHING
        return view_of(account, self.role_groups, self.roles, self.config.switches.view_only_reads_permissions)
