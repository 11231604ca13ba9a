#!/usr/bin/env bash
# What changes for those who search: into the summary of the run, into a comment of the pull request, and as annotations.
# Reads FOLDER, BASE, FAIL_ON, RULES, COMMENT, PULL_REQUEST; gh reads GH_TOKEN and GH_REPO.
set -euo pipefail
git cat-file -e "$BASE^{commit}" 2>/dev/null || git fetch --quiet --depth=1 origin "$BASE"
base=$(git rev-parse --verify --quiet "$BASE^{commit}" || git rev-parse FETCH_HEAD)
options=()
[ -z "$RULES" ] || options+=(--rules "$RULES")

report=$(mktemp)
mim-ecs diff "$base:" "$FOLDER" --format markdown "${options[@]}" > "$report"
cat "$report" >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
if [ "$COMMENT" = true ] && [ -n "$PULL_REQUEST" ]; then
  gh pr comment "$PULL_REQUEST" --edit-last --create-if-none --body-file "$report" ||
    echo "::warning title=mim-ecs::The comment could not be written; the job needs the permission pull-requests: write."
fi

[ -z "$FAIL_ON" ] || options+=(--fail-on "$FAIL_ON")
mim-ecs diff "$base:" "$FOLDER" --format github "${options[@]}"
