#!/usr/bin/env bash
# Checks, plans and gates what a pull request changes; writes Markdown to $WFPROV_REPORTS.
#
# Reads WFPROV (the command), WFPROV_ENVIRONMENT, WFPROV_PROJECT, WFPROV_REGION, WFPROV_PATHS (one in
# each line), WFPROV_BASE (empty: no gate), WFPROV_LIVE, WFPROV_REPORTS. Ends with the worst code.
set -uo pipefail

wfprov=${WFPROV:-wfprov}
reports=${WFPROV_REPORTS:?where the reports go}
mkdir -p "$reports"
rm -f "$reports"/*.md

where=()
[ -z "${WFPROV_ENVIRONMENT:-}" ] || where+=("--env=$WFPROV_ENVIRONMENT")
[ -z "${WFPROV_PROJECT:-}" ] || where+=("--project=$WFPROV_PROJECT")
[ -z "${WFPROV_REGION:-}" ] || where+=("--region=$WFPROV_REGION")
paths=()
while IFS= read -r path; do
  [ -z "$path" ] || paths+=("$path")
done <<<"${WFPROV_PATHS:-}"

worst=0
worse() { # 1 is worse than 4, as in wfprov itself
  case "$1" in
    0) ;;
    4) [ "$worst" -ne 0 ] || worst=4 ;;
    *) worst=$1 ;;
  esac
}

# What a definition says must not be taken for a command of the runner.
stop=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$stop"
"$wfprov" check ${where[@]+"${where[@]}"} -- ${paths[@]+"${paths[@]}"} 2>&1
worse $?

if [ -n "${WFPROV_BASE:-}" ]; then
  "$wfprov" plan ${where[@]+"${where[@]}"} --new-access "--base=$WFPROV_BASE" --format=markdown \
    -- ${paths[@]+"${paths[@]}"} >"$reports/new-access.md"
  worse $?
fi

offline=(--offline)
[ "${WFPROV_LIVE:-false}" != true ] || offline=()
"$wfprov" plan ${where[@]+"${where[@]}"} ${offline[@]+"${offline[@]}"} --format=markdown \
  -- ${paths[@]+"${paths[@]}"} >"$reports/plan.md"
worse $?

echo "::$stop::"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat "$reports"/new-access.md "$reports"/plan.md >>"$GITHUB_STEP_SUMMARY" 2>/dev/null
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "exit-code=$worst" >>"$GITHUB_OUTPUT"
fi
exit "$worst"
