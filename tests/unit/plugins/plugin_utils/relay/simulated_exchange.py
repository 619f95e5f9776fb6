# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One Exchange server in memory, as far as relay goes: a second reading of the facts, to hold plans against.

It shares no code with the core: addresses are those of `ipaddress`, rights and selection are written down again. It is
strict: a parameter it does not know, a principal it does not know, a clash of ranges or a prompt is an error. Sources:
Microsoft's documentation of the cmdlets and of receive connectors. What that leaves open is a switch.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from .simulated_facts import (
    ANONYMOUS_RIGHTS,
    COMMON,
    DC,
    ENTRY_LIMIT,
    GROUP_FLAGS,
    MECHANISMS,
    NEW_CONNECTOR,
    NINE,
    RIGHT,
    SET_ONLY,
    SINCE,
    USAGES,
    USER_RIGHTS,
    bounds,
    clash,
)

__all__ = [
    "ANONYMOUS_RIGHTS",
    "DC",
    "GROUP_FLAGS",
    "MECHANISMS",
    "NEW_CONNECTOR",
    "RIGHT",
    "Connector",
    "Refused",
    "Row",
    "SimulatedExchange",
    "bounds",
    "clash",
]


class Refused(Exception):
    """What Exchange would answer with an error."""


@dataclass
class Row:
    """One access entry."""

    user: str
    right: str
    deny: bool = False
    inherited: bool = False
    group: str = ""


@dataclass
class Connector:
    """One receive connector with its access list."""

    name: str
    dn: str
    guid: str
    properties: dict[str, Any]
    rows: list[Row] = field(default_factory=list)

    @property
    def groups(self) -> set[str]:
        return set(self.properties["PermissionGroups"].split(", ")) - {"None", "Custom"}

    @property
    def mechanisms(self) -> set[str]:
        return set(self.properties["AuthMechanism"].split(", ")) - {"None"}


class SimulatedExchange:
    """The server.

    replacement: what writing PermissionGroups does to rights granted by hand.
    disabled_conflicts: whether a disabled connector takes part in conflicts of bindings and ranges.
    """

    def __init__(
        self,
        replacement: str = "keeps_manual",
        anonymous: str = "NT AUTHORITY\\ANONYMOUS LOGON",
        disabled_conflicts: bool = True,
        name: str = "EX1",
        version: str = "2019",
    ) -> None:
        self.name = name
        self.version = version
        self.known = {name: value for name, value in NEW_CONNECTOR.items() if SINCE.get(name, "2007") <= version}
        self._made = 0
        self.replacement = replacement
        self.anonymous = anonymous
        self.disabled_conflicts = disabled_conflicts
        self.dn = f"CN={name},CN=Servers,CN=Exchange Administrative Group,DC=lab,DC=example"
        self.connectors: dict[str, Connector] = {}
        self.users = {anonymous, "LAB\\svc-relay"}
        self.journal: list[Any] = []
        self.warnings: list[str] = []
        self._setup()

    def _setup(self) -> None:
        every = ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
        auth = "Tls, Integrated, BasicAuth, BasicAuthRequireTLS, ExchangeServer"
        for name, role, port, groups in (
            ("Default Frontend", "FrontendTransport", 25, "AnonymousUsers, ExchangeServers, ExchangeLegacyServers"),
            ("Client Frontend", "FrontendTransport", 587, "ExchangeUsers"),
            ("Default", "HubTransport", 2525, "ExchangeUsers, ExchangeServers, ExchangeLegacyServers"),
        ):
            self.add(
                f"{name} {self.name}",
                {
                    "TransportRole": role,
                    "Bindings": [f"[::]:{port}", f"0.0.0.0:{port}"],
                    "RemoteIPRanges": list(every),
                    "AuthMechanism": auth,
                    "PermissionGroups": groups,
                },
            )

    def add(self, name: str, properties: dict[str, Any]) -> Connector:
        """Put a connector there, unchecked."""
        given = {key: value for key, value in properties.items() if SINCE.get(key, "2007") <= self.version}
        self._made += 1
        guid = f"{sum(map(ord, self.name)):08x}-0000-4000-8000-{self._made:012x}"
        fqdn = f"{self.name.lower()}.lab.example"
        connector = Connector(name, self._dn_of(name), guid, {"Fqdn": fqdn, **self.known, **given})
        dn = connector.dn
        self._stamp_groups(connector, connector.groups)
        self.connectors[dn] = connector
        return connector

    def _dn_of(self, name: str) -> str:
        escaped = "".join("\\" + letter if letter in ',\\#+<>;"=' else letter for letter in name)
        return f"CN={escaped},CN=SMTP Receive Connectors,CN=Protocols,{self.dn}"

    def named(self, name: str) -> Connector:
        """The connector of this name."""
        return next(connector for connector in self.connectors.values() if connector.name == name)

    # -- what the facade reads ----------------------------------------------------------------------------------------

    def get(self, dn: str) -> dict[str, Any] | None:
        """Get-ReceiveConnector, decoded."""
        connector = self.connectors.get(dn)
        if connector is None:
            return None
        shown = dict(connector.properties)
        shown["RemoteIPRanges"] = sorted(shown["RemoteIPRanges"], reverse=True)
        custom = [row for row in connector.rows if not row.inherited and not row.group]
        if custom:
            groups = [word for word in GROUP_FLAGS if word in connector.groups]
            shown["PermissionGroups"] = ", ".join([*groups, "Custom"])
        return {
            **shown,
            "Name": connector.name,
            "DistinguishedName": dn,
            "Identity": f"{self.name}\\{connector.name}",
            "Server": self.name,
            "Guid": connector.guid,
        }

    def get_permission(self, dn: str) -> list[dict[str, Any]]:
        """Get-ADPermission, decoded: one right a row."""
        return [
            {"User": row.user, "Deny": row.deny, "IsInherited": row.inherited, "ExtendedRights": [row.right]}
            for row in self.connectors[dn].rows
        ]

    # -- cmdlets ------------------------------------------------------------------------------------------------------

    def execute(self, cmdlet: str, parameters: dict[str, Any]) -> None:
        """Carry out one cmdlet, or raise Refused and change nothing."""
        if parameters.get("DomainController") != DC:
            raise Refused(f"{cmdlet} does not name the domain controller of the server")
        method = {
            "New-ReceiveConnector": self._new,
            "Set-ReceiveConnector": self._set,
            "Remove-ReceiveConnector": self._remove,
            "Add-ADPermission": self._add_permission,
            "Remove-ADPermission": self._remove_permission,
        }.get(cmdlet)
        if method is None:
            raise Refused(f"{cmdlet} is not recognized")
        method({name: value for name, value in parameters.items() if name not in COMMON}, parameters)
        self.journal.append((cmdlet, parameters))

    def _new(self, given: dict[str, Any], _all: dict[str, Any]) -> None:
        name, server, usage = given.pop("Name"), given.pop("Server"), given.pop("Usage")
        if server != self.name or usage not in USAGES:
            raise Refused("wrong server or usage")
        self._refuse_taken(name)
        needed, forbidden, chosen = USAGES[usage]
        for option in needed:
            if not given.get(option):
                raise Refused(f"{option} is mandatory")
        for option in forbidden:
            if option in given:
                raise Refused(f"{option} does not go with usage {usage}")
        properties = {**self.known, **chosen, **self._values(given, new=True)}
        self._validate(name, properties)
        self.add(name, properties)

    def _refuse_taken(self, name: str) -> None:
        if len(name) > 64 or any(other.name.lower() == name.lower() for other in self.connectors.values()):
            raise Refused(f"{name} exists, or is too long")

    def _set(self, given: dict[str, Any], _all: dict[str, Any]) -> None:
        connector = self._identity(given)
        name = given.pop("Name", connector.name)
        if name.lower() != connector.name.lower():
            self._refuse_taken(name)
        values = self._values(given, new=False)
        properties = {**connector.properties, **values}
        self._validate(connector.name, properties)
        before = connector.groups
        connector.properties = properties
        if "PermissionGroups" in values:
            self._replace_groups(connector, before)
        del self.connectors[connector.dn]
        connector.name, connector.dn = name, self._dn_of(name)
        self.connectors[connector.dn] = connector

    def _remove(self, given: dict[str, Any], everything: dict[str, Any]) -> None:
        connector = self._identity(given)
        if everything.get("Confirm") is not False or given:
            raise Refused("the command prompts, and nobody is there to answer")
        del self.connectors[connector.dn]

    def _add_permission(self, given: dict[str, Any], _all: dict[str, Any]) -> None:
        connector, user, rights, deny = self._permission(given)
        for right in rights:
            if any(
                (row.user, row.right, row.deny, row.inherited) == (user, right, deny, False) for row in connector.rows
            ):
                self.warnings.append(f"{right} is already present")
            else:
                connector.rows.append(Row(user, right, deny))

    def _remove_permission(self, given: dict[str, Any], everything: dict[str, Any]) -> None:
        if everything.get("Confirm") is not False:
            raise Refused("the command prompts, and nobody is there to answer")
        connector, user, rights, deny = self._permission(given)
        for right in rights:
            gone = [r for r in connector.rows if (r.user, r.right, r.deny, r.inherited) == (user, right, deny, False)]
            if not gone:
                self.warnings.append(f"{right} is not there")
            for row in gone:
                connector.rows.remove(row)

    def _permission(self, given: dict[str, Any]) -> tuple[Connector, str, tuple[str, ...], bool]:
        connector = self._identity(given)
        user, rights, deny = given.pop("User"), given.pop("ExtendedRights"), given.pop("Deny", False)
        if given:
            raise Refused(f"unknown parameters {sorted(given)}")
        if user not in self.users:
            raise Refused(f'User or Group "{user}" wasn\'t found.')
        if not isinstance(rights, tuple) or not rights:
            raise Refused("ExtendedRights is a list")
        return connector, user, rights, deny

    def _identity(self, given: dict[str, Any]) -> Connector:
        identity = given.pop("Identity")
        if identity not in self.connectors:
            raise Refused(f"{identity} couldn't be found")
        return self.connectors[identity]

    def _values(self, given: dict[str, Any], new: bool) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in given.items():
            if name not in {*self.known, "Bindings", "RemoteIPRanges", "Fqdn"} or (new and name in SET_ONLY):
                raise Refused(f"A parameter cannot be found that matches parameter name '{name}'.")
            values[name] = self._value(name, value)
        return values

    def _value(self, name: str, value: Any) -> Any:
        if name in ("Bindings", "RemoteIPRanges"):
            if not isinstance(value, tuple) or not value:
                raise Refused(f"{name} takes a list")
            if len(value) > ENTRY_LIMIT:
                raise Refused("the administrative limit for this request was exceeded")
            return list(value)
        if name in ("PermissionGroups", "AuthMechanism"):
            words = value if isinstance(value, tuple) else (value,)
            known = GROUP_FLAGS if name == "PermissionGroups" else MECHANISMS
            if not set(words) <= {*known, "None"}:
                raise Refused(f"{value} cannot be converted")
            return ", ".join(word for word in known if word in words) or "None"
        if value is None and name in ("Comment", "Banner", "Fqdn"):
            return ""
        if name == "MaxMessageSize":
            return {"10MB": "10 MB (10,485,760 bytes)", "36MB": "36 MB (37,748,736 bytes)"}[value]
        if isinstance(NEW_CONNECTOR.get(name), bool) != isinstance(value, bool):
            raise Refused(f"{name}: {value!r} cannot be converted")
        return str(value) if isinstance(NEW_CONNECTOR.get(name), str) else value

    def _validate(self, name: str, properties: dict[str, Any]) -> None:
        mechanisms = set(properties["AuthMechanism"].split(", "))
        if "ExternalAuthoritative" in mechanisms and (
            mechanisms - {"Tls", "ExternalAuthoritative"} or "ExchangeServers" not in properties["PermissionGroups"]
        ):
            raise Refused("ExternalAuthoritative may only be combined with Tls and needs ExchangeServers")
        if properties["ConnectionInactivityTimeout"] >= properties["ConnectionTimeout"]:
            raise Refused("ConnectionInactivityTimeout must be less than ConnectionTimeout")
        if not properties["Enabled"] and not self.disabled_conflicts:
            return
        for other in self.connectors.values():
            if other.name == name or not (other.properties["Enabled"] or self.disabled_conflicts):
                continue
            self._validate_against(properties, other)

    def _validate_against(self, properties: dict[str, Any], other: Connector) -> None:
        shared = set(properties["Bindings"]) & set(other.properties["Bindings"])
        if not shared:
            return
        if properties.get("TransportRole") != other.properties.get("TransportRole"):
            raise Refused(f"conflict with the settings on Receive connector {other.name}: transport roles")
        for mine in map(bounds, properties["RemoteIPRanges"]):
            for theirs in map(bounds, other.properties["RemoteIPRanges"]):
                if clash(mine, theirs):
                    raise Refused(f"conflict with the settings on Receive connector {other.name}: {mine} {theirs}")

    # -- permission groups --------------------------------------------------------------------------------------------

    def _stamp_groups(self, connector: Connector, groups: set[str]) -> None:
        for group in GROUP_FLAGS:
            if group not in groups:
                continue
            for user, rights in self._members(group):
                for right in rights:
                    connector.rows = [
                        row for row in connector.rows if (row.user, row.right, row.deny) != (user, right, False)
                    ]
                    connector.rows.append(Row(user, right, group=group))

    def _members(self, group: str) -> list[tuple[str, tuple[str, ...]]]:
        members: dict[str, list[tuple[str, tuple[str, ...]]]] = {
            "AnonymousUsers": [(self.anonymous, ANONYMOUS_RIGHTS)],
            "ExchangeUsers": [("NT AUTHORITY\\Authenticated Users", USER_RIGHTS)],
            "ExchangeServers": [
                (user, NINE)
                for user in (
                    "LAB\\Exchange Servers",
                    "MS Exchange\\Hub Transport Servers",
                    "MS Exchange\\Edge Transport Servers",
                    "MS Exchange\\Externally Secured Servers",
                )
            ],
            "ExchangeLegacyServers": [("LAB\\ExchangeLegacyInterop", NINE)],
            "Partners": [("MS Exchange\\Partner Servers", (ANONYMOUS_RIGHTS[0], ANONYMOUS_RIGHTS[3]))],
        }
        return members[group]

    def _replace_groups(self, connector: Connector, before: set[str]) -> None:
        dropped = before - connector.groups
        gone = {user for group in dropped for user, _rights in self._members(group)}
        kept: list[Row] = []
        for row in connector.rows:
            manual = not row.group
            lost = (manual and self.replacement == "removes_manual") or (
                manual and self.replacement == "removes_dropped" and row.user in gone
            )
            if row.inherited or (manual and not lost) or (not manual and row.group in connector.groups):
                kept.append(row)
        connector.rows = kept
        self._stamp_groups(connector, connector.groups)

    # -- SMTP ---------------------------------------------------------------------------------------------------------

    def answering(self, client: str, local: str = "10.99.0.1", port: int = 25) -> Connector | None:
        """The connector that answers a client."""
        address = ipaddress.ip_address(client)
        found: list[tuple[int, bool, str, Connector]] = []
        for connector in self.connectors.values():
            role = connector.properties.get("TransportRole", "FrontendTransport")
            if not connector.properties["Enabled"] or role != "FrontendTransport":
                continue
            wildcard, specific = f"0.0.0.0:{port}", f"{local}:{port}"
            if not {wildcard, specific} & set(connector.properties["Bindings"]):
                continue
            for text in connector.properties["RemoteIPRanges"]:
                version, low, high = bounds(text)
                if version == address.version and low <= int(address) <= high:
                    exact = specific in connector.properties["Bindings"]
                    found.append((high - low, not exact, connector.name, connector))
        return min(found, default=(0, False, "", None))[3]

    def relays(self, client: str, local: str = "10.99.0.1", port: int = 25) -> bool:
        """Whether a client that does not authenticate may send to the outside."""
        connector = self.answering(client, local, port)
        return connector is not None and self._has(connector, RIGHT) and self._has(connector, ANONYMOUS_RIGHTS[3])

    def submits(self, client: str, local: str = "10.99.0.1", port: int = 25) -> bool:
        """Whether a client that does not authenticate may send to recipients inside."""
        connector = self.answering(client, local, port)
        return connector is not None and self._has(connector, ANONYMOUS_RIGHTS[3])

    def _has(self, connector: Connector, right: str) -> bool:
        user = self.anonymous
        if "ExternalAuthoritative" in connector.mechanisms:
            user = "MS Exchange\\Externally Secured Servers"
        rows = [row for row in connector.rows if row.user == user and row.right == right]
        decided = sorted((row.inherited, not row.deny) for row in rows)
        return bool(decided) and decided[0][1]
