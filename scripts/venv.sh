#!/bin/sh
# The Python environment of the integration tests: clients that are not ours.
set -eu
venv=.build/venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
if ! cmp -s scripts/requirements.txt "$venv/requirements.txt"; then
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/requirements.txt
    cp scripts/requirements.txt "$venv/requirements.txt"
fi
