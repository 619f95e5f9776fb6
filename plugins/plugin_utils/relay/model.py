# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was read from Exchange: a server, its connectors and their access entries. PRIVATE to the collection.

``from_exchange`` takes the plain data that the session decoded: text, numbers, booleans, None and lists of them by
property name. Nested objects arrive as the text Exchange shows for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import PROPERTIES

from .errors import UndecodableValue
from .exchange_values import parse_exchange
from .ranges import IPRange, shown
from .rights import ALL_RIGHTS, right_name

# A connector cannot be judged without these; the others are missing on versions that lack them.
_INDISPENSABLE = ("name", "bindings", "remote_ip_ranges", "permission_groups", "auth_mechanism", "enabled")

# Shown by receive_connector_info beside the options; PermissionGroups as Exchange shows it, "Custom" included.
_READ_ONLY = (
    "AdminDisplayName",
    "AcceptConsumerMail",
    "ExchangeVersion",
    "IsValid",
    "LiveCredentialEnabled",
    "OriginatingServer",
    "PermissionGroups",
    "ProxyEnabled",
    "WhenCreatedUTC",
)

# "Version 15.2 (Build 986.5)"; whether the two words follow the server's language is unverified, so any will do.
_VERSION_TEXT = re.compile(r"(?:[^\W\d_]+\s)?([0-9]+)\.([0-9]+)\s\((?:[^\W\d_]+\s)?([0-9]+)(?:\.([0-9]+))?\)")

# (major, minor) -> version. 15.2 is 2019 or Subscription Edition, told apart by the build.
_VERSIONS = {(15, 2): "2019", (15, 1): "2016", (15, 0): "2013"}
_MAJOR_VERSIONS = {14: "2010", 8: "2007"}

# Microsoft's public table of build numbers gives 15.2.2562.17 for the first Subscription Edition; that every later
# build of 15.2 is one too is unverified (2019 keeps getting security updates, so far all with lower builds).
_FIRST_SUBSCRIPTION_EDITION_BUILD = 2562

# 2007 before its first service pack, whose cmdlets lack parameters that "2007" has here.
_FIRST_2007 = (8, 0)


# Inheritance types (of System.DirectoryServices) with which an entry is not for the object that carries it.
_ONLY_BELOW = frozenset(("descendents", "children"))


def _text(plain: Mapping[str, Any], name: str, what: str) -> str:
    value = plain.get(name)
    if not isinstance(value, str) or not value:
        raise UndecodableValue(f"Exchange returned {what} with {shown(value)} for {name}, where a text must be.")
    return value


def _optional_text(plain: Mapping[str, Any], name: str) -> str:
    value = plain.get(name)
    return value if isinstance(value, str) else ""


def _flag(plain: Mapping[str, Any], name: str, what: str, missing: bool | None = None) -> bool:
    value = plain.get(name, missing)
    if not isinstance(value, bool):
        raise UndecodableValue(f"Exchange returned {what} with {shown(value)} for {name}, where true or false must be.")
    return value


def version_of(text: str) -> str:
    """The version (one of VERSIONS) that an AdminDisplayVersion such as "Version 15.2 (Build 986.5)" stands for.

    Raises:
        UndecodableValue: the text has another form, or the version is none this collection knows.
    """
    match = _VERSION_TEXT.fullmatch(text.strip())
    if match:
        major, minor, build = int(match[1]), int(match[2]), int(match[3])
        if (major, minor) == (15, 2) and build >= _FIRST_SUBSCRIPTION_EDITION_BUILD:
            return "SE"
        if (major, minor) == _FIRST_2007:
            raise UndecodableValue(
                f"Exchange calls its version {shown(text)}, which is 2007 without a service pack; install Service Pack "
                "1 or a later one, whose receive connectors this collection knows."
            )
        found = _VERSIONS.get((major, minor)) or _MAJOR_VERSIONS.get(major)
        if found:
            return found
    raise UndecodableValue(
        f"Exchange calls its version {shown(text)}, which this release of the collection does not know; "
        "look for a newer release."
    )


@dataclass(frozen=True)
class ServerFacts:
    """One Exchange server.

    Attributes:
        name: short name, as in identities.
        fqdn: DNS name.
        distinguished_name: of the server's object.
        version_text: AdminDisplayVersion as shown.
        version: one of VERSIONS.
        is_edge, is_hub_transport, is_frontend_transport, is_mailbox, is_client_access: its roles.
        domain_controller: the one that every call about this server names; None on Edge.
        site: name of the Active Directory site, "" on Edge.
    """

    name: str
    fqdn: str
    distinguished_name: str
    version_text: str
    version: str
    is_edge: bool = False
    is_hub_transport: bool = False
    is_frontend_transport: bool = False
    is_mailbox: bool = False
    is_client_access: bool = False
    domain_controller: str | None = None
    site: str = ""

    @classmethod
    def from_exchange(cls, plain: Mapping[str, Any]) -> ServerFacts:
        """Read one object of Get-ExchangeServer -Status.

        The roles come from the booleans, because ServerRole of 2016 and later only says Mailbox. The domain
        controller is the server's current one, else the one that answered.

        Raises:
            UndecodableValue: a property is missing or not understood, or the version is unknown.
        """
        what = f"server {shown(plain.get('Name'))}"
        is_edge = _flag(plain, "IsEdgeServer", what)
        version_text = _text(plain, "AdminDisplayVersion", what)
        current = _optional_text(plain, "CurrentConfigDomainController") or _optional_text(plain, "OriginatingServer")
        return cls(
            name=_text(plain, "Name", what),
            fqdn=_text(plain, "Fqdn", what),
            distinguished_name=_text(plain, "DistinguishedName", what),
            version_text=version_text,
            version=version_of(version_text),
            is_edge=is_edge,
            is_hub_transport=_flag(plain, "IsHubTransportServer", what),
            is_frontend_transport=_flag(plain, "IsFrontendTransportServer", what, missing=False),
            is_mailbox=_flag(plain, "IsMailboxServer", what),
            is_client_access=_flag(plain, "IsClientAccessServer", what),
            domain_controller=None if is_edge else current or None,
            site=_optional_text(plain, "Site").rpartition("/")[2],
        )


@dataclass(frozen=True)
class ReceiveConnector:
    """One receive connector as it was read.

    Attributes:
        server: short name of its server.
        name: its name.
        guid: its object GUID, "" when it was not returned.
        distinguished_name: the identity every later call uses.
        when_changed: UTC time of its last change, as text.
        values: option name -> canonical value, for every property of the table that the server returned.
        read_only: what Exchange also shows, by Exchange's names, as plain data.
    """

    server: str
    name: str
    guid: str
    distinguished_name: str
    when_changed: str
    values: Mapping[str, Any]
    read_only: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_exchange(cls, plain: Mapping[str, Any], facts: ServerFacts | None = None) -> ReceiveConnector:
        """Read one object of Get-ReceiveConnector.

        Args:
            plain: the object.
            facts: its server. What that server's version shows and has no parameter for (LiveCredentialEnabled since
                2016, TransportRole on Edge) is no value then, because nothing could write it back.

        Raises:
            UndecodableValue: an indispensable property is missing, or any property is not understood.
        """
        what = f"receive connector {shown(plain.get('Name'))}"
        values: dict[str, Any] = {}
        for row in PROPERTIES:
            if facts is not None and not row.available(facts.version, facts.is_edge):
                continue
            if row.exchange in plain and row.returned:
                try:
                    values[row.option] = parse_exchange(row, plain[row.exchange])
                except UndecodableValue as error:
                    raise UndecodableValue(f"In {what}: {error}") from None
            elif row.option in _INDISPENSABLE:
                raise UndecodableValue(f"Exchange returned {what} without its {row.exchange}; nothing is changed.")
        identity = _optional_text(plain, "Identity")
        return cls(
            server=_optional_text(plain, "Server") or identity.partition("\\")[0],
            name=_text(plain, "Name", what),
            guid=_optional_text(plain, "Guid"),
            distinguished_name=_text(plain, "DistinguishedName", what),
            when_changed=_optional_text(plain, "WhenChangedUTC"),
            values=MappingProxyType(values),
            read_only=MappingProxyType({name: plain[name] for name in _READ_ONLY if name in plain}),
        )


@dataclass(frozen=True)
class AccessEntry:
    """One extended right that a principal has, or is denied, on an object.

    Attributes:
        principal: name or SID as this server shows it, in its language.
        right: name of the extended right, in its usual spelling; ALL_RIGHTS for an entry that gives every one.
        deny: the entry denies.
        inherited: the entry comes from further up in the tree.
    """

    principal: str
    right: str
    deny: bool = False
    inherited: bool = False

    @classmethod
    def from_exchange(cls, plain: Mapping[str, Any]) -> tuple[AccessEntry, ...]:
        """Read one row of Get-ADPermission.

        A row without extended rights gives no entries, and neither does one that is only for objects below: a connector
        has none, and the row counts for nothing on the connector itself.

        Raises:
            UndecodableValue: a property is missing or not understood.
        """
        what = f"an access entry of {shown(plain.get('User'))}"
        principal = _text(plain, "User", what)
        deny = _flag(plain, "Deny", what)
        inherited = _flag(plain, "IsInherited", what)
        if _optional_text(plain, "InheritanceType").casefold() in _ONLY_BELOW:
            return ()
        rights = _texts(plain, "ExtendedRights", what)
        if not rights:
            general = {right.casefold() for right in _texts(plain, "AccessRights", what)}
            rights = [ALL_RIGHTS] if general & {"genericall", "extendedright"} else []
        return tuple(cls(principal, right_name(right), deny, inherited) for right in rights)


def _texts(plain: Mapping[str, Any], name: str, what: str) -> list[str]:
    """A list of texts, or one text with commas; null and missing are an empty list, as Get-ADPermission has them."""
    value = plain.get(name)
    if value is None:
        return []
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
        raise UndecodableValue(f"Exchange returned {what} with {shown(value)} for {name}, where texts must be.")
    return list(value)


@dataclass(frozen=True)
class ExchangeServerAddresses:
    """The addresses of one Exchange server, each a range of one; empty when they could not be found."""

    name: str
    addresses: tuple[IPRange, ...]


@dataclass(frozen=True)
class PrincipalAnswer:
    """What Exchange said when it was asked for the entries of one principal on one connector.

    Attributes:
        name: the name under which it shows them, "" when the principal has none there, inherited ones included.
        refusal: Exchange's own words, in the server's language, when it does not know such a principal; else "".
    """

    name: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class ServerState:
    """Everything a plan for one server starts from.

    Attributes:
        facts: the server.
        connectors: all its receive connectors.
        access: distinguished name -> access entries, for the connectors whose entries were read.
        addresses: every Exchange server whose addresses no source may hold.
        principals: distinguished name of a connector and what was asked for there, in lower case -> what was answered.
    """

    facts: ServerFacts
    connectors: tuple[ReceiveConnector, ...]
    access: Mapping[str, tuple[AccessEntry, ...]] = field(default_factory=lambda: MappingProxyType({}))
    addresses: tuple[ExchangeServerAddresses, ...] = ()
    principals: Mapping[tuple[str, str], PrincipalAnswer] = field(default_factory=lambda: MappingProxyType({}))

    def connector(self, name: str) -> ReceiveConnector | None:
        """The connector of this name, without regard to case."""
        wanted = name.casefold()
        return next((entry for entry in self.connectors if entry.name.casefold() == wanted), None)
