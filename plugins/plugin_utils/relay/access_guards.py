# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: findings about what access lists really give, from above and against a denial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .effective import RELAYS, ConnectorAccess, Effective
from .findings import Finding, finding
from .model import AccessEntry
from .pictures import Picture
from .rights import ANY_RECIPIENT, RELAY_RIGHTS, decide
from .world import World

STRANGERS, USERS = "clients that do not log on", "everybody who has logged on"


@dataclass(frozen=True)
class _Session:
    """What somebody may do on a connector, and the principals whose rights count for him."""

    who: str
    found: Effective
    principals: tuple[str, ...]


def inherited_relay(pictures: Iterable[Picture], world: World) -> Iterator[Finding]:
    """The findings for entries from above that let everybody relay, each about all connectors on which they do.

    Args:
        pictures: connectors to look at; those whose access list was not read tell nothing.
        world: their server.
    """
    above = _above(world)
    opened: dict[tuple[str, bool], list[str]] = {}
    for picture in pictures:
        access = _access(_with_what_is_above(picture, above), world)
        if access is None or access.secures:
            continue  # whoever connects has the rights of another principal, which no entry here names
        for session in _sessions(access):
            certain = _opens(access, session)
            if certain is not None:
                opened.setdefault((session.who, certain), []).append(picture.name)
    for (who, certain), names in opened.items():
        detail = who if certain else f"{who}, unless a denying entry is nearer to the connector (which is not shown),"
        severity = None if certain and who == STRANGERS else "warning"
        yield finding("inherited_relay", world.facts.name, tuple(names), (), detail, severity=severity)


def denied_sessions(picture: Picture, world: World, guard: bool | None) -> Iterator[Finding]:
    """The findings for users and accounts who log on, or sessions that are secured, whom a denial keeps from relaying.

    Clients that do not log on have a finding of their own, see connector_guards.denied. What an account is denied as a
    member of a group is not known here.
    """
    access = _access(picture, world)
    if access is None:
        return
    if access.secures:
        found = [("externally secured sessions", access.of_externally_secured().denied)]
    else:
        everybody = access.of_user().denied
        accounts = [(name, access.of_user(name).denied - everybody) for name in world.accounts(picture)]
        found = [(USERS, everybody), *accounts]
    for who, denied in found:
        taken = ", ".join(sorted(denied & RELAY_RIGHTS))
        if taken:
            yield finding("relay_denied", world.facts.name, (picture.name,), (), f"{who} {taken}", guard)


def _above(world: World) -> tuple[AccessEntry, ...]:
    """What a connector inherits, by the first list that was read: all connectors of a server have one container."""
    read = next((picture for picture in world if picture.entries is not None and not picture.created), None)
    return () if read is None else tuple(entry for entry in read.entries or () if entry.inherited)


def _with_what_is_above(picture: Picture, above: tuple[AccessEntry, ...]) -> Picture:
    """A connector that a plan makes, with what it will inherit; others as they were read."""
    if not picture.created:
        return picture
    return replace(picture, entries=(*(picture.entries or ()), *above))


def _access(picture: Picture, world: World) -> ConnectorAccess | None:
    if picture.entries is None:
        return None
    return ConnectorAccess.of(picture.values, picture.entries, world.anonymous, world.facts.version, world.users)


def _sessions(access: ConnectorAccess) -> Iterator[_Session]:
    yield _Session(STRANGERS, access.of_strangers(), access.anonymous)
    yield _Session(USERS, access.of_user(), access.users)


def _opens(access: ConnectorAccess, session: _Session) -> bool | None:
    """Whether entries from above let the session relay; False where that depends on how near they are, None if not."""
    above = decide((entry for entry in access.entries if entry.inherited), *session.principals)
    if ANY_RECIPIENT not in above.allowed | above.doubtful:
        return None
    if RELAYS in session.found.may:
        return True
    return False if session.found.rights | session.found.doubtful >= RELAY_RIGHTS else None
