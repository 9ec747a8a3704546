"""The rules of the language: what can be wrong with steps and with what names stand for."""

from __future__ import annotations

from typing import Final

from wfprov.core.rule import Rule, Severity

# Read on 2026-11-23: the schema as a whole; of the pages on subworkflows, jumps, retrying, parallel
# steps and troubleshooting, what a search gives of them. The other addresses were not opened.
_DOCS: Final = "https://cloud.google.com/workflows/docs/"
_SYNTAX: Final = _DOCS + "reference/syntax"
_EXPRESSIONS: Final = _SYNTAX + "/expressions"
_TROUBLESHOOTING: Final = _DOCS + "troubleshooting"
_QUOTAS: Final = "https://cloud.google.com/workflows/quotas"
_SCHEMA: Final = (
    "https://github.com/GoogleCloudPlatform/workflows-samples/blob/main/jsonschema/workflows.json"
)


def _error(slug: str, summary: str, docs: str, source: str = _SYNTAX) -> Rule:
    return Rule(slug=slug, severity=Severity.ERROR, summary=summary, docs=docs, source=source)


def _warning(slug: str, summary: str, docs: str, source: str = _SYNTAX) -> Rule:
    return Rule(slug=slug, severity=Severity.WARNING, summary=summary, docs=docs, source=source)


# --- the form of steps ---

WRONG_TYPE: Final = _error(
    "wrong-type",
    "A map, a list or a text stands where another is expected",
    "```yaml\nmain:\n  steps:            # a list\n"
    "    - first:        # a map with one key, the name\n"
    "        assign:     # a list of maps\n          - x: 1\n```",
    _SCHEMA,
)
UNKNOWN_KEY: Final = _error(
    "unknown-key",
    "A key means nothing where it stands",
    "The service refuses keys that it does not know. Often it is a misspelling, or a line that is "
    "indented too little:\n\n```yaml\n- get:\n    call: http.get\n    url: https://example.com   "
    "# belongs below args:\n```",
    _SCHEMA,
)
MISSING_KEY: Final = _error(
    "missing-key",
    "A key that is needed is missing",
    "For example `steps` of a subworkflow, `value` of a loop, `condition` of a case.",
    _SCHEMA,
)
CONFLICTING_KEYS: Final = _error(
    "conflicting-keys",
    "Keys stand together that exclude each other, or one without its partner",
    "A step does one thing; `args` and `result` go with `call`, `retry` and `except` with `try`; a "
    "loop has `in` or `range`, a parallel step `branches` or `for`.",
    _SCHEMA,
)
SEVERAL_KEYS: Final = _error(
    "several-keys",
    "A map that takes one key has several",
    "Steps, assignments, branches and parameters with a default are maps with one key each, "
    "because maps have no order:\n\n"
    "```yaml\nassign:\n  - a: 1\n  - b: 2   # not '    b: 2' below a\n```",
    _SCHEMA,
)
UNNAMED_STEP: Final = _error(
    "unnamed-step",
    "A step has no name",
    "```yaml\n- call: sys.log        # wrong\n\n- say:                 # good\n"
    "    call: sys.log\n```",
    _SYNTAX + "/steps",
)
EMPTY_LIST: Final = _error(
    "empty-list",
    "A list holds nothing that must hold something",
    "Google's schema wants one item at least of `steps`, of `assign` and of `switch`. A step that "
    "only jumps has `next` and nothing else.",
    _SCHEMA,
)
INVALID_NAME: Final = _error(
    "invalid-name",
    "A variable's name has signs that it may not have, or is a word of the expressions",
    "A letter or an underscore comes first, then letters, digits and underscores. `and`, `or`, "
    "`not`, `in`, `true`, `false` and `null` mean something else wherever the variable is read.",
    _SYNTAX + "/variables",
)
INVALID_ASSIGNMENT: Final = _error(
    "invalid-assignment",
    "What stands left of an assignment is no place for a value",
    'It is a variable, an entry of a map or an item of a list: `a`, `a.b`, `a["b"]`, `a[i + 1]`.',
    _SYNTAX + "/variables",
)
FOR_DIRECTLY_IN_TRY: Final = _error(
    "for-directly-in-try",
    "A loop stands directly inside `try`",
    "The deployment fails with 'loop step name should not be empty'. Give the loop a name:\n\n"
    "```yaml\ntry:\n  steps:\n    - each:\n        for: ...\n```",
    _DOCS + "issues",
)

# --- what names stand for ---

UNDEFINED_NAME: Final = _error(
    "undefined-name",
    "A name is neither a variable that can be seen here nor a subworkflow",
    "The service refuses the deployment: `symbol 'x' is neither a variable nor a sub-workflow "
    "name`. A variable that is first assigned in a loop, a branch or an `except` is seen there "
    "only, and subworkflows do not see the variables of their callers.",
    _TROUBLESHOOTING,
)
UNKNOWN_MODULE: Final = _error(
    "unknown-module",
    "The first word of a dotted name is no module of the standard library",
    "The service refuses the deployment: `symbol 'x' not found`. Connectors begin with "
    "`googleapis.`:\n\n```yaml\ncall: googleapis.compute.v1.instances.get   # not "
    "compute.instances.get\n```",
    "https://github.com/GoogleCloudPlatform/workflows-demos/issues/21",
)
UNKNOWN_FUNCTION: Final = _warning(
    "unknown-function",
    "A function is not in the standard library as it is known here",
    "The service refuses functions that it does not have. This is a warning only because the "
    "library grows: a function may be newer than this version of wfprov.\n\n"
    "```yaml\ncall: http.fetch   # there are get, post, put, patch, delete, request\n```",
    _DOCS + "reference/stdlib/overview",
)
WRONG_ARGUMENTS: Final = _warning(
    "wrong-arguments",
    "A call gives arguments that the function does not take, or misses one",
    "Arguments by name must be parameters of the subworkflow or of the library function, and those "
    "without a default must be given. Whether the deployment fails or only the step, and a `try` "
    "around it handles that, is not documented: hence a warning.",
    _DOCS + "reference/stdlib/overview",
)
BLOCKING_IN_EXPRESSION: Final = _error(
    "blocking-in-expression",
    "A blocking function is called inside an expression",
    "`http.*`, `sys.log`, `sys.sleep`, `events.await_callback`, `experimental.executions.*` and "
    "connectors are called by a `call` step; the helpers of Secret Manager are the exception.\n\n"
    "```yaml\n- get:\n    call: http.get\n    args: {url: https://example.com}\n    result: r\n```",
    _EXPRESSIONS,
)
LITERAL_FUNCTION_CALL: Final = _warning(
    "literal-function-call",
    "A text looks like a call of a library function, but is no expression",
    '```yaml\nn: double("2.7")      # the text itself\nn: ${double("2.7")}   # 2.7\n```',
    _EXPRESSIONS,
)
DUPLICATE_STEP: Final = _warning(
    "duplicate-step",
    "Two steps of one workflow have the same name",
    "Names are unique within a workflow or subworkflow, nested steps included; which of the two a "
    "`next` would go to is not documented.",
    _SYNTAX + "/steps",
)
DUPLICATE_NAME: Final = _warning(
    "duplicate-name",
    "A parameter, a shared variable or a parallel branch stands twice",
    "Google's schema wants each shared variable once. Which of two parameters of one name gets the "
    "argument is not documented.",
    _SCHEMA,
)
RESERVED_NAME: Final = _warning(
    "reserved-name",
    "A step or subworkflow has a name that means something else",
    "`next: end` ends the workflow, `next: break` and `next: continue` are about the loop: none of "
    "them reaches a step of that name. A subworkflow with the name of a library function or module "
    "hides it, or is hidden by it.",
    _SYNTAX + "/jumps",
)
PARAMETER_AFTER_DEFAULT: Final = _warning(
    "parameter-after-default",
    "A parameter without a default follows one that has a default",
    "A call with arguments by position must then give both, and the default is never used. Put the "
    "parameters with a default last.",
    _SYNTAX + "/subworkflows",
)
UNDEFINED_STEP: Final = _error(
    "undefined-step",
    "A jump goes to a step that does not exist",
    "`next` names a step of the same workflow or subworkflow, or `end`, `break`, `continue`.",
    _SYNTAX + "/jumps",
)
JUMP_ACROSS: Final = _error(
    "jump-across",
    "A jump goes into or out of a loop or a parallel branch",
    "Since 2024-03-04 jumps go to steps of the same loop or the same branch only. Leave a loop "
    "with `next: break`.",
    _DOCS + "release-notes",
)
BREAK_OUTSIDE_LOOP: Final = _error(
    "break-outside-loop",
    "`break` or `continue` stands outside a loop",
    "They belong to the nearest `for` around them.",
    _SYNTAX + "/iteration",
)
UNSHARED_WRITE: Final = _error(
    "unshared-write",
    "A parallel branch writes a variable from outside that is not shared",
    "The deployment fails. List the variable:\n\n"
    "```yaml\nparallel:\n  shared: [total]\n  for: ...\n```",
    _SYNTAX + "/parallel-steps",
)
SHARED_NOT_DEFINED: Final = _error(
    "shared-not-defined",
    "A shared variable does not exist before the parallel step",
    "`shared` lists variables of the surrounding steps. Assign the variable before.",
    _SYNTAX + "/parallel-steps",
)

PARALLEL_TOO_DEEP: Final = _warning(
    "parallel-too-deep",
    "Parallel steps stand inside each other more often than the service runs",
    "The execution ends with a ParallelNestingError. Google documents that there is a depth; two "
    "is what others report, hence a warning only. Put the inner one into a workflow of its own.",
    _QUOTAS,
)
RETURN_IN_BRANCH: Final = _warning(
    "return-in-branch",
    "A parallel branch or iteration returns from the workflow",
    "What becomes of the other branches is not documented, and others report that the service "
    "refuses it. Assign to a shared variable, and return after the parallel step.",
    _SYNTAX + "/parallel-steps",
)

# --- limits and values ---

TOO_MANY: Final = _error(
    "too-many",
    "There are more of something than the service takes",
    "50 assignments in a step, 50 conditions in a switch, 10 branches in a parallel step, 10 "
    "parameters of a subworkflow, 1 of main, 100,000 steps in a list.",
    _QUOTAS,
)
TOO_FEW_BRANCHES: Final = _error(
    "too-few-branches",
    "A parallel step has fewer than two branches",
    "With one branch there is nothing to run in parallel; write the steps without it.",
    _SCHEMA,
)
INVALID_VALUE: Final = _error(
    "invalid-value",
    "A value is of a type, or outside the bounds, that its key takes",
    "For example `concurrency_limit: 0`, `exception_policy: stop`, `range: [1]`, `max_retries: "
    "-1`, a condition that is a text, a `raise` of a number.",
    _SCHEMA,
)
INTEGER_TOO_LARGE: Final = _warning(
    "integer-too-large",
    "A whole number does not fit into 64 bits",
    "Integers have 64 bits with a sign. Write a number of more digits as a text, in quotes.",
    _SYNTAX + "/datatypes",
)

RULES: Final[tuple[Rule, ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Rule)
)
