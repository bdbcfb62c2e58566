#!/bin/sh
# Installs those of the listed Debian packages that are missing. Nothing to do = no root needed.
set -eu
missing=""
while read -r package; do
    case "$package" in "" | "#"*) continue ;; esac
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" ||
        missing="$missing $package"
done < "$1"
if [ -n "$missing" ]; then
    echo "Installing:$missing"
    sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo"
    $sudo apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
command -v swift >/dev/null || {
    echo "Swift 6.3 is needed and was not found: https://www.swift.org/install/linux/" >&2
    exit 1
}
