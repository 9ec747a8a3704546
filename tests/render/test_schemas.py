"""The JSON Schemas say what the decoder says, and editors are pointed at them."""

from __future__ import annotations

import json
from copy import deepcopy

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wfprov.app.init import HINT, init
from wfprov.core.span import Source
from wfprov.desired.answers import ANSWER_KINDS
from wfprov.desired.config import Overrides, decode
from wfprov.desired.layer import CONFIG_KEYS, ENVIRONMENT_KEYS, POLICY_KEYS, WORKFLOW_KEYS
from wfprov.render.schemas import SCHEMAS

CONFIG = """
version: 1
stack: orders
workflows:
  order-intake:
    source: w/a.yaml
    templating: none
    service_account: {shared: backend}
    env: {ORDERS_URL: https://orders.example.com, COUNT: 3, FLAG: true}
    call_log_level: LOG_ERRORS_ONLY
    execution_history_level: EXECUTION_HISTORY_BASIC
    description: takes orders
    labels: {team: orders}
    crypto_key: projects/p/locations/l/keyRings/r/cryptoKeys/k
    deletion_protection: true
    arguments: {project: acme}
    template_values: {region: europe-west1}
    answers:
      main.partner: {external: key in the header}
      main.charge: {cloud_run: orders}
      main.nightly@main.all: {cloud_run_job: nightly}
      main.tax: {function: {name: tax, generation: 2}}
      main.tickets: {iap: {resource: projects/493817260155/iap_web/appengine-acme}}
      main.inside: {private: projects/acme-net/global/networks/vpc}
      main.stop: {api_method: compute.v1.instances.stop}
      main.call: {permissions: [run.routes.invoke]}
      main.host: {host: api.example.com}
      main.sheet: {workspace: shared with the account}
  other: {source: w/b.yaml, service_account: dedicated}
policy:
  forbidden_roles: [roles/owner, projects/p/roles/x]
  dedicated_identity: required
  custom_roles: when-narrower
  custom_role_threshold: 20
  prefer_roles: {run.routes.invoke: roles/run.servicesInvoker}
"""
ENVIRONMENT = """
project: acme-prod
project_number: 493817260155
region: europe-west1
endpoint: cloud
endpoints: {run: https://run.example.com}
universe_domain: googleapis.com
stack: orders
workflows:
  order-intake: {project: acme-orders-prod, region: europe-west4}
  other:
policy: {custom_roles: never}
"""
WHOLE = {"config": yaml.safe_load(CONFIG), "environment": yaml.safe_load(ENVIRONMENT)}
BEYOND = {
    # What a schema cannot know: other files, other places, the form of a credential.
    *("no-such-source", "unknown-workflow", "repeated-source", "repeated-workflow"),
    "credential-in-env",
}


class AnyFile:
    """A folder in which every file is."""

    def matching(self, pattern: str) -> tuple[str, ...]:
        return (pattern,)

    def identity(self, path: str) -> str:
        return path


def refusals(kind: str, document: object) -> list[str]:
    """Why the decoder refuses it, as far as a schema could know."""
    source = Source(f"{kind}.yaml", json.dumps(document))
    config = source if kind == "config" else Source("wfprov.yaml", CONFIG)
    decoded = decode(
        config,
        source if kind == "environment" else None,
        environment_name="" if kind == "config" else "e",
        overrides=Overrides(),
        sources=AnyFile(),
    )
    return [
        d.message
        for d in decoded.diagnostics
        if d.is_error
        and d.rule.slug not in BEYOND
        and d.at.source is source
        # Which file says where the definition is, no schema of one of them can tell.
        and "has no `source`" not in d.message
    ]


def valid(kind: str, document: object) -> bool:
    return jsonschema.Draft7Validator(SCHEMAS[kind]()).is_valid(document)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_with_a_title(name):
    schema = SCHEMAS[name]()
    jsonschema.validators.validator_for(schema).check_schema(schema)
    assert schema["title"]


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_written_whole_is_valid_by_both(kind):
    assert refusals(kind, WHOLE[kind]) == []
    jsonschema.validate(WHOLE[kind], SCHEMAS[kind]())


def test_the_schemas_have_the_keys_of_the_decoder_each_with_its_help():
    config, environment = SCHEMAS["config"](), SCHEMAS["environment"]()
    assert tuple(config["properties"]) == CONFIG_KEYS
    assert set(environment["properties"]) == set(ENVIRONMENT_KEYS)
    for schema in (config, environment):
        properties = schema["properties"]
        (workflows,) = _variants(properties["workflows"])[0]["patternProperties"].values()
        (workflow,) = (v for v in _variants(workflows) if v.get("type") == "object")
        (policy,) = (v for v in _variants(properties["policy"]) if v.get("type") == "object")
        assert set(workflow["properties"]) == set(WORKFLOW_KEYS)
        assert set(policy["properties"]) == set(POLICY_KEYS)
        answers = next(
            v for v in _variants(workflow["properties"]["answers"]) if v.get("type") == "object"
        )
        (answer,) = answers["patternProperties"].values()
        assert set(answer["properties"]) == set(ANSWER_KINDS)
        told = (properties, workflow["properties"], policy["properties"], answer["properties"])
        assert [k for keys in told for k, v in keys.items() if not v.get("description")] == []


def _variants(schema: dict) -> list[dict]:
    return schema.get("anyOf", [schema])


def paths(value: object, at: tuple = ()) -> list[tuple]:
    """Every place in a document, the root left out."""
    found = [at] if at else []
    if isinstance(value, dict):
        found += [p for key, inner in value.items() for p in paths(inner, (*at, key))]
    if isinstance(value, list):
        found += [p for i, inner in enumerate(value) for p in paths(inner, (*at, i))]
    return found


# To a schema 0.0 is a whole number; to YAML, and so to the decoder, it is none.
FRACTIONS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda f: not f.is_integer())
ODD = st.one_of(
    st.sampled_from(
        ["", " ", "Orders", "roles/x y", "acme", "a@b", "LOG", "GOOGLE_X", "x" * 70, "1.5", "-"]
    ),
    *(
        st.sampled_from([[], {}, [{}], {"x": 1}, {"a": {"b": []}}, ["", 1], [[]]]),
        st.integers(-3, 5),
    ),
    *(st.booleans(), FRACTIONS, st.text(max_size=8)),
)


@st.composite
def spoilt(draw) -> tuple[str, object]:
    """A document in which one or two places hold something else, or a key more."""
    kind = draw(st.sampled_from(sorted(WHOLE)))
    document = deepcopy(WHOLE[kind])
    for _ in range(draw(st.integers(1, 2))):
        *above, last = draw(st.sampled_from(paths(document)))
        inside = document
        for step in above:
            inside = inside[step]
        if isinstance(inside, dict) and draw(st.booleans()):
            key = draw(
                st.sampled_from(["unknown", "GOOGLE_X", "goog-x", "Ä", "x" * 70, "external"])
            )
            inside[key] = deepcopy(draw(ODD))
        else:
            inside[last] = deepcopy(draw(ODD))
    return kind, document


@settings(max_examples=400, deadline=None)
@given(spoilt())
def test_what_the_decoder_refuses_the_schema_refuses(found):
    kind, document = found
    refused = refusals(kind, document)
    assert not (refused and valid(kind, document)), refused


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("config", ("version",), 2),
        ("config", ("workflow",), {}),
        ("config", ("workflows", "order intake"), {}),
        ("config", ("workflows", "order-intake", "sources"), "a.yaml"),
        ("config", ("workflows", "order-intake", "call_log_level"), "LOG_SOME"),
        ("config", ("workflows", "order-intake", "env", "GOOGLE_X"), "1"),
        ("config", ("workflows", "order-intake", "labels", "wfprov-stack"), "x"),
        ("config", ("workflows", "order-intake", "labels", "team"), "Orders"),
        ("config", ("workflows", "order-intake", "answers", "main.charge"), {"cloudrun": "x"}),
        ("config", ("workflows", "order-intake", "answers", "main.charge"), {"cloud_run": "X y"}),
        ("config", ("workflows", "order-intake", "answers", "main.call"), {"permissions": []}),
        ("config", ("policy", "custom_roles"), "sometimes"),
        ("config", ("policy", "forbidden_roles"), "roles/owner"),
        ("environment", ("project",), "Acme Prod"),
        ("environment", ("region",), "europe-west1-b"),
        ("environment", ("endpoint",), "local"),
        ("environment", ("workflows", "order-intake", "crypto_key"), "k"),
    ],
)
def test_both_refuse_a_common_mistake(kind, path, value):
    document = deepcopy(WHOLE[kind])
    inside = document
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    assert refusals(kind, document)
    assert not valid(kind, document)


def test_a_new_stack_points_editors_at_schemas_that_its_files_follow(tmp_path):
    written = init(tmp_path).written
    hinted = 0
    for path in written:
        if path.suffix != ".yaml" or path.parent.name == "workflows":
            continue
        first, _, rest = path.read_text().partition("\n")
        schema = json.loads((path.parent / first.removeprefix(HINT)).read_text())
        jsonschema.validate(yaml.safe_load(rest), schema)
        jsonschema.Draft7Validator.check_schema(schema)
        hinted += 1
    assert hinted == 5
    assert json.loads((tmp_path / "schemas/config.json").read_text()) == SCHEMAS["config"]()
