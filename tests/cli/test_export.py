"""`wfprov export` as a user runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def started(session):
    """A folder with the starter of `wfprov init`."""
    assert session.wfprov("init").code == 0
    return session


def test_a_folder_gets_a_module_and_the_definitions(started):
    ended = started.wfprov("export", "terraform", "-e", "local", "-o", "infra")
    assert ended.code == 0
    assert ended.out.splitlines() == ["  + infra/main.tf", "  + infra/workflows/order_intake.yaml"]
    assert "cd infra && terraform init" in ended.err
    for path in ("infra/workflows/order_intake.yaml", "workflows/order-intake.yaml"):
        assert (started.folder / path).read_text().startswith("# Takes an order")


def test_the_screen_gets_one_text_with_the_definition_in_it(started):
    ended = started.wfprov("export", "terraform", "-e", "local", "--imports")
    assert ended.code == 0
    assert "source_contents = <<EOT\n# Takes an order" in ended.out
    assert ended.out.index("resource ") < ended.out.index("import {")
    assert ended.err == ""


@pytest.mark.parametrize("how", [("terraform", "-o", "infra"), ("gcloud", "-o", "infra/main.tf")])
def test_a_file_of_somebody_else_is_left_alone(how, started):
    mine = started.write("infra/main.tf", "mine\n")
    refused = started.wfprov("export", *how, "-e", "local")
    assert refused.code == 3
    assert "would overwrite infra/main.tf; nothing was written" in refused.err
    assert mine.read_text() == "mine\n"
    assert not (started.folder / "infra/workflows").exists()
    assert started.wfprov("export", *how, "-e", "local", "--force").code == 0
    assert started.wfprov("export", *how, "-e", "local").code == 0, "the same text is no change"


@pytest.mark.parametrize("engine", ["terraform", "gcloud"])
def test_an_open_question_keeps_everything_from_being_written(engine, session):
    session.write(
        "a.yaml", "- a: {call: http.get, args: {url: 'https://a.example', auth: {type: OIDC}}}\n"
    )
    place = ("--project", "acme-shop", "--region", "europe-west1", "-o", "out")
    ended = session.wfprov("export", engine, "a.yaml", *place)
    assert ended.code == 4
    assert ended.out == ""
    assert "nothing was exported" in ended.err
    assert not (session.folder / "out").exists()


def test_a_finding_that_is_an_error_ends_with_1(session):
    session.write("a.yaml", "- a: {next: nowhere}\n")
    place = ("--project", "acme-shop", "--region", "europe-west1")
    ended = session.wfprov("export", "gcloud", "a.yaml", *place)
    assert (ended.code, ended.out) == (1, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_script_is_one_that_bash_reads(started):
    started.wfprov("export", "gcloud", "-e", "local", "-o", "apply.sh")
    subprocess.run(["bash", "-n", "apply.sh"], cwd=started.folder, check=True)


def test_exporting_imports_no_cloud_library(started):
    program = (
        "import sys\nfrom wfprov.cli.main import run\n"
        "engines = ('terraform', 'gcloud')\n"
        "codes = [run(['export', e, '-e', 'local', '-o', 'x/' + e]) for e in engines]\n"
        "cloud = ('google', 'googleapiclient', 'grpc', 'requests', 'urllib3')\n"
        "assert codes == [0, 0]\n"
        "assert not [m for m in sys.modules if m.split('.')[0] in cloud]\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=started.folder, check=True)
