# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CLIXML as the wire carries it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID
from xml.etree.ElementTree import tostring

import pytest
from pypsrp.serializer import Serializer

from exchange_lab.clixml import Byte, Complex, Long, Value, build, encode_text, format_double


def text_of(value: Value) -> str:
    return tostring(build(value), encoding="unicode")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "<Nil />"),
        (True, "<B>true</B>"),
        (7, "<I32>7</I32>"),
        (Long(7), "<I64>7</I64>"),
        (Byte(7), "<By>7</By>"),
        (0.5, "<Db>0.5</Db>"),
        ("", "<S />"),
        ("a<b", "<S>a&lt;b</S>"),
        (b"\x00", "<BA>AA==</BA>"),
        (UUID(int=1), "<G>00000000-0000-0000-0000-000000000001</G>"),
        (datetime(2021, 8, 21, 8, 43, 54, tzinfo=UTC), "<DT>2021-08-21T08:43:54Z</DT>"),
        (
            datetime(2021, 8, 21, 10, 43, 54, tzinfo=timezone(timedelta(hours=2))),
            "<DT>2021-08-21T10:43:54+02:00</DT>",
        ),
    ],
)
def test_plain_values(value: Value, expected: str) -> None:
    assert text_of(value) == expected


def test_a_value_without_a_form_is_a_mistake_of_the_lab() -> None:
    with pytest.raises(TypeError):
        build(object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "expected"),
    # The captures hold these five.
    [
        (0.0069444444444444441, "0.0069444444444444441"),
        (0.16666666666666666, "0.16666666666666666"),
        (600000.0, "600000"),
        (5.7870370370370366e-05, "5.7870370370370366E-05"),
        (0.0, "0"),
    ],
)
def test_doubles_are_written_as_dotnet_does(number: float, expected: str) -> None:
    assert format_double(number) == expected


@pytest.mark.parametrize("text", ["a\nb", "tab\t", "_x000A_", "\x00", "plain", "_x", "Grüße"])
def test_text_survives_a_real_reader(text: str) -> None:
    assert not any(ord(letter) < 32 for letter in encode_text(text))
    assert Serializer().deserialize(text_of(text)) == text


def test_every_message_numbers_from_zero_and_shares_type_names() -> None:
    inner = Complex(("Item", "Base"), "one", [("P", 1)])
    value = Complex(("List",), items=[inner, Complex(("Item", "Base"), "two")], serialized=False)
    assert text_of(value) == text_of(value)
    assert text_of(value) == (
        '<Obj RefId="0"><TN RefId="0"><T>List</T></TN><LST>'
        '<Obj RefId="1"><TN RefId="1"><T>Item</T><T>Base</T></TN><ToString>one</ToString>'
        '<Props><I32 N="P">1</I32></Props><MS><BA N="SerializationData">AGxhYg==</BA></MS></Obj>'
        '<Obj RefId="2"><TNRef RefId="1" /><ToString>two</ToString>'
        '<MS><BA N="SerializationData">AGxhYg==</BA></MS></Obj></LST></Obj>'
    )


def test_the_same_object_met_again_becomes_a_reference() -> None:
    shared = Complex(("Id",), "x", serialized=False)
    value = Complex(("Top",), "t", [("Identity", shared), ("Id", shared)], serialized=False)
    assert text_of(value).endswith('<Ref N="Id" RefId="1" /></Props></Obj>')


def test_an_enum_carries_its_text_and_its_number() -> None:
    value = Complex(("E", "System.Enum"), "A, B", number=3)
    assert text_of(value).endswith("<ToString>A, B</ToString><I32>3</I32></Obj>")
