# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: one receive connector at one moment of a plan, and where it lives in the directory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .effective import logons
from .legality import EXTERNAL
from .model import AccessEntry, ReceiveConnector, ServerFacts, ServerState
from .quantities import Caseless
from .ranges import Binding, IPRange
from .rights import EXCHANGE_SERVERS

BASIC = "BasicAuth"
BASIC_ONLY_WITH_TLS = "BasicAuthRequireTLS"
INTEGRATED = "Integrated"

_AFTER_RDN = re.compile(r"(?:\\.|[^\\,])*,", re.DOTALL)
_SPECIAL_IN_RDN = re.compile(r'([,\\#+<>;"=])')


@dataclass(frozen=True)
class Picture:
    """One connector at one moment.

    entries: None as long as its access list has not been read.
    created: this plan makes it.
    assumed: options whose values nobody read or wrote, but which Exchange is documented to choose.
    first_name: how it was called at the beginning of the plan, "" as long as it has that name.
    """

    name: str
    distinguished_name: str
    values: Mapping[str, object]
    entries: tuple[AccessEntry, ...] | None
    read_only: Mapping[str, object] | None = None
    created: bool = False
    guid: str = ""
    assumed: frozenset[str] = frozenset()
    first_name: str = ""

    @property
    def key(self) -> str:
        """What moves and worlds know it by: its name at the beginning of the plan, without regard to case."""
        return (self.first_name or self.name).casefold()

    @property
    def known_values(self) -> Mapping[str, object]:
        """The values that were read or written."""
        return {option: value for option, value in self.values.items() if option not in self.assumed}

    @property
    def ranges(self) -> frozenset[IPRange]:
        """Its remote IP ranges."""
        return _set(self.values, "remote_ip_ranges")

    @property
    def bindings(self) -> frozenset[Binding]:
        """Its bindings."""
        return _set(self.values, "bindings")

    @property
    def groups(self) -> frozenset[str]:
        """Its permission groups."""
        return _set(self.values, "permission_groups")

    @property
    def mechanisms(self) -> frozenset[str]:
        """Its authentication mechanisms."""
        return _set(self.values, "auth_mechanism")

    @property
    def enabled(self) -> bool:
        """Whether it answers; Exchange's default is yes."""
        return self.values.get("enabled") is not False

    @property
    def externally_secured(self) -> bool:
        """Whether every session is trusted as one of another mail server of ours."""
        return EXTERNAL in self.mechanisms and EXCHANGE_SERVERS in self.groups

    @property
    def offers_logon(self) -> bool:
        """Whether users can log on, before or after STARTTLS."""
        return EXTERNAL not in self.mechanisms and bool(logons(self.values)[1])

    def rights_of(self, principal: str, deny: bool = False) -> frozenset[str]:
        """Rights (lower case) that are explicit entries of a principal."""
        return frozenset(
            entry.right.casefold()
            for entry in self.entries or ()
            if not entry.inherited and entry.deny == deny and entry.principal.casefold() == principal.casefold()
        )


def _set(values: Mapping[str, object], option: str) -> frozenset[Any]:
    value = values.get(option)
    return value if isinstance(value, frozenset) else frozenset()


def renamed(picture: Picture, name: str) -> Picture:
    """The same object under another name: its place in the tree, its GUID and its access list stay."""
    rest = _AFTER_RDN.sub("", picture.distinguished_name, count=1)
    return replace(
        picture,
        name=name,
        values={**picture.values, "name": Caseless(name)},
        distinguished_name=f"{_relative_name(name)},{rest}",
        first_name=picture.first_name or picture.name,
    )


def connector_distinguished_name(facts: ServerFacts, name: str) -> str:
    """Where a connector of this name lives in the configuration tree."""
    return f"{_relative_name(name)},CN=SMTP Receive Connectors,CN=Protocols,{facts.distinguished_name}"


def _relative_name(name: str) -> str:
    """The first part of a distinguished name (RFC 4514 escapes what the name needs)."""
    escaped = _SPECIAL_IN_RDN.sub(r"\\\1", name)
    if escaped.startswith(" "):
        escaped = "\\" + escaped
    if escaped.endswith(" "):
        escaped = escaped[:-1] + "\\ "
    return f"CN={escaped}"


def picture_of(connector: ReceiveConnector, state: ServerState) -> Picture:
    """A connector as it was read, with its access list when that was read too."""
    return Picture(
        connector.name,
        connector.distinguished_name,
        connector.values,
        state.access.get(connector.distinguished_name),
        connector.read_only,
        guid=connector.guid,
    )
