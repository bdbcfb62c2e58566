#!/usr/bin/env python3
"""Draws the plots of docs/performance.md again from the figures that were recorded.

usage: scripts/plots.py
docs/figures/render-peers.json is what `bench render --peers --json` printed, render-hour.csv what
scripts/render-hour.sh wrote; the plots are docs/pictures/render-peers.svg and render-hour.svg.
"""

import csv
import json
import math
import os

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs")
INK, FAINT, BAR, GOAL = "#1f2933", "#cbd2d9", "#2f6f8f", "#c2572b"

# Name of the ratio, what it is, goal, whether it is our time divided by the peer's.
PEERS = [
    ("render.preview.three", "320×180×45, Three.js in Chromium", 100, False),
    ("render.preview.depthflow", "320×180×45, DepthFlow on llvmpipe", 50, False),
    ("render.preview.ffmpeg", "320×180×45, remap and ffmpeg", 3.5, False),
    ("render.1080p72.ffmpeg", "1920×1080×72, remap and ffmpeg", 2, False),
    ("render.1080p.opencv", "1080p frame, OpenCV C++ warp", 0.6, True),
    ("render.1080p.opencv.swift", "the same, portable Swift", 1.25, True),
]


def text(x, y, words, anchor="start", colour=INK, size=13):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}">{words}</text>'
    )


def line(x1, y1, x2, y2, colour=FAINT, width=1):
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width}"/>'
    )


def write(name, width, height, title, parts):
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" role="img"><title>{title}</title>'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    )
    with open(os.path.join(DOCS, "pictures", name), "w") as file:
        file.write("\n".join([head] + parts + ["</svg>", ""]))


def peers():
    """Times as fast as each peer, on a logarithmic scale, with the goal as a mark."""
    with open(os.path.join(DOCS, "figures", "render-peers.json")) as file:
        ratios = json.load(file)["ratios"]
    width, left, top, row, low, high = 860, 270, 50, 34, 0.3, 400

    def place(value):
        share = math.log(value / low) / math.log(high / low)
        return left + share * (width - left - 70)

    rows = [entry for entry in PEERS if entry[0] in ratios]
    bottom = top + row * len(rows)
    parts = [text(20, 28, "Times as fast as the peer; the mark is the goal", size=15)]
    for tick in (0.5, 1, 2, 5, 10, 20, 50, 100, 200):
        parts.append(line(place(tick), top, place(tick), bottom, INK if tick == 1 else FAINT))
        parts.append(text(place(tick), bottom + 18, f"{tick:g}", "middle", size=11))
    for index, (name, label, goal, is_inverse) in enumerate(rows):
        value = 1 / ratios[name] if is_inverse else ratios[name]
        goal = 1 / goal if is_inverse else goal
        y = top + row * index + row / 2
        start, end = sorted((place(1), place(value)))
        parts.append(text(left - 10, y + 4, label, "end"))
        parts.append(
            f'<rect x="{start:.1f}" y="{y - 9:.1f}" width="{max(1, end - start):.1f}" height="18" '
            f'fill="{BAR}"/>'
        )
        parts.append(line(place(goal), y - 13, place(goal), y + 13, GOAL, 3))
        shown = f"{value:.0f}" if value >= 20 else f"{value:.2f}" if value < 3 else f"{value:.1f}"
        parts.append(text(max(end, place(goal)) + 8, y + 4, shown + "×"))
    write("render-peers.svg", width, bottom + 32, "Speed beside peers", parts)


def hour():
    """Resident memory of the service, minute by minute, at the limit."""
    with open(os.path.join(DOCS, "figures", "render-hour.csv")) as file:
        minutes = [
            (int(entry["minute"]), int(entry["server_rss_kib"]) / 1024)
            for entry in csv.DictReader(file)
        ]
    width, height, left, top, bottom, limit = 860, 320, 60, 50, 280, 64
    last = max(60, minutes[-1][0])

    def place(minute, mebibytes):
        x = left + minute / last * (width - left - 40)
        return x, bottom - mebibytes / 80 * (bottom - top)

    parts = [text(20, 28, "Resident memory of render, an hour at the limit, in MiB", size=15)]
    for tick in range(0, 81, 20):
        y = place(0, tick)[1]
        parts += [line(left, y, width - 40, y), text(left - 8, y + 4, tick, "end", size=11)]
    for tick in range(0, last + 1, 10):
        x = place(tick, 0)[0]
        parts.append(text(x, bottom + 18, f"{tick} min" if tick else "0", "middle", size=11))
    y = place(0, limit)[1]
    parts += [line(left, y, width - 40, y, GOAL, 2), text(width - 44, y - 6, "goal 64", "end", GOAL)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*entry) for entry in minutes))
    parts.append(f'<polyline points="{points}" fill="none" stroke="{BAR}" stroke-width="2.5"/>')
    write("render-hour.svg", width, height, "Resident memory over an hour", parts)


peers()
hour()
