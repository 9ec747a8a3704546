"""The rules of the language: what can be wrong with a definition's text."""

from __future__ import annotations

from typing import Final

from wfprov.core.rule import Rule, Severity

# The pages are named from the language reference; most were not opened when this was written.
_DOCS: Final = "https://cloud.google.com/workflows/docs/"
_SYNTAX: Final = _DOCS + "reference/syntax"
_EXPRESSIONS: Final = _SYNTAX + "/expressions"
_DATATYPES: Final = _SYNTAX + "/datatypes"
_TROUBLESHOOTING: Final = _DOCS + "troubleshooting"
_QUOTAS: Final = "https://cloud.google.com/workflows/quotas"
_SCHEMA: Final = (
    "https://github.com/GoogleCloudPlatform/workflows-samples/blob/main/jsonschema/workflows.json"
)
_YAML: Final = "https://yaml.org/spec/1.2.2/"


def _error(slug: str, summary: str, docs: str, source: str = _SYNTAX) -> Rule:
    return Rule(slug=slug, severity=Severity.ERROR, summary=summary, docs=docs, source=source)


def _warning(slug: str, summary: str, docs: str, source: str = _SYNTAX) -> Rule:
    return Rule(slug=slug, severity=Severity.WARNING, summary=summary, docs=docs, source=source)


# --- the text ---

DEFINITION_TOO_LARGE: Final = _error(
    "definition-too-large",
    "The definition is larger than the service takes",
    "The source of a workflow has at most 128 KiB. Move subworkflows into workflows of their own "
    "and call them with `googleapis.workflowexecutions.v1.projects.locations.workflows."
    "executions.run`.",
    _QUOTAS,
)
EMPTY_DEFINITION: Final = _error(
    "empty-definition",
    "The definition holds nothing",
    "The smallest definition is a list of one step:\n\n```yaml\n- done:\n    return: ok\n```",
)
INVALID_YAML: Final = _error(
    "invalid-yaml",
    "The text is neither YAML nor JSON",
    "What was read before the error is analysed; what follows is not. Frequent causes are tabs, "
    "uneven indentation, and a colon or bracket in a value without quotes:\n\n"
    "```yaml\n- log:\n    call: sys.log\n    args: {text: done: all}   # quote 'done: all'\n```",
    _YAML,
)
INVALID_CHARACTER: Final = _error(
    "invalid-character",
    "A control character stands in the text",
    "YAML allows no control characters but tab and line breaks; one often comes from a terminal "
    "or a wrong encoding.",
    _YAML + "#51-character-set",
)
COLON_IN_UNQUOTED_EXPRESSION: Final = _error(
    "colon-in-unquoted-expression",
    "A colon and a space inside `${}` without quotes make a YAML map",
    "YAML ends a key at a colon that a space follows, inside `${}` too:\n\n"
    '```yaml\ntext: ${"Error: " + e.message}     # not valid YAML\n'
    "text: '${\"Error: \" + e.message}'   # good\n```\n\n"
    "The value is analysed as if it were quoted.",
    _EXPRESSIONS,
)
UNQUOTED_EXPRESSION: Final = _error(
    "unquoted-expression",
    "A sign inside `${}` without quotes is taken for YAML's own",
    "Inside `[ ]` and `{ }` braces, brackets and commas belong to YAML, and a space with `#` "
    "begins a comment everywhere:\n\n"
    "```yaml\nargs: [${a}, ${b}]       # not valid YAML\nargs: ['${a}', '${b}']   # good\n```\n\n"
    "The value is analysed as if it were quoted.",
    _TROUBLESHOOTING,
)
SEVERAL_DOCUMENTS: Final = _error(
    "several-documents",
    "The file holds more than one YAML document",
    "A definition is one document: a line of three dashes after the first content begins another, "
    "which is not read.",
    _YAML,
)
DUPLICATE_KEY: Final = _error(
    "duplicate-key",
    "A map has the same key twice",
    "Only one of the two values can count. Two steps of one name are no such case: each stands in "
    "a map of its own.",
    _YAML + "#3213-node-comparison",
)
KEY_NOT_TEXT: Final = _error(
    "key-not-text",
    "A list or a map stands where a key is expected",
    "This is nearly always a placeholder in braces without quotes: `{{name}}: 1`.",
    _YAML,
)
NESTED_TOO_DEEP: Final = _error(
    "nested-too-deep",
    "Lists and maps stand inside each other more often than is read",
    "What lies deeper is left out of the analysis. Move the inner steps into a subworkflow.",
)
UNKNOWN_ALIAS: Final = _error(
    "unknown-alias",
    "A YAML alias names no anchor",
    "`*name` repeats what `&name` marked before. Quote a text that begins with an asterisk.",
    _YAML + "#71-alias-nodes",
)
ALIAS_CYCLE: Final = _error(
    "alias-cycle",
    "A YAML alias stands inside what it repeats",
    "Such a value would never end:\n\n```yaml\n- &a [*a]\n```",
    _YAML + "#71-alias-nodes",
)
ALIASES_TOO_LARGE: Final = _error(
    "aliases-too-large",
    "The aliases make a value too large to be read",
    "Aliases of aliases grow exponentially; those beyond the bound are left out.",
    _YAML + "#71-alias-nodes",
)
YAML_TAG: Final = _warning(
    "yaml-tag",
    "A YAML tag means nothing in a workflow",
    "`!name` is read by programs of one's own; here the value is read as if it were not there.",
    _YAML + "#97-explicit-typing",
)
YAML_MERGE_KEY: Final = _warning(
    "yaml-merge-key",
    "A merge key is not part of YAML 1.2",
    "`<<: *name` is read here as YAML 1.1 does. Google does not document it; write the keys out.",
    _YAML,
)

# --- expressions ---

EXPRESSION_SYNTAX: Final = _error(
    "expression-syntax",
    "An expression cannot be read",
    "An expression is made of literals, variables, function calls with positional arguments, "
    "`.field`, `[index]` and the operators `+ - * / // % < <= > >= == != in and or not`:\n\n"
    "```yaml\n- pick:\n    assign:\n"
    '      - name: ${if(x == null, "none", x)}   # not x ? a : b\n```',
    _EXPRESSIONS,
)
EXPRESSION_TOO_LONG: Final = _warning(
    "expression-too-long",
    "An expression has more characters than the service takes",
    "Google says that there is a limit; 400 characters is what others report, hence a warning "
    "only. Assign parts of the expression to variables before.",
    _QUOTAS,
)
SINGLE_QUOTED_STRING: Final = _warning(
    "single-quoted-string",
    "A string inside an expression stands in single quotes",
    "Google documents double quotes; its error-handling page shows single ones, too.\n\n"
    '```yaml\ncondition: ${e.code == "404"}\n```',
    _EXPRESSIONS,
)
NOT_IN: Final = _warning(
    "not-in-operator",
    "`not in` is not among the documented operators",
    "```yaml\ncondition: ${not(key in m)}   # not ${key not in m}\n```",
    _DATATYPES,
)
NOT_BINDS_TIGHTER: Final = _warning(
    "not-binds-tighter",
    "`not` applies to the left side of a comparison only",
    "`not` binds tighter than any other operator: `not x in l` is `(not x) in l`, which fails at "
    "run time for a text.\n\n```yaml\ncondition: ${not(x in l)}\n```",
    _DATATYPES,
)
MAP_IN_EXPRESSION: Final = _warning(
    "map-in-expression",
    "A map inside an expression is not among the documented elements",
    "Write the map in YAML; its values may be expressions:\n\n"
    "```yaml\nbody:\n  name: ${name}   # not body: '${ {\"name\": name} }'\n```",
    _EXPRESSIONS,
)
TEXT_WITH_EXPRESSION: Final = _warning(
    "text-with-expression",
    "An expression inside a longer text is not evaluated",
    "An expression is the whole value; inside a text it stays as it is written.\n\n"
    "```yaml\nurl: https://${host}/x               # the literal text\n"
    'url: ${"https://" + host + "/x"}     # good\n```',
    _TROUBLESHOOTING,
)

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
FRAGMENT: Final = _warning(
    "template-fragment",
    "A template holds subworkflows only",
    "Terraform configurations put a definition together from several files; this one cannot be "
    "deployed by itself, and what it calls elsewhere is not known.",
    _DOCS + "create-workflow-terraform",
)
TEMPLATE_DIRECTIVE: Final = _warning(
    "template-directive",
    "A directive of Terraform decides which lines are deployed",
    "`%{ if }` and `%{ for }` are decided when Terraform renders the file. Here the lines they "
    "govern are read once each: calls are found, but not how often they stand in the definition.",
    "https://developer.hashicorp.com/terraform/language/expressions/strings",
)
TERRAFORM_SOURCE: Final = _error(
    "terraform-source",
    "The definition of a workflow in a Terraform file is not found",
    "Read are heredocs, and files named by `file` or `templatefile` with a path that is written "
    "out. What another expression makes is not known before Terraform runs; name the definition "
    "itself instead:\n\n```hcl\nsource_contents = "
    'templatefile("${path.module}/workflow.yaml", { region = var.region })\n```',
    "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/"
    "workflows_workflow",
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
INVALID_NAME: Final = _error(
    "invalid-name",
    "A variable's name has signs that it may not have",
    "A letter or an underscore comes first, then letters, digits and underscores.",
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
UNKNOWN_FUNCTION: Final = _warning(
    "unknown-function",
    "A function is not in the standard library",
    "```yaml\ncall: http.fetch   # there are get, post, put, patch, delete, request\n```",
    _DOCS + "reference/stdlib/overview",
)
WRONG_ARGUMENTS: Final = _warning(
    "wrong-arguments",
    "A call gives arguments that the function does not take, or misses one",
    "Arguments by name must be parameters of the subworkflow or of the library function, and those "
    "without a default must be given.",
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
    "For example `concurrency_limit: 0`, `exception_policy: stop`, `range: [1]`, a condition that "
    "is a text.",
    _SCHEMA,
)

RULES: Final[tuple[Rule, ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Rule)
)
