"""The studio as people use it, over the six real processes."""
import subprocess
import sys
import time
import unittest

from running_set import ROOT, RunningSet
from studio import Browser, Studio


class StudioCase(unittest.TestCase):
    environment = {}
    browser_arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.services = RunningSet(**cls.environment)
        cls.addClassCleanup(cls.services.stop)
        cls.browser = Browser(*cls.browser_arguments)
        cls.addClassCleanup(cls.browser.close)

    def without_one(self, page):
        """One picture of the true session is missing, as after a provider's failure."""
        def missing(route):
            answer = route.fetch()
            body = answer.json()
            for made in body["session"]["imageHistory"]:
                made["images"][1] = {
                    "optionId": made["images"][1]["optionId"],
                    "error": {"code": "IMAGE_GENERATION_FAILED", "retryable": True}}
            route.fulfill(response=answer, json=body)

        page.route("**/api/convergence/session/ses_*", missing)
        page.route("**/api/convergence/session/active", missing)

    def dearer(self, page, factor):
        """The server's quotes are so many times as high."""
        def dear(route):
            answer = route.fetch()
            body = answer.json()
            for line in body["lines"]:
                line["credits"] *= factor
            route.fulfill(response=answer, json=body)

        page.route("**/api/credits/quote", dear)

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
        self.assertEqual(studio.accessibility_faults(), [], studio.page.url)
        self.assertFalse(studio.is_too_wide())


class FlowTests(StudioCase):
    def test_the_whole_flow_by_mouse(self):
        studio = self.studio()
        page = studio.open()
        page.wait_for_selector(".estimate:has-text('22 credits')")
        self.assert_accessible(studio)
        self.assertEqual(studio.balance(), 100)
        begin = time.monotonic()
        studio.start()
        print(f"\nfour directions after {time.monotonic() - begin:.1f} s")
        self.assert_accessible(studio)
        self.assertEqual(studio.balance(), 96)

        studio.choose("cinematic")
        studio.wait_for_pictures("mood")
        studio.choose("dramatic")
        studio.wait_for_pictures("framing")
        self.assertEqual(studio.balance(), 88)

        # Back, and the same again: no credits.
        page.get_by_role("button", name="Back", exact=True).click()
        studio.wait_for_pictures("mood")
        studio.choose("dramatic")
        studio.wait_for_pictures("framing")
        self.assertEqual(studio.balance(), 88)

        page.get_by_role("button", name="Make four new ones").click()
        page.wait_for_selector(".pictures[aria-busy=false] .step-head:has-text('2 left')")
        self.assertEqual(studio.balance(), 84)
        studio.choose("wide")
        studio.wait_for_pictures("lighting")
        self.assert_accessible(studio)

        # A step that is done is jumped to; the same choices lead back without credits.
        page.get_by_role("button", name="Go back to Mood: Dramatic").click()
        studio.wait_for_pictures("mood")
        studio.choose("dramatic")
        studio.wait_for_pictures("framing")
        studio.choose("wide")
        studio.wait_for_pictures("lighting")
        self.assertEqual(studio.balance(), 80)

        studio.choose("golden_hour")
        studio.wait_for_moves()
        self.assertEqual(studio.balance(), 79)
        page.locator('[data-choice="push_in"]').hover()
        page.wait_for_selector('[data-choice="push_in"] .clip-on')
        self.assert_accessible(studio)
        page.get_by_role("button", name="Crane", exact=True).click()
        page.wait_for_selector('[data-choice="push_in"]', state="detached")
        page.get_by_role("button", name="Dolly", exact=True).click()
        studio.choose("push_in")

        page.wait_for_selector(".create-subject_motion .motion[aria-busy=false]")
        self.assert_accessible(studio)
        page.fill("#motion", "turns its head slowly")
        page.get_by_role("button", name="Show the preview").click()
        page.wait_for_selector(".create-preview .preview[aria-busy=false]")
        self.assertEqual(studio.balance(), 74)
        self.assert_accessible(studio)
        page.get_by_role("button", name="Finish").click()

        prompt = page.get_by_test_id("final-prompt").inner_text()
        self.assertTrue(prompt.startswith("A fox crossing a frozen lake at dawn, cinematic"))
        self.assertTrue(prompt.endswith("turns its head slowly"))
        self.assertIn("26 credits", page.locator(".total").inner_text())
        self.assert_accessible(studio)
        page.get_by_role("button", name="Generate now").click()
        page.wait_for_url("**/generations")
        page.get_by_role("button", name="Video:").wait_for()
        page.get_by_role("link", name="Create", exact=True).click()
        page.wait_for_selector("video.final-video")
        link = page.get_by_role("link", name="Download").get_attribute("href")
        video = studio.context.request.get(studio.url + link)
        self.assertEqual(video.headers["content-type"], "video/mp4")
        self.assertEqual(studio.balance(), 69)
        page.get_by_test_id("credit-pill").click()
        self.assert_accessible(studio)
        self.assert_sound(studio)

        # The end of the flow survives a reload as every other step does.
        page.reload()
        page.wait_for_selector("video.final-video")
        self.assertEqual(page.get_by_test_id("final-prompt").inner_text(), prompt)
        page.get_by_role("button", name="Begin another").click()
        page.wait_for_selector("#intent")
        self.assert_sound(studio)

    def test_the_whole_flow_by_keyboard(self):
        studio = self.studio(width=900)
        page = studio.open()
        page.wait_for_selector(".estimate:has-text('22 credits')")
        keys = page.keyboard
        focused = lambda: page.evaluate("() => document.activeElement.dataset.choice ?? ''")
        keys.type("A sailing boat in a stormy sea")
        keys.press("Enter")
        studio.wait_for_pictures("direction")

        # Two columns: the arrows move in both axes and stop at the edges.
        keys.press("ArrowRight")
        order = [focused()]
        for key in ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"]:
            keys.press(key)
            order.append(focused())
        self.assertEqual(order, [
            "cinematic", "social", "social", "documentary", "artistic", "cinematic", "cinematic"])
        keys.press("ArrowRight")
        keys.press("Enter")
        studio.wait_for_pictures("mood")
        keys.press("?")
        page.wait_for_selector("dialog:has-text('Keyboard')")
        self.assert_accessible(studio)
        keys.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        keys.press("r")
        page.wait_for_selector(".pictures[aria-busy=false] .step-head:has-text('2 left')")
        keys.press("3")
        studio.wait_for_pictures("framing")
        keys.press("Escape")
        studio.wait_for_pictures("mood")
        keys.press("3")
        studio.wait_for_pictures("framing")
        keys.press("1")
        studio.wait_for_pictures("lighting")
        keys.press("2")
        studio.wait_for_moves()
        keys.press("ArrowDown")
        keys.press("ArrowRight")
        page.wait_for_selector(f'[data-choice="{focused()}"] .clip-on')
        keys.press("Enter")
        page.wait_for_selector(".create-subject_motion .motion[aria-busy=false]")
        self.tab_to(page, "Skip")
        keys.press("Enter")
        page.wait_for_selector(".create-preview .preview[aria-busy=false]")
        self.tab_to(page, "Finish")
        keys.press("Enter")
        page.wait_for_selector("[data-testid=final-prompt]")
        self.tab_to(page, "Generate now")
        keys.press("Enter")
        page.wait_for_url("**/generations")
        page.get_by_role("button", name="Video:").wait_for()
        keys.press("ArrowRight")
        keys.press("Enter")
        page.wait_for_selector("dialog.viewer video")
        keys.press("Escape")
        page.wait_for_selector("dialog.viewer", state="detached")
        self.assert_sound(studio)

    def tab_to(self, page, name):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement.innerText ?? ''").startswith(name):
                return
        self.fail(f"{name} cannot be reached with the keyboard")

    def test_the_flow_by_touch_on_a_telephone(self):
        studio = self.studio(width=375, height=740, has_touch=True, is_mobile=True)
        page = studio.open()
        page.wait_for_selector(".estimate:has-text('22 credits')")
        self.assert_accessible(studio)
        page.get_by_role("button", name="A red car on a desert road").tap()
        page.get_by_role("button", name="Show four directions").tap()
        studio.wait_for_pictures("direction")
        for step, option in [
            ("direction", "social"), ("mood", "peaceful"), ("framing", "medium"),
            ("lighting", "high_key"),
        ]:
            studio.wait_for_pictures(step)
            self.assert_accessible(studio)
            page.locator(f'[data-choice="{option}"]').tap()
        studio.wait_for_moves()
        page.wait_for_selector(".clip-on")
        self.assert_accessible(studio)
        small = page.evaluate(
            "() => [...document.querySelectorAll('button, a[href]')].filter((one) => {"
            "const box = one.getBoundingClientRect();"
            "return box.width > 1 && box.bottom > 0 && (box.width < 44 || box.height < 44)"
            "}).map((one) => one.className)")
        self.assertEqual([name for name in small if name != "skip-link"], [])
        page.locator('[data-choice="pan_left"]').tap()
        page.get_by_role("button", name="Skip").tap()
        page.get_by_role("button", name="Finish").tap()
        page.wait_for_selector("[data-testid=final-prompt]")
        self.assert_accessible(studio)
        page.get_by_role("button", name="Generate now").tap()
        page.wait_for_url("**/generations")
        page.get_by_role("button", name="Video:").wait_for()
        self.assert_sound(studio)


class ContinuityTests(StudioCase):
    def test_a_reload_goes_on_where_it_was(self):
        studio = self.studio()
        page = studio.open()
        page.fill("#intent", "A wild horse in a mountain meadow")
        page.keyboard.press("Enter")
        page.wait_for_selector(".create-direction")
        page.wait_for_selector(".tile-ready")
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()
        studio.wait_for_pictures("direction")
        studio.choose("artistic")
        studio.wait_for_pictures("mood")
        page.reload()
        studio.wait_for_pictures("mood")
        self.assertEqual(studio.balance(), 92)
        self.assert_sound(studio)

    def test_another_tab_is_asked_to_resume(self):
        studio = self.studio()
        studio.open()
        studio.start()
        first, second = studio.page, studio.open_page()
        second.goto(studio.url)
        second.wait_for_selector("dialog:has-text('unfinished session')")
        studio.page = second
        self.assert_accessible(studio)
        second.get_by_role("button", name="Resume").click()
        studio.wait_for_pictures("direction")
        # What one chooses, the other sees.
        studio.choose("documentary")
        studio.wait_for_pictures("mood")
        studio.wait_for_pictures("mood", first)
        balances = []
        for page in (first, second):
            studio.page = page
            balances.append(studio.balance())
        self.assertEqual(balances, [92, 92])
        self.assert_sound(studio)

    def test_a_fresh_start_gives_the_old_session_up(self):
        studio = self.studio()
        studio.open()
        studio.start()
        studio.page.evaluate("() => sessionStorage.clear()")
        studio.page.reload()
        studio.page.get_by_role("button", name="Start fresh").click()
        studio.page.wait_for_selector("#intent")
        studio.start("A red car on a desert road")
        self.assertEqual(studio.balance(), 92)
        self.assert_sound(studio)

    def test_cancel_stops_and_charges_nothing(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        studio.choose("cinematic")
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_selector(".banner:has-text('Stopped')")
        said = page.locator(".banner").inner_text()
        studio.wait_for_pictures("direction")
        self.assertEqual(studio.balance(), 96)
        self.assertIn("Nothing was charged", said)
        self.assert_sound(studio)

    def test_a_cut_network_loses_nothing(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        studio.context.set_offline(True)
        studio.choose("cinematic")
        page.wait_for_selector(".banner:has-text('You are offline')")
        self.assert_accessible(studio)
        studio.context.set_offline(False)
        page.get_by_role("button", name="Try again").click()
        studio.wait_for_pictures("mood")
        keys = {
            request.headers["idempotency-key"] for request in studio.requests
            if request.url.endswith("/convergence/select")}
        self.assertEqual(len(keys), 1)
        self.assertEqual(studio.balance(), 92)
        self.assert_sound(studio, allowed=["ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED"])

    def test_an_ended_sign_in_becomes_a_new_guest(self):
        studio = self.studio()
        page = studio.open()
        studio.balance()
        page.evaluate("() => localStorage.setItem('convergence.token', 'cvt_revoked')")
        page.reload()
        page.wait_for_selector(".banner:has-text('new guest')")
        studio.start()
        self.assert_sound(studio, allowed=["401"])

    def test_a_failed_picture_is_tried_again_alone(self):
        studio = self.studio()
        page = studio.open()
        studio.start()

        self.without_one(page)
        page.reload()
        page.wait_for_selector(".tile-failed")
        self.assertEqual(page.locator(".tile-ready").count(), 3)
        self.assert_accessible(studio)
        page.unroute("**/api/convergence/session/ses_*")
        with page.expect_request("**/api/convergence/retry") as retry:
            studio.choose("social")
        body = retry.value.post_data_json
        self.assertEqual((body["dimension"], body["optionId"]), ("direction", "social"))
        self.assertTrue(retry.value.headers["idempotency-key"])

    def test_without_depth_the_moves_are_described(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        for step, option in [
            ("direction", "artistic"), ("mood", "peaceful"), ("framing", "wide"),
            ("lighting", "blue_hour"),
        ]:
            studio.wait_for_pictures(step)
            studio.choose(option)
        studio.wait_for_moves()

        def without_depth(route):
            answer = route.fetch()
            body = answer.json()
            body["session"]["fallbackMode"] = True
            for path in body["session"]["cameraPaths"]:
                path["previewUrl"] = None
            route.fulfill(response=answer, json=body)

        page.route("**/api/convergence/session/active", without_depth)
        page.reload()
        page.wait_for_selector('[data-choice="push_in"] .tile-words:has-text("toward the subject")')
        self.assert_accessible(studio)
        studio.choose("push_in")
        page.wait_for_selector(".create-subject_motion .motion[aria-busy=false]")
        self.assert_sound(studio)

    def test_no_width_scrolls_sideways(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        for width in (320, 375, 768, 1024, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 760})
            self.assertFalse(studio.is_too_wide(), width)

    def test_the_client_is_what_the_document_says(self):
        subprocess.run(
            [sys.executable, ROOT / "scripts/web_types.py", self.services.url + "/openapi.json",
             ROOT / "Services/Gateway/Web/studio/src/api/schema.ts", "--check"], check=True)


class ShortageTests(StudioCase):
    environment = {"CREDITS_STARTER_GRANT": "6"}

    def test_too_few_credits_say_what_would_help(self):
        studio = self.studio()
        studio.open()
        studio.start()
        self.assertEqual(studio.balance(), 2)
        studio.choose("cinematic")
        self.see_shortage(studio)
        self.assert_sound(studio)

    def test_the_servers_refusal_says_the_same(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        # A page that believes it has more than the ledger does.
        page.route("**/api/events", lambda route: route.abort())
        page.route("**/api/credits", lambda route: route.fulfill(json={
            "balance": 50, "held": 0, "available": 50, "lowBalance": False}))
        page.reload()
        studio.wait_for_pictures("direction")
        page.wait_for_selector("[data-testid=credit-pill]:has-text('50')")
        studio.choose("cinematic")
        self.see_shortage(studio)

    def test_a_pack_is_bought_and_the_work_goes_on(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        studio.choose("cinematic")
        page.get_by_role("button", name="Buy Starter Pack").click()
        page.wait_for_url("**/checkout/*")
        page.get_by_role("button", name="Pay").click()
        page.wait_for_selector(".banner:has-text('The credits are yours')")
        studio.wait_for_pictures("direction")
        page.wait_for_selector("[data-testid=credit-pill]:has-text('302')")
        studio.choose("cinematic")
        studio.wait_for_pictures("mood")
        self.assertEqual(studio.balance(), 298)
        self.assert_sound(studio)

    def see_shortage(self, studio):
        dialog = studio.page.get_by_role("dialog", name="Not enough credits")
        dialog.wait_for()
        text = dialog.inner_text()
        for part in ["4 credits", "2 more", "Starter Pack", "300 credits", "$15.00"]:
            self.assertIn(part, text)
        self.assert_accessible(studio)
        dialog.get_by_role("button", name="Maybe later").click()
        studio.wait_for_pictures("direction")


if __name__ == "__main__":
    unittest.main()
