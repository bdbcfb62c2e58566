#!/bin/sh
# Runs every test that was built. Arguments go to `swift test`, for example --filter RPCTests.
set -eu
exec swift test -c release --skip-build --parallel "$@"
