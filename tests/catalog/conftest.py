"""Puts the vocabulary of calls beside these tests on the path: tests are imported one by one."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
