#!/bin/sh
# Fuzzes the frame decoder and compares it with protobuf-c until it is stopped or finds something.
# Arguments go to libFuzzer, for example -max_total_time=60. A finding is written to
# .build/fuzz/ and belongs, as hex, into Tests/Shared/Wire/EnvelopeCases.swift.
set -eu
cd "$(dirname "$0")/.."
out=.build/fuzz
mkdir -p "$out/corpus" "$out/CLinux"
# SwiftPM makes this module map itself.
echo "module CLinux { header \"$PWD/Shared/CLinux/include/CLinux.h\" export * }" \
    >"$out/CLinux/module.modulemap"

flags="-O -sanitize=fuzzer,address -swift-version 6 -package-name convergence -parse-as-library
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
    -enable-upcoming-feature MemberImportVisibility
    -I Shared/CProtobufC -I $out/CLinux -I Shared/CMessages/include -I $out"
for file in Shared/CMessages/envelope.pb-c.c Shared/CLinux/CLinux.c; do
    clang -O1 -g -fsanitize=address -I Shared/CMessages/include -I Shared/CLinux/include \
        -c "$file" -o "$out/$(basename "$file").o"
done
# shellcheck disable=SC2086
swiftc $flags -wmo -module-name Wire -emit-module -emit-module-path "$out/Wire.swiftmodule" \
    -c -o "$out/Wire.o" Shared/Wire/*.swift
# shellcheck disable=SC2086
swiftc $flags -module-name FuzzFrames -o "$out/fuzz-frames" \
    Tests/Fuzz/FuzzFrames.swift Tests/Shared/Wire/EnvelopeReference.swift \
    Tests/Shared/Wire/WireTestSupport.swift \
    "$out/Wire.o" "$out"/*.c.o -lprotobuf-c

# New inputs go to the first folder; the corpus that is checked in is only read.
ASAN_OPTIONS=detect_leaks=0 "$out/fuzz-frames" -artifact_prefix="$out/" "$@" \
    "$out/corpus" Tests/Fuzz/corpus
