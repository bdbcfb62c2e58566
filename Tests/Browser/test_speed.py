"""How quickly the studio is there, and how quickly it answers while it works."""
import json
import time
import unittest

from test_studio import StudioCase

PAINT_MAX = 100  # ms from an input to the next paint
ATTEMPTS = 4
TASK_MAX = 50  # ms of the page's own work that nothing can come between
START_MAX = 5  # s from opening the page to four pictures
TRACED = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"]


def slowness():
    """How much longer than its work takes a program has to wait here, for the sake of others."""
    wall, own = time.perf_counter(), time.process_time()
    while time.process_time() - own < 0.4:
        pass
    return (time.perf_counter() - wall) / (time.process_time() - own)


# What the browser itself measures: from an input's time to the next paint after its handlers. The
# events of one press or one key are one interaction, which is as slow as the slowest of them, as in
# "Interaction to Next Paint". Durations are rounded to 8 ms; shorter ones than 16 ms are not told.
MEASURE = """
window.inputs = new Map();
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    if (!one.interactionId) continue;
    const before = window.inputs.get(one.interactionId) ?? 0;
    window.inputs.set(one.interactionId, Math.max(before, Math.round(one.duration)));
  }
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""


class SpeedTests(StudioCase):
    def test_four_directions_are_there_after_three_clicks_and_five_seconds(self):
        # A first visit makes what later ones find ready; it is not what is measured.
        self.studio().open()
        studio = self.studio()
        slow = slowness()
        begin = time.monotonic()
        page = studio.open()
        clicks = 0
        for name in ["A red car on a desert road", "Show four directions"]:
            page.get_by_role("button", name=name).click()
            clicks += 1
        studio.wait_for_pictures("direction")
        seconds = time.monotonic() - begin
        page.wait_for_function(
            "() => [...document.querySelectorAll('.tile-picture img')].length === 4 &&"
            " [...document.querySelectorAll('.tile-picture img')].every((one) => one.complete"
            " && one.naturalWidth > 0)")
        print(f"\nfour direction pictures after {clicks} clicks and {seconds:.1f} s "
              f"on a machine that is {slow:.1f} times as slow as when it is idle")
        self.assertLessEqual(clicks, 3)
        self.assertLess(seconds, START_MAX * max(1, slow))
        self.assert_sound(studio)

    def test_an_input_is_painted_at_once_while_pictures_load(self):
        # What others do on the machine only adds to the times: the best of a few is the page's.
        for _ in range(ATTEMPTS):
            slowest, slow = self.time_to_paint()
            if slowest <= PAINT_MAX:
                return
        self.assertLessEqual(slowest, PAINT_MAX * slow)

    def time_to_paint(self):
        """Of a user at work: ms from an input to the paint (98 %), and how slow the machine is."""
        studio = self.at_the_intent()
        slow = slowness()
        self.use_while_pictures_load(studio)
        slow = max(1, slow, slowness())
        told = sorted(studio.page.evaluate("() => [...window.inputs.values()]"))
        count = max(len(told), studio.page.evaluate("() => performance.interactionCount"))
        # As it is usual: of every fifty, one may be slower.
        place = len(told) - 1 - count // 50
        slowest = told[place] if place >= 0 else 16
        print(f"\n{count} inputs while pictures loaded: {slowest} ms to the paint at most (98 %), "
              f"{told[-1] if told else 16} ms in all, on a machine that is {slow:.1f} times as slow "
              "as when it is idle")
        self.assertGreater(count, 40)
        self.assertEqual(studio.complaints, [])
        return slowest, slow

    def test_the_page_never_works_for_long_while_pictures_load(self):
        studio = self.at_the_intent()
        browser = studio.context.browser
        browser.start_tracing(page=studio.page, categories=TRACED)
        self.use_while_pictures_load(studio)
        longest = max(own for own in self.tasks(json.loads(browser.stop_tracing())))
        print(f"\nthe longest task of the page took {longest:.0f} ms of work")
        self.assertLess(longest, TASK_MAX)
        self.assertEqual(studio.complaints, [])

    def at_the_intent(self):
        studio = self.studio()
        studio.page.add_init_script(MEASURE)
        studio.open()
        studio.balance()
        studio.page.fill("#intent", "A wild horse in a mountain meadow")
        return studio

    def use_while_pictures_load(self, studio):
        page = studio.page
        page.keyboard.press("Enter")
        page.wait_for_selector(".create-direction")
        count, arrived = 0, set()
        # Arrows, pointing and another tool and back, for as long as pictures come.
        for round_ in range(4):
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                for key in ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"]:
                    page.keyboard.press(key)
                page.mouse.move(300 + 40 * (count % 9), 500)
                page.get_by_role("link", name="Studio").click()
                page.locator("#studio-prompt").press_sequentially("a fox")
                page.get_by_role("link", name="Create", exact=True).click()
                count += 12
                arrived.add(page.locator(".tile-ready").count())
                if page.locator(".pictures[aria-busy=false]").count():
                    break
            studio.wait_for_pictures(["direction", "mood", "framing", "lighting"][round_])
            if round_ < 3:
                page.locator("[data-choice]").nth(round_).click()
        self.assertTrue(arrived - {0, 4}, "no input fell between two pictures")

    def tasks(self, trace):
        """Time of work, in ms, of each task of the pages' main threads."""
        events = trace["traceEvents"]
        pages = {(one["pid"], one["tid"]) for one in events
                 if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"}
        # What was at work when the trace ended has no duration.
        return [one["tdur"] / 1000 for one in events
                if one["name"] == "RunTask" and (one["pid"], one["tid"]) in pages
                and "tdur" in one]


if __name__ == "__main__":
    unittest.main()
