#!/usr/bin/env bash
# Runs all tests in four processes side by side, since many of them wait for servers most of the time, and beside
# them what needs no server on the other Pythons; then tells the coverage of all together. Where many processes of
# a whole deployment work, nothing is measured: it takes a third of their time, and the tests of the parts tell it.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

SUITES=(tests/demo tests/deployment tests/faults tests/servers tests/suite)
STORES=(tests/log tests/projections)
COMMANDS=(tests/cli)
SERVED=(tests/runtime)
PURE=(tests/architecture tests/audit tests/contracts tests/golden tests/reporting tests/rules tests/standards)
OTHERS=("${SUITES[@]/#/--ignore=}" "${COMMANDS[@]/#/--ignore=}" "${STORES[@]/#/--ignore=}" "${SERVED[@]/#/--ignore=}" "${PURE[@]/#/--ignore=}")
PYTEST=(pytest --durations=10)
MEASURED=(.venv/bin/python -m coverage run)

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
.venv/bin/python -m coverage erase
{
  failed=0
  .venv/bin/python -m "${PYTEST[@]}" "${SUITES[@]}" || failed=$?
  "${MEASURED[@]}" -m "${PYTEST[@]}" "${COMMANDS[@]}" || failed=$?
  exit "$failed"
} >"$logs/suites" 2>&1 &
suites=$!
"${MEASURED[@]}" -m "${PYTEST[@]}" "${STORES[@]}" >"$logs/stores" 2>&1 &
stores=$!
"${MEASURED[@]}" -m "${PYTEST[@]}" "${SERVED[@]}" >"$logs/served" 2>&1 &
served=$!
tests/other_pythons.sh >"$logs/pythons" 2>&1 &
pythons=$!
failed=0
# Where one thing happens after the other no green threads have to be told apart: a quarter of the time.
"${MEASURED[@]}" --concurrency=thread -m "${PYTEST[@]}" "${PURE[@]}" || failed=$?
"${MEASURED[@]}" -m "${PYTEST[@]}" tests "${OTHERS[@]}" || failed=$?
for each in "$suites" "$stores" "$served" "$pythons"; do
  wait "$each" || failed=$?
done
cat "$logs/suites" "$logs/stores" "$logs/served" "$logs/pythons"
.venv/bin/python -m coverage combine --quiet
.venv/bin/python -m coverage report
exit "$failed"
