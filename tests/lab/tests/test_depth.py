# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What PowerShell leaves of an object when it writes it one level deep."""

from __future__ import annotations

from uuid import UUID
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from exchange_lab.clixml import Complex, Value, build
from exchange_lab.wsman.depth import one_level_deep

from .conftest import Shell

ADDRESS = ("System.Net.IPAddress", "System.Object")


def inside(value: Value) -> Element:
    """The one property V of an object, one level deep."""
    flat = one_level_deep(build(Complex(("A.Type",), "shown", [("V", value)])))
    found = flat.find("Props/*[@N='V']")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "tag", "text"),
    [
        ("plain", "S", "plain"),
        (5, "I32", "5"),
        (True, "B", "true"),
        (None, "Nil", None),
        (UUID(int=1), "G", str(UUID(int=1))),
        (Complex(("Exchange.Unlimited",), "Unlimited", [("IsUnlimited", True)]), "S", "Unlimited"),
        (Complex(("Exchange.Flags", "System.Enum"), "Tls, Integrated", number=3), "S", "Tls, Integrated"),
        (Complex(("Exchange.Empty",), ""), "S", None),
        (Complex(("Exchange.Mute", "System.Object"), None, [("A", 1)]), "S", "Exchange.Mute"),
    ],
)
def test_a_value_is_primitive_or_its_text(value: Value, tag: str, text: str | None) -> None:
    found = inside(value)
    assert (found.tag, found.text or None, list(found)) == (tag, text, [])


def test_a_list_stays_a_list_of_texts_under_its_type() -> None:
    items = [Complex(ADDRESS, text, [("Family", "InterNetwork")]) for text in ("10.0.0.1", "::1")]
    found = inside(Complex(("Exchange.MultiValued", "System.Object"), None, items=items))
    assert [name.text for name in found.findall("TN/T")] == ["Exchange.MultiValued", "System.Object"]
    assert [(entry.tag, entry.text) for entry in found.findall("LST/*")] == [("S", "10.0.0.1"), ("S", "::1")]


def test_an_empty_list_stays_a_list() -> None:
    found = inside(Complex(("Exchange.MultiValued",), None, items=()))
    assert found.tag == "Obj" and list(found.findall("LST/*")) == []
    assert found.find("LST") is not None


def test_what_was_referred_to_is_written_out() -> None:
    shared = Complex(("Exchange.Id",), "EX1\\Relay", [("Name", "Relay")])
    flat = one_level_deep(build(Complex(("A.Type",), "shown", [("Identity", shared), ("Id", shared)])))
    assert [item.text for item in flat.findall("Props/S")] == ["EX1\\Relay", "EX1\\Relay"]
    assert flat.find(".//Ref") is None and flat.find(".//TNRef") is None


def test_the_object_keeps_its_type_and_text_and_loses_its_payload() -> None:
    flat = one_level_deep(build(Complex(("A.Type", "System.Object"), "shown", [("V", 1)], members={"Note": "n"})))
    assert [name.text for name in flat.findall("TN/T")] == ["A.Type", "System.Object"]
    assert flat.findtext("ToString") == "shown"
    assert [(member.get("N"), member.text) for member in flat.findall("MS/*")] == [("Note", "n")]


def test_a_value_that_is_no_object_stays_as_it_is() -> None:
    value = Element("S")
    assert one_level_deep(value) is value


def test_no_object_of_the_organisation_keeps_more_than_one_level(shell: Shell) -> None:
    for cmdlet in ("Get-ReceiveConnector", "Get-ExchangeServer", "Get-AcceptedDomain"):
        for item in shell.call(cmdlet).output:
            before = ElementTree.tostring(item)
            flat = one_level_deep(item)
            assert ElementTree.tostring(item) == before, "the backend's own element must stay whole"
            for value in flat.findall("Props/*"):
                assert value.tag != "Obj" or [part.tag for part in value] == ["TN", "LST"], value.get("N")
                assert all(entry.tag == "S" for entry in value.findall("LST/*"))
            numbers = [part.get("RefId") for part in flat.iter("Obj")]
            assert len(numbers) == len(set(numbers))
