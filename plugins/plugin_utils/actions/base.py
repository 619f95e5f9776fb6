# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every action of the collection does around its own work. PRIVATE to the collection.

An action names its SPEC and writes `perform`; validation, the session, the choice of server and the turning of every
error into a result happen here and nowhere else, a missing library included (the sentence names it and
meta/ee-requirements.txt). The connection of the host is never touched: Exchange's endpoint is another one, with options
of its own.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ansible import constants as C  # noqa: N812 - the name every Ansible plugin knows it by
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.mailrelay.exchange.plugins.module_utils._option_check import objection
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, Property
from ansible_collections.mailrelay.exchange.plugins.module_utils._words import unseen
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    CmdletUnavailable,
    ExchangeError,
    InvalidOption,
    Unreachable,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.facade import (
    NETWORK_CMDLET,
    Exchange,
    known_cmdlets,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import Session
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import (
    InputError,
    PlanRefused,
    RelayError,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ExchangeServerAddresses, ServerFacts
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import parse_address, shown

from .addresses import resolve
from .arguments import Rules, hide, validate

# Letters of every language, because Windows takes them in a computer's name.
_HOST_NAME = re.compile(r"[\w.-]+")
CONNECTION = "mailrelay.exchange.remote_powershell"


class ExchangeAction(ActionBase):
    """Base of the actions that talk to Exchange.

    Class attributes:
        SPEC: argument spec, shared with the documentation module.
        RULES: how options depend on each other.
        ROWS: the rows of the table that options are made of, by the option's name.
    """

    SPEC: ClassVar[Mapping[str, Any]] = {}
    RULES: ClassVar[Rules] = Rules()
    ROWS: ClassVar[Mapping[str, Property]] = BY_OPTION

    # With a host of a network connection type, core would start that connection first.
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Validate, open a session, perform, close; return a result for whatever happens on the way."""
        super().run(tmp, task_vars)
        self.task_vars: dict[str, Any] = task_vars or {}
        self.warnings: list[str] = []
        self._hidden: set[str] = set()
        self._exchange_connection: Any = None
        try:
            options = self.validate(self.SPEC, self._task.args, "", self.RULES)
            self.prepare(options)
            result = self._perform_in_session(options)
        except Unreachable as error:
            raise AnsibleConnectionFailure(self._sentence(error)) from None
        except (ExchangeError, RelayError) as error:
            result = {"failed": True, "msg": self._sentence(error)}
            if isinstance(error, PlanRefused):
                result["findings"] = [finding.to_result() for finding in error.findings]
        return self._finished(result)

    def prepare(self, options: dict[str, Any]) -> None:
        """Refuse what can be refused without asking Exchange. Raises InputError; the default accepts everything."""

    def perform(self, options: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        """Do the module's work and return its result.

        Args:
            options: validated options; the missing ones are None.
            exchange: open session's facade.
        """
        raise NotImplementedError

    @property
    def check_mode(self) -> bool:
        """Whether nothing may be written."""
        return bool(self._task.check_mode)

    @property
    def diff_mode(self) -> bool:
        """Whether the user wants to see what differs."""
        return bool(self._task.diff)

    def validate(self, spec: Mapping[str, Any], value: Any, where: str, rules: Rules | None = None) -> dict[str, Any]:
        """Return a dictionary checked and completed by an argument spec; null counts as not given.

        Args:
            spec: argument spec.
            value: what the user wrote.
            where: the path of the option it stands in, for the sentence; empty for the task itself.
            rules: how the options depend on each other.

        Raises:
            InputError: it does not fit.
        """
        validated, hidden = validate(spec, value, where or self._task.action, rules or Rules(), self.ROWS)
        self._hidden |= hidden
        return validated

    def server_name(self, options: Mapping[str, Any]) -> str:
        """Short name of the server to manage: the option, else ansible_exchange_server, else from the host's name.

        It stays the inventory host's when the task is delegated.
        """
        named = self._option_or_variable(options, "server")
        if named:
            if _is_address(named):
                raise InputError(
                    f"server: {shown(named)} is an address; write the Exchange server's name, such as ex1."
                )
            return named.partition(".")[0]
        host = str(self.task_vars.get("inventory_hostname", ""))
        if not _is_address(host):
            return host.partition(".")[0]
        raise InputError(
            f"The host {host} is known by its address only, so the Exchange server's name cannot be told from it: set "
            f"ansible_exchange_server or the option server."
        )

    def variable(self, name: str) -> Any:
        """Templated value of a variable of the inventory host, None when it is not set."""
        value = self.task_vars.get(name)
        return None if value is None else self._templar.template(value)

    def _option_or_variable(self, options: Mapping[str, Any], name: str) -> str:
        """Text of an option, else of the variable ansible_exchange_<name>; empty when neither is given."""
        where = name if options.get(name) else f"ansible_exchange_{name}"
        text = str(options.get(name) or self.variable(where) or "").strip()
        trouble = unseen(text)
        if trouble:
            raise InputError(f"{where}: {shown(text)} {trouble}; take it out.")
        if text and not _HOST_NAME.fullmatch(text):
            raise InputError(f"{where}: {shown(text)} is not the name of a server; write one such as ex1.contoso.com.")
        return text

    def resolve_addresses(self, fqdn: str) -> tuple[str, ...]:
        """Addresses (A and AAAA) of a name, asked of ansible_exchange_resolver when that is set.

        Empty when the name has none or nobody answers; a warning then says why.
        """
        resolver = self.variable("ansible_exchange_resolver")
        if resolver is None and self._exchange_connection is not None:
            resolver = self._exchange_connection.get_option("resolver")
        addresses, trouble = resolve(fqdn, str(resolver) if resolver else None)
        if trouble:
            self.warnings.append(trouble)
        return addresses

    def server_addresses(self, facts: ServerFacts, exchange: Exchange) -> tuple[ExchangeServerAddresses, ...]:
        """Addresses of every Exchange server: by DNS, and those of the target's own network adapters."""
        found: list[ExchangeServerAddresses] = []
        for server in exchange.read_servers():
            texts = set(self.resolve_addresses(server.fqdn))
            if server.name.casefold() == facts.name.casefold():
                texts.update(self._network_addresses(facts, exchange))
            # Windows shows link-local addresses with the adapter's number, which is no part of the address.
            plain = {text.partition("%")[0] for text in texts}
            ranges = sorted(parse_address(text, f"addresses of {server.name}") for text in plain)
            found.append(ExchangeServerAddresses(server.name, tuple(ranges)))
        return tuple(found)

    def _network_addresses(self, facts: ServerFacts, exchange: Exchange) -> tuple[str, ...]:
        """Addresses of the target's own network adapters, none where its Exchange cannot tell them.

        Exchange 2007 cannot; whether an Edge Transport server can, no source says, so there the cmdlet may be missing.
        """
        if NETWORK_CMDLET not in known_cmdlets(facts.version):
            return ()
        try:
            return exchange.read_network_addresses(facts.name)
        except CmdletUnavailable as error:
            if exchange.hides_cmdlets:
                raise
            self.warnings.append(f"Only DNS tells the addresses of {facts.name}: {error}")
            return ()

    def _perform_in_session(self, options: dict[str, Any]) -> dict[str, Any]:
        self._exchange_connection = self._load_connection()
        session: Session = self._exchange_connection.session()
        domain_controller = self._option_or_variable(options, "domain_controller")
        with session:
            exchange = Exchange(session, domain_controller or None)
            try:
                return self.perform(options, exchange)
            finally:
                self.warnings += exchange.warnings

    def _load_connection(self) -> Any:
        """The connection plugin that carries our options, set as core sets those of the host's own connection."""
        connection = self._shared_loader_obj.connection_loader.get(
            CONNECTION,
            self._play_context,
            new_stdin=None,
            task_uuid=self._task._uuid,
            ansible_playbook_pid=str(os.getppid()),
        )
        variables = self._connection_variables()
        config: Any = C.config
        task: Any = self._task
        known = config.get_plugin_vars("connection", connection._load_name)
        templar = self._templar.copy_with_new_env(available_variables=variables)
        values = {name: templar.template(variables[name]) for name in known if name in variables}
        self._judge_variables(connection._load_name, values)
        keywords = task.dump_attrs()
        # The task's own attributes of these names mean something else than a connection's options would.
        for name in ("retries", "timeout"):
            keywords.pop(name, None)
        if self._play_context.password:
            keywords["password"] = self._play_context.password
        try:
            connection.set_options(task_keys=keywords, var_options=values)
        except AnsibleError as error:
            # Of the environment or ansible.cfg; variables have been judged.
            raise InvalidOption(f"{' '.join(str(error).split()).rstrip('.')}.") from None
        return connection

    @staticmethod
    def _judge_variables(plugin: str, values: Mapping[str, Any]) -> None:
        """Raise InvalidOption for a variable of the way to Exchange whose value cannot be; core names no remedy."""
        config: Any = C.config
        options = config.get_configuration_definitions("connection", plugin)
        spec = {
            variable["name"]: {**row, "required": False, "no_log": name == "remote_password"}
            for name, row in options.items()
            for variable in row.get("vars") or ()
        }
        wrong = objection(spec, values)
        if wrong:
            raise InvalidOption(wrong)

    def _connection_variables(self) -> dict[str, Any]:
        """Variables of the host whose endpoint is used: the delegate's, when the task is delegated."""
        delegate = self._task.delegate_to
        if not delegate:
            return self.task_vars
        delegated: dict[str, Any] = self.task_vars.get("ansible_delegated_vars", {}).get(delegate, {})
        return delegated

    def _sentence(self, error: Exception) -> str:
        """Text of an error. A library may have put a password into it."""
        secrets = set(self._hidden)
        if self._exchange_connection is not None:
            secrets.add(str(self._exchange_connection.get_option("remote_password") or ""))
        return str(hide(str(error), secrets))

    def _finished(self, result: dict[str, Any]) -> dict[str, Any]:
        result.setdefault("changed", False)
        if self.warnings:
            known: Sequence[str] = result.get("warnings", ())
            result["warnings"] = list(dict.fromkeys([*known, *self.warnings]))
        finished: dict[str, Any] = hide(result, self._hidden)
        return finished


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
