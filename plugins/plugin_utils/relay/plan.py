# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: from declared and actual state of one server to one ordered plan."""

from __future__ import annotations

from .desired import DesiredConnectors
from .model import ServerState
from .policy import Policy
from .steps import Plan, Step

__all__ = ["Plan", "Policy", "Step", "access_needed", "plan_server"]


def access_needed(desired: DesiredConnectors, state: ServerState) -> tuple[str, ...]:
    """Distinguished names of the connectors whose access lists the planner has to know.

    Those are the declared connectors that exist, and, only where the anonymous principal's name cannot come from
    them, one other connector with permission group AnonymousUsers. `state.access` may be empty here.
    """
    raise NotImplementedError


def plan_server(desired: DesiredConnectors, state: ServerState, policy: Policy) -> Plan:
    """The ordered steps that make `state` what is `desired`; none when it already is.

    Raises InputError when the declaration cannot be had on this server (a version that lacks a property, values that
    Exchange would refuse) and RelayError when the state does not tell enough to plan.
    """
    raise NotImplementedError
