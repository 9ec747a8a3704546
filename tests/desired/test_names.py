"""Names that wfprov derives."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfprov.desired.model import Existing, WorkflowSpec
from wfprov.desired.names import member_of, service_account_id
from wfprov.desired.triggers import storage_agent

names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}", fullmatch=True)


@given(names)
def test_an_account_id_is_one_that_the_api_takes(name):
    made = service_account_id(name)
    assert 6 <= len(made) <= 30
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])", made)


@given(names)
def test_an_account_id_depends_on_the_name_alone(name):
    assert service_account_id(name) == service_account_id(name)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("order-intake", "order-intake"),
        ("order", "order-workflow"),
        ("Order_Intake", "order-intake"),
    ],
)
def test_a_name_stays_readable(name, made):
    assert service_account_id(name) == made


def test_long_names_that_begin_alike_stay_apart():
    stem = "intake-of-orders-from-the-partner"
    assert service_account_id(f"{stem}-a") != service_account_id(f"{stem}-b")


def test_a_principal_becomes_the_member_that_a_policy_names():
    spec = WorkflowSpec(name="w", source_path="w.yaml", project="p", project_number="7")
    agent = "serviceAccount:service-7@gcp-sa-workflows.iam.gserviceaccount.com"
    assert member_of("workflow", spec) == "serviceAccount:w-workflow@p.iam.gserviceaccount.com"
    assert member_of("service_agent", spec) == agent
    assert member_of("Ana@example.com", spec) == "user:ana@example.com"
    assert member_of("group:all@example.com", spec) == "group:all@example.com"
    own = WorkflowSpec(
        name="w", source_path="w", service_account=Existing("x@q.iam.gserviceaccount.com")
    )
    assert member_of("workflow", own) == "serviceAccount:x@q.iam.gserviceaccount.com"


def test_an_agent_whose_projects_number_is_not_known_is_a_service_account():
    agent = storage_agent("acme-shop", None)
    assert agent == "service-{number:acme-shop}@gs-project-accounts.iam.gserviceaccount.com"
    assert member_of(agent, WorkflowSpec(name="w", source_path="w.yaml")) == (
        f"serviceAccount:{agent}"
    )
