"""The commands of the guide to Terraform, in the order of the page, on the files that it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs/guides/terraform.md"
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_command_does_what_the_page_says(session):
    ran = {}
    for language, text in BLOCKS.findall(GUIDE.read_text(encoding="utf-8")):
        if language in {"hcl", "yaml"}:
            path = text.splitlines()[0].removeprefix("# ")
            session.write(path, text)
            continue
        assert language == "sh"
        for line in text.splitlines():
            command, *arguments = shlex.split(line)
            assert command == "wfprov"
            force = ["--force"] if "--imports" in arguments else []
            ended = session.wfprov(*arguments, *force)
            assert ended.code == 0, ended.err
            ran[line] = ended.out
    inspected, planned = list(ran.values())[1:3]
    assert "main.charge" in inspected
    assert "roles/run.invoker  on service payments" in inspected
    assert "service account" not in planned, "the account belongs to the module"
    exported = session.folder / "export"
    assert (exported / "workflows/orders.yaml").read_text().startswith("main:\n  steps:\n")
    assert "import {" in (exported / "imports.tf").read_text()
    assert (session.folder / "apply.sh").read_text().startswith("#!/usr/bin/env bash\n")
    assert len(ran) == 6
