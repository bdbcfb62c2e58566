#!/bin/sh
# Loads a render service of its own at its limit and writes its memory down each minute.
# usage: scripts/render-hour.sh [SECONDS [OUTPUT.csv]]
# Both run at the lowest priority. The figures of the load go to stdout, as bench prints them.
set -eu
seconds=${1:-3600}
output=${2:-docs/figures/render-hour.csv}
bin=.build/release
port=7915
folder=$(mktemp -d)
RENDER_LISTEN=127.0.0.1:$port RENDER_LOG_LEVEL=error RENDER_STORE="sqlite:$folder/render.db" \
    RENDER_RESULTS="file:$folder/results" nice -n 19 $bin/render >"$folder/ready" &
server=$!
trap 'kill $server 2>/dev/null; wait $server || true; rm -r "$folder"' EXIT
while ! grep -qs ready "$folder/ready"; do sleep 0.1; done
nice -n 19 $bin/bench render --target 127.0.0.1:$port --concurrency 4 --duration "$seconds" \
    --size 320x180 --moves push_in,pan_left,crane_up --json &
load=$!
echo "minute,server_rss_kib,server_anon_kib,server_cpu_s,server_fds,load_rss_kib,disk_kib,loadavg" \
    >"$output"
kib() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"; }
minute=0
while kill -0 $load 2>/dev/null; do
    echo "$minute,$(kib $server VmRSS),$(kib $server RssAnon),$(
        awk '{ print ($14 + $15) / 100 }' /proc/$server/stat
    ),$(ls /proc/$server/fd | wc -l),$(kib $load VmRSS),$(
        du -sk "$folder/results" | cut -f1
    ),$(cut -d' ' -f1 /proc/loadavg)" >>"$output"
    minute=$((minute + 1))
    # A load that ends is noticed within the minute.
    rest=60
    while [ $rest -gt 0 ] && kill -0 $load 2>/dev/null; do
        sleep 1
        rest=$((rest - 1))
    done
done
wait $load
