# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What receive_connector_info says of real connectors, given to receive_connector, changes nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import RECEIVE_CONNECTOR_SPEC
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.arguments import Rules, validate
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions.connector_report import report
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange import clixml
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    ReceiveConnector,
    ServerFacts,
    ServerState,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import plan_server
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy

ROOT = next(parent for parent in Path(__file__).resolve().parents if (parent / "galaxy.yml").is_file())
CAPTURE = (
    Path(os.environ.get("MAILRELAY_CAPTURES", ROOT.parent / "shared" / "exchange" / "captures"))
    / "GetReceiveConnectorEmptyTlsCertificateName.xml"
)


def captured() -> list[dict[str, Any]]:
    """The default connectors of a real Exchange 2019 server, decoded as a session decodes them."""
    if not CAPTURE.is_file():
        pytest.skip(f"the captures of real objects are not at {CAPTURE.parent}; MAILRELAY_CAPTURES names the folder")
    document = clixml.Document(CAPTURE.read_text(encoding="utf-8-sig"))
    return [document.properties(element) for element in document.elements()]


@pytest.mark.parametrize("rename", [False, True], ids=["as shown", "by its GUID"])
def test_real_connectors_fed_back_need_no_step(rename: bool) -> None:
    objects = captured()
    name = str(objects[0]["Server"])
    facts = ServerFacts(
        name,
        f"{name}.exlab.dom".lower(),
        str(objects[0]["DistinguishedName"]).split(",", 3)[3],
        "Version 15.2 (Build 986.5)",
        "2019",
        is_hub_transport=True,
        is_frontend_transport=True,
        is_mailbox=True,
        domain_controller=f"{name}.exlab.dom",
    )
    connectors = tuple(ReceiveConnector.from_exchange(plain, facts) for plain in objects)
    assert len(connectors) == 5
    # The capture has no access lists; a plan for properties only does not look into them.
    state = ServerState(facts, connectors, {one.distinguished_name: () for one in connectors})
    for connector in connectors:
        # Through JSON, as a saved backup would come back.
        options = json.loads(json.dumps(report(connector, state, None)["options"]))
        if rename:
            options["guid"] = connector.guid
        given, _secrets = validate(RECEIVE_CONNECTOR_SPEC, options, "receive_connector", Rules())
        plan = plan_server(parse_receive_connector(given, name), state, Policy())
        assert not plan.steps and plan.refusal is None, connector.name
