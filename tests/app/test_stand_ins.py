"""What the embedded control plane invents for what is called, and what it must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wfprov.app.load import Selection, load
from wfprov.app.plan import make_live
from wfprov.app.rehearsal import rehearsal
from wfprov.app.wiring import ControlPlane
from wfprov.gcp.clock import SystemClock
from wfprov.gcp.dispatch import GoogleCloud

CALLS = """
main:
  steps:
    - charge:
        call: http.post
        args:
          url: https://payments-abcdefghij-uc.a.run.app/charge
          auth: {type: OIDC}
    - tax:
        call: http.post
        args:
          url: https://us-central1-{project}.cloudfunctions.net/tax
          auth: {type: OIDC}
"""


@pytest.mark.parametrize("project", ["acme-shop", "others-project"])
def test_a_question_is_asked_again_and_what_it_is_about_is_not_invented(tmp_path, project):
    path = tmp_path / "orders.yaml"
    path.write_text(CALLS.replace("{project}", project))
    found = load(Selection(paths=(str(path),), project="acme-shop", region="us-central1"))
    loaded = replace(found, stack=replace(found.stack, endpoint="embedded"))
    with (
        rehearsal(loaded.stack, tmp_path / "plane.sqlite") as running,
        GoogleCloud(running.session) as cloud,
    ):
        control = ControlPlane(cloud=cloud, reader=cloud, rehearsal=running)
        first, again = (make_live(loaded, control, SystemClock().now, parallel=1) for _ in range(2))
    service = "//run.googleapis.com/projects/acme-shop/locations/us-central1/services/payments"
    others = "//cloudresourcemanager.googleapis.com/projects/others-project"
    assert set(first.stood_in) == {service, *([others] if project == "others-project" else [])}
    assert again.stood_in == ()
    asked = [[b.site for b in planned.plan.blocked] for planned in (first, again)]
    assert asked == [["main.tax"], ["main.tax"]]
