"""The bar that Create and Studio share: the model of the video, its shape, the cost."""
import unittest

from test_studio import StudioCase

# A second model with a provider, as where one is set up; here only the local one has.
SECOND = "wan-2.2"


class SharedBarTests(StudioCase):
    def with_second_model(self, studio):
        def models(route):
            answer = route.fetch()
            body = answer.json()
            for model in body["models"]:
                model["available"] |= model["id"] == SECOND
            route.fulfill(response=answer, json=body)

        def generations(route):
            body = route.request.post_data_json
            if "dryRun" not in route.request.url or body.get("model") != SECOND:
                return route.continue_()
            return route.fulfill(json={
                "dryRun": True, "operation": "video.final", "model": SECOND, "quantity": 1,
                "credits": 15, "available": 96, "balanceAfter": 81, "priceVersion": 1})

        studio.page.route("**/api/models", models)
        studio.page.route("**/api/generations*", generations)

    def bar(self, studio):
        return " ".join(studio.page.locator(".bar-cost").inner_text().split())

    def test_create_and_studio_share_the_model_and_the_shape(self):
        studio = self.studio()
        self.with_second_model(studio)
        page = studio.open()
        studio.balance()
        picker = page.get_by_label("Model of the final video")
        shape = page.get_by_label("Aspect ratio of the video")
        self.assertEqual(
            picker.locator("option:not([disabled])").all_inner_texts(),
            ["Local parallax · 5 cr", "Wan 2.2 · 15 cr"])
        # The others are named with what they would cost.
        self.assertIn("Sora 2 · 80 cr", picker.locator("option[disabled]").all_inner_texts())
        self.assertEqual(page.locator(".bar").bounding_box()["height"], 64)
        self.assertEqual(self.bar(studio), "0 of about 22 cr 100 bal")
        self.assert_accessible(studio)
        shape.select_option("1:1")
        self.assertTrue(page.get_by_role("radio", name="1:1").is_checked())
        picker.select_option(SECOND)
        page.get_by_role("link", name="Studio").click()
        self.assertTrue(page.get_by_role("radio", name="1:1").is_checked())
        self.assertEqual(picker.input_value(), SECOND)
        page.get_by_role("radio", name="4:3").check(force=True)
        self.assertEqual(shape.input_value(), "4:3")
        self.assert_accessible(studio)
        page.reload()
        page.wait_for_selector(".bar-model")
        self.assertEqual((picker.input_value(), shape.input_value()), (SECOND, "4:3"))
        self.assert_sound(studio)

    def test_the_model_that_is_picked_is_asked_for_with_its_cost(self):
        studio = self.studio()
        self.with_second_model(studio)
        page = studio.open()
        studio.start()
        # A session has the shape that it was begun with.
        self.assertEqual(page.locator(".bar-aspect").inner_text(), "16:9")
        self.assertEqual(self.bar(studio), "4 of about 22 cr 96 bal")
        page.get_by_role("link", name="Studio").click()
        page.fill("#studio-prompt", "A lighthouse in a storm")
        page.wait_for_selector(".bar-cost:has-text('Still 1 cr')")
        page.get_by_role("link", name="Generations").click()
        page.get_by_role("button", name="Cinematic").first.click()
        page.get_by_role("button", name="Edit in Studio").click()
        page.wait_for_selector(".bar-cost:has-text('Final video 5 cr')")
        self.assertEqual(self.bar(studio), "Final video 5 cr 96 bal")
        page.get_by_label("Model of the final video").select_option(SECOND)
        page.wait_for_selector(".bar-cost:has-text('15 cr')")
        page.wait_for_selector(".kind:has-text('by Wan 2.2'):has-text('15 credits')")
        self.assert_accessible(studio)
        with page.expect_request("**/api/generations") as asked:
            page.get_by_role("button", name="Make the final").click()
        self.assertEqual(asked.value.post_data_json["model"], SECOND)
        # The server has no provider for it, and says so.
        page.wait_for_selector(".banner-bad")
        page.get_by_role("button", name="Dismiss").click()
        page.get_by_label("Model of the final video").select_option("local-parallax")
        page.wait_for_selector(".kind:has-text('by Local parallax'):has-text('5 credits')")
        page.get_by_role("button", name="Make the final").click()
        page.wait_for_url("**/generations")
        page.get_by_role("button", name="Video:").wait_for()
        self.assertEqual(studio.balance(), 91)

    def test_a_balance_below_the_cost_is_seen_in_the_bar(self):
        studio = self.studio()
        page = studio.page
        page.route("**/api/events*", lambda route: route.abort())
        page.route("**/api/credits", lambda route: route.fulfill(json={
            "balance": 3, "held": 0, "available": 3, "lowBalance": False}))
        studio.open()
        low = page.locator(".bar-balance.low")
        low.wait_for()
        self.assertEqual(low.get_attribute("title"), "22 needed, 3 available")
        page.get_by_role("link", name="Studio").click()
        page.get_by_label("Prompt").fill("a fox on the ice")
        page.wait_for_selector(
            "button[title='4 credits needed, 3 credits available']:has-text('storyboard')")
        still = page.get_by_role("button", name="Make a still")
        self.assertIsNone(still.get_attribute("title"))


if __name__ == "__main__":
    unittest.main()
