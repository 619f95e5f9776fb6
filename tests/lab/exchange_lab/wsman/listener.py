# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTTP/1.1 in front of the service: one thread a TCP connection, because authentication belongs to the connection."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from exchange_lab.settings import AccountConfig
from exchange_lab.wsman import sealing, soap
from exchange_lab.wsman.disturbances import ConnectionDropped
from exchange_lab.wsman.security import ConnectionSecurity
from exchange_lab.wsman.service import Caller

if TYPE_CHECKING:
    from exchange_lab.wsman.server import ExchangeEndpoint

# What sealing, and a client's idea of the limit, may add to the largest envelope.
SLACK = 65536
IDLE_SECONDS = 1000.0
HANDSHAKE_SECONDS = 10.0

_log = logging.getLogger("exchange_lab.wsman")
_PAGE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\r\n'
    '<html xmlns="http://www.w3.org/1999/xhtml">\r\n<head><title>{code} - {title}</title></head>\r\n'
    "<body><h1>Server Error</h1><h2>{code} - {title}</h2><h3>{text}</h3></body>\r\n</html>\r\n"
)
_KERNEL_PAGE = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
    "<HTML><HEAD><TITLE>{title}</TITLE></HEAD>\r\n<BODY><h2>{title}</h2>\r\n"
    "<hr><p>HTTP Error {code}. {text}</p>\r\n</BODY></HTML>\r\n"
)
_NOT_FOUND = (
    "The resource you are looking for might have been removed, had its name changed, or is temporarily unavailable."
)
_UNAUTHORIZED = "You do not have permission to view this directory or page using the credentials that you supplied."


class Listener(ThreadingHTTPServer):
    """The listening socket of one endpoint and its open connections."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], endpoint: ExchangeEndpoint, tls: ssl.SSLContext | None) -> None:
        self.endpoint = endpoint
        self.tls = tls
        self._open: dict[socket.socket, threading.Thread] = {}
        self._open_lock = threading.Lock()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without asking the resolver for the host's name, as HTTPServer would."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.endpoint.fqdn, self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept one connection; with TLS the handshake is left to its own thread."""
        connection, address = super().get_request()
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection in a thread of its own, and remember both."""
        arguments = (request, client_address)
        thread = threading.Thread(
            target=self.process_request_thread, args=arguments, name="exchange-lab-connection", daemon=True
        )
        with self._open_lock:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close one connection."""
        with self._open_lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def close_connections(self, seconds: float) -> None:
        """Close every connection and wait for the threads, no longer than `seconds` each."""
        with self._open_lock:
            connections = list(self._open.items())
        for connection, _ in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for _, thread in connections:
            thread.join(seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about connections that end; anything else is a defect of the lab."""
        if not isinstance(sys.exception(), OSError):
            _log.exception("A request from %s failed in the lab itself.", client_address)


class Handler(BaseHTTPRequestHandler):
    """One TCP connection."""

    server: Listener
    protocol_version = "HTTP/1.1"
    sys_version = ""
    timeout = IDLE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Begin the connection."""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(HANDSHAKE_SECONDS)
            self.request.do_handshake()
        super().setup()
        self._security = ConnectionSecurity(self.server.endpoint.authenticator)

    def do_POST(self) -> None:
        """Answer one WS-Management request."""
        try:
            self.server.endpoint.disturbances.request_arrives()
            body = self._body()
            if body is not None:
                self._answer(body)
        except ConnectionDropped:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.request.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:
        """Refuse what is no POST the way IIS does: first the path, then the caller, then the verb."""
        self.close_connection = True  # a body, if there is one, is left unread
        if not self._path_exists():
            self._page(HTTPStatus.NOT_FOUND, "File or directory not found.", _NOT_FOUND)
        elif self._admit() is not None:
            self._page(HTTPStatus.METHOD_NOT_ALLOWED, "HTTP verb used to access this page is not allowed.", "")

    # The names that http.server looks for.
    do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def _answer(self, body: bytes) -> None:
        if not self._path_exists():
            self._page(HTTPStatus.NOT_FOUND, "File or directory not found.", _NOT_FOUND)
            return
        admitted = self._admit()
        if admitted is None:
            return
        account, headers = admitted
        if not body:
            self._write(HTTPStatus.OK, "", b"", headers)
            return
        sealed = sealing.is_sealed(self.headers.get("Content-Type", ""))
        if sealed:
            try:
                envelope = self._security.unseal(body)
            except sealing.SealingError as error:
                _log.info("%s: a sealed request was refused: %s", self.server.endpoint.fqdn, error)
                self._refuse_message()
                return
        elif self._must_be_sealed():
            self._refuse_message()
            return
        else:
            envelope = body
        caller = Caller(account, str(self.client_address[0]), self._security.delegated)
        answer = self.server.endpoint.service.handle(caller, envelope)
        content_type, payload = soap.CONTENT_TYPE, answer.envelope
        if sealed:
            content_type, payload = self._security.seal(payload)
        self._write(HTTPStatus(answer.status), content_type, payload, headers)

    def _body(self) -> bytes | None:
        """Return the request's body; None when it was refused unread."""
        limit = self.server.endpoint.limits.maximum_envelope_size + SLACK
        try:
            length = int(self.headers.get("Content-Length", "0"))
        except ValueError:
            length = -1
        if "Transfer-Encoding" in self.headers or length < 0:
            self.close_connection = True
            self._page(HTTPStatus.LENGTH_REQUIRED, "Length Required", "A Content-Length is required.")
        elif length > limit:
            self.close_connection = True
            self._page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The page was not displayed.", "The request is too large.")
        else:
            body = self.rfile.read(length)
            if len(body) == length:
                return body
            self.close_connection = True
        return None

    def _path_exists(self) -> bool:
        return urlsplit(self.path).path.strip("/").casefold() == self.server.endpoint.kind.path.casefold()

    def version_string(self) -> str:
        """The Server header: IIS, or the kernel's HTTP in front of WinRM."""
        return self.server.endpoint.kind.product

    def _admit(self) -> tuple[AccountConfig, tuple[str, ...]] | None:
        """Return the caller and the headers of the answer; None after a 401 was sent."""
        verdict = self._security.admit(self.headers.get("Authorization"))
        if verdict.account is None:
            self._page(
                HTTPStatus.UNAUTHORIZED,
                "Unauthorized: Access is denied due to invalid credentials.",
                _UNAUTHORIZED,
                verdict.headers,
            )
            return None
        return verdict.account, verdict.headers

    def _must_be_sealed(self) -> bool:
        """AllowUnencrypted is false: in the clear only over TLS, or with the password in the clear anyway."""
        basic = self.headers.get("Authorization", "").lower().startswith("basic ")
        return self.server.tls is None and not basic

    def _refuse_message(self) -> None:
        # Windows answers 500 and says nothing (unverified for a seal that does not open); the context is out of step
        # from here on.
        self.close_connection = True
        self._write(HTTPStatus.INTERNAL_SERVER_ERROR, "", b"", ())

    def _page(self, status: HTTPStatus, title: str, text: str, challenges: tuple[str, ...] = ()) -> None:
        page = _KERNEL_PAGE if self.server.endpoint.kind.snap_in else _PAGE
        body = page.format(code=status.value, title=title, text=text).encode()
        self._write(status, "text/html", body, challenges)

    def _write(self, status: HTTPStatus, content_type: str, body: bytes, challenges: tuple[str, ...]) -> None:
        self.send_response(status)
        for challenge in challenges:
            self.send_header("WWW-Authenticate", challenge)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: the journal tells what happened."""
