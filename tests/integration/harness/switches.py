# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every way to relay, who may use it, and what the journal says of clients who log on while one becomes another."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .journal import CmdletLine, Journal, WatchLine
from .labs import INSIDE, LATER, LISTED, OUTSIDE, STRANGER

APP, SCAN, BOTH, PLAIN = "svc-app", "svc-scan", "svc-both", "plain"
# Made-up passwords of a lab that listens on loopback only.
ACCOUNTS = {name: {"password": f"Lab-{name}-1"} for name in (APP, SCAN, BOTH, PLAIN)}
METHODS: dict[str, dict[str, Any]] = {
    "anonymous": {"method": "anonymous"},
    "externally_secured": {
        "method": "externally_secured",
        "accept_findings": {"externally_secured_bypass": "these are our own mail servers"},
    },
    "authenticated": {"method": "authenticated"},
    "accounts": {"method": "authenticated", "accounts": [f"LAB\\{APP}", f"LAB\\{BOTH}"]},
    "other accounts": {"method": "authenticated", "accounts": [f"LAB\\{SCAN}", f"LAB\\{BOTH}"]},
    "internal": {"method": "internal"},
}


@dataclasses.dataclass(frozen=True)
class Kind:
    """A client: from where, as which account (None: it has none), and whether it never, always or either logs on."""

    client: str
    user: str | None = None
    logon: str = "never"

    def watch(self, recipient: str) -> dict[str, Any]:
        """This client in a lab file; an account may only send as itself."""
        known = {} if self.user is None else {"user": self.user, "logon": self.logon}
        return {"client": self.client, "sender": self.sender, "recipient": recipient, **known}

    @property
    def sender(self) -> str:
        return f"{self.user or 'app'}@lab.example"


KINDS = (
    *(Kind(client) for client in (LISTED, LATER, STRANGER)),
    *(Kind(LISTED, user, logon) for user in ACCOUNTS for logon in ("always", "either")),
    Kind(LATER, BOTH, "always"),
    Kind(LATER, BOTH, "either"),
    Kind(STRANGER, BOTH, "always"),
)
WATCH = [kind.watch(recipient) for kind in KINDS for recipient in (OUTSIDE, INSIDE)]


TOLD = ("internal", True)
"""Where a service is told that its clients are refused unless they log on."""


@dataclasses.dataclass(frozen=True)
class Stop:
    """What is declared at one stop of the tour through all methods.

    users: whether the default connector lets everybody relay who logs on and nobody else, as on 2007 and 2010.
    """

    name: str
    sources: tuple[str, ...]
    users: bool = False

    @property
    def services(self) -> dict[str, Any]:
        """The declaration; refusals are answered at once, so that nobody waits for them."""
        quick = {} if self.name == "internal" else {"connector": {"tarpit_interval": "00:00:00"}}
        told = {"accept_findings": {"internal_refused": "they log on"}} if (self.name, self.users) == TOLD else {}
        return {"switched": {**METHODS[self.name], "sources": list(self.sources), **quick, **told}}

    def lets(self, kind: Kind, recipient: str) -> bool:
        """Whether a client may send: by the service, or by the default connector, which lets nobody relay or log on
        unless it is for `users`."""
        if kind.client not in self.sources or self.name == "internal":
            if self.users:
                return kind.logon != "never"
            return recipient == INSIDE and kind.logon != "always"
        if self.name in ("anonymous", "externally_secured"):
            return kind.logon != "always"
        listed = METHODS[self.name].get("accounts")
        return kind.logon != "never" and (listed is None or f"LAB\\{kind.user}" in listed)


def tour(users: bool = False) -> list[Stop]:
    """A walk that goes from every method to every other one exactly once, and ends where it began (Hierholzer)."""
    names = list(METHODS)
    left = {name: [other for other in reversed(names) if other != name] for name in names}
    path, walk = [names[0]], []
    while path:
        if left[path[-1]]:
            path.append(left[path[-1]].pop())
        else:
            walk.append(path.pop())
    # The sources change at some of the switches, the one that stays is there always.
    sources = ((LISTED,), (LISTED,), (LISTED, LATER), (LISTED, LATER))
    return [Stop(name, sources[number % len(sources)], users) for number, name in enumerate(reversed(walk))]


@dataclasses.dataclass(frozen=True)
class Switch:
    """The writes of one switch on one server, and what was answered before the first and after each of them."""

    writes: tuple[CmdletLine, ...]
    before: Mapping[tuple[Kind, str], bool]
    answers: tuple[Mapping[tuple[Kind, str], bool], ...]

    def broken(self, new: Stop) -> Iterator[str]:
        """What breaks "no gap, no window" on the way to a stop."""
        for number, answers in enumerate(self.answers):
            after = f"after {self.writes[number].cmdlet} {dict(self.writes[number].parameters)}"
            for (kind, recipient), taken in answers.items():
                had, shall = self.before[kind, recipient], new.lets(kind, recipient)
                if had and shall and not taken:
                    yield f"gap for {kind} to {recipient} {after}"
                if taken and not had and not shall and recipient == OUTSIDE:
                    yield f"window for {kind} {after}"


def switches(journal: Journal, server: str, since: int, count: int) -> list[Switch]:
    """The last `count` switches of a server after `since`: writes that no session without a write stands between.

    Sessions come one after the other: before every switch one shows, after it one finds nothing to do.
    """
    cmdlets = [line for line in journal.cmdlets(since) if line.server == server]
    by_session: dict[str, list[CmdletLine]] = {}
    for line in cmdlets:
        by_session.setdefault(line.connection, []).append(line)
    groups: list[list[CmdletLine]] = [[]]
    for session in by_session.values():
        writes = [line for line in session if line.write]
        if writes:
            groups[-1] += writes
        elif groups[-1]:
            groups.append([])
    found = _answers(journal.watches(), server)
    return [_switch(group, found) for group in [group for group in groups if group][-count:]]


def _switch(group: Sequence[CmdletLine], answers: Mapping[int, Mapping[tuple[Kind, str], bool]]) -> Switch:
    earlier = max(sequence for sequence in answers if sequence < group[0].sequence)
    return Switch(tuple(group), answers[earlier], tuple(answers[line.sequence] for line in group))


def _answers(watches: Sequence[WatchLine], server: str) -> dict[int, dict[tuple[Kind, str], bool]]:
    """By the cmdlet that they follow, also those of other servers: whether each client's mail would be taken."""
    known = set(KINDS)
    found: dict[int, dict[tuple[Kind, str], bool]] = {}
    for line in watches:
        kind = Kind(line.client, line.user, line.logon)
        if line.server == server and kind in known:
            found.setdefault(line.after, {})[kind, line.recipient] = line.accepted
    return found
