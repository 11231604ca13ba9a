#!/usr/bin/env bash
# Annotations for the pull request, and the same for people in the log where there is something to mend.
# Reads FOLDER.
set -euo pipefail
mim-ecs check "$FOLDER" --format github && exit
code=$?
mim-ecs check "$FOLDER" || true
exit "$code"
