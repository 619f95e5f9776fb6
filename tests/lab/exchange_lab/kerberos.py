# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's Kerberos realm: a real MIT key distribution centre on loopback, as the user who starts the lab.

It has a database, a port and a krb5.conf of its own; no DNS look-up, no file of the machine's own realm is touched.
Passwords reach the MIT tools through their standard input, never through a command line that `ps` shows.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from exchange_lab.children import dying_with_us
from exchange_lab.settings import KerberosConfig

ADDRESS = "127.0.0.1"
START_SECONDS = 10.0
STOP_SECONDS = 5.0
TOOL_SECONDS = 30.0
ATTEMPTS = 3
PACKAGES = "krb5-kdc and krb5-admin-server"
PLACES = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/lib/mit/sbin", "/usr/local/bin")
# The service classes a Windows machine account answers for: Exchange's own SPN, and pypsrp's default.
SERVICE_CLASSES = ("HTTP", "host")
# The encryption types that Active Directory issues tickets with.
ENCRYPTION_TYPES = "aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal"


class KerberosError(Exception):
    """The realm could not be set up; one sentence with the remedy."""


class KerberosRealm:
    """One `krb5kdc` process for the lab's realm.

    config: the realm's name. directory: where its files live (created; readable by its owner only).
    While the realm runs, KRB5_CONFIG and KRB5_KTNAME of this process point to it, so that clients and servers in the
    same process use it; `environment` is the same for other processes. One realm a process.
    """

    def __init__(self, config: KerberosConfig, directory: Path | str) -> None:
        self.realm = config.realm
        self.directory = Path(directory).resolve()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._requests: list[str] = []
        self._hosts: list[str] = []
        self._replaced: dict[str, str | None] = {}

    @property
    def config_path(self) -> Path:
        """The krb5.conf for clients and servers of this realm."""
        return self.directory / "krb5.conf"

    @property
    def keytab_path(self) -> Path:
        """The keys of every service of the realm."""
        return self.directory / "services.keytab"

    def keytab_for(self, fqdn: str) -> Path:
        """The keys of one server only: a ticket for another server must not open it."""
        return self.directory / f"{fqdn.lower()}.keytab"

    @property
    def environment(self) -> Mapping[str, str]:
        """What another process needs in its environment to be a client of this realm."""
        return {"KRB5_CONFIG": str(self.config_path)}

    def add_principal(self, name: str, password: str) -> None:
        """Add a user; `name` may carry the realm. May be called before and after `start`.

        Raises KerberosError when the realm refuses the name or the password.
        """
        principal = name.partition("@")[0]
        self._request(f"addprinc -pw {_quoted(password)} {_quoted(principal)}")

    def add_service(self, fqdn: str) -> Path:
        """Add HTTP/<fqdn> and host/<fqdn> with random keys and return the server's keytab; does nothing when known."""
        if fqdn.lower() not in self._hosts:
            self._hosts.append(fqdn.lower())
            principals = " ".join(_quoted(f"{service}/{fqdn.lower()}") for service in SERVICE_CLASSES)
            lines = [f"addprinc -randkey {_quoted(f'{service}/{fqdn.lower()}')}" for service in SERVICE_CLASSES]
            lines.append(f"ktadd -norandkey -k {_quoted(str(self.keytab_for(fqdn)))} {principals}")
            lines.append(f"ktadd -norandkey -k {_quoted(str(self.keytab_path))} {principals}")
            self._request(*lines)
        return self.keytab_for(fqdn)

    def start(self) -> None:
        """Create the database, start the KDC and return once it takes connections.

        Raises KerberosError when a tool is missing or the KDC does not start.
        """
        kdc = find_tool("krb5kdc")
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._forget()
        # A free port can be taken by somebody else between its choice and the KDC's bind: choose again.
        for attempt in range(1, ATTEMPTS + 1):
            self._port = _free_port()
            self._write_configuration()
            if attempt == 1:
                self._create_database()
            failure = self._start_once(kdc)
            if failure is None:
                break
            self._end()
            if attempt == ATTEMPTS:
                raise KerberosError(failure)
        self._publish()

    def stop(self) -> None:
        """Stop the KDC, remove every key and restore the environment; does nothing when it does not run."""
        self._end()
        self._forget()
        for name, value in self._replaced.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._replaced = {}

    def __enter__(self) -> KerberosRealm:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the KDC's process lives."""
        return self._process is not None and self._process.poll() is None

    def _request(self, *lines: str) -> None:
        self._requests.extend(lines)
        if self.running:
            self._administer(lines)

    def _create_database(self) -> None:
        # The master key is of no use to anybody: a random one, kept in the stash file only.
        master = secrets.token_urlsafe(32)
        self._run("kdb5_util", "create", "-s", "-W", "-r", self.realm, text=f"{master}\n{master}\n")
        if self._requests:
            self._administer(self._requests)

    def _administer(self, lines: list[str] | tuple[str, ...]) -> None:
        answer = self._run("kadmin.local", text="".join(f"{line}\n" for line in lines))
        # kadmin.local exits with 0 whatever a command did: what it reports on stderr decides.
        notes = ("No policy specified", "Authenticating as")
        trouble = [line for line in answer.splitlines() if line.strip() and not line.startswith(notes)]
        if trouble:
            raise KerberosError(f"The realm {self.realm} refused a principal: {trouble[0]}.")

    def _run(self, tool: str, *arguments: str, text: str) -> str:
        """Run one MIT tool with `text` on its standard input and return what it wrote to stderr."""
        result = subprocess.run(
            [find_tool(tool), *arguments],
            input=text,
            capture_output=True,
            text=True,
            env={**os.environ, **self._server_environment},
            timeout=TOOL_SECONDS,
            check=False,
            start_new_session=True,  # no terminal to read a password from
        )
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise KerberosError(f"{tool} could not set up the realm {self.realm} in {self.directory}: {reason}.")
        return result.stderr

    def _start_once(self, kdc: str) -> str | None:
        log = self.directory / "krb5kdc.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                dying_with_us([kdc, "-n"]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self._server_environment},
                cwd=self.directory,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                said = " ".join(log.read_text(encoding="utf-8", errors="replace").split()) or "nothing said"
                return f"krb5kdc ended with code {self._process.returncode} on {ADDRESS} port {self._port}: {said}."
            with contextlib.suppress(OSError), socket.create_connection((ADDRESS, self._port), 1.0):
                return None
            time.sleep(0.005)
        return f"krb5kdc did not answer on {ADDRESS} port {self._port} within {START_SECONDS:.0f} seconds (see {log})."

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def _server_environment(self) -> dict[str, str]:
        return {**self.environment, "KRB5_KDC_PROFILE": str(self.directory / "kdc.conf")}

    def _publish(self) -> None:
        for name, value in {**self.environment, "KRB5_KTNAME": f"FILE:{self.keytab_path}"}.items():
            self._replaced.setdefault(name, os.environ.get(name))
            os.environ[name] = value

    def _forget(self) -> None:
        """Remove the database and every key of an earlier run."""
        for pattern in ("principal*", "*.keytab", "stash", "replay-cache*"):
            for file in self.directory.glob(pattern):
                file.unlink(missing_ok=True)

    def _write_configuration(self) -> None:
        self.config_path.write_text(client_configuration(self.realm, self._port, self.directory), encoding="utf-8")
        kdc = self.directory / "kdc.conf"
        kdc.write_text(server_configuration(self.realm, self._port, self.directory), encoding="utf-8")


def client_configuration(realm: str, port: int, directory: Path) -> str:
    """Return a krb5.conf that knows one realm and asks no name server for anything."""
    domain = realm.lower()
    return f"""[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_uri_lookup = false
    dns_canonicalize_hostname = false
    rdns = false
    forwardable = true
    udp_preference_limit = 1
    default_rcache_name = file2:{directory}/replay-cache

[realms]
    {realm} = {{
        kdc = {ADDRESS}:{port}
    }}

[domain_realm]
    .{domain} = {realm}
    {domain} = {realm}
"""


def server_configuration(realm: str, port: int, directory: Path) -> str:
    """Return the KDC's own settings: TCP on loopback only, pre-authentication as Active Directory asks it."""
    return f"""[kdcdefaults]
    kdc_listen = ""
    kdc_tcp_listen = {ADDRESS}:{port}

[realms]
    {realm} = {{
        database_name = {directory}/principal
        key_stash_file = {directory}/stash
        supported_enctypes = {ENCRYPTION_TYPES}
        default_principal_flags = +preauth
        max_life = 10h
        max_renewable_life = 7d
    }}
"""


def find_tool(name: str) -> str:
    """Return the path of an MIT Kerberos tool; system directories may be missing in a user's PATH.

    Raises KerberosError when it is not installed.
    """
    path = os.pathsep.join((os.environ.get("PATH", ""), *PLACES))
    found = shutil.which(name, path=path)
    if found is None:
        raise KerberosError(
            f"The lab's Kerberos realm needs {name}: install the packages {PACKAGES}, or leave `kerberos` out."
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def _quoted(text: str) -> str:
    """Quote one word for kadmin.local's command reader, which doubles a quotation mark inside quotes."""
    if any(character in text for character in "\r\n\0"):
        raise KerberosError("A principal's name or password holds a line break, which kadmin.local cannot read.")
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
