"""Google APIs by connector and by address: methods, resources, permissions."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from calling import OAUTH2, OIDC, PLACE, asked, call, facts, granted, place, target

from wfprov.analysis.domain import Hole
from wfprov.catalog.match import match
from wfprov.catalog.target import Certainty, Kind, Tier
from wfprov.core.address import Permission
from wfprov.store.facts import open_facts
from wfprov.store.roles import write_roles

PROJECT = "//cloudresourcemanager.googleapis.com/projects/acme"
ZONE = "projects/acme/zones/us-central1-a"


@pytest.mark.parametrize(
    ("verb", "url", "method"),
    [
        ("post", "https://pubsub.googleapis.com/v1/projects/acme/topics/t:publish",
         "pubsub.v1.projects.topics.publish"),
        ("post", "https://pubsub.mtls.googleapis.com/v1/projects/acme/topics/{t}:publish",
         "pubsub.v1.projects.topics.publish"),
        ("get", ("https://secretmanager.europe-west3.rep.googleapis.com/v1/projects/acme"
         "/locations/europe-west3/secrets/s/versions/1:access"),
         "secretmanager.v1.projects.locations.secrets.versions.access"),
        ("get", "https://secretmanager.us.p.rep.googleapis.com/v1/projects/a/secrets/s",
         "secretmanager.v1.projects.secrets.get"),
        ("post", "https://us-central1-run.googleapis.com/v2/projects/a/locations/l/jobs/j:run",
         "run.v2.projects.locations.jobs.run"),
        ("post", ("https://{args.region}-aiplatform.googleapis.com/v1/projects/a/locations/l"
         "/publishers/google/models/gemini-2.5-pro:generateContent"),
         "aiplatform.v1.projects.locations.publishers.models.generateContent"),
        ("post", f"https://www.googleapis.com/compute/v1/{ZONE}/instances/v/stop",
         "compute.v1.instances.stop"),
        ("get", "https://www.googleapis.com/drive/v3/files/{f}", "drive.v3.files.get"),
        ("post", "https://storage.googleapis.com/upload/storage/v1/b/{b}/o?uploadType=media",
         "storage.v1.objects.insert"),
        ("get", "https://storage.googleapis.com/download/storage/v1/b/{b}/o/{o}?alt=media",
         "storage.v1.objects.get"),
        ("get", "https://storage.googleapis.com/storage/v1/b/photos/o/{args.name}",
         "storage.v1.objects.get"),
        ("get", "https://storage.googleapis.com/photos/2026/{args.name}",
         "storage.v1.objects.get"),
        ("get", "https://storage.googleapis.com/{args.bucket}/a.json", "storage.v1.objects.get"),
        ("put", "https://storage.googleapis.com/photos/a.json", "storage.v1.objects.insert"),
        ("delete", "https://photos.storage.googleapis.com/a/b.json", "storage.v1.objects.delete"),
        ("get", "https://storage.googleapis.com/photos?prefix=a", "storage.v1.objects.list"),
        ("delete", "https://photos.storage.googleapis.com/", "storage.v1.buckets.delete"),
        ("post", "https://vision.googleapis.com/v1/images:annotate", "vision.v1.images.annotate"),
        ("get", ("https://firestore.googleapis.com/v1/projects/a/databases/(default)/documents"
         "/pictures/{id}/tags/{tag}"), "firestore.v1.projects.databases.documents.get"),
        ("patch", ("https://firestore.googleapis.com/v1/projects/a/databases/(default)/documents"
         "/pictures/{id}?updateMask.fieldPaths=color"),
         "firestore.v1.projects.databases.documents.patch"),
        ("post", ("https://firestore.googleapis.com/v1/projects/a/databases/(default)/documents"
         "/pictures"), "firestore.v1.projects.databases.documents.createDocument"),
        ("post", "https://translation.googleapis.com/v3/projects/{project_number}:translateText",
         "translate.v3.projects.translateText"),
        ("post", "https://bigquery.googleapis.com/bigquery/v2/projects/a/queries",
         "bigquery.v2.jobs.query"),
        ("post", "https://batch.googleapis.com/v1/projects/a/locations/l/jobs?job_id=x",
         "batch.v1.projects.locations.jobs.create"),
    ],
)  # fmt: skip
def test_an_address_finds_its_method(verb, url, method):
    assert target(f"http.{verb}", url=url, auth=OAUTH2).api_method == method


@pytest.mark.parametrize(
    ("verb", "url"),
    [
        ("get", "https://compute.googleapis.com/compute/v1/projects/acme/zones/z/{args.kind}/x"),
        ("get", "https://aiplatform.googleapis.com/v1/{args.name}"),
        ("get", "https://storage.googleapis.com/{args.path}"),
        ("get", "https://storage.googleapis.com/photos?acl"),
        ("put", "https://storage.googleapis.com/photos"),
        ("post", "https://storage.googleapis.com/photos/a.json"),
    ],
)
def test_an_address_that_may_be_of_several_methods_is_asked_for(verb, url):
    use = target(f"http.{verb}", url=url, auth=OAUTH2)
    assert (use.api_method, use.needs) == (None, ())
    assert use.question is not None


PHOTOS = "https://storage.googleapis.com/photos"


@pytest.mark.parametrize("verb", ["get", "put", "delete"])
@pytest.mark.parametrize(
    ("written", "args"),
    [
        ("?uploadId=abc", {}),
        ("?partNumber=1&uploadId={up.id}", {}),
        ("?acl", {}),
        ("?tagging=", {}),
        ("?{args.key}=x", {}),
        ("?{args.query}", {}),
        ("", {"query": {"uploadId": "abc"}}),
        ("?alt=media", {"query": {"acl": ""}}),
        ("", {"query": "{args.query}"}),
    ],
)
def test_a_request_for_a_part_of_an_object_is_never_taken_for_one_for_the_object(
    verb, written, args
):
    use = target(f"http.{verb}", url=f"{PHOTOS}/a.json{written}", auth=OAUTH2, **args)
    assert (use.api_method, use.needs) == (None, ())
    assert use.question is not None


@pytest.mark.parametrize(
    ("written", "args"),
    [
        ("?list-type=2&prefix=", {}),
        ("?versions", {}),
        ("", {"query": {"prefix": "", "list-type": 2}}),
        ("", {"query": None}),
    ],
)
def test_an_empty_parameter_leaves_a_list_what_it_is(written, args):
    use = target("http.get", url=f"{PHOTOS}{written}", auth=OAUTH2, **args)
    assert use.api_method == "storage.v1.objects.list"


def test_an_object_that_is_put_from_another_asks_for_its_source_too():
    use = target("http.put", url=f"{PHOTOS}/x/y.json", auth=OAUTH2,
                 headers={"X-Goog-Copy-Source": "/raw/in/a.json"})  # fmt: skip
    buckets = "//storage.googleapis.com/projects/_/buckets"
    assert asked(use)["storage.objects.get"] == f"{buckets}/raw/objects/in%2Fa.json"
    assert asked(use)["storage.objects.create"] == f"{buckets}/photos/objects/x%2Fy.json"


@pytest.mark.parametrize(
    "headers", [{"x-goog-copy-source": "{args.from}"}, {"x-goog-copy-source": "raw"}, "{args.all}"]
)
def test_an_object_that_may_be_put_from_another_is_asked_for(headers):
    use = target("http.put", url=f"{PHOTOS}/y.json", auth=OAUTH2, headers=headers)
    assert (use.api_method, use.needs) == (None, ())
    assert use.question is not None


def test_an_address_whose_other_arguments_are_not_known_is_asked_for():
    known = call("http.get", url=f"{PHOTOS}/y.json", auth=OAUTH2)
    (use,) = match(replace(known, open_args=Hole("args.all")), PLACE, facts())
    assert (use.api_method, use.needs) == (None, ())
    assert use.question is not None


def test_other_headers_leave_a_put_what_it_is():
    headers = {"Content-Type": "{args.type}", "x-goog-if-generation-match": "0"}
    use = target("http.put", url=f"{PHOTOS}/y.json", auth=OAUTH2, headers=headers)
    assert use.api_method == "storage.v1.objects.insert"


def test_an_object_that_is_put_under_its_bucket_is_named_whole():
    use = target("http.put", url="https://storage.googleapis.com/photos/x/y.json", auth=OAUTH2)
    bucket = "//storage.googleapis.com/projects/_/buckets/photos"
    assert use.resource == f"{bucket}/objects/x%2Fy.json"


def test_a_literal_address_and_its_connector_ask_for_the_same():
    connector = target("googleapis.compute.v1.instances.stop",
                       project="acme", zone="us-central1-a", instance="vm",
                       connector_params={"skip_polling": True})  # fmt: skip
    url = f"https://compute.googleapis.com/compute/v1/{ZONE}/instances/vm/stop"
    assert asked(target("http.post", url=url, auth=OAUTH2)) == asked(connector)


def test_http_request_takes_its_method_from_the_argument():
    url = "https://pubsub.googleapis.com/v1/projects/acme/topics/t"
    use = target("http.request", method="delete", url=url, auth=OAUTH2)
    assert use.api_method == "pubsub.v1.projects.topics.delete"


def test_an_http_method_that_is_not_known_is_asked_about_and_not_accused():
    url = "https://pubsub.googleapis.com/v1/projects/acme/topics/t"
    use = target("http.request", method="{args.verb}", url=url, auth=OAUTH2)
    assert use.diagnostics == ()
    assert use.question is not None
    assert "HTTP method" in use.question.message


def test_a_hole_over_several_segments_is_asked_about_when_methods_compete():
    use = target("http.get", url="https://compute.googleapis.com/compute/v1/{x}", auth=OAUTH2)
    assert use.kind is Kind.GOOGLE_API
    assert use.api_method is None
    assert use.question is not None
    assert "{api_method: API.VERSION.RESOURCE.METHOD}" in use.question.answer


def test_an_address_that_fits_no_route_is_reported():
    use = target("http.get", url="https://pubsub.googleapis.com/v1/nothing/here", auth=OAUTH2)
    assert [d.rule.slug for d in use.diagnostics] == ["unknown-api-method"]
    assert use.question is not None


def test_an_answer_names_the_method():
    told = place(api_method="compute.v1.instances.get")
    use = target("http.get", told, url="{result:vm.selfLink}", auth=OAUTH2)
    assert use.api_method == "compute.v1.instances.get"


def test_an_answer_names_permissions_and_where():
    told = place(
        permissions=("pubsub.topics.publish on //pubsub.googleapis.com/projects/x/topics/t",)
    )
    use = target("googleapis.mystery.v1.things.poke", told)
    assert asked(use) == {"pubsub.topics.publish": "//pubsub.googleapis.com/projects/x/topics/t"}
    assert use.question is None


def test_a_permission_that_no_role_holds_keeps_the_question_open():
    use = target("googleapis.mystery.v1.things.poke", place(permissions=("mystery.things.poke",)))
    assert use.question is not None
    assert "mystery.things.poke" in use.question.message


def test_an_unknown_connector_method_asks_and_grants_nothing():
    use = target("googleapis.pubsub.v1.projects.topics.publsh", topic="projects/acme/topics/t")
    assert use.needs == ()
    assert use.question is not None
    assert [d.rule.slug for d in use.diagnostics] == ["unknown-api-method"]


def test_an_unsigned_request_to_a_google_api_asks_for_nothing_and_is_reported():
    use = target("http.get", url="https://pubsub.googleapis.com/v1/projects/acme/topics/t")
    assert use.needs == ()
    assert use.question is None
    assert [d.rule.slug for d in use.diagnostics] == ["unsigned-google-api"]


def test_an_api_key_is_no_defect():
    url = "https://vision.googleapis.com/v1/images:annotate?key={k}"
    assert target("http.post", url=url).diagnostics == ()


def test_a_scope_too_narrow_for_the_method_names_one_that_suffices():
    auth = {"type": "OAuth2", "scopes": "https://www.googleapis.com/auth/devstorage.read_only"}
    use = target("http.delete", url="https://storage.googleapis.com/storage/v1/b/b/o/o", auth=auth)
    (found,) = use.diagnostics
    assert found.rule.slug == "scope-too-narrow"
    assert found.help.startswith("ask for https://www.googleapis.com/auth/")


@pytest.mark.parametrize(
    "scopes",
    [
        ["https://www.googleapis.com/auth/devstorage.read_write"],
        "https://www.googleapis.com/auth/drive, https://www.googleapis.com/auth/cloud-platform",
        "https://www.googleapis.com/auth/drive https://www.googleapis.com/auth/cloud-platform",
        "{args.scope}",
    ],
)
def test_scopes_are_read_in_every_form(scopes):
    auth = {"type": "OAuth2", "scopes": scopes}
    use = target("http.delete", url="https://storage.googleapis.com/storage/v1/b/b/o/o", auth=auth)
    assert use.diagnostics == ()


def test_a_name_is_taken_apart_and_the_number_of_the_own_project_translated():
    use = target("googleapis.pubsub.v1.projects.topics.publish",
                 topic="projects/493817260155/topics/orders")  # fmt: skip
    assert asked(use) == {
        "pubsub.topics.publish": "//pubsub.googleapis.com/projects/acme/topics/orders"
    }
    assert use.confidence is Certainty.EXACT


def test_a_hole_in_a_name_is_kept():
    use = target("googleapis.pubsub.v1.projects.topics.publish",
                 topic="projects/acme/topics/{args.topic}")  # fmt: skip
    assert use.resource == "//pubsub.googleapis.com/projects/acme/topics/{args.topic}"
    assert use.confidence is Certainty.PATTERN
    assert use.question is None
    (grant,) = granted(use)
    assert grant.on == PROJECT
    assert grant.breadth == "all topics of acme"


def test_a_project_that_only_an_argument_knows_is_a_question():
    use = target("googleapis.pubsub.v1.projects.topics.publish", topic="projects/{args.p}/topics/t")
    assert use.question is not None
    assert use.question.answer.endswith("arguments: {p: VALUE}")
    assert "{args.p}" in granted(use)[0].on


def test_secret_helpers_default_to_the_own_project_and_the_latest_version():
    use = target(
        "googleapis.secretmanager.v1.projects.secrets.versions.accessString", secret_id="k"
    )
    assert use.resource == "//secretmanager.googleapis.com/projects/acme/secrets/k/versions/latest"
    (grant,) = granted(use)
    assert grant.role == "roles/secretmanager.secretAccessor"
    assert grant.on == "//secretmanager.googleapis.com/projects/acme/secrets/k"


def test_copying_an_object_asks_each_bucket_for_its_own():
    use = target("googleapis.storage.v1.objects.copy", sourceBucket="a", sourceObject="o",
                 destinationBucket="b", destinationObject="p", ifGenerationMatch=0)  # fmt: skip
    assert asked(use) == {
        "storage.objects.get": "//storage.googleapis.com/projects/_/buckets/a/objects/o",
        "storage.objects.create": "//storage.googleapis.com/projects/_/buckets/b/objects/p",
    }


def test_overwriting_needs_deletion_unless_the_request_rules_it_out():
    may = target("googleapis.storage.v1.objects.insert", bucket="b", name="n", body={})
    never = target("googleapis.storage.v1.objects.insert", bucket="b", name="n", body={},
                   ifGenerationMatch=0)  # fmt: skip
    assert {n.permission: n.when is None for n in may.needs} == {
        "storage.objects.create": True,
        "storage.objects.delete": False,
    }
    assert [n.permission for n in never.needs] == ["storage.objects.create"]


JOB = "//run.googleapis.com/projects/acme/locations/l/jobs/j"
RUN = "googleapis.run.v2.projects.locations.jobs.run"
NAME = "projects/acme/locations/l/jobs/j"


def test_running_a_job_polls_on_the_project():
    use = target(RUN, name=NAME)
    assert use.kind is Kind.CLOUD_RUN_JOB
    assert asked(use) == {"run.jobs.run": JOB, "run.operations.get": PROJECT}
    assert ("roles/run.invoker", JOB) in {(g.role, g.on) for g in granted(use)}


@pytest.mark.parametrize(
    ("skip", "permissions"),
    [
        (True, {"run.jobs.run": None}),
        (False, {"run.jobs.run": None, "run.operations.get": None}),
        ("{args.skip}", {"run.jobs.run": None,
                         "run.operations.get": "connector_params.skip_polling is not true"}),
    ],
)  # fmt: skip
def test_skip_polling_decides_about_waiting(skip, permissions):
    use = target(RUN, name=NAME, connector_params={"skip_polling": skip})
    assert {n.permission: n.when for n in use.needs} == permissions


@pytest.mark.parametrize(
    ("body", "when"),
    [
        ({"overrides": {"taskCount": 2}}, None),
        ({"overrides": "{args.o}"}, "body.overrides is set"),
        ("{args.body}", "body.overrides is set"),
    ],
)
def test_overrides_add_a_permission(body, when):
    use = target(RUN, name=NAME, body=body, connector_params={"skip_polling": True})
    assert {n.permission: n.when for n in use.needs} == {
        "run.jobs.run": None,
        "run.jobs.runWithOverrides": when,
    }


@pytest.mark.parametrize("body", [{}, {"overrides": None}, {"validateOnly": True}])
def test_no_overrides_add_nothing(body):
    use = target(RUN, name=NAME, body=body, connector_params={"skip_polling": True})
    assert [n.permission for n in use.needs] == ["run.jobs.run"]


def test_namespaces_of_the_first_version_are_projects():
    use = target(
        "googleapis.run.v1.namespaces.jobs.run", name="namespaces/acme/jobs/j", location="l"
    )
    assert use.resource == JOB


ACCOUNT = "//iam.googleapis.com/projects/-/serviceAccounts/t@acme.iam.gserviceaccount.com"


def test_an_account_in_the_body_is_acted_as_and_granted_on_itself():
    token = {"serviceAccountEmail": "t@acme.iam.gserviceaccount.com"}
    use = target("googleapis.cloudtasks.v2.projects.locations.queues.tasks.create",
                 parent="projects/acme/locations/l/queues/q",
                 body={"task": {"httpRequest": {"oidcToken": token}}})  # fmt: skip
    assert asked(use)["iam.serviceAccounts.actAs"] == ACCOUNT
    assert ("roles/iam.serviceAccountUser", ACCOUNT) in {(g.role, g.on) for g in granted(use)}


def test_an_account_that_is_not_named_is_the_default_one_where_the_api_has_one():
    use = target("googleapis.batch.v1.projects.locations.jobs.create",
                 parent="projects/acme/locations/l", body={"taskGroups": []})  # fmt: skip
    assert asked(use)["iam.serviceAccounts.actAs"].endswith(
        "/493817260155-compute@developer.gserviceaccount.com"
    )


def test_acting_as_an_unknown_account_is_asked_about_and_never_widened():
    use = target("googleapis.compute.v1.instances.insert", project="acme", zone="z",
                 body={"serviceAccounts": [{"email": "{args.account}"}]})  # fmt: skip
    assert use.question is not None
    (grant,) = [g for g in granted(use) if g.role == "roles/iam.serviceAccountUser"]
    assert grant.on == "//iam.googleapis.com/projects/-/serviceAccounts/{args.account}"


def test_the_account_of_an_instance_template_is_asked_about():
    template = "projects/acme/global/instanceTemplates/t"
    name = "googleapis.compute.v1.instances.insert"
    use = target(name, project="acme", zone="z", sourceInstanceTemplate=template, body={})
    assert use.question is not None
    assert "the instance template" in use.question.message
    told = place(permissions=(f"iam.serviceAccounts.actAs on {ACCOUNT}",))
    answered = target(
        name, told, project="acme", zone="z", sourceInstanceTemplate=template, body={}
    )
    assert answered.question is None
    assert asked(answered)["iam.serviceAccounts.actAs"] == ACCOUNT
    assert "compute.instances.create" in asked(answered)


HOST = "//compute.googleapis.com/projects/host/regions/europe-west1/subnetworks/s"
COMPUTE = "//compute.googleapis.com/projects/acme"


def made_of(body: dict[str, object], **query: object) -> dict[str, str]:
    """What a new machine asks for besides itself."""
    use = target("googleapis.compute.v1.instances.insert", project="acme", zone="z",
                 body=body, **query)  # fmt: skip
    own = ("compute.instances.create", "compute.zoneOperations.get", "compute.disks.create")
    return {permission: on for permission, on in asked(use).items() if permission not in own}


@pytest.mark.parametrize(
    ("body", "asks"),
    [
        ({"networkInterfaces": [{"subnetwork": HOST.partition(".com/")[2]}]},
         {"compute.subnetworks.use": HOST}),
        ({"networkInterfaces": [{"subnetwork": "https://www.googleapis.com/compute/v1/projects"
                                               "/host/regions/europe-west1/subnetworks/s"}]},
         {"compute.subnetworks.use": HOST}),
        ({"networkInterfaces": [{"subnetwork": "regions/r/subnetworks/s", "accessConfigs": [{}]}]},
         {"compute.subnetworks.use": f"{COMPUTE}/regions/r/subnetworks/s",
          "compute.subnetworks.useExternalIp": f"{COMPUTE}/regions/r/subnetworks/s"}),
        ({"networkInterfaces": [{"network": "global/networks/default"}]},
         {"compute.subnetworks.use": PROJECT}),
        ({"disks": [{"source": "zones/z/disks/d"}], "networkInterfaces": []},
         {"compute.disks.use": f"{COMPUTE}/zones/z/disks/d"}),
        ({"disks": [{"initializeParams": {"sourceImage": "projects/i/global/images/x"}}],
          "networkInterfaces": []},
         {"compute.images.useReadOnly": "//compute.googleapis.com/projects/i/global/images/x"}),
        ({"disks": [{"initializeParams": {"sourceImage": "projects/i/global/images/family/x"}}],
          "networkInterfaces": []},
         {"compute.images.useReadOnly": "//cloudresourcemanager.googleapis.com/projects/i"}),
    ],
)  # fmt: skip
def test_a_machine_uses_each_part_where_that_lies(body, asks):
    found = made_of(body)
    assert {permission: on for permission, on in found.items() if permission in asks} == asks


def test_a_part_that_only_the_argument_names_hides_its_project():
    use = target("googleapis.compute.v1.instances.insert", project="acme", zone="z",
                 body={"networkInterfaces": [{"subnetwork": "{args.s}"}],
                       "serviceAccounts": [{"email": ACCOUNT.rpartition("/")[2]}]})  # fmt: skip
    assert use.question is not None
    assert use.question.hole == "args.s"
    assert "arguments: {s: VALUE}" in use.question.answer
    hidden = "//compute.googleapis.com/projects/{args.s}/regions/-/subnetworks/{args.s}"
    assert asked(use)["compute.subnetworks.use"] == hidden


def test_a_part_in_a_project_that_nothing_tells_is_asked_about():
    use = target("googleapis.compute.v1.instances.insert", project="acme", zone="z",
                 body={"networkInterfaces": [{"subnetwork":
                       "projects/{args.p}/regions/r/subnetworks/s"}]})  # fmt: skip
    assert use.question is not None
    assert "arguments: {p: VALUE}" in use.question.answer


def test_an_instance_template_is_used_where_it_lies():
    template = "https://www.googleapis.com/compute/v1/projects/other/global/instanceTemplates/t"
    asks = made_of({}, sourceInstanceTemplate=template)
    on = "//compute.googleapis.com/projects/other/global/instanceTemplates/t"
    assert asks["compute.instanceTemplates.useReadOnly"] == on
    asks = made_of({}, sourceInstanceTemplate=template.replace("other", "{template:project_id}"))
    assert asks["compute.instanceTemplates.useReadOnly"] == on.replace("other", "acme")


def test_a_publishers_model_stands_in_the_connectors_endpoint():
    model = "projects/acme/locations/us-central1/publishers/google/models/gemini-2.5-pro"
    use = target("googleapis.aiplatform.v1.projects.locations.endpoints.generateContent",
                 model=model, region="us-central1")  # fmt: skip
    assert use.resource == f"//aiplatform.googleapis.com/{model}"
    assert [g.on for g in granted(use)] == [PROJECT]


DATA = "//bigquery.googleapis.com/projects/acme/datasets"


@pytest.mark.parametrize(
    ("sql", "data"),
    [
        ("SELECT * FROM `acme.d.t`", {("bigquery.tables.getData", f"{DATA}/d/tables/t")}),
        ("SELECT * FROM d.t AS x JOIN d2.u USING (id)",
         {("bigquery.tables.getData", f"{DATA}/d/tables/t"),
          ("bigquery.tables.getData", f"{DATA}/d2/tables/u")}),
        ("WITH x AS (SELECT 1) SELECT * FROM x", set()),
        ("SELECT * FROM `bigquery-public-data.wikipedia.{t}`", set()),
        ("SELECT 'from d.t' -- FROM d.u", set()),
        ("SELECT 1 /* FROM d.t * / FROM d.u */ FROM UNNEST([1]) AS x", set()),
        ("SELECT EXTRACT(DAY FROM x) FROM UNNEST(y) x", set()),
        ("SELECT * FROM `acme.{args.d}.t`",
         {("bigquery.tables.getData", f"{DATA}/{{args.d}}/tables/t")}),
        ("SELECT * FROM `acme.d.t_*`", {("bigquery.tables.getData", f"{DATA}/d")}),
        ("insert into d.t values (1)", {("bigquery.tables.getData", f"{DATA}/d/tables/t"),
                                        ("bigquery.tables.updateData", f"{DATA}/d/tables/t")}),
        ("CREATE OR REPLACE TABLE d.t AS SELECT 1", {("bigquery.tables.create", f"{DATA}/d"),
                                                     ("bigquery.tables.update", f"{DATA}/d"),
                                                     ("bigquery.tables.updateData", f"{DATA}/d")}),
    ],
)  # fmt: skip
def test_a_query_asks_for_the_tables_that_it_names(sql, data):
    use = target("googleapis.bigquery.v2.jobs.query", projectId="acme", body={"query": sql})
    found = {(n.permission, n.on) for n in use.needs}
    assert found == {("bigquery.jobs.create", PROJECT), *data}


def test_a_load_job_asks_for_its_bucket_and_its_dataset():
    load = {"sourceUris": ["gs://in/a.csv"], "destinationTable": {"datasetId": "d", "tableId": "t"}}
    use = target("googleapis.bigquery.v2.jobs.insert", projectId="acme",
                 body={"configuration": {"load": load}})  # fmt: skip
    assert asked(use) == {
        "bigquery.jobs.create": PROJECT,
        "bigquery.tables.create": f"{DATA}/d",
        "bigquery.tables.update": f"{DATA}/d",
        "bigquery.tables.updateData": f"{DATA}/d",
        "storage.objects.get": "//storage.googleapis.com/projects/_/buckets/in",
    }


def of_query(sql: str) -> set[tuple[str, str]]:
    """What a query asks for beside its job: the permission's end, and the resource below DATA."""
    use = target("googleapis.bigquery.v2.jobs.query", projectId="acme", body={"query": sql})
    asks = {(n.permission.removeprefix("bigquery."), n.on.removeprefix(DATA)) for n in use.needs}
    return asks - {("jobs.create", PROJECT)}


BUCKET = "//storage.googleapis.com/projects/_/buckets/in"
CONNECTION = "//bigqueryconnection.googleapis.com/projects/acme/locations/eu/connections/c"


@pytest.mark.parametrize(
    ("sql", "asks"),
    [
        ("CREATE TABLE d.t (x INT64)", {("tables.create", "/d"), ("tables.updateData", "/d")}),
        ("CREATE VIEW d.v AS SELECT * FROM d.t",
         {("tables.create", "/d"), ("tables.getData", "/d/tables/t")}),
        ("CREATE OR REPLACE VIEW d.v AS SELECT 1", {("tables.create", "/d"),
                                                   ("tables.update", "/d")}),
        ("DROP TABLE IF EXISTS d.t", {("tables.get", "/d/tables/t"),
                                      ("tables.delete", "/d/tables/t")}),
        ("ALTER TABLE d.t ADD COLUMN x INT64", {("tables.get", "/d/tables/t"),
                                                ("tables.update", "/d/tables/t")}),
        ("TRUNCATE TABLE d.t", {("tables.getData", "/d/tables/t"),
                                ("tables.updateData", "/d/tables/t")}),
        ("MERGE d.t USING d.u ON t.x = u.x WHEN MATCHED THEN DELETE",
         {("tables.getData", "/d/tables/t"), ("tables.updateData", "/d/tables/t"),
          ("tables.getData", "/d/tables/u")}),
        ("CREATE FUNCTION d.f() AS (1)", {("routines.create", "/d")}),
        ("DROP PROCEDURE d.p", {("routines.delete", "/d")}),
        ("CREATE SCHEMA IF NOT EXISTS d", {("datasets.create", PROJECT)}),
        ("DROP SCHEMA d", {("datasets.delete", "/d")}),
        ("DROP SCHEMA d CASCADE", {("datasets.delete", "/d"), ("tables.delete", "/d")}),
        ("CREATE TEMP TABLE x AS SELECT 1; SELECT * FROM x", set()),
        ("LOAD DATA INTO d.t FROM FILES (format='CSV', uris=['gs://in/*.csv'])",
         {("tables.create", "/d"), ("tables.update", "/d"), ("tables.updateData", "/d"),
          ("storage.objects.get", BUCKET), ("storage.objects.list", BUCKET)}),
        ("EXPORT DATA OPTIONS (uri='gs://in/x-*', format='CSV') AS SELECT * FROM d.t",
         {("tables.getData", "/d/tables/t"), ("storage.objects.create", BUCKET),
          ("storage.objects.delete", BUCKET)}),
        ("SELECT * FROM EXTERNAL_QUERY('acme.eu.c', 'SELECT 1')",
         {("connections.use", CONNECTION)}),
        ("SELECT * FROM d.INFORMATION_SCHEMA.TABLES", {("tables.get", "/d"),
                                                      ("tables.list", "/d")}),
        ("SELECT * FROM `region-eu`.INFORMATION_SCHEMA.JOBS_BY_PROJECT",
         {("jobs.listAll", "//bigquery.googleapis.com/projects/acme")}),
        ("SELECT * FROM `region-eu`.INFORMATION_SCHEMA.JOBS_BY_USER",
         {("jobs.list", "//bigquery.googleapis.com/projects/acme")}),
    ],
)  # fmt: skip
def test_a_statement_asks_for_what_it_does(sql, asks):
    assert of_query(sql) == asks


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("CALL d.nightly()", "CALL"),
        ("EXECUTE IMMEDIATE 'SELECT 1'", "EXECUTE IMMEDIATE"),
        ("GRANT `roles/bigquery.dataViewer` ON TABLE d.t TO 'user:a@b.c'", "GRANT"),
        ("CREATE ROW ACCESS POLICY p ON d.t GRANT TO ('user:a@b.c') FILTER USING (x)",
         "CREATE ROW ACCESS"),
        ("{args.sql}", "{args.sql}"),
    ],
)  # fmt: skip
def test_a_statement_that_hides_what_it_does_is_a_question_and_an_answer_settles_it(sql, word):
    use = target("googleapis.bigquery.v2.jobs.query", projectId="acme", body={"query": sql})
    assert use.question is not None
    assert word in use.question.message
    assert "permissions" in use.question.answer


@pytest.mark.parametrize(
    ("settings", "asks"),
    [
        ({"extract": {"sourceTable": {"datasetId": "d", "tableId": "t"},
                      "destinationUris": ["gs://in/x"]}},
         {("tables.getData", "/d/tables/t"), ("tables.export", "/d/tables/t"),
          ("storage.objects.create", BUCKET), ("storage.objects.delete", BUCKET)}),
        ({"extract": {"sourceTable": {"datasetId": "d", "tableId": "t"},
                      "destinationUri": "gs://in/x"}},
         {("tables.getData", "/d/tables/t"), ("tables.export", "/d/tables/t"),
          ("storage.objects.create", BUCKET), ("storage.objects.delete", BUCKET)}),
        ({"load": {"sourceUris": "gs://in/*",
                   "destinationTable": {"datasetId": "e", "tableId": "u"}}},
         {("tables.create", "/e"), ("tables.update", "/e"), ("tables.updateData", "/e"),
          ("storage.objects.get", BUCKET), ("storage.objects.list", BUCKET)}),
        ({"copy": {"sourceTables": [{"datasetId": "d", "tableId": "t"}],
                   "destinationTable": {"datasetId": "e", "tableId": "u"}}},
         {("tables.getData", "/d/tables/t"), ("tables.create", "/e"), ("tables.updateData", "/e")}),
        ({"load": {"sourceUris": ["gs://in/*"],
                   "destinationTable": {"datasetId": "e", "tableId": "u"}}},
         {("tables.create", "/e"), ("tables.update", "/e"), ("tables.updateData", "/e"),
          ("storage.objects.get", BUCKET), ("storage.objects.list", BUCKET)}),
    ],
)  # fmt: skip
def test_a_job_asks_for_what_its_settings_name(settings, asks):
    use = target("googleapis.bigquery.v2.jobs.insert", projectId="acme",
                 body={"configuration": settings})  # fmt: skip
    found = {(n.permission.removeprefix("bigquery."), n.on.removeprefix(DATA)) for n in use.needs}
    assert found - {("jobs.create", PROJECT), ("jobs.get", PROJECT)} == asks


def test_a_workspace_api_takes_no_grant_and_says_to_share():
    use = target("googleapis.sheets.v4.spreadsheets.get", spreadsheetId="{args.s}")
    assert use.kind is Kind.WORKSPACE_API
    assert (use.needs, use.question) == ((), None)
    assert "shar" in use.note


@pytest.mark.parametrize("function", ["experimental.executions.run", "experimental.executions.map",
    "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.run"])  # fmt: skip
def test_a_child_workflow_is_started_and_waited_for(function):
    use = target(function, workflow_id="child")
    assert use.kind is Kind.WORKFLOW
    assert use.resource == (
        "//workflows.googleapis.com/projects/acme/locations/europe-west1/workflows/child"
    )
    (grant,) = granted(use)
    assert (grant.role, grant.on) == ("roles/workflows.invoker", PROJECT)
    assert {n.permission for n in use.needs} == {
        "workflows.executions.create",
        "workflows.executions.get",
    }


def test_a_child_workflow_by_plain_http_is_not_waited_for():
    url = ("https://workflowexecutions.googleapis.com/v1/projects/acme/locations/l"
           "/workflows/{args.w}/executions")  # fmt: skip
    use = target("http.post", url=url, auth=OAUTH2)
    assert use.kind is Kind.WORKFLOW
    assert [n.permission for n in use.needs] == ["workflows.executions.create"]


def test_sending_to_a_callback_needs_a_grant_and_waiting_does_not():
    url = ("https://workflowexecutions.googleapis.com/v1/projects/acme/locations/l"
           "/workflows/w/executions/{e}/callbacks/{c}")  # fmt: skip
    sent = target("http.post", url=url, auth=OAUTH2)
    assert sent.kind is Kind.CALLBACK
    assert asked(sent) == {"workflows.callbacks.send": PROJECT}
    for function in ("events.create_callback_endpoint", "events.await_callback"):
        assert target(function).kind is Kind.CALLBACK
        assert target(function).needs == ()


def test_logging_writes_to_the_own_project():
    use = target("sys.log", text="x")
    assert use.kind is Kind.LOGGING
    (grant,) = granted(use)
    assert (grant.role, grant.on) == ("roles/logging.logWriter", PROJECT)


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/api/v1/namespaces/default/pods", "container.pods.list"),
        ("GET", "/api/v1/namespaces/{ns}/pods/{p}", "container.pods.get"),
        ("POST", "/apis/apps/v1/namespaces/default/deployments", "container.deployments.create"),
        ("GET", "/api/v1/nodes", "container.nodes.list"),
        ("DELETE", "/apis/batch/v1/namespaces/d/cronjobs/c", "container.cronJobs.delete"),
        ("GET", "/api/v1/namespaces/d/pods/p/log?tailLines=9", "container.pods.getLogs"),
        ("POST", "/api/v1/namespaces/d/pods/p/exec", "container.pods.exec"),
        ("GET", "/api/v1/namespaces/d/services/http:s:80/proxy/x", "container.services.proxy"),
        ("GET", "/apis/batch/v1/namespaces/d/jobs/j/status", "container.jobs.getStatus"),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/d/deployments/x/scale",
            "container.deployments.updateScale",
        ),
        ("GET", "/api/v1/namespaces/d", "container.namespaces.get"),
        ("PUT", "/api/v1/namespaces/d/finalize", "container.namespaces.finalize"),
        (
            "POST",
            "/apis/shop.example.com/v1/namespaces/d/jobs",
            "container.thirdPartyObjects.create",
        ),
        (
            "GET",
            "/apis/networking.gke.io/v1/namespaces/d/managedcertificates",
            "container.managedCertificates.list",
        ),
    ],
)
def test_a_kubernetes_request_needs_the_permission_of_its_kind_and_verb(method, path, permission):
    use = target("gke.request", cluster_id="c", location="l", method=method, path=path)
    assert use.kind is Kind.GKE
    assert {n.permission for n in use.needs} == {"container.clusters.get", permission}
    assert use.question is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "{args.path}"),
        ("GET", "/api/v1/namespaces/d/{args.kind}"),
        ("GET", "/api/v1/namespaces/d/pods/p/{args.what}"),
        ("GET", "/api/v1/namespaces/d/pods/p/unheard"),
        ("POST", "/apis/apps/v1/namespaces/d/deployments/x/scale"),
        ("GET", "/apis/gateway.networking.k8s.io/v1/namespaces/d/gateways"),
        ("GET", "/apis/{args.group}/v1/namespaces/d/jobs"),
        ("{args.method}", "/api/v1/namespaces/d/pods"),
        ("GET", "/version"),
    ],
)
def test_a_kubernetes_request_that_no_permission_is_known_for_is_asked_about(method, path):
    use = target("gke.request", cluster_id="c", location="l", method=method, path=path)
    assert use.question is not None
    assert {n.permission for n in use.needs} == {"container.clusters.get"}


def test_a_derived_permission_is_shown_and_asked_about_and_never_granted():
    use = target("googleapis.aiplatform.v1.projects.locations.featureGroups.list",
                 parent="projects/acme/locations/l")  # fmt: skip
    guessed = [n for n in use.needs if n.tier is Tier.DERIVED]
    assert bool(guessed) == (use.question is not None)
    assert not {n.permission for n in guessed} & {
        r.need.permission for g in granted(use) for r in g.because
    }


def test_oidc_towards_a_google_api_keeps_the_method_and_is_reported():
    url = "https://pubsub.googleapis.com/v1/projects/acme/topics/t:publish"
    use = target("http.post", url=url, auth=OIDC)
    assert use.api_method == "pubsub.v1.projects.topics.publish"
    assert [d.rule.slug for d in use.diagnostics] == ["oidc-to-google-api"]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        (
            "workflows.v1.projects.locations.workflows.executions.create",
            "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.create",
        ),
        ("pubsub.v1.projects.topic.publish", "googleapis.pubsub.v1.projects.topics.publish"),
    ],
)
def test_a_connector_that_does_not_exist_is_answered_with_the_one_that_was_meant(wrong, meant):
    (found,) = target(f"googleapis.{wrong}").diagnostics
    assert meant in found.help


def test_a_monstrous_connector_name_is_compared_in_bounded_time():
    begin = time.perf_counter()
    target("googleapis.compute.v1." + "instances." * 20_000 + "stop")
    assert time.perf_counter() - begin < 2


def test_a_permission_that_no_role_holds_any_more_is_asked_about(tmp_path):
    own = open_facts(None)
    publish = Permission("pubsub.topics.publish")
    roles = [own.role(name) for name in own.roles.names() if name.startswith("roles/pubsub.")]
    less = [replace(role, permissions=role.permissions - {publish}) for role in roles]
    write_roles(tmp_path / "roles.sqlite", less, "2026-11-23")
    topic = call("googleapis.pubsub.v1.projects.topics.publish", topic="projects/acme/topics/t")
    (use,) = match(topic, PLACE, open_facts(tmp_path / "roles.sqlite"))
    assert use.question is not None
    assert "no predefined role holds pubsub.topics.publish" in use.question.message
    (before,) = match(topic, PLACE, own)
    assert before.question is None


BUCKETS = "//storage.googleapis.com/projects/_/buckets"


@pytest.mark.parametrize(
    ("url", "body", "expected"),
    [
        (
            "https://vision.googleapis.com/v1/images:annotate",
            {"requests": [{"image": {"source": {"gcsImageUri": "gs://in/a.png"}}}]},
            {"storage.objects.get": f"{BUCKETS}/in"},
        ),
        (
            "https://videointelligence.googleapis.com/v1/videos:annotate",
            {"inputUri": "gs://in/a.mp4", "outputUri": "gs://out/a.json"},
            {"storage.objects.get": f"{BUCKETS}/in", "storage.objects.create": f"{BUCKETS}/out"},
        ),
        (
            "https://language.googleapis.com/v1/documents:analyzeSentiment",
            {"document": {"gcsContentUri": "gs://in/{args.name}"}},
            {"storage.objects.get": f"{BUCKETS}/in"},
        ),
        (
            "https://vision.googleapis.com/v1/images:annotate",
            {"requests": [{"image": {"source": {"gcsImageUri": "gs://in/a.png"}}},
                          {"image": {"source": {"gcsImageUri": "{args.uri}"}}}]},
            {"storage.objects.get": "//cloudresourcemanager.googleapis.com/projects/acme"},
        ),
    ],
)  # fmt: skip
def test_a_bucket_that_the_body_names_is_what_is_read_or_written(url, body, expected):
    assert asked(target("http.post", url=url, auth=OAUTH2, body=body)) == expected


def test_a_connector_waits_for_cloud_sql_with_what_reading_an_operation_asks_for():
    def export(**params: bool) -> dict[str, str]:
        return asked(
            target("googleapis.sqladmin.v1.instances.export", project="acme", instance="db",
                   body={}, connector_params=params)
        )  # fmt: skip

    own = {"cloudsql.instances.export": "//cloudsql.googleapis.com/projects/acme/instances/db"}
    instance = own["cloudsql.instances.export"]
    assert export() == {**own, "cloudsql.instances.get": instance}
    assert export(skip_polling=True) == own


@pytest.mark.parametrize("project", ["PROJECT", "YOUR_PROJECT_ID", "<your-project>", "[project]"])
def test_what_stands_for_a_project_in_a_sample_is_asked_for(project):
    use = target("googleapis.pubsub.v1.projects.topics.publish",
                 topic=f"projects/{project}/topics/t", body={})  # fmt: skip
    assert use.confidence is Certainty.PATTERN
    assert use.question is not None
    assert f"is {project}, which no project can be called" in use.question.message


@pytest.mark.parametrize("project", ["acme", "other-project-1", "example.com:old", "1234567"])
def test_what_a_project_may_be_called_is_not_asked_for(project):
    use = target("googleapis.pubsub.v1.projects.topics.publish",
                 topic=f"projects/{project}/topics/t", body={})  # fmt: skip
    assert (use.confidence, use.question) == (Certainty.EXACT, None)


@pytest.mark.parametrize(
    ("mask", "account"),
    [
        ("template.labels", "{account_of_what_is_changed}"),
        ("template.scaling,traffic", "{account_of_what_is_changed}"),
        ("template", "{project_number}-compute@developer.gserviceaccount.com"),
        ("template.serviceAccount", "{project_number}-compute@developer.gserviceaccount.com"),
        (None, "{project_number}-compute@developer.gserviceaccount.com"),
    ],
)
def test_a_change_that_leaves_the_account_asks_which_it_is(mask, account):
    args = {} if mask is None else {"updateMask": mask}
    use = target(
        "googleapis.run.v2.projects.locations.services.patch",
        name="projects/acme/locations/l/services/s",
        body={"template": {}},
        **args,
    )
    account = account.replace("{project_number}", str(PLACE.project_number))
    on = f"//iam.googleapis.com/projects/-/serviceAccounts/{account}"
    assert asked(use)["iam.serviceAccounts.actAs"] == on
    assert (use.question is not None) == ("{" in account)


@pytest.mark.parametrize("name", ["project_id", "PROJECT_ID", "gcp-project-id", "google_project"])
def test_a_templates_name_for_the_project_is_presumed_to_be_the_own(name):
    use = target("googleapis.pubsub.v1.projects.topics.publish",
                 topic=f"projects/{{var.{name}}}/topics/t", body={})  # fmt: skip
    assert use.resource == "//pubsub.googleapis.com/projects/acme/topics/t"
    assert (use.confidence, use.question) == (Certainty.PATTERN, None)


INVOKE = "googleapis.dataform.v1beta1.projects.locations.repositories.workflowInvocations.create"
REPOSITORY = "projects/acme/locations/l/repositories/r"


@pytest.mark.parametrize(
    ("body", "account"),
    [
        ({"invocationConfig": {"serviceAccount": "etl@acme.iam.gserviceaccount.com"}},
         "etl@acme.iam.gserviceaccount.com"),
        ({"workflowConfig": f"{REPOSITORY}/workflowConfigs/nightly"},
         "{account_of_the_workflow_configuration}"),
        ({"compilationResult": f"{REPOSITORY}/compilationResults/c"},
         "{account_of_the_repository}"),
    ],
)  # fmt: skip
def test_dataform_runs_as_the_account_of_the_request_or_asks_whose_it_is(body, account):
    use = target(INVOKE, parent=REPOSITORY, body=body)
    assert asked(use)["iam.serviceAccounts.actAs"].rpartition("/")[2] == account
    assert (use.question is not None) == account.startswith("{")
    if use.question is not None:
        assert "service account that is acted as comes from the" in use.question.message


def test_a_group_of_machines_acts_as_the_account_of_its_template():
    use = target("googleapis.compute.v1.instanceGroupManagers.insert", project="acme", zone="z",
                 body={"name": "g", "instanceTemplate": "global/instanceTemplates/t"})  # fmt: skip
    acting = asked(use)["iam.serviceAccounts.actAs"]
    assert acting.endswith("{account_of:projects/acme/global/instanceTemplates/t}")
    assert use.question is not None
    assert "the instance template t of acme" in use.question.message


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("regionInstanceGroupManagers.insert",
         {"region": "r", "body": {"instanceTemplate": "global/instanceTemplates/t"}}),
        ("instanceGroupManagers.insert",
         {"zone": "z", "body": {"versions": [{"instanceTemplate": "global/instanceTemplates/t"}]}}),
        ("instanceGroupManagers.setInstanceTemplate",
         {"zone": "z", "instanceGroupManager": "g",
          "body": {"instanceTemplate": "global/instanceTemplates/t"}}),
        ("instances.bulkInsert",
         {"zone": "z", "body": {"sourceInstanceTemplate": "global/instanceTemplates/t"}}),
    ],
)  # fmt: skip
def test_each_way_to_make_machines_of_a_template_acts_as_its_account(method, given):
    use = target(f"googleapis.compute.v1.{method}", project="acme", **given)
    acting = [on for permission, on in asked(use).items() if permission.endswith("actAs")]
    assert [on.rpartition("/serviceAccounts/")[2] for on in acting] == [
        "{account_of:projects/acme/global/instanceTemplates/t}"
    ]
    assert use.question is not None
    # No page says so of groups; of the rest one does.
    (tier,) = {need.tier for need in use.needs if need.permission.endswith("actAs")}
    assert (tier is Tier.MAP) == ("GroupManagers" in method)


def test_machines_in_bulk_and_disks_use_parts_where_they_lie():
    bulk = asked(
        target("googleapis.compute.v1.instances.bulkInsert", project="acme", zone="z",
               body={"instanceProperties": {"networkInterfaces": [
                   {"subnetwork": HOST.partition(".com/")[2]}]}})
    )  # fmt: skip
    assert bulk["compute.subnetworks.use"] == HOST
    disk = asked(
        target("googleapis.compute.v1.disks.insert", project="acme", zone="z",
               body={"sourceSnapshot": "projects/golden/global/snapshots/s"})
    )  # fmt: skip
    golden = "//compute.googleapis.com/projects/golden/global/snapshots/s"
    assert disk["compute.snapshots.useReadOnly"] == golden


@pytest.mark.parametrize(
    ("method", "given", "account"),
    [
        ("run.v2.projects.locations.services.create",
         {"parent": "projects/other/locations/l", "body": {}},
         "{account_of_the_default_account_of_other}"),
        ("compute.v1.instances.insert",
         {"project": "other", "zone": "z", "body": {"serviceAccounts": [{"email": "default"}]}},
         "{account_of_the_default_account_of_other}"),
        ("appengine.v1.apps.services.versions.create",
         {"appsId": "acme", "servicesId": "s", "body": {}}, "acme@appspot.gserviceaccount.com"),
    ],
)  # fmt: skip
def test_the_default_account_is_that_of_the_project_where_it_is_made(method, given, account):
    use = target(f"googleapis.{method}", **given)
    assert asked(use)["iam.serviceAccounts.actAs"].endswith(f"/{account}")
    assert (use.question is not None) == account.startswith("{")


@pytest.mark.parametrize(
    ("verb", "address", "methods"),
    [
        ("get", "secretmanager.googleapis.com/v1/projects/acme/secrets/s/versions/1:{args.action}",
         ("versions.access", "versions.get")),
        ("post", "run.googleapis.com/v2/projects/acme/locations/l/jobs/j:{args.action}",
         ("jobs.run",)),
    ],
)  # fmt: skip
def test_an_action_that_only_the_argument_names_is_asked_for(verb, address, methods):
    use = target(f"http.{verb}", url=f"https://{address}", auth={"type": "OAuth2"})
    assert use.question is not None
    assert all(method in use.question.message for method in methods)


@pytest.mark.parametrize(
    ("method", "place", "permission"),
    [
        ("regionInstanceGroupManagers.insert", {"region": "r"}, "compute.regionOperations.get"),
        ("instanceGroupManagers.insert", {"zone": "z"}, "compute.zoneOperations.get"),
        ("networks.insert", {}, "compute.globalOperations.get"),
    ],
)
def test_a_connector_waits_for_an_operation_where_that_lies(method, place, permission):
    use = target(f"googleapis.compute.v1.{method}", project="acme", body={}, **place)
    assert permission in asked(use)
