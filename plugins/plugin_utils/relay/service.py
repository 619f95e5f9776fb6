# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: services and the options of the single modules, read into desired connectors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from .desired import DesiredConnectors


def parse_services(
    services: object,
    source_groups: object,
    protected: object,
    safety: object,
    server_name: str,
    today: date,
) -> DesiredConnectors:
    """What relay_services, relay_source_groups, relay_protected_addresses and relay_safety declare for one server.

    The last three may be None. Raises InputError, one sentence, for everything that is not valid.
    """
    raise NotImplementedError


def parse_receive_connector(options: Mapping[str, object], server_name: str) -> DesiredConnectors:
    """The options of module receive_connector: one connector, values only; rights are left as they are."""
    raise NotImplementedError


def parse_receive_connector_permission(options: Mapping[str, object], server_name: str) -> DesiredConnectors:
    """The options of module receive_connector_permission: one existing connector, grants only."""
    raise NotImplementedError


def parse_receive_connector_throttling(options: Mapping[str, object], server_name: str) -> DesiredConnectors:
    """The options of module receive_connector_throttling: one existing connector, throttle properties only."""
    raise NotImplementedError
