# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hold a rollout to "no service gap, no open window": real sockets before and after, the journal in between."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator

from .journal import broken_promises
from .lab import Lab
from .labs import CLIENTS, INSIDE, OUTSIDE, SENDER
from .smtp import Question, ask_all

Answers = dict[tuple[str, str, str], bool]


def ask(lab: Lab, clients: Collection[str] = CLIENTS, recipients: Collection[str] = (OUTSIDE, INSIDE)) -> Answers:
    """Whether each server takes mail from each client for each recipient: (server, client, recipient) -> accepted."""
    keys = [(server, client, recipient) for server in lab.servers for client in clients for recipient in recipients]
    servers = lab.servers
    questions = [
        Question(servers[server].smtp_host, servers[server].smtp_port, client, SENDER, recipient)
        for server, client, recipient in keys
    ]
    return {key: dialogue.accepted for key, dialogue in zip(keys, ask_all(questions), strict=True)}


def relays(lab: Lab, client: str) -> set[str]:
    """Names of the servers that relay for a client to the outside."""
    return {server for (server, _client, _to), accepted in ask(lab, [client], [OUTSIDE]).items() if accepted}


class Promises:
    """Holds one change after the other to the promises.

    answers: what SMTP answered last. A refusal is answered five seconds late, so nothing is asked twice.
    """

    def __init__(self, lab: Lab, clients: Collection[str] = CLIENTS) -> None:
        self.lab = lab
        self.clients = clients
        self.answers = ask(lab, clients)

    def relays(self, client: str) -> set[str]:
        """Names of the servers that relayed for a client when they were asked last."""
        return {server for (server, who, to), taken in self.answers.items() if (who, to) == (client, OUTSIDE) and taken}

    @contextlib.contextmanager
    def kept(self, gains: Collection[str] = (), loses: Collection[str] = ()) -> Iterator[None]:
        """Hold what happens inside to the promises.

        gains: clients that may be accepted where they were refused. loses: clients that may be refused where they were
        accepted. Everybody else keeps, between any two cmdlets and at the end, what they had.
        """
        before = self.answers
        mark = self.lab.journal.mark()
        yield
        watches = self.lab.journal.watches(mark)
        broken = broken_promises(watches, {key for key, taken in before.items() if taken}, set(gains), frozenset(loses))
        assert not broken, "promises broken:\n" + "\n".join(map(str, broken))
        if self.lab.journal.writes(mark):
            assert watches, "the lab watched nothing, so nothing is proved"
        self.answers = ask(self.lab, self.clients)
        for (server, client, recipient), taken in self.answers.items():
            had = before[server, client, recipient]
            assert taken or not had or client in loses, f"{server} refuses {client} what it had: {recipient}"
            assert had or not taken or client in gains, f"{server} newly accepts {client} for {recipient}"
