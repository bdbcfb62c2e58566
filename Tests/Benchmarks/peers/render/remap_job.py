"""The usual script for a camera move: OpenCV's remap for each frame, ffmpeg with x264 for the file.

usage: remap_job.py picture.rgb depth.gray WIDTH HEIGHT FRAMES RATE JOBS
Prints the milliseconds of each job; reading the picture is not part of it.
"""

import subprocess
import sys
import time

import cv2
import numpy

picture, depth, width, height, frames, rate, jobs = sys.argv[1:]
width, height, frames, jobs = int(width), int(height), int(frames), int(jobs)
pixels = numpy.fromfile(picture, numpy.uint8).reshape(height, width, 3)
weights = 0.4 * (numpy.fromfile(depth, numpy.uint8).reshape(height, width) / 255.0 - 0.5)
weights = weights.astype(numpy.float32)
columns, rows = numpy.meshgrid(
    numpy.arange(width, dtype=numpy.float32), numpy.arange(height, dtype=numpy.float32)
)
command = (
    f"ffmpeg -loglevel error -y -f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {rate} -i - "
    "-c:v libx264 -preset veryfast -crf 26 -pix_fmt yuv420p -movflags frag_keyframe+empty_moov "
    "-f mp4 -"
).split()
for _ in range(jobs):
    begin = time.monotonic()
    encoder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    for index in range(frames):
        shift = (0.15 - 0.3 * index / max(1, frames - 1)) * height
        frame = cv2.remap(
            pixels, columns + weights * shift, rows, cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        encoder.stdin.write(frame.tobytes())
    encoder.stdin.close()
    encoder.wait()
    print((time.monotonic() - begin) * 1000, flush=True)
