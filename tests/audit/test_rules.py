"""Each rule of the audit: what it finds, what it leaves alone, and where it doubts.

All of it against the embedded control plane, read with Google's own client libraries.
"""

from __future__ import annotations

import pytest

from wfprov.audit.registry import ALL
from wfprov.core.policy import Condition
from wfprov.core.rule import Confidence

NARROW = "roles/pubsub.publisher"
LATER = Condition(expression='request.time < timestamp("2030-01-01T00:00:00Z")', title="soon")
UNKNOWN_HOST = """\
main:
  params: [order]
  steps:
    - where:
        call: http.get
        args: {url: "${order.url}", auth: {type: OIDC}}
"""
WITH_PRIVATE = """\
main:
  steps:
    - inside:
        call: http.get
        args:
          url: http://orders.internal/x
          private_service_name: projects/acme-shop/locations/europe-west1/namespaces/n/services/s
"""
WITH_CHILD = """\
main:
  steps:
    - child:
        call: googleapis.workflowexecutions.v1.projects.locations.workflows.executions.run
        args: {workflow_id: other}
"""


def of(shop, rule):
    return shop.found(rule)


def one(shop, rule):
    found = of(shop, rule)
    assert len(found) == 1, [f.message for f in shop.audit().findings]
    return found[0]


def write_and_deploy(shop, text, name="intake"):
    shop.write(f"workflows/{name}.yaml", text)
    shop.deploy(name)


def commands(finding):
    return [fix.command for fix in finding.fixes]


def test_a_stack_that_holds_just_what_it_needs_has_no_finding(shop):
    report = shop.audit()
    assert report.findings == ()
    assert report.diagnostics == ()
    assert report.workflows == report.identities == 1


class TestMissingGrant:
    def test_a_call_that_nothing_grants_is_found_with_its_step(self, shop):
        shop.revoke(shop.names.service, "roles/run.invoker")
        finding = one(shop, "missing-grant")
        assert finding.on == shop.names.service
        assert "main.charge" in finding.message
        assert finding.confidence is Confidence.MEDIUM  # the folder's policy may not be read
        assert commands(finding) == [
            (
                "gcloud run services add-iam-policy-binding payments --region=europe-west1 "
                f"--project=acme-shop --member={shop.names.account} --role=roles/run.invoker"
            )
        ]

    def test_a_grant_higher_up_answers_the_call(self, shop):
        shop.revoke(shop.names.service, "roles/run.invoker")
        shop.grant(shop.names.folder, "roles/run.invoker")
        shop.emulator.plane.world.settings.enforce = False
        assert of(shop, "missing-grant") == []

    def test_a_public_service_refuses_nobody(self, shop):
        shop.revoke(shop.names.service, "roles/run.invoker")
        shop.grant(shop.names.service, "roles/run.invoker", "allUsers")
        assert of(shop, "missing-grant") == []

    def test_a_condition_makes_it_a_doubt(self, shop):
        shop.revoke(shop.names.secret, "roles/secretmanager.secretAccessor")
        shop.grant(shop.names.secret, "roles/secretmanager.secretAccessor", condition=LATER)
        finding = one(shop, "missing-grant")
        assert finding.confidence is Confidence.LOW
        assert any("'soon'" in reason for reason in finding.reasons)

    def test_a_group_whose_members_are_not_known_makes_it_a_doubt(self, shop):
        shop.revoke(shop.names.service, "roles/run.invoker")
        shop.grant(shop.names.service, "roles/run.invoker", "group:callers@example.com")
        finding = one(shop, "missing-grant")
        assert finding.confidence is Confidence.LOW
        assert any("callers@example.com" in reason for reason in finding.reasons)

    def test_a_policy_that_may_not_be_read_makes_it_a_doubt(self, shop):
        shop.grant(shop.names.project, "roles/workflows.viewer", "user:rev@example.com")
        report = shop.audit(reader="user:rev@example.com")
        doubtful = [f for f in report.findings if f.rule.slug == "missing-grant"]
        assert {f.confidence for f in doubtful} == {Confidence.LOW}
        assert any(what == shop.names.secret for what, _ in report.not_looked)

    def test_a_workflow_that_is_not_deployed_is_the_plans_matter(self, shop):
        shop.write("workflows/new.yaml", WITH_CHILD)
        shop.write(
            "wfprov.yaml",
            "version: 1\nstack: orders\nworkflows:\n"
            "  intake: {source: workflows/intake.yaml}\n  new: {source: workflows/new.yaml}\n",
        )
        report = shop.audit()
        assert report.findings == ()
        assert any("new" in what for what, _ in report.not_looked)


class TestExcessGrant:
    def test_a_grant_that_no_call_needs_is_found_with_its_revocation(self, shop):
        shop.grant(shop.names.topic, NARROW)
        finding = one(shop, "excess-grant")
        assert (finding.on, finding.role) == (shop.names.topic, NARROW)
        assert finding.confidence is Confidence.HIGH
        assert commands(finding) == [
            (
                "gcloud pubsub topics remove-iam-policy-binding orders --project=acme-shop "
                f"--member={shop.names.account} --role={NARROW}"
            )
        ]

    def test_a_broader_role_is_found_with_the_narrow_one_to_keep(self, shop):
        shop.revoke(shop.names.secret, "roles/secretmanager.secretAccessor")
        shop.grant(shop.names.secret, "roles/secretmanager.admin")
        finding = one(shop, "excess-grant")
        assert "secretmanager.versions.access" in finding.reasons[0]
        first, second = finding.fixes
        assert first.text.startswith("grant roles/secretmanager.secretAccessor")
        assert "remove-iam-policy-binding" in second.command

    def test_what_is_granted_already_is_named_as_what_stays(self, shop):
        shop.grant(shop.names.secret, "roles/secretmanager.admin")
        finding = one(shop, "excess-grant")
        assert finding.fixes[0].text.startswith("keep ")

    def test_other_principals_grants_are_none_of_its_matter(self, shop):
        shop.grant(shop.names.topic, NARROW, "user:ben@example.com")
        assert of(shop, "excess-grant") == []

    def test_an_open_question_makes_it_a_doubt(self, shop):
        write_and_deploy(shop, UNKNOWN_HOST)
        found = of(shop, "excess-grant")
        assert found
        assert {f.confidence for f in found} == {Confidence.LOW}

    def test_what_the_deployed_revision_needs_is_not_in_excess(self, shop):
        shop.write("workflows/intake.yaml", "main: {steps: [{done: {return: 1}}]}\n")
        report = shop.audit()
        assert [f for f in report.findings if f.rule.slug == "excess-grant"] == []
        assert any("revision" in what for what, _ in report.not_looked)

    def test_a_custom_role_is_read_and_judged_by_what_it_holds(self, shop):
        shop.send(
            "iam:v1",
            "projects.roles.create",
            parent="projects/acme-shop",
            body={"roleId": "drawer", "role": {"includedPermissions": ["pubsub.topics.publish"]}},
        )
        shop.grant(shop.names.topic, "projects/acme-shop/roles/drawer")
        assert one(shop, "excess-grant").role == "projects/acme-shop/roles/drawer"


class TestProjectWideGrant:
    def test_a_role_on_the_project_where_the_resource_takes_it(self, shop):
        shop.revoke(shop.names.service, "roles/run.invoker")
        shop.grant(shop.names.project, "roles/run.invoker")
        finding = one(shop, "project-wide-grant")
        assert "services/payments" in finding.message
        assert [f.text.split()[0] for f in finding.fixes] == ["grant", "revoke"]
        assert of(shop, "missing-grant") == []

    def test_a_role_that_only_a_project_takes_is_right_there(self, shop):
        write_and_deploy(shop, WITH_CHILD)
        shop.grant(shop.names.project, "roles/workflows.invoker")
        assert of(shop, "project-wide-grant") == []
        assert of(shop, "trigger-role-on-account") == []

    def test_an_account_of_others_makes_it_a_doubt(self, shop):
        shop.write(
            "wfprov.yaml",
            "version: 1\nstack: orders\nworkflows:\n  intake: {source: workflows/intake.yaml, "
            "service_account: intake-workflow@acme-shop.iam.gserviceaccount.com}\n",
        )
        shop.grant(shop.names.project, "roles/run.invoker")
        assert one(shop, "project-wide-grant").confidence is Confidence.MEDIUM


class TestInheritedGrant:
    def test_a_grant_of_the_folder_is_found(self, shop):
        shop.grant(shop.names.folder, "roles/pubsub.publisher")
        shop.emulator.plane.world.settings.enforce = False
        finding = one(shop, "inherited-grant")
        assert finding.on == shop.names.folder
        assert commands(finding)[0].startswith(
            "gcloud resource-manager folders remove-iam-policy-binding 21 "
        )

    def test_a_grant_of_the_project_is_not_inherited(self, shop):
        shop.grant(shop.names.project, "roles/pubsub.publisher")
        assert of(shop, "inherited-grant") == []

    def test_a_folder_that_may_not_be_read_is_named(self, shop):
        shop.grant(shop.names.folder, "roles/pubsub.publisher")
        report = shop.audit()
        assert report.findings == ()
        assert (
            shop.names.folder,
            "resourcemanager.folders.getIamPolicy is missing",
        ) in report.not_looked


class TestMisplacedGrant:
    def test_the_agents_role_on_the_account_is_found(self, shop):
        write_and_deploy(shop, WITH_PRIVATE)
        shop.grant(shop.names.project, "roles/servicedirectory.viewer")
        found = of(shop, "misplaced-grant")
        assert [f.identity for f in found] == [shop.names.agent]
        assert found[0].fixes[0].text.startswith("grant ")
        assert shop.names.agent in commands(found[0])[0]
        assert shop.names.account in commands(found[0])[1]

    def test_the_accounts_role_on_the_default_account_is_found_and_left_there(self, shop):
        shop.revoke(shop.names.service, "roles/run.invoker")
        shop.emulator.plane.world.default_account("acme-shop")
        shop.grant(shop.names.service, "roles/run.invoker", shop.names.compute)
        finding = one(shop, "misplaced-grant")
        assert finding.identity == shop.names.account
        assert len(finding.fixes) == 1

    def test_each_with_its_own_is_right(self, shop):
        write_and_deploy(shop, WITH_PRIVATE)
        shop.grant(shop.names.project, "roles/servicedirectory.viewer", shop.names.agent)
        assert of(shop, "misplaced-grant") == []

    def test_a_group_that_may_answer_makes_it_a_doubt(self, shop):
        shop.revoke(shop.names.service, "roles/run.invoker")
        shop.grant(shop.names.service, "roles/run.invoker", shop.names.agent)
        shop.grant(shop.names.service, "roles/run.invoker", "group:callers@example.com")
        assert one(shop, "misplaced-grant").confidence is Confidence.LOW


class TestTriggerRoleOnAccount:
    def test_the_invoker_role_on_an_account_that_starts_nothing(self, shop):
        shop.grant(shop.names.project, "roles/workflows.invoker")
        finding = one(shop, "trigger-role-on-account")
        assert "an account of its own" in finding.fixes[0].text
        assert of(shop, "excess-grant") == []

    def test_a_workflow_that_starts_another_needs_it(self, shop):
        write_and_deploy(shop, WITH_CHILD)
        shop.grant(shop.names.project, "roles/workflows.invoker")
        assert of(shop, "trigger-role-on-account") == []

    def test_an_open_question_makes_it_a_doubt(self, shop):
        write_and_deploy(shop, UNKNOWN_HOST)
        shop.grant(shop.names.project, "roles/workflows.invoker")
        assert one(shop, "trigger-role-on-account").confidence is Confidence.LOW


class TestBasicRole:
    def test_editor_is_found_with_the_narrow_grants_to_make_first(self, shop):
        shop.revoke(shop.names.service, "roles/run.invoker")
        shop.grant(shop.names.project, "roles/editor")
        shop.emulator.plane.world.settings.enforce = True
        finding = one(shop, "basic-role")
        assert any("forbids it" in reason for reason in finding.reasons)
        assert finding.fixes[-1].text.startswith("revoke roles/editor")

    def test_the_owner_of_the_project_is_none_of_its_matter(self, shop):
        assert of(shop, "basic-role") == []

    def test_only_asset_search_says_so_is_a_doubt(self, shop):
        shop.grant(shop.names.project, "roles/viewer")
        shop.enable("cloudasset.googleapis.com")
        reader = "user:rev@example.com"
        for role in ("roles/cloudasset.viewer", "roles/workflows.viewer"):
            shop.grant(shop.names.project, role, reader)
        found = [f for f in shop.audit(reader=reader).findings if f.rule.slug == "basic-role"]
        assert [f.confidence for f in found] == [Confidence.MEDIUM]


class TestForbiddenRole:
    POLICY = "policy: {forbidden_roles: [roles/pubsub.publisher]}\n"

    def forbid(self, shop):
        text = (shop.folder / "wfprov.yaml").read_text()
        shop.write("wfprov.yaml", text + self.POLICY)

    def test_a_role_that_the_policy_forbids(self, shop):
        self.forbid(shop)
        shop.grant(shop.names.topic, NARROW)
        assert one(shop, "forbidden-role").role == NARROW
        assert of(shop, "excess-grant") == []

    def test_without_the_policy_it_is_only_in_excess(self, shop):
        shop.grant(shop.names.topic, NARROW)
        assert of(shop, "forbidden-role") == []

    def test_only_asset_search_says_so_is_a_doubt(self, shop):
        self.forbid(shop)
        shop.grant(shop.names.topic, NARROW)
        shop.enable("cloudasset.googleapis.com")
        reader = "user:rev@example.com"
        for role in ("roles/cloudasset.viewer", "roles/workflows.viewer"):
            shop.grant(shop.names.project, role, reader)
        found = [f for f in shop.audit(reader=reader).findings if f.rule.slug == "forbidden-role"]
        assert [f.confidence for f in found] == [Confidence.MEDIUM]


class TestDefaultComputeAccount:
    def test_a_workflow_without_an_account(self, shop):
        shop.deploy("intake", account="default")
        finding = one(shop, "default-compute-account")
        assert finding.identity == shop.names.compute

    def test_a_workflow_with_an_account(self, shop):
        assert of(shop, "default-compute-account") == []

    def test_what_else_the_default_account_holds_is_not_judged(self, shop):
        shop.deploy("intake", account="default")
        shop.grant(shop.names.topic, NARROW, shop.names.compute)
        assert of(shop, "excess-grant") == []


class TestSharedAccount:
    def share(self, shop, how=""):
        shop.write("workflows/other.yaml", "main: {steps: [{done: {return: 1}}]}\n")
        shop.write(
            "wfprov.yaml",
            "version: 1\nstack: orders\nworkflows:\n"
            f"  intake: {{source: workflows/intake.yaml{how}}}\n"
            f"  other: {{source: workflows/other.yaml{how}}}\n",
        )
        shop.deploy("other")

    def test_two_workflows_that_run_as_one_account(self, shop):
        self.share(shop)
        finding = one(shop, "shared-account")
        assert finding.workflows == ("intake", "other")
        assert len(finding.related) == 1

    def test_one_workflow_shares_with_nobody(self, shop):
        assert of(shop, "shared-account") == []

    def test_a_configuration_that_says_so_means_it(self, shop):
        self.share(shop, ", service_account: {shared: intake-workflow}")
        assert of(shop, "shared-account") == []


class TestUserManagedKey:
    ACCOUNT = "projects/acme-shop/serviceAccounts/intake-workflow@acme-shop.iam.gserviceaccount.com"

    def make(self, shop):
        made = shop.send(
            "iam:v1", "projects.serviceAccounts.keys.create", name=self.ACCOUNT, body={}
        )
        return made["name"]

    def test_a_key_of_the_account(self, shop):
        key = self.make(shop)
        finding = one(shop, "user-managed-key")
        assert key.rpartition("/")[2] in commands(finding)[0]
        assert "never expires" in finding.reasons[0]

    def test_the_keys_that_google_manages_are_none(self, shop):
        assert of(shop, "user-managed-key") == []

    def test_a_disabled_key_is_none(self, shop):
        shop.send("iam:v1", "projects.serviceAccounts.keys.disable", name=self.make(shop), body={})
        assert of(shop, "user-managed-key") == []

    def test_keys_that_may_not_be_listed_are_named(self, shop):
        self.make(shop)
        reader = "user:rev@example.com"
        shop.grant(shop.names.project, "roles/workflows.viewer", reader)
        report = shop.audit(reader=reader)
        assert any("keys of" in what for what, _ in report.not_looked)


class TestPublicMember:
    def test_everybody_on_a_service_that_is_called(self, shop):
        shop.grant(shop.names.service, "roles/run.invoker", "allUsers")
        finding = one(shop, "public-member")
        assert finding.on == shop.names.service
        assert "--member=allUsers" in commands(finding)[0]

    def test_everybody_with_an_account_may_start_the_workflow(self, shop):
        shop.grant(shop.names.project, "roles/workflows.invoker", "allAuthenticatedUsers")
        assert "may start the workflows" in one(shop, "public-member").message

    def test_everybody_on_something_that_is_not_called(self, shop):
        shop.grant(shop.names.topic, NARROW, "allUsers")
        assert of(shop, "public-member") == []

    def test_a_condition_makes_it_a_doubt(self, shop):
        shop.grant(shop.names.secret, "roles/secretmanager.viewer", "allUsers", LATER)
        assert one(shop, "public-member").confidence is Confidence.MEDIUM


class TestDeletedMember:
    def test_an_account_that_was_deleted(self, shop):
        shop.make_account("gone-account")
        gone = "serviceAccount:gone-account@acme-shop.iam.gserviceaccount.com"
        shop.grant(shop.names.secret, "roles/secretmanager.viewer", gone)
        shop.send(
            "iam:v1",
            "projects.serviceAccounts.delete",
            name="projects/acme-shop/serviceAccounts/" + gone.partition(":")[2],
        )
        finding = one(shop, "deleted-member")
        assert finding.on == shop.names.secret
        assert "deleted:serviceAccount:gone-account" in commands(finding)[0]

    def test_an_account_that_is_there(self, shop):
        assert of(shop, "deleted-member") == []

    def test_a_policy_that_may_not_be_read_is_named(self, shop):
        reader = "user:rev@example.com"
        shop.grant(shop.names.project, "roles/workflows.viewer", reader)
        report = shop.audit(reader=reader)
        assert any(what == shop.names.secret for what, _ in report.not_looked)


class TestUnmanagedWorkflow:
    STRAY = "main: {steps: [{done: {return: 1}}]}\n"

    def test_a_workflow_that_no_configuration_names(self, shop):
        shop.make_account("stray-account")
        shop.deploy("stray", self.STRAY, "stray-account@acme-shop.iam.gserviceaccount.com")
        assert one(shop, "unmanaged-workflow").workflows == ("stray",)

    def test_a_workflow_of_another_stack(self, shop):
        shop.make_account("stray-account")
        shop.deploy(
            "stray",
            self.STRAY,
            "stray-account@acme-shop.iam.gserviceaccount.com",
            labels={"wfprov-stack": "billing__prod"},
        )
        assert shop.audit().findings == ()

    def test_a_reader_who_may_not_list_is_told(self, shop):
        reader = "user:rev@example.com"
        report = shop.audit(reader=reader)
        assert any("workflows" in what for what, _ in report.not_looked)


class TestUse:
    """Three ways: what the text needs, what is granted, what Google saw used."""

    def project_grants(self, shop):
        write_and_deploy(shop, "main: {steps: [{say: {call: sys.log, args: {text: hello}}}]}\n")
        shop.revoke(shop.names.service, "roles/run.invoker")
        shop.revoke(shop.names.secret, "roles/secretmanager.secretAccessor")
        shop.grant(shop.names.project, "roles/logging.logWriter")

    def test_needed_and_granted_and_never_used(self, shop):
        self.project_grants(shop)
        shop.insight(1, "roles/logging.logWriter")
        finding = one(shop, "unexercised-grant")
        assert "90 days" in finding.message

    def test_needed_and_granted_and_used(self, shop):
        self.project_grants(shop)
        shop.insight(1, "roles/logging.logWriter", "logging.logEntries.create")
        report = shop.audit()
        assert report.findings == ()
        assert report.with_usage

    def test_in_excess_and_never_used_is_said_with_the_finding(self, shop):
        self.project_grants(shop)
        shop.grant(shop.names.project, NARROW)
        shop.insight(2, NARROW)
        finding = one(shop, "excess-grant")
        assert finding.used == "not used in 90 days (policy insight)"
        assert finding.confidence is Confidence.HIGH

    def test_in_excess_by_the_text_and_used_all_the_same_is_a_doubt(self, shop):
        self.project_grants(shop)
        shop.grant(shop.names.project, NARROW)
        shop.insight(2, NARROW, "pubsub.topics.publish")
        assert one(shop, "excess-grant").confidence is Confidence.LOW
        strange = one(shop, "unexplained-use")
        assert "pubsub.topics.publish" in strange.message
        assert strange.confidence is Confidence.HIGH

    def test_an_open_question_may_explain_a_use(self, shop):
        write_and_deploy(shop, UNKNOWN_HOST)
        shop.insight(2, NARROW, "pubsub.topics.publish")
        assert one(shop, "unexplained-use").confidence is Confidence.LOW

    def test_another_identitys_use_is_none_of_its_matter(self, shop):
        shop.insight(2, NARROW, "pubsub.topics.publish", member="user:ben@example.com")
        assert of(shop, "unexplained-use") == []

    def test_without_insights_it_says_so(self, shop):
        report = shop.audit()
        assert not report.with_usage
        assert any("policy insights" in why for _, why in report.not_looked)


class TestFleet:
    def test_a_project_without_any_configuration_is_audited(self, shop):
        shop.grant(shop.names.topic, NARROW)
        shop.deploy("stray", "main: {steps: [{done: {return: 1}}]}\n", "default")
        report = shop.fleet()
        rules = {f.rule.slug for f in report.findings}
        assert {"excess-grant", "default-compute-account"} <= rules
        assert "unmanaged-workflow" not in rules
        assert report.workflows == 2

    def test_a_need_is_read_from_the_deployed_text(self, shop):
        shop.revoke(shop.names.service, "roles/run.invoker")
        (finding,) = [f for f in shop.fleet().findings if f.rule.slug == "missing-grant"]
        assert finding.on == shop.names.service
        assert finding.at.source.name.startswith("//workflows.googleapis.com/")


@pytest.mark.parametrize("rule", ALL, ids=lambda r: r.rule.slug)
def test_every_rule_has_a_source_and_says_more_than_its_summary(rule):
    assert rule.rule.source
    assert len(rule.rule.docs) > 2 * len(rule.rule.summary)
