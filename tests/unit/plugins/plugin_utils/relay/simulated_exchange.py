# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One Exchange server in memory, as far as relay goes: a second reading of the facts, to hold plans against.

It shares no code with the core: addresses are those of `ipaddress`, rights and selection are written down again. It is
strict: a parameter it does not know, a principal it does not know, a clash of ranges or a prompt is an error. Sources:
Microsoft's documentation of the cmdlets and of receive connectors. What that leaves open is a switch.
"""

from __future__ import annotations

from typing import Any

from .simulated_access import Connector, Groups, Row
from .simulated_facts import (
    ANONYMOUS_RIGHTS,
    COMMON,
    DC,
    ENTRY_LIMIT,
    GROUP_FLAGS,
    MECHANISMS,
    NAMES,
    NEW_CONNECTOR,
    NOT_ON_EDGE,
    RIGHT,
    SET_ONLY,
    SETUP,
    SINCE,
    USAGES,
    bounds,
    clash,
)
from .simulated_principals import RELAY_SID, find
from .simulated_smtp import LOCAL, Client, answering, may

__all__ = [
    "ANONYMOUS_RIGHTS",
    "DC",
    "GROUP_FLAGS",
    "MECHANISMS",
    "NEW_CONNECTOR",
    "RIGHT",
    "Client",
    "Connector",
    "Refused",
    "Row",
    "SimulatedExchange",
    "bounds",
    "clash",
]


class Refused(Exception):
    """What Exchange would answer with an error."""


class SimulatedExchange:
    """The server.

    replacement: what writing PermissionGroups does to rights granted by hand.
    anonymous: how it calls who does not log on; how it calls everybody who does is of the same language.
    disabled_conflicts: whether a disabled connector takes part in conflicts of bindings and ranges.
    whole_groups: whether PermissionGroups is what the rows make up: the groups whose rows are all there. Otherwise it
        is what was written last.
    legacy_rights: how many rights AnonymousUsers has on 2007 and 2010.
    takes_sids: whether a SID is taken for a user.
    """

    def __init__(
        self,
        replacement: str = "keeps_manual",
        anonymous: str = "NT AUTHORITY\\ANONYMOUS LOGON",
        disabled_conflicts: bool = True,
        name: str = "EX1",
        version: str = "2019",
        edge: bool = False,
        whole_groups: bool = False,
        legacy_rights: int = 4,
        takes_sids: bool = True,
    ) -> None:
        self.name = name
        self.version = version
        self.edge = edge
        gone = NOT_ON_EDGE if edge else ()
        self.known = {
            name: value
            for name, value in NEW_CONNECTOR.items()
            if SINCE.get(name, "2007") <= version and name not in gone
        }
        self._made = 0
        self.replacement = replacement
        self.whole_groups = whole_groups
        self.takes_sids = takes_sids
        self.anonymous = anonymous
        self.everybody = dict(NAMES.values()).get(anonymous, NAMES["en"][1])
        self.domain = name if edge else "LAB"
        self.permissions = Groups(version, edge, self.domain, (anonymous, self.everybody), legacy_rights)
        self.disabled_conflicts = disabled_conflicts
        self.dn = f"CN={name},CN=Servers,CN=Exchange Administrative Group,DC=lab,DC=example"
        self.connectors: dict[str, Connector] = {}
        self.users = {anonymous, self.everybody, *map(self.account, ("svc-relay", "svc-app", "svc-scan", "plain"))}
        self.journal: list[Any] = []
        self.warnings: list[str] = []
        self._setup()

    def account(self, name: str) -> str:
        """How access lists call an account: of the domain, on an Edge Transport server of the server itself."""
        return f"{self.domain}\\{name}"

    @property
    def kind(self) -> str:
        """Which connectors setup makes."""
        return "edge" if self.edge else "front end" if self.version >= "2013" else "transport"

    def _setup(self) -> None:
        every = ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
        for name, role, port, groups, mechanisms in SETUP[self.kind]:
            properties = {
                "TransportRole": role,
                "Bindings": [f"[::]:{port}", f"0.0.0.0:{port}"],
                "RemoteIPRanges": list(every),
                "AuthMechanism": mechanisms,
                "PermissionGroups": groups,
            }
            self.add(f"{name} {self.name}", properties)

    def add(self, name: str, properties: dict[str, Any]) -> Connector:
        """Put a connector there, unchecked."""
        given = {key: value for key, value in properties.items() if key not in NEW_CONNECTOR or key in self.known}
        self._made += 1
        guid = f"{sum(map(ord, self.name)):08x}-0000-4000-8000-{self._made:012x}"
        fqdn = f"{self.name.lower()}.lab.example"
        connector = Connector(name, self._dn_of(name), guid, {"Fqdn": fqdn, **self.known, **given})
        connector.rows = self.permissions.stamped(connector.rows, connector.groups)
        self.connectors[connector.dn] = connector
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
        self._show_groups(connector)
        shown = dict(connector.properties)
        shown["RemoteIPRanges"] = sorted(shown["RemoteIPRanges"], reverse=True)
        if self.permissions.by_hand(connector.rows, connector.groups):
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

    def get_permission_of(self, dn: str, user: str) -> list[dict[str, Any]]:
        """Get-ADPermission -User, decoded; Refused for a user that nobody is."""
        name = self._shown(user)
        return [row for row in self.get_permission(dn) if row["User"] == name]

    def _shown(self, user: str) -> str:
        sids = {"S-1-5-7": self.anonymous, "S-1-5-11": self.everybody, RELAY_SID: self.account("svc-relay")}
        groups = {name for name, _right, _deny in self.permissions.of(GROUP_FLAGS)}
        left = [row.user for connector in self.connectors.values() for row in connector.rows if row.user[:4] == "S-1-"]
        found = find(user, self.domain, self.users | groups, sids, left, self.takes_sids)
        if found is None:
            raise Refused(f'User or Group "{user}" wasn\'t found.')
        return found

    # -- cmdlets ------------------------------------------------------------------------------------------------------

    def execute(self, cmdlet: str, parameters: dict[str, Any]) -> None:
        """Carry out one cmdlet, or raise Refused and change nothing."""
        if parameters.get("DomainController") != (None if self.edge else DC):
            raise Refused(f"{cmdlet} does not name the domain controller of the server, or names one on Edge Transport")
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
        for connector in self.connectors.values():
            self._show_groups(connector)
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
        self._show_groups(connector)
        before = connector.groups
        connector.properties = properties
        if "PermissionGroups" in values:
            connector.rows = self.permissions.replaced(connector.rows, before, connector.groups, self.replacement)
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
        user = self._shown(user)
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
            known = tuple(self.permissions.keys) if name == "PermissionGroups" else MECHANISMS
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

    def _show_groups(self, connector: Connector) -> None:
        if self.whole_groups:
            connector.properties["PermissionGroups"] = ", ".join(self.permissions.complete(connector.rows)) or "None"

    # -- SMTP ---------------------------------------------------------------------------------------------------------

    def answering(self, client: str, local: str = LOCAL, port: int = 25) -> Connector | None:
        """The connector that answers a client."""
        return answering(self.connectors.values(), client, local, port)

    def relays(self, client: str | Client, local: str = LOCAL, port: int = 25) -> bool:
        """Whether a client may send to the outside; an address is one that does not log on."""
        return self._may(client, local, port, RIGHT)

    def submits(self, client: str | Client, local: str = LOCAL, port: int = 25) -> bool:
        """Whether a client may send to recipients inside; an address is one that does not log on."""
        return self._may(client, local, port)

    def _may(self, client: str | Client, local: str, port: int, *rights: str) -> bool:
        known = client if isinstance(client, Client) else Client(client)
        connector = self.answering(known.address, local, port)
        return connector is not None and may(connector, known, self.anonymous, self.everybody, *rights)
