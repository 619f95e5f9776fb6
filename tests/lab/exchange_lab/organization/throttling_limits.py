# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's own table of the limits of throttling policies (throttling.md part 3).

Names, order and the values of the default policy since 2013 are those of an output of Get-ThrottlingPolicy of 2013 in
Microsoft Q&A 125609; what only 2016 has comes from Microsoft's New-ThrottlingPolicy page and has no known default
(unverified: no limit). The default policy of 2010 has the values that the page names, and no limit else (unverified).
"""

from __future__ import annotations

from dataclasses import dataclass

_UINT32 = 2**32 - 1
_INT32 = 2**31 - 1


@dataclass(frozen=True)
class Limit:
    """One limit. default, legacy_default: of the default policy since 2013 and of 2010, None for no limit. on_set: Set
    takes it too; default_only: only the default policy may hold it."""

    name: str
    default: int | None = None
    since: str = "2013"
    until: str | None = None
    legacy_default: int | None = None
    maximum: int = _UINT32
    on_set: bool = True
    default_only: bool = False

    @property
    def legacy_name(self) -> str:
        """As 2010 spells it: the short names in capitals. Parameters are the same in any case."""
        for short in ("Eas", "Ews", "Imap", "Owa", "Pop", "Rca", "Cpa", "Cpu"):
            if self.name.startswith(short):
                return short.upper() + self.name[len(short) :]
        return self.name


def _budget(prefix: str, burst: int | None, recharge: int | None, cutoff: int | None) -> tuple[Limit, ...]:
    return (
        Limit(f"{prefix}MaxBurst", burst),
        Limit(f"{prefix}RechargeRate", recharge),
        Limit(f"{prefix}CutoffBalance", cutoff),
    )


def _concurrency(prefix: str, default: int | None, legacy: int | None, maximum: int = _INT32) -> Limit:
    return Limit(f"{prefix}MaxConcurrency", default, "2010", None, legacy, maximum)


def _everywhere(name: str, default: int | None = None, legacy: int | None = None) -> Limit:
    return Limit(name, default, "2010", None, legacy)


def _of_2010(prefix: str, *ends: str) -> tuple[Limit, ...]:
    return tuple(Limit(f"{prefix}PercentTimeIn{end}", since="2010", until="2010") for end in ends)


def _since_2016(*names: str, on_set: bool = True) -> tuple[Limit, ...]:
    return tuple(Limit(name, since="2016", on_set=on_set) for name in names)


_ALL = ("AD", "CAS", "MailboxRPC")
_ENDS = ("MaxConcurrency", "MaxBurst", "RechargeRate", "CutoffBalance")

LIMITS: tuple[Limit, ...] = (
    _concurrency("Anonymous", 1, 1),
    *_budget("Anonymous", 120000, 420000, 720000),
    *_of_2010("Anonymous", *_ALL),
    _concurrency("Eas", 10, 10),
    *_budget("Eas", 480000, 1800000, 600000),
    *_of_2010("Eas", *_ALL),
    _everywhere("EasMaxDevices", 100, 100),
    _everywhere("EasMaxDeviceDeletesPerMonth", None, 20),
    Limit("EasMaxInactivityForDeviceCleanup"),
    _concurrency("Ews", 27, 10),
    *_budget("Ews", 300000, 900000, 3000000),
    *_of_2010("Ews", *_ALL),
    _everywhere("EwsMaxSubscriptions", 5000, 5000),
    Limit("EwsFastSearchTimeoutInSeconds", since="2010", until="2010", legacy_default=60),
    Limit("EwsFindCountLimit", since="2010", until="2010", legacy_default=1000),
    *_since_2016("EwsCostThreshold"),
    _concurrency("Imap", None, None),
    *_budget("Imap", 3600000, 600000, None),
    *_of_2010("Imap", *_ALL),
    Limit("OutlookServiceMaxConcurrency", 27),
    *_budget("OutlookService", 300000, 900000, 3000000),
    Limit("OutlookServiceMaxSubscriptions", 5000),
    Limit("OutlookServiceMaxSocketConnectionsPerDevice", 4),
    Limit("OutlookServiceMaxSocketConnectionsPerUser", 12),
    _concurrency("Owa", 20, 5),
    *_budget("Owa", 480000, 1800000, None),
    *_of_2010("Owa", *_ALL),
    Limit("OwaVoiceMaxConcurrency", 3),
    *_budget("OwaVoice", 75000, 375000, 525000),
    _concurrency("Pop", 20, 20),
    *_budget("Pop", 3600000, 600000, None),
    *_of_2010("Pop", *_ALL),
    _everywhere("PowerShellMaxConcurrency", 18, 18),
    *_budget("PowerShell", None, None, None),
    Limit("PowerShellMaxTenantConcurrency", maximum=100, default_only=True),
    Limit("PowerShellMaxOperations"),
    _everywhere("PowerShellMaxCmdletsTimePeriod"),
    _everywhere("ExchangeMaxCmdlets"),
    _everywhere("PowerShellMaxCmdletQueueDepth"),
    _everywhere("PowerShellMaxDestructiveCmdlets"),
    _everywhere("PowerShellMaxDestructiveCmdletsTimePeriod"),
    _everywhere("PowerShellMaxCmdlets"),
    Limit("PowerShellMaxRunspaces"),
    Limit("PowerShellMaxTenantRunspaces"),
    Limit("PowerShellMaxRunspacesTimePeriod"),
    Limit("PswsMaxConcurrency", 18),
    Limit("PswsMaxRequest"),
    Limit("PswsMaxRequestTimePeriod"),
    _concurrency("Rca", 40, 20, _UINT32),
    *_budget("Rca", 150000, 900000, None),
    *_of_2010("Rca", *_ALL),
    *_since_2016(*(f"RcaShared{end}" for end in _ENDS)),
    _concurrency("Cpa", 20, 20),
    *_budget("Cpa", None, None, None),
    *_of_2010("Cpa", "CAS", "MailboxRPC"),
    Limit("CpuStartPercent", since="2010", until="2010", legacy_default=75, maximum=100),
    _everywhere("MessageRateLimit"),
    _everywhere("RecipientRateLimit"),
    _everywhere("ForwardeeLimit"),
    Limit("DiscoveryMaxConcurrency", 2),
    Limit("DiscoveryMaxMailboxes", 5000),
    Limit("DiscoveryMaxKeywords", 500),
    Limit("DiscoveryMaxPreviewSearchMailboxes", 5000),
    Limit("DiscoveryMaxStatsSearchMailboxes", 100),
    Limit("DiscoveryPreviewSearchResultsPageSize", 200),
    Limit("DiscoveryMaxKeywordsPerPage", 25),
    Limit("DiscoveryMaxRefinerResults", 10),
    Limit("DiscoveryMaxSearchQueueDepth", 32),
    Limit("DiscoverySearchTimeoutPeriod", 10),
    Limit("PushNotificationMaxConcurrency", 20),
    *_budget("PushNotification", None, None, None),
    Limit("PushNotificationMaxBurstPerDevice", 10),
    Limit("PushNotificationRechargeRatePerDevice", 6),
    Limit("PushNotificationSamplingPeriodPerDevice", 600000),
    Limit("EncryptionSenderMaxConcurrency", 200),
    *_budget("EncryptionSender", 4800000, 18000000, None),
    Limit("EncryptionRecipientMaxConcurrency", 20),
    *_budget("EncryptionRecipient", 480000, 1800000, None),
    Limit("ComplianceMaxExpansionDGRecipients", 10000),
    Limit("ComplianceMaxExpansionNestedDGs", 25),
    *_since_2016(*(f"{prefix}{end}" for prefix in ("BookingSelfService", "Consensus", "Schedules") for end in _ENDS)),
    *_since_2016(*(f"Suite{end}" for end in _ENDS), on_set=False),
)

BY_NAME = {limit.name: limit for limit in LIMITS}
