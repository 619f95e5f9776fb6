# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of the limits of a throttling policy. PRIVATE to the collection.

One row is one parameter of New- and Set-ThrottlingPolicy. Argument specs, option documentation, comparison, the
parameters that are sent, the version gates and the output of the info module come from this table.

Sources: Microsoft's New-, Set- and Get-ThrottlingPolicy pages (which version has which parameter, and what it limits),
the same pages of Exchange 2010, and the output of Get-ThrottlingPolicy on Exchange 2013 in Microsoft Q&A 125609, whose
spelling of the names is used here; PowerShell takes parameters in any case. Where Microsoft gives a limit no range, the
one here is that of its type, UInt32.
"""

from __future__ import annotations

import re

from ._property import Property

_LARGEST_INT = 2147483647
_LARGEST = 4294967295
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
RESERVED = "Reserved by Microsoft for its own use; it is here so that a copy of a policy is whole."


def option_name(exchange: str) -> str:
    """Exchange's name of a limit in snake_case; PowerShell is one word."""
    return _WORD_STARTS.sub("_", exchange).lower().replace("power_shell", "powershell")


def _limit(
    exchange: str,
    sentence: str,
    since: str = "2010",
    until: str | None = None,
    maximum: int = _LARGEST,
    on_set: bool = True,
) -> Property:
    return Property(
        option_name(exchange),
        exchange,
        "unlimited",
        minimum=0,
        maximum=maximum,
        since=since,
        until=until,
        on_set=on_set,
        description=(sentence,),
    )


def _budget(
    prefix: str, whose: str, since: str = "2013", reserved: bool = False, on_set: bool = True
) -> list[Property]:
    """The three limits of a budget, as they are since Exchange 2013; times are milliseconds."""
    sentences = {
        "MaxBurst": f"How long {whose} may use more than the budget grows by, in milliseconds.",
        "RechargeRate": f"How much the budget of {whose} grows by, in milliseconds an hour (the unit is unverified).",
        "CutoffBalance": f"How far {whose} may overdraw the budget before everything is refused, in milliseconds (the "
        "unit is unverified).",
    }
    return [
        _limit(f"{prefix}{end}", RESERVED if reserved else sentence, since, on_set=on_set)
        for end, sentence in sentences.items()
    ]


def _shares(prefix: str, whose: str, directory: bool = True) -> list[Property]:
    """The shares of a minute that limited users in Exchange 2010, before there were budgets."""
    ends = {
        "AD": "requests to Active Directory",
        "CAS": "the code of the Client Access server",
        "MailboxRPC": "requests to mailboxes",
    }
    if not directory:
        del ends["AD"]
    return [
        _limit(
            f"{prefix}PercentTimeIn{end}",
            f"Share of each minute, in percent, that {whose} may spend on {what}; more than 100 when several requests "
            "run at the same time.",
            until="2010",
        )
        for end, what in ends.items()
    ]


def _component(prefix: str, whose: str, what: str = "", maximum: int = _LARGEST_INT) -> list[Property]:
    """The limits of one way to a mailbox that Exchange 2010 limited already."""
    return [
        _limit(f"{prefix}MaxConcurrency", what or f"Requests of {whose} at the same time.", maximum=maximum),
        *_budget(prefix, whose),
        *_shares(prefix, whose, directory=prefix != "Cpa"),
    ]


def _later(prefix: str, whose: str, since: str = "2013", reserved: bool = False, on_set: bool = True) -> list[Property]:
    """The limits of a component that came with or after the budgets."""
    sentence = RESERVED if reserved else f"Requests of {whose} at the same time."
    return [
        _limit(f"{prefix}MaxConcurrency", sentence, since, on_set=on_set),
        *_budget(prefix, whose, since, reserved, on_set),
    ]


def _reserved(*names: str) -> list[Property]:
    return [_limit(name, RESERVED, "2013") for name in names]


THROTTLING_POLICY_LIMITS: tuple[Property, ...] = (
    Property(
        "is_service_account",
        "IsServiceAccount",
        "bool",
        since="2013",
        description=(
            "Whether the accounts of this policy are slowed down when the server's own resources run short, too. For "
            "service accounts that get higher limits than people.",
        ),
    ),
    # -- sending ----------------------------------------------------------------------------------------------
    _limit(
        "MessageRateLimit",
        "Messages a minute that a user may submit by SMTP after logging on. An excess gets a temporary error, so that "
        "the client tries again. It does not concern anonymous relay.",
    ),
    _limit("RecipientRateLimit", "Recipients that a user may address in 24 hours."),
    _limit("ForwardeeLimit", "Recipients that a user's Inbox rules may forward or redirect to."),
    # -- ways to a mailbox ------------------------------------------------------------------------------------
    *_component(
        "Anonymous",
        "somebody who has not logged on",
        "Requests at the same time for the calendar that a user has published to everybody. It has nothing to do with "
        "SMTP: it neither limits nor speeds up anonymous relay, whatever forums say.",
    ),
    *_component("Eas", "a user of Exchange ActiveSync"),
    _limit("EasMaxDevices", "Devices that a user may have in Exchange ActiveSync."),
    _limit("EasMaxDeviceDeletesPerMonth", "Devices that a user may take off the list in a month."),
    _limit(
        "EasMaxInactivityForDeviceCleanup", "Days after which a device that does not synchronize is removed.", "2013"
    ),
    *_component("Ews", "a user of Exchange Web Services"),
    _limit("EwsMaxSubscriptions", "Push and pull subscriptions of a user of Exchange Web Services."),
    _limit(
        "EwsFastSearchTimeoutInSeconds", "Seconds after which a search by Exchange Web Services ends.", until="2010"
    ),
    _limit("EwsFindCountLimit", "Items that the searches of a user may hold in memory together.", until="2010"),
    _limit("EwsCostThreshold", "Threshold of costs for users of Exchange Web Services.", "2016"),
    *_component("Imap", "a user of IMAP"),
    *_component("Owa", "a user of Outlook on the web"),
    *_later("OwaVoice", "a user of voice in Outlook on the web"),
    *_component("Pop", "a user of POP"),
    *_component("Rca", "a user of Outlook over RPC Client Access", maximum=_LARGEST),
    *_later("RcaShared", "all users of RPC Client Access together", "2016"),
    *_component("Cpa", "a user of another organization"),
    _limit(
        "CpuStartPercent",
        "Load of a process's processors, in percent, at which users are slowed down.",
        until="2010",
        maximum=100,
    ),
    # -- PowerShell -------------------------------------------------------------------------------------------
    _limit("PowerShellMaxConcurrency", "Sessions of remote PowerShell that a user may have open on a server."),
    *_budget("PowerShell", "a user of remote PowerShell"),
    _limit("PowerShellMaxCmdlets", "Cmdlets in O(powershell_max_cmdlets_time_period) after which the next is refused."),
    _limit("PowerShellMaxCmdletsTimePeriod", "Seconds in which cmdlets are counted."),
    _limit(
        "ExchangeMaxCmdlets",
        "Cmdlets in O(powershell_max_cmdlets_time_period) after which the next are slowed down. Less than "
        "O(powershell_max_cmdlets).",
    ),
    _limit(
        "PowerShellMaxCmdletQueueDepth",
        "Operations that a user may have in progress. Microsoft advises three times the number in "
        "O(powershell_max_concurrency), or more.",
    ),
    _limit(
        "PowerShellMaxDestructiveCmdlets",
        "Destructive cmdlets that a user may run in O(powershell_max_destructive_cmdlets_time_period), such as "
        "C(Remove-Mailbox). No cmdlet that this collection uses is among them.",
    ),
    _limit("PowerShellMaxDestructiveCmdletsTimePeriod", "Seconds in which destructive cmdlets are counted."),
    _limit("PowerShellMaxOperations", "Protocol operations of a user's sessions.", "2013"),
    _limit(
        "PowerShellMaxRunspaces", "Sessions that a user may open in O(powershell_max_runspaces_time_period).", "2013"
    ),
    _limit("PowerShellMaxRunspacesTimePeriod", "Seconds in which opened sessions are counted.", "2013"),
    _limit("PowerShellMaxTenantRunspaces", "Sessions that an organization's users may open together.", "2013"),
    _limit("PswsMaxConcurrency", "Requests of a user of PowerShell Web Services at the same time.", "2013"),
    _limit(
        "PswsMaxRequest", "Requests of a user of PowerShell Web Services in O(psws_max_request_time_period).", "2013"
    ),
    _limit("PswsMaxRequestTimePeriod", "Seconds in which requests to PowerShell Web Services are counted.", "2013"),
    # -- searches ---------------------------------------------------------------------------------------------
    _limit("DiscoveryMaxConcurrency", "Discovery searches of a user at the same time.", "2013"),
    _limit("DiscoveryMaxKeywords", "Keywords of one discovery search.", "2013"),
    _limit("DiscoveryMaxKeywordsPerPage", "Keywords whose statistics one page shows.", "2013"),
    _limit("DiscoveryMaxMailboxes", "Mailboxes of one discovery search.", "2013"),
    _limit("DiscoveryMaxPreviewSearchMailboxes", "Mailboxes of the preview of a discovery search.", "2013"),
    _limit("DiscoveryMaxStatsSearchMailboxes", "Mailboxes of a discovery search that shows statistics.", "2013"),
    _limit("DiscoveryMaxSearchQueueDepth", "Threads of discovery searches at the same time.", "2013"),
    _limit("DiscoveryPreviewSearchResultsPageSize", "Messages on one page of the preview.", "2013"),
    _limit("DiscoverySearchTimeoutPeriod", "Minutes after which a discovery search ends.", "2013"),
    _limit("ComplianceMaxExpansionDGRecipients", "Recipients of groups that a discovery search looks into.", "2013"),
    _limit("ComplianceMaxExpansionNestedDGs", "Groups within groups that a discovery search looks into.", "2013"),
    # -- reserved ---------------------------------------------------------------------------------------------
    *_reserved("DiscoveryMaxRefinerResults"),
    *_later("EncryptionRecipient", "recipients of encrypted mail", reserved=True),
    *_later("EncryptionSender", "senders of encrypted mail", reserved=True),
    *_later("OutlookService", "the Outlook service", reserved=True),
    *_reserved(
        "OutlookServiceMaxSocketConnectionsPerDevice",
        "OutlookServiceMaxSocketConnectionsPerUser",
        "OutlookServiceMaxSubscriptions",
    ),
    *_later("PushNotification", "push notifications", reserved=True),
    *_reserved(
        "PushNotificationMaxBurstPerDevice",
        "PushNotificationRechargeRatePerDevice",
        "PushNotificationSamplingPeriodPerDevice",
    ),
    *_later("BookingSelfService", "bookings", "2016", reserved=True),
    *_later("Consensus", "Consensus", "2016", reserved=True),
    *_later("Schedules", "Schedules", "2016", reserved=True),
    # Set-ThrottlingPolicy does not list the four of Suite, New-ThrottlingPolicy does.
    *_later("Suite", "Suite", "2016", reserved=True, on_set=False),
)
"""Every limit that a policy of an organization may hold, and IsServiceAccount.

PowerShellMaxTenantConcurrency is not among them: only the default policy holds it, which is never changed.
"""

POLICY_BY_OPTION: dict[str, Property] = {row.option: row for row in THROTTLING_POLICY_LIMITS}

SCOPES = ("Regular", "Organization")
"""Scopes of a policy that may be written; Exchange 2013 and later. Global is the default policy's."""
