# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Argument specs: what ansible-core makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.mailrelay.exchange.plugins.module_utils import _argument_spec
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import PROPERTIES, THROTTLING

SPECS = {name: value for name, value in vars(_argument_spec).items() if name.endswith("_SPEC")}


def validate(spec: dict[str, Any], **options: Any) -> dict[str, Any]:
    outcome = ArgumentSpecValidator(spec).validate(options)
    assert not outcome.error_messages, outcome.error_messages
    return dict(outcome.validated_parameters)


def refuse(spec: dict[str, Any], **options: Any) -> str:
    messages = ArgumentSpecValidator(spec).validate(options).error_messages
    assert messages
    return str(messages[0])


PARTS = ("SAFETY_SPEC", "CONNECTOR_SAFETY_SPEC", "SERVICE_SPEC", "GRANT_SPEC")
"""Specs of values inside an option."""


@pytest.mark.parametrize("name", [name for name in SPECS if name not in PARTS])
def test_every_module_takes_the_common_options(name: str) -> None:
    assert SPECS[name].keys() >= {"server", "domain_controller"}


@pytest.mark.parametrize(
    "name",
    ["RELAY_SPEC", "RECEIVE_CONNECTOR_SPEC", "RECEIVE_CONNECTOR_PERMISSION_SPEC", "RECEIVE_CONNECTOR_THROTTLING_SPEC"],
)
def test_every_writer_can_accept_findings(name: str) -> None:
    assert SPECS[name]["accept_findings"] == {"type": "dict"}


def test_receive_connector_takes_every_property() -> None:
    spec = SPECS["RECEIVE_CONNECTOR_SPEC"]
    assert {row.option for row in PROPERTIES} <= set(spec)
    assert spec["name"]["required"] is True
    # Omitted means not managed, so nothing but the state may have a default.
    assert [name for name, row in spec.items() if "default" in row] == ["state"]


def test_throttling_takes_its_properties_and_no_other() -> None:
    properties = {row.option for row in PROPERTIES} & set(SPECS["RECEIVE_CONNECTOR_THROTTLING_SPEC"])
    assert properties == {row.option for row in THROTTLING}


@pytest.mark.parametrize("value", ["10.0.0.1, 10.0.0.2", ["10.0.0.1"], {"add": ["10.0.0.1"]}, []])
def test_list_options_take_every_form(value: object) -> None:
    assert validate(SPECS["RECEIVE_CONNECTOR_SPEC"], name="R", remote_ip_ranges=value)["remote_ip_ranges"] == value


def test_numbers_reach_unlimited_options_as_text() -> None:
    found = validate(SPECS["RECEIVE_CONNECTOR_THROTTLING_SPEC"], connector="R", max_inbound_connection=5000)
    assert found["max_inbound_connection"] == "5000"


def test_null_stays_not_managed() -> None:
    assert validate(SPECS["RECEIVE_CONNECTOR_SPEC"], name="R", comment=None)["comment"] is None


def test_wrong_options_are_refused() -> None:
    assert "profile" in refuse(SPECS["RECEIVE_CONNECTOR_THROTTLING_SPEC"], connector="R", profile="fast")
    assert "services" in refuse(SPECS["RELAY_SPEC"])
    assert "method" in refuse(SPECS["SERVICE_SPEC"], method="open")
    grant = {"principal": "anonymous"}
    assert "rights" in refuse(SPECS["RECEIVE_CONNECTOR_PERMISSION_SPEC"], connector="R", grants=[grant])


def test_a_grant_allows_unless_told() -> None:
    grant = {"principal": "anonymous", "rights": ["ms-Exch-SMTP-Submit"]}
    found = validate(SPECS["RECEIVE_CONNECTOR_PERMISSION_SPEC"], connector="R", grants=[grant])
    assert found["grants"] == [{**grant, "deny": False, "state": "present"}]
    assert found["exclusive"] is False


def test_server_info_gathers_everything_by_default() -> None:
    assert validate(SPECS["EXCHANGE_SERVER_INFO_SPEC"])["gather"] == list(_argument_spec.GATHER)
