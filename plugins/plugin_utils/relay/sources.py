# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: source groups (who may relay, who owns that, until when) and their resolution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from .ranges import IPRange


@dataclass(frozen=True)
class Source:
    """One address, range or network that may relay; name, owner and ticket are for people, "" when unknown."""

    range: IPRange
    group: str = ""
    name: str = ""
    owner: str = ""
    ticket: str = ""
    expires: date | None = None


@dataclass(frozen=True)
class SourceList:
    """The resolved sources of one service: without duplicates, in the order of declaration."""

    entries: tuple[Source, ...]
    expired: tuple[Source, ...] = ()

    @property
    def ranges(self) -> frozenset[IPRange]:
        """The ranges alone, as a receive connector's remote_ip_ranges."""
        return frozenset(entry.range for entry in self.entries)


@dataclass(frozen=True)
class SourceGroup:
    """One named group of sources."""

    name: str
    sources: tuple[Source, ...]


def parse_source_groups(raw: object) -> dict[str, SourceGroup]:
    """relay_source_groups as declared; the text of a `file` must have been put in its place by the caller."""
    raise NotImplementedError


def resolve_sources(sources: object, groups: Mapping[str, SourceGroup], today: date, where: str) -> SourceList:
    """Names of groups and literal addresses (a list, or survey text) as one list of sources."""
    raise NotImplementedError
