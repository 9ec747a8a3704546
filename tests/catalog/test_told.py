"""Answers that Google's facts or the call contradict, and those that they do not."""

from __future__ import annotations

import pytest
from calling import OAUTH2, asked, place, target

from wfprov.catalog.target import Kind

HIDDEN = "https://compute.googleapis.com/compute/v1/projects/acme/{args.path}"
GKE = {"cluster_id": "c", "location": "eu", "path": "{args.path}", "method": "GET"}


def found(use) -> list[tuple[str, str]]:
    return [(d.rule.slug, d.help) for d in use.diagnostics]


def test_a_permission_that_no_role_holds_is_found_with_the_nearest():
    use = target(
        "http.post", place(permissions=("compute.instance.stop",)), url=HIDDEN, auth=OAUTH2
    )
    assert found(use)[-1] == (
        "unknown-permission-in-answer",
        "did you mean compute.instances.stop?",
    )
    assert use.question is not None


def test_a_method_that_does_not_exist_is_found_with_the_nearest():
    at = place(api_method="compute.v1.instances.halt")
    use = target("http.post", at, url=HIDDEN, auth=OAUTH2)
    ((_, help_),) = [f for f in found(use) if f[0] == "unknown-method-in-answer"]
    assert "compute.v1.instances." in help_


@pytest.mark.parametrize("method", ["compute.v1.instances.get", "storage.v1.objects.insert"])
def test_a_method_that_the_call_contradicts_is_found(method):
    use = target("http.post", place(api_method=method), url=HIDDEN, auth=OAUTH2)
    assert [slug for slug, _ in found(use)] == ["answer-contradicts-call"]


@pytest.mark.parametrize(
    "answer",
    [
        {"cloud_run": "orders"},
        {"function": {"name": "tax", "generation": "2"}},
        {"iap": {"resource": "projects/7/iap_web/compute/services/8"}},
    ],
)
def test_an_answer_that_makes_a_google_api_something_else_is_found(answer):
    use = target("http.post", place(**answer), url=HIDDEN, auth=OAUTH2)
    assert found(use)[0][0] == "answer-contradicts-call"


@pytest.mark.parametrize(
    ("at", "url"),
    [
        (place(api_method="compute.v1.instances.stop"), HIDDEN),
        (place(api_method="compute.v1.instances.stop"), "{args.url}/stop"),
        (
            place(api_method="storage.v1.objects.insert"),
            "https://www.googleapis.com/storage/{args.p}",
        ),
        (place(permissions=("compute.instances.stop",)), HIDDEN),
    ],
)
def test_an_answer_that_fits_is_left_alone(at, url):
    use = target("http.post", at, url=url, auth=OAUTH2)
    assert [f for f in found(use) if "answer" in f[0]] == []
    assert use.question is None


def test_permissions_do_not_change_what_a_call_is():
    use = target("gke.request", place(permissions=("container.pods.list",)), **GKE)
    assert use.kind is Kind.GKE
    assert "container.pods.list" in asked(use)
    assert use.question is None
