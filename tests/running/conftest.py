"""Lets these tests use the modules beside them, and the interpreter of the analysis' tests."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "analysis"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
