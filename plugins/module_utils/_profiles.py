# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Named sets of throttling values. PRIVATE to the collection.

A profile holds values as a user would write them. What another profile names and it does not gets Exchange's default,
so that no profile leaves anything of the one before it behind. A value whose property the target version does not have
is left out; the gates are those of the table of properties.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

from ._properties import BY_OPTION


@dataclass(frozen=True)
class Profile:
    """One profile.

    Attributes:
        name: the word users write.
        values: option name -> value, as valid input of that option, where it is this profile that asks for it.
        summary: one sentence on what it is for.
        reasons: option name -> why this value; for the documentation.
        edge_values: what an Edge Transport server gets instead.
        base: the profile that tells the values this one does not name.
    """

    name: str
    values: Mapping[str, object]
    summary: str
    reasons: Mapping[str, str]
    edge_values: Mapping[str, object] = field(default_factory=dict)
    base: Profile | None = None

    def values_for(self, version: str, is_edge: bool = False) -> dict[str, object]:
        """The values that a server of this version has properties for."""
        wanted = {**self.values, **self.edge_values} if is_edge else self.values
        below = self.base.values_for(version, is_edge) if self.base is not None else {}
        own = {option: value for option, value in wanted.items() if BY_OPTION[option].available(version, is_edge)}
        return {**below, **own}


EXCHANGE_DEFAULT = Profile(
    "exchange_default",
    {
        "connection_timeout": "00:10:00",
        "connection_inactivity_timeout": "00:05:00",
        "tarpit_interval": "00:00:05",
        "max_acknowledgement_delay": "00:00:30",
        "max_inbound_connection": "5000",
        "max_inbound_connection_per_source": "20",
        "max_inbound_connection_percentage_per_source": 2,
        "message_rate_limit": "unlimited",
        "message_rate_source": "IPAddress",
    },
    "What Exchange gives a new custom connector on a Mailbox server; going back to it undoes the other profiles.",
    {
        "connection_timeout": "Exchange's default.",
        "connection_inactivity_timeout": "Exchange's default.",
        "tarpit_interval": "Exchange's default: error answers to anonymous clients wait five seconds.",
        "max_acknowledgement_delay": "Exchange's default; only Exchange 2010 acts on it.",
        "max_inbound_connection": "Exchange's default.",
        "max_inbound_connection_per_source": "Exchange's default; the first limit that a busy relay host meets.",
        "max_inbound_connection_percentage_per_source": "Exchange's default: 2 % of what is free, 100 at most.",
        "message_rate_limit": "Exchange's default: no limit.",
        "message_rate_source": "Exchange's default.",
    },
    edge_values={
        "connection_timeout": "00:05:00",
        "connection_inactivity_timeout": "00:01:00",
        "message_rate_limit": "600",
    },
)

GUARDED = Profile(
    "guarded",
    {
        "connection_timeout": "00:10:00",
        "connection_inactivity_timeout": "00:05:00",
        "tarpit_interval": "00:00:05",
        "max_acknowledgement_delay": "00:00:30",
        "max_inbound_connection": "5000",
        "max_inbound_connection_per_source": "100",
        "max_inbound_connection_percentage_per_source": 10,
        "message_rate_limit": "600",
        "message_rate_source": "IPAddress",
    },
    "For shared relays: room for busy application servers, and a ceiling for a device that runs wild.",
    {
        "connection_timeout": "Exchange's default; a relay client has no reason to stay longer.",
        "connection_inactivity_timeout": "Exchange's default.",
        "tarpit_interval": "Exchange's default: a listed host that guesses recipients is slowed down.",
        "max_acknowledgement_delay": "Exchange's default; only Exchange 2010 acts on it.",
        "max_inbound_connection": "Exchange's default for the whole connector.",
        "max_inbound_connection_per_source": (
            "Five times the default. Application servers with a pool of senders hold some dozens of connections; "
            "100 ends the refusals by a per-source limit that they see at 20, and 50 such hosts still fit into 5000."
        ),
        "max_inbound_connection_percentage_per_source": (
            "The lower of this share and the limit a source wins. 10 % of the connections still free is 500 on an "
            "idle connector and reaches 100 only when 4000 of 5000 are taken: until then the plain number counts, "
            "and afterwards one source cannot take what is left."
        ),
        "message_rate_limit": (
            "600 messages a minute and address, the figure Exchange itself gives the default connector of an Edge "
            "server. Ten a second is far above what a device or an application sends in earnest, and caps a "
            "compromised host at 36,000 messages an hour. Exchange answers with a temporary error, so an honest "
            "sender only has to try again."
        ),
        "message_rate_source": "Anonymous clients have no user: only their address can be counted.",
    },
    base=EXCHANGE_DEFAULT,
)

HIGH_VOLUME = Profile(
    "high_volume",
    {
        "tarpit_interval": "00:00:00",
        "connection_timeout": "00:30:00",
        "connection_inactivity_timeout": "00:20:00",
        "max_acknowledgement_delay": "00:00:00",
        "max_inbound_connection": "10000",
        "max_inbound_connection_percentage_per_source": 100,
        "max_inbound_connection_per_source": "unlimited",
    },
    "The seven values for few, trusted and very busy hosts whose mail was refused now and then. They may take "
    "every connection there is.",
    {
        "tarpit_interval": "No delay of error answers.",
        "connection_timeout": "Long batches over one connection.",
        "connection_inactivity_timeout": "Senders that keep connections open between batches.",
        "max_acknowledgement_delay": "No delayed acknowledgement on Exchange 2010; without effect on later versions.",
        "max_inbound_connection": "Twice the default for the whole connector.",
        "max_inbound_connection_percentage_per_source": "One source may take all connections that are free.",
        "max_inbound_connection_per_source": "No number stops one source.",
    },
    base=EXCHANGE_DEFAULT,
)

PROFILES: dict[str, Profile] = {row.name: row for row in (EXCHANGE_DEFAULT, GUARDED, HIGH_VOLUME)}
"""Profiles by the word users write. None is applied unless somebody asks for it."""
