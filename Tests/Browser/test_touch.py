"""Every view under a finger: targets of 44 px, nothing that scrolls sideways, nothing hidden."""
import unittest

from test_studio import StudioCase

TARGET = 44
# What can be tapped, and how large it is; a box or a dot is as large as the label around it.
SMALL = """(least) => {
  const all = document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [role=checkbox], [tabindex="0"]');
  const top = document.querySelector('dialog[open]');
  return [...all].filter((one) => {
    if (one.matches('.skip-link, [role=region]') || (top && !top.contains(one))) return false;
    return one.checkVisibility({ visibilityProperty: true });
  }).map((one) => {
    const box = /^(radio|checkbox)$/.test(one.type) ? one.closest('label') ?? one : one;
    return [box, box.getBoundingClientRect()];
  }).filter(([, box]) =>
    box.width > 0 && (box.width < least - 0.5 || box.height < least - 0.5)
  ).map(([one, box]) =>
    `${one.outerHTML.slice(0, 90)}: ${Math.round(box.width)} x ${Math.round(box.height)}`);
}"""


class TouchTests(StudioCase):
    def phone(self):
        return self.studio(width=375, height=740, has_touch=True, is_mobile=True)

    def see(self, studio, view):
        page = studio.page
        for width in (320, 375):
            page.set_viewport_size({"width": width, "height": 740})
            with self.subTest(f"{view} at {width}"):
                self.assertFalse(studio.is_too_wide())
                self.assertEqual(page.evaluate(SMALL, TARGET), [])
        with self.subTest(f"{view}, read"):
            for scheme in ("dark", "light"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self.assertEqual(studio.accessibility_faults(), [], scheme)

    def go(self, studio, tool):
        studio.page.get_by_role("link", name=tool, exact=True).tap()

    def test_the_tools_and_their_dialogs(self):
        studio = self.phone()
        page = studio.open()
        studio.balance()
        page.wait_for_selector(".bar-model")
        self.see(studio, "intent")
        page.get_by_role("button", name="Account:").tap()
        page.wait_for_selector(".sign-in")
        self.see(studio, "account: sign up")
        page.get_by_role("group", name="Account").get_by_role("button", name="Log in").tap()
        self.see(studio, "account: log in")
        page.get_by_role("button", name="Close").tap()
        page.get_by_test_id("credit-pill").tap()
        self.see(studio, "credits")
        page.get_by_role("button", name="Packs, limits and ledger").tap()
        page.wait_for_selector(".ledger-table")
        page.wait_for_selector(".offers .button")
        self.see(studio, "billing")
        self.go(studio, "Generations")
        page.wait_for_selector(".gallery-empty")
        self.see(studio, "generations, empty")
        self.go(studio, "Studio")
        page.wait_for_selector(".kind:has-text('4 credits')")
        self.see(studio, "studio, empty")
        self.assert_sound(studio)

    def test_the_gallery_and_what_is_taken_over(self):
        studio = self.phone()
        page = studio.open()
        studio.start()
        page.wait_for_selector(".tile-ready")
        self.see(studio, "direction")
        self.go(studio, "Generations")
        page.wait_for_selector("[data-creation] >> nth=3")
        self.see(studio, "generations")
        page.get_by_role("checkbox").first.tap()
        page.get_by_role("checkbox").nth(1).tap()
        self.see(studio, "generations, two selected")
        page.get_by_role("button", name="Compare").tap()
        page.wait_for_selector("dialog.compare")
        self.see(studio, "compare")
        page.get_by_role("button", name="Close").tap()
        page.get_by_role("button", name="Star Cinematic").tap()
        page.wait_for_selector(".creation-starred")
        page.get_by_role("button", name="Picture: ").first.tap()
        page.wait_for_selector("dialog.viewer")
        self.see(studio, "viewer")
        page.get_by_role("button", name="Edit in Studio").tap()
        page.wait_for_selector(".bar-cost:has-text('5 cr')")
        self.see(studio, "studio, with a picture")
        page.fill("#studio-prompt", "The fox runs over the ice")
        page.get_by_role("button", name="Make the draft").tap()
        page.wait_for_url("**/generations")
        page.get_by_role("button", name="Video:").first.wait_for()
        self.assertEqual(studio.balance(), 91)
        self.go(studio, "Create")
        page.wait_for_selector(".create-direction")
        # Another tab of the same person.
        other = studio.page = studio.open_page()
        other.goto(studio.url)
        other.wait_for_selector("dialog:has-text('unfinished session')")
        self.see(studio, "resume")
        self.assert_sound(studio)


if __name__ == "__main__":
    unittest.main()
