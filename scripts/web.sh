#!/bin/sh
# Builds the studio: type check, bundle, hashed names, compressed copies, into .build/release/web.
# With --check: only the type check.
set -eu
cd "$(dirname "$0")/.."
source=Services/Gateway/Web/studio
output=${WEB_OUTPUT:-.build/release/web}
bytes_max=$((400 * 1024))

tsc -p "$source"
[ "${1:-}" = "--check" ] && exit

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
NODE_PATH=/usr/share/nodejs esbuild "$source/src/main.tsx" --bundle --minify --jsx=automatic \
    --format=esm --splitting --alias:three=/usr/share/javascript/three/three.module.js \
    --target=es2021 '--define:process.env.NODE_ENV="production"' --legal-comments=linked \
    --entry-names='[name]-[hash]' --chunk-names='[name]-[hash]' --log-level=warning \
    --outdir="$work"
find "$work" -name '*.LEGAL.txt' -empty -delete
cp "$source/icon.svg" "$work/icon-$(sha256sum "$source/icon.svg" | cut -c1-8).svg"
cat /usr/share/doc/node-react/copyright /usr/share/doc/node-react-dom/copyright \
    /usr/share/doc/libjs-three/copyright >"$work/NOTICE.txt"

name() { basename "$work"/$1; }
sed -e "s|/web/SCRIPT|/web/$(name 'main-*.js')|" -e "s|/web/STYLE|/web/$(name 'main-*.css')|" \
    -e "s|/web/ICON|/web/$(name 'icon-*.svg')|" "$source/index.html" >"$work/index.html"
(cd "$work" && ls >files.list && grep -v '^files' files.list >files.txt && rm files.list)
for file in "$work"/*.js "$work"/*.css "$work"/*.html; do gzip -9 -n -k "$file"; done

bytes=$(cat "$work"/*.gz | wc -c)
if [ "$bytes" -gt "$bytes_max" ]; then
    echo "The studio has $bytes bytes compressed; $bytes_max are allowed" >&2
    exit 1
fi
rm -rf "$output"
mkdir -p "$output"
cp "$work"/* "$output"/
echo "The studio: $bytes bytes compressed, in $output"
