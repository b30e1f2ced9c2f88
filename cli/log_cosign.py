"""`muniment log cosign`: countersign the checkpoints of a partner's log."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import click

from archive.errors import UsageError
from archive.evidence.cosigner import Cosigner
from archive.evidence.cosigner_key import CosignerKey
from archive.evidence.note import Verifier
from cli import clock
from cli.cosign_server import CosignServer
from cli.exits import Exit
from cli.output import say
from cli.vkeys import VerifierKey

_ADDRESS = re.compile(r"(?:\[([0-9a-fA-F:.%]+)\]|([^\[\]:]+)):([0-9]{1,5})")


@click.command("cosign")
@click.option(
    "--key",
    "key_file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The private key; made the first time.",
)
@click.option(
    "--log",
    "logs",
    required=True,
    multiple=True,
    type=VerifierKey(),
    metavar="VKEY",
    help="A key of a log to cosign for; again for more keys and logs.",
)
@click.option(
    "--listen",
    default="127.0.0.1:8090",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to answer; a web server with TLS belongs before it.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="What was cosigned last.  [default: FILE.state]",
)
@click.option(
    "--name", metavar="NAME", help="The cosigner's own, for ever.  [default: by this machine's]"
)
def command(
    *, key_file: Path, logs: tuple[Verifier, ...], listen: str, state: Path | None, name: str | None
) -> Exit:
    """Watch the logs of others: sign a checkpoint only if the log grew from the last one signed.

    Needs no archive. The verifier key is printed, for the log's operator to enter as [[cosigner]].
    The state must never be brought back from a backup, or a fork could be signed: if it is lost, take
    a new key and an empty folder.

    \b
    Example:
      muniment log cosign --key cosigner.key --name library.example/cosigner \\
        --log ministry.example/log+1a2b3c4d+AXY…
    """
    key = CosignerKey.open(key_file, name, f"{platform.node() or 'localhost'}/cosigner")
    state = state or key_file.with_name(f"{key_file.name}.state")
    cosigner = Cosigner(state, key.name, key.private, logs)
    host, port = _address(listen)
    with CosignServer(host, port, cosigner, clock.now) as server:
        click.echo(key.verifier.vkey)
        shown = f"[{host}]" if ":" in host else host
        say(f"answers at http://{shown}:{server.server_port}/ until stopped with Ctrl-C")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("stopped")
    return Exit.DONE


def _address(listen: str) -> tuple[str, int]:
    parts = _ADDRESS.fullmatch(listen)
    if parts is None or int(parts[3]) > 0xFFFF:
        raise UsageError(f"not an address to listen at: {listen}", advice="say HOST:PORT")
    return parts[1] or parts[2], int(parts[3])
