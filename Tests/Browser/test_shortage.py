"""Not enough credits: one dialog says so, at every step that costs something."""
import unittest

from test_studio import StudioCase

INTENT = "A fox crossing a frozen lake at dawn"


class PayingStepTests(StudioCase):
    def refuse(self, studio, path):
        """Answers the next call as the gateway does when credits are short."""
        studio.page.route(f"**{path}", lambda route: route.fulfill(
            status=402, content_type="application/problem+json", json={
                "type": "about:blank", "title": "Payment Required", "status": 402,
                "detail": "Not enough credits.", "code": "INSUFFICIENT_CREDITS",
                "retryable": False, "details": {
                    "required": 4, "available": 1.5, "shortBy": 2.5, "operation": "any",
                    "suggestion": {"quantity": 1, "pack": {
                        "id": "starter", "label": "Starter Pack", "credits": 300,
                        "usdCents": 1500, "isMonthly": False, "isHighlighted": False}}}}))

    def see_shortage(self, studio, path, words):
        dialog = studio.page.get_by_role("dialog", name="Not enough credits")
        dialog.wait_for()
        self.assertEqual(studio.page.locator("dialog").count(), 1)
        text = " ".join(dialog.inner_text().split())
        for part in (words, "4 credits", "you have 1.5", "2.5 more", "Starter Pack", "$15.00"):
            self.assertIn(part, text, path)
        dialog.get_by_role("button", name="Maybe later").click()
        dialog.wait_for(state="detached")
        self.assertEqual(studio.page.locator(".banner-bad").count(), 0)
        studio.page.unroute(f"**{path}")

    def assert_nothing_else(self, studio):
        self.assert_sound(studio, allowed=["402"])

    def test_the_steps_of_the_flow(self):
        studio = self.studio()
        page = studio.open()
        page.wait_for_selector(".estimate:has-text('22 credits')")
        with self.subTest("the beginning"):
            self.refuse(studio, "/api/convergence/start")
            page.fill("#intent", INTENT)
            page.keyboard.press("Enter")
            self.see_shortage(studio, "/api/convergence/start", "four directions")
            # What was typed is still there.
            self.assertEqual(page.locator("#intent").input_value(), INTENT)
        studio.start()
        with self.subTest("another intent"):
            self.refuse(studio, "/api/convergence/intent")
            page.get_by_role("button", name="Edit", exact=True).click()
            page.fill("#edit-intent", "A wolf crossing a frozen lake at dawn")
            page.get_by_role("button", name="Show them").click()
            self.see_shortage(studio, "/api/convergence/intent", "four directions")
            studio.wait_for_pictures("direction")
            self.assertEqual(page.locator("#edit-intent").input_value(),
                             "A wolf crossing a frozen lake at dawn")
            page.get_by_role("button", name="Leave it").click()
        for step, option in [
            ("direction", "social"), ("mood", "peaceful"), ("framing", "medium"),
        ]:
            with self.subTest(f"four new ones: {step}"):
                self.refuse(studio, "/api/convergence/regenerate")
                page.get_by_role("button", name="Make four new ones").click()
                self.see_shortage(studio, "/api/convergence/regenerate", "four new pictures")
                studio.wait_for_pictures(step)
            with self.subTest(f"the pictures after {step}"):
                self.refuse(studio, "/api/convergence/select")
                studio.choose(option)
                self.see_shortage(studio, "/api/convergence/select", "the next four pictures")
                studio.wait_for_pictures(step)
            studio.choose(option)
        studio.wait_for_pictures("lighting")
        with self.subTest("the camera moves"):
            self.refuse(studio, "/api/convergence/camera-motion")
            studio.choose("golden_hour")
            self.see_shortage(studio, "/api/convergence/camera-motion", "the camera moves")
            page.get_by_role("button", name="Show the camera moves").click()
            studio.wait_for_moves()
        studio.choose("push_in")
        page.wait_for_selector(".create-subject_motion .motion[aria-busy=false]")
        with self.subTest("the motion preview"):
            self.refuse(studio, "/api/convergence/subject-motion")
            page.fill("#motion", "turns its head slowly")
            page.get_by_role("button", name="Show the preview").click()
            self.see_shortage(studio, "/api/convergence/subject-motion", "the motion preview")
            self.assertEqual(page.locator("#motion").input_value(), "turns its head slowly")
        page.get_by_role("button", name="Skip").click()
        page.wait_for_selector(".create-preview .preview[aria-busy=false]")
        page.get_by_role("button", name="Finish").click()
        page.wait_for_selector("[data-testid=final-prompt]")
        with self.subTest("the final video"):
            self.refuse(studio, "/api/generations")
            page.get_by_role("button", name="Generate now").click()
            self.see_shortage(studio, "/api/generations", "the final video")
        self.assertEqual(studio.balance(), 83)
        self.assert_nothing_else(studio)

    def test_one_picture_that_is_tried_again(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        self.without_one(page)
        page.reload()
        page.wait_for_selector(".tile-failed")
        self.refuse(studio, "/api/convergence/retry")
        studio.choose("social")
        self.see_shortage(studio, "/api/convergence/retry", "this picture")
        # It can be tried again, and the others are still there.
        self.assertEqual(page.locator(".tile-ready").count(), 3)
        self.assertEqual(page.locator("button.tile-failed").count(), 1)
        self.assertEqual(studio.balance(), 96)

    def at_the_table(self):
        """A picture of the flow, taken over into the Studio tool."""
        studio = self.studio()
        page = studio.open()
        studio.start()
        page.get_by_role("link", name="Generations").click()
        page.get_by_role("button", name="Cinematic").first.click()
        page.get_by_role("button", name="Edit in Studio").click()
        return studio

    def test_each_kind_of_the_studio_tool(self):
        studio = self.at_the_table()
        page = studio.page
        for button, words in [
            ("Make a still", "the still"), ("Make the storyboard", "the storyboard"),
            ("Make the draft", "the draft video"), ("Make the final", "the final video"),
        ]:
            with self.subTest(words):
                self.refuse(studio, "/api/generations")
                page.get_by_role("button", name=button).click()
                self.see_shortage(studio, "/api/generations", words)
                self.assertTrue(page.url.endswith("/studio"), page.url)
        # Nothing is left at work, and nothing was charged.
        page.get_by_role("link", name="Generations").click()
        page.wait_for_selector("[data-creation] >> nth=3")
        self.assertEqual(page.locator("[data-creation]").count(), 4)
        self.assertEqual(studio.balance(), 96)
        self.assert_nothing_else(studio)

    def test_a_generation_that_is_tried_again(self):
        studio = self.at_the_table()
        page = studio.page
        with self.services.held("render"):
            page.get_by_role("button", name="Make the draft").click()
            page.wait_for_selector(".creation-running")
            page.get_by_role("button", name="Cancel").click()
            page.wait_for_selector(".creation-cancelled")
        self.refuse(studio, "/api/generations")
        page.get_by_role("button", name="Try again").click()
        self.see_shortage(studio, "/api/generations", "the draft video")
        self.assertEqual(page.locator(".creation-cancelled").count(), 1)
        self.assertEqual(studio.balance(), 96)

    def test_a_refusal_that_comes_as_an_event(self):
        """The hold of an operation may be refused after it was accepted."""
        studio = self.studio()
        page = studio.open()
        studio.start()

        def failed(route):
            answer = route.fetch()
            body = answer.json()
            body.update(state="failed", error={
                "code": "INSUFFICIENT_CREDITS", "detail": "Not enough credits.",
                "retryable": False, "details": {
                    "required": 4, "available": 1.5, "shortBy": 2.5, "operation": "any"}})
            route.fulfill(response=answer, json=body)

        page.route("**/api/operations/op_*", failed)
        studio.choose("cinematic")
        self.see_shortage(studio, "/api/operations/op_*", "the next four pictures")


class LargeShortageTests(StudioCase):
    def test_more_than_the_largest_pack_is_bought_several_times(self):
        studio = self.studio()
        page = studio.page
        self.dearer(page, 2000)
        studio.open()
        page.wait_for_selector(".estimate:has-text('44,000')")
        page.fill("#intent", INTENT)
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Not enough credits")
        dialog.get_by_role("button", name="Buy 3 × Studio").wait_for()
        self.assertIn("9,000 credits", dialog.inner_text())
        with page.expect_request("**/api/credits/checkout") as asked:
            dialog.get_by_role("button", name="Buy 3 × Studio").click()
        body = asked.value.post_data_json
        self.assertEqual((body["pack"], body["quantity"]), ("studio", 3))
        page.wait_for_url("**/checkout/*")
        self.assertIn("$360.00", page.locator("body").inner_text())


class ServersWordTests(StudioCase):
    """The ledger itself refuses; the page believed that there was more."""
    environment = {"CREDITS_STARTER_GRANT": "5"}

    def see(self, studio, words, required, short):
        dialog = studio.page.get_by_role("dialog", name="Not enough credits")
        dialog.wait_for()
        text = " ".join(dialog.inner_text().split())
        for part in (words, f"{required} credits", f"{short} more", "Starter Pack"):
            self.assertIn(part, text)
        dialog.get_by_role("button", name="Maybe later").click()
        dialog.wait_for(state="detached")

    def test_a_step_of_the_flow_and_each_kind_by_hand(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        page.route("**/api/events*", lambda route: route.abort())
        page.route("**/api/credits", lambda route: route.fulfill(json={
            "balance": 50, "held": 0, "available": 50, "lowBalance": False}))
        page.reload()
        page.wait_for_selector("[data-testid=credit-pill]:has-text('50')")
        studio.wait_for_pictures("direction")
        studio.choose("cinematic")
        self.see(studio, "the next four pictures", 4, 3)
        page.get_by_role("button", name="Make four new ones").click()
        self.see(studio, "four new pictures", 4, 3)
        page.get_by_role("link", name="Generations").click()
        page.get_by_role("button", name="Cinematic").first.click()
        page.get_by_role("button", name="Edit in Studio").click()
        for button, words, required, short in [
            ("Make the storyboard", "the storyboard", 4, 3),
            ("Make the draft", "the draft video", 5, 4),
            ("Make the final", "the final video", 5, 4),
        ]:
            page.get_by_role("button", name=button).click()
            self.see(studio, words, required, short)
        self.assert_sound(studio, allowed=["402", "ERR_FAILED"])


if __name__ == "__main__":
    unittest.main()
