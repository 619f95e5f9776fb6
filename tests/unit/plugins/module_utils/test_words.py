# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values in sentences, near misses, and what nobody sees."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.module_utils._words import near_match, shown, unseen


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (-1.5, "-1.5"),
        ("it's", '"it\'s"'),
        ("a\nb", r"'a\nb'"),
        ("a\u200bb", r"'a\u200bb'"),
        ("\ud800", r"'\ud800'"),
        (date(2027, 3, 31), "2027-03-31"),
        (datetime(2027, 3, 31, 8), "2027-03-31T08:00:00"),
        (b"\x00", "binary data"),
        ([None, {"a": True}], "[null, {'a': true}]"),
        (("x",), "['x']"),
    ],
)
def test_a_value_is_shown_as_yaml_writes_it(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    "value", ["x" * 5000, [1] * 5000, 10**5000, {"a": "x" * 5000}], ids=["text", "list", "number", "dictionary"]
)
def test_a_long_value_is_cut(value: object) -> None:
    assert len(shown(value)) == 80
    assert shown(value).endswith("...")


@settings(max_examples=200)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(), st.lists))
def test_whatever_is_shown_stands_on_one_line_and_can_be_sent(value: object) -> None:
    text = shown(value)
    assert len(text.splitlines()) <= 1
    assert len(text) <= 80
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("M\u00fcller \u4e2d \U0001f4e0", ""),
        ("a\tb", "has a line break or another control character inside"),
        ("a\u2028b", "has a line break or another control character inside"),
        ("a\ud800", "has half of a character inside (a lone surrogate)"),
        ("a\u200bb", "has an invisible character inside (U+200B)"),
        ("\ufeffa", "has an invisible character inside (U+FEFF)"),
    ],
)
def test_what_nobody_sees_is_told(text: str, words: str) -> None:
    assert unseen(text) == words


def test_invisible_signs_may_be_let_through() -> None:
    assert unseen("a\u200cb", invisible=False) == ""
    assert unseen("a\u200c\x00", invisible=False).startswith("has a line break")


@settings(max_examples=300)
@given(st.text())
def test_a_text_that_is_let_through_has_no_control_character(text: str) -> None:
    if not unseen(text):
        assert not {unicodedata.category(sign) for sign in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("word", "known", "remark"),
    [
        ("BINDNGS", ("bindings", "name"), "did you mean bindings?"),
        ("colour", ("bindings", "name"), "there is bindings, name."),
        ("colour", (), "there is none."),
    ],
)
def test_a_near_miss_is_named(word: str, known: tuple[str, ...], remark: str) -> None:
    assert near_match(word, known) == remark
