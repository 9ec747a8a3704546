"""`wfprov bootstrap`, and what the deployer that it makes may do: everything asked for, no more."""

from __future__ import annotations

import base64
import json
import os
import time

import pytest
import yaml
from google.auth import identity_pool

from wfprov.core.resource import Call
from wfprov.emulator import admin
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import embedded_session
from wfprov.render.bootstrap_text import credentials_file

PROJECT = "acme-shop"
NUMBER = "493817260155"
HOME = f"projects/{PROJECT}"
DEPLOYER = "orders-shop-deployer@acme-shop.iam.gserviceaccount.com"
ACCOUNT = "order-intake@acme-shop.iam.gserviceaccount.com"
IAM = "google.cloud.iam_admin_v1:IAMClient"
KEY = f"{HOME}/locations/europe-west1/keyRings/r/cryptoKeys/k"
CALLED = (
    f"//secretmanager.googleapis.com/{HOME}/secrets/partner-key",
    f"//pubsub.googleapis.com/{HOME}/topics/orders",
    "//storage.googleapis.com/projects/_/buckets/acme-orders",
    f"//bigquery.googleapis.com/{HOME}/datasets/sales",
    f"//cloudkms.googleapis.com/{KEY}",
)
DEFINITION = """\
main:
  steps:
    - charge:
        call: http.post
        args:
          url: https://payments-493817260155.europe-west1.run.app/charge
          auth: {type: OIDC}
    - token:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {secret_id: partner-key, project_id: acme-shop}
    - publish:
        call: googleapis.pubsub.v1.projects.topics.publish
        args: {topic: projects/acme-shop/topics/orders, body: {messages: [{data: aGk=}]}}
    - read:
        call: googleapis.storage.v1.objects.get
        args: {bucket: acme-orders, object: x}
    - list:
        call: googleapis.bigquery.v2.tables.list
        args: {projectId: acme-shop, datasetId: sales}
    - say:
        call: sys.log
        args: {text: done}
"""
CONFIG = f"""\
version: 1
stack: orders
workflows:
  order-intake:
    source: workflows/order-intake.yaml
    crypto_key: {KEY}
"""


@pytest.fixture
def shop(deployed, emulator, owner):
    """A stack that calls six kinds of things, with nothing of it applied."""
    sent = {"names": list(CALLED), "owner": owner, "project": PROJECT}
    admin.answer(emulator.plane, "POST", "emulator/v1/resources", {}, sent)
    deployed.write("workflows/order-intake.yaml", DEFINITION)
    deployed.write("wfprov.yaml", CONFIG)
    return deployed


@pytest.fixture
def cloud(emulator, owner):
    """The owner's requests."""
    session = embedded_session(
        root=emulator.http_url, grpc_target=emulator.grpc_target, token=emulator.token(owner)
    )
    with GoogleCloud(session) as made:
        yield made


@pytest.fixture
def ready(shop):
    """The stack after a bootstrap."""
    bootstrapped(shop)
    return shop


def bootstrapped(session, *more):
    ended = session.wfprov("bootstrap", "-e", "shop", "--auto-approve", *more)
    assert ended.code == 0, ended.out + ended.err
    return ended


def as_deployer(emulator, monkeypatch):
    token = emulator.token(f"serviceAccount:{DEPLOYER}")
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", token)


def apply(session, *more):
    return session.wfprov("apply", "-e", "shop", "--auto-approve", "--wait", "0", *more)


def roles(cloud):
    call = Call(
        client=IAM,
        method="list_roles",
        request={"parent": HOME, "view": "FULL"},
        pages="roles",
    )
    return {
        r["name"]: r["includedPermissions"]
        for r in cloud.send(call)["roles"]
        if "deployer of" in r["description"]
    }


def set_permissions(cloud, name, permissions):
    request = {
        "name": name,
        "role": {"includedPermissions": permissions},
        "updateMask": "includedPermissions",
    }
    cloud.send(Call(client=IAM, method="update_role", request=request))


def project_policy(cloud):
    body = {"options": {"requestedPolicyVersion": 3}}
    request = {"resource": HOME, "body": body}
    client = "cloudresourcemanager:v3"
    return cloud.send(Call(client=client, method="projects.getIamPolicy", request=request))


def changed_by_hand_and_in_the_text(session, cloud):
    """Makes the next apply change the workflow and mend the account's description."""
    session.write("workflows/order-intake.yaml", "# again\n" + DEFINITION)
    account = {"name": f"{HOME}/serviceAccounts/{ACCOUNT}", "displayName": "somebody was here"}
    request = {"serviceAccount": account, "updateMask": "displayName"}
    cloud.send(Call(client=IAM, method="patch_service_account", request=request))


def test_it_shows_what_it_would_make_and_makes_nothing(shop, cloud):
    before = project_policy(cloud)
    ended = shop.wfprov("bootstrap", "-e", "shop", "--plan-only", "--github", "acme/orders")
    assert ended.code == 0, ended.err
    assert f"+ service account {DEPLOYER}" in ended.out
    assert "+ service agent workflows.googleapis.com" in ended.out
    assert "assertion.repository == 'acme/orders'" in ended.out
    assert "Paste into" not in ended.out
    assert project_policy(cloud) == before
    unasked = shop.wfprov("bootstrap", "-e", "shop")
    assert unasked.code == 3
    assert project_policy(cloud) == before


def test_a_second_bootstrap_finds_nothing_to_do(ready):
    again = bootstrapped(ready)
    assert "Nothing to do" in again.out
    assert f"The deployer is {DEPLOYER}" in again.out


@pytest.mark.usefixtures("ready")
def test_the_service_agent_is_made_and_bound(cloud):
    bindings = {b["role"]: b["members"] for b in project_policy(cloud)["bindings"]}
    agent = f"serviceAccount:service-{NUMBER}@gcp-sa-workflows.iam.gserviceaccount.com"
    assert bindings["roles/workflows.serviceAgent"] == [agent]


def test_the_deployer_applies_the_stack_and_every_later_change(ready, emulator, cloud, monkeypatch):
    as_deployer(emulator, monkeypatch)
    first = apply(ready)
    assert first.code == 0, first.out + first.err
    changed_by_hand_and_in_the_text(ready, cloud)
    second = apply(ready)
    assert second.code == 0, second.out + second.err
    assert "somebody was here" in second.out
    again = ready.wfprov("plan", "-e", "shop", "--detailed-exitcode")
    assert again.code == 0, again.out
    asked = {e["caller"] for e in emulator.plane.requests() if e["api"] == "workflows"}
    assert asked == {f"serviceAccount:{DEPLOYER}"}


def test_nobody_with_less_can_apply(ready, emulator, cloud, monkeypatch):
    """Each permission of each role of the deployer, taken away by itself, makes an apply fail.

    The control plane itself refuses: nothing is asked before.

    Lists may leave out the source of a workflow; then each is read. One permission alone is missed
    in another way, which the next test shows.
    """
    emulator.plane.world.settings.list_sources = False
    owners = os.environ["GOOGLE_OAUTH_ACCESS_TOKEN"]
    held = roles(cloud)
    assert len(held) == 4
    fresh = emulator.plane.snapshot()
    as_deployer(emulator, monkeypatch)
    assert apply(ready).code == 0
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", owners)
    changed_by_hand_and_in_the_text(ready, cloud)
    applied = emulator.plane.snapshot()
    as_deployer(emulator, monkeypatch)
    not_needed = []
    tried = 0
    for name, permissions in held.items():
        for permission in permissions:
            tried += 1
            less = [p for p in permissions if p != permission]
            if not any(
                refused(lambda: apply(ready, "--no-preflight"), permission)
                for state in (fresh, applied)
                if less_is_held(emulator, cloud, state, name, less)
            ):
                not_needed.append((name.rpartition("/")[2], permission))
    assert [permission for _, permission in not_needed] == ["workflows.operations.get"]
    assert tried > 20


def test_without_the_operations_a_deployment_is_read_back_and_not_awaited(
    ready, emulator, cloud, monkeypatch
):
    """On the embedded control plane it is there at once; in the cloud that takes its time."""
    [name] = [n for n, held in roles(cloud).items() if "workflows.operations.get" in held]
    less = [p for p in roles(cloud)[name] if p != "workflows.operations.get"]
    set_permissions(cloud, name, less)
    as_deployer(emulator, monkeypatch)
    asked = apply(ready)
    assert asked.code == 4
    assert "workflows.operations.get" in asked.err
    ended = apply(ready, "--no-preflight")
    assert "was there already" in ended.out
    polled = [e for e in emulator.plane.requests() if "operations.get" in e.get("method", "")]
    assert {e["status"] for e in polled if e["api"] == "workflows"} == {403}


def less_is_held(emulator, cloud, state, name, permissions):
    """Puts a state back, in which a role has other permissions."""
    emulator.plane.restore(str(state))
    set_permissions(cloud, name, permissions)
    return True


def refused(act, permission):
    """Whether an apply fails and names the permission."""
    ended = act()
    said = (ended.out + ended.err).lower()
    assert ended.code in {0, 1, 4}, said
    return ended.code != 0 and permission.lower() in said


def test_without_a_grant_on_one_resource_the_refusal_names_that_resource(
    ready, emulator, cloud, monkeypatch
):
    request = {"resource": f"{HOME}/topics/orders", "body": {"policy": {"bindings": []}}}
    cloud.send(Call(client="pubsub:v1", method="projects.topics.setIamPolicy", request=request))
    as_deployer(emulator, monkeypatch)
    ended = apply(ready)
    assert ended.code != 0
    assert "topics/orders" in ended.out + ended.err
    assert "pubsub.topics.getIamPolicy" in ended.out + ended.err


@pytest.mark.usefixtures("ready")
def test_the_deployer_can_give_itself_nothing(emulator):
    """It writes the project's policy, yet only with the roles that the stack grants there."""
    session = embedded_session(
        root=emulator.http_url,
        grpc_target=emulator.grpc_target,
        token=emulator.token(f"serviceAccount:{DEPLOYER}"),
    )
    with GoogleCloud(session) as own:
        policy = project_policy(own)
        member = f"serviceAccount:{DEPLOYER}"

        def write(role):
            bindings = [*policy["bindings"], {"role": role, "members": [member]}]
            own.send(
                Call(
                    client="cloudresourcemanager:v3",
                    method="projects.setIamPolicy",
                    request={
                        "resource": HOME,
                        "body": {"policy": {**policy, "bindings": bindings}},
                    },
                )
            )

        for role in ("roles/owner", "roles/iam.serviceAccountTokenCreator"):
            with pytest.raises(Exception, match=r"setIamPolicy") as caught:
                write(role)
            assert type(caught.value).__name__ == "RefusedError"
        write("roles/logging.logWriter")
        for name in roles_of(own):
            with pytest.raises(Exception, match=r"iam\.roles\.update"):
                set_permissions(own, name, ["iam.roles.update"])


def roles_of(cloud):
    call = Call(client=IAM, method="list_roles", request={"parent": HOME}, pages="roles")
    return [r["name"] for r in cloud.send(call)["roles"]]


def test_what_bootstrap_made_outlives_the_stack(ready, cloud):
    assert apply(ready).code == 0
    assert ready.wfprov("destroy", "-e", "shop", "--auto-approve").code == 0
    assert len(roles(cloud)) == 4
    assert "order-intake@" in bootstrapped(ready).out


def test_a_deployer_that_may_remove_destroys_the_stack_and_one_that_may_not_is_refused(
    ready, emulator, monkeypatch
):
    owners = os.environ["GOOGLE_OAUTH_ACCESS_TOKEN"]
    as_deployer(emulator, monkeypatch)
    assert apply(ready).code == 0
    kept = ready.wfprov("destroy", "-e", "shop", "--auto-approve", "--wait", "0")
    assert kept.code != 0
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", owners)
    bootstrapped(ready, "--allow-destroy")
    as_deployer(emulator, monkeypatch)
    ended = ready.wfprov("destroy", "-e", "shop", "--auto-approve", "--wait", "0")
    assert ended.code == 0, ended.out + ended.err


def test_a_role_that_the_stack_grants_no_more_is_taken_from_the_deployers_limit(ready, cloud):
    def conditions():
        return [
            b["condition"]["expression"]
            for b in project_policy(cloud)["bindings"]
            if "condition" in b
        ]

    [before] = conditions()
    assert "roles/logging.logWriter" in before
    with_run = DEFINITION + (
        "    - child:\n        call: googleapis.workflowexecutions.v1."
        "projects.locations.workflows.executions.run\n        args: {workflow_id: other}\n"
    )
    ready.write("workflows/order-intake.yaml", with_run)
    bootstrapped(ready)
    [after] = conditions()
    assert "roles/workflows.invoker" in after


def test_a_resource_that_is_not_there_yet_is_named_and_the_rest_is_made(shop, cloud):
    shop.write("workflows/order-intake.yaml", DEFINITION.replace("topics/orders", "topics/later"))
    ended = bootstrapped(shop)
    assert "topics/later does not exist yet" in ended.out + ended.err
    assert len(roles(cloud)) == 4


def test_github_gets_a_provider_that_admits_one_repository_and_a_file_to_paste(shop, cloud):
    ended = bootstrapped(shop, "--github", "acme/orders", "--repository-id", "12345")
    text = ended.out.partition("deploy.yml:")[2]
    pasted = yaml.safe_load(text)
    assert pasted[True] == {"push": {"branches": ["main"]}}
    step = next(s for s in pasted["jobs"]["deploy"]["steps"] if "auth@" in s.get("uses", ""))
    assert step["with"]["service_account"] == DEPLOYER
    name = step["with"]["workload_identity_provider"]
    assert name.startswith(f"projects/{NUMBER}/locations/global/workloadIdentityPools/")
    pools = "projects.locations.workloadIdentityPools"
    found = cloud.send(
        Call(client="iam:v1", method=f"{pools}.providers.get", request={"name": name})
    )
    assert found["attributeCondition"] == (
        "assertion.repository == 'acme/orders' && assertion.repository_id == '12345' && "
        "assertion.ref == 'refs/heads/main'"
    )


def test_gitlab_gets_a_job_with_credentials_that_the_library_reads(shop):
    ended = bootstrapped(shop, "--gitlab", "acme/team/orders", "--branch", "release")
    pasted = yaml.safe_load(ended.out.partition(".gitlab-ci.yml:")[2])
    assert pasted["deploy"]["rules"] == [{"if": '$CI_COMMIT_BRANCH == "release"'}]
    script = "\n".join(pasted["deploy"]["script"])
    file = next(line for line in script.splitlines() if line.startswith("{"))
    made = identity_pool.Credentials.from_info(json.loads(file))
    assert made.service_account_email == DEPLOYER
    audience = pasted["deploy"]["id_tokens"]["GOOGLE_TOKEN"]["aud"]
    assert audience == f"https:{json.loads(file)['audience']}"
    assert "assertion.project_path == 'acme/team/orders'" in ended.out
    assert "assertion.ref == 'release'" in ended.out


def test_cloud_build_needs_no_federation_and_is_told_so(shop, cloud):
    ended = bootstrapped(shop, "--cloud-build")
    assert "needs no federation" in ended.out
    pasted = yaml.safe_load(ended.out.partition("as its account:")[2])
    assert pasted["serviceAccount"] == f"{HOME}/serviceAccounts/{DEPLOYER}"
    writers = [
        b for b in project_policy(cloud)["bindings"] if b["role"] == "roles/logging.logWriter"
    ]
    assert writers[0]["members"] == [f"serviceAccount:{DEPLOYER}"]


def set_condition(cloud, condition):
    pools = "projects.locations.workloadIdentityPools"
    name = f"{HOME}/locations/global/workloadIdentityPools/orders-shop-github/providers/github"
    request = {
        "name": name,
        "updateMask": "attributeCondition",
        "body": {"attributeCondition": condition},
    }
    cloud.send(Call(client="iam:v1", method=f"{pools}.providers.patch", request=request))
    get = Call(client="iam:v1", method=f"{pools}.providers.get", request={"name": name})
    return lambda: cloud.send(get)["attributeCondition"]


WANTED = "assertion.repository == 'acme/orders' && assertion.ref == 'refs/heads/main'"


def test_a_condition_that_admits_others_is_never_replaced_unseen(shop, cloud):
    bootstrapped(shop, "--github", "acme/orders")
    for other in ("assertion.repository == 'acme/legacy'", f"{WANTED} || assertion.actor == 'eve'"):
        now = set_condition(cloud, other)
        ended = shop.wfprov("bootstrap", "-e", "shop", "--auto-approve", "--github", "acme/orders")
        assert ended.code == 1
        assert other in ended.out + ended.err
        assert "federation-loosened" in ended.out + ended.err
        assert now() == other


def test_a_condition_that_admits_fewer_is_kept(shop, cloud):
    bootstrapped(shop, "--github", "acme/orders")
    narrower = f"{WANTED} && assertion.environment == 'prod'"
    now = set_condition(cloud, narrower)
    assert "Nothing to do" in bootstrapped(shop, "--github", "acme/orders").out
    assert now() == narrower


def test_a_provider_of_the_same_name_that_was_deleted_comes_back_with_our_condition(shop, cloud):
    bootstrapped(shop, "--github", "acme/orders")
    pools = "projects.locations.workloadIdentityPools"
    pool = f"{HOME}/locations/global/workloadIdentityPools/orders-shop-github"
    for method, name in (
        (f"{pools}.providers.delete", f"{pool}/providers/github"),
        (f"{pools}.delete", pool),
    ):
        cloud.send(Call(client="iam:v1", method=method, request={"name": name}))
    bootstrapped(shop, "--github", "acme/orders")
    for name, method in ((pool, "get"), (f"{pool}/providers/github", "providers.get")):
        request = {"name": name}
        found = cloud.send(Call(client="iam:v1", method=f"{pools}.{method}", request=request))
        assert found["state"] == "ACTIVE"


@pytest.mark.parametrize(
    "option",
    [
        ("--github", "acme"),
        ("--github", "acme/orders' || true || '"),
        ("--github", "acme/orders", "--branch", "main' || 'a' == 'a"),
        ("--github", "acme/orders", "--repository-id", "abc"),
        ("--gitlab", "orders"),
        ("--gitlab-url", "https://gitlab.example"),
        ("--gitlab", "acme/orders", "--gitlab-url", "http://gitlab.example"),
        ("--deployer", "1st"),
    ],
)
def test_what_can_be_no_repository_branch_or_issuer_is_wrong_usage(shop, option):
    ended = shop.wfprov("bootstrap", "-e", "shop", "--auto-approve", *option)
    assert ended.code == 3
    assert ended.err.startswith("error: ")


def test_an_account_of_that_name_is_adopted_and_another_stacks_is_not(shop, cloud):
    def account(description):
        return {
            "name": HOME,
            "accountId": "orders-shop-deployer",
            "serviceAccount": {"description": description},
        }

    cloud.send(Call(client=IAM, method="create_service_account", request=account("by hand")))
    ended = bootstrapped(shop)
    assert "is there already and carries no mark" in ended.out + ended.err
    request = {
        "serviceAccount": {
            "name": f"{HOME}/serviceAccounts/{DEPLOYER}",
            "description": "x [wfprov stack=other__bootstrap]",
        },
        "updateMask": "description",
    }
    cloud.send(Call(client=IAM, method="patch_service_account", request=request))
    refused = shop.wfprov("bootstrap", "-e", "shop", "--auto-approve")
    assert refused.code == 1
    assert "is part of the stack other__bootstrap" in refused.out + refused.err


def test_who_may_not_make_all_of_it_is_told_before_anything_is_made(
    shop, emulator, cloud, monkeypatch
):
    before = project_policy(cloud)
    more = {"role": "roles/viewer", "members": ["user:ben@example.com"]}
    auditor = {"role": "roles/iam.securityReviewer", "members": ["user:ben@example.com"]}
    body = {"policy": {**before, "bindings": [*before["bindings"], more, auditor]}}
    call = Call(
        client="cloudresourcemanager:v3",
        method="projects.setIamPolicy",
        request={"resource": HOME, "body": body},
    )
    before = cloud.send(call)
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token("user:ben@example.com"))
    ended = shop.wfprov("bootstrap", "-e", "shop", "--auto-approve", "--github", "acme/orders")
    assert ended.code == 4, ended.out + ended.err
    assert "nothing was changed" in ended.err
    assert project_policy(cloud) == before


def pipeline(session, emulator, monkeypatch, provider, **claims):
    """Signs in as a job of GitHub does: with its own token, exchanged for the deployer's."""
    known = {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": f"https://iam.googleapis.com/{provider}",
        "exp": time.time() + 600,
        "sub": "repo:acme/orders:ref:refs/heads/main",
        "repository": "acme/orders",
        "ref": "refs/heads/main",
        **claims,
    }
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({}, known)]
    token = ".".join([*(part.decode().rstrip("=") for part in parts), ""])
    file = credentials_file(provider, DEPLOYER, str(session.write("token.jwt", token)))
    text = json.dumps(file)
    for host in ("sts", "iamcredentials"):
        text = text.replace(f"https://{host}.googleapis.com", f"{emulator.http_url}/{host}")
    path = session.write("adc.json", text)
    monkeypatch.delenv("GOOGLE_OAUTH_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))


def test_the_repository_deploys_and_no_other_repository_or_branch_does(shop, emulator, monkeypatch):
    ended = bootstrapped(shop, "--github", "acme/orders")
    pasted = yaml.safe_load(ended.out.partition("deploy.yml:")[2])
    step = next(s for s in pasted["jobs"]["deploy"]["steps"] if "auth@" in s.get("uses", ""))
    provider = step["with"]["workload_identity_provider"]
    for claims in (
        {"repository": "mallory/orders"},
        {"ref": "refs/heads/feature"},
        {"ref": "refs/pull/7/merge"},
    ):
        pipeline(shop, emulator, monkeypatch, provider, **claims)
        refused = apply(shop)
        assert refused.code == 1
        assert "does not admit this pipeline" in refused.err
    pipeline(shop, emulator, monkeypatch, provider)
    applied = apply(shop)
    assert applied.code == 0, applied.out + applied.err
    asked = {e["caller"] for e in emulator.plane.requests() if e["api"] == "workflows"}
    assert asked == {f"serviceAccount:{DEPLOYER}"}


def test_a_stack_in_two_projects_gets_one_deployer_with_a_role_in_each(
    shop, emulator, owner, monkeypatch
):
    sent = {"projectId": "acme-other", "owner": owner}
    admin.answer(emulator.plane, "POST", "emulator/v1/projects", {}, sent)
    shop.write(
        "workflows/second.yaml",
        "main:\n  steps:\n    - say:\n        call: sys.log\n        args: {text: hi}\n",
    )
    shop.write("wfprov.yaml", CONFIG + "  second: {source: workflows/second.yaml}\n")
    place = shop.folder / "environments/shop.yaml"
    place.write_text(place.read_text() + "workflows: {second: {project: acme-other}}\n")
    bootstrapped(shop)
    as_deployer(emulator, monkeypatch)
    ended = apply(shop)
    assert ended.code == 0, ended.out + ended.err
    assert shop.wfprov("plan", "-e", "shop", "--detailed-exitcode").code == 0


def test_the_deployer_acts_as_an_account_of_others_and_leaves_it_alone(
    shop, emulator, cloud, monkeypatch
):
    body = {"name": HOME, "accountId": "somebody-elses", "serviceAccount": {}}
    cloud.send(Call(client=IAM, method="create_service_account", request=body))
    email = f"somebody-elses@{PROJECT}.iam.gserviceaccount.com"
    shop.write("wfprov.yaml", CONFIG + f"    service_account: {email}\n")
    ended = bootstrapped(shop)
    assert "roles/iam.serviceAccountUser" in ended.out
    fresh = emulator.plane.snapshot()
    as_deployer(emulator, monkeypatch)
    applied = apply(shop)
    assert applied.code == 0, applied.out + applied.err
    emulator.plane.restore(str(fresh))
    request = {
        "resource": f"{HOME}/serviceAccounts/{email}",
        "body": {"policy": {"bindings": []}},
    }
    client, method = "iam:v1", "projects.serviceAccounts.setIamPolicy"
    cloud.send(Call(client=client, method=method, request=request))
    refused = apply(shop, "--no-preflight")
    assert refused.code == 1
    assert "iam.serviceaccounts.actas" in (refused.out + refused.err).lower()


@pytest.mark.parametrize("kind", ["lost", "reset"])
@pytest.mark.parametrize("skip", [3, 7, 11, 15, 19])
def test_a_bootstrap_that_loses_an_answer_is_finished_by_the_next_one(
    shop, emulator, cloud, kind, skip
):
    fault = {"kind": kind, "verb": "POST", "skip": skip, "count": 2}
    admin.answer(emulator.plane, "POST", "emulator/v1/faults", {}, fault)
    first = shop.wfprov("bootstrap", "-e", "shop", "--auto-approve", "--github", "acme/orders")
    assert first.code in {0, 1}, first.err
    emulator.plane.faults.clear()
    bootstrapped(shop, "--github", "acme/orders")
    assert "Nothing to do" in bootstrapped(shop, "--github", "acme/orders").out
    owners = [b["members"] for b in project_policy(cloud)["bindings"] if b["role"] == "roles/owner"]
    assert owners == [["user:ana@example.com"]]


def test_the_deployer_applies_a_stack_with_a_schedule(shop, emulator, monkeypatch):
    more = '    triggers: [{schedule: "0 6 * * *", time_zone: Europe/Berlin}]\n'
    shop.write("wfprov.yaml", CONFIG + more)
    bootstrapped(shop)
    as_deployer(emulator, monkeypatch)
    ended = apply(shop)
    assert ended.code == 0, ended.out + ended.err
    assert "Scheduler" in ended.out or "job" in ended.out
    again = shop.wfprov("plan", "-e", "shop", "--detailed-exitcode")
    assert again.code == 0, again.out
