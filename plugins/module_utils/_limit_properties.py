# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The properties that limit clients, which throttling profiles may hold. PRIVATE to the collection."""

from __future__ import annotations

from ._property import Property

_LARGEST_INT = 2147483647
_DAY = 86400
# System.TimeSpan.MaxValue in whole seconds: the type's own limit, for durations that no source gives another for.
_LONGEST = 922337203685


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


LIMITS: tuple[Property, ...] = (
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
    _throttle(
        "auth_tarpit_interval",
        "AuthTarpitInterval",
        "timespan",
        0,
        _LONGEST,
        "Delay of the answer to a failed authentication; V(00:00:00) turns it off.",
        since="2016",
    ),
    _throttle(
        "max_acknowledgement_delay",
        "MaxAcknowledgementDelay",
        "timespan",
        0,
        _LONGEST,
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
        "flags",
        choices=("IPAddress", "User"),
        whole="All",
        since="2010",
        throttling=True,
        mutable_list=True,
        description=("What a client is for O(message_rate_limit): its address, its user, both (V(All)) or V(None).",),
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
)
