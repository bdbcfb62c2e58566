"""A camera move by DepthFlow: its shader on OpenGL without a window, its own pipe to ffmpeg.

usage: depthflow_job.py picture.rgb depth.gray WIDTH HEIGHT FRAMES RATE JOBS
Prints the milliseconds of each job; reading the picture and starting the program, its window and its
shaders are not part of it.
"""

import os
import sys
import tempfile
import time

os.environ.setdefault("WINDOW_BACKEND", "headless")
os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")
os.environ.setdefault("EGL_PLATFORM", "surfaceless")

import numpy
from depthflow.scene import DepthScene

picture, depth, width, height, frames, rate, jobs = sys.argv[1:]
width, height, frames, rate, jobs = int(width), int(height), int(frames), int(rate), int(jobs)
pixels = numpy.fromfile(picture, numpy.uint8).reshape(height, width, 3)
near = numpy.fromfile(depth, numpy.uint8).reshape(height, width)


class Pan(DepthScene):
    def update(self):
        # The same pan: 0.3 image heights from end to end, at a depth scale of 0.4.
        self.state.height = 0.4
        self.state.offset = (0.15 - 0.3 * min(1.0, self.tau), 0.0)


# What it has to say goes to stderr: stdout is for the figures.
figures = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
scene = Pan()
with tempfile.TemporaryDirectory() as folder:
    output = os.path.join(folder, "move.mp4")
    for job in range(jobs + 1):
        begin = time.monotonic()
        scene.input(image=pixels, depth=near)
        scene.main(width=width, height=height, fps=rate, time=frames / rate, output=output)
        taken = (time.monotonic() - begin) * 1000
        if os.path.getsize(output) < 1000:
            sys.exit("no film")
        # The first one compiles the shaders.
        if job > 0:
            print(taken, file=figures, flush=True)
