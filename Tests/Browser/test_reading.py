"""Every step read by eye, keyboard and screen reader."""
import unittest

from test_studio import StudioCase

WIDTHS = (320, 375, 768, 1280, 1920)
# What shows that an element has the focus: an outline of its own, or its field's.
UNSEEN = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one);
  if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return null;
  const field = one.closest(".intent-field, .ratio, .model, .studio-field");
  if (field && (getComputedStyle(field).boxShadow !== "none" ||
      getComputedStyle(field).outlineStyle !== "none")) return null;
  return one.outerHTML.slice(0, 160);
}"""


class ReadingTests(StudioCase):
    def see(self, studio, step):
        """The step at every width, in both themes."""
        page = studio.page
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            self.assertFalse(studio.is_too_wide(), f"{step} at {width}")
        for width, scheme in [(320, "dark"), (1280, "light"), (1280, "dark")]:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.assertEqual(studio.accessibility_faults(), [], f"{step}, {width}, {scheme}")

    def spoken(self, studio):
        return studio.page.locator(".create > [role=status]").inner_text()

    def test_every_step_is_read_at_every_width_in_both_themes(self):
        studio = self.studio()
        page = studio.open()
        page.wait_for_selector(".estimate:has-text('22 credits')")
        self.see(studio, "intent")
        page.fill("#intent", "A fox crossing a frozen lake at dawn")
        page.keyboard.press("Enter")
        page.wait_for_selector(".create > [role=status]:has-text('of 4 pictures are ready')",
                               state="attached")
        for step, option in [
            ("direction", "social"), ("mood", "peaceful"), ("framing", "medium"),
            ("lighting", "golden_hour"),
        ]:
            studio.wait_for_pictures(step)
            self.assertIn("choose one of four pictures", self.spoken(studio))
            names = page.locator(".tile-picture img").evaluate_all(
                "(all) => all.map((one) => one.alt)")
            self.assertEqual(len(set(names)), 4)
            self.assertTrue(all("fox" in name for name in names), names)
            if step in ("direction", "lighting"):
                self.see(studio, step)
            # The costs that are shown are the server's.
            self.assertIn("cost", page.locator(".grid-foot").inner_text())
            studio.choose(option)
        studio.wait_for_moves()
        self.see(studio, "camera")
        studio.choose("push_in")
        page.wait_for_selector(".create-subject_motion .motion[aria-busy=false]")
        self.see(studio, "motion")
        page.get_by_role("button", name="Skip").click()
        page.wait_for_selector(".create-preview .preview[aria-busy=false]")
        self.see(studio, "preview")
        page.get_by_role("button", name="Finish").click()
        page.wait_for_selector("[data-testid=final-prompt]")
        self.see(studio, "complete")
        self.assert_sound(studio)

    def test_the_focus_is_seen_wherever_it_is(self):
        studio = self.studio()
        page = studio.open()
        studio.balance()
        unseen = self.walk(page, 22)
        studio.start()
        unseen += self.walk(page, 24)
        page.get_by_role("link", name="Billing").click()
        page.wait_for_selector(".ledger-table")
        unseen += self.walk(page, 40)
        page.get_by_role("button", name="Account:").click()
        page.wait_for_selector(".sign-in")
        unseen += self.walk(page, 10)
        self.assertEqual(sorted(set(unseen)), [])

    def walk(self, page, count):
        found = []
        for _ in range(count):
            page.keyboard.press("Tab")
            fault = page.evaluate(UNSEEN)
            if fault:
                found.append(fault)
        return found


if __name__ == "__main__":
    unittest.main()
