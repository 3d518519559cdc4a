"""What answers at an address is a scheduler, with TLS or without, or an error says what it is."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dask
import pytest

from streamstyle.cluster import answer
from streamstyle.cluster.address import ClusterAddress
from streamstyle.cluster.engine import connect
from streamstyle.errors import DeviceError, SettingsError

Serve = Callable[[socket.socket], None]

FIRST_MESSAGE = (300).to_bytes(8, "little") + bytes(300)


@contextmanager
def server(serve: Serve) -> Iterator[str]:
    """Serve each connection; yield host and port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection = listening.accept()[0]
                except OSError:  # closed
                    return
                with connection, suppress(OSError):
                    serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def speak(connection: socket.socket) -> None:
    connection.sendall(FIRST_MESSAGE)
    connection.recv(1000)


def greet(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    connection.recv(1000)


def listen(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a server says nothing there is nothing to wait for, but for an answer to TLS."""
    monkeypatch.setattr(answer, "_SPEAK_SECONDS", 1.0)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, str]]:
    """The engine's settings with a certificate that is an authority of its own, by name."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")

    def settings(name: str) -> dict[str, str]:
        key, certificate = (str(folder / f"{name}.{kind}") for kind in ("key", "pem"))
        if not Path(key).exists():
            command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            options = ["-days", "9", "-subj", f"/CN={name}", "-keyout", key, "-out", certificate]
            subprocess.run([*command, *options], check=True, capture_output=True)
        section = "distributed.comm.tls"
        return {
            f"{section}.ca-file": certificate,
            f"{section}.client.cert": certificate,
            f"{section}.client.key": key,
        }

    return settings


def with_tls(serve: Serve, settings: dict[str, str]) -> Serve:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = settings["distributed.comm.tls.client.cert"]
    context.load_cert_chain(certificate, settings["distributed.comm.tls.client.key"])
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_OPTIONAL
    return lambda connection: serve(context.wrap_socket(connection, server_side=True))


def test_a_scheduler_answers() -> None:
    with server(speak) as place:
        answer.check_answer(f"tcp://{place}", 1)


def test_a_scheduler_with_tls_answers(certificates: Callable[[str], dict[str, str]]) -> None:
    own = certificates("own")
    with server(with_tls(speak, own)) as place, dask.config.set(own):
        answer.check_answer(f"tls://{place}", 1)


@pytest.mark.usefixtures("_impatient")
def test_tls_is_asked_for_where_it_is_used(certificates: Callable[[str], dict[str, str]]) -> None:
    with server(with_tls(listen, certificates("own"))) as place, pytest.raises(DeviceError) as raised:
        answer.check_answer(f"tcp://{place}", 1)
    assert str(raised.value).startswith(f"what answers at tcp://{place} uses TLS. Give tls://{place} and a certificate")


def test_tls_is_not_asked_for_where_it_is_not_used(certificates: Callable[[str], dict[str, str]]) -> None:
    with server(speak) as place, dask.config.set(certificates("own")), pytest.raises(DeviceError) as raised:
        answer.check_answer(f"tls://{place}", 1)
    assert str(raised.value).startswith(f"the scheduler at tls://{place} is without TLS. Give tcp://{place}")


@pytest.mark.usefixtures("_impatient")
def test_a_certificate_of_another_authority_is_an_error(certificates: Callable[[str], dict[str, str]]) -> None:
    other = server(with_tls(speak, certificates("other")))
    with other as place, dask.config.set(certificates("own")), pytest.raises(DeviceError, match="no TLS connection"):
        answer.check_answer(f"tls://{place}", 1)


def test_certificates_that_are_not_there_are_an_error(certificates: Callable[[str], dict[str, str]]) -> None:
    missing = {**certificates("own"), "distributed.comm.tls.ca-file": "nowhere.pem"}
    with dask.config.set(missing), pytest.raises(SettingsError, match="cannot be read"):
        answer.check_answer("tls://127.0.0.1:1", 1)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("serve", [greet, listen])
def test_another_server_is_no_scheduler(serve: Serve) -> None:
    with server(serve) as place, pytest.raises(DeviceError, match=f"what answers at tcp://{place} is no scheduler"):
        answer.check_answer(f"tcp://{place}", 1)


def test_a_machine_that_is_not_known_is_an_error() -> None:
    with pytest.raises(DeviceError, match=r"no scheduler answers at tcp://nowhere\.invalid:1"):
        answer.check_answer("tcp://nowhere.invalid:1", 1)


def test_encryption_that_is_required_refuses_an_address_without_it() -> None:
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(SettingsError, match="is without TLS, which"),
        connect(ClusterAddress.parse("tcp://127.0.0.1:1")),
    ):
        pass
