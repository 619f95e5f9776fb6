# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of a task, checked against an argument spec. PRIVATE to the collection.

Core's own `validate_argument_spec` for actions is not used, because it does not tell which values are secret. What is
wrong is told before core is asked (see _option_check); core converts, fills in defaults, and judges the rules.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.mailrelay.exchange.plugins.module_utils._option_check import objection
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, Property
from ansible_collections.mailrelay.exchange.plugins.module_utils._words import shown
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import parse_option


@dataclass(frozen=True)
class Rules:
    """How options depend on each other, in the form of AnsibleModule's arguments of the same names."""

    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_together: Sequence[Sequence[str]] = ()
    required_one_of: Sequence[Sequence[str]] = ()
    required_if: Sequence[Sequence[Any]] = ()
    required_by: Mapping[str, Any] | None = None


def validate(
    spec: Mapping[str, Any], value: Any, where: str, rules: Rules, rows: Mapping[str, Property] = BY_OPTION
) -> tuple[dict[str, Any], set[str]]:
    """Check a dictionary against an argument spec.

    Args:
        spec: the argument spec.
        value: the dictionary; entries that are null count as not given, at every level that the spec describes.
        where: what the dictionary is, for the sentence.
        rules: how the options depend on each other.
        rows: the rows of the table that options are made of, by the option's name.

    Returns:
        The complete dictionary, and the values that must not be shown.

    Raises:
        InputError: the first thing that does not fit.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{where} must be a dictionary of options, not {shown(value)}.")
    given = _without_nulls(spec, value)
    _judge_properties(spec, given, rows)
    wrong = objection(spec, given)
    if wrong:
        raise InputError(f"{where}: {wrong}")
    build: Any = ArgumentSpecValidator  # core's own classes are not annotated
    validator = build(
        dict(spec),
        mutually_exclusive=list(rules.mutually_exclusive) or None,
        required_together=list(rules.required_together) or None,
        required_one_of=list(rules.required_one_of) or None,
        required_if=list(rules.required_if) or None,
        required_by=dict(rules.required_by) if rules.required_by else None,
    )
    outcome = validator.validate(given)
    hidden = {str(secret) for secret in outcome._no_log_values}
    if outcome.error_messages:
        said = " ".join(str(outcome.errors.messages[0]).split()).rstrip(".")
        raise InputError(str(hide(f"{where}: {said}.", hidden)))
    return outcome.validated_parameters, hidden


def _judge_properties(spec: Mapping[str, Any], given: Mapping[str, Any], rows: Mapping[str, Property]) -> None:
    """Raise InputError for options of a table: their own reader knows more of them than the spec's type says.

    It has to see the value as it was given: core makes the text "True" of a truth value, and 1 of it for a number.
    """
    for name, value in given.items():
        # A connector's name is read when the server's name, which may stand in it, is known.
        if name in spec and name in rows and name != "name":
            parse_option(rows[name], value)


def _without_nulls(spec: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, given in value.items():
        if given is None:
            continue
        inner = (spec.get(name) or {}).get("options")
        if inner and isinstance(given, Mapping):
            kept[name] = _without_nulls(inner, given)
        elif inner and isinstance(given, list):
            kept[name] = [_without_nulls(inner, item) if isinstance(item, Mapping) else item for item in given]
        else:
            kept[name] = given
    return kept


def hide(value: Any, secrets: Collection[str]) -> Any:
    """Return a value with every secret in it replaced by asterisks."""
    replace: Any = remove_values
    found = [secret for secret in secrets if secret]
    return replace(value, found) if found else value
