# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""TCP proxies that lose a server in the middle of a rollout, at a point that does not depend on timing.

The lab writes a cmdlet to its journal before it answers. A proxy looks at the journal before it passes on any bytes
of the server, so "cut after the N-th writing cmdlet" means: Exchange has done it, and the client never hears of it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from .journal import WriteCount

BLOCK = 65536


class CuttingProxy:
    """Listens on a free port of 127.0.0.1, passes bytes both ways, and is dead once `is_cut()` is true."""

    def __init__(self, target: tuple[str, int], is_cut: Callable[[], bool]) -> None:
        self.target = target
        self.is_cut = is_cut
        self.cut = False
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()[:2]

    def __enter__(self) -> CuttingProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def _close(self) -> None:
        with self._lock:
            self.cut = True
            sockets, self._sockets = self._sockets, set()
        _hang_up(self._listener, *sockets)

    def _accept(self) -> None:
        while not self.cut:
            try:
                client, _address = self._listener.accept()
                server = socket.create_connection(self.target, timeout=30)
            except OSError:
                return
            server.settimeout(None)
            with self._lock:
                self._sockets.update((client, server))
            threading.Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(BLOCK):
                if answers and self.is_cut():
                    self._close()
                    return
                sink.sendall(block)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class StumblingProxy:
    """Passes bytes both ways until a server has done one writing cmdlet; then that connection is lost, and the next one
    is taken. So whoever comes through it gets one command further each time.

    journal: the lab's journal. server: whose writes count. stumbles: False for a proxy that loses nothing.
    """

    def __init__(self, target: tuple[str, int], journal: Path, server: str, stumbles: bool = True) -> None:
        self.target = target
        self.lost = 0
        self._writes = WriteCount(journal, server) if stumbles else None
        self._open = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()[:2]

    def __enter__(self) -> StumblingProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _written(self) -> int:
        return 0 if self._writes is None else self._writes.now()

    def _accept(self) -> None:
        while self._open:
            try:
                client, _address = self._listener.accept()
                server = socket.create_connection(self.target, timeout=30)
            except OSError:
                return
            server.settimeout(None)
            threading.Thread(target=self._answers, args=(server, client, self._written()), daemon=True).start()
            threading.Thread(target=self._requests, args=(client, server), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while block := client.recv(BLOCK):
                server.sendall(block)
        _hang_up(client, server)

    def _answers(self, server: socket.socket, client: socket.socket, before: int) -> None:
        with contextlib.suppress(OSError):
            while block := server.recv(BLOCK):
                if self._written() > before:
                    self.lost += 1
                    break
                client.sendall(block)
        _hang_up(client, server)


def _hang_up(*sockets: socket.socket) -> None:
    for one in sockets:
        # A plain close would leave a thread asleep in recv() on the same socket.
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            one.close()
