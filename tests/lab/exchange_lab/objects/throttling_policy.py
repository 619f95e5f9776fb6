# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Get- and New-ThrottlingPolicy put out: the order of Microsoft Q&A 125609, a list of 2013.

2010 shows a limit that is not set as nothing at all (Microsoft: $null), later ones as Unlimited.
"""

from __future__ import annotations

from exchange_lab.clixml import Complex, Value
from exchange_lab.objects.common import directory_tail, head_types
from exchange_lab.organization.model import ExchangeServer, Organization
from exchange_lab.organization.throttling import ThrottlingPolicy
from exchange_lab.organization.throttling_limits import LIMITS
from exchange_lab.values.directory import ObjectId, exchange_version, partition_guid, schema_class
from exchange_lab.values.enums import THROTTLING_POLICY_SCOPE
from exchange_lab.values.scalars import UnlimitedUInt32

_TYPES = head_types("Microsoft.Exchange.Data.Directory.SystemConfiguration.ThrottlingPolicy")


def throttling_policy_object(
    organization: Organization, policy: ThrottlingPolicy, controller: str, viewer: ExchangeServer, explicit: bool
) -> Complex:
    """Render one policy as the cmdlets of a server (`viewer`) show it; `explicit`: only what it holds itself."""
    platform = viewer.config.platform
    scopes = platform.has("2013")
    inherited = {} if explicit or not scopes else organization.default_throttling_policy(legacy=False).values
    properties: list[tuple[str, Value]] = []
    if scopes:
        properties += [
            ("ThrottlingPolicyScope", THROTTLING_POLICY_SCOPE.value(policy.scope).rendered()),
            ("IsServiceAccount", bool(policy.values.get("IsServiceAccount", False))),
        ]
    else:
        properties.append(("IsDefault", policy.default))
    for limit in LIMITS:
        if platform.has(limit.since, limit.until):
            value = policy.values.get(limit.name, inherited.get(limit.name))
            properties.append((limit.name if scopes else limit.legacy_name, _limit(value, scopes)))
    if scopes:
        properties += [("IsLegacyDefault", policy.legacy and policy.default), ("Diagnostics", None)]
    # The version of a policy of 2010 is unverified.
    version = exchange_version(0, 10, "14.0.100.0") if policy.legacy else exchange_version(0, 20, "15.0.0.0")
    properties += [("AdminDisplayName", ""), ("ExchangeVersion", version)]
    identity = ObjectId(policy.distinguished_name, policy.guid, policy.name, organization.domain, partition_guid())
    category = schema_class(organization.domain, "ms-Exch-Throttling-Policy")
    classes = ("top", "msExchGenericPolicy", "msExchThrottlingPolicy")
    properties += directory_tail(identity, category, classes, policy.created, policy.changed, controller)
    return Complex(_TYPES, policy.name, properties)


def _limit(value: object, scopes: bool) -> Value:
    if not isinstance(value, UnlimitedUInt32):
        return None
    return value.rendered() if scopes else value.value
