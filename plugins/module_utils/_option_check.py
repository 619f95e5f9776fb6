# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of a task against an argument spec, refused in one sentence. PRIVATE to the collection.

ansible-core checks the same and converts what it accepts. Its messages name Python classes, differ between its
versions and do not say what would be right, and it takes a truth value for a number or a text: YAML reads `on`, `yes`
and `no` as truth values, so that a connector could be called "True". What is refused here, core never hears of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._words import meant, near_match, shown

_WHOLE_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,40}\s*", re.ASCII)
_TRUTH_VALUES = frozenset(("yes", "on", "true", "1", "y", "t", "no", "off", "false", "0", "n", "f"))
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
# key=value, as on a command line
_PAIRS = re.compile(r"\s*[^\s=]+=.*", re.DOTALL)

if TYPE_CHECKING:
    from typing import NoReturn

Spec = Mapping[str, Any]


def objection(spec: Spec, given: Mapping[str, Any], where: str = "") -> str:
    """Return the first thing that is wrong, as a sentence; "" when nothing is.

    spec: argument spec; given: options by name, null counts as not given; where: what to put before the options'
    names, such as "grants[0]".
    """
    return next(_objections(spec, given, where), "")


def _objections(spec: Spec, given: Mapping[str, Any], where: str) -> Iterator[str]:
    for name in given:
        if name not in spec:
            yield f"{_before(where)}{shown(name)} is not an option here; {near_match(str(name), spec)}"
    for name, row in spec.items():
        path = f"{where}.{name}" if where else name
        value = given.get(name)
        if value is not None:
            yield from _problems(row, value, path)
        elif row.get("required"):
            yield f"{_before(where)}{name} is missing; give it a value."


def _before(where: str) -> str:
    return where + ": " if where else ""


def _problems(row: Spec, value: Any, path: str) -> Iterator[str]:
    kind = row.get("type", "str")
    secret = bool(row.get("no_log"))
    if kind == "list":
        items = _items(value)
        if items is None:
            yield f"{path}: {_value(value, secret)} is not a list; write [a, b]."
            return
        inner = {**row, "type": row.get("elements", "raw")}
        inner.pop("elements", None)
        for number, item in enumerate(items):
            # An entry of a list of texts is known by what it is, one of a list of dictionaries by where it stands.
            yield from _problems(inner, item, f"{path}[{number}]" if inner["type"] == "dict" else path)
        return
    wrong = _WRONG[kind](value) if kind in _WRONG else ""
    if wrong and kind == "dict":
        wrong = f"{wrong}; write {{{', '.join(f'{key}: ...' for key in row.get('options') or ['key'])}}}"
    if wrong:
        yield f"{path}: {_value(value, secret)} {wrong}."
        return
    choices = row.get("choices")
    if choices and value not in choices:
        close = meant(str(value), choices)
        remedy = f"did you mean {close}?" if close else "use one of them."
        yield f"{path}: {_value(value, secret)} is not one of {', '.join(map(str, choices))}; {remedy}"
    if kind == "dict" and row.get("options") and isinstance(value, Mapping):
        yield from _objections(row["options"], value, path)


def _value(value: Any, secret: bool) -> str:
    return "the value" if secret else shown(value)


def _items(value: Any) -> Sequence[Any] | None:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    if isinstance(value, (list, tuple)):
        return value
    return None if isinstance(value, (bool, Mapping)) else [value]


def _no_text(value: Any) -> str:
    if isinstance(value, str):
        return "has half of a character inside (a lone surrogate); take it out" if _HALF_A_PAIR.search(value) else ""
    # Core takes a whole number for its digits, as every module does.
    if isinstance(value, int) and not isinstance(value, bool):
        return ""
    if isinstance(value, (list, tuple, Mapping)):
        return "is not text; give one text"
    return "is not text; put it in quotes"


def _no_whole_number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return "is not a whole number"
    return "is not a whole number" if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value) else ""


def _no_number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return "is not a number"
    try:
        float(value)
    except (ValueError, OverflowError):
        return "is not a number"
    return ""


def _no_truth_value(value: Any) -> str:
    plain = isinstance(value, (bool, str)) or (isinstance(value, (int, float)) and value in (0, 1))
    if plain and (not isinstance(value, str) or value.strip().casefold() in _TRUTH_VALUES):
        return ""
    return "is neither true nor false"


def _no_dictionary(value: Any) -> str:
    if isinstance(value, Mapping):
        return ""
    if isinstance(value, str) and (_PAIRS.fullmatch(value) or _is_json_object(value)):
        return ""
    return "is not a dictionary"


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


_WRONG = {
    "str": _no_text,
    "path": _no_text,
    "int": _no_whole_number,
    "float": _no_number,
    "bool": _no_truth_value,
    "dict": _no_dictionary,
}


if TYPE_CHECKING:

    class _Module:
        """What AnsibleModule has that the class below builds on."""

        params: dict[str, Any]

        def __init__(self, **arguments: Any) -> None: ...
        def _load_params(self) -> None: ...
        def fail_json(self, msg: str, **details: Any) -> NoReturn: ...

else:
    _Module = object


class PlainRefusal(_Module):
    """What a module's class puts in front of AnsibleModule, to refuse wrong options in a sentence.

    Call it with keywords only, as AnsibleModule.
    """

    def __init__(self, **arguments: Any) -> None:
        self._spec = arguments["argument_spec"]
        self._together = arguments.get("required_together") or ()
        self._objection = ""
        super().__init__(**arguments)
        if self._objection:
            self.fail_json(self._objection)

    def _load_params(self) -> None:
        """Look at the options before core does."""
        super()._load_params()
        given = {name: value for name, value in self.params.items() if not name.startswith("_ansible_")}
        # Core would take a null for a value that is there.
        self.params = {name: _sendable(value) for name, value in self.params.items() if value is not None}
        self._objection = objection(self._spec, given) or _alone(self._together, given)

    def fail_json(self, msg: str, **details: Any) -> NoReturn:
        """Fail with the sentence about the options, when there is one: core fails for the same reason then."""
        super().fail_json(msg=self._objection or msg, **details)


def _sendable(value: Any) -> Any:
    """Return a value that a result can hold: core shows what the module was called with, and sends it as UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode() if _HALF_A_PAIR.search(value) else value
    if isinstance(value, dict):
        return {_sendable(key): _sendable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    return value


def _alone(together: Sequence[Sequence[str]], given: Mapping[str, Any]) -> str:
    for names in together:
        missing = [name for name in names if given.get(name) is None]
        if missing and len(missing) < len(names):
            here = next(name for name in names if name not in missing)
            return f"{here} is given without {missing[0]}; give both, or neither."
    return ""
