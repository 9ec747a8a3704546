"""The loop of `wfprov emulator serve`: announce, serve, end cleanly on a signal."""

import signal
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Event
from typing import Any, Final

from wfprov.emulator.server import Emulator

_GCLOUD_NAMES: Final = (
    "cloudfunctions",
    "cloudkms",
    "cloudresourcemanager",
    "cloudscheduler",
    "cloudtasks",
    "eventarc",
    "iam",
    "iamcredentials",
    "iap",
    "pubsub",
    "run",
    "secretmanager",
    "serviceusage",
    "storage",
    "workflowexecutions",
    "workflows",
)


def gcloud_environment(emulator: Emulator, token_file: Path) -> dict[str, str]:
    """The environment variables that point gcloud at an emulator."""
    found = {
        f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name.upper()}": f"{emulator.http_url}/{name}/"
        for name in _GCLOUD_NAMES
    }
    found["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"] = str(token_file)
    return found


def serve_forever(
    *,
    port: int,
    grpc_port: int,
    data: Path | None,
    announce: Callable[[str], None],
    principal: str = "user:developer@example.com",
) -> None:
    """Serves until SIGINT or SIGTERM; must be called in the main thread.

    `announce` gets one line at a time: the addresses, then environment
    variables to paste, with a token file for `principal`.
    """
    ended = Event()

    def end(_number: int, _frame: Any) -> None:
        ended.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with (
            Emulator.start(data=data, port=port, grpc_port=grpc_port) as emulator,
            NamedTemporaryFile("w", prefix="wfprov-token-", encoding="utf-8") as token_file,
        ):
            token_file.write(emulator.token(principal))
            token_file.flush()
            announce(f"HTTP  {emulator.http_url}")
            announce(f"gRPC  {emulator.grpc_target}")
            announce(f"For gcloud, as {principal}:")
            for name, value in gcloud_environment(emulator, Path(token_file.name)).items():
                announce(f"export {name}={value}")
            ended.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
