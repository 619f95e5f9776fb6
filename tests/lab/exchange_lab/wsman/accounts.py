# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The domain's accounts as a logon names them, and their NTLM hashes for the acceptor."""

from __future__ import annotations

import hmac
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from spnego._ntlm_raw.crypto import ntowfv1

from exchange_lab.settings import AccountConfig

# pyspnego reads the acceptor's accounts from the file that this variable names, at the moment of the logon; labs in
# one process take turns.
_VARIABLE = "NTLM_USER_FILE"
_turn = threading.Lock()


class Accounts:
    """Finds an account by any name it may log on with: name, UPN, NETBIOS\\name, domain\\name, principal."""

    def __init__(self, accounts: Mapping[str, AccountConfig], realm: str | None) -> None:
        self._by_name: dict[str, AccountConfig] = {}
        for account in accounts.values():
            for name in logon_names(account):
                self._by_name[name.casefold()] = account
            if realm is not None:
                self._by_name[f"{account.name}@{realm}".casefold()] = account
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    def find(self, name: str) -> AccountConfig | None:
        """Return the account that logs on as `name`."""
        return self._by_name.get(name.casefold())

    def verify(self, name: str, password: str) -> AccountConfig | None:
        """Return the account when the password is right."""
        account = self.find(name)
        if account is None or not hmac.compare_digest(account.password.encode(), password.encode()):
            return None
        return account

    @contextmanager
    def as_ntlm_users(self) -> Iterator[None]:
        """Let pyspnego's NTLM acceptor know these accounts inside the block."""
        with _turn:
            path = str(self._hash_file())
            if os.environ.get(_VARIABLE) != path:
                os.environ[_VARIABLE] = path
            yield

    def forget(self) -> None:
        """Remove the hash file."""
        with _turn:
            directory, self._directory = self._directory, None
            if directory is not None:
                if os.environ.get(_VARIABLE, "").startswith(directory.name):
                    del os.environ[_VARIABLE]
                directory.cleanup()

    def _hash_file(self) -> Path:
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="exchange-lab-")  # 0700
            lines = "".join(f"{line}\n" for line in self._hash_lines())
            (Path(self._directory.name) / "ntlm").write_text(lines, encoding="utf-8")
        return Path(self._directory.name) / "ntlm"

    def _hash_lines(self) -> Iterator[str]:
        """Lines of smbpasswd's format: unlike the format with clear passwords it takes a password with a colon."""
        for name, account in self._by_name.items():
            yield f"{name}:0:{'0' * 32}:{ntowfv1(account.password).hex()}:[U]:LCT-0"


def local_accounts(server: str, accounts: Mapping[str, AccountConfig]) -> dict[str, AccountConfig]:
    """The accounts as a server outside of the domain has them: its own, of the same names and passwords."""
    return {name: account.local_to(server) for name, account in accounts.items()}


def logon_names(account: AccountConfig) -> Iterator[str]:
    """Yield every name that a password logon of this account may use."""
    yield account.name
    domains = [account.netbios_name.partition("\\")[0]]
    if account.upn:
        yield account.upn
        domains.append(account.domain)
    for domain in domains:
        if domain:
            yield f"{domain}\\{account.name}"
