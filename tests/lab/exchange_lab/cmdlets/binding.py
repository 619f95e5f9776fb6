# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PowerShell's parameter binder: names and prefixes, positions, conversions, mandatory parameters."""

from __future__ import annotations

from collections.abc import Iterable

from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.definition import COMMON, CONFIRMATION, Cmdlet, Invocation, Parameter
from exchange_lab.interface import CmdletCall
from exchange_lab.organization.roles import View
from exchange_lab.versions import Platform


def every_parameter(cmdlet: Cmdlet) -> tuple[Parameter, ...]:
    """Every parameter that a cmdlet has on some server, the common ones included."""
    return (*cmdlet.parameters, *(CONFIRMATION if cmdlet.writes else ()), *COMMON)


def all_parameters(cmdlet: Cmdlet, platform: Platform) -> tuple[Parameter, ...]:
    """Every parameter that a cmdlet has on a server, the common ones included."""
    return tuple(parameter for parameter in every_parameter(cmdlet) if parameter.exists(platform))


def visible_parameters(cmdlet: Cmdlet, platform: Platform, view: View) -> tuple[Parameter, ...]:
    """The parameters of a cmdlet on a server that an account's roles show it."""
    return tuple(parameter for parameter in all_parameters(cmdlet, platform) if view.shows(cmdlet.name, parameter.name))


def bind(cmdlet: Cmdlet, call: CmdletCall, platform: Platform, view: View) -> dict[str, object]:
    """Return the bound parameters by their real names, converted. Raises BindingFailure.

    A parameter that the account's roles do not show does not exist for it, not even as what a prefix may mean.
    """
    parameters = visible_parameters(cmdlet, platform, view)
    raw: dict[str, object] = {}
    for name, value in call.parameters.items():
        parameter = _find(name, parameters)
        if parameter.name in raw:
            raise errors.parameter_twice(parameter.name)
        raw[parameter.name] = value
    _bind_positions(call.arguments, parameters, raw)
    bound = {
        parameter.name: _convert(parameter, raw[parameter.name]) for parameter in parameters if parameter.name in raw
    }
    missing = [parameter.name for parameter in parameters if parameter.mandatory and parameter.name not in bound]
    if missing:
        raise errors.missing_parameters(missing)
    return bound


def refuse_edge_parameters(run: Invocation) -> None:
    """Refuse a bound parameter that Edge Transport does not support, where such ones bind (switch edge_parameters)."""
    for parameter in run.cmdlet.parameters:
        if run.platform.edge and not parameter.on_edge and parameter.name in run.bound:
            raise errors.invalid("not_on_edge", parameter=parameter.name)


def canonical_names(cmdlet: Cmdlet, call: CmdletCall, platform: Platform) -> dict[str, object]:
    """The parameters as sent, under their real names where those are clear; for the journal."""
    parameters = all_parameters(cmdlet, platform)
    sent: dict[str, object] = {}
    for name, value in call.parameters.items():
        try:
            sent[_find(name, parameters).name] = value
        except errors.BindingFailure:
            sent[name] = value
    for index, value in enumerate(call.arguments):
        place = next((parameter.name for parameter in parameters if parameter.position == index), f"#{index}")
        sent.setdefault(place, value)
    return sent


def _find(name: str, parameters: Iterable[Parameter]) -> Parameter:
    """Match a name without regard to case, or an unambiguous prefix of one."""
    wanted = name.lstrip("-").rstrip(":").lower()
    matches = [parameter for parameter in parameters if parameter.name.lower().startswith(wanted)] if wanted else []
    exact = [parameter for parameter in matches if parameter.name.lower() == wanted]
    if exact:
        return exact[0]
    if not matches:
        raise errors.unknown_parameter(name)
    if len(matches) > 1:
        raise errors.ambiguous_parameter(name, [match.name for match in matches])
    return matches[0]


def _bind_positions(arguments: tuple[object, ...], parameters: Iterable[Parameter], raw: dict[str, object]) -> None:
    free = sorted(
        (parameter for parameter in parameters if parameter.position is not None and parameter.name not in raw),
        key=lambda parameter: parameter.position or 0,
    )
    for argument, parameter in zip(arguments, free, strict=False):
        raw[parameter.name] = argument
    if len(arguments) > len(free):
        raise errors.surplus_argument(arguments[len(free)])


def _convert(parameter: Parameter, value: object) -> object:
    if parameter.is_switch and value is None:
        value = True
    if parameter.not_empty:
        if value is None:
            raise errors.null_argument(parameter.name)
        if value in ([], ()):
            raise errors.empty_collection(parameter.name)
        if value == "":
            raise errors.empty_text(parameter.name)
    try:
        return parameter.kind.convert(value)
    except ValueError as error:
        raise errors.wrong_value(parameter.name, value, parameter.kind.type_name, str(error)) from error
