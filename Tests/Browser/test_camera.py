"""The camera picker: what moves on the canvas of a tile, and what is there instead of it."""
import struct
import unittest
import zlib

from studio import SOFTWARE_GRAPHICS
from test_studio import StudioCase

WIDTH, HEIGHT = 640, 360
# Centres of the two discs in image heights from the middle, y up, and their radius.
FAR, NEAR, RADIUS = (-0.4, 0.05), (0.4, -0.05), 0.09
GREY, RED, GREEN = (96, 96, 96), (240, 32, 32), (32, 220, 32)

COUNT_CONTEXTS = """
const ask = HTMLCanvasElement.prototype.getContext;
window.contexts = new Set();
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  if (/webgl/.test(kind)) window.contexts.add(this);
  return ask.call(this, kind, ...rest);
};
"""
NO_WEBGL = """
const ask = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return /webgl/.test(kind) ? null : ask.call(this, kind, ...rest);
};
"""
# Where the red and the green pixels are at each frame of the first play, and what the edge shows.
WATCH = """
(id) => {
  const place = (data, width, isIt) => {
    let [x, y, n] = [0, 0, 0];
    for (let at = 0; at < data.length; at += 4) {
      if (!isIt(data[at], data[at + 1])) continue;
      x += (at / 4) % width; y += Math.floor(at / 4 / width); n += 1;
    }
    return [x / n, y / n, n];
  };
  const clear = (data, width, height) => {
    let count = 0;
    for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) {
      const isEdge = x === 0 || y === 0 || x === width - 1 || y === height - 1;
      const at = (y * width + x) * 4;
      if (isEdge && (data[at + 3] < 255 || Math.abs(data[at] - 96) > 12)) count += 1;
    }
    return count;
  };
  window.watched = new Promise((resolve) => {
    const frames = [];
    let begin = 0;
    const look = (now) => {
      const canvas = document.querySelector(`[data-choice="${id}"] canvas.clip-on`);
      if (canvas) {
        begin ||= now;
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        frames.push({
          far: place(data, width, (r, g) => r > 150 && g < 130),
          near: place(data, width, (r, g) => g > 150 && r < 130),
          bare: clear(data, width, height), width, height,
        });
      }
      if (begin && now - begin > 3250) resolve(frames);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}
"""
# The mean difference of two moves' last pictures: the canvas of one, the server's clip of another.
COMPARE = """
async ([id, url]) => {
  const read = (source) => {
    const one = document.createElement("canvas");
    one.width = 160; one.height = 90;
    const drawing = one.getContext("2d");
    drawing.drawImage(source, 0, 0, 160, 90);
    return drawing.getImageData(0, 0, 160, 90).data;
  };
  const a = read(document.querySelector(`[data-choice="${id}"] canvas.clip-on`));
  const video = document.createElement("video");
  video.muted = true;
  video.src = url;
  await new Promise((done) => { video.onloadeddata = done; });
  video.currentTime = video.duration - 0.01;
  await new Promise((done) => { video.onseeked = done; });
  let b = read(video);
  // A frame that was sought may come a little later than the word that it is there.
  for (let tries = 0; b[3] === 0 && tries < 200; tries += 1) {
    await new Promise(requestAnimationFrame);
    b = read(video);
  }
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += Math.abs(a[at] - b[at]);
  return sum / (a.length * 0.75);
}
"""


def png(pixels, channels):
    """A PNG of rows of bytes."""
    def chunk(kind, body):
        return (struct.pack(">I", len(body)) + kind + body
                + struct.pack(">I", zlib.crc32(kind + body)))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2 if channels == 3 else 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(row) for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))


def scene():
    """A far red disc on the left, a near green one on the right, and the depth of both."""
    picture, depth = [], []
    for row in range(HEIGHT):
        colours, nearness = [], []
        for column in range(WIDTH):
            x, y = (column + 0.5 - WIDTH / 2) / HEIGHT, 0.5 - (row + 0.5) / HEIGHT
            colour = GREY
            for centre, paint in [(FAR, RED), (NEAR, GREEN)]:
                if (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < RADIUS ** 2:
                    colour = paint
            colours += colour
            nearness.append(26 if x < 0 else 230)
        picture.append(colours)
        depth.append(nearness)
    return png(picture, 3), png(depth, 1)


class CameraTests(StudioCase):
    browser_arguments = SOFTWARE_GRAPHICS

    def moves(self, script=COUNT_CONTEXTS, direction="social", **options):
        """A studio at the camera step."""
        studio = self.studio(**options)
        studio.context.add_init_script(script)
        studio.open()
        studio.go_to_moves(direction)
        return studio

    def with_scene(self, studio):
        """The same step, over a picture whose parts and depths are known."""
        session = next(
            request.response().json()["session"] for request in reversed(studio.answers)
            if "/convergence/session/" in request.url)
        for key, body in zip(("previewImageUrl", "depthMapUrl"), scene()):
            asset = session[key].split("?")[0]
            studio.page.route(f"**{asset}?*", answering(body))
        studio.page.reload()
        studio.page.wait_for_selector(".moves[data-view=depth]")

    def watch(self, studio, move):
        """How far each disc went, (x, y) in hundredths of the height with y up, and its growth."""
        page = studio.page
        page.mouse.move(1, 1)
        page.evaluate(WATCH, move)
        page.locator(f'[data-choice="{move}"]').hover()
        frames = page.evaluate("() => window.watched")
        self.assertEqual([frame["bare"] for frame in frames], [0] * len(frames), move)
        # Where few frames are drawn, the next play may have begun before the last look.
        first = frames[0]
        end = max(range(len(frames)), key=lambda n: difference(first, frames[n]))
        last, frames = frames[end], frames[:end + 1]
        self.assertTrue(len(frames) > 4 or move == "static", move)
        travel = {}
        for name in ("far", "near"):
            (x, y, n), (to_x, to_y, to_n) = first[name], last[name]
            unit = 100 / first["height"]
            travel[name] = ((to_x - x) * unit, (y - to_y) * unit, to_n / n)
            path = [frame[name][0] for frame in frames]
            side = 1 if path[-1] > path[0] else -1
            for before, after in zip(path, path[1:]):
                self.assertGreater((after - before) * side, -1, f"{move}: {name} goes back")
        print(f"\n{move}: {len(frames)} frames, far {rounded(travel['far'])}, "
              f"near {rounded(travel['near'])}", end="")
        return travel["far"], travel["near"]

    def test_content_moves_against_the_camera_and_near_content_more(self):
        studio = self.moves()
        self.with_scene(studio)
        # The camera goes left: everything goes right.
        for move, side in [("pan_left", 1), ("track_left", 1), ("pan_right", -1)]:
            far, near = self.watch(studio, move)
            self.assertGreater(far[0] * side, 0.3, move)
            self.assertGreater(near[0] * side, 3 * far[0] * side, move)
            self.assertLess(abs(near[1]), 0.8, move)
        # It rises: everything sinks.
        for move, side in [("pedestal_up", -1), ("crane_up", -1), ("pedestal_down", 1)]:
            far, near = self.watch(studio, move)
            self.assertGreater(far[1] * side, 0.2, move)
            self.assertGreater(near[1] * side, 3 * far[1] * side, move)
        # It goes in: everything goes outward and grows.
        far, near = self.watch(studio, "push_in")
        self.assertTrue(far[0] < 0 < near[0], (far, near))
        self.assertTrue(1 < far[2] < near[2], (far, near))
        far, near = self.watch(studio, "pull_back")
        self.assertTrue(near[0] < 0 < far[0], (far, near))
        self.assertTrue(near[2] < far[2] < 1, (far, near))
        self.assertEqual(studio.page.evaluate("() => window.contexts.size"), 1)
        self.assert_sound(studio)

    def test_turning_the_camera_moves_everything_alike(self):
        studio = self.moves()
        self.with_scene(studio)
        far, near = self.watch(studio, "yaw_left")
        self.assertGreater(near[0], 5)
        self.assertLess(abs(far[0] - near[0]), 0.1 * near[0])
        far, near = self.watch(studio, "tilt_up")
        self.assertLess(near[1], -5)
        self.assertLess(abs(far[1] - near[1]), -0.1 * near[1])
        # It leans to the left: what is on the right sinks, what is on the left rises.
        far, near = self.watch(studio, "dutch_left")
        self.assertTrue(near[1] < -3 and far[1] > 3, (far, near))
        far, near = self.watch(studio, "static")
        self.assertLess(max(abs(value) for value in far[:2] + near[:2]), 0.3)
        self.assertEqual(studio.page.evaluate("() => window.contexts.size"), 1)

    def test_the_canvas_shows_what_the_servers_clip_shows(self):
        # Held still, the canvas shows where the move ends.
        studio = self.moves(reduced_motion="reduce")
        page = studio.page
        page.wait_for_selector(".moves[data-view=depth]")
        session = next(
            request.response().json()["session"] for request in reversed(studio.answers)
            if "/convergence/session/" in request.url)
        clips = {path["id"]: path["previewUrl"] for path in session["cameraPaths"]}
        for move, other in [("pan_left", "pan_right"), ("crane_up", "crane_down"),
                            ("push_in", "pull_back"), ("arc_left", "arc_right"),
                            ("zoom_in", "zoom_out")]:
            page.locator(f'[data-choice="{move}"]').hover()
            page.wait_for_selector(f'[data-choice="{move}"] canvas.clip-on')
            same = page.evaluate(COMPARE, [move, clips[move]])
            different = page.evaluate(COMPARE, [move, clips[other]])
            print(f"\n{move}: differs by {same:.1f} from its clip, {different:.1f} from {other}",
                  end="")
            self.assertLess(same, 0.75 * different, move)
            self.assertLess(same, 8, move)

    def test_zooms_and_loops_are_drawn_as_well(self):
        studio = self.moves()
        self.with_scene(studio)
        page = studio.page
        far, near = self.watch(studio, "zoom_in")
        self.assertTrue(far[0] < -5 and near[0] > 5, (far, near))
        self.assertLess(abs(far[2] - near[2]), 0.1)
        self.assertGreater(near[2], 1.5)
        for chip, moves in [
            ("Zoom", ["zoom_in", "zoom_out", "dolly_zoom_in", "dolly_zoom_out"]),
            ("Handheld", ["handheld_drift"]), ("Loops", ["orbit_loop", "breathe_loop"]),
        ]:
            page.get_by_role("button", name=chip, exact=True).click()
            tiles = page.locator("[data-choice]")
            self.assertEqual(tiles.evaluate_all("all => all.map(one => one.dataset.choice)"), moves)
        # A loop goes on and on: no two looks at it are alike.
        page.locator('[data-choice="orbit_loop"]').hover()
        page.wait_for_selector('[data-choice="orbit_loop"] canvas.clip-on')
        seen = set()
        for _ in range(5):
            seen.add(page.evaluate("() => document.querySelector('canvas.clip-on').toDataURL()"))
            page.wait_for_timeout(300)
        self.assertEqual(len(seen), 5)
        self.assert_sound(studio)

    def test_the_bars_of_a_film_stay_where_they_are(self):
        studio = self.moves(direction="cinematic")
        page = studio.page
        page.wait_for_selector(".moves[data-view=depth]")
        page.locator('[data-choice="pedestal_up"]').hover()
        page.wait_for_selector('[data-choice="pedestal_up"] canvas.clip-on')
        rows = """() => {
          const canvas = document.querySelector("canvas.clip-on");
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          const isDark = (y) => [0.2, 0.4, 0.6, 0.8].every((share) => {
            const at = (y * width + Math.floor(width * share)) * 4;
            return data[at] + data[at + 1] + data[at + 2] < 60;
          });
          let [top, bottom] = [0, 0];
          while (isDark(top)) top += 1;
          while (isDark(height - 1 - bottom)) bottom += 1;
          return [top, bottom];
        }"""
        heights = []
        for _ in range(12):
            heights.append(page.evaluate(rows))
            page.wait_for_timeout(250)
        self.assertGreater(min(heights[0]), 4)
        for pair in heights:
            self.assertLessEqual(max(abs(a - b) for a, b in zip(pair, heights[0])), 2, heights)

    def test_the_keyboard_plays_a_move_too(self):
        studio = self.moves()
        page = studio.page
        page.wait_for_selector(".moves[data-view=depth]")
        page.mouse.move(1, 1)
        seen = []
        for key in ["ArrowRight", "ArrowRight", "ArrowLeft"]:
            page.keyboard.press(key)
            page.wait_for_selector("[data-choice]:focus canvas.clip-on")
            seen.append(page.evaluate("() => document.activeElement.dataset.choice"))
        self.assertEqual(seen[0], seen[2])
        self.assertNotEqual(seen[0], seen[1])
        self.assertEqual(page.locator("canvas").count(), 1)
        self.assert_accessible(studio)

    def test_nothing_moves_by_itself_when_less_motion_is_asked_for(self):
        studio = self.moves(reduced_motion="reduce")
        page = studio.page
        page.wait_for_selector(".moves[data-view=depth]")
        page.locator('[data-choice="push_in"]').hover()
        page.wait_for_selector('[data-choice="push_in"] canvas.clip-on')
        read = "() => document.querySelector('canvas.clip-on').toDataURL()"
        first = page.evaluate(read)
        page.wait_for_timeout(900)
        self.assertEqual(page.evaluate(read), first)
        self.assert_accessible(studio)
        # Asked for, it plays.
        page.get_by_role("button", name="Play the moves").click()
        page.locator('[data-choice="push_in"]').hover()
        page.wait_for_selector('[data-choice="push_in"] canvas.clip-on')
        first = page.evaluate(read)
        page.wait_for_timeout(900)
        self.assertNotEqual(page.evaluate(read), first)

    def test_without_webgl_the_servers_clips_play(self):
        studio = self.moves(script=NO_WEBGL)
        page = studio.page
        page.wait_for_selector(".moves[data-view=clip]")
        page.locator('[data-choice="push_in"]').hover()
        page.wait_for_selector('[data-choice="push_in"] video.clip-on')
        self.assertEqual(page.locator("canvas").count(), 0)
        self.assert_accessible(studio)
        self.assert_sound(studio)

    def test_lost_graphics_are_replaced_by_clips(self):
        studio = self.moves()
        page = studio.page
        page.wait_for_selector(".moves[data-view=depth]")
        page.evaluate("() => [...window.contexts][0].getContext('webgl')"
                      ".getExtension('WEBGL_lose_context').loseContext()")
        page.locator('[data-choice="push_in"]').hover()
        page.wait_for_selector('[data-choice="push_in"] video.clip-on')
        self.assertEqual(page.get_attribute(".moves", "data-view"), "clip")

    def test_without_depth_the_moves_are_described(self):
        studio = self.moves()
        page = studio.page

        def without_depth(route):
            answer = route.fetch()
            body = answer.json()
            body["session"].update(fallbackMode=True, depthMapUrl=None)
            for path in body["session"]["cameraPaths"]:
                path["previewUrl"] = None
            route.fulfill(response=answer, json=body)

        page.route("**/api/convergence/session/active", without_depth)
        page.reload()
        page.wait_for_selector('[data-choice="push_in"] .tile-words:has-text("toward the subject")')
        self.assertEqual(page.get_attribute(".moves", "data-view"), "words")
        page.locator('[data-choice="push_in"]').hover()
        self.assertEqual(page.locator("canvas, video").count(), 0)
        self.assert_accessible(studio)

    def test_three_is_loaded_only_where_it_is_used(self):
        studio = self.studio()
        studio.open()
        studio.start()
        self.assertFalse([one for one in studio.requests if "parallax" in one.url])
        notice = studio.context.request.get(studio.url + "/web/NOTICE.txt").text()
        self.assertIn("three.js", notice.lower())


def difference(one, other):
    return sum(abs(a - b) for name in ("far", "near")
               for a, b in zip(one[name], other[name]))


def answering(body):
    return lambda route: route.fulfill(body=body, content_type="image/png")


def rounded(values):
    return tuple(round(value, 2) for value in values)


if __name__ == "__main__":
    unittest.main()
