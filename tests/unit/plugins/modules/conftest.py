# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Drive a module the way Ansible does: arguments in as JSON, result out as JSON on stdout."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible.module_utils import basic
from smtp_doubles import LISTED, Handler, Server, free_port

from ansible_collections.mailrelay.exchange.plugins.modules import smtp_probe
from exchange_lab.smtp_tls import ServerCertificate

Run = Callable[..., dict[str, Any]]


@contextlib.contextmanager
def module_arguments(arguments: dict[str, Any]) -> Iterator[None]:
    """Hand arguments to the next AnsibleModule, on every supported ansible-core."""
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # ansible-core 2.16 has no public way
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
            yield
    else:
        with patch_module_args(arguments):
            yield


@pytest.fixture
def run_module(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return `run(main, check=False, diff=False, **options)`, which returns what the module printed.

    The result must agree with the exit code: a failed module leaves with 1, any other with 0. `warnings` holds the
    texts of all warnings; within pytest ansible-core would show them instead of returning them.
    """
    warnings: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda self, text, **_: warnings.append(text))

    def run(main: Callable[[], None], *, check: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": diff}
        warnings.clear()
        capsys.readouterr()
        with module_arguments(arguments), pytest.raises(SystemExit) as exit_:
            main()
        printed = capsys.readouterr().out.strip().splitlines()[-1]
        result: dict[str, Any] = json.loads(printed)
        assert exit_.value.code == (1 if result.get("failed") else 0)
        return {**result, "warnings": list(warnings)}

    return run


@pytest.fixture
def smtp_server() -> Iterator[Server]:
    running = Server(Handler(), hostname="127.0.0.1", port=free_port())
    running.certificate = ServerCertificate("EX1.contoso.com", "127.0.0.1")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def probe(smtp_server: Server, run_module: Run) -> Run:
    """Return the module with options for the running server; `recipients` may be plain addresses."""

    def run(check: bool = False, **options: Any) -> dict[str, Any]:
        base = {
            "host": "127.0.0.1",
            "port": smtp_server.port,
            "source_address": LISTED,
            "sender": "relaytest@contoso.com",
            "timeout": 5,
        }
        merged = {"recipients": ["b@fabrikam.com"], **base, **options}
        merged["recipients"] = [r if isinstance(r, dict) else {"address": r} for r in merged["recipients"]]
        return run_module(smtp_probe.main, check=check, **{k: v for k, v in merged.items() if v is not None})

    return run
