# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of receive connector properties. PRIVATE to the collection.

One row is one property. Argument specs, option documentation, comparison, the parameters that are sent, the
version gates and the output of the info module all come from this table: to support another property of a kind
that is here already, add a row and run ``tests/generate_documentation.py``.
"""

from __future__ import annotations

from ._limit_properties import LIMITS
from ._property import KINDS, LIST_KINDS, VERSIONS, Property, WordGate

__all__ = [
    "BY_EXCHANGE",
    "BY_OPTION",
    "KINDS",
    "LIST_KINDS",
    "PROPERTIES",
    "THROTTLING",
    "VERSIONS",
    "Property",
    "WordGate",
]


def _bool(
    option: str, exchange: str, sentence: str, since: str = "2007", until: str | None = None, on_new: bool = True
) -> Property:
    return Property(option, exchange, "bool", since=since, until=until, on_new=on_new, description=(sentence,))


PROPERTIES: tuple[Property, ...] = (
    # -- identity and selection -------------------------------------------------------------------------------
    Property(
        "name",
        "Name",
        "string",
        minimum=1,
        maximum=64,
        description=("Name of the receive connector, unique on its server.",),
    ),
    Property(
        "usage",
        "Usage",
        "enum",
        choices=("Custom", "Client", "Internal", "Internet", "Partner"),
        word_gates=(WordGate("Client", on_edge=False),),
        on_set=False,
        returned=False,
        description=(
            "What a new connector is made for, V(Custom) when it is not declared. Exchange seeds the permission groups "
            "and the authentication from it, decides by it which addresses must be declared, and does not keep it.",
            "It says nothing about a connector that exists.",
        ),
    ),
    Property(
        "bindings",
        "Bindings",
        "bindings",
        mutable_list=True,
        description=(
            "Local addresses and ports to listen on, each as V(address:port), or V([address]:port) for IPv6.",
            "V(0.0.0.0) and V([::]) stand for all addresses of their family.",
            "An address that no network adapter of the server has may keep the transport service from starting.",
        ),
    ),
    Property(
        "remote_ip_ranges",
        "RemoteIPRanges",
        "ip_ranges",
        mutable_list=True,
        description=(
            "Clients this connector is for: single addresses, V(low-high) ranges or CIDR blocks, IPv4 or IPv6.",
            "A block written with host bits, such as V(192.168.5.1/24), means the whole block.",
        ),
    ),
    Property(
        "transport_role",
        "TransportRole",
        "enum",
        choices=("HubTransport", "FrontendTransport"),
        since="2013",
        on_edge=False,
        description=(
            "Service that owns the connector. Port 25 of a Mailbox server belongs to V(FrontendTransport).",
            "Exchange 2010 and earlier have one service, and a connector no role.",
        ),
    ),
    _bool("enabled", "Enabled", "Whether the connector takes part in answering connections."),
    Property(
        "comment",
        "Comment",
        "string",
        description=("Free text, one line, shown by Exchange's own tools.",),
    ),
    # -- who may send -----------------------------------------------------------------------------------------
    Property(
        "permission_groups",
        "PermissionGroups",
        "flags",
        choices=("AnonymousUsers", "ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers", "Partners"),
        mutable_list=True,
        word_gates=(WordGate("ExchangeUsers", on_edge=False), WordGate("ExchangeLegacyServers", on_edge=False)),
        description=(
            "Groups of senders that get their preset rights on the connector.",
            "Exchange itself shows V(Custom) beside them when other rights exist; it is neither accepted nor compared.",
        ),
    ),
    Property(
        "auth_mechanism",
        "AuthMechanism",
        "flags",
        choices=("Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer", "ExternalAuthoritative"),
        mutable_list=True,
        description=(
            "Authentication the connector offers or assumes.",
            "V(BasicAuthRequireTLS) needs V(BasicAuth) and V(Tls); V(ExternalAuthoritative) goes only with V(Tls) "
            "and needs V(ExchangeServers) in the permission groups.",
        ),
    ),
    _bool(
        "require_tls",
        "RequireTLS",
        "Whether every session must be encrypted. Needs V(Tls) in the authentication mechanism.",
    ),
    _bool("require_ehlo_domain", "RequireEHLODomain", "Whether the client must give a domain name in its EHLO."),
    _bool(
        "domain_secure_enabled",
        "DomainSecureEnabled",
        "Whether mutual TLS for secured domains is possible. Needs V(Tls), excludes V(ExternalAuthoritative).",
    ),
    Property(
        "extended_protection_policy",
        "ExtendedProtectionPolicy",
        "enum",
        choices=("None", "Allow", "Require"),
        since="2010",
        description=("Extended protection for Integrated Windows authentication.",),
    ),
    _bool(
        "enable_auth_gssapi",
        "EnableAuthGSSAPI",
        "Whether the GSSAPI method of Integrated Windows authentication is offered.",
    ),
    _bool(
        "suppress_x_anonymous_tls",
        "SuppressXAnonymousTls",
        "Whether X-ANONYMOUSTLS is not offered. Needs downgraded Exchange authentication on the transport service.",
        since="2010",
    ),
    # Set took these two in the versions named; whether New did is not documented, so the Set that follows takes them.
    # Get shows them in later versions too, where nothing can change them.
    _bool(
        "live_credential_enabled",
        "LiveCredentialEnabled",
        "Whether Windows Live credentials are taken. Reserved by Microsoft.",
        since="2010",
        until="2013",
        on_new=False,
    ),
    _bool(
        "proxy_enabled",
        "ProxyEnabled",
        "Whether the connector proxies. Reserved by Microsoft.",
        since="2013",
        until="2013",
        on_new=False,
    ),
    _bool(
        "advertise_client_settings",
        "AdvertiseClientSettings",
        "Whether the connector is shown to users in Outlook on the web as the SMTP server to use.",
        since="2010",
    ),
    # -- what the connector says ------------------------------------------------------------------------------
    Property(
        "fqdn",
        "Fqdn",
        "fqdn",
        description=(
            "Name given in the greeting and in EHLO answers.",
            "With V(ExchangeServer) in the authentication mechanism only the server's own name, or none, is right.",
        ),
    ),
    Property(
        "banner",
        "Banner",
        "banner",
        description=("Greeting; starts with V(220) and a blank. An empty text brings Exchange's own greeting back.",),
    ),
    Property(
        "service_discovery_fqdn",
        "ServiceDiscoveryFqdn",
        "fqdn",
        since="2013",
        description=("Name of the service discovery of this connector.",),
    ),
    Property(
        "tls_certificate_name",
        "TlsCertificateName",
        "certificate",
        since="2013",
        description=(
            "Certificate for TLS by its issuer and subject, C(<I>issuer<S>subject), as Get-ExchangeCertificate shows "
            "them. An empty text lets Exchange choose again.",
        ),
    ),
    # Microsoft: there are further capabilities, none with a use outside its own service; so other words are taken.
    Property(
        "tls_domain_capabilities",
        "TlsDomainCapabilities",
        "tls_capabilities",
        choices=("AcceptOorgProtocol", "AcceptCloudServicesMail"),
        word_gates=(WordGate("AcceptCloudServicesMail", since="2013"),),
        since="2010",
        mutable_list=True,
        description=(
            "What hosts with a certificate of a domain may do beyond others, each as V(domain:capability), or "
            "V(domain:capability,capability). The domain V(NO-TLS) stands for connections without TLS.",
            "Used by hybrid deployments only; a relay connector must not have V(AcceptCloudServicesMail).",
        ),
    ),
    Property(
        "default_domain",
        "DefaultDomain",
        "accepted_domain",
        description=(
            "Name of the accepted domain that Exchange 2010 and 2013 append to senders and recipients without one. "
            "A distinguished name is taken too; a GUID is not, because Exchange shows names.",
        ),
    ),
    Property(
        "protocol_logging_level",
        "ProtocolLoggingLevel",
        "enum",
        choices=("None", "Verbose"),
        description=("Whether the SMTP dialogue is written to the protocol log.",),
    ),
    *LIMITS,
    # -- protocol extensions ----------------------------------------------------------------------------------
    _bool("chunking_enabled", "ChunkingEnabled", "Whether CHUNKING is offered to clients."),
    _bool(
        "binary_mime_enabled",
        "BinaryMimeEnabled",
        "Whether BINARYMIME is offered to clients. Needs O(chunking_enabled).",
    ),
    _bool("eight_bit_mime_enabled", "EightBitMimeEnabled", "Whether 8BITMIME is offered to clients."),
    _bool(
        "delivery_status_notification_enabled",
        "DeliveryStatusNotificationEnabled",
        "Whether DSN is offered to clients.",
    ),
    _bool(
        "enhanced_status_codes_enabled",
        "EnhancedStatusCodesEnabled",
        "Whether ENHANCEDSTATUSCODES is offered to clients.",
    ),
    _bool("pipelining_enabled", "PipeliningEnabled", "Whether PIPELINING is offered to clients."),
    _bool(
        "long_addresses_enabled",
        "LongAddressesEnabled",
        "Whether long X.400 addresses are taken. Only for connectors of the Transport service.",
    ),
    _bool("orar_enabled", "OrarEnabled", "Whether XORAR is offered to clients."),
    _bool(
        "bare_linefeed_rejection_enabled",
        "BareLinefeedRejectionEnabled",
        "Whether messages with a line feed that follows no carriage return are refused.",
        since="2010",
        on_new=False,
    ),
    _bool(
        "smtp_utf8_enabled",
        "SmtpUtf8Enabled",
        "Whether SMTPUTF8 is offered to clients. Reserved by Microsoft.",
        since="2013",
        on_new=False,
    ),
    _bool(
        "reject_reserved_top_level_recipient_domains",
        "RejectReservedTopLevelRecipientDomains",
        "Whether recipients in reserved top level domains such as C(.test) are refused.",
        since="2016",
    ),
    _bool(
        "reject_reserved_second_level_recipient_domains",
        "RejectReservedSecondLevelRecipientDomains",
        "Whether recipients in reserved second level domains such as C(example.com) are refused.",
        since="2016",
    ),
    _bool(
        "reject_single_label_recipient_domains",
        "RejectSingleLabelRecipientDomains",
        "Whether recipients in domains without a dot are refused.",
        since="2016",
    ),
)

BY_OPTION: dict[str, Property] = {row.option: row for row in PROPERTIES}
BY_EXCHANGE: dict[str, Property] = {row.exchange: row for row in PROPERTIES}

THROTTLING: tuple[Property, ...] = tuple(row for row in PROPERTIES if row.throttling)
"""What profiles may hold: the throttle and size properties, in the order of the table."""
