# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A running lab: the organisation and every listener in front of it."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from exchange_lab import probes
from exchange_lab.answers import Answers
from exchange_lab.backend import ExchangeBackend
from exchange_lab.config import load, parse
from exchange_lab.dns import DnsServer, DnsServerError
from exchange_lab.interface import LabError
from exchange_lab.journal import Journal
from exchange_lab.kerberos import KerberosError, KerberosRealm
from exchange_lab.organization.model import Organization
from exchange_lab.organization.storage import restore, save
from exchange_lab.settings import LabConfig, ServerConfig
from exchange_lab.sink import MaildirSink
from exchange_lab.smtp import SmtpFrontEnd, SmtpFrontEndError
from exchange_lab.wsman.disturbances import Disturbances
from exchange_lab.wsman.server import ExchangeEndpoint
from exchange_lab.wsman.tls import ServerCertificate


class Lab:
    """One lab in this process: `with Lab.from_file(path, state) as lab: ...`.

    state: the directory for everything that it writes (created). `endpoints` is the content of lab.json; `exchange` and
    `smtp` are the listeners by server name. The organisation outlives a restart in the same directory unless `fresh`.
    One lab with Kerberos a process: MIT Kerberos reads its configuration from the environment.
    """

    def __init__(self, config: LabConfig, state: Path | str, fresh: bool = False) -> None:
        self.config = config
        self.state = Path(state).resolve()
        self._fresh = fresh
        self._stack = ExitStack()
        self.organization = Organization(config)
        self.answers = Answers(self.organization)
        self.exchange: dict[str, ExchangeEndpoint] = {}
        self.smtp: dict[str, SmtpFrontEnd] = {}
        self.kerberos: KerberosRealm | None = None
        self.endpoints: dict[str, object] = {}

    @classmethod
    def from_file(cls, path: Path | str, state: Path | str, fresh: bool = False) -> Lab:
        """Read a lab file. Raises LabError with one sentence when it is wrong."""
        return cls(load(path), state, fresh)

    @classmethod
    def from_config(cls, content: object, state: Path | str, fresh: bool = False) -> Lab:
        """Take the content of a lab file. Raises LabError with one sentence when it is wrong."""
        return cls(parse(content), state, fresh)

    @property
    def journal_path(self) -> Path:
        return self.state / "journal.jsonl"

    def start(self) -> Lab:
        """Start everything and return once every listener gave a right answer.

        Raises LabError with one sentence; whatever was started is stopped again then.
        """
        try:
            self._start()
        except BaseException as error:
            self.stop()
            if isinstance(error, KerberosError | DnsServerError | SmtpFrontEndError):
                raise LabError(str(error)) from error
            if isinstance(error, OSError):
                raise LabError(_sentence(error)) from error
            raise
        return self

    def stop(self) -> None:
        """Stop everything; does nothing when nothing runs."""
        self._stack.close()

    def __enter__(self) -> Lab:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- starting ----------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._prepare_state()
        self.journal = Journal(self.journal_path)
        self._stack.callback(self.journal.close)
        self.backend = ExchangeBackend(self.organization, self.journal, self._save)
        self.sink = MaildirSink(self.state / "maildir")
        self.kerberos = self._start_kerberos()
        servers = {server.name: self._start_server(server) for server in self.config.servers.values()}
        dns = self._start_dns()
        self.endpoints = {
            "servers": servers,
            "dns": dns,
            "kerberos": None
            if self.kerberos is None
            else {"config": str(self.kerberos.config_path), "realm": self.kerberos.realm},
            "accounts": self._accounts(),
            "journal": str(self.journal_path),
            "maildir": str(self.sink.path),
        }

    def _prepare_state(self) -> None:
        kept = self.state / "organization.json"
        if self._fresh:
            kept.unlink(missing_ok=True)
            self.journal_path.unlink(missing_ok=True)
            shutil.rmtree(self.state / "maildir", ignore_errors=True)
        restore(self.organization, kept)

    def _save(self) -> None:
        save(self.organization, self.state / "organization.json")

    def _start_kerberos(self) -> KerberosRealm | None:
        if self.config.kerberos is None:
            return None
        realm = KerberosRealm(self.config.kerberos, self.state / "kerberos")
        self._stack.callback(realm.stop)
        for account in self.config.accounts.values():
            realm.add_principal(account.name, account.password)
        for server in self.config.servers.values():
            if not server.edge:
                realm.add_service(server.fqdn)
        realm.start()
        return realm

    def _start_server(self, server: ServerConfig) -> dict[str, object]:
        certificate = None
        if server.scheme == "https":
            certificate = ServerCertificate.self_signed(self.state / "tls", server.fqdn, server.address)
        endpoint = ExchangeEndpoint(
            server,
            self.config.accounts,
            self.kerberos,
            self.backend,
            self.config.limits,
            self.journal,
            certificate=certificate,
            disturbances=Disturbances.from_config(server.faults),
        )
        self._stack.callback(endpoint.stop)
        host, port = endpoint.start()
        self.exchange[server.name] = endpoint
        probes.wait_for(
            f"The PowerShell endpoint of {server.name} at {host} port {port}",
            lambda: probes.powershell(host, port, server.scheme, endpoint.kind.path),
        )
        return {
            "fqdn": server.fqdn,
            "version": server.version,
            "roles": list(server.roles),
            "culture": server.culture,
            "snap_in": server.snap_in,
            "host": host,
            "port": port,
            "scheme": server.scheme,
            "url": endpoint.url,
            "ca": str(certificate.certificate) if certificate else None,
            "smtp": self._start_smtp(server),
            "kerberos_hostname": server.fqdn,
            "domain_controller": server.domain_controller or None,
        }

    def _start_smtp(self, server: ServerConfig) -> dict[str, object] | None:
        """Start what answers on port 25; nothing does on a server without a transport service."""
        if not server.transport_roles:
            return None
        front_end = SmtpFrontEnd(server, self.answers, self.sink)
        self._stack.callback(front_end.stop)
        host, port = front_end.start()
        self.smtp[server.name] = front_end
        what = f"The SMTP front end of {server.name} at {host} port {port}"
        probes.wait_for(what, lambda: probes.smtp(host, port))
        return {"host": host, "port": port}

    def _start_dns(self) -> dict[str, object] | None:
        if self.config.dns is None:
            return None
        server = DnsServer(self.config.dns, self.state / "dns")
        self._stack.callback(server.stop)
        host, port = server.start()  # returns once named answered for the zone
        key = self.config.dns.key
        return {
            "host": host,
            "port": port,
            "zone": self.config.dns.zone,
            "key": None if key is None else {"name": key.name, "algorithm": key.algorithm, "secret": key.secret},
        }

    def _accounts(self) -> dict[str, object]:
        realm = self.config.kerberos.realm if self.config.kerberos else None
        return {
            account.name: {
                "password": account.password,
                "upn": account.upn,
                "netbios_name": account.netbios_name,
                "principal": f"{account.name}@{realm}" if realm else None,
                "role_groups": list(account.role_groups),
            }
            for account in self.config.accounts.values()
        }

    def write_endpoints(self, pid: int) -> Path:
        """Write lab.json, for its owner only: it holds the passwords of the lab."""
        path = self.state / "lab.json"
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"pid": pid, **self.endpoints}, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)
        return path


def _sentence(error: OSError) -> str:
    text = error.strerror or str(error)
    return text if text.endswith(".") else f"{text}."
