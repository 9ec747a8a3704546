"""`python -m wfprov` and the `wfprov` command."""

from __future__ import annotations

import gc
import sys
from typing import Final

_ALLOCATIONS: Final = 50_000
"""How many objects are made before the collector looks for cycles: trees have next to none."""


def main() -> None:
    """Runs the command line and exits with its code."""
    from wfprov.cli.main import run

    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
