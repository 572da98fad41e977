#!/usr/bin/env bash
# Runs all tests in two processes side by side, since half of them wait for servers most of the time, and beside
# them what needs no server on the other Pythons; then tells the coverage of both together.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

APART=(tests/bus tests/demo tests/deployment tests/faults tests/servers tests/suite)

measured() {
  .venv/bin/python -m coverage run -m pytest --durations=15 "$@"
}

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
.venv/bin/python -m coverage erase
measured "${APART[@]}" >"$logs/apart" 2>&1 &
apart=$!
tests/other_pythons.sh >"$logs/pythons" 2>&1 &
pythons=$!
measured tests "${APART[@]/#/--ignore=}"
failed=$?
wait "$apart" || failed=$?
wait "$pythons" || failed=$?
cat "$logs/apart" "$logs/pythons"
.venv/bin/python -m coverage combine --quiet
.venv/bin/python -m coverage report
exit "$failed"
