# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The organisation as the SMTP front ends see it."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from exchange_lab import verdict
from exchange_lab.interface import ConnectorView, Reply, SmtpSession
from exchange_lab.organization.acl import effective_rights
from exchange_lab.organization.components import transport_component
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.organization.model import ExchangeServer, Organization
from exchange_lab.organization.principals import (
    ANONYMOUS_SID,
    AUTHENTICATED_USERS_SID,
    EXTERNALLY_SECURED_SID,
)
from exchange_lab.settings import NEVER, AccountConfig
from exchange_lab.values.addresses import IPRange
from exchange_lab.values.directory import ObjectId
from exchange_lab.values.enums import EnumValue


class Answers:
    """An AnswerBook over the organisation; every question sees the state of its own moment."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def decide(self, server: str, local_address: str, port: int, client_address: str) -> ConnectorView | None:
        """Return the connector that takes a connection, None when none does."""
        local, client = ip_address(local_address), ip_address(client_address)
        with self._organization.lock:
            known = self._organization.servers.get(server.lower())
            services = known.config.transport_roles if known else ()
            chosen = verdict.select(self._organization.connectors_of(server), local, port, client, services)
            return None if chosen is None else self._view(*chosen)

    def unavailable(self, server: str) -> Reply | None:
        """Return the reply of a server whose transport component, the one that owns port 25, does not serve."""
        with self._organization.lock:
            known = self._organization.servers.get(server.lower())
            active = known is not None and known.active(transport_component(known.config))
        return None if active else verdict.SERVICE_INACTIVE

    def authenticate(self, view: ConnectorView, user: str, password: str) -> SmtpSession | None:
        """Return the session after a logon, None when the name or the password is wrong."""
        account = self._account(self._organization.servers[view.server.lower()], user)
        if account is None or not hmac.compare_digest(account.password.encode(), password.encode()):
            return None
        return self._logged_on(view, account, user)

    def _logged_on(self, view: ConnectorView, account: AccountConfig, name: str) -> SmtpSession:
        """The session of an account that logged on as `name` with the right password; what it may do there is another
        question."""
        with self._organization.lock:
            connector = next((item for item in self._organization.connectors if item.identity == view.identity), None)
            if connector is None:
                return SmtpSession(frozenset(), account.name)
            rights = self._rights(connector, self._token(self._organization.server_of(connector), account))
        lost = verdict.is_lost(connector.role, name, account.domain)
        return SmtpSession(rights, account.name, frozenset({account.mail_address.lower()}), lost)

    def watched(
        self, server: str, client: str, sender: str, recipient: str, user: str | None = None, logon: str = NEVER
    ) -> tuple[Reply, str | None]:
        """Return what a client would finally be answered on a server, and by which connector.

        user: the account it has the password of, by the name that it logs on as. logon: one of LOGONS, what it does.
        """
        with self._organization.lock:
            known = self._organization.servers[server.lower()]
            unavailable = self.unavailable(server)
            view = None if unavailable else self.decide(server, known.config.address, verdict.SMTP_PORT, client)
            account = self._account(known, user) if user else None
            session = self._logged_on(view, account, user) if view and account and user else None
        reply = verdict.whole_answer(view, unavailable, sender, recipient, session, logon)
        return reply, view.name if view else None

    def _account(self, server: ExchangeServer, user: str) -> AccountConfig | None:
        """The account that logs on to a server as `user`; an Edge Transport server has accounts of its own only."""
        for account in self._organization.config.accounts.values():
            known = account.local_to(server.name) if server.config.edge else account
            if user.lower() in {name.lower() for name in known.names}:
                return known
        return None

    def _token(self, server: ExchangeServer, account: AccountConfig) -> frozenset[str]:
        """The SIDs of a logged-on account: itself, its groups, and everybody who is authenticated."""
        names = [account.netbios_name, "Domain Users", *account.role_groups]
        found = (server.principals.find(name, sids=False) for name in names)
        return frozenset({AUTHENTICATED_USERS_SID} | {principal.sid for principal in found if principal})

    def _rights(self, connector: ReceiveConnector, sids: frozenset[str]) -> frozenset[str]:
        return effective_rights(self._organization.rows_of(connector), sids)

    def _default_domain(self, connector: ReceiveConnector, server: ExchangeServer) -> str:
        """The domain of an address without one: 2010 and 2013 append that of DefaultDomain, later versions do not."""
        domain = connector.values["DefaultDomain"]
        if not isinstance(domain, ObjectId) or not server.config.platform.has("2007", "2013"):
            return ""
        known = self._organization.config.accepted_domains
        return next((item.domain.removeprefix("*.") for item in known if item.name == domain.name), "")

    def _view(self, connector: ReceiveConnector, matched: IPRange) -> ConnectorView:
        secured = "ExternalAuthoritative" in connector.mechanisms
        who = EXTERNALLY_SECURED_SID if secured else ANONYMOUS_SID
        server = self._organization.servers[connector.server.lower()]
        rate_source = connector.values["MessageRateSource"]
        assert isinstance(rate_source, EnumValue)
        return ConnectorView(
            server=server.name,
            name=connector.name,
            identity=connector.identity,
            matched_range=matched.expression,
            fqdn=connector.text("Fqdn") or server.config.fqdn,
            banner=connector.text("Banner"),
            auth_mechanism=connector.mechanisms,
            externally_secured=secured,
            session=SmtpSession(self._rights(connector, frozenset({who}))),
            enforces_sender_rights=connector.role != "FrontendTransport",
            accepted_domains=self._organization.config.accepted_domains,
            tarpit_interval=connector.seconds("TarpitInterval"),
            auth_tarpit_interval=connector.seconds("AuthTarpitInterval"),
            connection_timeout=connector.seconds("ConnectionTimeout"),
            connection_inactivity_timeout=connector.seconds("ConnectionInactivityTimeout"),
            max_inbound_connection=connector.limit("MaxInboundConnection"),
            max_inbound_connection_per_source=connector.limit("MaxInboundConnectionPerSource"),
            max_inbound_connection_percentage_per_source=connector.number("MaxInboundConnectionPercentagePerSource"),
            message_rate_limit=connector.limit("MessageRateLimit"),
            message_rate_source=rate_source.names(),
            max_message_size=connector.octets("MaxMessageSize"),
            max_header_size=connector.octets("MaxHeaderSize"),
            max_hop_count=connector.number("MaxHopCount"),
            max_recipients_per_message=connector.number("MaxRecipientsPerMessage"),
            max_protocol_errors=connector.limit("MaxProtocolErrors"),
            max_logon_failures=connector.number("MaxLogonFailures"),
            size_enabled=connector.text("SizeEnabled"),
            require_tls=connector.flag("RequireTLS"),
            require_ehlo_domain=connector.flag("RequireEHLODomain"),
            pipelining=connector.flag("PipeliningEnabled"),
            eight_bit_mime=connector.flag("EightBitMimeEnabled"),
            delivery_status_notification=connector.flag("DeliveryStatusNotificationEnabled"),
            enhanced_status_codes=connector.flag("EnhancedStatusCodesEnabled"),
            chunking=connector.flag("ChunkingEnabled"),
            binary_mime=connector.flag("BinaryMimeEnabled"),
            smtp_utf8=connector.flag("SmtpUtf8Enabled"),
            version=server.config.version,
            culture=server.config.culture,
            default_domain=self._default_domain(connector, server),
            lookup_at_logon=self._organization.config.switches.proxy_lookup_failure == "logon",
        )
