#!/bin/sh
# Draws the contact sheets of docs/pictures.md again.
set -eu
cd "$(dirname "$0")/.."
swift build -c release --product contact-sheet
sheets=$(mktemp -d)
trap 'rm -rf "$sheets"' EXIT
for name in directions moods framings lightings depth scenes nights prints; do
    case $name in
    scenes | nights | prints) width=420 ;;
    depth) width=440 ;;
    *) width=640 ;;
    esac
    .build/release/contact-sheet "$name" "$sheets/$name.ppm" "$width"
    ffmpeg -loglevel error -y -i "$sheets/$name.ppm" -q:v 4 "docs/pictures/$name.jpg"
done
