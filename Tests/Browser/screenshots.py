"""Pictures of every view of the studio, in four widths and both themes, into ./screenshots."""
import sys

from running_set import ROOT, RunningSet
from studio import SOFTWARE_GRAPHICS, Browser, Studio

SIZES = [(375, 740), (768, 1024), (1280, 800), (1920, 1080)]
folder = ROOT / "screenshots"


def take(studio, name):
    for theme in ("dark", "light"):
        studio.page.emulate_media(color_scheme=theme)
        for width, height in SIZES:
            studio.page.set_viewport_size({"width": width, "height": height})
            studio.page.wait_for_timeout(350)
            studio.page.screenshot(path=folder / f"{name}-{width}-{theme}.png")
    studio.page.set_viewport_size({"width": 1280, "height": 800})


def main():
    folder.mkdir(exist_ok=True)
    services = RunningSet()
    browser = Browser(*SOFTWARE_GRAPHICS)
    try:
        studio = Studio(browser, services.url)
        page = studio.open()
        page.wait_for_selector(".estimate:has-text('credits')")
        studio.balance()
        take(studio, "1-intent")
        page.fill("#intent", sys.argv[1] if len(sys.argv) > 1 else
                  "A fox crossing a frozen lake at dawn")
        page.keyboard.press("Enter")
        page.wait_for_selector(".tile-ready")
        page.screenshot(path=folder / "2-arriving-1280-dark.png")
        for step, option in [
            ("direction", "cinematic"), ("mood", "dramatic"), ("framing", "wide"),
            ("lighting", "golden_hour"),
        ]:
            studio.wait_for_pictures(step)
            take(studio, f"3-{step}")
            studio.choose(option)
        studio.wait_for_moves()
        page.locator('[data-choice="push_in"]').focus()
        take(studio, "4-camera")
        studio.choose("push_in")
        page.wait_for_selector(".create-subject_motion .motion[aria-busy=false]")
        take(studio, "5-motion")
        page.fill("#motion", "turns its head slowly")
        page.get_by_role("button", name="Show the preview").click()
        page.wait_for_selector(".create-preview .preview[aria-busy=false]")
        page.wait_for_timeout(500)
        take(studio, "6-preview")
        page.get_by_role("button", name="Finish").click()
        page.wait_for_selector("[data-testid=final-prompt]")
        take(studio, "7-complete")
        page.get_by_test_id("credit-pill").click()
        take(studio, "8-credits")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Billing").click()
        page.wait_for_selector(".ledger-table")
        take(studio, "9-billing")
        page.get_by_role("button", name="Account:").click()
        page.wait_for_selector(".sign-in")
        take(studio, "10-account")
        page.goto(services.url)
        page.get_by_role("button", name="Edit in Studio").click()
        page.wait_for_selector(".kind:has-text('Final'):has-text('credits')")
        take(studio, "11-studio")
        page.get_by_role("button", name="Make the storyboard").click()
        page.wait_for_url("**/generations")
        page.wait_for_selector("[data-creation]")
        page.screenshot(path=folder / "12-making-1280-dark.png")
        page.wait_for_selector(".creation-board")
        take(studio, "12-generations")
        page.get_by_role("button", name="Storyboard:").click()
        take(studio, "13-viewer")
        page.keyboard.press("Escape")
        for index in (1, 2):
            page.locator("button[data-creation]").nth(index).focus()
            page.keyboard.press("c")
        page.wait_for_selector("dialog.compare")
        take(studio, "14-compare")
    finally:
        browser.close()
        services.stop()


if __name__ == "__main__":
    main()
