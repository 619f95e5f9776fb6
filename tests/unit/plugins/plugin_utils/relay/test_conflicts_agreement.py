# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Conflicts told before Exchange sees them: nothing that the lab refuses is planned without a word, and nothing is
refused that the lab takes, whatever Exchange does about disabled connectors and about 0.0.0.0 beside an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import Exchange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ServerState
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import plan_server
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from exchange_lab.backend import ExchangeBackend
from exchange_lab.config import parse
from exchange_lab.organization.model import Organization

from .generated_connectors import FRONT_END, HUB, lab_content
from .lab_session import LabSession, NoJournal

SERVER = "EX19"
CONFLICTS = {"range_conflict", "role_conflict"}
SINGLES = [f"10.0.0.{last}" for last in range(6)]
PAIRS = [f"10.0.0.{low}-10.0.0.{high}" for low in range(6) for high in range(low + 1, 6)]


@dataclass(frozen=True)
class Wanted:
    """One connector that somebody wants."""

    ranges: tuple[str, ...]
    bindings: tuple[str, ...]
    role: str
    enabled: bool

    def parameters(self, name: str) -> dict[str, Any]:
        return {
            "Name": name,
            "Usage": "Custom",
            "Server": SERVER,
            "RemoteIPRanges": list(self.ranges),
            "Bindings": list(self.bindings),
            "TransportRole": self.role,
            "Enabled": self.enabled,
        }

    def options(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "remote_ip_ranges": list(self.ranges),
            "bindings": list(self.bindings),
            "transport_role": self.role,
            "enabled": self.enabled,
        }


WANTED = st.builds(
    Wanted,
    st.lists(st.sampled_from([*SINGLES, *PAIRS, "10.0.0.0/29", "fd00::1"]), min_size=1, max_size=3, unique=True).map(
        tuple
    ),
    st.sampled_from(
        (
            ("0.0.0.0:26",),
            ("0.0.0.0:26",),
            ("10.99.0.1:26",),
            ("0.0.0.0:26", "10.99.0.1:27"),
            ("[::]:26",),
            ("0.0.0.0:25",),
        )
    ),
    st.sampled_from((FRONT_END, FRONT_END, FRONT_END, HUB)),
    st.sampled_from((True, True, True, False)),
)


@settings(max_examples=100, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.lists(WANTED, min_size=1, max_size=3), WANTED, st.booleans(), st.booleans())
def test_what_exchange_refuses_is_told_before(
    there: list[Wanted], wanted: Wanted, disabled_count: bool, overlaps_count: bool
) -> None:
    switches = {"disabled_connector_conflicts": disabled_count, "cross_role_bindings_overlap": overlaps_count}
    organization = Organization(parse({**lab_content(SERVER), "switches": switches}))
    session = LabSession(ExchangeBackend(organization, NoJournal()), SERVER)
    for at, one in enumerate(there):
        session.call("New-ReceiveConnector", **one.parameters(f"There {at}"))
    exchange = Exchange(session)
    state = ServerState(exchange.read_server(SERVER), exchange.read_connectors(SERVER))
    plan = plan_server(parse_receive_connector(wanted.options("Wanted"), SERVER), state, Policy())
    told = [one for one in plan.findings if one.id in CONFLICTS]
    errors = session.call("New-ReceiveConnector", **wanted.parameters("Wanted"))
    refused = any("conflict with the settings on Receive connector" in error for error in errors)
    assert refused or not errors, errors
    if refused:
        assert told, "Exchange refuses what nobody was told of"
    if any(one.refuses for one in told):
        # The lab may be told to take 0.0.0.0 beside an address of the other service; that is refused all the same.
        assert refused or (not overlaps_count and {one.id for one in told} == {"role_conflict"})
    elif wanted.enabled and not disabled_count:
        assert not refused, "only a disabled connector was in the way, which does not count here"
