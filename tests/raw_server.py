"""A server on a plain socket that sends raw bytes."""

import contextlib
import socket
import threading


class RawServer:
    """Send each connection the next of the raw answers, then close the connection.

    A callable answer is called with the connection. The answer None sends nothing and keeps the connection
    open until the test ends, at most for five seconds, so that a client without a time-out fails instead of
    hanging. With `stays_open`, every connection stays open after its answer.
    """

    def __init__(self, *answers, stays_open=False):
        self.received = []
        self._stays_open = stays_open
        self._answers = list(answers)
        self._end = threading.Event()
        self._connection = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(5)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        for answer in self._answers:
            try:
                connection = self._socket.accept()[0]
            except OSError:
                return
            self._connection = connection
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self.received.append(connection.recv(65536).decode("utf-8", "replace"))
                if callable(answer):
                    answer(connection)
                elif answer is not None:
                    connection.sendall(answer)
                if answer is None or self._stays_open:
                    self._end.wait(5)

    def close(self):
        """Stop listening, and close the connections that are kept open."""
        self._end.set()
        # An answer that takes long, or that nobody reads, ends at once: nobody waits for its thread.
        for open_socket in (self._socket, self._connection):
            with contextlib.suppress(OSError, AttributeError):
                open_socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)
