"""Starts the kernel: sockets, threads, and an event loop around it.

ipykernel's own application would bring IPython's shell, its debugger and its magics along; this
one starts the parts that the protocol needs, which takes half the time.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

PORTS = ("shell", "control", "stdin", "iopub", "hb")


def connection_file(argv: list[str]) -> Path | None:
    """The file named after `-f`."""
    for at, word in enumerate(argv):
        if word == "-f" and at + 1 < len(argv):
            return Path(argv[at + 1])
        if word.startswith(("-f=", "--f=")):
            return Path(word.partition("=")[2])
    return None


class Sockets:
    """The five sockets of the protocol, bound as the connection file says."""

    def __init__(self, info: dict[str, Any]) -> None:
        import zmq

        self.info = info
        self.context = zmq.Context()
        self.shell = self._bind(zmq.ROUTER, "shell")
        self.control = self._bind(zmq.ROUTER, "control")
        self.stdin = self._bind(zmq.ROUTER, "stdin")
        self.iopub = self._bind(zmq.PUB, "iopub")
        for socket in (self.shell, self.control, self.stdin):
            socket.setsockopt(zmq.ROUTER_HANDOVER, 1)

    def _bind(self, kind: int, name: str) -> Any:
        """One socket; encrypted when the connection file has keys."""
        socket: Any = self.context.socket(kind)
        socket.linger = 1000
        if name == "iopub":
            # Many small displays in a row must not push out the message that says "idle".
            socket.sndhwm = 100_000
        if self.info.get("curve_secretkey"):
            socket.curve_secretkey = self.info["curve_secretkey"].encode()
            socket.curve_publickey = self.info["curve_publickey"].encode()
            socket.curve_server = True
        transport, ip = self.info.get("transport", "tcp"), self.info["ip"]
        port = self.info[f"{name}_port"]
        socket.bind(f"{transport}://{ip}{'-' if transport == 'ipc' else ':'}{port}")
        return socket


def start_heartbeat(info: dict[str, Any]) -> None:
    """Echo what arrives, in a thread with a context of its own."""
    import zmq
    from ipykernel.heartbeat import Heartbeat

    keys = {
        name: info[name].encode()
        for name in ("curve_publickey", "curve_secretkey")
        if info.get(name)
    }
    address = (info.get("transport", "tcp"), info["ip"], info["hb_port"])
    Heartbeat(zmq.Context(), address, **keys).start()


def watch_parent() -> None:
    """End when the process that started the kernel is gone; on Windows, hear its interrupts."""
    parent = int(os.environ.get("JPY_PARENT_PID") or 0)
    interrupt = int(os.environ.get("JPY_INTERRUPT_EVENT") or 0)
    if sys.platform == "win32":
        if parent or interrupt:
            from ipykernel.parentpoller import ParentPollerWindows

            ParentPollerWindows(interrupt, parent).start()
    elif parent not in (0, 1):
        from ipykernel.parentpoller import ParentPollerUnix

        # Older versions take no process number.
        try:
            poller = ParentPollerUnix(parent_pid=parent)
        except TypeError:
            poller = ParentPollerUnix()
        poller.start()


def main(argv: list[str] | None = None) -> int:
    """Run a kernel until it is shut down."""
    # An interrupt that comes before there is anything to interrupt ends nothing.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    path = connection_file(sys.argv[1:] if argv is None else argv)
    if path is None:
        print("usage: python -m juliette.jupyter -f CONNECTION_FILE", file=sys.stderr)
        return 2
    try:
        info = json.loads(path.read_text("utf-8"))
        missing = [name for name in PORTS if f"{name}_port" not in info]
        if missing:
            raise ValueError(f"no port for {', '.join(missing)}")
    except (OSError, ValueError) as error:
        print(f"juliette: connection file {path}: {error}", file=sys.stderr)
        return 1
    sockets = Sockets(info)
    start_heartbeat(info)

    from ipykernel.control import ControlThread
    from ipykernel.iostream import IOPubThread
    from jupyter_client.session import Session
    from tornado.ioloop import IOLoop
    from zmq.eventloop.zmqstream import ZMQStream

    from juliette.jupyter.kernel import JulietteKernel

    log = logging.getLogger("juliette")
    log.addHandler(logging.StreamHandler())
    session = Session(
        key=info.get("key", "").encode(),
        signature_scheme=info.get("signature_scheme", "hmac-sha256"),
        username="kernel",
    )
    iopub = IOPubThread(sockets.iopub)
    iopub.start()
    control = ControlThread(daemon=True)
    kernel = JulietteKernel.instance(
        session=session,
        shell_stream=ZMQStream(sockets.shell),
        control_stream=ZMQStream(sockets.control, control.io_loop),
        control_thread=control,
        iopub_thread=iopub,
        iopub_socket=iopub.background_socket,
        stdin_socket=sockets.stdin,
        log=log,
    )
    kernel.record_ports({f"{name}_port": info[f"{name}_port"] for name in PORTS})
    kernel.listen_for_interrupts()
    atexit.register(sys.stderr.flush)
    watch_parent()
    control.start()
    kernel.start()
    IOLoop.current().start()
    kernel.close_session()
    iopub.stop()
    # Threads of ours and of zmq may still wait; nothing is left to be done by them.
    sys.stdout.flush()
    sys.stderr.flush()
    iopub.close()
    os._exit(kernel.exit_code)
