# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what somebody declared about the connectors of one server.

Everything here is already parsed and canonical; nothing has been compared with the server yet. The four
writing modules differ only in how much of a DesiredConnector they fill in, so one planner serves them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from .rights import ANONYMOUS_USERS, EXCHANGE_SERVERS, EXCHANGE_USERS
from .sources import SourceList

Aspect = Literal["service", "connector", "permission", "throttling"]
Method = Literal["anonymous", "externally_secured", "authenticated", "internal"]
ANONYMOUS: Method = "anonymous"
EXTERNALLY_SECURED: Method = "externally_secured"
AUTHENTICATED: Method = "authenticated"
INTERNAL: Method = "internal"
METHODS: tuple[Method, ...] = (ANONYMOUS, EXTERNALLY_SECURED, AUTHENTICATED, INTERNAL)
GROUP_OF_METHOD: Mapping[Method, str] = MappingProxyType(
    {ANONYMOUS: ANONYMOUS_USERS, EXTERNALLY_SECURED: EXCHANGE_SERVERS, AUTHENTICATED: EXCHANGE_USERS}
)
"""The permission group that a method rests on; accounts have rights of their own instead."""

_NOTHING: Mapping[str, object] = MappingProxyType({})
_NO_REASONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class DesiredGrant:
    """Extended rights that a principal has (or has not) on a connector.

    `principal` is the name as declared; the word "anonymous" stands for the anonymous principal, whose
    name the server tells. `state` "absent" removes these rights. `where` is the option it was declared in, for
    sentences; it makes no difference to what is meant.
    """

    principal: str
    rights: tuple[str, ...]
    deny: bool = False
    state: Literal["present", "absent"] = "present"
    where: str = field(default="", compare=False)


@dataclass(frozen=True)
class DesiredConnector:
    """One declared receive connector.

    method: how a service lets its sources send; "internal" needs no connector, so the state of its is "absent".
    values: option name -> canonical value or ListChange; exactly what somebody asked for.
    creation_values: what is used only when the connector is created and `values` says nothing.
    profile: name of the throttling profile, whose values yield to `values` and are left out where the version
    lacks the property; "" for none.
    previous_name: how the connector was called before it gets this name; "" for no rename.
    guid: what identifies the existing connector, whatever it is called at the moment; "" for its name.
    usage: what a new connector is seeded from; it says nothing about an existing one.
    part, parts: of a service spread over numbered connectors, which one this is (from 1) and how many there are;
    None for a connector that is a whole service.
    grants: extended rights; of a service, those of the accounts that alone may relay after logging on.
    aggregate: whether its ranges are written as few intervals; None: only when they would not fit otherwise.
    """

    name: str
    aspect: Aspect
    state: Literal["present", "absent"] = "present"
    service: str | None = None
    method: Method | None = None
    values: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    creation_values: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    profile: str = ""
    previous_name: str = ""
    guid: str = ""
    usage: str = "Custom"
    part: int | None = None
    parts: int | None = None
    aggregate: bool | None = None
    grants: tuple[DesiredGrant, ...] = ()
    exclusive: bool = False
    sources: SourceList | None = None
    accept_findings: Mapping[str, str] = field(default_factory=lambda: _NO_REASONS)

    @property
    def key(self) -> str:
        """Connector names are compared without regard to case."""
        return self.name.casefold()


@dataclass(frozen=True)
class DesiredConnectors:
    """Everything declared for one server."""

    connectors: tuple[DesiredConnector, ...]

    def __iter__(self) -> Iterator[DesiredConnector]:
        return iter(self.connectors)

    def __len__(self) -> int:
        return len(self.connectors)
