# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The throttling profiles."""

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._profiles import PROFILES, Profile
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, VERSIONS
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import parse_option

profiles = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


@profiles
def test_every_value_is_valid_input_and_has_a_reason(profile: Profile) -> None:
    for option, value in {**profile.values, **profile.edge_values}.items():
        assert BY_OPTION[option].throttling
        parse_option(BY_OPTION[option], value)
        assert profile.reasons[option].endswith(".")


@profiles
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("is_edge", [False, True])
def test_timeouts_go_together(profile: Profile, version: str, is_edge: bool) -> None:
    values = profile.values_for(version, is_edge)
    long, short = (
        parse_option(BY_OPTION[option], values[option])
        for option in ("connection_timeout", "connection_inactivity_timeout")
    )
    assert short < long


@profiles
def test_a_version_only_gets_what_it_has(profile: Profile) -> None:
    assert not {"max_acknowledgement_delay", "message_rate_source"} & set(profile.values_for("2007"))
    # What the profile does not ask for is as Exchange gives it to a new connector.
    assert profile.values_for("2019") == {**PROFILES["exchange_default"].values, **profile.values}


def test_high_volume_is_the_seven_values() -> None:
    assert dict(PROFILES["high_volume"].values) == {
        "tarpit_interval": "00:00:00",
        "connection_timeout": "00:30:00",
        "connection_inactivity_timeout": "00:20:00",
        "max_acknowledgement_delay": "00:00:00",
        "max_inbound_connection": "10000",
        "max_inbound_connection_percentage_per_source": 100,
        "max_inbound_connection_per_source": "unlimited",
    }


def test_guarded_limits_one_address() -> None:
    values = PROFILES["guarded"].values
    assert values["max_inbound_connection_per_source"] == "100"
    assert values["message_rate_limit"] != "unlimited"
    assert values["message_rate_source"] == "IPAddress"


def test_exchange_default_takes_the_other_profiles_back() -> None:
    named = set(PROFILES["guarded"].values) | set(PROFILES["high_volume"].values)
    assert named <= set(PROFILES["exchange_default"].values)


def test_edge_has_defaults_of_its_own() -> None:
    values = PROFILES["exchange_default"].values_for("2019", is_edge=True)
    assert values["connection_inactivity_timeout"] == "00:01:00"
