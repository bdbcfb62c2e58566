"""The gallery and the Studio tool as people use them, over the six real processes."""
import datetime
import hashlib
import io
import json
import re
import time
import unittest
import zipfile

from running_set import RunningSet
from studio import Browser, Studio


class GalleryCase(unittest.TestCase):
    environment = {}

    @classmethod
    def setUpClass(cls):
        cls.services = RunningSet(**cls.environment)
        cls.addClassCleanup(cls.services.stop)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def studio(self, **options):
        studio = Studio(self.browser, self.services.url, **options)
        self.addCleanup(studio.close)
        return studio

    def assert_sound(self, studio, allowed=()):
        complaints = [
            text for text in studio.complaints if not any(part in text for part in allowed)]
        self.assertEqual(complaints, [])
        self.assertEqual(studio.contract_faults(), [])

    def assert_accessible(self, studio):
        for scheme in ("dark", "light"):
            studio.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            studio.page.wait_for_timeout(150)
            self.assertEqual(studio.accessibility_faults(), [], f"{studio.page.url} {scheme}")
        self.assertFalse(studio.is_too_wide())

    # Short ways to a state

    def go(self, studio, tool):
        studio.page.get_by_role("link", name=tool, exact=True).click()

    def ask(self, studio, method, path, body=None):
        """The same account through the API itself."""
        token = studio.page.evaluate("() => localStorage.getItem('convergence.token')")
        answer = studio.context.request.fetch(
            studio.url + path, method=method, data=body,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        self.assertLess(answer.status, 300, answer.text())
        return answer.json()

    def creations(self, studio, query=""):
        return self.ask(studio, "GET", f"/api/creations{query}")["creations"]

    def pictures(self):
        """A guest with four pictures, at the gallery."""
        studio = self.studio()
        studio.open()
        studio.start()
        self.go(studio, "Generations")
        studio.page.wait_for_selector("[data-creation] >> nth=3")
        return studio

    def tiles(self, studio):
        return studio.page.locator("[data-creation]")


class GalleryTests(GalleryCase):
    def test_every_picture_is_there_with_how_it_was_made(self):
        studio = self.pictures()
        page = studio.page
        self.assertEqual(self.tiles(studio).count(), 4)
        names = page.locator("[data-creation] img").evaluate_all("all => all.map(one => one.alt)")
        self.assertEqual(len(set(names)), 4)
        self.assertTrue(all("A fox crossing a frozen lake at dawn" in name for name in names))
        self.assertTrue(any("Cinematic" in name for name in names))
        self.assert_accessible(studio)

        page.get_by_role("button", name="Cinematic").first.click()
        viewer = page.locator("dialog.viewer")
        self.assertIn("How was this made", viewer.inner_text())
        self.assertIn("cinematic", viewer.locator(".prompt p").inner_text())
        self.assertIn("1 credit", viewer.locator(".facts").inner_text())
        self.assert_accessible(studio)
        # The address of the picture gives its original bytes.
        made = [one for one in self.creations(studio) if one["choices"][-1]["label"] == "Cinematic"]
        shown = viewer.locator("img.viewer-media").get_attribute("src")
        self.assertEqual(shown, made[0]["assets"][0]["url"])
        with page.expect_download() as download:
            viewer.get_by_role("button", name="Download").click()
        original = studio.context.request.get(studio.url + shown).body()
        with open(download.value.path(), "rb") as file:
            self.assertEqual(file.read(), original)
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog.viewer", state="detached")
        self.assertEqual(
            page.evaluate("() => document.activeElement.dataset.creation"), made[0]["id"])
        self.assert_sound(studio)

    def test_arrows_move_and_a_star_outlives_a_reload(self):
        studio = self.pictures()
        page = studio.page
        focused = lambda: page.evaluate("() => document.activeElement.dataset.creation ?? ''")
        ids = self.tiles(studio).evaluate_all("all => all.map(one => one.dataset.creation)")
        page.keyboard.press("ArrowRight")
        self.assertEqual(focused(), ids[0])
        page.keyboard.press("ArrowRight")
        self.assertEqual(focused(), ids[1])
        page.keyboard.press("ArrowDown")
        self.assertIn(focused(), ids[2:])
        page.keyboard.press("ArrowUp")
        self.assertIn(focused(), ids[:3])
        page.keyboard.press("Home")
        self.assertEqual(focused(), ids[0])
        page.keyboard.press("s")
        page.wait_for_selector(".creation-starred")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog.viewer")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector('dialog.viewer[aria-label*="2 of 4"]')
        page.keyboard.press("Escape")
        page.wait_for_function(f"() => document.activeElement.dataset.creation === '{ids[1]}'")
        page.reload()
        page.wait_for_selector(".creation-starred")
        page.get_by_role("button", name="Starred", exact=True).click()
        page.wait_for_function("() => document.querySelectorAll('[data-creation]').length === 1")
        self.assertEqual(self.creations(studio, "?starred=true")[0]["id"], ids[0])
        page.keyboard.press("?")
        self.assertIn("Take the deletion back", page.get_by_role("dialog").inner_text())
        self.assert_sound(studio)

    def test_what_was_deleted_is_taken_back(self):
        studio = self.pictures()
        page = studio.page
        before = [one["id"] for one in self.creations(studio)]
        page.keyboard.press("ArrowRight")
        with page.expect_response("**/api/creations/delete"):
            page.keyboard.press("Delete")
        page.wait_for_function("() => document.querySelectorAll('[data-creation]').length === 3")
        self.assertEqual(len(self.creations(studio)), 3)
        # What took its place has the focus.
        self.assertEqual(
            page.evaluate("() => document.activeElement.dataset.creation"), before[1])
        self.assert_accessible(studio)
        with page.expect_response("**/api/creations/restore"):
            page.keyboard.press("Control+z")
        page.wait_for_function("() => document.querySelectorAll('[data-creation]').length === 4")
        self.assertEqual([one["id"] for one in self.creations(studio)], before)
        # Several at once, by the mouse.
        for index in (0, 2):
            self.tiles(studio).nth(index).hover()
            page.locator(".creation-check").nth(index).click()
        page.get_by_role("group", name="Selection").get_by_role("button", name="Delete").click()
        page.wait_for_function("() => document.querySelectorAll('[data-creation]').length === 2")
        page.reload()
        page.wait_for_selector("[data-creation] >> nth=1")
        self.assertEqual(self.tiles(studio).count(), 2)
        self.assert_sound(studio)

    def test_two_are_compared(self):
        studio = self.pictures()
        page = studio.page
        page.keyboard.press("ArrowRight")
        page.keyboard.press("c")
        page.wait_for_selector("text=Choose a second one")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("c")
        dialog = page.get_by_role("dialog", name="Compare two")
        self.assertEqual(dialog.locator("img").count(), 2)
        rows = dialog.locator("tr.differs").all_inner_texts()
        self.assertTrue(any(row.startswith("Direction") for row in rows), rows)
        same = dialog.locator("tr:not(.differs)").all_inner_texts()
        self.assertTrue(any(row.startswith("Intent") for row in same), same)
        self.assert_accessible(studio)
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        self.assert_sound(studio)

    def test_filters_narrow_down(self):
        studio = self.pictures()
        page = studio.page
        self.ask(studio, "POST", "/api/generations", {
            "kind": "image", "prompt": "A lighthouse in a storm", "aspectRatio": "9:16"})
        page.wait_for_function("() => document.querySelectorAll('button[data-creation]').length === 5")
        count = lambda wanted: page.wait_for_function(
            f"() => document.querySelectorAll('[data-creation]').length === {wanted}")
        page.get_by_placeholder("Search prompts").fill("LIGHTHOUSE")
        count(1)
        page.get_by_role("button", name="Clear").click()
        count(5)
        page.get_by_label("Step", exact=True).select_option("direction")
        count(4)
        page.get_by_label("Step", exact=True).select_option("")
        count(5)
        page.get_by_role("button", name="Videos").click()
        page.wait_for_selector("text=Nothing matches")
        self.assert_accessible(studio)
        page.get_by_role("button", name="Pictures").click()
        count(5)
        self.assert_sound(studio)

    def test_an_archive_has_the_originals_and_a_manifest(self):
        studio = self.pictures()
        page = studio.page
        for index in (0, 1):
            self.tiles(studio).nth(index).focus()
            page.keyboard.press("x")
        self.assert_accessible(studio)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download ZIP").click()
        self.assertEqual(download.value.suggested_filename, "convergence.zip")
        with open(download.value.path(), "rb") as file:
            archive = zipfile.ZipFile(io.BytesIO(file.read()))
        self.assertIsNone(archive.testzip())
        manifest = json.loads(archive.read("manifest.json"))
        self.assertEqual(len(manifest["files"]), 2)
        made = {one["createdAt"]: one for one in self.creations(studio)}
        for file in manifest["files"]:
            content = archive.read(file["name"])
            self.assertEqual(hashlib.sha256(content).hexdigest(), file["sha256"])
            self.assertEqual(len(content), file["bytes"])
            original = made[file["createdAt"]]
            self.assertEqual(file["prompt"], original["prompt"])
            url = studio.url + original["assets"][0]["url"]
            self.assertEqual(studio.context.request.get(url).body(), content)
        self.assert_sound(studio)

    def kept(self, page):
        """The name and the bytes of the file that the viewer's button keeps."""
        with page.expect_download() as download:
            page.locator("dialog.viewer").get_by_role("button", name="Download").click()
        with open(download.value.path(), "rb") as file:
            return download.value.suggested_filename, file.read()

    def test_one_file_has_the_ending_of_what_is_in_it(self):
        studio = self.pictures()
        page = studio.page
        one = self.creations(studio)[-1]
        url = studio.url + one["assets"][0]["url"]
        original = studio.context.request.get(url)
        kind = original.headers["content-type"].split("/")[1].replace("jpeg", "jpg")
        page.locator("button[data-creation]").last.click()
        name, content = self.kept(page)
        self.assertEqual(name, f"a-fox-crossing-a-frozen-lake-at-dawn-direction.{kind}")
        self.assertEqual(content, original.body())
        # Nobody says what it is: its first bytes do.
        for body, ending in [
            (b"\x89PNG\r\n\x1a\n....", "png"), (b"\xff\xd8\xff\xe0........", "jpg"),
            (b"RIFF....WEBP", "webp"), (b"\0\0\0\x20ftypisom", "mp4"),
        ]:
            page.route("**/api/media/**", untyped(body))
            name, content = self.kept(page)
            page.unroute("**/api/media/**")
            self.assertEqual((name.rsplit(".", 1)[1], content), (ending, body))
        page.route("**/api/media/**", lambda route: route.fulfill(status=404))
        page.locator("dialog.viewer").get_by_role("button", name="Download").click()
        page.wait_for_selector("dialog.viewer [role=alert]:has-text('not there any more')")
        self.assert_sound(studio, allowed=["404"])

    def test_what_is_being_made_shows_how_far_it_is_and_can_be_stopped(self):
        studio = self.pictures()
        page = studio.page
        picture = self.creations(studio)[0]["assets"][0]["id"]
        # Otherwise the video may be there before its tile is seen at work.
        with self.services.held("render"):
            self.ask(studio, "POST", "/api/generations", {
                "kind": "draft", "prompt": "The fox runs", "sourceAssetId": picture})
            tile = page.locator(".creation-running")
            tile.wait_for()
            self.assertEqual(tile.get_by_role("progressbar").count(), 1)
            tile.get_by_role("button", name="Cancel").click()
            page.wait_for_selector(".creation-cancelled")
        self.assertEqual(studio.balance(), 96)
        page.get_by_role("button", name="Try again").click()
        page.wait_for_selector(".creation-cancelled", state="detached")
        page.get_by_role("button", name="Video:").wait_for()
        self.assertEqual(studio.balance(), 91)
        videos = self.creations(studio, "?kind=video")
        self.assertEqual([one["state"] for one in videos], ["completed"])
        page.get_by_role("button", name="Video:").click()
        page.wait_for_selector("dialog.viewer video")
        self.assertIn("Moves this picture", page.locator("dialog.viewer").inner_text())
        self.assert_accessible(studio)
        self.assert_sound(studio)

    def test_the_phase_and_the_time_that_is_left_are_told(self):
        studio = self.pictures()
        page = studio.page
        one = self.creations(studio)[0]
        begun = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=30)

        def at_work(route):
            states = [("queued", 0, 2), ("processing", 0.02, 0), ("generating", 0.6, 0),
                      ("uploading", 0.97, 0)]
            route.fulfill(json={"nextCursor": None, "creations": [
                {**one, "id": f"job_{state}", "kind": "video", "step": "final", "state": state,
                 "isGeneration": True, "progress": progress, "position": position, "assets": [],
                 "createdAt": begun.strftime("%Y-%m-%dT%H:%M:%S.000000Z")}
                for state, progress, position in states]})

        page.route("**/api/creations?*", at_work)
        page.reload()
        page.wait_for_selector("[data-creation=job_generating]:has-text('left')")
        text = lambda state: page.locator(f"[data-creation=job_{state}]").inner_text()
        self.assertIn("Waiting, 2 before it", text("queued"))
        self.assertIn("Preparing", text("processing"))
        # 60 % in a little over 30 s: a little over 20 s are left.
        left = int(re.search(r"Being made · about (\d+) s left", text("generating"))[1])
        self.assertTrue(20 <= left <= 40, left)
        self.assertIn("Being stored", text("uploading"))
        bar = page.locator("[data-creation=job_generating]").get_by_role("progressbar")
        self.assertEqual(bar.get_attribute("aria-valuenow"), "60")
        self.assert_accessible(studio)

    def test_a_thousand_stay_fluid(self):
        studio = self.pictures()
        page = studio.page
        one = self.creations(studio)[0]

        def a_page(route):
            query = dict(part.split("=") for part in route.request.url.split("?")[1].split("&"))
            start = int(query.get("cursor", "0"))
            items = [
                {**one, "id": f"job_{index:04}", "aspectRatio": ["16:9", "1:1", "9:16"][index % 3]}
                for index in range(start, min(start + 60, 1000))]
            end = start + len(items)
            route.fulfill(json={
                "creations": items, "nextCursor": str(end) if end < 1000 else None})

        page.route("**/api/creations?*", a_page)
        page.reload()
        page.wait_for_selector("[data-creation='job_0000']")
        most = 0
        page.mouse.move(640, 500)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            page.mouse.wheel(0, 3000)
            page.wait_for_timeout(60)
            most = max(most, self.tiles(studio).count())
            if page.locator("[data-creation='job_0999']").count():
                break
        self.assertEqual(page.locator("[data-creation='job_0999']").count(), 1)
        self.assertLess(most, 160)
        slowest = page.evaluate("""async () => {
            const work = document.getElementById('work');
            let slowest = 0, before = performance.now();
            for (let step = 0; step < 60; step++) {
                work.scrollBy(0, -400);
                await new Promise(requestAnimationFrame);
                slowest = Math.max(slowest, performance.now() - before);
                before = performance.now();
            }
            return slowest;
        }""")
        print(f"\n1,000 items: at most {most} drawn, slowest frame {slowest:.0f} ms")
        self.assertEqual(studio.complaints, [])

    def test_no_width_scrolls_sideways(self):
        studio = self.pictures()
        page = studio.page
        for tool in ("Generations", "Studio"):
            page.set_viewport_size({"width": 1280, "height": 760})
            self.go(studio, tool)
            for width in (320, 375, 768, 1024, 1920):
                page.set_viewport_size({"width": width, "height": 760})
                page.wait_for_timeout(80)
                self.assertFalse(studio.is_too_wide(), f"{tool} at {width}")
        small = page.evaluate("""() => [...document.querySelectorAll('main button, nav a, nav button')]
            .map((one) => [one.textContent, one.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && (box.width < 44 || box.height < 44))
            .map(([text, box]) => `${text}: ${box.width} x ${box.height}`)""")
        self.assertEqual(small, [])


class StudioToolTests(GalleryCase):
    def test_a_prompt_of_ones_own_becomes_a_still_and_a_storyboard(self):
        studio = self.studio()
        page = studio.open("/studio")
        self.assertEqual(studio.balance(), 100)
        page.fill("#studio-prompt", "A lighthouse in a storm")
        kinds = page.locator(".kind")
        page.wait_for_selector(".kind:has-text('Storyboard'):has-text('4 credits')")
        self.assertIn("Needs a picture", kinds.nth(3).inner_text())
        self.assert_accessible(studio)
        page.get_by_role("button", name="Make the storyboard").click()
        page.wait_for_url("**/generations")
        page.wait_for_selector(".creation-board")
        self.assertEqual(page.locator(".creation-board img").count(), 6)
        self.assertEqual(studio.balance(), 96)
        # Another tool and back: the words are still there.
        page.go_back()
        page.wait_for_url("**/studio")
        self.assertEqual(page.input_value("#studio-prompt"), "A lighthouse in a storm")
        page.get_by_role("button", name="Make a still").click()
        page.wait_for_function("() => document.querySelectorAll('button[data-creation]').length === 2")
        board = self.creations(studio, "?kind=storyboard")[0]
        self.assertEqual(len({one["id"] for one in board["assets"]}), 6)
        bytes_ = {
            studio.context.request.get(studio.url + one["url"]).body() for one in board["assets"]}
        self.assertEqual(len(bytes_), 6)
        page.get_by_role("button", name="Storyboard:").click()
        page.get_by_role("button", name="Still 3").click()
        self.assert_accessible(studio)
        # Six stills are one file.
        with page.expect_download() as download:
            page.locator("dialog.viewer").get_by_role("button", name="Download").click()
        self.assertTrue(download.value.suggested_filename.endswith(".zip"))
        with zipfile.ZipFile(download.value.path()) as archive:
            names = archive.namelist()
            self.assertEqual({archive.read(name) for name in names if name != "manifest.json"},
                             bytes_)
        self.assertEqual(len(names), 7)
        self.assert_sound(studio)

    def test_what_was_chosen_is_carried_over_and_survives_a_reload(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        for step, option in [
            ("direction", "cinematic"), ("mood", "dramatic"), ("framing", "wide"),
            ("lighting", "golden_hour"),
        ]:
            studio.wait_for_pictures(step)
            studio.choose(option)
        studio.wait_for_moves()
        studio.choose("push_in")
        page.wait_for_selector(".create-subject_motion .motion[aria-busy=false]")
        page.get_by_role("button", name="Skip").click()
        page.wait_for_selector(".create-preview .preview[aria-busy=false]")
        page.get_by_role("button", name="Finish").click()
        prompt = page.get_by_test_id("final-prompt").inner_text()
        page.get_by_role("button", name="Edit in Studio").click()
        page.wait_for_url("**/studio")
        for _ in range(2):
            self.assertEqual(page.input_value("#studio-prompt"), prompt)
            locks = page.locator(".studio-side .choices").inner_text()
            for label in ("Cinematic", "Dramatic", "Wide Shot", "Golden Hour"):
                self.assertIn(label, locks)
            page.wait_for_function(
                "() => [...document.querySelectorAll('.studio-side img')].length === 5 &&"
                " [...document.querySelectorAll('.studio-side img')].every(one => one.naturalWidth)")
            page.reload()
            page.wait_for_selector(".studio-side img")
        self.assert_accessible(studio)
        page.wait_for_selector(".kind:has-text('Final'):has-text('5 credits')")
        before = studio.balance()
        page.fill("#studio-prompt", f"{prompt}, snow begins to fall")
        page.get_by_role("button", name="Make the final").click()
        page.wait_for_url("**/generations")
        page.get_by_role("button", name="Video:").wait_for()
        self.assertEqual(studio.balance(), before - 5)
        video = self.creations(studio, "?kind=video")[0]
        self.assertTrue(video["prompt"].endswith("snow begins to fall"))
        self.assertEqual(video["cameraMotion"], "push_in")
        self.assert_sound(studio)

    def test_leaving_while_pictures_are_made_asks_first(self):
        studio = self.studio()
        page = studio.open()
        page.fill("#intent", "A wild horse in a mountain meadow")
        page.keyboard.press("Enter")
        page.wait_for_selector(".create-direction")
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.reload()
        self.assertEqual(asked, ["beforeunload"])
        studio.wait_for_pictures("direction")
        # Switching tools is not leaving: the work goes on and is there on the way back.
        studio.choose("cinematic")
        self.go(studio, "Billing")
        page.wait_for_url("**/billing")
        self.go(studio, "Create")
        studio.wait_for_pictures("mood")
        self.assertEqual(asked, ["beforeunload"])
        self.assert_sound(studio)


def untyped(body):
    return lambda route: route.fulfill(
        body=body, headers={"Content-Type": "application/octet-stream"})


if __name__ == "__main__":
    unittest.main()
