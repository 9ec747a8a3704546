"""Every method of the APIs that workflows call is answered, in the form its document promises."""

import re

import jsonschema
import pytest

from wfprov.emulator.exchange import Request
from wfprov.emulator.server import Emulator

APIS = (
    "aiplatform", "apigateway", "artifactregistry", "batch", "bigquery", "bigquerydatatransfer",
    "cloudasset", "cloudbuild", "cloudfunctions", "cloudkms", "cloudresourcemanager",
    "cloudscheduler", "cloudtasks", "compute", "container", "dataflow", "documentai", "eventarc",
    "firestore", "iam", "iamcredentials", "iap", "language", "logging", "monitoring", "pubsub",
    "run", "secretmanager", "serviceusage", "spanner", "sqladmin", "storage", "storagetransfer",
    "translate", "workflowexecutions", "workflows",
)  # fmt: skip


def sample_path(method):
    """A path that the method answers, in a project that exists."""
    text = method.regex.pattern.replace("[^/]+", "x1").replace(".*", "projects/shop-dev/iap_web")
    text = re.sub(r"\\(.)", r"\1", text).replace("(", "").replace(")", "")
    return re.sub(r"\b(projects|namespaces)/x1\b", r"\1/shop-dev", text)


def answer(emulator, document, method):
    """The answer to an empty request; what it asks for is put there when it is missing."""
    path = sample_path(method)
    request = Request(
        api=document.api, verb=method.verb, path=path, body={} if method.request else None
    )
    response = emulator.plane.handle(request)
    if response.status != 404 or "namespaces/" in path:
        return response
    world = emulator.plane.world
    match = document.route(method.verb, path)
    full = world.full_name(document.api, match.resource)
    with world.objects.transaction():
        body = {"name": full.partition(".com/")[2], "_project": "shop-dev", "_standIn": True}
        emulator.plane.kinds.make(world, full, body)
    return emulator.plane.handle(request)


@pytest.mark.parametrize("api", APIS)
def test_every_method_is_answered_in_its_schema(api, closed_schema):
    with Emulator.start(grpc=False, enforce=False, operation_polls=0) as emulator:
        world = emulator.plane.world
        world.settings.refuse_disabled_apis = ()
        with world.objects.transaction():
            world.create_project("shop-dev", number="123456789012", owner=None)
        answered = 0
        for version in world.discovery.versions[api]:
            if "alpha" in version or "beta" in version:
                continue
            document = world.discovery.document(api, version)
            schemas = {n: closed_schema(document.schemas, s) for n, s in document.schemas.items()}
            for method in document.methods.values():
                if method.regex.fullmatch(sample_path(method)) is None:
                    continue
                response = answer(emulator, document, method)
                assert response.status < 500, (method.id, emulator.plane.log[-1])
                if response.status != 200:
                    continue
                answered += 1
                if method.response is None:
                    assert response.body == {}, method.id
                    continue
                root = {"$ref": f"#/$defs/{method.response}", "$defs": schemas}
                problems = jsonschema.Draft202012Validator(root).iter_errors(response.body)
                assert [p.message for p in problems] == [], (version, method.id)
        assert answered > 0


def test_all_documents_of_google_can_be_read():
    with Emulator.start(grpc=False) as emulator:
        discovery = emulator.plane.world.discovery
        for api in ("gmail", "sheets", "drive", "calendar", "people", "youtube"):
            for version in discovery.versions[api]:
                assert discovery.document(api, version).methods
