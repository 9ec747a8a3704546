"""What the service accepts at most, and what this reader takes on.

Each limit of the service names its page (not opened unless it says so).
"""

from __future__ import annotations

from typing import Final

# The service. https://cloud.google.com/workflows/quotas
MAX_SOURCE_BYTES: Final = 128 * 1024
"""Size of a definition. https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows"""
MAX_EXPRESSION_LENGTH: Final = 400
"""Code points of one expression with its `${` and `}`: reported by others, not on the page."""
MAX_CASES: Final = 50
"""Conditions of one switch. https://cloud.google.com/workflows/docs/reference/syntax/conditions"""
MAX_ASSIGNMENTS: Final = 50
"""Assignments of one step. https://cloud.google.com/workflows/docs/reference/syntax/variables"""
MIN_BRANCHES: Final = 2
MAX_BRANCHES: Final = 10
"""Branches of a parallel step. https://cloud.google.com/workflows/docs/reference/syntax/parallel-steps"""
MAX_PARAMS: Final = 10
"""Parameters of a subworkflow. https://github.com/GoogleCloudPlatform/workflows-samples/blob/main/jsonschema/workflows.json"""
MAX_MAIN_PARAMS: Final = 1
"""Parameters of main. https://cloud.google.com/workflows/docs/passing-runtime-arguments"""
MAX_PARALLEL_DEPTH: Final = 2
"""Parallel steps inside each other: reported by others; the page only names ParallelNestingError.
https://cloud.google.com/workflows/docs/reference/syntax/error-types"""
MAX_INTEGER: Final = 2**63 - 1
"""https://cloud.google.com/workflows/images/workflows-cheat-sheet-pr96.pdf (read 2026-11-23)"""
MAX_STEPS: Final = 100_000
"""Steps of one list. https://github.com/GoogleCloudPlatform/workflows-samples/blob/main/jsonschema/workflows.json"""

# This reader. The deepest of some hundred real definitions nests 19 lists and maps.
MAX_READ: Final = 1024 * 1024
"""Code points that are read at all; a longer text gives no tree."""
MAX_DEPTH: Final = 100
"""Lists and maps inside each other; what lies deeper is left out."""
MAX_ALIASED_NODES: Final = 100_000
"""Nodes that a document has when its aliases are written out."""
MAX_EXPRESSION_DEPTH: Final = 200
"""Operators, brackets and calls inside each other."""
MAX_EXPRESSION_TOKENS: Final = 4000
"""Words and signs of one expression."""
