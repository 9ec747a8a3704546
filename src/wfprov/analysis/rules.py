"""The rules of the analysis: what following values through a definition can find."""

from __future__ import annotations

from typing import Final

from wfprov.core.rule import Rule, Severity

UNREACHABLE_STEP: Final = Rule(
    slug="unreachable-step",
    severity=Severity.NOTE,
    summary="No path leads to this step.",
    docs=(
        "A step that no jump, condition or call leads to never runs. Its calls are listed, but "
        "they ask for no access.\n\n"
        "```yaml\n- done:\n    return: ok\n- late:        # never runs\n    call: http.get\n```\n"
    ),
    source="https://cloud.google.com/workflows/docs/reference/syntax/jumps",
)

UNUSED_SUBWORKFLOW: Final = Rule(
    slug="unused-subworkflow",
    severity=Severity.NOTE,
    summary="Nothing that runs calls this subworkflow.",
    docs=(
        "A subworkflow that main does not call, neither itself nor through others, never runs. "
        "Its calls are listed, but they ask for no access.\n"
    ),
    source="https://cloud.google.com/workflows/docs/reference/syntax/subworkflows",
)

TOO_MANY_WAYS: Final = Rule(
    slug="too-many-ways",
    severity=Severity.NOTE,
    summary="A call is reached in more ways than are told apart.",
    docs=(
        "A call whose URL or resource has more alternatives than the analysis keeps apart is "
        "shown once, with what all of them begin with and a hole `{many}`. Nothing is left out, "
        "but what is granted may be wider than needed.\n"
    ),
)

ANALYSIS_LIMIT: Final = Rule(
    slug="analysis-limit",
    severity=Severity.WARNING,
    summary="The definition is too involved to be followed to the end.",
    docs=(
        "The analysis takes a bounded number of steps. When they do not suffice, every call of "
        "the definition is taken as possible with any arguments, and asks a question.\n"
    ),
)

UNSET_VARIABLE: Final = Rule(
    slug="unset-environment-variable",
    severity=Severity.NOTE,
    summary="An environment variable that the workflow does not have",
    docs=(
        "`sys.get_env` gives null for a variable that is not set, and the wrong address or none "
        "comes of it. The configuration lists the variables that the workflow is deployed with:\n\n"
        "```yaml\nworkflows:\n  order-intake:\n    env: {ORDERS_URL: https://orders.example.com}\n"
        "```\n"
    ),
    source="https://cloud.google.com/workflows/docs/reference/stdlib/sys/get_env",
)

RULES: Final[tuple[Rule, ...]] = (
    UNSET_VARIABLE,
    UNREACHABLE_STEP,
    UNUSED_SUBWORKFLOW,
    TOO_MANY_WAYS,
    ANALYSIS_LIMIT,
)
