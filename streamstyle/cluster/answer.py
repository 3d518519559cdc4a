"""Whether a scheduler answers at an address, with TLS or without it as the address says.

The engine waits long or forever where something else answers, and takes what that sends for lengths of messages.
"""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import urlsplit

from distributed import Security

from streamstyle.errors import DeviceError, SettingsError

_SPEAK_SECONDS = 5.0
"""A scheduler speaks at once; a server that waits for the client to begin speaks TLS or is none."""

_MAX_FIRST_MESSAGE = 1 << 20
"""Bytes. The eight bytes before a message are its length, little-endian; the letters of other protocols are more."""


def check_answer(url: str, seconds: float) -> None:
    """DeviceError unless a scheduler answers at `url`; a connection that is refused is tried for so many seconds."""
    parts = urlsplit(url)
    place, address = parts.netloc, (parts.hostname or "", parts.port or 0)
    context = _own_tls() if parts.scheme == "tls" else None
    try:
        connection = _connect(address, seconds)
    except OSError as error:
        raise DeviceError(
            f"no scheduler answers at {url} ({error.strerror or error or type(error).__name__})",
            "Start it with `dask scheduler`; docs/cluster.md has the commands.",
        ) from error
    problem = ""
    with connection:
        try:
            if _is_scheduler(context.wrap_socket(connection) if context else connection):
                return
        except OSError as error:
            problem = f" ({getattr(error, 'reason', None) or error})"
    if context and _speaks_plainly(address):
        raise DeviceError(f"the scheduler at {url} is without TLS", f"Give tcp://{place}, or start it with TLS.")
    if not context and _speaks_tls(address):
        next_step = f"Give tls://{place} and a certificate; docs/cluster.md has the commands."
        raise DeviceError(f"what answers at {url} uses TLS", next_step)
    if context and problem:
        next_step = "Use certificates of one authority on all machines; docs/cluster.md has the commands."
        raise DeviceError(f"there is no TLS connection to {url}{problem}", next_step)
    raise DeviceError(
        f"what answers at {url} is no scheduler{problem}", "Give the address that `dask scheduler` shows."
    )


def _connect(address: tuple[str, int], seconds: float) -> socket.socket:
    """Connect; a scheduler that is being started refuses that at first. Raises OSError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection = socket.create_connection(address, timeout=max(0.1, deadline - time.monotonic()))
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
            continue
        connection.settimeout(_SPEAK_SECONDS)
        return connection


def _is_scheduler(connection: socket.socket) -> bool:
    """Whether what the other side says first is a message of the engine. Raises OSError."""
    first = b""
    while len(first) < 8 and (more := connection.recv(8 - len(first))):
        first += more
    return len(first) == 8 and int.from_bytes(first, "little") <= _MAX_FIRST_MESSAGE


def _own_tls() -> ssl.SSLContext:
    """Return TLS with the certificates that the engine's settings name. SettingsError if they cannot be read."""
    try:
        context: ssl.SSLContext = Security().get_connection_args("client")["ssl_context"]
    except OSError as error:
        problem = f"the certificates that the environment names cannot be read ({error})"
        raise SettingsError(problem, "See DASK_DISTRIBUTED__COMM__TLS__…; docs/cluster.md has the commands.") from error
    return context


def _speaks_plainly(address: tuple[str, int]) -> bool:
    try:
        with _connect(address, 1.0) as connection:
            return _is_scheduler(connection)
    except OSError:
        return False


def _speaks_tls(address: tuple[str, int]) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent
    try:
        with _connect(address, 1.0) as connection, context.wrap_socket(connection):
            return True
    except OSError:
        return False
