"""A camera move by Three.js in headless Chromium with its software renderer, its frames as JPEG to
ffmpeg.

usage: three_job.py three.min.js picture.rgb depth.gray WIDTH HEIGHT FRAMES RATE JOBS
Prints the milliseconds of each job, from the first frame to the end of the film; starting the browser
and loading page, picture and mesh are not part of it. The first job is not told: it compiles.
"""

import base64
import http.server
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

library, picture, depth, width, height, frames, rate, jobs = sys.argv[1:]
width, height, frames, jobs = int(width), int(height), int(frames), int(jobs)
page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "three_page.html")


def png(path, channels):
    """A raw picture as a PNG file."""
    with open(path, "rb") as file:
        pixels = file.read()
    row = width * channels
    rows = b"".join(b"\0" + pixels[y * row : (y + 1) * row] for y in range(height))

    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 1))
        + chunk(b"IEND", b"")
    )


def read(path):
    with open(path, "rb") as file:
        return file.read()


settings = json.dumps({"width": width, "height": height, "frames": frames, "jobs": jobs + 1})
files = {
    "/": ("text/html", read(page)),
    "/three.js": ("text/javascript", read(library)),
    "/picture.png": ("image/png", png(picture, 3)),
    "/depth.png": ("image/png", png(depth, 1)),
    "/settings.json": ("application/json", settings.encode()),
}
done = threading.Event()
times = []
problems = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, kind, content):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        if self.path == "/begin":
            times.append([time.monotonic()])
            self.answer("text/plain", b"")
        elif self.path in files:
            self.answer(*files[self.path])
        else:
            self.send_error(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/problem":
            problems.append(body.decode(errors="replace"))
            done.set()
        elif self.path == "/frames":
            film(json.loads(body))
            times[-1].append(time.monotonic())
        elif self.path == "/done":
            done.set()
        self.answer("text/plain", b"")


def film(pictures):
    """What comes out of the browser as a film, by ffmpeg as usual."""
    command = (
        f"ffmpeg -loglevel error -y -f image2pipe -c:v mjpeg -r {rate} -i - -c:v libx264 "
        "-preset veryfast -crf 26 -pix_fmt yuv420p -movflags frag_keyframe+empty_moov -f mp4 -"
    ).split()
    data = b"".join(base64.b64decode(picture.split(",", 1)[1]) for picture in pictures)
    made = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
    if len(pictures) != frames or len(made) < 1000:
        problems.append(f"{len(pictures)} frames, {len(made)} bytes")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
# Its helpers may still write when it has ended.
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    browser = subprocess.Popen(
        [
            os.environ.get("CHROMIUM", "chromium"),
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--use-angle=swiftshader",
            "--enable-unsafe-swiftshader",
            "--disable-background-timer-throttling",
            f"--user-data-dir={profile}",
            f"http://127.0.0.1:{server.server_port}/",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    is_done = done.wait(240)
    browser.terminate()
    browser.wait()
if problems or not is_done:
    sys.exit(problems[0] if problems else "the browser did not come to its end")
for begin, end in times[1:]:
    print((end - begin) * 1000, flush=True)
