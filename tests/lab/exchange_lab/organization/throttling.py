# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The throttling policies of the organisation (throttling.md part 3).

Since 2013 a policy holds what was given to it and shows the default policy's values for the rest; 2010 copies them when
the policy is made (that it copies is unverified: the page says `inherit`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from exchange_lab.organization.throttling_limits import LIMITS
from exchange_lab.values.directory import escape_rdn, stable_guid
from exchange_lab.values.scalars import UnlimitedUInt32

GLOBAL = "Global"
REGULAR = "Regular"


@dataclass
class ThrottlingPolicy:
    """One policy. legacy: it is one of 2010. values: what it holds itself, by the limit's name and IsServiceAccount."""

    name: str
    guid: UUID
    container: str
    created: datetime
    changed: datetime
    scope: str = REGULAR
    legacy: bool = False
    default: bool = False
    values: dict[str, object] = field(default_factory=dict)

    @property
    def distinguished_name(self) -> str:
        return f"CN={escape_rdn(self.name)},{self.container}"


def default_policies(domain: str, root: str, now: datetime, versions: Iterable[str]) -> list[ThrottlingPolicy]:
    """What setup creates: one policy of 2010 where there is a server of it, one where there is a later one."""
    found = set(versions)
    container = f"CN=Global Settings,{root}"
    policies = []
    if "2010" in found:
        guid = stable_guid("throttling policy", domain, "2010")
        values: dict[str, object] = {
            limit.name: UnlimitedUInt32(limit.legacy_default) for limit in LIMITS if limit.since == "2010"
        }
        policies.append(
            ThrottlingPolicy(f"DefaultThrottlingPolicy_{guid}", guid, container, now, now, REGULAR, True, True, values)
        )
    if found - {"2007", "2010"}:
        guid = stable_guid("throttling policy", domain, "global")
        values = {limit.name: UnlimitedUInt32(limit.default) for limit in LIMITS if limit.until is None}
        policies.append(
            ThrottlingPolicy(f"GlobalThrottlingPolicy_{guid}", guid, container, now, now, GLOBAL, False, True, values)
        )
    return policies
