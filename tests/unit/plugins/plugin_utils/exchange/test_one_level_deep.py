# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A snap-in's objects arrive one level deep: nested values as text, lists as lists of text. They must read the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange import clixml
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    AccessEntry,
    ReceiveConnector,
    ServerFacts,
)
from exchange_lab.interface import CallContext, CmdletCall
from exchange_lab.lab import Lab
from exchange_lab.wsman.depth import one_level_deep

LAB = {
    "organization": {"name": "Lab Organization", "domain": "lab.example", "domain_controllers": ["dc1.lab.example"]},
    "accounts": {"administrator": {"password": "Lab-1", "role_groups": ["Organization Management"]}},
    "servers": {"EX1": {"version": "2019", "address": "127.0.1.1", "port": 0, "smtp_port": 0, "auth": ["ntlm"]}},
}
Pair = tuple[dict[str, clixml.Plain], dict[str, clixml.Plain]]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab.from_config(LAB, tmp_path_factory.mktemp("lab")) as lab:
        yield lab


def both(lab: Lab, cmdlet: str, **parameters: Any) -> list[Pair]:
    """Every object of a cmdlet, decoded as Exchange's own endpoint sends it and as a plain session does."""
    context = CallContext("EX1", "administrator", "test")
    outcome = lab.backend.execute(context, CmdletCall(cmdlet, parameters))
    assert outcome.output and not outcome.errors

    def decoded(item: ElementTree.Element) -> dict[str, clixml.Plain]:
        return clixml.decode_object(ElementTree.tostring(item, encoding="unicode"))

    return [(decoded(item), decoded(one_level_deep(item))) for item in outcome.output]


class TestTheSameIsRead:
    def test_receive_connectors(self, lab: Lab):
        for whole, flat in both(lab, "Get-ReceiveConnector", Server="EX1"):
            assert ReceiveConnector.from_exchange(flat) == ReceiveConnector.from_exchange(whole)

    def test_servers(self, lab: Lab):
        for whole, flat in both(lab, "Get-ExchangeServer", Identity="EX1", Status=True):
            assert ServerFacts.from_exchange(flat) == ServerFacts.from_exchange(whole)

    def test_access_lists(self, lab: Lab):
        for whole, flat in both(lab, "Get-ADPermission", Identity="Default Frontend EX1"):
            assert AccessEntry.from_exchange(flat) == AccessEntry.from_exchange(whole)

    @pytest.mark.parametrize(
        ("cmdlet", "names"),
        [
            ("Get-AcceptedDomain", ("Name", "DomainName", "DomainType", "Default")),
            ("Get-NetworkConnectionInfo", ("IPAddresses",)),
            ("Get-ServerComponentState", ("Component", "State")),
            ("Get-Command", ("Name",)),
        ],
    )
    def test_what_the_other_cmdlets_tell(self, lab: Lab, cmdlet: str, names: tuple[str, ...]):
        parameters = {"Identity": "EX1"} if cmdlet == "Get-ServerComponentState" else {}
        for whole, flat in both(lab, cmdlet, **parameters):
            assert {name: flat[name] for name in names} == {name: whole[name] for name in names}


MULTI = "Microsoft.Exchange.Data.MultiValuedProperty`1[[Microsoft.Exchange.Data.IPRange, Microsoft.Exchange.Data]]"


def value_of(xml: str) -> clixml.Plain:
    return clixml.decode_object(f'<Obj RefId="0"><Props>{xml}</Props></Obj>')["V"]


class TestValues:
    @pytest.mark.parametrize(
        ("xml", "expected"),
        [
            ('<S N="V">36 MB (37,748,736 bytes)</S>', "36 MB (37,748,736 bytes)"),
            ('<S N="V">Unlimited</S>', "Unlimited"),
            ('<S N="V">00:10:00</S>', "00:10:00"),
            ('<TS N="V">PT10M</TS>', "00:10:00"),
            ('<TS N="V">P1DT0H</TS>', "1.00:00:00"),
            ('<S N="V">Tls, Integrated</S>', "Tls, Integrated"),
            ('<S N="V"></S>', ""),
            ('<Nil N="V"/>', None),
            (f'<Obj N="V" RefId="1"><TN RefId="0"><T>{MULTI}</T></TN><LST><S>10.0.0.1</S></LST></Obj>', ["10.0.0.1"]),
            (f'<Obj N="V" RefId="1"><TN RefId="0"><T>{MULTI}</T></TN><LST/></Obj>', []),
            # Windows PowerShell 2 enumerates what is no IList.
            ('<Obj N="V" RefId="1"><IE><S>10.0.0.1</S><S>::1</S></IE></Obj>', ["10.0.0.1", "::1"]),
            ('<Obj N="V" RefId="1"><DCT><En><S N="Key">a</S><S N="Value">b</S></En></DCT></Obj>', {"a": "b"}),
        ],
    )
    def test_a_nested_value(self, xml: str, expected: clixml.Plain):
        assert value_of(xml) == expected


class TestListsAsOneText:
    """No source says how such a text would be written, so nothing is read out of it."""

    @pytest.mark.parametrize("name", ["RemoteIPRanges", "Bindings"])
    @pytest.mark.parametrize(
        "text", ["10.0.0.1", "{10.0.0.1, 10.0.0.2}", "10.0.0.1 10.0.0.2", "", None, "System.Object[]", MULTI]
    )
    def test_a_connector(self, lab: Lab, name: str, text: str | None):
        flat = both(lab, "Get-ReceiveConnector", Server="EX1")[0][1]
        with pytest.raises(UndecodableValue, match=name):
            ReceiveConnector.from_exchange({**flat, name: text})
