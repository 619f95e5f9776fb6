# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Exchange's enumerations: names, numbers, and how they read and render (receive-connector.md part 3)."""

from __future__ import annotations

from dataclasses import dataclass

from exchange_lab.clixml import Complex

_BASE = ("System.Enum", "System.ValueType", "System.Object")


@dataclass(frozen=True)
class EnumType:
    """One .NET enumeration; `members` in the order in which a combination is written."""

    type_name: str
    members: tuple[tuple[str, int], ...]
    flags: bool = False

    def value(self, name: str) -> EnumValue:
        """Return the value of one member, or of comma-separated members of a flags enumeration.

        Names are compared without regard to case. Raises ValueError.
        """
        return self.combine(name.split(","))

    def combine(self, names: list[str]) -> EnumValue:
        by_name = {member.lower(): number for member, number in self.members}
        numbers = []
        for name in names:
            if name.strip().lower() not in by_name:
                raise ValueError(
                    f"Unable to match the identifier name {name.strip()} to a valid enumerator name. Specify one of "
                    f"the following enumerator names and try again: {', '.join(member for member, _ in self.members)}"
                )
            numbers.append(by_name[name.strip().lower()])
        if len(numbers) != 1 and not self.flags:
            raise ValueError("exactly one name is expected")
        total = 0
        for number in numbers:
            total |= number
        return EnumValue(self, total)

    def numbered(self, number: int) -> EnumValue:
        """Return the value of a number; raise ValueError for a number that no member makes up."""
        allowed = {known for _, known in self.members}
        everything = 0
        for known in allowed:
            everything |= known
        valid = number & ~everything == 0 if self.flags else number in allowed
        if not valid:
            raise ValueError(f"{number} is no value of {self.type_name}")
        return EnumValue(self, number)


@dataclass(frozen=True)
class EnumValue:
    """A value of an enumeration; flags know which of their members are set."""

    type: EnumType
    number: int

    def __str__(self) -> str:
        exact = [name for name, number in self.type.members if number == self.number]
        if exact:
            return exact[0]
        return ", ".join(name for name, number in self.type.members if number and self.number & number == number)

    def names(self) -> frozenset[str]:
        """The members that are set (one bit each)."""
        return frozenset(
            name
            for name, number in self.type.members
            if number and self.number & number == number and number.bit_count() == 1
        )

    def has(self, name: str) -> bool:
        return name in self.names()

    def rendered(self) -> Complex:
        return Complex((self.type.type_name, *_BASE), str(self), number=self.number)


_DIRECTORY = "Microsoft.Exchange.Data.Directory.SystemConfiguration"

# Only the numbers seen in the captures are certain: 1-16 here, 1-8 in PermissionGroups. The others are unverified.
AUTH_MECHANISMS = EnumType(
    f"{_DIRECTORY}.AuthMechanisms",
    (
        ("None", 0),
        ("Tls", 1),
        ("Integrated", 2),
        ("BasicAuth", 4),
        ("BasicAuthRequireTLS", 8),
        ("ExchangeServer", 16),
        ("ExternalAuthoritative", 32),
    ),
    flags=True,
)
PERMISSION_GROUPS = EnumType(
    "Microsoft.Exchange.Data.PermissionGroups",
    (
        ("None", 0),
        ("AnonymousUsers", 1),
        ("ExchangeUsers", 2),
        ("ExchangeServers", 4),
        ("ExchangeLegacyServers", 8),
        ("Partners", 16),
        ("Custom", 32),
    ),
    flags=True,
)
MESSAGE_RATE_SOURCE = EnumType(
    f"{_DIRECTORY}.MessageRateSourceFlags", (("None", 0), ("IPAddress", 1), ("User", 2), ("All", 3)), flags=True
)
THROTTLING_POLICY_SCOPE = EnumType(
    # Names and order: Microsoft's reference of ThrottlingPolicyScopeType; the numbers are unverified.
    "Microsoft.Exchange.Data.Directory.SystemConfiguration.ThrottlingPolicyScopeType",
    (("Regular", 0), ("Organization", 1), ("Global", 2)),
)
SERVER_ROLE = EnumType(
    f"{_DIRECTORY}.ServerRole",
    (
        ("None", 0),
        ("Cafe", 1),
        ("Mailbox", 2),
        ("ClientAccess", 4),
        ("UnifiedMessaging", 16),
        ("HubTransport", 32),
        ("Edge", 64),
        ("FrontendTransport", 16384),
    ),
    flags=True,
)
SIZE_MODE = EnumType("Microsoft.Exchange.Data.SizeMode", (("Disabled", 0), ("Enabled", 1), ("EnabledWithoutValue", 2)))
PROTOCOL_LOGGING_LEVEL = EnumType("Microsoft.Exchange.Data.ProtocolLoggingLevel", (("None", 0), ("Verbose", 1)))
EXTENDED_PROTECTION = EnumType(
    f"{_DIRECTORY}.ExtendedProtectionPolicySetting", (("None", 0), ("Allow", 1), ("Require", 2))
)
OBJECT_STATE = EnumType("Microsoft.Exchange.Data.ObjectState", (("New", 0), ("Unchanged", 1)))
SERVER_EDITION = EnumType(
    "Microsoft.Exchange.Data.ServerEditionType",
    (("Standard", 1), ("Enterprise", 3)),
)
SERVICE_STATE = EnumType("Microsoft.Exchange.Data.ServiceState", (("Inactive", 0), ("Active", 1), ("Draining", 2)))
# The numbers of the two relay types are unverified.
ACCEPTED_DOMAIN_TYPE = EnumType(
    f"{_DIRECTORY}.AcceptedDomainType", (("Authoritative", 0), ("ExternalRelay", 1), ("InternalRelay", 2))
)
ACTIVE_DIRECTORY_RIGHTS = EnumType(
    "System.DirectoryServices.ActiveDirectoryRights",
    (("ReadProperty", 16), ("ExtendedRight", 256), ("GenericRead", 131220), ("GenericAll", 983551)),
    flags=True,
)
SECURITY_INHERITANCE = EnumType(
    "System.DirectoryServices.ActiveDirectorySecurityInheritance",
    (("None", 0), ("All", 1), ("Descendents", 2), ("SelfAndChildren", 3), ("Children", 4)),
)
USAGE = EnumType(
    "Microsoft.Exchange.Management.SystemConfigurationTasks.NewReceiveConnector+UsageType",
    (("Custom", 0), ("Internet", 1), ("Internal", 2), ("Client", 3), ("Partner", 4)),
)
