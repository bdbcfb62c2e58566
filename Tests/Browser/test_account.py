"""Signing up, logging in and out, and a sign-in that ends in the middle of the work."""
import json
import unittest
import urllib.request
import uuid

from test_studio import StudioCase


class AccountTests(StudioCase):
    password = "correct horse battery"

    def email(self):
        return f"{uuid.uuid4().hex[:10]}@example.org"

    def dialog(self, studio, tab=None):
        studio.page.get_by_role("button", name="Account:").click()
        dialog = studio.page.get_by_role("dialog", name="Account")
        dialog.wait_for()
        if tab:
            dialog.get_by_role("group", name="Account").get_by_role("button", name=tab).click()
        return dialog

    def fill(self, dialog, email, password):
        dialog.get_by_label("E-mail").fill(email)
        dialog.locator("input[name=password]").fill(password)
        dialog.locator("form").get_by_role("button").last.click()

    def sign_up(self, studio):
        email = self.email()
        self.fill(self.dialog(studio), email, self.password)
        studio.page.wait_for_selector(".banner:has-text('Your account is there')")
        return email

    def test_a_guest_signs_up_and_keeps_the_work(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        studio.choose("cinematic")
        studio.wait_for_pictures("mood")
        dialog = self.dialog(studio)
        self.assert_accessible(studio)
        focused = page.evaluate("() => document.activeElement.name")
        self.assertEqual(focused, "email")
        fields = dialog.locator("form input").evaluate_all(
            "(all) => all.map((one) => [one.name, one.type, one.autocomplete])")
        self.assertEqual(fields, [
            ["email", "email", "username"], ["password", "password", "new-password"]])
        email = self.email()
        self.fill(dialog, email, self.password)
        page.wait_for_selector(".banner:has-text('everything you have made')")
        # The page is where it was, and what was made and paid for is still there.
        studio.wait_for_pictures("mood")
        studio.choose("dramatic")
        studio.wait_for_pictures("framing")
        self.assertEqual(studio.balance(), 88)

        # Elsewhere, the same person finds the same work.
        other = self.studio()
        page = other.open()
        other.balance()
        dialog = self.dialog(other, "Log in")
        self.assertEqual(
            dialog.locator("input[name=password]").get_attribute("autocomplete"),
            "current-password")
        self.fill(dialog, email.upper(), self.password)
        page.get_by_role("button", name="Resume").click()
        other.wait_for_pictures("framing")
        self.assertEqual(other.balance(), 88)
        self.assert_sound(studio)
        self.assert_sound(other)

    def test_what_is_wrong_is_said_at_the_field(self):
        studio = self.studio()
        page = studio.open()
        email = self.sign_up(studio)
        other = self.studio()
        page = other.open()
        other.balance()
        dialog = self.dialog(other)
        said = lambda name: dialog.locator(f"input[name={name}]").evaluate(
            "(one) => [one.getAttribute('aria-invalid'),"
            " document.getElementById(one.getAttribute('aria-describedby')).innerText]")
        self.fill(dialog, "nobody", "short")
        self.assertEqual(said("email")[0], "true")
        self.assertIn("name@example.org", said("email")[1])
        self.assertEqual(said("password"), ["true", "At least 8 characters."])
        self.assertEqual(page.evaluate("() => document.activeElement.name"), "email")
        self.assert_accessible(other)
        self.fill(dialog, email, self.password)
        dialog.get_by_role("button", name="Log in instead").wait_for()
        dialog.get_by_role("button", name="Log in instead").click()
        self.fill(dialog, email, "wrong password")
        page.wait_for_selector("input[name=password][aria-invalid=true]")
        self.assertIn("password is wrong", said("password")[1])
        self.assertEqual(page.evaluate("() => document.activeElement.name"), "password")
        # The server's own words reach the field that they are about.
        page.route("**/api/auth/login", lambda route: route.fulfill(
            status=422, content_type="application/problem+json", json={
                "type": "about:blank", "title": "No", "status": 422, "detail": "No.",
                "code": "VALIDATION_FAILED", "retryable": False,
                "details": {"fields": [
                    {"field": "email", "code": "characters", "detail": "Not this one."}]}}))
        self.fill(dialog, email, "wrong password")
        page.wait_for_selector(".fault:has-text('Not this one.')")
        self.assertEqual(said("email"), ["true", "Not this one."])

    def test_logging_out_goes_back_to_the_guest_and_to_the_same_place(self):
        studio = self.studio()
        email = None
        page = studio.open()
        studio.balance()
        email = self.sign_up(studio)
        other = self.studio()
        page = other.open()
        other.start()
        page.get_by_role("link", name="Billing").click()
        page.wait_for_selector(".ledger-table")
        dialog = self.dialog(other, "Log in")
        self.fill(dialog, email, self.password)
        page.wait_for_selector(".banner:has-text('Welcome back')")
        self.assertTrue(page.url.endswith("/billing"), page.url)
        page.wait_for_selector("[data-testid=credit-pill]:has-text('100')")
        dialog = self.dialog(other)
        self.assertIn(email, dialog.inner_text())
        dialog.get_by_role("button", name="Log out").click()
        page.wait_for_selector(".banner:has-text('logged out')")
        self.assertTrue(page.url.endswith("/billing"), page.url)
        # The guest of before is here again, with what was charged.
        page.wait_for_selector("[data-testid=credit-pill]:has-text('96')")
        self.assert_sound(other)

    def test_a_sign_in_that_ends_loses_nothing(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        # With the new token the stream begins anew, and what it may have missed is read again.
        with page.expect_response("**/api/credits"):
            email = self.sign_up(studio)
        page.wait_for_timeout(800)
        token = page.evaluate("() => localStorage.getItem('convergence.token')")
        self.revoke(studio, token)
        studio.choose("cinematic")
        dialog = page.get_by_role("dialog", name="Your sign-in has ended")
        dialog.wait_for()
        self.assert_accessible(studio)
        self.assertEqual(dialog.get_by_label("E-mail").input_value(), email)
        self.assertEqual(page.evaluate("() => document.activeElement.name"), "password")
        self.fill_password(dialog, "not this one")
        page.wait_for_selector("input[name=password][aria-invalid=true]")
        self.fill_password(dialog, self.password)
        # What was chosen before goes on by itself.
        studio.wait_for_pictures("mood")
        dialog.wait_for(state="detached")
        self.assertEqual(studio.balance(), 92)
        keys = {request.headers["idempotency-key"] for request in studio.requests
                if request.url.endswith("/convergence/select")}
        self.assertEqual(len(keys), 1)
        self.assert_sound(studio, allowed=["401"])

    def fill_password(self, dialog, password):
        dialog.locator("input[name=password]").fill(password)
        dialog.get_by_role("button", name="Log in", exact=True).click()

    def revoke(self, studio, token):
        """As by logging out in another browser."""
        request = urllib.request.Request(
            studio.url + "/api/auth/logout", data=json.dumps({}).encode(), method="POST",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        self.assertEqual(urllib.request.urlopen(request).status, 204)

    def test_keys_of_one_letter_can_be_switched_off(self):
        studio = self.studio()
        page = studio.open()
        studio.start()
        dialog = self.dialog(studio)
        dialog.get_by_label("Keys of one letter or digit").uncheck()
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        page.reload()
        studio.wait_for_pictures("direction")
        for key in ["?", "r", "2"]:
            page.keyboard.press(key)
        page.wait_for_timeout(500)
        self.assertEqual(page.locator("dialog").count(), 0)
        commands = [one.url for one in studio.requests if one.method == "POST"
                    and one.url.rsplit("/", 1)[-1] in ("regenerate", "select")]
        self.assertEqual(commands, [])
        # The others still work.
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        studio.wait_for_pictures("mood")
        self.dialog(studio).get_by_label("Keys of one letter or digit").check()
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        page.wait_for_selector("dialog:has-text('Keyboard')")
        self.assert_accessible(studio)
        self.assert_sound(studio)

    def test_the_rail_has_room_at_every_width(self):
        studio = self.studio()
        page = studio.open()
        studio.balance()
        for width in (320, 360, 375, 640, 768, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 740})
            outside = page.evaluate(
                "() => [...document.querySelectorAll('.rail > *')].filter((one) => {"
                "const box = one.getBoundingClientRect();"
                "return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1 ||"
                " box.bottom > innerHeight + 0.5) }).map((one) => one.className)")
            self.assertEqual(outside, [], width)
            self.assertFalse(studio.is_too_wide(), width)
        page.set_viewport_size({"width": 320, "height": 740})
        self.dialog(studio)
        self.assert_accessible(studio)


if __name__ == "__main__":
    unittest.main()
