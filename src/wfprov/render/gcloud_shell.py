"""The functions of the script of gcloud commands, in bash 3.2, which macOS has."""

from __future__ import annotations

from typing import Final

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
