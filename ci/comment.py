"""Writes reports as one comment on a pull request, or updates the one that is there.

Usage: comment.py REPORT..

Reads GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL and WFPROV_PULL_REQUEST. A report's first line
is its marker; the first report's marker is how the comment is found again. Where the token may not
write (a pull request from a fork), that is said and nothing fails: the reports are in the job's
summary too. Standard library only.

Source: https://docs.github.com/en/rest/issues/comments (not opened)
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

LONGEST = 65_536
SECONDS = 30
PAGE = 100
MOST_PAGES = 50


class Comments:
    """The comments of one pull request."""

    def __init__(self, api: str, repository: str, number: str, token: str) -> None:
        if not api.startswith(("https://", "http://127.0.0.1:")):
            raise SystemExit(f"GITHUB_API_URL is {api}: an https address is wanted")
        self._repository = f"{api}/repos/{repository}"
        self._number = int(number)
        self._token = token

    def with_marker(self, marker: str) -> int | None:
        """The id of the comment that begins with the marker.

        Anyone can write the marker, and who wrote a comment can change it later: only one of an
        app or of somebody who belongs to the repository is taken.
        """
        for page in range(1, MOST_PAGES + 1):
            path = f"issues/{self._number}/comments?per_page={PAGE}&page={page}"
            found = self._send("GET", path)
            for comment in found:
                if str(comment.get("body", "")).startswith(marker) and _is_ours(comment):
                    return int(comment["id"])
            if len(found) < PAGE:
                return None
        return None

    def write(self, body: str, place: int | None) -> str:
        """Writes a comment, over the one of that id if there is one; its address."""
        if place is None:
            made = self._send("POST", f"issues/{self._number}/comments", {"body": body})
        else:
            made = self._send("PATCH", f"issues/comments/{place}", {"body": body})
        return str(made.get("html_url", ""))

    def _send(self, method: str, path: str, body: object = None) -> Any:
        request = Request(  # noqa: S310 (the address is checked)
            f"{self._repository}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "wfprov",
            },
        )
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return json.load(answer)


def _is_ours(comment: Any) -> bool:
    """Whether an app wrote a comment, or somebody who belongs to the repository."""
    is_app = (comment.get("user") or {}).get("type") == "Bot"
    return is_app or comment.get("author_association") in {"OWNER", "MEMBER", "COLLABORATOR"}


def joined(reports: list[str]) -> str:
    """The reports as one text; one that does not fit is named instead."""
    text = reports[0]
    for report in reports[1:]:
        more = f"\n{report}"
        if len(text) + len(more) > LONGEST - 200:
            more = "\nThe rest does not fit here: it is in the job's summary.\n"
        text += more
    return text


def main() -> int:
    """0 when the comment is written, or may not be; 1 when GitHub can not be reached."""
    reports = [p.read_text(encoding="utf-8") for a in sys.argv[1:] if (p := Path(a)).is_file()]
    reports = [text for text in reports if text.strip()]
    if not reports:
        print("wfprov wrote no report: there is nothing to comment")
        return 0
    comments = Comments(
        os.environ.get("GITHUB_API_URL", "https://api.github.com"),
        os.environ["GITHUB_REPOSITORY"],
        os.environ["WFPROV_PULL_REQUEST"],
        os.environ["GITHUB_TOKEN"],
    )
    marker = reports[0].partition("\n")[0]
    try:
        place = comments.with_marker(marker)
        address = comments.write(joined(reports), place)
    except HTTPError as problem:
        if problem.code in {401, 403, 404}:
            print(
                f"::notice title=wfprov::This token may not comment ({problem.code}); "
                "the report is in the job's summary. Give the job `pull-requests: write`."
            )
            return 0
        print(f"::error title=wfprov::GitHub answered {problem.code} to the comment")
        return 1
    except (URLError, TimeoutError) as problem:
        print(f"::error title=wfprov::GitHub can not be reached: {problem}")
        return 1
    print(f"{'Updated' if place else 'Wrote'} {address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
