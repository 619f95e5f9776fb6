# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the collection asks of Exchange, one method a cmdlet, answers as value objects. PRIVATE to the collection.

Nothing is kept between two questions: whoever asks gets what the server says now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import VERSIONS
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command, Value
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    AccessEntry,
    PrincipalAnswer,
    ReceiveConnector,
    ServerFacts,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.throttling_policy import (
    ThrottlingPolicy,
    has_scopes,
)

from .clixml import Plain
from .errors import (
    CmdletFailed,
    CmdletUnavailable,
    ExchangeError,
    InvalidOption,
    ObjectNotFound,
    cmdlet_error,
    is_unknown_principal,
)
from .session import Response, Session
from .snap_in import SNAP_IN_2007

RELAY_CMDLETS = (
    "Add-ADPermission",
    "Get-ADPermission",
    "Get-AcceptedDomain",
    "Get-ExchangeServer",
    "Get-NetworkConnectionInfo",
    "Get-ReceiveConnector",
    "Get-ServerComponentState",
    "New-ReceiveConnector",
    "Remove-ADPermission",
    "Remove-ReceiveConnector",
    "Set-ReceiveConnector",
)
"""Every cmdlet that relays need. Those of throttling policies are not among them: no relay lacks what they hold."""

NETWORK_CMDLET = "Get-NetworkConnectionInfo"
COMPONENTS_CMDLET = "Get-ServerComponentState"

_SINCE = {NETWORK_CMDLET: "2010", COMPONENTS_CMDLET: "2013"}
"""Cmdlets that not every version has, with the first that does (receive-connector.md part 8)."""


def known_cmdlets(version: str) -> tuple[str, ...]:
    """The cmdlets of relays that a version of Exchange has."""
    position = VERSIONS.index(version)
    return tuple(name for name in RELAY_CMDLETS if position >= VERSIONS.index(_SINCE.get(name, VERSIONS[0])))


@dataclass(frozen=True)
class KnownServer:
    """An Exchange server that is not managed in this session: its short name and its FQDN."""

    name: str
    fqdn: str

    @classmethod
    def from_exchange(cls, plain: Mapping[str, Plain]) -> KnownServer:
        """Read one object of Get-ExchangeServer; UndecodableValue when a name is missing."""
        name, fqdn = plain.get("Name"), plain.get("Fqdn")
        if not (isinstance(name, str) and name and isinstance(fqdn, str) and fqdn):
            raise UndecodableValue(
                f"Get-ExchangeServer returned a server with the Name {name!r} and the Fqdn {fqdn!r}; both must be text."
            )
        return cls(name, fqdn)


class Exchange:
    """Exchange through an open session.

    Args:
        session: the session.
        domain_controller: FQDN of the domain controller to ask; None lets `read_server` choose the server's own.

    Attributes:
        domain_controller: the one that every further question names; None on Edge servers and before `read_server`.
        warnings: what Exchange warned of while it was read.
    """

    def __init__(self, session: Session, domain_controller: str | None = None) -> None:
        self._session = session
        self.domain_controller = domain_controller
        self.warnings: list[str] = []
        # Whose connectors are read: its version decides what of them can be written.
        self._facts: ServerFacts | None = None

    @property
    def account(self) -> str:
        """Who the session runs as, for messages; empty for the holder of the current Kerberos ticket."""
        return self._session.account

    @property
    def hides_cmdlets(self) -> bool:
        """Whether a cmdlet that is not there may be one that the account's management roles do not show."""
        return not self._session.snap_in

    def read_server(self, name: str) -> ServerFacts:
        """Read one server, and settle on the domain controller that everything about it is asked of.

        That is the one given, else the one whose copy of the configuration the server itself reads, else the one
        that answered: another site's would show and change things that this server does not know yet.

        Raises:
            ObjectNotFound: there is no such server.
            InvalidOption: the server is not managed over this kind of endpoint.
            ExchangeError: there are several.
        """
        facts = self._read_behind_snap_in(name) if self._session.snap_in else self._read_one(name, Status=True)
        self._refuse_wrong_way(facts)
        if self.domain_controller and not facts.is_edge:
            facts = replace(facts, domain_controller=self.domain_controller)
        self.domain_controller = facts.domain_controller
        self._facts = facts
        return facts

    def _read_behind_snap_in(self, name: str) -> ServerFacts:
        """Read a server that is asked itself.

        On an Edge server nothing may name a domain controller, and which of them it uses is no question; so what the
        server is has to be known first.
        """
        wanted, self.domain_controller = self.domain_controller, None
        try:
            facts = self._read_one(name)
        except (ObjectNotFound, CmdletUnavailable):
            raise
        except CmdletFailed as error:
            if self._session.snap_in.casefold() != SNAP_IN_2007.casefold():
                raise
            raise CmdletFailed(
                error.cmdlet,
                error.record,
                f"{error}; a server of Exchange 2007 reads Active Directory in the account's name, so set "
                f"ansible_exchange_kerberos_delegation: true and see that the server is trusted for delegation.",
            ) from error
        if facts.is_edge:
            return facts
        self.domain_controller = wanted
        return self._read_one(name, Status=True)

    def _read_one(self, name: str, **parameters: Value) -> ServerFacts:
        try:
            found = self._read("Get-ExchangeServer", Identity=name, **parameters)
        except ObjectNotFound as error:
            raise ObjectNotFound(
                error.cmdlet,
                error.record,
                f"There is no Exchange server named {name} in the organization of {self._session.endpoint}: set "
                f"ansible_exchange_server, or the option server, to its short name ({error.record.message.strip()})",
            ) from error
        except CmdletFailed as error:
            named = self.domain_controller
            if not named or named.casefold() not in error.record.message.casefold():
                raise
            raise CmdletFailed(
                error.cmdlet,
                error.record,
                f"domain_controller: {named} cannot be asked, so name one of this forest that answers, or leave it out "
                f"({error.record.message.strip()})",
            ) from error
        if len(found) != 1:
            raise ExchangeError(
                f"Get-ExchangeServer found {len(found)} servers for the name {name}, where exactly one belongs."
            )
        return ServerFacts.from_exchange(found[0])

    def _refuse_wrong_way(self, facts: ServerFacts) -> None:
        """Raise InvalidOption when the server is not to be managed over the kind of endpoint that was opened."""
        if facts.is_edge and not self._session.snap_in:
            raise InvalidOption(
                f"{facts.name} is an Edge Transport server, which keeps its receive connectors to itself, and "
                f"{self._session.endpoint} belongs to another server: connect to {facts.name} itself, with "
                f"ansible_exchange_snap_in."
            )
        if self._session.snap_in and not facts.is_edge and facts.version != "2007":
            raise InvalidOption(
                f"{facts.name} is no Edge Transport server and has Exchange {facts.version}: take "
                f"ansible_exchange_snap_in away, because a snap-in passes over its management roles and Microsoft does "
                f"not support that; it is for Edge Transport and Exchange 2007."
            )

    def read_servers(self) -> tuple[KnownServer, ...]:
        """Read every Exchange server of the organization.

        Its version does not matter for what is asked of it: an organization may have servers of Exchange 2003, or of a
        version that came after this collection.

        Raises:
            UndecodableValue: one has no name, or no FQDN to find its addresses by.
        """
        return tuple(KnownServer.from_exchange(plain) for plain in self._read("Get-ExchangeServer"))

    def read_network_addresses(self, server: str) -> tuple[str, ...]:
        """Read the addresses of every network adapter of a server. Exchange 2010 and later."""
        found: set[str] = set()
        for adapter in self._read("Get-NetworkConnectionInfo", Identity=server):
            addresses = adapter.get("IPAddresses")
            if not isinstance(addresses, list):
                raise UndecodableValue(
                    f"Get-NetworkConnectionInfo returned an adapter of {server} without a list of IPAddresses."
                )
            found.update(str(address) for address in addresses)
        return tuple(sorted(found))

    def read_component_states(self, server: str) -> dict[str, str]:
        """Read component -> state (`Active`, `Inactive`, `Draining`). Exchange 2013 and later."""
        found = self._read("Get-ServerComponentState", Identity=server)
        return {str(plain.get("Component")): str(plain.get("State")) for plain in found}

    def read_accepted_domains(self) -> tuple[dict[str, Plain], ...]:
        """Read the accepted domains of the organization: name, domain_name, type, default."""
        return tuple(
            {
                "name": plain.get("Name"),
                "domain_name": plain.get("DomainName"),
                "type": plain.get("DomainType"),
                "default": plain.get("Default"),
            }
            for plain in self._read("Get-AcceptedDomain")
        )

    def read_connectors(self, server: str) -> tuple[ReceiveConnector, ...]:
        """Read all receive connectors of a server."""
        return tuple(
            ReceiveConnector.from_exchange(plain, self._facts)
            for plain in self._read("Get-ReceiveConnector", Server=server)
        )

    def read_connector(self, distinguished_name: str) -> ReceiveConnector | None:
        """Read one receive connector, None when there is none of this distinguished name.

        An empty identity would return the connectors of all servers, so it is refused.
        """
        if not distinguished_name:
            raise ValueError("a receive connector is read by its distinguished name")
        try:
            found = self._read("Get-ReceiveConnector", Identity=distinguished_name)
        except ObjectNotFound:
            return None
        connectors = [ReceiveConnector.from_exchange(plain, self._facts) for plain in found]
        if len(connectors) > 1:
            raise ExchangeError(f"Get-ReceiveConnector found {len(connectors)} connectors for {distinguished_name}.")
        return connectors[0] if connectors else None

    def read_access(self, distinguished_name: str) -> tuple[AccessEntry, ...]:
        """Read the access list of one receive connector, inherited and denying entries included.

        By distinguished name, because a name that several servers have would mix their lists.
        """
        if not distinguished_name:
            raise ValueError("an access list is read by distinguished name")
        found = self._read("Get-ADPermission", Identity=distinguished_name)
        return tuple(entry for plain in found for entry in AccessEntry.from_exchange(plain))

    def read_principal(self, distinguished_name: str, principal: str) -> PrincipalAnswer:
        """Ask under which name the access list of a receive connector shows a principal, and whether Exchange knows it.

        The access list itself must have been read before, so that a refusal is about the principal.

        Args:
            distinguished_name: of the connector.
            principal: in any form that the parameter User takes.

        Raises:
            CmdletFailed: Exchange could not tell.
        """
        if not distinguished_name:
            raise ValueError("an access list is read by distinguished name")
        try:
            found = self._read("Get-ADPermission", Identity=distinguished_name, User=principal)
        except CmdletFailed as error:
            if not is_unknown_principal(error):
                raise
            return PrincipalAnswer(refusal=" ".join(error.record.message.split()) or error.record.exception)
        names = {str(plain.get("User") or "") for plain in found} - {""}
        if len(names) > 1:
            raise UndecodableValue(
                f"Get-ADPermission showed the entries of {principal!r} on {distinguished_name} under several names, "
                f"{' and '.join(sorted(names))}."
            )
        return PrincipalAnswer(next(iter(names), ""))

    def read_throttling_policies(self, version: str) -> tuple[ThrottlingPolicy, ...]:
        """Read every throttling policy of the organization with what it holds itself. Exchange 2010 and later.

        Always all of them: an -Identity that Exchange does not know may return all too (Microsoft's page warns of it).
        """
        explicit: dict[str, Value] = {"Explicit": True} if has_scopes(version) else {}
        found = self._read("Get-ThrottlingPolicy", **explicit)
        return tuple(ThrottlingPolicy.from_exchange(plain, version) for plain in found)

    def run(self, command: Command) -> list[str]:
        """Run a command that writes, and return what Exchange warned of.

        Raises:
            CmdletFailed: it wrote an error.
            SessionLost: see `Session.invoke`.
        """
        return self._invoke(command).warnings

    def visible_cmdlets(self, names: Iterable[str] = RELAY_CMDLETS) -> frozenset[str] | None:
        """Which of these cmdlets the account sees on this endpoint; None when the endpoint does not tell."""
        seen = self.visible_parameters(names)
        return None if seen is None else frozenset(seen)

    def visible_parameters(self, names: Iterable[str]) -> dict[str, frozenset[str] | None] | None:
        """Which of these cmdlets the account sees, with their parameters in lower case, None where those are not told.

        RBAC hides what an account may not use, so what is not visible is a role that is missing. None when the endpoint
        does not tell at all.
        """
        wanted = {name.casefold(): name for name in names}
        response = self._session.invoke(Command.of("Get-Command", Name=tuple(wanted.values())))
        if any(record.target.casefold() == "get-command" for record in response.errors):
            return None
        # Each name that is not visible is one error; that is the answer, not a failure.
        told = {str(plain.get("Name", "")).casefold(): plain.get("Parameters") for plain in response.objects}
        return {name: _parameter_names(told[key]) for key, name in wanted.items() if key in told}

    def _read(self, cmdlet: str, **parameters: Value) -> list[dict[str, Plain]]:
        if self.domain_controller:
            parameters["DomainController"] = self.domain_controller
        response = self._invoke(Command.of(cmdlet, **parameters))
        self.warnings += response.warnings
        return response.objects

    def _invoke(self, command: Command) -> Response:
        response = self._session.invoke(command)
        if response.errors:
            record, session = response.errors[0], self._session
            raise cmdlet_error(
                command.cmdlet,
                record,
                account=session.account,
                snap_in=session.snap_in,
                server=self._facts.name if self._facts else "",
            )
        return response


def _parameter_names(told: Plain) -> frozenset[str] | None:
    """Names in lower case of the parameters that Get-Command told: the keys of a dictionary ([MS-PSRP] 2.2.3.22).

    Whether Exchange's endpoint tells them is unverified; anything else than such a dictionary tells nothing.
    """
    return frozenset(name.lower() for name in told) if isinstance(told, dict) and told else None
