"""The words and functions of the script of gcloud commands, in bash 3.2, which macOS has."""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote
from typing import Final

_END: Final = "WFPROV_END"

HEAD: Final = """\
#!/usr/bin/env bash
# Written by `wfprov export gcloud` from the stack {stack}: what `wfprov apply` would make of it.
# It may be run again: what is there is brought up to date, and nothing is taken away.
# Needs gcloud{needs}, signed in as somebody who may do all of this.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What was just made is not seen everywhere at once; wrong usage (2) stays wrong.
again() {{
  local pause status
  for pause in 2 4 8 16 32; do
    status=0
    "$@" || status=$?
    case $status in 0 | 2) return "$status" ;; esac
    echo "again in $pause s: ${{*:1:5}}" >&2
    sleep "$pause"
  done
  "$@"
}}"""

REST: Final = """\
# The address of an API, or the one that gcloud is told to use in its place.
endpoint() {
  local override="CLOUDSDK_API_ENDPOINT_OVERRIDES_$1"
  printf %s "${!override:-https://$2/}"
}

# One request: verb, address, body, and an etag that must still hold.
rest() {
  local options=(--silent --show-error --fail-with-body --request "$1" --header "@$work/headers")
  if [[ -n $3 ]]; then options+=(--data-binary "$3"); fi
  if [[ -n ${4-} ]]; then options+=(--header "If-Match: $4"); fi
  curl "${options[@]}" "$2"
}

command -v curl >/dev/null && command -v jq >/dev/null || {
  echo 'this script needs curl and jq' >&2
  exit 1
}
# A file of this user alone: a command line would show the token to others.
(
  umask 077
  printf 'Authorization: Bearer %s\\nContent-Type: application/json\\n' \\
    "$(gcloud auth print-access-token)" >"$work/headers"
)"""

GRANT: Final = """\
# Adds a member to a policy, bound to the etag that was read; all else stays as it is.
# read: verb, address, body; write: verb, address, form of the body; role, member, condition
grant() {
  local policy changed
  policy=$(rest "$1" "$2" "$3") || { echo "$policy" >&2 && return 1; }
  changed=$(jq --arg role "$7" --arg member "$8" --argjson condition "$9" '
    def ours: .role == $role and (.condition // null) == $condition;
    if any(.bindings[]?; ours and any(.members[]?; ascii_downcase == ($member | ascii_downcase)))
    then empty
    else
      if any(.bindings[]?; ours)
      then .bindings |= (([.[] | ours] | index(true)) as $at | .[$at].members += [$member])
      else .bindings += [{role: $role, members: [$member]}
        + if $condition then {condition: $condition} else {} end]
      end
      | if any(.bindings[]; .condition) then .version = 3 else . end
      | '"$6"'
    end' <<<"$policy") || return
  if [[ -n $changed ]]; then rest "$4" "$5" "$changed" >/dev/null; fi
}"""

DATASET: Final = """\
# Adds an entry to the access list of a dataset; views, routines and all others stay.
# read: verb, address, body; write: verb, address, kind of member; role, member, condition
grant_in_dataset() {
  local dataset changed
  dataset=$(rest "$1" "$2" "$3") || { echo "$dataset" >&2 && return 1; }
  changed=$(jq --arg kind "$6" --arg role "$7" --arg member "$8" --argjson condition "$9" '
    def basic: {"READER": "roles/bigquery.dataViewer", "WRITER": "roles/bigquery.dataEditor",
      "OWNER": "roles/bigquery.dataOwner"}[.] // .;
    def ours: (.[$kind] // "" | ascii_downcase) == ($member | ascii_downcase)
      and (.role // "" | basic) == $role and (.condition // null) == $condition;
    if any(.access[]?; ours) then empty
    else {access: ((.access // []) + [{role: $role, ($kind): $member}
      + if $condition then {condition: $condition} else {} end])}
    end' <<<"$dataset") || return
  if [[ -n $changed ]]; then
    rest "$4" "$5" "$changed" "$(jq -r '.etag // ""' <<<"$dataset")" >/dev/null
  fi
}"""

TRIGGER: Final = """\
# What of a trigger can not be changed: its name, how it is, and a pattern of how it shall be.
same() {
  # shellcheck disable=SC2053
  [[ $2 == $3 ]] && return
  printf '%s\\n' "the trigger $1 has another type of event, channel or topic than it shall have:" \
    "  has    $2" "  shall  $3" \
    'That can not be changed: delete the trigger, and run this script again.' >&2
  return 1
}"""


class Raw(str):
    """A word that is quoted already."""

    __slots__ = ()


def either(look: str, then: str, otherwise: str, *, bare: bool = False) -> str:
    """A branch of the shell, on whether a command ends well; no text in it may have two lines."""

    def inside(text: str) -> str:
        return "\n".join(f"  {line}" for line in text.split("\n"))

    silent = "" if bare else " >/dev/null 2>&1"
    return f"if {look}{silent}; then\n{inside(then)}\nelse\n{inside(otherwise)}\nfi"


def command(words: Iterable[str], *, silent: bool = False) -> str:
    """A command, its words quoted, on lines of no more than some 90 signs where it can."""
    lines = [""]
    for word in words:
        flag, sign, value = word.partition("=") if word.startswith("--") else ("", "", word)
        told = (
            str(word) if isinstance(word, Raw) else f"{flag}{sign}{quote(value) if value else ''}"
        )
        told = told or "''"
        if len(lines[-1]) + len(told) > 90 and lines[-1].strip():  # noqa: PLR2004 (a page's width)
            lines[-1] += " \\"
            lines.append(f"  {told}")
        else:
            lines[-1] += f" {told}" if lines[-1] else told
    return "\n".join(lines) + (" >/dev/null" if silent else "")


def file(path: str, text: str) -> str:
    """The command that writes a text to a file, every byte of it."""
    lines = text.split("\n")
    if not text.endswith("\n") or "\r" in text or _END in lines:
        return f'printf %s {quote(text)} >"{path}"'
    return f"cat >\"{path}\" <<'{_END}'\n{text}{_END}"
