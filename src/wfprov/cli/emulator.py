"""`wfprov emulator`: the embedded control plane as a server of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wfprov.cli.output import Output

app = typer.Typer(no_args_is_help=True, help="The embedded Google Cloud control plane.")


@app.command(
    epilog="Examples:\n\n"
    "  `wfprov emulator serve`  free ports, state under .wfprov/\n\n"
    "  `wfprov emulator serve --port 8085 --grpc-port 8086 --data /tmp/cloud.sqlite`"
)
def serve(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The HTTP port; 0 takes a free one.")
    ] = 0,
    grpc_port: Annotated[
        int, typer.Option(min=0, max=65535, help="The gRPC port; 0 takes a free one.")
    ] = 0,
    data: Annotated[Path, typer.Option(metavar="FILE", help="Where its state is kept.")] = Path(
        ".wfprov/embedded.sqlite"
    ),
) -> int:
    """Serve the embedded control plane on loopback until Ctrl-C.

    Prints the environment variables that point gcloud and client libraries at it.
    """
    from wfprov.app.rehearsal import alone
    from wfprov.emulator.serve import serve_forever

    with alone(data):
        announce = Output.of_process().result
        serve_forever(port=port, grpc_port=grpc_port, data=data, announce=announce)
    return 0
