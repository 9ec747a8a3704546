"""A dataset's access list, held as memberships."""

from wfprov.core.address import RoleName
from wfprov.core.policy import BindingKey, Membership
from wfprov.resources.bigquery_dataset import DatasetAccess

ACCOUNT = "serviceAccount:w@p.iam.gserviceaccount.com"
VIEWER = Membership(BindingKey(RoleName("roles/bigquery.dataViewer")), ACCOUNT)
DATASET = DatasetAccess(project="p", dataset="d", memberships=frozenset({VIEWER}))
FOREIGN = [
    {"role": "OWNER", "specialGroup": "projectOwners"},
    {"view": {"projectId": "p", "datasetId": "o", "tableId": "v"}},
    {"role": "WRITER", "userByEmail": "ana@example.com"},
]


def test_foreign_entries_survive_as_they_were_read():
    after = DATASET.changed({"access": FOREIGN, "etag": "e"}, add=[VIEWER])
    assert after["access"][:3] == FOREIGN
    assert DATASET.changed(after, remove=[VIEWER])["access"] == FOREIGN


def test_a_basic_role_is_the_role_that_it_stands_for():
    entry = {"role": "READER", "userByEmail": "w@p.iam.gserviceaccount.com"}
    assert DATASET.members({"access": [entry]}) == {VIEWER}
    assert DATASET.changed({"access": [entry]}, add=[VIEWER])["access"] == [entry]


def test_a_write_is_bound_to_the_etag_that_was_read():
    call = DATASET.write({"access": FOREIGN, "etag": "e"})
    assert call.if_match == "e"
    assert call.request["body"] == {"access": FOREIGN}
