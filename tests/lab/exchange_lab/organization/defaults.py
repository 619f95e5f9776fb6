# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The values of a new connector on any server: the table's, and where other versions and Edge Transport differ.

Sources: receive-connector.md part 2 (column Default), throttling.md part 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchange_lab.organization.properties import PROPERTIES
from exchange_lab.settings import ServerConfig, Switches
from exchange_lab.values import enums
from exchange_lab.values.addresses import IPRange, parse_range
from exchange_lab.values.directory import Fqdn
from exchange_lab.values.scalars import Size, Unlimited, timespan
from exchange_lab.versions import Platform

ANY_RANGES: tuple[IPRange, ...] = (
    parse_range("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    parse_range("0.0.0.0-255.255.255.255"),
)


@dataclass(frozen=True)
class _Difference:
    """One value that differs from the table: on versions `since` to `until`, on Edge Transport only (`edge`), only
    where the switch hop_counts says `documented`."""

    name: str
    value: object
    since: str = "2007"
    until: str | None = None
    edge: bool = False
    documented: bool = False

    def applies(self, platform: Platform, documented: bool) -> bool:
        wrong_kind = (self.edge and not platform.edge) or (self.documented and not documented)
        return platform.has(self.since, self.until) and not wrong_kind


_DIFFERENCES: tuple[_Difference, ...] = (
    _Difference("MaxMessageSize", Size(10 * 2**20), until="2013"),
    _Difference("MaxHeaderSize", Size(2**16), until="2013"),
    # Hop counts of 2007 and MaxLocalHopCount of 2010: no source tells them apart from the documented 30 and 8.
    _Difference("MaxHopCount", 30, until="2007"),
    _Difference("MaxLocalHopCount", 8, until="2010"),
    _Difference("MaxHopCount", 30, since="2016", documented=True),
    _Difference("MaxLocalHopCount", 8, since="2013", documented=True),
    _Difference("AdvertiseClientSettings", True, since="2010", until="2010"),
    # Captured as true on 2019; what 2013 and 2016 have is unverified.
    _Difference("SmtpUtf8Enabled", False, until="2016"),
    _Difference("ConnectionTimeout", timespan("00:05:00"), edge=True),
    _Difference("ConnectionInactivityTimeout", timespan("00:01:00"), edge=True),
    _Difference("MessageRateLimit", Unlimited(600), edge=True),
)


def table_defaults(server: ServerConfig, switches: Switches | None = None) -> dict[str, object]:
    """The values of a new connector of a server before its usage speaks; without `switches` those that setup gives.

    Those of properties that the server's version lacks are there too: newer cmdlets show them.
    """
    choices = switches or Switches()
    values = {item.name: item.default for item in PROPERTIES if item.name != "PermissionGroups"}
    documented = choices.hop_counts == "documented"
    differing = {item.name: item.value for item in _DIFFERENCES if item.applies(server.platform, documented)}
    role = {"TransportRole": enums.SERVER_ROLE.value(_default_role(server, choices.omitted_transport_role))}
    return {**values, **differing, **role, "Fqdn": Fqdn(server.fqdn)}


def _default_role(server: ServerConfig, preferred: str) -> str:
    """The switch's role where the server runs its service (unverified), else the one role that is left."""
    roles = server.transport_roles
    return preferred if preferred in roles or not roles else roles[0]
