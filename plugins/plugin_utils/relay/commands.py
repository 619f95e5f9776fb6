# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cmdlet call as data, and the line an administrator could paste. PRIVATE to the collection.

Exchange only ever receives the structured form; the text exists for people. See rule 1 of the design: cmdlet
calls are structured commands with named parameters, never script text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Value = bool | int | str | tuple[str, ...] | None
"""What a parameter may carry; a tuple is a list of texts. None is PowerShell's $null."""

_CMDLET = re.compile(r"[A-Z][A-Za-z]*-[A-Z][A-Za-z]*")
_PARAMETER = re.compile(r"[A-Z][A-Za-z0-9]*")

# PowerShell takes typographic quotation marks for the plain one, so they too end a single-quoted text.
_SINGLE_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")


@dataclass(frozen=True)
class Command:
    """One cmdlet call.

    Attributes:
        cmdlet: the cmdlet's name, for example ``Set-ReceiveConnector``.
        parameters: (name, value) in the order they are shown.
    """

    cmdlet: str
    parameters: tuple[tuple[str, Value], ...] = ()

    def __post_init__(self) -> None:
        if not _CMDLET.fullmatch(self.cmdlet):
            raise ValueError(f"{self.cmdlet!r} is not the name of a cmdlet")
        names = [name.lower() for name, _value in self.parameters]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.cmdlet}: a parameter is given twice")
        for name, value in self.parameters:
            if not _PARAMETER.fullmatch(name):
                raise ValueError(f"{self.cmdlet}: {name!r} is not the name of a parameter")
            if not (value is None or isinstance(value, (bool, int, str)) or _is_text_list(value)):
                raise ValueError(f"{self.cmdlet}: parameter {name} cannot carry a {type(value).__name__}")

    @classmethod
    def of(cls, cmdlet: str, /, **parameters: Value) -> Command:
        """Build a call from keyword arguments, in the order they are written."""
        return cls(cmdlet, tuple(parameters.items()))

    def value(self, parameter: str) -> Value:
        """The value of one parameter, or None when the call does not have it (names are case-insensitive)."""
        wanted = parameter.lower()
        return next((value for name, value in self.parameters if name.lower() == wanted), None)

    def has(self, parameter: str) -> bool:
        """Whether the call names the parameter, even with a null value."""
        return any(name.lower() == parameter.lower() for name, _value in self.parameters)

    def with_parameters(self, **parameters: Value) -> Command:
        """The same call with further parameters; one that is there already gets the new value in its place."""
        merged = dict(self.parameters)
        merged.update(parameters)
        return Command(self.cmdlet, tuple(merged.items()))


def _is_text_list(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _quote(text: str) -> str:
    return "'" + _SINGLE_QUOTES.sub(r"\1\1", text) + "'"


def _render_value(value: Value) -> str:
    if value is None:
        return "$null"
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return ",".join(_quote(item) for item in value) if value else "@()"
    return _quote(value)


def render(command: Command) -> str:
    """The call as one line of the Exchange Management Shell, ready to paste.

    Booleans are joined with a colon (``-Confirm:$false``), because that form is right for switches and for
    boolean parameters alike.
    """
    words = [command.cmdlet]
    for name, value in command.parameters:
        if isinstance(value, bool):
            words.append(f"-{name}:{_render_value(value)}")
        else:
            words.append(f"-{name} {_render_value(value)}")
    return " ".join(words)
