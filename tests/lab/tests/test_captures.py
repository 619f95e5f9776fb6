# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's objects against real ones: type names, property names, their order and their rendering.

The captures are not part of the project; without them these tests are skipped.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree.ElementTree import Element, parse

import pytest

from .conftest import MakeShell, Shell

NAMESPACE = "{http://schemas.microsoft.com/powershell/2004/04}"
ROOT = Path(__file__).resolve().parents[3]
CAPTURES = Path(os.environ.get("MAILRELAY_CAPTURES", ROOT.parent / "shared" / "exchange" / "captures"))
CLIENT_SIDE = {"PSComputerName", "RunspaceId", "PSShowComputerName"}

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"the captures of real objects are not at {CAPTURES}")


class Types:
    """The type names of a file or message, its references resolved."""

    def __init__(self, root: Element) -> None:
        self._known = {
            table.get("RefId"): tuple(name.text for name in table) for table in root.iter() if table.tag.endswith("TN")
        }
        self._objects = {item.get("RefId"): item for item in root.iter() if item.tag.removeprefix(NAMESPACE) == "Obj"}

    def resolve(self, element: Element) -> Element:
        """What a reference points to; a file refers across its objects, a message only within itself."""
        return self._objects[element.get("RefId")] if element.tag.endswith("Ref") else element

    def of(self, element: Element) -> tuple[str | None, ...]:
        table = child(element, "TN")
        if table is not None:
            return tuple(name.text for name in table)
        reference = child(element, "TNRef")
        return () if reference is None else self._known[reference.get("RefId")]


def child(element: Element, tag: str) -> Element | None:
    return next((item for item in element if item.tag.removeprefix(NAMESPACE) == tag), None)


def shape(element: Element, types: Types) -> object:
    """What an element is made of, without its values: tag, types, properties, list items' shapes, members."""
    element = types.resolve(element)
    tag = element.tag.removeprefix(NAMESPACE)
    if tag != "Obj":
        return tag
    result: dict[str, object] = {"types": types.of(element)}
    result["parts"] = [
        item.tag.removeprefix(NAMESPACE) for item in element if item.tag.removeprefix(NAMESPACE)[:2] != "TN"
    ]
    for part in ("Props", "MS"):
        if (found := child(element, part)) is not None:
            result[part] = {
                str(item.get("N")): shape(item, types) for item in found if item.get("N") not in CLIENT_SIDE
            }
    if (items := child(element, "LST")) is not None:
        result["items"] = sorted({repr(shape(item, types)) for item in items})
    return result


def read(name: str) -> list[Element]:
    return list(parse(CAPTURES / name).getroot())  # noqa: S314 - a file of our own


def props(element: Element) -> dict[str, Element]:
    found = child(element, "Props")
    assert found is not None
    return {str(item.get("N")): item for item in found}


def text(element: Element) -> object:
    """The rendering of one property: text of objects, items of lists."""
    items = child(element, "LST")
    if items is not None:
        return [text(item) for item in items]
    shown = child(element, "ToString")
    return (element.text if shown is None else shown.text) or ""


# What a real value of the capture has and a lab's default has not, or the other way round.
CONNECTOR_VALUES_DIFFER = {"TlsDomainCapabilities"}
SERVER_VALUES_DIFFER = {"MitigationsApplied", "MitigationsAppliedTime"}


def test_receive_connectors_have_the_shape_of_real_ones(shell: Shell) -> None:
    real = {str(text(props(item)["Name"])).removesuffix(" WIN-CTD3L0RGEN4"): item for item in read(RECEIVE_CONNECTORS)}
    real_types = Types(parse(CAPTURES / RECEIVE_CONNECTORS).getroot())  # noqa: S314
    ours = {
        str(text(props(item)["Name"])).removesuffix(" EX1"): item
        for item in shell.call("Get-ReceiveConnector", Server="EX1").output
    }
    assert list(ours) == list(real)
    for name, element in ours.items():
        types = Types(element)
        assert types.of(element) == real_types.of(real[name])
        assert list(props(element)) == list(props(real[name])), "property names and their order"
        for key, value in props(element).items():
            if key not in CONNECTOR_VALUES_DIFFER:
                assert shape(value, types) == shape(props(real[name])[key], real_types), f"{name}: {key}"


RECEIVE_CONNECTORS = "GetReceiveConnectorEmptyTlsCertificateName.xml"


def test_receive_connectors_have_the_values_of_real_ones(shell: Shell) -> None:
    own_names = {"Guid", "Identity", "Id", "WhenChanged", "WhenCreated", "WhenChangedUTC", "WhenCreatedUTC", "IsValid"}
    own_names |= {"DistinguishedName", "Name", "Fqdn", "Server", "ObjectCategory", "OriginatingServer"}
    # The captured Default Frontend carries a capability that setup did not give it.
    own_names |= {"TlsDomainCapabilities"}
    ours = shell.call("Get-ReceiveConnector", Server="EX1").output
    for element, captured in zip(ours, read(RECEIVE_CONNECTORS), strict=True):
        mine, real = props(element), props(captured)
        for key in mine.keys() - own_names:
            assert text(mine[key]) == text(real[key]), f"{text(mine['Name'])}: {key}"


def test_names_in_connectors_are_rendered_like_real_ones(shell: Shell) -> None:
    [captured] = [item for item in read(RECEIVE_CONNECTORS) if text(props(item)["Name"]) == "Default WIN-CTD3L0RGEN4"]
    element = shell.call("Get-ReceiveConnector", r"EX1\Default EX1").output[0]
    for key in ("DistinguishedName", "Identity", "Server", "ObjectCategory", "Name"):
        real = str(text(props(captured)[key]))
        for theirs, lab in (
            ("WIN-CTD3L0RGEN4", "EX1"),
            ("First Organization", "Lab Organization"),
            ("DC=exlab,DC=dom", "DC=lab,DC=example"),
            ("exlab.dom", "lab.example"),
        ):
            real = real.replace(theirs, lab)
        assert text(props(element)[key]) == real


@pytest.mark.parametrize("capture", ["GetExchangeServer_E16.xml", "GetExchangeServer_two-E16-servers.xml"])
def test_exchange_servers_have_the_shape_of_real_ones(shell: Shell, capture: str) -> None:
    real_types = Types(parse(CAPTURES / capture).getroot())  # noqa: S314
    real = read(capture)[0]
    [element] = shell.call("Get-ExchangeServer", "EX1", Status=True).output
    types = Types(element)
    assert types.of(element) == real_types.of(real)
    theirs = [key for key in props(real) if key not in {"MitigationsAppliedTime"}]
    assert list(props(element)) == theirs
    for key, value in props(element).items():
        captured = props(real)[key]
        # A value that is null on one of the two says nothing about its shape.
        if key in SERVER_VALUES_DIFFER or "Nil" in (value.tag, captured.tag.removeprefix(NAMESPACE)):
            continue
        ours, wanted = shape(value, types), shape(captured, real_types)
        if isinstance(ours, dict) and isinstance(wanted, dict) and not (text(value) and text(captured)):
            ours.pop("items", None), wanted.pop("items", None)
        assert ours == wanted, key


SAME_ON_EVERY_SERVER = (
    "ServerRole",
    "ExchangeVersion",
    "IsHubTransportServer",
    "IsClientAccessServer",
    "IsExchange2007OrLater",
    "IsEdgeServer",
    "IsMailboxServer",
    "IsE14OrLater",
    "IsE15OrLater",
    "IsFrontendTransportServer",
)


@pytest.mark.parametrize("capture", ["GetExchangeServer_E16.xml", "GetExchangeServer_two-E16-servers.xml"])
def test_a_server_of_2016_is_what_a_real_one_is(make_shell: MakeShell, capture: str) -> None:
    servers = {"EX1": {"address": "127.0.1.1", "auth": ["basic"], "version": "2016"}}
    [element] = make_shell(servers=servers).call("Get-ExchangeServer", "EX1").output
    real, ours = props(read(capture)[0]), props(element)
    for key in SAME_ON_EVERY_SERVER:
        assert text(ours[key]) == text(real[key]), key
    assert str(text(real["AdminDisplayVersion"])).partition(" (")[0] == "Version 15.1"
    assert str(text(ours["AdminDisplayVersion"])).partition(" (")[0] == "Version 15.1"


def test_an_enum_has_the_number_of_the_real_one(shell: Shell) -> None:
    ours = shell.call("Get-ReceiveConnector", Server="EX1").output
    for element, captured in zip(ours, read(RECEIVE_CONNECTORS), strict=True):
        for key, value in props(element).items():
            number, real = child(value, "I32"), child(props(captured)[key], "I32")
            if number is not None:
                assert real is not None and number.text == real.text, key
