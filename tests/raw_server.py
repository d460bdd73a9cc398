"""A server that says what it is told, byte by byte."""

import contextlib
import socket
import threading


class RawServer:
    """Listen on this machine and give each connection the next of some raw answers, then close it.

    An answer that can be called is given the connection, and does with it what it likes. One of None keeps
    the connection open and says nothing until the end of the test (or until the patience of five seconds
    ends, so that a client without a time-out fails instead of hanging); with `stays_open` so does every
    other, once it is given.
    """

    def __init__(self, *answers, stays_open=False):
        self.received = []
        self._stays_open = stays_open
        self._answers = list(answers)
        self._end = threading.Event()
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
        """Stop listening, and end what is kept open."""
        self._end.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)
