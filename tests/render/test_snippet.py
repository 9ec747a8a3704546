"""A finding reads as a person reads it."""

from __future__ import annotations

from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from wfprov.core.address import Address, ResourceName
from wfprov.core.diagnostic import Diagnostic, Related
from wfprov.core.rule import Confidence, Rule, Severity
from wfprov.core.span import Source, Span
from wfprov.render.place import Lines, Places
from wfprov.render.snippet import snippet
from wfprov.render.style import ANSI, PLAIN

RULE = Rule(
    slug="oauth2-outside-google", severity=Severity.ERROR, summary="OAuth2", docs="It is refused."
)
BARE = Rule(slug="bare", severity=Severity.WARNING, summary="No page")
ORDER = """\
main:
  steps:
    - charge:
        call: http.post
        args:
          url: https://orders-493817260155.europe-west1.run.app/charge
          auth:
            type: OAuth2
    - log:
        call: sys.log
        args: {text: done}
"""


def at(source: Source, text: str) -> Span:
    start = source.text.index(text)
    return Span(source, start, start + len(text))


def shown(diagnostic: Diagnostic, width: int = 80) -> str:
    return snippet(diagnostic, Places(), PLAIN, width)


def expected(text: str) -> str:
    return dedent(text).removeprefix("\n").rstrip("\n")


def one_line(text: str, mark: str, **more: str) -> Diagnostic:
    source = Source("w.yaml", text)
    return Diagnostic(rule=BARE, message="here", at=at(source, mark), **more)


def test_a_second_place_near_by_is_shown_with_what_lies_between() -> None:
    source = Source("workflows/order-intake.yaml", ORDER)
    diagnostic = Diagnostic(
        rule=RULE,
        message="OAuth2 tokens are only sent to *.googleapis.com",
        at=at(source, "OAuth2"),
        related=(
            Related(
                at(source, "https://orders-493817260155.europe-west1.run.app"), "this is Cloud Run"
            ),
        ),
        help="Cloud Run wants an ID token: `type: OIDC`",
    )
    assert shown(diagnostic) == expected(
        """
        error[oauth2-outside-google]: OAuth2 tokens are only sent to *.googleapis.com
         --> workflows/order-intake.yaml:8:19
          |
        6 |           url: https://orders-493817260155.europe-west1.run.app/charge
          |                ------------------------------------------------ this is Cloud Run
        7 |           auth:
        8 |             type: OAuth2
          |                   ^^^^^^
          |
          = help: Cloud Run wants an ID token: `type: OIDC`
          = docs: wfprov catalog lookup oauth2-outside-google
        """
    )


def test_what_lies_far_between_is_left_out_and_other_files_are_notes() -> None:
    source = Source("w.yaml", ORDER)
    other = Source("wfprov.yaml", "version: 1\n")
    diagnostic = Diagnostic(
        rule=BARE,
        message="two logs",
        at=at(source, "sys.log"),
        related=(Related(at(source, "charge"), "first"), Related(at(other, "1"), "asked for here")),
        confidence=Confidence.MEDIUM,
    )
    assert shown(diagnostic) == expected(
        """
        warning[bare]: two logs
          --> w.yaml:10:15
           |
         3 |     - charge:
           |       ------ first
        ...
        10 |         call: sys.log
           |               ^^^^^^^
           |
           = note: wfprov.yaml:1:10: asked for here
           = confidence: medium
        """
    )


def test_tabs_and_wide_characters_keep_the_carets_below() -> None:
    assert shown(one_line("a:\t日本語 x: é́ y\n", "x: é́")) == expected(
        """
        warning[bare]: here
         --> w.yaml:1:8
          |
        1 | a:    日本語 x: é́ y
          |              ^^^^
        """
    )


def test_a_long_line_is_cut_around_the_place() -> None:
    text = f"url: https://example.com/{'a/' * 60}PLACE{'/b' * 60}\n"
    assert shown(one_line(text, "PLACE"), 60) == expected(
        """
        warning[bare]: here
         --> w.yaml:1:146
          |
        1 | …/a/a/a/a/a/a/PLACE/b/b/b/b/b/b/b/b/b/b/b/b/b/b/b/b/b/b…
          |               ^^^^^
        """
    )


def test_a_place_of_several_lines_shows_both_its_ends() -> None:
    source = Source("w.yaml", ORDER)
    span = at(source, "args:").to(at(source, "OAuth2"))
    assert shown(Diagnostic(rule=BARE, message="arguments", at=span)) == expected(
        """
        warning[bare]: arguments
         --> w.yaml:5:9
          |
        5 |         args:
          |         ^^^^^
        ...
        8 |             type: OAuth2
          |             ^^^^^^^^^^^^ to here
        """
    )


def test_an_empty_place_at_the_end_has_one_caret() -> None:
    source = Source("w.yaml", "a: 1\n")
    assert shown(Diagnostic(rule=BARE, message="more is due", at=Span(source, 5, 5))) == expected(
        """
        warning[bare]: more is due
         --> w.yaml:2:1
          |
        2 |
          | ^
        """
    )


def test_a_place_that_takes_its_line_break_along_stays_on_its_line() -> None:
    assert shown(one_line("a: 1\nb: 2\n", "1\n")) == expected(
        """
        warning[bare]: here
         --> w.yaml:1:4
          |
        1 | a: 1
          |    ^
        """
    )


def test_a_long_help_is_wrapped_and_an_example_in_it_is_not() -> None:
    help_text = (
        "write the host that the workflow calls, so that it is known what it needs, as in\n"
        "    answers: {main.notify: {external: 'partner API, whose key is in the header'}}"
    )
    assert shown(one_line("a: 1\n", "1", help=help_text), 60) == expected(
        """
        warning[bare]: here
         --> w.yaml:1:4
          |
        1 | a: 1
          |    ^
          |
          = help: write the host that the workflow calls, so that it
                  is known what it needs, as in
                      answers: {main.notify: {external: 'partner API, whose key is in the header'}}
        """
    )


def test_a_live_place_has_no_lines() -> None:
    where = Address("iam_policy", ResourceName("//run.googleapis.com/projects/p/services/s"))
    assert shown(Diagnostic(rule=BARE, message="foreign", at=where, help="look")) == expected(
        """
        warning[bare]: foreign
         --> iam_policy //run.googleapis.com/projects/p/services/s
          |
          = help: look
        """
    )


def test_a_file_cannot_write_to_the_terminal() -> None:
    text = shown(one_line("a: \x1b[31mred\u202e\n", "red"))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "1 | a: �[31mred�" in text


def test_colour_changes_nothing_but_colour() -> None:
    import re

    diagnostic = one_line("a: 1\n", "1", help="so")
    coloured = snippet(diagnostic, Places(), ANSI)
    assert coloured.startswith("\x1b[1;33mwarning[bare]\x1b[0m: \x1b[1mhere\x1b[0m")
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == shown(diagnostic)


def test_lines_end_as_editors_end_them() -> None:
    lines = Lines("a\r\nb\rc\n\nd")
    assert [lines.position(offset) for offset in (0, 3, 5, 7, 8)] == [
        (1, 1),
        (2, 1),
        (3, 1),
        (4, 1),
        (5, 1),
    ]
    assert [lines.text(number) for number in range(1, 6)] == ["a", "b", "c", "", "d"]


@given(
    text=st.text(alphabet="ab\t\n\r 日é\u0301", max_size=60),
    ends=st.lists(st.integers(0, 60), min_size=4, max_size=4),
    width=st.integers(1, 60),
)
def test_any_place_is_shown(text: str, ends: list[int], width: int) -> None:
    source = Source("w.yaml", text)
    a, b, c, d = (min(end, len(text)) for end in ends)
    diagnostic = Diagnostic(
        rule=BARE,
        message="here",
        at=Span(source, min(a, b), max(a, b)),
        related=(Related(Span(source, min(c, d), max(c, d)), "there"),),
    )
    drawn = shown(diagnostic, width)
    assert "^" in drawn
    assert "- there" in drawn
