# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The organisation as the PowerShell endpoints see it: find the cmdlet, bind, run, journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import uuid4

from exchange_lab import concurrent_edits
from exchange_lab.answers import Answers
from exchange_lab.cmdlets import errors
from exchange_lab.cmdlets.binding import bind, canonical_names, refuse_edge_parameters
from exchange_lab.cmdlets.definition import Invocation
from exchange_lab.cmdlets.registry import find_cmdlet
from exchange_lab.cmdlets.texts import Text
from exchange_lab.interface import CallContext, CmdletCall, CmdletError, JournalWriter, Outcome
from exchange_lab.organization.model import ExchangeServer, Organization

_SILENT = frozenset({"silentlycontinue", "ignore"})
_WRITING_VERBS = ("New-", "Set-", "Add-", "Remove-", "Enable-", "Disable-")


class ExchangeBackend:
    """Runs cmdlets one at a time: each sees and leaves a whole organisation, its journal lines in the same order."""

    def __init__(
        self, organization: Organization, journal: JournalWriter, save: Callable[[], None] | None = None
    ) -> None:
        """`save` is called after every change, before anybody hears of it."""
        self.organization = organization
        self._save = save
        self._journal = journal
        self._answers = Answers(organization)
        self._edits = {
            name: concurrent_edits.PendingEdits(server.config.edits) for name, server in organization.servers.items()
        }

    def session_refusal(self, context: CallContext) -> str | None:
        """Why an account gets no session: unknown, barred from remote PowerShell, without any role; where a snap-in
        brings the cmdlets, whoever is no local administrator.

        The wording is unverified; endpoints answer with access denied.
        """
        account = self.organization.config.accounts.get(context.user)
        server = self.organization.servers[context.server.lower()]
        user = account.netbios_name if account is not None else context.user
        if server.config.snap_in is not None:
            refused = account is None or not account.administers(server.name)
            return self._said(server, "not_administrator", user) if refused else None
        if account is None or not account.remote_powershell:
            return self._said(server, "no_remote_powershell", context.user)
        if not self.organization.view_of(context.user, server).cmdlets:
            return self._said(server, "no_roles", user)
        return None

    @staticmethod
    def _said(server: ExchangeServer, key: str, user: str) -> str:
        return Text(key, {"user": user}).in_language(server.config.culture)

    def execute(self, context: CallContext, call: CmdletCall) -> Outcome:
        """Run one cmdlet and write its journal lines before anybody else may act on its result."""
        with self.organization.lock:
            server = self.organization.servers[context.server.lower()]
            cmdlet = find_cmdlet(call.name, server.config.platform)
            view = self.organization.view_of(context.user, server)
            if cmdlet is None or cmdlet.name not in view.cmdlets:
                outcome = Outcome(errors=[errors.unknown_command(call.name, server.config.culture)])
                self._record(context, call.name, dict(call.parameters), outcome)
                return outcome
            self._concurrent_edits(context.server, "before", cmdlet.name)
            run = Invocation(self.organization, context, cmdlet, {}, view)
            self._run(run, call)
            if run.changed and self._save is not None:
                self._save()
            self._record(
                context,
                cmdlet.name,
                canonical_names(cmdlet, call, run.platform),
                run.outcome,
                writes=cmdlet.writes,
                what_if=run.what_if,
                changed=run.changed,
            )
            self._concurrent_edits(context.server, "after", cmdlet.name)
            return run.outcome

    def _concurrent_edits(self, server: str, moment: str, cmdlet: str) -> None:
        """Let the concurrent administrator of a server do what is due around a call of a cmdlet."""
        for edit in self._edits[server.lower()].due(moment, cmdlet):
            call = concurrent_edits.as_call(server, edit)
            setting = find_cmdlet(call.name)
            assert setting is not None
            run = Invocation(self.organization, CallContext(server, "", "concurrent"), setting, {})
            self._run(run, call)
            if run.changed and self._save is not None:
                self._save()
            self._journal.record(
                "edit",
                {
                    "server": server,
                    moment: cmdlet,
                    "connector": edit.connector,
                    "add": edit.add,
                    "remove": edit.remove,
                    "set": edit.set,
                    "changed": run.changed,
                    "errors": [error.message for error in run.outcome.errors],
                },
            )

    def _run(self, run: Invocation, call: CmdletCall) -> None:
        try:
            run.bound = bind(run.cmdlet, call, run.platform, run.view)
            refuse_edge_parameters(run)
            run.cmdlet.run(run)
        except errors.BindingFailure as failure:
            run.outcome.errors.append(_binding_error(failure, run))
            return
        except errors.TaskFailure as failure:
            run.outcome.errors.append(self._task_error(failure, run))
        self._obey_error_action(run)

    def _task_error(self, failure: errors.TaskFailure, run: Invocation) -> CmdletError:
        moment = self.organization.now()
        config = run.server.config
        place = errors.Place(
            server=run.context.server,
            culture=config.culture,
            tagged=config.snap_in is None and config.platform.has("2013"),
            request=str(uuid4()),
            moment=f"{moment.month}/{moment.day}/{moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}",
        )
        return failure.error(place, run.cmdlet.name, run.cmdlet.type_name)

    @staticmethod
    def _obey_error_action(run: Invocation) -> None:
        """-ErrorAction decides whether errors are dropped, or end the pipeline."""
        action = run.text("ErrorAction").lower()
        if action in _SILENT:
            run.outcome.errors.clear()
        elif action == "stop":
            run.outcome.errors = [_terminating(error) for error in run.outcome.errors]
        if run.text("WarningAction").lower() in _SILENT:
            run.outcome.warnings.clear()

    def _record(
        self,
        context: CallContext,
        name: str,
        parameters: Mapping[str, object],
        outcome: Outcome,
        *,
        writes: bool | None = None,
        what_if: bool = False,
        changed: bool = False,
    ) -> None:
        write = name.startswith(_WRITING_VERBS) if writes is None else writes
        sequence = self._journal.record(
            "cmdlet",
            {
                "server": context.server,
                "user": context.user,
                "connection": context.connection,
                "cmdlet": name,
                "parameters": parameters,
                "what_if": what_if,
                "write": write,
                "changed": changed,
                "errors": [{"id": error.error_id, "message": error.message} for error in outcome.errors],
                "warnings": outcome.warnings,
            },
        )
        if write and not what_if:
            self._watch(sequence)

    def _watch(self, after: int) -> None:
        """Write what SMTP would answer every watched client on every server at this moment."""
        for server in self.organization.servers.values():
            for watch in self.organization.config.watch:
                reply, connector = self._answers.watched(
                    server.name, watch.client, watch.sender, watch.recipient, watch.user, watch.logon
                )
                self._journal.record(
                    "watch",
                    {
                        "after": after,
                        "server": server.name,
                        "client": watch.client,
                        "sender": watch.sender,
                        "recipient": watch.recipient,
                        "user": watch.user,
                        "logon": watch.logon,
                        "reply": str(reply),
                        "connector": connector,
                    },
                )


def _binding_error(failure: errors.BindingFailure, run: Invocation) -> CmdletError:
    return CmdletError(
        failure.message.in_language(run.server.config.culture),
        f"{failure.error_id},{run.cmdlet.name}",
        failure.category,
        failure.target,
        failure.exception,
        terminating=True,
        activity=run.cmdlet.name,
    )


def _terminating(error: CmdletError) -> CmdletError:
    return CmdletError(
        error.message,
        error.error_id,
        error.category,
        error.target,
        error.exception_type,
        terminating=True,
        activity=error.activity,
    )
