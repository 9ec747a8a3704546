"""Every question's answer, pasted into wfprov.yaml, settles it and gives the right target."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from wfprov.app.doubtful import WIDENED
from wfprov.app.inspect import inspect_stack
from wfprov.app.load import Selection, load
from wfprov.app.wiring import facts
from wfprov.catalog.target import Kind, TargetUse
from wfprov.desired.model import Inspected

CONFIG = """\
version: 1
stack: orders
workflows:
  flow: {source: flow.yaml, templating: TEMPLATING}
"""
RUN = "//run.googleapis.com/projects/acme-prod/locations/europe-west1/services/orders"
PROJECT = "//cloudresourcemanager.googleapis.com/projects/acme-prod"
TOPIC = "//pubsub.googleapis.com/projects/acme-data/topics/t"
PRIVATE = "projects/acme-prod/locations/eu/namespaces/n/services/s"
HOSTED = "https://orders-wvdg6hhtla-ew.a.run.app"
ACCOUNT = "vm@acme-prod.iam.gserviceaccount.com"
IAP = "//iap.googleapis.com/projects/493817260155/iap_web/appengine-acme"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def inspected(config: object) -> Inspected:
    """The one workflow of a configuration, which has no fault."""
    Path("wfprov.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    loaded = load(Selection(project="acme-prod", region="europe-west1"))
    assert list(loaded.diagnostics) == []
    (one,) = inspect_stack(loaded, facts())
    return one


def merged(lower: object, upper: object) -> object:
    """Two configurations, one pasted into the other."""
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return upper
    more = {key: merged(lower.get(key), value) for key, value in upper.items()}
    return {**lower, **more}


def asked(one: Inspected) -> tuple[TargetUse, ...]:
    return tuple(t for use in one.sites for t in use.targets if t.question is not None)


def http(url: str, more: str = "auth: {type: OIDC}", name: str = "step") -> str:
    return f"""\
main:
  params: [args]
  steps:
    - {name}:
        call: http.get
        args:
          url: {url}
          {more}
"""


def connector(function: str, args: str) -> str:
    return f"""\
main:
  params: [args]
  steps:
    - step:
        call: googleapis.{function}
        args: {args}
"""


CASES = {
    "a host of its own": (
        http("https://orders.example.com"),
        "main.step: {cloud_run: SERVICE}",
        {"SERVICE": "orders"},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "a host from an argument": (
        http("'${args.urls.ORDERS + \"/x\"}'"),
        "arguments: {urls: {ORDERS: VALUE}}",
        {"VALUE": HOSTED},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "a host from an item of an argument": (
        http("'${args.urls[0] + \"/x\"}'"),
        "main.step: {cloud_run: SERVICE}",
        {"SERVICE": "orders"},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "a host from the environment": (
        http("'${sys.get_env(\"ORDERS_URL\", args.other)}'"),
        "",
        {"VALUE": HOSTED},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "a host from a template": (
        http("${orders_url}/x"),
        "template_values: {orders_url: VALUE}",
        {"VALUE": HOSTED},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "a host from a Terraform variable": (
        http("${var.orders_url}/x"),
        "template_values: {var: {orders_url: VALUE}}",
        {"VALUE": HOSTED},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "a placeholder": (
        http("ORDERS_URL"),
        "main.step: {cloud_run: SERVICE}",
        {"SERVICE": "orders"},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "a step whose name has spaces": (
        http("https://orders.example.com", name='"Call it: now #1"'),
        "main.Call it: now #1",
        {"SERVICE": "orders"},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "an address that does not tell its parts apart": (
        http("https://orders.a.run.app"),
        "{cloud_run: SERVICE}",
        {"SERVICE": "orders"},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "a host that nothing signs": (
        http("'${args.hosts[0] + \"/x\"}'", "timeout: 3"),
        "main.step: {host: HOST}",
        {"HOST": "partner.example.com"},
        (Kind.EXTERNAL, None),
    ),
    "a Google host that the answer of a call holds": (
        http("'${args.hosts[0] + \"/v1/projects/acme-prod/topics/t\"}'", "auth: {type: OAuth2}"),
        "main.step: {host: HOST}",
        {"HOST": "pubsub.googleapis.com"},
        (Kind.GOOGLE_API, TOPIC.replace("acme-data", "acme-prod")),
    ),
    "the generation of a function": (
        http("https://europe-west1-acme-prod.cloudfunctions.net/tax"),
        "main.step: {function: {name: tax, generation: 2}}",
        {},
        (Kind.CLOUD_FUNCTION, RUN.replace("orders", "tax")),
    ),
    "a resource behind IAP": (
        http("https://x.example", "auth: {type: OIDC, audience: a.apps.googleusercontent.com}"),
        "main.step: {iap: {resource: projects/NUMBER/iap_web/...}}",
        {"projects/NUMBER/iap_web/...": "projects/493817260155/iap_web/appengine-acme"},
        (Kind.IAP, IAP),
    ),
    "the network of a private endpoint": (
        http(
            "https://x.example",
            f"private_service_name: {PRIVATE}",
        ),
        "main.step: {private: projects/NETWORK_PROJECT/global/networks/NETWORK}",
        {"NETWORK_PROJECT": "acme-net", "NETWORK": "vpc"},
        (
            Kind.PRIVATE_ENDPOINT,
            f"//servicedirectory.googleapis.com/{PRIVATE}",
        ),
    ),
    "a project from an argument": (
        connector(
            "pubsub.v1.projects.topics.publish",
            '{topic: \'${"projects/" + args.p + "/topics/t"}\'}',
        ),
        "arguments: {p: VALUE}",
        {"VALUE": "acme-data"},
        (Kind.GOOGLE_API, TOPIC),
    ),
    "a name, its project included, from an argument": (
        connector("pubsub.v1.projects.topics.publish", "{topic: '${args.topic}'}"),
        "arguments: {topic: VALUE}",
        {"VALUE": "projects/acme-data/topics/t"},
        (Kind.GOOGLE_API, TOPIC),
    ),
    "a project from the environment": (
        connector(
            "pubsub.v1.projects.topics.publish",
            '{topic: \'${"projects/" + sys.get_env("P", args.p) + "/topics/t"}\'}',
        ),
        "",
        {"VALUE": "acme-data"},
        (Kind.GOOGLE_API, TOPIC),
    ),
    "a project from the answer of a call": (
        connector(
            "pubsub.v1.projects.topics.publish",
            '{topic: \'${"projects/" + args.list[0] + "/topics/t"}\'}',
        ),
        'main.step: {permissions: ["pubsub.topics.publish on //FULL/RESOURCE/NAME"]}',
        {"//FULL/RESOURCE/NAME": TOPIC},
        (Kind.GOOGLE_API, None),
    ),
    "an account that is acted as": (
        connector(
            "compute.v1.instances.insert",
            "{project: acme-prod, zone: europe-west1-b, body: {serviceAccounts: "
            "[{email: '${args.list[0]}'}]}}",
        ),
        "main.step: {permissions: ",
        {"EMAIL": ACCOUNT},
        (Kind.GOOGLE_API, PROJECT),
    ),
    "a method that does not exist": (
        connector("pubsub.v1.projects.topics.shout", "{topic: projects/acme-prod/topics/t}"),
        "main.step: {permissions: [PERMISSION]}",
        {"PERMISSION": "pubsub.topics.publish"},
        (Kind.GOOGLE_API, None),
    ),
    "an address that fits no method": (
        http("https://pubsub.googleapis.com/v1/nothing/here/at/all", "auth: {type: OAuth2}"),
        "main.step: {api_method: API.VERSION.RESOURCE.METHOD}",
        {"API.VERSION.RESOURCE.METHOD": "pubsub.v1.projects.topics.list"},
        (Kind.GOOGLE_API, PROJECT),
    ),
    "a Kubernetes request": (
        """\
main:
  params: [args]
  steps:
    - step:
        call: gke.request
        args: {cluster_id: c, project: acme-prod, location: europe-west1, path: '${args.path}',
               method: GET}
""",
        "main.step: {permissions: [container.KIND.VERB]}",
        {"container.KIND.VERB": "container.pods.list"},
        (Kind.GKE, None),
    ),
    "a name of no library": (
        """\
main:
  steps:
    - step:
        call: shell.gcloud
""",
        'main.step: {external: "WHAT IT IS"}',
        {"WHAT IT IS": "our own"},
        (Kind.EXTERNAL, None),
    ),
    "a reserved variable that no workflow has": (
        connector(
            "pubsub.v1.projects.topics.publish",
            '{topic: \'${"projects/" + sys.get_env("GOOGLE_CLOUD_PROJECT") + "/topics/t"}\'}',
        ),
        'main.step: {permissions: ["pubsub.topics.publish on //FULL/RESOURCE/NAME"]}',
        {"//FULL/RESOURCE/NAME": TOPIC},
        (Kind.GOOGLE_API, TOPIC),
    ),
    "a private endpoint behind IAP": (
        http(
            "https://x.example",
            f"private_service_name: {PRIVATE}\n"
            "          auth: {type: OIDC, audience: a.apps.googleusercontent.com}",
        ),
        "main.step: {permissions: ",
        {
            "NETWORK_PROJECT": "acme-net",
            "projects/NUMBER/iap_web/...": "projects/493817260155/iap_web/appengine-acme",
        },
        (Kind.PRIVATE_ENDPOINT, IAP),
    ),
    "one of two ways": (
        """\
main:
  params: [args]
  steps:
    - first:
        call: send
        args: {url: https://orders.example.com}
send:
  params: [url]
  steps:
    - step:
        call: http.get
        args: {url: '${url}', auth: {type: OIDC}}
""",
        "send.step@main.first: {cloud_run: SERVICE}",
        {"SERVICE": "orders"},
        (Kind.CLOUD_RUN_SERVICE, RUN),
    ),
    "a callback in a project that is not told": (
        http(
            '\'${"https://workflowexecutions.googleapis.com/v1/projects/" + args.l[0] + '
            '"/locations/eu/workflows/w/executions/e/callbacks/c"}\'',
            "auth: {type: OAuth2}",
        ),
        "main.step: {permissions: ",
        {"//FULL/RESOURCE/NAME": PROJECT},
        (Kind.CALLBACK, None),
    ),
}


@pytest.mark.parametrize("case", list(CASES))
def test_an_answer_that_is_pasted_settles_the_question(case):
    text, lines, fills, (kind, resource) = CASES[case]
    Path("flow.yaml").write_text(text, encoding="utf-8")
    templating = "terraform" if "template" in case or "Terraform" in case else "none"
    config: object = yaml.safe_load(CONFIG.replace("TEMPLATING", templating))
    target = None
    for _ in range(3):  # an answer may open the next question
        (target,) = asked(inspected(config))
        question = target.question
        assert question is not None
        assert lines in question.answer
        written = question.answer
        for placeholder in sorted(fills, key=len, reverse=True):
            written = written.replace(placeholder, fills[placeholder])
        config = merged(config, yaml.safe_load(written))
        after = inspected(config)
        if not asked(after):
            break
    assert asked(after) == ()
    rules = {d.rule.slug for d in after.diagnostics}
    assert "unused-answer" not in rules
    ((settled,),) = (use.targets for use in after.sites)
    assert settled.kind is kind
    if resource is not None:
        assert resource in {settled.resource, *(need.on for need in settled.needs)}
        assert all("{" not in need.on for need in settled.needs)


SECRET = "//secretmanager.googleapis.com/projects/acme-prod/secrets/s"
WIDE = {
    "args.which": ("arguments: {which: VALUE}", "VALUE", "s"),
    "args.list[0]": (
        'answer `main.step: {permissions: ["secretmanager.versions.access on //FULL',
        "//FULL/RESOURCE/NAME",
        f"{SECRET}/versions/latest",
    ),
}


@pytest.mark.parametrize("name", list(WIDE))
def test_a_grant_on_all_of_a_kind_is_told_with_the_line_that_makes_it_narrow(name):
    lines, placeholder, value = WIDE[name]
    text = connector("secretmanager.v1.projects.secrets.versions.accessString", "ARGS")
    args = f"{{secret_id: '${{{name}}}', project_id: acme-prod}}"
    Path("flow.yaml").write_text(text.replace("ARGS", args), encoding="utf-8")
    config: object = yaml.safe_load(CONFIG.replace("TEMPLATING", "none"))
    before = inspected(config)
    (told,) = before.diagnostics
    assert told.rule is WIDENED
    assert "on all secrets of acme-prod" in told.message
    assert lines in told.help
    assert [grant.on for grant in before.grants] == [PROJECT]
    written = told.help.split("`")[1].replace(placeholder, value)
    if "permissions" in written:
        written = f"answers: {{{written}}}"
    after = inspected(merged(config, {"workflows": {"flow": yaml.safe_load(written)}}))
    assert after.diagnostics == ()
    assert [grant.on for grant in after.grants] == [SECRET]


@pytest.mark.parametrize("secret", ["s", "'${args.known}'"])
def test_a_name_that_is_known_is_no_wide_grant(secret):
    text = connector("secretmanager.v1.projects.secrets.versions.accessString", "ARGS")
    args = f"{{secret_id: {secret}, project_id: acme-prod}}"
    Path("flow.yaml").write_text(text.replace("ARGS", args), encoding="utf-8")
    config = yaml.safe_load(CONFIG.replace("TEMPLATING", "none"))
    config["workflows"]["flow"]["arguments"] = {"known": "s"}
    assert inspected(config).diagnostics == ()
