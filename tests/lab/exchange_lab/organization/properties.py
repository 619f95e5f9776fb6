# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's own table of receive connector properties, in the order in which Get-ReceiveConnector shows them.

Written from receive-connector.md parts 2 and 3. Limits are those of the documents; where they give none, the lab sets
none. Defaults are those of a new custom connector on a Mailbox server of Exchange 2019; `defaults` holds what other
servers have instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchange_lab.values import enums, kinds
from exchange_lab.values.scalars import Size, TimeSpan, Unlimited, timespan


@dataclass(frozen=True)
class ConnectorProperty:
    """One property: its name, the kind of its values, its default, its limits and which cmdlets take it.

    minimum and maximum are of the value's own measure: a number, bytes, ticks. since: the first version whose Get
    returns it and whose New and Set take it (2007 stands for its last service pack); until: the last version with the
    parameter, Get goes on. on_edge: whether Edge Transport takes the parameter.
    """

    name: str
    kind: kinds.AnyKind
    default: object
    minimum: int | None = None
    maximum: int | None = None
    on_new: bool = True
    on_set: bool = True
    since: str = "2007"
    until: str | None = None
    on_edge: bool = True


_LARGEST = 2**31 - 1
_SECOND = timespan("00:00:01").ticks
_DAY = timespan("1.00:00:00").ticks
_TEN_MINUTES = timespan("00:10:00").ticks

_P = ConnectorProperty


def _flag(name: str, default: bool, since: str = "2007") -> ConnectorProperty:
    return ConnectorProperty(name, kinds.BOOL, default, since=since)


PROPERTIES: tuple[ConnectorProperty, ...] = (
    _P("AuthMechanism", kinds.enum_kind(enums.AUTH_MECHANISMS, none_alone=True), enums.AUTH_MECHANISMS.value("Tls")),
    _P("Banner", kinds.STRING, ""),
    _flag("BinaryMimeEnabled", True),
    _P("Bindings", kinds.IP_BINDINGS, ()),
    _flag("ChunkingEnabled", True),
    _P("DefaultDomain", kinds.STRING, None),
    _flag("DeliveryStatusNotificationEnabled", True),
    _flag("EightBitMimeEnabled", True),
    _P("SmtpUtf8Enabled", kinds.BOOL, True, on_new=False, since="2013"),
    _P("BareLinefeedRejectionEnabled", kinds.BOOL, False, on_new=False, since="2010"),
    _flag("DomainSecureEnabled", False),
    _flag("EnhancedStatusCodesEnabled", True),
    _flag("LongAddressesEnabled", False),
    _flag("OrarEnabled", False),
    _flag("SuppressXAnonymousTls", False, "2010"),
    # Known from the syntax of Set-ReceiveConnector only, this one and LiveCredentialEnabled.
    _P("ProxyEnabled", kinds.BOOL, False, on_new=False, since="2013", until="2013"),
    _flag("AdvertiseClientSettings", False, "2010"),
    _P("Fqdn", kinds.FQDN, None),
    _P("ServiceDiscoveryFqdn", kinds.FQDN, None, since="2013"),
    _P("TlsCertificateName", kinds.CERTIFICATE_NAME, None, since="2013"),
    _P("Comment", kinds.STRING, ""),
    _flag("Enabled", True),
    _P("ConnectionTimeout", kinds.TIMESPAN, timespan("00:10:00"), _SECOND, _DAY),
    _P("ConnectionInactivityTimeout", kinds.TIMESPAN, timespan("00:05:00"), _SECOND, _DAY),
    _P("MessageRateLimit", kinds.UNLIMITED, Unlimited(None), 1, _LARGEST),
    _P(
        "MessageRateSource",
        kinds.enum_kind(enums.MESSAGE_RATE_SOURCE),
        enums.MESSAGE_RATE_SOURCE.value("IPAddress"),
        since="2010",
    ),
    _P("MaxInboundConnection", kinds.UNLIMITED, Unlimited(5000), 1, _LARGEST),
    _P("MaxInboundConnectionPerSource", kinds.UNLIMITED, Unlimited(20), 1, 10000),
    _P("MaxInboundConnectionPercentagePerSource", kinds.INT32, 2, 1, 100),
    _P("MaxHeaderSize", kinds.SIZE, Size(262_144), 1, _LARGEST),
    # The captures show 60 and 5 where the documents say 30 and 8; what a new connector gets is unverified.
    _P("MaxHopCount", kinds.INT32, 60, 1, 500),
    _P("MaxLocalHopCount", kinds.INT32, 5, 0, 50),
    _P("MaxLogonFailures", kinds.INT32, 3, 0, 10),
    _P("MaxMessageSize", kinds.SIZE, Size(37_748_736), 65536, _LARGEST),
    _P("MaxProtocolErrors", kinds.UNLIMITED, Unlimited(5), 0, _LARGEST),
    _P("MaxRecipientsPerMessage", kinds.INT32, 200, 1, 512_000),
    _P("PermissionGroups", kinds.enum_kind(enums.PERMISSION_GROUPS), None),
    _flag("PipeliningEnabled", True),
    _P(
        "ProtocolLoggingLevel",
        kinds.enum_kind(enums.PROTOCOL_LOGGING_LEVEL),
        enums.PROTOCOL_LOGGING_LEVEL.value("None"),
    ),
    _P("RemoteIPRanges", kinds.IP_RANGES, ()),
    _flag("RequireEHLODomain", False),
    _flag("RequireTLS", False),
    _flag("EnableAuthGSSAPI", False),
    _P(
        "ExtendedProtectionPolicy",
        kinds.enum_kind(enums.EXTENDED_PROTECTION),
        enums.EXTENDED_PROTECTION.value("None"),
        since="2010",
    ),
    _P("LiveCredentialEnabled", kinds.BOOL, False, on_new=False, since="2010", until="2013"),
    _P("TlsDomainCapabilities", kinds.CAPABILITY_LIST, (), since="2010"),
    # Omitted on New it means HubTransport: not documented, two reports point to it (switch omitted_transport_role).
    # Whether an Edge Transport server returns the property although it does not take the parameter: switch
    # edge_transport_role.
    _P(
        "TransportRole",
        kinds.enum_kind(enums.SERVER_ROLE),
        enums.SERVER_ROLE.value("HubTransport"),
        since="2013",
        on_edge=False,
    ),
    _flag("RejectReservedTopLevelRecipientDomains", False, "2016"),
    _flag("RejectReservedSecondLevelRecipientDomains", False, "2016"),
    _flag("RejectSingleLabelRecipientDomains", False, "2016"),
    # Seen on 2019 only; since when it is there is unverified.
    _P("AcceptConsumerMail", kinds.BOOL, False, on_new=False, on_set=False, since="2016"),
    _P("SizeEnabled", kinds.enum_kind(enums.SIZE_MODE), enums.SIZE_MODE.value("Enabled")),
    _P("TarpitInterval", kinds.TIMESPAN, timespan("00:00:05"), 0, _TEN_MINUTES),
    _P("AuthTarpitInterval", kinds.TIMESPAN, timespan("00:00:05"), 0, since="2016"),
    _P("MaxAcknowledgementDelay", kinds.TIMESPAN, timespan("00:00:30"), 0, since="2010"),
    _P("AdminDisplayName", kinds.STRING, "", on_new=False, on_set=False),
)

BY_NAME = {item.name: item for item in PROPERTIES}


def measure(value: object) -> int | None:
    """The number that a property's limits apply to; None for no limit and for values without a measure."""
    if isinstance(value, TimeSpan):
        return value.ticks
    if isinstance(value, Size):
        return value.octets
    if isinstance(value, Unlimited):
        return value.value
    return value if isinstance(value, int) and not isinstance(value, bool) else None
