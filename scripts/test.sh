#!/bin/sh
# Runs every test that was built, one target after the other: tests that compute for seconds would starve
# the ones that wait with deadlines, and the tests of the whole set want the machine for themselves.
# A target that hangs is ended after 10 minutes and counts as failed.
# With arguments: `swift test` with these, for example --filter RPCTests.
# What failed is said again at the end, where it is looked for.
set -eu
log=.build/test.log
run() {
    status=.build/test.status
    { timeout --kill-after=20 600 swift test -c release --skip-build "$@" 2>&1; echo $? >$status; } |
        tee -a $log
    return "$(cat $status)"
}
: >$log
if [ $# -gt 0 ]; then
    run "$@"
    exit
fi
failed=""
targets=$(swift test list -c release --skip-build | sed -n 's/^\([A-Za-z]*Tests\)\..*/\1/p' | sort -u)
for target in $targets; do
    [ "$target" = IntegrationTests ] && continue
    run --filter "^$target\." || failed="$failed $target"
done
run --filter '^IntegrationTests\.' --skip Kills || failed="$failed IntegrationTests"
run --filter '^IntegrationTests\..*Kills' || failed="$failed Kills"
if [ -n "$failed" ]; then
    grep -E '✘|Fatal error|error: ' $log >&2 || true
    echo "Failed:$failed" >&2
    exit 1
fi
