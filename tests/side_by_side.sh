#!/usr/bin/env bash
# Runs all tests in two processes side by side, since half of them wait for servers most of the time; and tells
# the coverage of both together.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

APART=(tests/bus tests/demo tests/deployment tests/faults tests/servers tests/suite)

measured() {
  .venv/bin/python -m coverage run -m pytest --durations=15 "$@"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
.venv/bin/python -m coverage erase
measured "${APART[@]}" >"$log" 2>&1 &
apart=$!
measured tests "${APART[@]/#/--ignore=}"
failed=$?
wait "$apart" || failed=$?
cat "$log"
.venv/bin/python -m coverage combine --quiet
.venv/bin/python -m coverage report
exit "$failed"
