"""What calls return: the addresses and names that follow from a call reach the calls after it."""

from __future__ import annotations

import pytest
from calling import PLACE, asked, facts

from wfprov.analysis.calls import Known
from wfprov.analysis.interpret import analyse
from wfprov.catalog.match import match
from wfprov.catalog.results import KnownResults
from wfprov.catalog.target import Kind, TargetUse
from wfprov.core.span import Source
from wfprov.language.parser import parse

RUN = "//run.googleapis.com/projects/acme/locations/europe-west1/services/orders"
GET_V2 = """
    - get:
        call: googleapis.run.v2.projects.locations.services.get
        args: {name: projects/acme/locations/europe-west1/services/orders}
        result: service
"""
GET_V1 = """
    - get:
        call: googleapis.run.v1.namespaces.services.get
        args: {name: namespaces/acme/services/orders, location: europe-west1}
        result: service
"""


def last(steps: str) -> TargetUse:
    """The target of the last call of a workflow with these steps."""
    parsed = parse(Source("w.yaml", "main:\n  params: [args]\n  steps:" + steps))
    assert parsed.value is not None, parsed.diagnostics
    known = Known(project="acme", project_number=PLACE.project_number, region=PLACE.region)
    analysis = analyse(parsed.value, known, KnownResults(facts(), PLACE))
    (call,) = analysis.sites[-1].calls
    (use,) = match(call, PLACE, facts())
    return use


def called(url: str, auth: str = "{type: OIDC}") -> str:
    return f"""
    - call:
        call: http.get
        args:
          url: ${{{url}}}
          auth: {auth}
"""


@pytest.mark.parametrize(
    ("before", "url"),
    [
        (GET_V2, "service.uri"),
        (GET_V2, 'service.uri + "/charge?x=" + args.x'),
        (GET_V1, "service.status.url"),
        (GET_V1, 'service.status.address.url + "/charge"'),
        (
            """
    - get:
        call: http.get
        args:
          url: https://run.googleapis.com/v2/projects/acme/locations/europe-west1/services/orders
          auth: {type: OAuth2}
        result: service
""",
            "service.body.uri",
        ),
    ],
)
def test_the_address_that_a_service_tells_is_that_service(before, url):
    use = last(before + called(url))
    assert use.kind is Kind.CLOUD_RUN_SERVICE
    assert asked(use) == {"run.routes.invoke": RUN}
    assert use.question is None


def test_an_audience_may_be_such_an_address_too():
    use = last(
        GET_V2
        + called('"https://orders.example.com/x"', '{type: OIDC, audience: "${service.uri}"}')
    )
    assert use.resource == RUN
    assert use.question is None


def test_other_fields_of_the_answer_stay_unknown():
    use = last(GET_V2 + called("service.annotations.address"))
    assert use.question is not None
    assert use.question.hole == "result:get.annotations.address"


def test_a_service_of_a_project_that_an_argument_names_is_asked_about():
    named = 'name: \'${"projects/" + args.p + "/locations/europe-west1/services/orders"}\''
    before = GET_V2.replace("name: projects/acme/locations/europe-west1/services/orders", named)
    use = last(before + called("service.uri"))
    assert use.kind is Kind.CLOUD_RUN_SERVICE
    assert use.resource == RUN.replace("/acme/", "/{args.p}/")
    assert use.question is not None
    assert "arguments: {p: VALUE}" in use.question.answer


def test_each_service_of_a_list_has_its_kind_and_a_question():
    use = last(
        """
    - list:
        call: googleapis.run.v2.projects.locations.services.list
        args: {parent: projects/acme/locations/europe-west1}
        result: found
    - each:
        for:
          value: service
          in: ${found.services}
          steps:
            - call:
                call: http.get
                args: {url: "${service.uri}", auth: {type: OIDC}}
"""
    )
    assert use.kind is Kind.CLOUD_RUN_SERVICE
    assert use.resource == RUN.replace("/orders", "/{result:list.services[].name}")
    assert use.question is not None


def function(version: str, field: str) -> TargetUse:
    return last(
        f"""
    - get:
        call: googleapis.cloudfunctions.{version}.projects.locations.functions.get
        args: {{name: projects/acme/locations/europe-west1/functions/Tax_Rate}}
        result: function
"""
        + called(f"function.{field}")
    )


def test_the_api_that_told_a_functions_address_tells_its_generation():
    first = function("v1", "httpsTrigger.url")
    assert (first.kind, first.question) == (Kind.CLOUD_FUNCTION, None)
    assert list(asked(first)) == ["cloudfunctions.functions.invoke"]
    for field in ("serviceConfig.uri", "url"):
        second = function("v2", field)
        assert asked(second) == {"run.routes.invoke": RUN.replace("/orders", "/tax-rate")}
        assert second.question is None


@pytest.mark.parametrize(
    ("change", "polled"),
    [
        ("zones/europe-west1-b/instances/vm/stop", "compute.zoneOperations.get"),
        ("regions/europe-west1/addresses", "compute.regionOperations.get"),
        ("global/firewalls", "compute.globalOperations.get"),
    ],
)
def test_an_operation_is_polled_where_its_link_leads(change, polled):
    use = last(
        f"""
    - change:
        call: http.post
        args:
          url: https://compute.googleapis.com/compute/v1/projects/493817260155/{change}
          auth: {{type: OAuth2}}
        result: started
"""
        + called("started.body.selfLink", "{type: OAuth2}")
    )
    assert asked(use) == {polled: "//cloudresourcemanager.googleapis.com/projects/acme"}
    assert use.question is None


def test_a_compute_resource_tells_its_link():
    use = last(
        """
    - get:
        call: googleapis.compute.v1.instances.get
        args: {project: acme, zone: europe-west1-b, instance: vm}
        result: instance
"""
        + called("instance.selfLink", "{type: OAuth2}")
    )
    assert use.api_method == "compute.v1.instances.get"
    assert (
        use.resource == "//compute.googleapis.com/projects/acme/zones/europe-west1-b/instances/vm"
    )


def test_a_named_child_lies_where_it_was_made():
    use = last(
        """
    - make:
        call: googleapis.cloudtasks.v2.projects.locations.queues.create
        args: {parent: projects/other-project/locations/europe-west1}
        result: queue
    - call:
        call: googleapis.cloudtasks.v2.projects.locations.queues.get
        args: {name: "${queue.name}"}
"""
    )
    assert use.resource is not None
    assert use.resource.startswith(
        "//cloudtasks.googleapis.com/projects/other-project/locations/europe-west1/queues/{result:"
    )


@pytest.mark.parametrize("link", ["file.mediaLink", "file.selfLink", "files.items[0].mediaLink"])
def test_an_object_links_to_itself_in_its_bucket(link):
    use = last(
        """
    - get:
        call: googleapis.storage.v1.objects.get
        args: {bucket: "${args.bucket}", object: a.json}
        result: file
    - list:
        call: googleapis.storage.v1.objects.list
        args: {bucket: "${args.bucket}"}
        result: files
"""
        + called(link, "{type: OAuth2}")
    )
    assert use.api_method == "storage.v1.objects.get"
    (on,) = asked(use).values()
    assert on.startswith(
        "//storage.googleapis.com/projects/_/buckets/{args.bucket}/objects/{result"
    )


@pytest.mark.parametrize("address", ["accessConfigs[0].natIP", "networkIP"])
def test_a_machine_that_is_called_at_its_address_asks_for_nothing(address):
    use = last(
        f"""
    - get:
        call: googleapis.compute.v1.instances.get
        args: {{project: acme, zone: europe-west1-b, instance: vm}}
        result: vm
    - call:
        call: http.get
        args:
          url: ${{"http://" + vm.networkInterfaces[0].{address} + "/start"}}
"""
    )
    assert (use.kind, use.needs, use.question) == (Kind.EXTERNAL, (), None)


REPOSITORY = "projects/acme/locations/europe-west1/repositories/sales"


@pytest.mark.parametrize(
    ("host", "parent", "collection", "method"),
    [
        (
            "dataform.googleapis.com/v1beta1",
            f'"{REPOSITORY}"',
            "workflowInvocations",
            "dataform.v1beta1.projects.locations.repositories.workflowInvocations.get",
        ),
        (
            "dataform.googleapis.com/v1beta1",
            "args.repository",
            "workflowInvocations",
            "dataform.v1beta1.projects.locations.repositories.workflowInvocations.get",
        ),
        (
            "europe-west1-aiplatform.googleapis.com/v1",
            '"projects/acme/locations/europe-west1"',
            "pipelineJobs",
            "aiplatform.v1.projects.locations.pipelineJobs.get",
        ),
        (
            "documentai.googleapis.com/v1",
            '"projects/acme/locations/eu/processors/p"',
            "x:batchProcess",
            None,
        ),
        (
            "us-documentai.googleapis.com/v1",
            '"projects/acme/locations/us/processors"',
            "p:batchProcess",
            "documentai.v1.projects.locations.operations.get",
        ),
    ],
)
def test_what_a_request_makes_is_read_where_its_name_leads(host, parent, collection, method):
    use = last(
        f"""
    - make:
        call: http.post
        args:
          url: ${{"https://{host}/" + {parent} + "/{collection}"}}
          auth: {{type: OAuth2}}
        result: made
"""
        + called(f'"https://{host}/" + made.body.name', "{type: OAuth2}")
    )
    assert use.api_method == method


def test_the_workflows_own_project_tells_its_number_and_no_other_does():
    def address(project: str) -> TargetUse:
        return last(
            f"""
    - get:
        call: googleapis.cloudresourcemanager.v1.projects.get
        args: {{projectId: {project}}}
        result: project
"""
            + called('"https://orders-" + project.projectNumber + ".europe-west1.run.app"')
        )

    assert address("acme").resource == RUN
    other = address("other-project").resource
    assert other is not None
    assert "{result:get.projectNumber}" in other


def test_alternatives_of_the_call_are_alternatives_of_the_answer():
    parsed = parse(
        Source(
            "w.yaml",
            """main:
  params: [args]
  steps:
    - pick:
        assign:
          - name: ${if(args.eu, "orders", "charges")}
    - get:
        call: googleapis.run.v2.projects.locations.services.get
        args: {name: "${"projects/acme/locations/europe-west1/services/" + name}"}
        result: service
    - call:
        call: http.get
        args: {url: "${service.uri}", auth: {type: OIDC}}
""".replace('"${"projects', "'${\"projects").replace('+ name}"', "+ name}'"),
        )
    )
    assert parsed.value is not None
    analysis = analyse(parsed.value, Known(), KnownResults(facts(), PLACE))
    reached = {
        use.resource for call in analysis.sites[-1].calls for use in match(call, PLACE, facts())
    }
    assert reached == {RUN, RUN.replace("orders", "charges")}
