"""Switching tools: each is found again as it was left, and leaving asks only when it must."""
import unittest

from test_studio import StudioCase


class ToolTests(StudioCase):
    def go(self, studio, tool):
        studio.page.get_by_role("link", name=tool, exact=True).click()

    def scrolled(self, page, top=None):
        if top is not None:
            page.evaluate("(top) => document.getElementById('work').scrollTo({ top })", top)
            page.wait_for_timeout(100)
        return page.evaluate("() => Math.round(document.getElementById('work').scrollTop)")

    def test_each_tool_is_found_as_it_was_left(self):
        studio = self.studio(height=420)
        page = studio.open()
        studio.balance()
        # What was typed and not sent.
        page.fill("#intent", "A perfume bottle in a quiet room")
        page.get_by_role("radio", name="9:16").check(force=True)
        self.go(studio, "Studio")
        page.fill("#studio-prompt", "A lighthouse in a storm")
        self.assertGreater(self.scrolled(page, 120), 60)
        studio_top = self.scrolled(page)
        self.go(studio, "Billing")
        page.wait_for_selector(".ledger-table")
        form = page.locator("form", has_text="Budget")
        form.get_by_label("Credits").fill("12.5")
        page.locator(".ledger-filters select").select_option("grant,refund,merge")
        billing_top = self.scrolled(page, 300)
        self.go(studio, "Create")
        self.assertEqual(page.input_value("#intent"), "A perfume bottle in a quiet room")
        page.get_by_role("button", name="Show four directions").click()
        studio.wait_for_pictures("direction")
        self.go(studio, "Generations")
        page.wait_for_selector("[data-creation] >> nth=3")
        page.get_by_placeholder("Search prompts").fill("perfume")
        page.get_by_label("Step", exact=True).select_option("direction")
        page.wait_for_selector("button:has-text('Clear')")
        gallery_top = self.scrolled(page, 80)

        self.go(studio, "Studio")
        self.assertEqual(page.input_value("#studio-prompt"), "A lighthouse in a storm")
        self.assertTrue(page.get_by_role("radio", name="9:16").is_checked())
        self.assertEqual(self.scrolled(page), studio_top)
        self.go(studio, "Billing")
        self.assertEqual(form.get_by_label("Credits").input_value(), "12.5")
        self.assertEqual(page.locator(".ledger-filters select").input_value(),
                         "grant,refund,merge")
        self.assertEqual(self.scrolled(page), billing_top)
        self.go(studio, "Generations")
        self.assertEqual(page.get_by_placeholder("Search prompts").input_value(), "perfume")
        self.assertEqual(page.get_by_label("Step", exact=True).input_value(), "direction")
        self.assertEqual(self.scrolled(page), gallery_top)
        self.go(studio, "Create")
        studio.wait_for_pictures("direction")
        # The browser's own way back leads through the same tools.
        for address in ("generations", "billing", "studio"):
            page.go_back()
            page.wait_for_url(f"**/{address}")
        self.assertEqual(page.input_value("#studio-prompt"), "A lighthouse in a storm")
        self.assert_sound(studio)

    def test_only_leaving_during_the_work_asks(self):
        studio = self.studio()
        page = studio.open()
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        studio.start()
        # At rest nothing is asked.
        page.reload()
        studio.wait_for_pictures("direction")
        self.assertEqual(asked, [])
        with self.services.held("media"):
            studio.choose("cinematic")
            page.wait_for_selector(".create-mood .pictures[aria-busy=true]")
            # Whoever stays keeps the page as it is; the way out was refused.
            page.evaluate("() => setTimeout(() => location.assign('/docs'), 0)")
            page.wait_for_timeout(800)
            self.assertEqual(asked, ["beforeunload"])
            self.assertEqual(page.locator(".create-mood").count(), 1)
            # Other tools are no way out: the work goes on behind them, and the rail says so.
            self.go(studio, "Studio")
            page.wait_for_selector(".rail-dot", state="attached")
        page.wait_for_selector(".rail-dot", state="detached")
        self.go(studio, "Create")
        studio.wait_for_pictures("mood")
        self.assertEqual(asked, ["beforeunload"])
        self.assertEqual(studio.balance(), 92)
        self.assert_sound(studio)

    def test_the_rail_is_in_order(self):
        studio = self.studio()
        page = studio.open()
        studio.balance()
        tops = {
            name: page.get_by_role("link", name=name, exact=True).bounding_box()["y"]
            for name in ("Create", "Studio", "Generations", "Billing", "Home")}
        tops["pill"] = page.get_by_test_id("credit-pill").bounding_box()["y"]
        self.assertEqual(sorted(tops, key=tops.get), [
            "Create", "Studio", "Generations", "Billing", "pill", "Home"])
        self.assertEqual(page.locator(".bar").bounding_box()["height"], 64)
        for path in ("/pricing", "/billing"):
            page.goto(studio.url + path)
            page.wait_for_selector("h1:has-text('Billing')")

    def test_the_themes(self):
        studio = self.studio(color_scheme="light")
        page = studio.open()
        studio.balance()
        ground = lambda: page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        dark, light = "rgb(13, 14, 18)", "rgb(245, 245, 249)"
        self.assertEqual(ground(), light)
        page.emulate_media(color_scheme="dark")
        self.assertEqual(ground(), dark)
        colours = page.evaluate("""() => {
          const style = getComputedStyle(document.documentElement);
          return ["--panel", "--line", "--accent"].map((one) => style.getPropertyValue(one));
        }""")
        self.assertEqual([one.strip() for one in colours], ["#111318", "#1a1c22", "#6c5ce7"])
        # One's own choice is above the system's, and is kept.
        for wanted in (light, dark):
            page.get_by_role("button", name="Theme:").click()
            self.assertEqual(ground(), wanted)
        page.emulate_media(color_scheme="light")
        page.reload()
        page.wait_for_selector("#intent")
        self.assertEqual(ground(), dark)
        page.get_by_role("button", name="Theme: dark. Switch to system").click()
        self.assertEqual(ground(), light)
        self.assert_sound(studio)

    def test_nothing_moves_by_itself_where_less_motion_is_asked_for(self):
        studio = self.studio(reduced_motion="reduce")
        page = studio.open()
        moving = ("() => document.getAnimations()"
                  ".filter((one) => one.playState === 'running').length")
        page.fill("#intent", "A fox crossing a frozen lake at dawn")
        with self.services.held("media"):
            page.keyboard.press("Enter")
            page.wait_for_selector(".create-direction .skeleton")
            self.assertEqual(page.evaluate(moving), 0)
            # The same page shimmers for others.
            page.emulate_media(reduced_motion="no-preference")
            self.assertGreater(page.evaluate(moving), 0)
            page.emulate_media(reduced_motion="reduce")
        studio.wait_for_pictures("direction")
        self.assertEqual(page.evaluate(moving), 0)

    def test_the_names_of_the_tools_fit_the_rail(self):
        studio = self.studio()
        page = studio.open()
        studio.balance()
        outside = """() => [...document.querySelectorAll('.rail-tool')].filter((one) => {
          const range = document.createRange();
          range.selectNodeContents(one.querySelector('span'));
          const [text, box] = [range.getBoundingClientRect(), one.getBoundingClientRect()];
          return text.left < box.left - 0.5 || text.right > box.right + 0.5 ||
            text.bottom > box.bottom + 0.5;
        }).map((one) => one.textContent)"""
        self.assertEqual(page.locator(".rail").bounding_box()["width"], 56)
        # As they are, and with letters that are a third wider.
        for size in ("", "12.5px"):
            page.evaluate("(size) => document.querySelectorAll('.rail-tool').forEach("
                          "(one) => { one.style.fontSize = size; })", size)
            self.assertEqual(page.evaluate(outside), [], size)


if __name__ == "__main__":
    unittest.main()
