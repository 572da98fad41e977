#!/usr/bin/env bash
# Runs what needs no server on each other Python that the project promises and this machine has; each has an
# environment of its own, made from the lock. A version that is not here is named and fails nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TESTS=(tests/rules tests/standards tests/architecture tests/log
  # These take most of the time, and what they show hangs on the store and not on the language.
  --ignore tests/log/test_many_processes.py --ignore tests/log/test_races_of_two_processes.py
  --ignore tests/log/test_state_machine.py)

# A name on the path may be a shim behind which nothing stands: it has to run, and to be what it is called.
found() {
  for each in "python$1" "$HOME/.pyenv/versions/$1".*/bin/"python$1"; do
    if "$each" -c "import ensurepip, sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
      echo "$each"
      return
    fi
  done
  return 1
}

tried() {
  local environment=.venv-$1
  if [ ! -e "$environment/.ready" ] || [ requirements.lock -nt "$environment/.ready" ]; then
    rm -rf "$environment"
    "$2" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements.lock
    touch "$environment/.ready"
  fi
  "$environment/bin/python" -m pytest -q -p no:cacheprovider -p tests.servers.absent --hypothesis-profile=few "${TESTS[@]}"
}

own=$(.venv/bin/python -c "import sys; print('%d.%d' % sys.version_info[:2])")
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
declare -A running=()
for version in 3.11 3.12 3.13; do
  [ "$version" != "$own" ] || continue
  if python=$(found "$version"); then
    (tried "$version" "$python") >"$logs/$version" 2>&1 &
    running[$version]=$!
  else
    echo "Python $version: not found on this machine, so nothing was run on it"
  fi
done
failed=0
for version in "${!running[@]}"; do
  if wait "${running[$version]}"; then
    echo "Python $version: $(tail -n 1 "$logs/$version")"
  else
    failed=1
    cat "$logs/$version"
    echo "Python $version: failed"
  fi
done
exit "$failed"
