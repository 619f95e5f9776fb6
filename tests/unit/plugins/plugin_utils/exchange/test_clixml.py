# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange import clixml
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import UndecodableValue

ROOT = Path(__file__).resolve().parents[5]
CAPTURES = Path(os.environ.get("MAILRELAY_CAPTURES", ROOT.parent / "shared" / "exchange" / "captures"))

MULTI = "Microsoft.Exchange.Data.MultiValuedProperty`1[[Microsoft.Exchange.Data.IPRange, Microsoft.Exchange.Data]]"


def obj(inner: str, ref: int = 0) -> str:
    return f'<Obj RefId="{ref}">{inner}</Obj>'


def value_of(xml: str) -> object:
    """The one property V of an object."""
    return clixml.decode_object(obj(f"<Props>{xml}</Props>"))["V"]


def capture(name: str) -> list[dict[str, clixml.Plain]]:
    path = CAPTURES / name
    if not path.is_file():
        pytest.skip(f"the captures of real objects are not at {CAPTURES}")
    document = clixml.Document(path.read_text(encoding="utf-8-sig"))
    return [document.properties(element) for element in document.elements()]


class TestRealObjects:
    def test_no_list_of_the_default_connectors_is_lost(self):
        connectors = capture("GetReceiveConnectorEmptyTlsCertificateName.xml")
        assert [connector["Name"] for connector in connectors] == [
            "Default WIN-CTD3L0RGEN4",
            "Client Proxy WIN-CTD3L0RGEN4",
            "Default Frontend WIN-CTD3L0RGEN4",
            "Outbound Proxy Frontend WIN-CTD3L0RGEN4",
            "Client Frontend WIN-CTD3L0RGEN4",
        ]
        ports = [2525, 465, 25, 717, 587]
        for connector, port in zip(connectors, ports, strict=True):
            assert sorted(connector["Bindings"]) == [f"0.0.0.0:{port}", f"[::]:{port}"]
            assert sorted(connector["RemoteIPRanges"]) == [
                "0.0.0.0-255.255.255.255",
                "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            ]
            assert isinstance(connector["TlsDomainCapabilities"], list)
        assert connectors[2]["TlsDomainCapabilities"] == ["fabrikam.com:AcceptCloudServicesMail"]

    def test_values_look_as_an_administrator_knows_them(self):
        default = capture("GetReceiveConnectorEmptyTlsCertificateName.xml")[0]
        assert default["AuthMechanism"] == "Tls, Integrated, BasicAuth, BasicAuthRequireTLS, ExchangeServer"
        assert default["ConnectionTimeout"] == "00:10:00"
        assert default["MessageRateLimit"] == "Unlimited"
        assert default["MaxInboundConnection"] == "5000"
        assert default["MaxMessageSize"] == "36 MB (37,748,736 bytes)"
        assert default["MaxHopCount"] == 60
        assert default["Enabled"] is True
        assert default["Banner"] == ""
        assert default["DefaultDomain"] is None
        assert default["Fqdn"] == "WIN-CTD3L0RGEN4.exlab.dom"
        assert default["Identity"] == "WIN-CTD3L0RGEN4\\Default WIN-CTD3L0RGEN4"
        assert default["Guid"] == "75d6aeb5-cd4a-4c58-ab2c-76304ea198ab"

    def test_no_payload_of_dotnet_gets_through(self):
        for name in ("GetReceiveConnectorEmptyTlsCertificateName.xml", "GetExchangeServer_two-E16-servers.xml"):
            assert "AAEAAAD" not in str(capture(name))

    def test_server_objects_decode(self):
        servers = capture("GetExchangeServer_two-E16-servers.xml")
        assert [server["Name"] for server in servers] == ["E2k16-1", "E2k16-2"]
        assert servers[0]["AdminDisplayVersion"] == "Version 15.1 (Build 2507.18)"
        assert servers[0]["CurrentDomainControllers"] == []


class TestPrimitives:
    @pytest.mark.parametrize(
        ("xml", "expected"),
        [
            ('<Nil N="V"/>', None),
            ('<S N="V"/>', ""),
            ('<S N="V">a_x000A_b</S>', "a\nb"),
            ('<S N="V">_x005F_x000A_</S>', "_x000A_"),
            ('<S N="V">_xD83D__xDE00_</S>', "\U0001f600"),
            ('<B N="V">true</B>', True),
            ('<B N="V">False</B>', False),
            ('<I32 N="V">-5</I32>', -5),
            ('<U64 N="V">18446744073709551615</U64>', 18446744073709551615),
            ('<By N="V">7</By>', 7),
            ('<C N="V">65</C>', "A"),
            ('<Db N="V">0.5</Db>', 0.5),
            ('<Db N="V">INF</Db>', "INF"),
            ('<D N="V">1.10</D>', "1.10"),
            ('<DT N="V">2021-08-21T10:43:54+02:00</DT>', "2021-08-21T10:43:54+02:00"),
            ('<G N="V">75d6aeb5-cd4a-4c58-ab2c-76304ea198ab</G>', "75d6aeb5-cd4a-4c58-ab2c-76304ea198ab"),
            ('<TS N="V">PT10M</TS>', "00:10:00"),
            ('<TS N="V">PT0S</TS>', "00:00:00"),
            ('<TS N="V">P1DT30M</TS>', "1.00:30:00"),
            ('<TS N="V">-PT1.5S</TS>', "-00:00:01.5000000"),
            ('<TS N="V">PT90M</TS>', "01:30:00"),
            ('<Version N="V">15.2.986.5</Version>', "15.2.986.5"),
            ('<URI N="V">http://x/</URI>', "http://x/"),
            ('<BA N="V">AAEC</BA>', "AAEC"),
        ],
    )
    def test_value(self, xml: str, expected: object):
        assert value_of(xml) == expected

    @pytest.mark.parametrize(
        "xml",
        [
            '<B N="V">yes</B>',
            '<I32 N="V">five</I32>',
            '<I32 N="V"/>',
            '<TS N="V">10:00</TS>',
            '<TS N="V">P</TS>',
            '<SS N="V">secret</SS>',
            '<Widget N="V">1</Widget>',
        ],
    )
    def test_what_is_not_known_is_an_error_and_never_empty(self, xml: str):
        with pytest.raises(UndecodableValue):
            value_of(xml)

    @given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))))
    def test_any_text_survives(self, text: str):
        written = escape(text.replace("_x", "_x005F_x").replace("_X", "_x005F_X"))
        assert value_of(f'<S N="V">{written}</S>') == text


class TestObjects:
    def test_a_list_stays_a_list(self):
        item = '<Obj RefId="{}"><TN RefId="{}"><T>IPRange</T></TN><ToString>{}</ToString><Props/></Obj>'
        xml = (
            f'<Obj N="V" RefId="1"><TN RefId="0"><T>{MULTI}</T></TN><LST>'
            + item.format(2, 1, "10.0.0.1")
            + item.format(3, 2, "10.0.0.2")
            + "</LST></Obj>"
        )
        assert value_of(xml) == ["10.0.0.1", "10.0.0.2"]

    def test_an_empty_list_is_an_empty_list(self):
        assert value_of(f'<Obj N="V" RefId="1"><TN RefId="0"><T>{MULTI}</T></TN><LST/></Obj>') == []

    @pytest.mark.parametrize("name", [MULTI, "System.Object[]", "System.Collections.ArrayList", "System.Array"])
    def test_a_list_without_its_entries_is_an_error(self, name: str):
        with pytest.raises(UndecodableValue, match="without its entries"):
            value_of(f'<Obj N="V" RefId="1"><TN RefId="0"><T>{name}</T></TN><ToString>None</ToString></Obj>')

    @pytest.mark.parametrize("tag", ["LST", "IE", "QUE", "STK"])
    def test_every_kind_of_list(self, tag: str):
        assert value_of(f'<Obj N="V" RefId="1"><{tag}><S>a</S><Nil/></{tag}></Obj>') == ["a", None]

    def test_a_dictionary(self):
        xml = '<Obj N="V" RefId="1"><DCT><En><S N="Key">a</S><I32 N="Value">1</I32></En></DCT></Obj>'
        assert value_of(xml) == {"a": 1}

    def test_a_dictionary_with_half_an_entry_is_an_error(self):
        with pytest.raises(UndecodableValue, match="key and a value"):
            value_of('<Obj N="V" RefId="1"><DCT><En><S N="Key">a</S></En></DCT></Obj>')

    def test_an_enumeration_is_its_name(self):
        names = '<TN RefId="0"><T>AuthMechanisms</T><T>System.Enum</T></TN>'
        xml = f'<Obj N="V" RefId="1">{names}<ToString>Tls</ToString><I32>1</I32></Obj>'
        assert value_of(xml) == "Tls"

    def test_an_enumeration_without_name_is_an_error(self):
        with pytest.raises(UndecodableValue, match="without its name"):
            value_of('<Obj N="V" RefId="1"><TN RefId="0"><T>X</T><T>System.Enum</T></TN><I32>1</I32></Obj>')

    def test_a_decorated_value_is_the_value(self):
        xml = '<Obj N="V" RefId="1"><TN RefId="0"><T>System.Int32</T></TN><ToString>5</ToString><I32>5</I32></Obj>'
        assert value_of(xml) == 5

    def test_a_nested_object_without_text_is_its_properties(self):
        assert value_of('<Obj N="V" RefId="1"><MS><S N="a">b</S></MS></Obj>') == {"a": "b"}

    def test_extended_members_hide_adapted_ones_and_payloads_are_dropped(self):
        xml = obj('<Props><S N="a">1</S></Props><MS><S N="a">2</S><BA N="SerializationData">AAEAAAD</BA></MS>')
        assert clixml.decode_object(xml) == {"a": "2"}

    def test_a_bare_value_becomes_an_object(self):
        assert clixml.decode_object("<S>hello</S>") == {"value": "hello"}

    def test_namespaces_make_no_difference(self):
        xml = '<Obj xmlns="http://schemas.microsoft.com/powershell/2004/04" RefId="0"><MS><B N="V">true</B></MS></Obj>'
        assert clixml.decode_object(xml) == {"V": True}


class TestReferences:
    def test_into_a_list_and_backwards(self):
        """pypsrp ends in KeyError here, which is why this file exists."""
        xml = obj(
            '<Props><Obj N="first" RefId="1"><TN RefId="0"><T>System.Object[]</T></TN><LST>'
            '<Obj RefId="2"><TN RefId="1"><T>IPRange</T></TN><ToString>10.0.0.1</ToString></Obj></LST></Obj>'
            '<Obj N="second" RefId="3"><TNRef RefId="0"/><LST><Ref RefId="2"/></LST></Obj>'
            '<Obj N="third" RefId="4"><TNRef RefId="1"/><ToString>10.0.0.3</ToString></Obj>'
            '<Ref N="fourth" RefId="1"/></Props>'
        )
        assert clixml.decode_object(xml) == {
            "first": ["10.0.0.1"],
            "second": ["10.0.0.1"],
            "third": "10.0.0.3",
            "fourth": ["10.0.0.1"],
        }

    def test_forwards(self):
        xml = obj('<Props><Ref N="a" RefId="1"/><Obj N="b" RefId="1"><ToString>x</ToString></Obj></Props>')
        assert clixml.decode_object(xml) == {"a": "x", "b": "x"}

    @pytest.mark.parametrize("xml", ['<Ref N="V" RefId="9"/>', '<Obj N="V" RefId="1"><TNRef RefId="9"/><LST/></Obj>'])
    def test_to_nothing_is_an_error(self, xml: str):
        with pytest.raises(UndecodableValue, match="not in the message"):
            value_of(xml)

    def test_a_circle_is_an_error(self):
        with pytest.raises(UndecodableValue, match="contains itself"):
            value_of('<Obj N="V" RefId="1"><MS><Ref N="me" RefId="1"/></MS></Obj>')

    def test_a_reference_defined_twice_is_an_error(self):
        with pytest.raises(UndecodableValue, match="twice"):
            clixml.decode_object(obj('<Props><Obj N="a" RefId="0"/></Props>'))


class TestHostileText:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "not xml",
            "<Obj",
            '<!DOCTYPE Obj [<!ENTITY a "b">]><Obj RefId="0"><MS><S N="V">&a;</S></MS></Obj>',
            '<Obj RefId="0"><MS><S N="V"><![CDATA[x]]></S></MS></Obj>',
        ],
    )
    def test_is_refused(self, text: str):
        with pytest.raises(UndecodableValue):
            clixml.decode_object(text)


ERROR = """<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T></TN>
<ToString>The operation could not be performed</ToString><MS>
<Obj N="Exception" RefId="1"><TN RefId="1">
<T>Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException</T><T>System.Exception</T></TN>
<ToString>long text</ToString><Props><S N="Message">Objekt nicht gefunden</S></Props></Obj>
<Nil N="TargetObject"/>
<S N="FullyQualifiedErrorId">[Server=EX1,RequestId=1] [FailureCategory=Cmdlet-X] 6A2B,GetReceiveConnector</S>
<Nil N="InvocationInfo"/><I32 N="ErrorCategory_Category">{category}</I32>
<S N="ErrorCategory_Reason">ManagementObjectNotFoundException</S>
<S N="ErrorCategory_TargetName">Relay</S><B N="SerializeExtendedInfo">false</B></MS></Obj>"""


class TestRecords:
    def test_error(self):
        record = clixml.decode_error(ERROR.format(category=13))
        assert record.message == "Objekt nicht gefunden"
        assert record.error_id.endswith("6A2B,GetReceiveConnector")
        assert record.category == "ObjectNotFound"
        assert record.target == "Relay"
        assert record.exception == "ManagementObjectNotFoundException"

    def test_error_of_an_unknown_category(self):
        assert clixml.decode_error(ERROR.format(category=99)).category == "NotSpecified"

    def test_bare_error(self):
        record = clixml.decode_error('<Obj RefId="0"><ToString>broken</ToString></Obj>')
        assert (record.message, record.error_id, record.category) == ("broken", "", "NotSpecified")

    def test_warning(self):
        xml = obj('<MS><S N="InformationalRecord_Message">Achtung_x000A_</S></MS>')
        assert clixml.decode_warning(xml) == "Achtung"

    def test_warning_without_the_usual_member(self):
        assert clixml.decode_warning(obj("<ToString>beware</ToString>")) == "beware"

    def test_state(self):
        assert clixml.decode_state(obj('<MS><I32 N="PipelineState">4</I32></MS>'), "PipelineState") == (4, None)

    def test_failed_state_carries_its_error(self):
        inner = ERROR.format(category=13).replace('<Obj RefId="0">', '<Obj N="ExceptionAsErrorRecord" RefId="7">', 1)
        xml = f'<Obj RefId="9"><MS><I32 N="PipelineState">5</I32>{inner}</MS></Obj>'
        state, record = clixml.decode_state(xml, "PipelineState")
        assert state == 5
        assert record is not None
        assert record.category == "ObjectNotFound"

    def test_state_without_a_state(self):
        with pytest.raises(UndecodableValue):
            clixml.decode_state(obj("<MS/>"), "PipelineState")
