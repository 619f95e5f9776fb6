# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A TCP proxy that loses a server in the middle of a rollout, at a point that does not depend on timing.

The lab writes a cmdlet to its journal before it answers. The proxy looks at the journal before it passes on any bytes
of the server, so "cut after the N-th writing cmdlet" means: Exchange has done it, and the client never hears of it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

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
        for one in (self._listener, *sockets):
            # A plain close would leave a thread asleep in recv() on the same socket.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

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
