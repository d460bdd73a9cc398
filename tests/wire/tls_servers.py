"""A TLS server with a certificate of an authority created for the test, and a proxy that tunnels to it."""

import contextlib
import socket
import ssl
import threading

import trustme

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


class Listener:
    """Listen on this machine and hand each connection to `serve`, in a thread of its own."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open = {self._socket}
        self._threads = []
        self._start(self._accept)

    def _start(self, work, *args):
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                connection = self._socket.accept()[0]
            except OSError:
                return
            self._start(self._guarded, connection)

    def _guarded(self, connection):
        connection.settimeout(10)
        self._open.add(connection)
        with contextlib.suppress(OSError), connection:
            self.serve(connection)

    def serve(self, connection):
        """Talk to one client."""
        raise NotImplementedError

    def close(self):
        """End everything."""
        for item in list(self._open):
            with contextlib.suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)
            item.close()
        for thread in self._threads:
            thread.join(10)


class TlsServer(Listener):
    """Answer each request over TLS with an empty list, and record it.

    - `authority`: who signs the certificate, which is for the host names `names`.
    - `clients`: an authority whose clients alone are let in.
    """

    def __init__(self, authority, *names, clients=None):
        self.received = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(self._context)
        if clients is not None:
            clients.configure_trust(self._context)
            self._context.verify_mode = ssl.CERT_REQUIRED
        super().__init__()

    def serve(self, connection):
        """Answer as long as something is asked."""
        with self._context.wrap_socket(connection, server_side=True) as secure:
            while asked := secure.recv(65536):
                self.received.append(asked.decode("latin-1"))
                secure.sendall(ANSWER)


class Proxy(Listener):
    """Be a proxy: tunnel to `target`, whatever host is asked for, or answer what is asked in the open.

    `heard` is every byte that came from clients.
    """

    def __init__(self, target=None, *, refuses=False):
        self.heard = []
        self._target, self._refuses = target, refuses
        super().__init__()

    def serve(self, connection):
        """Serve one client."""
        asked = connection.recv(65536)
        self.heard.append(asked)
        if self._refuses:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif not asked.startswith(b"CONNECT"):
            connection.sendall(ANSWER)
        else:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", self._target), timeout=10) as beyond:
                self._open.add(beyond)
                self._start(self._relay, beyond, connection)
                self._relay(connection, beyond, self.heard)

    @staticmethod
    def _relay(source, target, heard=None):
        with contextlib.suppress(OSError):
            while passing := source.recv(65536):
                if heard is not None:
                    heard.append(passing)
                target.sendall(passing)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # the relay the other way ends as well


def new_authority(folder):
    """Make an authority, and return it with the path of the file that names it."""
    authority = trustme.CA()
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return authority, path
