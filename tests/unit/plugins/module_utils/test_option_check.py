# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options against an argument spec: the first mistake, in one sentence; and no mistake that ansible-core would take."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.module_utils._option_check import objection

SPEC: dict[str, Any] = {
    "name": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    "port": {"type": "int"},
    "delay": {"type": "float"},
    "send": {"type": "bool"},
    "kind": {"type": "str", "choices": ["cname", "address"]},
    "parts": {"type": "list", "elements": "str", "choices": ["roles", "names"]},
    "limits": {"type": "dict", "options": {"count": {"type": "int"}, "to": {"type": "str", "required": True}}},
    "grants": {"type": "list", "elements": "dict", "options": {"right": {"type": "str", "required": True}}},
    "any": {"type": "raw"},
}


@pytest.mark.parametrize(
    ("given_options", "sentence"),
    [
        ({"nam": "x"}, "'nam' is not an option here; did you mean name?"),
        ({"name": True}, "name: true is not text; put it in quotes."),
        ({"name": 1.5}, "name: 1.5 is not text; put it in quotes."),
        ({"name": ["x"]}, "name: ['x'] is not text; give one text."),
        ({"name": "\udfff"}, r"name: '\udfff' has half of a character inside (a lone surrogate); take it out."),
        ({"secret": False}, "secret: the value is not text; put it in quotes."),
        ({"port": True}, "port: true is not a whole number."),
        ({"port": "0x10"}, "port: '0x10' is not a whole number."),
        ({"port": "1_000"}, "port: '1_000' is not a whole number."),
        ({"port": 25.0}, "port: 25.0 is not a whole number."),
        ({"port": "\u0662\u0665"}, "port: '\u0662\u0665' is not a whole number."),
        ({"delay": "5s"}, "delay: '5s' is not a number."),
        ({"delay": True}, "delay: true is not a number."),
        ({"delay": 10**400}, "is not a number."),
        ({"send": "maybe"}, "send: 'maybe' is neither true nor false."),
        ({"send": 2}, "send: 2 is neither true nor false."),
        ({"kind": "cnam"}, "kind: 'cnam' is not one of cname, address; did you mean cname?"),
        ({"kind": "x"}, "kind: 'x' is not one of cname, address; use one of them."),
        ({"parts": "roles,x"}, "parts: 'x' is not one of roles, names; use one of them."),
        ({"parts": {"roles": True}}, "parts: {'roles': true} is not a list; write [a, b]."),
        ({"limits": 5}, "limits: 5 is not a dictionary; write {count: ..., to: ...}."),
        ({"limits": {"to": "x", "coun": 5}}, "limits: 'coun' is not an option here; did you mean count?"),
        ({"limits": {"count": 5}}, "limits: to is missing; give it a value."),
        ({"limits": {"count": "x", "to": "x"}}, "limits.count: 'x' is not a whole number."),
        ({"grants": [{"right": "x"}, {}]}, "grants[1]: right is missing; give it a value."),
        ({"grants": [{"right": "x"}, "y"]}, "grants[1]: 'y' is not a dictionary; write {right: ...}."),
    ],
)
def test_the_first_mistake_is_one_sentence(given_options: dict[str, Any], sentence: str) -> None:
    told = objection(SPEC, given_options)
    assert told == sentence or (sentence.startswith("is not") and told.endswith(sentence))


def test_a_part_is_named_with_what_it_is_a_part_of() -> None:
    assert objection(SPEC, {"port": "x"}, "probes[2]") == "probes[2].port: 'x' is not a whole number."


@pytest.mark.parametrize(
    "given_options",
    [
        {},
        {"name": None, "port": None, "limits": None},
        {"name": 5, "port": " 25 ", "delay": "0.5", "send": "On", "parts": "roles, names"},
        {"port": 25, "delay": 5, "send": 0, "kind": "address", "parts": ["roles"], "any": object()},
        {"limits": {"count": "5", "to": "x"}, "grants": [{"right": "x"}]},
        {"limits": '{"to": "x"}'},
        {"limits": "to=x"},
    ],
)
def test_what_core_takes_and_means_is_taken(given_options: dict[str, Any]) -> None:
    assert objection(SPEC, given_options) == ""


_SCALARS = st.none() | st.booleans() | st.integers(-10, 70000) | st.floats(allow_nan=False) | st.text(max_size=8)
_VALUES = _SCALARS | st.lists(_SCALARS, max_size=3) | st.dictionaries(st.sampled_from(["count", "to", "x"]), _SCALARS)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(set(SPEC) - {"any"})), _VALUES, max_size=3))
def test_core_takes_what_is_taken_here(given_options: dict[str, Any]) -> None:
    if objection(SPEC, given_options):
        return
    known = {name: value for name, value in given_options.items() if value is not None}
    limits = known.get("limits")
    if isinstance(limits, dict):
        known["limits"] = {name: value for name, value in limits.items() if value is not None}
    build: Any = ArgumentSpecValidator
    assert build(SPEC).validate(known).error_messages == []
