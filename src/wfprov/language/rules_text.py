"""The rules of the text: YAML, templates and expressions."""

from __future__ import annotations

from typing import Final

from wfprov.core.rule import Rule, Severity

# Read on 2026-11-23: what a search gives of the page on troubleshooting, and the cheat sheet. The
# other addresses were not opened.
_DOCS: Final = "https://cloud.google.com/workflows/docs/"
_SYNTAX: Final = _DOCS + "reference/syntax"
_EXPRESSIONS: Final = _SYNTAX + "/expressions"
_DATATYPES: Final = _SYNTAX + "/datatypes"
_TROUBLESHOOTING: Final = _DOCS + "troubleshooting"
_QUOTAS: Final = "https://cloud.google.com/workflows/quotas"
_YAML: Final = "https://yaml.org/spec/1.2.2/"


def _error(slug: str, summary: str, docs: str, source: str = _SYNTAX) -> Rule:
    return Rule(slug=slug, severity=Severity.ERROR, summary=summary, docs=docs, source=source)


def _warning(slug: str, summary: str, docs: str, source: str = _SYNTAX) -> Rule:
    return Rule(slug=slug, severity=Severity.WARNING, summary=summary, docs=docs, source=source)


# --- YAML ---

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

# --- templates ---

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
TERRAFORM_DEFAULT: Final = Rule(
    slug="terraform-default",
    severity=Severity.NOTE,
    summary="A variable of Terraform is taken at its default",
    docs="A `.tfvars` file, an environment variable or the command line may give another value; "
    "none of them is read. Write the value that is deployed in wfprov.yaml or the environment's "
    "file:\n\n```yaml\ntemplate_values:\n  var: {region: europe-west1}\n```",
    source="https://developer.hashicorp.com/terraform/language/values/variables",
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

RULES: Final[tuple[Rule, ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Rule)
)
