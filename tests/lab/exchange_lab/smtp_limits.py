# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many connections and messages a connector takes at once: counted per server, as Exchange does.

Source: throttling.md part 1. All methods are called from one event loop only.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

from exchange_lab.interface import ConnectorView, Reply
from exchange_lab.smtp_texts import RATE_EXCEEDED, TOO_MANY_FROM_SOURCE, too_many_connections

MINUTE = 60.0


class ConnectionCounter:
    """The open connections of one server, by connector and by source."""

    def __init__(self) -> None:
        self._total: Counter[str] = Counter()
        self._by_source: Counter[tuple[str, str]] = Counter()

    def admit(self, view: ConnectorView, client: str) -> Reply | None:
        """Count a new connection, or return why it is refused (then it does not count)."""
        total, own = self._total[view.identity], self._by_source[view.identity, client]
        if view.max_inbound_connection is not None and total >= view.max_inbound_connection:
            return too_many_connections(view)
        limits = [view.max_inbound_connection_per_source, _share(view, total - own)]
        if any(limit is not None and own >= limit for limit in limits):
            return TOO_MANY_FROM_SOURCE
        self._total[view.identity] += 1
        self._by_source[view.identity, client] += 1
        return None

    def leave(self, view: ConnectorView, client: str) -> None:
        """Forget a connection that was admitted."""
        self._total[view.identity] -= 1
        self._by_source[view.identity, client] -= 1


def _share(view: ConnectorView, others: int) -> int | None:
    """Connections one source may hold: the percentage of those that others leave free.

    That the source's own connections count as free, and that the share is at least one, is unverified.
    """
    if view.max_inbound_connection is None:
        return None
    free = view.max_inbound_connection - others
    return max(1, free * view.max_inbound_connection_percentage_per_source // 100)


class RateCounter:
    """Messages of the last minute by connector and by source or user (MessageRateLimit, MessageRateSource).

    A message counts at its MAIL FROM (unverified). clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def admit(self, view: ConnectorView, client: str, user: str | None) -> Reply | None:
        """Count one message, or return why it is refused (then it does not count)."""
        if view.message_rate_limit is None:
            return None
        now = self._clock()
        counted = [self._recent(view.identity, key, now) for key in _keys(view, client, user)]
        if any(len(times) >= view.message_rate_limit for times in counted):
            return RATE_EXCEEDED
        for times in counted:
            times.append(now)
        return None

    def _recent(self, identity: str, key: str, now: float) -> deque[float]:
        times = self._seen.setdefault((identity, key), deque())
        while times and times[0] <= now - MINUTE:
            times.popleft()
        return times


def _keys(view: ConnectorView, client: str, user: str | None) -> list[str]:
    """What messages are counted by; a session without logon has no user to count (unverified)."""
    sources = {source.lower() for source in view.message_rate_source}
    everything = "all" in sources
    keys = [f"address {client}"] if everything or "ipaddress" in sources else []
    if user is not None and (everything or "user" in sources):
        keys.append(f"user {user.lower()}")
    return keys
