# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what has to be asked of a server about declared principals before a plan is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .desired import DesiredConnector, DesiredConnectors
from .existing import existing
from .model import AccessEntry, ReceiveConnector, ServerState
from .pictures import picture_of
from .principal_words import SID_PROBE, WELL_KNOWN, is_anonymous, is_authenticated_users, is_sid, question, shown_names
from .principals import literally_shown, sids_to_remove, told_users
from .rights import EXCHANGE_USERS, authenticated_users_principal

_PREFERRED_REFERENCE = "Client Frontend {server}"


def users_told_by(desired: DesiredConnectors, state: ServerState) -> tuple[str, ...]:
    """The connector whose access list has to be read to learn how the server names everybody who has logged on.

    Its distinguished name, or nothing: where no grant is about them and nothing else is to go, where a list that was
    read tells, and where no connector has the permission group that would.
    """
    wanted = any(
        entry.exclusive or any(is_authenticated_users(grant.principal) for grant in entry.grants)
        for entry in _with_grants(desired)
    )
    reference = users_reference(state) if wanted else ""
    return (reference,) if reference else ()


def users_reference(state: ServerState) -> str:
    """Distinguished name of the connector whose list would tell how the server names everybody who has logged on.

    "" where a list that was read tells already, and where no connector has the permission group that would.
    """
    if _told(state):
        return ""
    preferred = _PREFERRED_REFERENCE.format(server=state.facts.name).casefold()
    candidates = [connector for connector in state.connectors if _may_tell(connector, state)]
    chosen = min(candidates, key=lambda one: (one.name.casefold() != preferred, one.name.casefold()), default=None)
    return "" if chosen is None else chosen.distinguished_name


def shows_accounts(state: ServerState, anonymous: str) -> bool:
    """Whether an access list that was read has explicit entries of others than anonymous clients and Exchange's own.

    Everybody who has logged on may be among them.
    """
    return any(
        not entry.inherited
        and entry.principal.casefold() != anonymous.casefold()
        and not any(row.is_shown_as(entry.principal) for row in WELL_KNOWN)
        for entries in state.access.values()
        for entry in entries
    )


def principals_needed(desired: DesiredConnectors, state: ServerState) -> tuple[tuple[str, str], ...]:
    """What is still to be asked with `Get-ADPermission -User`: distinguished name of a connector, and principal.

    Every declared principal that no access list shows is asked for, so that one that is misspelt is found before
    anything is written; where its connector does not exist, at another one of the server. So is every SID that is to be
    removed, because not every Exchange may take one. `state` has the access lists that `plan.access_needed` names.
    """
    needed: dict[tuple[str, str], tuple[str, str]] = {}
    for entry in _with_grants(desired):
        connector = existing(entry, state.connectors, state.facts.name) or _any(state)
        if connector is not None:
            identity = connector.distinguished_name
            for asked in _questions(entry, connector, state):
                needed.setdefault((identity, asked.casefold()), (identity, asked))
    return tuple(pair for key, pair in needed.items() if key not in state.principals)


def _with_grants(desired: DesiredConnectors) -> Iterator[DesiredConnector]:
    return (entry for entry in desired if entry.state == "present" and (entry.grants or entry.exclusive))


def _told(state: ServerState) -> str:
    return told_users((picture_of(connector, state) for connector in state.connectors), state.facts.version)


def _may_tell(connector: ReceiveConnector, state: ServerState) -> bool:
    entries = state.access.get(connector.distinguished_name)
    if EXCHANGE_USERS not in connector.values["permission_groups"]:
        return False
    return entries is None or authenticated_users_principal(entries, state.facts.version) is not None


def _any(state: ServerState) -> ReceiveConnector | None:
    """A connector to ask about principals, because the declared one does not exist: one whose list was read, if any."""

    def rank(connector: ReceiveConnector) -> tuple[bool, str]:
        return connector.distinguished_name not in state.access, connector.name.casefold()

    return min(state.connectors, key=rank, default=None)


def _questions(entry: DesiredConnector, connector: ReceiveConnector, state: ServerState) -> Iterator[str]:
    own = state.access.get(connector.distinguished_name, ())
    for asked in [*_of_grants(entry, own, state), *_of_exclusive(entry, own)]:
        yield asked
        answer = state.principals.get((connector.distinguished_name, asked.casefold()))
        if is_sid(asked) and answer is not None and answer.refusal:
            yield SID_PROBE


def _of_grants(entry: DesiredConnector, own: Sequence[AccessEntry], state: ServerState) -> Iterator[str]:
    for grant in entry.grants:
        principal = grant.principal
        if is_anonymous(principal) or (is_authenticated_users(principal) and _told(state)):
            continue
        found = shown_names(principal, _names(own)) or _literally(principal, state)
        if not found:
            yield question(principal)
        elif grant.state == "absent":
            yield from filter(is_sid, found)


def _of_exclusive(entry: DesiredConnector, own: Sequence[AccessEntry]) -> Iterable[str]:
    kept = [grant.principal for grant in entry.grants if grant.state == "present"]
    return sids_to_remove(own, kept) if entry.exclusive else ()


def _literally(principal: str, state: ServerState) -> list[str]:
    return literally_shown(principal, (name for entries in state.access.values() for name in _names(entries)))


def _names(entries: Iterable[AccessEntry]) -> Iterator[str]:
    return (entry.principal for entry in entries)
