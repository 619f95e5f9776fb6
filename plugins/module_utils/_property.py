# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a row of the table of properties is. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass

VERSIONS = ("2007", "2010", "2013", "2016", "2019", "SE")
"""Versions of Exchange Server, oldest first. Gates compare positions in this tuple.

2007 is 2007 with Service Pack 1 or later: the first release lacks parameters that SP1 brought (EnableAuthGSSAPI,
LongAddressesEnabled, OrarEnabled), and PowerShell reaches it over a network only since SP2 anyway.
"""

KINDS = (
    "string",
    "fqdn",
    "banner",
    "bool",
    "int",
    "unlimited",
    "timespan",
    "size",
    "enum",
    "flags",
    "ip_ranges",
    "bindings",
    "accepted_domain",
    "certificate",
    "tls_capabilities",
)

LIST_KINDS = ("flags", "ip_ranges", "bindings", "tls_capabilities")
"""Kinds whose option is a text, a list, or a mapping of add, remove and set."""


@dataclass(frozen=True)
class WordGate:
    """A word of a property that not every server with the property knows.

    Attributes:
        word: one of the property's choices.
        since: first version that knows it.
        on_edge: an Edge Transport server knows it.
    """

    word: str
    since: str = "2007"
    on_edge: bool = True


@dataclass(frozen=True)
class Property:
    """One property of a receive connector.

    Attributes:
        option: name of the option, Exchange's name in snake_case.
        exchange: name of the property and of the cmdlet parameter.
        kind: one of KINDS.
        choices: words that a property of words knows, in Exchange's spelling and order.
        whole: the one word that stands for all choices of a flags property together, "" when there is none.
        word_gates: the choices that some servers do not know.
        minimum: smallest value; seconds for timespan, bytes for size, characters for string.
        maximum: largest value, same unit.
        since: first version that has the parameter.
        until: last version that has it, None when it is still there.
        on_new: New-ReceiveConnector takes it.
        on_set: Set-ReceiveConnector takes it.
        returned: Get-ReceiveConnector shows it; one that it does not show is used at creation and never compared.
        throttling: part of what profiles and receive_connector_throttling manage.
        mutable_list: the option takes add, remove and set.
        on_edge: an Edge Transport server has it.
        description: sentences for the option's documentation, in Ansible's markup.
    """

    option: str
    exchange: str
    kind: str
    choices: tuple[str, ...] = ()
    whole: str = ""
    word_gates: tuple[WordGate, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    since: str = "2007"
    until: str | None = None
    on_new: bool = True
    on_set: bool = True
    returned: bool = True
    throttling: bool = False
    mutable_list: bool = False
    on_edge: bool = True
    description: tuple[str, ...] = ()

    def available(self, version: str, is_edge: bool = False) -> bool:
        """Whether a server of this version (one of VERSIONS) has the property."""
        position = VERSIONS.index(version)
        if position < VERSIONS.index(self.since):
            return False
        if self.until is not None and position > VERSIONS.index(self.until):
            return False
        return self.on_edge or not is_edge

    def knows_word(self, word: str, version: str, is_edge: bool = False) -> bool:
        """Whether a server of this version, one that has the property, knows this word of it."""
        for gate in self.word_gates:
            if gate.word == word:
                return VERSIONS.index(version) >= VERSIONS.index(gate.since) and (gate.on_edge or not is_edge)
        return True
