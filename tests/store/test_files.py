"""Files are found in a fixed order and read within bounds."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest

from wfprov.core.errors import InputError
from wfprov.core.span import Span
from wfprov.store import files


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*paths: str) -> None:
    for name in paths:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("- a: {return: 1}\n", encoding="utf-8")


def test_a_file_is_read_without_its_byte_order_mark() -> None:
    Path("a.yaml").write_bytes(b"\xef\xbb\xbfname: \xc3\xa9\n")
    checked = files.read("a.yaml")
    assert checked.ok
    assert checked.value is not None
    assert (checked.value.name, checked.value.text) == ("a.yaml", "name: é\n")


def test_a_dash_is_standard_input() -> None:
    checked = files.read("-", lambda: BytesIO(b"a: 1"))
    assert checked.value is not None
    assert (checked.value.name, checked.value.text) == ("<stdin>", "a: 1")


def test_a_byte_that_is_not_utf_8_is_a_finding_at_its_place() -> None:
    Path("a.yaml").write_bytes("é: ".encode() + b"\xff\nb: 2\n")
    checked = files.read("a.yaml")
    assert checked.value is not None
    assert checked.value.text == "é: �\nb: 2\n"
    [finding] = checked.diagnostics
    assert finding.rule is files.INVALID_UTF8
    assert isinstance(finding.at, Span)
    assert (finding.at.start, finding.at.end) == (3, 4)


def test_utf_16_is_named() -> None:
    Path("a.yaml").write_bytes("a: 1".encode("utf-16"))
    [finding] = files.read("a.yaml").diagnostics
    assert finding.message == "the file is UTF-16"


@pytest.mark.parametrize(
    ("path", "message", "help_text"),
    [
        ("w", "w is a folder", "name a file in it"),
        ("w/c.yaml", "there is no file w/c.yaml", "w/ has a.yaml, b.json"),
        ("x/c.yaml", "there is no file x/c.yaml", ""),
        ("w/a.yaml/c", "w/a.yaml/c cannot be read: Not a directory", ""),
        ("x" * 5000, f"{'x' * 5000} cannot be read: File name too long", ""),
        ("a\0b", "'a\\x00b' is not a path", ""),
    ],
)
def test_what_cannot_be_read_is_refused(path: str, message: str, help_text: str) -> None:
    put("w/a.yaml", "w/b.json", "w/note.txt")
    with pytest.raises(InputError) as refusal:
        files.read(path)
    assert (refusal.value.message, refusal.value.help) == (message, help_text)
    assert refusal.value.exit_code == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_refused() -> None:
    put("a.yaml")
    Path("a.yaml").chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        files.read("a.yaml")


def test_a_huge_file_is_refused() -> None:
    with Path("a.yaml").open("wb") as file:
        file.truncate(files.MAX_BYTES + 1)
    with pytest.raises(InputError, match=r"more than 4 MiB"):
        files.read("a.yaml")


def test_a_folder_stands_for_its_definitions_in_order() -> None:
    put("w/b.yaml", "w/a.yml", "w/sub/c.json", "w/d.yaml.tftpl", "w/note.txt")
    put("w/.hidden.yaml", "w/.git/x.yaml", "w/wfprov.yaml", "w/environments/prod.yaml")
    put("w/sub/environments/e.yaml")
    assert files.definitions(["w"]) == (
        "w/a.yml",
        "w/b.yaml",
        "w/d.yaml.tftpl",
        "w/sub/c.json",
        "w/sub/environments/e.yaml",
    )


def test_a_file_named_twice_is_read_once() -> None:
    put("w/a.yaml", "w/b.txt")
    Path("link.yaml").symlink_to("w/a.yaml")
    assert files.definitions(["w/b.txt", "w/a.yaml", "./w/a.yaml", "link.yaml", "w", "-"]) == (
        "w/b.txt",
        "w/a.yaml",
        "-",
    )


def test_links_in_a_circle_end(folder: Path) -> None:
    put("w/a.yaml")
    Path("w/loop").symlink_to(folder / "w", target_is_directory=True)
    Path("w/self.yaml").symlink_to("self.yaml")
    assert files.definitions(["w"]) == ("w/a.yaml",)
    assert files.Folder(None).matching("**/*.yaml") == ("w/a.yaml",)


def test_a_folder_without_definitions_is_refused() -> None:
    Path("empty").mkdir()
    with pytest.raises(InputError, match="no definitions in empty"):
        files.definitions(["empty"])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("w/a.yaml", ("w/a.yaml",)),
        ("./w/../w/a.yaml", ("w/a.yaml",)),
        ("w/*.yaml", ("w/a.yaml", "w/b.yaml")),
        ("w/[b-z].yaml", ("w/b.yaml",)),
        ("**/c.*", ("w/sub/c.yaml",)),
        ("w/**", ("w/a.yaml", "w/b.yaml", "w/sub/c.yaml")),
        ("**/**/**/a.yaml", ("w/a.yaml",)),
        ("w", ()),
        ("w/*.json", ()),
        ("x/*.yaml", ()),
        ("w/[.yaml", ()),
        ("", ()),
        ("a\0*", ()),
    ],
)
def test_a_source_stands_for_files(pattern: str, found: tuple[str, ...]) -> None:
    put("w/a.yaml", "w/b.yaml", "w/sub/c.yaml", "w/.hidden/a.yaml")
    assert files.Folder(None).matching(pattern) == found


def test_a_source_is_relative_to_the_configuration() -> None:
    put("app/w/a.yaml")
    assert files.Folder("app/wfprov.yaml").matching("w/*.yaml") == ("app/w/a.yaml",)
    assert files.Folder("app/wfprov.yaml").matching("w/a.yaml") == ("app/w/a.yaml",)


def test_a_search_through_everything_is_refused() -> None:
    put("w/a.yaml", "w/b.yaml", "w/c.yaml")
    with pytest.raises(InputError, match=r"more than 2 files"):
        files.Folder(None, limit=2).matching("**")
    with pytest.raises(InputError, match=r"more than 2 files"):
        files.definitions(["w"], limit=2)


def test_the_configuration_is_the_one_here_or_the_one_named() -> None:
    assert files.configuration(None) is None
    put("wfprov.yaml", "app/wfprov.yaml")
    assert files.configuration(None) == "wfprov.yaml"
    assert files.configuration("app/wfprov.yaml") == "app/wfprov.yaml"
    with pytest.raises(InputError, match=r"there is no file other\.yaml"):
        files.configuration("other.yaml")


def test_an_environment_stands_beside_the_configuration() -> None:
    put("environments/prod.yaml", "app/environments/dev.yml", "secret.yaml")
    assert files.environment("prod", None) == "environments/prod.yaml"
    assert files.environment("dev", "app/wfprov.yaml") == "app/environments/dev.yml"
    for name in ("stage", "../secret", "", "a\0b"):
        with pytest.raises(InputError) as refusal:
            files.environment(name, None)
        assert refusal.value.help == "environments/ has prod"
