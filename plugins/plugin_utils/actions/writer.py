# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every action that writes has in common: declare, read, plan, refuse or apply, report. PRIVATE to the collection.

The actions differ in what they declare and in how much they have to read for it, and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.apply import Applied, apply_plan
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    CmdletUnavailable,
    OutOfScope,
    SessionLost,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import Exchange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.preflight import missing_rights
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.findings import Finding
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    ExchangeServerAddresses,
    ServerFacts,
    ServerState,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.needs import commands_needed, commands_undoing
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import (
    Plan,
    access_needed,
    plan_server,
    principals_needed,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import (
    Policy,
    parse_accepted,
    parse_protected,
    parse_safety,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import parse_ranges
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.result import writer_result

from .base import ExchangeAction

DECLARED_ADDRESSES = "exchange_addresses"
_ROLLED_BACK = {
    "true": "What had been done was undone.",
    "false": "What had been done could not be undone: run the commands in `remaining`, or run again.",
    "partial": "Not everything that had been done could be undone: run the commands in `remaining`, or run again.",
}


class WriterAction(ExchangeAction):
    """Base of the actions that write.

    Class attributes:
        NEEDS_ADDRESSES: what is declared may let clients in, so the addresses of all Exchange servers have to be known.
    """

    NEEDS_ADDRESSES: ClassVar[bool] = True

    def declare(self, options: Mapping[str, Any], server_name: str) -> DesiredConnectors:
        """What the options ask for on this server. Pure; raises InputError."""
        raise NotImplementedError

    def report(self, desired: DesiredConnectors, plan: Plan) -> dict[str, object]:
        """What this module returns beside what all of them return."""
        return {}

    def prepare(self, options: dict[str, Any]) -> None:
        """Refuse every mistake in the options before anything is asked of Exchange."""
        self.declare(options, self.server_name(options))
        self._policy(options)

    def perform(self, options: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        """Read the server, plan, and carry the plan out unless in check mode or refused."""
        facts = exchange.read_server(self.server_name(options))
        desired = self.declare(options, facts.name)
        state = self._read(desired, facts, exchange)
        plan = plan_server(desired, state, self._policy(options))
        return self.carry_out(plan, exchange, lambda: self.report(desired, plan))

    def carry_out(
        self,
        plan: Plan,
        exchange: Exchange,
        report: Callable[[], Mapping[str, object]] = dict,
        settle: Callable[[Exception], dict[str, Any] | None] = lambda error: None,
    ) -> dict[str, Any]:
        """Refuse a plan, show it, or run it.

        Args:
            plan: what is to be done.
            exchange: open session's facade.
            report: what is returned besides where the plan was neither refused nor failed.
            settle: the result instead of a failure, when nothing was done before it; None lets it fail.
        """
        refusal = plan.refusal
        if refusal is not None:
            return stopped(plan, str(refusal))
        self.warnings += [_warning(finding) for finding in plan.findings if _is_news(finding, plan)]
        missing = missing_rights(commands_needed(plan), commands_undoing(plan), plan.server, exchange)
        if missing and not self.check_mode:
            return stopped(plan, f"{missing} Nothing was written.")
        if missing:
            self.warnings.append(f"{missing} A run would stop before it writes.")
        if self.check_mode or not plan.steps:
            return {**writer_result(plan, None), **report()}
        applied = apply_plan(plan, exchange)
        self.warnings += applied.warnings
        result = writer_result(plan, applied)
        if applied.error is not None:
            settled = None if applied.commands_run else settle(applied.error)
            if settled is not None:
                return settled
            return {**result, "failed": True, "msg": f"{self._sentence(applied.error)} {_undone(applied)}".strip()}
        return {**result, **report()}

    def _read(self, desired: DesiredConnectors, facts: ServerFacts, exchange: Exchange) -> ServerState:
        if not len(desired):
            return ServerState(facts, ())
        state = ServerState(facts, exchange.read_connectors(facts.name))
        # A list that was read may turn out not to tell the anonymous principal's name: then one more is needed.
        while unread := [name for name in access_needed(desired, state) if name not in state.access]:
            state = replace(state, access={**state.access, **{name: exchange.read_access(name) for name in unread}})
        while unasked := principals_needed(desired, state):
            answers = {(name, asked.casefold()): exchange.read_principal(name, asked) for name, asked in unasked}
            state = replace(state, principals={**state.principals, **answers})
        addresses = self.server_addresses(facts, exchange) if self.NEEDS_ADDRESSES else ()
        return replace(state, addresses=addresses)

    def _policy(self, options: Mapping[str, Any]) -> Policy:
        named = parse_ranges(options.get(DECLARED_ADDRESSES) or [], DECLARED_ADDRESSES)
        return Policy(
            safety=parse_safety(options.get("safety")),
            protected=parse_protected(options.get("protected_addresses")),
            exchange_addresses=(ExchangeServerAddresses(DECLARED_ADDRESSES, tuple(sorted(named))),) if named else (),
            accepted=parse_accepted(options.get("accept_findings"), "accept_findings"),
            absent_is_created=self.check_mode,
        )


def stopped(plan: Plan, sentence: str) -> dict[str, Any]:
    """Nothing was written. The whole plan is shown, because the way on is to see what it would have done."""
    return {**writer_result(plan, None), "changed": False, "failed": True, "msg": sentence}


def _undone(applied: Applied) -> str:
    """What became of the steps before the one that failed; a lost session says so itself."""
    if isinstance(applied.error, (CmdletUnavailable, OutOfScope)) and not applied.commands_run:
        return "Nothing was written."
    return "" if isinstance(applied.error, SessionLost) else _ROLLED_BACK.get(applied.rolled_back or "", "")


def today() -> date:
    """The date that expiring sources are compared with."""
    return date.today()


def _is_news(finding: Finding, plan: Plan) -> bool:
    """Whether it is worth a warning: nobody accepted it, and what only informs goes with a change."""
    return finding.accepted is None and (bool(plan.steps) or finding.severity != "info")


def _warning(finding: Finding) -> str:
    return f"[{finding.id}] {finding.message} {finding.remedy}".strip()
