# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of receive connector properties. PRIVATE to the collection.

One row is one property. Argument specs, option documentation, comparison, the parameters that are sent, the
version gates and the output of the info module all come from this table: to support another property of a kind
that is here already, add a row and run ``tests/generate_documentation.py``.
"""

from __future__ import annotations

from ._property import KINDS, LIST_KINDS, VERSIONS, Property

__all__ = ["BY_EXCHANGE", "BY_OPTION", "KINDS", "LIST_KINDS", "PROPERTIES", "THROTTLING", "VERSIONS", "Property"]

_LARGEST_INT = 2147483647
_DAY = 86400


def _bool(option: str, exchange: str, sentence: str, since: str = "2007", on_new: bool = True) -> Property:
    return Property(option, exchange, "bool", since=since, on_new=on_new, description=(sentence,))


def _throttle(
    option: str, exchange: str, kind: str, minimum: int, maximum: int, sentence: str, since: str = "2007"
) -> Property:
    return Property(
        option,
        exchange,
        kind,
        minimum=minimum,
        maximum=maximum,
        since=since,
        throttling=True,
        description=(sentence,),
    )


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
        on_set=False,
        returned=False,
        description=(
            "What a new connector is made for: Exchange seeds its permission groups, its authentication and some "
            "limits from it, and does not keep it.",
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
            "An Edge Transport server does not have it.",
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
        "protocol_logging_level",
        "ProtocolLoggingLevel",
        "enum",
        choices=("None", "Verbose"),
        description=("Whether the SMTP dialogue is written to the protocol log.",),
    ),
    # -- throttling -------------------------------------------------------------------------------------------
    _throttle(
        "connection_timeout",
        "ConnectionTimeout",
        "timespan",
        1,
        _DAY,
        "Longest life of a connection, even a busy one. Greater than O(connection_inactivity_timeout).",
    ),
    _throttle(
        "connection_inactivity_timeout",
        "ConnectionInactivityTimeout",
        "timespan",
        1,
        _DAY,
        "How long a connection may be idle. Less than O(connection_timeout).",
    ),
    _throttle(
        "tarpit_interval",
        "TarpitInterval",
        "timespan",
        0,
        600,
        "Delay of error answers to anonymous clients; V(00:00:00) turns it off.",
    ),
    # No source gives its largest value; that of TarpitInterval is taken (unverified).
    _throttle(
        "auth_tarpit_interval",
        "AuthTarpitInterval",
        "timespan",
        0,
        600,
        "Delay of the answer to a failed authentication; V(00:00:00) turns it off.",
        since="2016",
    ),
    _throttle(
        "max_acknowledgement_delay",
        "MaxAcknowledgementDelay",
        "timespan",
        0,
        _DAY,
        "Longest delayed acknowledgement. Exchange 2013 and later store the value and ignore it.",
        since="2010",
    ),
    _throttle(
        "max_inbound_connection",
        "MaxInboundConnection",
        "unlimited",
        1,
        _LARGEST_INT,
        "Connections at the same time, from all clients together.",
    ),
    _throttle(
        "max_inbound_connection_per_source",
        "MaxInboundConnectionPerSource",
        "unlimited",
        1,
        10000,
        "Connections at the same time from one address.",
    ),
    _throttle(
        "max_inbound_connection_percentage_per_source",
        "MaxInboundConnectionPercentagePerSource",
        "int",
        1,
        100,
        "Share of the connections that are still free which one address may take, in percent.",
    ),
    _throttle(
        "message_rate_limit",
        "MessageRateLimit",
        "unlimited",
        1,
        _LARGEST_INT,
        "Messages a minute from one client, counted as O(message_rate_source) says.",
    ),
    Property(
        "message_rate_source",
        "MessageRateSource",
        "enum",
        choices=("None", "IPAddress", "User", "All"),
        since="2010",
        throttling=True,
        description=("What a client is for O(message_rate_limit): its address, its user, or both.",),
    ),
    _throttle(
        "max_protocol_errors",
        "MaxProtocolErrors",
        "unlimited",
        0,
        _LARGEST_INT,
        "Protocol errors before the connection is closed.",
    ),
    _throttle(
        "max_logon_failures",
        "MaxLogonFailures",
        "int",
        0,
        10,
        "Failed authentications before the connection is closed; V(0) never closes it.",
    ),
    # -- sizes and counts -------------------------------------------------------------------------------------
    _throttle(
        "max_message_size",
        "MaxMessageSize",
        "size",
        65536,
        _LARGEST_INT,
        "Largest message, such as V(36MB). A number without a unit is bytes.",
    ),
    _throttle(
        "max_header_size",
        "MaxHeaderSize",
        "size",
        1,
        _LARGEST_INT,
        "Largest message header, such as V(256KB). A number without a unit is bytes.",
    ),
    _throttle(
        "max_recipients_per_message",
        "MaxRecipientsPerMessage",
        "int",
        1,
        512000,
        "Recipients of one message; a client sends the rest in further messages.",
    ),
    _throttle(
        "max_hop_count", "MaxHopCount", "int", 1, 500, "Received headers after which a message is taken for a loop."
    ),
    _throttle(
        "max_local_hop_count",
        "MaxLocalHopCount",
        "int",
        0,
        50,
        "Received headers of local servers after which a message is taken for a loop; V(0) is no limit.",
    ),
    Property(
        "size_enabled",
        "SizeEnabled",
        "enum",
        choices=("Disabled", "Enabled", "EnabledWithoutValue"),
        throttling=True,
        description=("Whether SIZE is offered to clients, and with it the largest message.",),
    ),
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
