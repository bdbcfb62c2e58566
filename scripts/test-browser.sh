#!/bin/sh
# Drives the studio in Debian's Chromium over the whole set of built processes.
# --screenshots: pictures of every view into ./screenshots. --types: writes the client's types again.
# Other arguments go to unittest, for example -k keyboard.
set -eu
cd "$(dirname "$0")/.."
case "${1:-}" in
--screenshots) exec .build/venv/bin/python Tests/Browser/screenshots.py ;;
--types) exec python3 Tests/Browser/write_types.py ;;
esac
exec .build/venv/bin/python -m unittest discover -s Tests/Browser -t Tests/Browser -p 'test_*.py' -v "$@"
