"""Credits as people see them: bought, limited, accounted for, and never guessed."""
import csv
import io
import json
import pathlib
import unittest
from decimal import Decimal

from stripe_fake import StripeFake
from test_studio import StudioCase


class BillingCase(StudioCase):
    def billing(self, path="/billing", **options):
        studio = self.studio(**options)
        page = studio.open(path)
        page.wait_for_selector(".ledger-table, .ledger:has-text('Nothing here')")
        page.wait_for_selector(".offers .button")
        return studio

    def cancel_plan(self, studio, label, balance):
        page = studio.page
        page.get_by_role("button", name="Cancel the plan").click()
        dialog = page.get_by_role("dialog", name=f"Cancel {label}?")
        self.assert_accessible(studio)
        # What is harmless has the focus.
        self.assertEqual(page.evaluate("() => document.activeElement.innerText"), "Keep it")
        page.keyboard.press("Enter")
        dialog.wait_for(state="detached")
        asked = [one for one in studio.requests if one.url.endswith("/subscription/cancel")]
        self.assertEqual(asked, [])
        page.get_by_role("button", name="Cancel the plan").click()
        dialog.get_by_role("button", name="Cancel the plan").click()
        page.wait_for_selector(f".banner:has-text('{label} is cancelled')")
        page.wait_for_selector(".offer-note:has-text('no further month is taken')")
        self.assertEqual(page.get_by_role("button", name="Cancel the plan").count(), 0)
        self.assert_accessible(studio)
        # The credits stay, and a reload knows it too.
        page.reload()
        page.wait_for_selector(".offer-note:has-text('no further month is taken')")
        page.wait_for_selector(f"[data-testid=credit-pill]:has-text('{balance:,}')")


class BillingTests(BillingCase):
    def test_both_addresses_show_it_at_every_width(self):
        studio = self.billing("/pricing")
        page = studio.page
        text = page.locator(".shop").inner_text()
        for part in ["Starter Pack", "$15.00", "3,000", "Creator", "$59.00", "Sandbox"]:
            self.assertIn(part, text)
        self.assertIn("+100", page.locator(".ledger-table").inner_text())
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(400)
            self.assert_accessible(studio)
        for width in (320, 375, 768, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            self.assertFalse(studio.is_too_wide(), width)
        page.goto(studio.url + "/billing")
        page.wait_for_selector(".offers .button")
        self.assert_sound(studio)

    def test_the_ledger_pages_filters_exports_and_explains(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        studio.choose("cinematic")
        studio.wait_for_pictures("mood")
        self.assertEqual(studio.balance(), 92)
        # Three rows a page, so that there are several.
        page.route("**/api/credits/history?*", lambda route: route.continue_(
            url=route.request.url.replace("limit=25", "limit=3")))
        page.get_by_role("link", name="Billing").click()
        page.wait_for_selector(".ledger-table")
        page.locator(".ledger-filters select").select_option("")
        self.read_to_the_end(page)
        rows = self.rows(page)
        self.assertEqual(len(rows), 5)
        self.assertEqual([row[-1] for row in rows], ["92", "96", "96", "100", "100"])
        self.assertEqual([row[2] for row in rows][::2], ["−4", "−4", "+100"])

        with page.expect_download() as export:
            page.get_by_role("button", name="CSV").click()
        entries = list(csv.DictReader(io.StringIO(self.text(export))))
        self.assertEqual(sum(Decimal(entry["amount"]) for entry in entries), Decimal(92))
        page.locator(".ledger-filters select").select_option("capture")
        page.wait_for_selector(".ledger-table tbody tr:nth-child(2)")
        self.read_to_the_end(page)
        self.assertEqual([row[2] for row in self.rows(page)], ["−4", "−4"])
        with page.expect_download() as export:
            page.get_by_role("button", name="JSON").click()
        kinds = {one["kind"] for one in json.loads(self.text(export))["entries"]}
        self.assertEqual(kinds, {"capture"})

        page.locator(".ledger-table .link").first.click()
        dialog = page.get_by_role("dialog", name="Statement of a session")
        dialog.locator("tfoot").wait_for()
        self.assertIn("Preview image", dialog.inner_text())
        self.assertEqual(dialog.locator("tfoot td").last.inner_text(), "8")
        self.assert_accessible(studio)
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        self.assert_sound(studio)

    def text(self, export):
        return pathlib.Path(export.value.path()).read_text(encoding="utf-8")

    def rows(self, page):
        return page.evaluate(
            "() => [...document.querySelectorAll('.ledger-table tbody tr')].map((row) =>"
            " [...row.children].map((cell) => cell.innerText.trim()))")

    def read_to_the_end(self, page):
        page.wait_for_timeout(500)
        while page.get_by_role("button", name="Older").count():
            before = len(self.rows(page))
            page.get_by_role("button", name="Older").click()
            page.wait_for_function(
                "(n) => document.querySelectorAll('.ledger-table tbody tr').length > n"
                " || !document.querySelector('.ledger-more')", arg=before)

    def test_a_pack_and_a_plan_are_bought_in_the_sandbox(self):
        studio = self.billing()
        page = studio.page
        page.get_by_role("button", name="Buy Starter Pack for $15.00").click()
        page.wait_for_url("**/checkout/*")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("link", name="Back to the studio").click() \
            if "/checkout/" in page.url else None
        page.wait_for_selector(".banner:has-text('Nothing was bought')")
        self.assertEqual(studio.balance(), 100)
        page.get_by_role("button", name="Buy Booster for $28.00").click()
        page.wait_for_url("**/checkout/*")
        page.get_by_role("button", name="Pay").click()
        page.wait_for_selector(".banner:has-text('The credits are yours')")
        self.assertTrue(page.url.endswith("/billing"), page.url)
        page.wait_for_selector("[data-testid=credit-pill]:has-text('700')")
        page.wait_for_selector(".rows:has-text('paid')")
        page.get_by_role("button", name="Subscribe Explorer for $19.00").click()
        page.wait_for_url("**/checkout/*")
        page.get_by_role("button", name="Pay").click()
        page.wait_for_selector(".offer-note:has-text('the next credits come')")
        page.wait_for_selector("[data-testid=credit-pill]:has-text('1,200')")
        self.assert_accessible(studio)
        self.assert_sound(studio)

    def test_a_plan_is_cancelled_after_asking(self):
        studio = self.billing()
        page = studio.page
        page.get_by_role("button", name="Subscribe Creator for $59.00").click()
        page.wait_for_url("**/checkout/*")
        page.get_by_role("button", name="Pay").click()
        page.wait_for_selector(".offer-note:has-text('the next credits come')")
        self.cancel_plan(studio, "Creator", 1900)
        self.assert_sound(studio)

    def test_a_hard_budget_refuses_what_is_over(self):
        studio = self.billing()
        page = studio.page
        form = page.locator("form", has_text="Budget")
        form.get_by_label("Credits").fill("4.00001")
        form.get_by_role("button", name="Set the budget").click()
        page.wait_for_selector("#budget-trouble")
        self.assertEqual(form.get_by_label("Credits").get_attribute("aria-invalid"), "true")
        form.get_by_label("Credits").fill("5.5")
        form.get_by_label("Period").select_option("total")
        form.get_by_label("Stop at the budget").check()
        form.get_by_role("button", name="Set the budget").click()
        page.wait_for_selector(".budget-use:has-text('0 of 5.5 used')")
        self.assert_accessible(studio)
        page.get_by_role("link", name="Create").click()
        studio.start()
        studio.choose("cinematic")
        page.wait_for_selector(".banner-bad:has-text('budget'), dialog:has-text('budget')")
        studio.wait_for_pictures("direction")
        self.assertEqual(studio.balance(), 96)
        page.get_by_role("link", name="Billing").click()
        page.wait_for_selector(".budget-use:has-text('4 of 5.5 used')")
        page.get_by_role("button", name="Remove").click()
        page.wait_for_selector(".budget-use", state="detached")
        page.get_by_role("link", name="Create").click()
        studio.choose("cinematic")
        studio.wait_for_pictures("mood")
        self.assertEqual(studio.contract_faults(), [])

    def test_a_soft_budget_only_warns(self):
        studio = self.billing()
        page = studio.page
        form = page.locator("form", has_text="Budget")
        form.get_by_label("Credits").fill("5")
        form.get_by_role("button", name="Set the budget").click()
        page.wait_for_selector(".budget-use:has-text('0 of 5 used')")
        page.get_by_role("link", name="Create").click()
        studio.start()
        page.wait_for_selector(".banner:has-text('More than 75 % of your budget of 5 credits')")
        studio.choose("cinematic")
        studio.wait_for_pictures("mood")
        page.wait_for_selector(".banner:has-text('Your budget of 5 credits is used up')")
        self.assertEqual(studio.balance(), 92)
        self.assert_sound(studio)

    def test_a_low_balance_is_said(self):
        studio = self.billing()
        page = studio.page
        form = page.locator("form", has_text="Low-balance notice")
        form.get_by_label("Credits").fill("98.5")
        form.get_by_role("button", name="Save").click()
        page.wait_for_selector("form:has-text('The notice comes below 98.5')")
        page.get_by_role("link", name="Create").click()
        studio.start()
        page.wait_for_selector(".banner:has-text('Few credits are left: 96')")
        page.wait_for_selector("[data-testid=credit-pill].low")
        page.get_by_role("link", name="Billing").click()
        page.wait_for_selector(".notice-low:has-text('96')")
        self.assert_accessible(studio)
        self.assert_sound(studio)


class StripeTests(BillingCase):
    @classmethod
    def setUpClass(cls):
        cls.stripe = StripeFake()
        cls.addClassCleanup(cls.stripe.stop)
        cls.environment = cls.stripe.environment()
        super().setUpClass()
        cls.stripe.studio = cls.services.url

    def pay(self, page):
        page.wait_for_url(self.stripe.url + "/pay/*")
        page.get_by_role("button", name="Pay").click()

    def test_a_pack_and_a_plan_are_bought_at_stripe(self):
        studio = self.billing()
        page = studio.page
        self.assertIn("Paid at stripe", page.locator(".shop .badge").inner_text())
        page.get_by_role("button", name="Buy Starter Pack for $15.00").click()
        page.wait_for_url(self.stripe.url + "/pay/*")
        self.assertIn("15.00 USD", page.locator("h1").inner_text())
        page.get_by_role("link", name="Back").click()
        page.wait_for_selector(".banner:has-text('Nothing was bought')")
        self.assertEqual(studio.balance(), 100)
        page.wait_for_selector(".rows:has-text('waits for payment')")
        # It waits where it was left.
        page.get_by_role("link", name="Pay for Starter Pack").click()
        self.pay(page)
        page.wait_for_selector(".banner:has-text('The credits are yours')")
        self.assertTrue(page.url.endswith("/billing"), page.url)
        page.wait_for_selector("[data-testid=credit-pill]:has-text('400')")
        page.wait_for_selector(".rows:has-text('paid')")
        page.get_by_role("button", name="Subscribe Explorer for $19.00").click()
        self.pay(page)
        page.wait_for_selector(".offer-note:has-text('the next credits come')")
        page.wait_for_selector("[data-testid=credit-pill]:has-text('900')")
        self.cancel_plan(studio, "Explorer", 900)
        ending = [one["cancel_at_period_end"] for one in self.stripe.objects.values()
                  if one["object"] == "subscription"]
        self.assertEqual(ending, [True])
        self.assertEqual(studio.complaints, [])
        faults = [one for one in studio.contract_faults() if self.stripe.url not in one]
        self.assertEqual(faults, [])


class GateTests(StudioCase):
    def test_a_click_shows_what_is_pending_and_only_events_move_the_balance(self):
        studio = self.studio()
        page = studio.page
        page.route("**/api/events*", lambda route: route.abort())
        studio.open()
        page.wait_for_selector("[data-testid=credit-pill]:has-text('100')")
        page.wait_for_selector(".estimate:has-text('22 credits')")
        page.fill("#intent", "A fox crossing a frozen lake at dawn")
        page.keyboard.press("Enter")
        pill = page.get_by_test_id("credit-pill")
        page.wait_for_selector("[data-testid=credit-pill]:has-text('−4')", timeout=3000)
        self.assertIn("4 pending", pill.get_attribute("aria-label"))
        # The ledger has charged it by then, but no event has said so.
        page.wait_for_timeout(5000)
        self.assertEqual(page.locator("[data-testid=credit-pill] b").inner_text(), "100")
        page.unroute("**/api/events*")
        page.wait_for_selector("[data-testid=credit-pill] b:has-text('96')")
        studio.wait_for_pictures("direction")

    def test_an_unknown_balance_is_waited_for(self):
        studio = self.studio()
        page = studio.page
        held, is_open = [], []
        hold = lambda route: route.continue_() if is_open else held.append(route)
        page.route("**/api/events*", hold)
        page.route("**/api/credits", hold)
        studio.open()
        page.wait_for_selector(".pill-skeleton")
        page.wait_for_selector("#intent")
        page.wait_for_timeout(800)
        page.fill("#intent", "A fox crossing a frozen lake at dawn")
        page.keyboard.press("Enter")
        page.wait_for_timeout(1500)
        started = [one for one in studio.requests if one.url.endswith("/convergence/start")]
        self.assertEqual(started, [])
        is_open.append(True)
        for route in held:
            route.continue_()
        studio.wait_for_pictures("direction")
        self.assertEqual(studio.balance(), 96)

    def test_amounts_are_exact(self):
        studio = self.studio()
        page = studio.page
        page.route("**/api/events*", lambda route: route.abort())
        page.route("**/api/credits", lambda route: route.fulfill(json={
            "balance": 3.7, "held": 0, "available": 3.7, "lowBalance": False}))
        studio.open()
        page.wait_for_selector("[data-testid=credit-pill]:has-text('3.7')")
        page.fill("#intent", "A fox crossing a frozen lake at dawn")
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Not enough credits")
        dialog.wait_for()
        # 4 − 3.7 is not 0.2999999999999998.
        self.assertIn("0.3 more will do", dialog.inner_text().replace("\n", " "))
        self.assertIn("Creator gives 1,800 credits each month for $59.00",
                      dialog.inner_text().replace("\n", " "))
        self.assert_accessible(studio)
        dialog.get_by_role("button", name="See the plans").click()
        page.wait_for_selector(".offer-main:has-text('Creator')")


if __name__ == "__main__":
    unittest.main()
