"""nginx with one worker on loopback, and the list of what it served."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CONFIGURATION = """\
{user}
daemon off;
worker_processes 1;
pid {work}/nginx.pid;
error_log {work}/error.log warn;
events {{ worker_connections 512; }}
http {{
    types {{
        text/html html htm; text/css css; text/plain txt; application/javascript js;
        image/png png; image/gif gif; image/jpeg jpg jpeg; image/svg+xml svg; image/x-icon ico;
        application/pdf pdf;
    }}
    default_type application/octet-stream;
    charset_types text/plain;
    log_format served '$status $request_uri';
    access_log {work}/access.log served;
    client_body_temp_path {work}/tmp; proxy_temp_path {work}/tmp; fastcgi_temp_path {work}/tmp;
    uwsgi_temp_path {work}/tmp; scgi_temp_path {work}/tmp;
    sendfile on; tcp_nopush on; keepalive_requests 1000000;
    server {{ listen 127.0.0.1:{port}; root {root}; index index.html; }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running server: its address, and what it answered since `forget`."""

    url: str
    log: Path

    def forget(self) -> None:
        os.truncate(self.log, 0)

    def served(self) -> set[tuple[int, str]]:
        """Status and path of each request, once."""
        lines = self.log.read_text(errors="replace").splitlines()
        return {(int(line[:3]), line[4:]) for line in lines}


@contextmanager
def serve(root: Path, work: Path) -> Iterator[Server]:
    """Serve `root` until the block ends; configuration and logs go into `work`."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if nginx is None:
        raise FileNotFoundError("nginx is not installed")
    work.mkdir(parents=True, exist_ok=True)
    port = free_port()
    configuration = work / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(_CONFIGURATION.format(user=user, work=work, port=port, root=root))
    command = [nginx, "-p", str(work), "-e", str(work / "error.log"), "-c", str(configuration)]
    with subprocess.Popen(command) as process:
        try:
            wait_for(port, process)
            yield Server(f"http://127.0.0.1:{port}", work / "access.log")
        finally:
            process.terminate()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody holds at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once somebody listens. Raises `RuntimeError` where the process ends or takes too long."""
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not start")
