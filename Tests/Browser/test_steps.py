"""Each step left, reloaded, cut off and gone back to: nothing is lost, nothing is paid twice."""
import unittest

from line import Line
from studio import SOFTWARE_GRAPHICS, Studio
from test_studio import StudioCase

INTENT = "A fox crossing a frozen lake at dawn"
CHOICES = [("direction", "social"), ("mood", "peaceful"), ("framing", "medium"),
           ("lighting", "golden_hour")]


class ReloadTests(StudioCase):
    browser_arguments = SOFTWARE_GRAPHICS

    def test_each_step_survives_a_reload(self):
        studio = self.studio()
        page = studio.open()
        studio.balance()
        page.fill("#intent", INTENT)
        page.reload()
        self.assertEqual(page.input_value("#intent"), INTENT)
        studio.start()
        for step, option in CHOICES:
            studio.wait_for_pictures(step)
            before = self.pictures(page)
            page.reload()
            studio.wait_for_pictures(step)
            self.assertEqual(self.pictures(page), before, step)
            self.assertEqual(page.locator("dialog").count(), 0, step)
            studio.choose(option)
        studio.wait_for_moves()
        count = page.locator("[data-choice]").count()
        page.reload()
        studio.wait_for_moves()
        self.assertEqual(page.locator("[data-choice]").count(), count)
        studio.choose("push_in")
        page.wait_for_selector(".create-subject_motion .motion[aria-busy=false]")
        page.reload()
        page.wait_for_selector(".create-subject_motion .motion[aria-busy=false]")
        page.fill("#motion", "turns its head slowly")
        page.get_by_role("button", name="Show the preview").click()
        page.wait_for_selector(".create-preview .preview[aria-busy=false]")
        page.reload()
        page.wait_for_selector(".create-preview .preview[aria-busy=false]")
        self.assertEqual(studio.balance(), 78)
        page.get_by_role("button", name="Finish").click()
        prompt = page.get_by_test_id("final-prompt").inner_text()
        total = page.locator(".total").inner_text()
        page.reload()
        self.assertEqual(page.get_by_test_id("final-prompt").inner_text(), prompt)
        self.assertEqual(page.locator(".total").inner_text(), total)
        self.assertEqual(studio.balance(), 78)
        self.see_the_hand_over(studio, prompt)

    def pictures(self, page):
        return page.locator(".tile-picture img").evaluate_all("(all) => all.map((one) => one.alt)")

    def see_the_hand_over(self, studio, prompt):
        """The prompt is copied, the choices are shown, the total is what the ledger says."""
        page = studio.page
        studio.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy").click()
        page.wait_for_selector(".prompt [role=status]:has-text('Copied')", state="attached")
        self.assertEqual(page.evaluate("() => navigator.clipboard.readText()"), prompt)
        chips = page.locator(".choices").inner_text()
        for label in ("Social Media", "Peaceful", "Medium Shot", "Golden Hour", "Push",
                      "turns its head slowly"):
            self.assertIn(label, chips)
        page.wait_for_function("() => document.querySelector('.preview video').readyState >= 2")
        self.assertEqual(page.locator(".models .model").all_inner_texts(),
                         ["Local parallax\n5 credits"])
        page.locator(".others summary").click()
        self.assertIn("Sora 2 80 credits", " ".join(page.locator(".others").inner_text().split()))
        self.assertIn("22 credits", page.locator(".total").inner_text())
        page.get_by_role("link", name="Billing").click()
        page.locator(".ledger-table .link").first.click()
        statement = page.get_by_role("dialog", name="Statement of a session")
        statement.locator("tfoot").wait_for()
        self.assertEqual(statement.locator("tfoot td").last.inner_text(), "22")
        self.assert_sound(studio)


class InterruptionTests(StudioCase):
    def test_a_cut_during_the_work_is_mended_by_itself(self):
        line = Line(self.services.url)
        self.addCleanup(line.close)
        studio = Studio(self.browser, line.url)
        self.addCleanup(studio.close)
        page = studio.open()
        studio.start()
        with self.services.held("media"):
            studio.choose("cinematic")
            page.wait_for_selector(".create-mood .pictures[aria-busy=true]")
            page.wait_for_selector("[data-testid=credit-pill]:has-text('pending')")
            line.cut()
            page.wait_for_selector(".banner:has-text('You are offline')")
            self.assert_accessible(studio)
        # The pictures are made meanwhile, and nobody here is told.
        page.wait_for_timeout(5000)
        self.assertEqual(page.locator(".create-mood .tile-ready").count(), 0)
        line.mend()
        studio.wait_for_pictures("mood")
        page.wait_for_selector(".banner-bad", state="detached")
        self.assertEqual(studio.balance(), 92)
        self.assert_sound(studio, allowed=["ERR_"])

    def test_of_two_tabs_one_begins_and_the_other_is_asked(self):
        studio = self.studio()
        first = studio.open()
        studio.balance()
        second = studio.open_page()
        second.goto(studio.url)
        second.wait_for_selector("#intent")
        # Both stand at the beginning; the second learns of it by an event.
        studio.start()
        dialog = second.get_by_role("dialog", name="You have an unfinished session")
        dialog.wait_for()
        self.assertIn(INTENT, dialog.inner_text())
        dialog.get_by_role("button", name="Resume").click()
        studio.wait_for_pictures("direction", second)
        balances = []
        for page in (first, second):
            studio.page = page
            balances.append(studio.balance())
        self.assertEqual(balances, [96, 96])
        self.assert_sound(studio)

    def test_a_second_beginning_is_refused_and_asked_about(self):
        studio = self.studio()
        first = studio.open()
        studio.balance()
        second = studio.open_page()
        # It hears of nothing, and is told by the refusal.
        second.route("**/api/events*", lambda route: route.abort())
        second.goto(studio.url)
        second.wait_for_selector(".estimate:has-text('22 credits')")
        studio.start()
        second.fill("#intent", "A red car on a desert road")
        second.keyboard.press("Enter")
        dialog = second.get_by_role("dialog", name="You have an unfinished session")
        dialog.wait_for()
        self.assertIn(INTENT, dialog.inner_text())
        second.unroute("**/api/events*")
        dialog.get_by_role("button", name="Start fresh").click()
        second.wait_for_selector("#intent")
        # What was typed is still there; the first tab has nothing left to show.
        self.assertEqual(second.input_value("#intent"), "A red car on a desert road")
        first.wait_for_selector("#intent")
        second.keyboard.press("Escape")
        second.get_by_role("button", name="Show four directions").click()
        studio.wait_for_pictures("direction", second)
        studio.page = second
        self.assertEqual(studio.balance(), 92)
        self.assert_sound(studio, allowed=["409", "ERR_FAILED"])

    def test_an_expired_session_offers_a_new_one(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        page.route("**/api/convergence/select", lambda route: route.fulfill(
            status=410, content_type="application/problem+json", json={
                "type": "about:blank", "title": "Gone", "status": 410,
                "detail": "The session has expired.", "code": "SESSION_EXPIRED",
                "retryable": False}))
        studio.choose("cinematic")
        dialog = page.get_by_role("dialog", name="This session has ended")
        dialog.wait_for()
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            self.assert_accessible(studio)
        # There is no way around it.
        page.keyboard.press("Escape")
        self.assertEqual(dialog.count(), 1)
        dialog.get_by_role("button", name="Begin anew").click()
        page.wait_for_selector("#intent")
        self.assertEqual(studio.balance(), 96)

    def test_escape_stops_what_is_being_made(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        with self.services.held("media"):
            studio.choose("cinematic")
            page.wait_for_selector(".create-mood .pictures[aria-busy=true]")
            page.wait_for_selector("[data-testid=credit-pill]:has-text('pending')")
            page.keyboard.press("Escape")
            page.wait_for_selector(".step-actions:has-text('Stopping')")
        page.wait_for_selector(".banner:has-text('Stopped. Nothing was charged')")
        studio.wait_for_pictures("direction")
        self.assertEqual(studio.balance(), 96)
        self.assert_sound(studio)


class VariationTests(StudioCase):
    def test_four_new_ones_three_times_and_another_intent(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        sources = lambda: page.locator(".tile-picture img").evaluate_all(
            "(all) => all.map((one) => one.src.split('?')[0])")
        seen = set(sources())
        for left in (2, 1, 0):
            button = page.get_by_role("button", name="Make four new ones")
            self.assertIn(f"{left + 1} left · 4 credits", button.inner_text())
            button.click()
            page.wait_for_selector(
                f".pictures[aria-busy=false] .step-head:has-text('{left} left')")
            studio.wait_for_pictures("direction")
            self.assertFalse(seen & set(sources()))
            seen |= set(sources())
        self.assertTrue(page.get_by_role("button", name="Make four new ones").is_disabled())
        page.keyboard.press("r")
        page.wait_for_timeout(300)
        self.assertEqual(studio.balance(), 84)
        # At the directions the intent may be changed; the four are made of the new one.
        page.get_by_role("button", name="Edit", exact=True).click()
        page.fill("#edit-intent", "A red car on a desert road")
        page.keyboard.press("Enter")
        page.wait_for_selector(".intent-line:has-text('A red car')")
        studio.wait_for_pictures("direction")
        names = page.locator(".tile-picture img").evaluate_all("(all) => all.map((one) => one.alt)")
        self.assertTrue(all("red car" in name for name in names), names)
        self.assertEqual(studio.balance(), 80)
        self.assert_sound(studio)

    def test_another_choice_is_charged_and_the_same_is_not(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        sources = lambda: page.locator(".tile-picture img").evaluate_all(
            "(all) => all.map((one) => one.src.split('?')[0])")
        seen = {}
        for option, balance in [("cinematic", 92), ("artistic", 88), ("cinematic", 88)]:
            studio.choose(option)
            studio.wait_for_pictures("mood")
            self.assertEqual(studio.balance(), balance)
            # The same way leads to the same pictures, another one to others.
            self.assertEqual(seen.setdefault(option, sources()), sources())
            page.keyboard.press("Escape")
            studio.wait_for_pictures("direction")
            self.assertIn("chosen before", page.locator(
                f'[data-choice="{option}"]').inner_text())
        self.assertFalse(set(seen["cinematic"]) & set(seen["artistic"]))
        self.assert_sound(studio)

    def test_the_costs_are_the_servers(self):
        studio = self.studio()
        page = studio.page
        self.dearer(page, 3)
        studio.open()
        page.wait_for_selector(".estimate:has-text('66 credits')")
        self.assertIn("12 credits", page.get_by_role(
            "button", name="Show four directions").inner_text())
        self.assertIn("66 cr", page.locator(".bar-cost").inner_text())

    def test_the_grids_have_the_columns_of_the_screen(self):
        studio = self.studio()
        page = studio.open()
        studio.go_to_moves()
        columns = lambda: page.evaluate(
            "() => new Set([...document.querySelectorAll('.grid [data-choice]')].map("
            "(one) => Math.round(one.getBoundingClientRect().left))).size")
        found = []
        for width in (375, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            found.append(columns())
        page.get_by_role("button", name="Back", exact=True).click()
        studio.wait_for_pictures("lighting")
        for width in (375, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            found.append(columns())
        self.assertEqual(found[0], 2)
        self.assertIn(found[1], (3, 4))
        self.assertEqual(found[2:], [2, 4])


if __name__ == "__main__":
    unittest.main()
