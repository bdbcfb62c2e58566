"""A studio in a browser, watched: what it asked, what was answered, what it complained about."""
import json
import os
import urllib.request

from axe_playwright_python.sync_playwright import Axe
from jsonschema import Draft202012Validator
from playwright.sync_api import Error, TimeoutError as PlaywrightTimeout, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SLOW_MS = int(os.environ.get("SLOW_MS", 120_000))
# WebGL on a machine without graphics.
SOFTWARE_GRAPHICS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")


class Browser:
    """Chromium, once for all tests of a class."""

    def __init__(self, *arguments):
        self.playwright = sync_playwright().start()
        self.chromium = self.playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", *arguments])

    def close(self):
        self.chromium.close()
        self.playwright.stop()


class Studio:
    """One person's browser: a context of its own, with one page."""

    def __init__(self, browser, url, width=1280, height=800, **options):
        self.url = url
        self.context = browser.chromium.new_context(
            viewport={"width": width, "height": height}, **options)
        self.context.set_default_timeout(SLOW_MS)
        self.requests = []
        self.answers = []
        self.complaints = []
        self.page = self.open_page()

    def open_page(self):
        page = self.context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text)
                if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request))
        page.on("requestfinished", self._keep)
        return page

    def _keep(self, request):
        if "/api/" in request.url and "/events" not in request.url:
            self.answers.append(request)

    def open(self, path="/"):
        self.page.goto(self.url + path)
        return self.page

    # What a person does and sees

    def start(self, intent="A fox crossing a frozen lake at dawn"):
        self.page.fill("#intent", intent)
        self.page.get_by_role("button", name="Show four directions").click()
        self.wait_for_pictures("direction")

    def wait_for_pictures(self, step, page=None):
        (page or self.page).wait_for_selector(
            f".create-{step} .pictures[aria-busy=false]:has(.tile-ready:nth-child(4))")

    def wait_for_moves(self):
        self.page.wait_for_selector(".create-camera_motion [aria-busy=false] [data-choice]")

    def go_to_moves(self, direction="social"):
        self.start()
        for step, option in [
            ("direction", direction), ("mood", "peaceful"), ("framing", "medium"),
            ("lighting", "golden_hour"),
        ]:
            self.wait_for_pictures(step)
            self.choose(option)
        self.wait_for_moves()

    def choose(self, option):
        self.page.locator(f'[data-choice="{option}"]').click()

    def balance(self):
        """What the pill says once nothing is pending."""
        self.page.wait_for_selector(
            "[data-testid=credit-pill]:not(:has-text('pending')):has-text('cr')")
        return float(self.page.locator("[data-testid=credit-pill] b").inner_text())

    def is_too_wide(self):
        """Whether anything scrolls sideways once the page has been laid out anew."""
        fits = (
            "() => [document.documentElement, document.getElementById('work')]"
            ".every((one) => one.scrollWidth <= one.clientWidth)")
        try:
            self.page.wait_for_function(fits, timeout=3000)
        except PlaywrightTimeout:
            return True
        return False

    # What must hold whatever was done

    def accessibility_faults(self):
        found = Axe().run(self.page).response["violations"]
        return [
            f"{fault['id']} ({fault['impact']}): {fault['nodes'][0]['html'][:160]}"
            for fault in found if fault["impact"] in ("serious", "critical")
        ]

    def contract_faults(self):
        """Requests that the OpenAPI document does not know, and answers that it does not allow."""
        document = json.load(urllib.request.urlopen(self.url + "/openapi.json", timeout=20))
        faults = []
        for request in self.requests:
            if request.url.startswith(self.url) and self._operation(document, request) is None:
                faults.append(f"{request.method} {request.url} is in no document")
            elif not request.url.startswith((self.url, "blob:", "data:")):
                faults.append(f"{request.url} is somewhere else")
        for request in self.answers:
            response = request.response()
            operation = self._operation(document, request)
            if response is None or operation is None:
                continue
            answer = operation["responses"].get(str(response.status), {})
            answer = document["components"].get("responses", {}).get(
                answer.get("$ref", "").split("/")[-1], answer)
            kind = response.headers.get("content-type", "").split(";")[0]
            schema = answer.get("content", {}).get(kind, {}).get("schema")
            if not answer:
                faults.append(f"{request.method} {request.url}: {response.status} is not allowed")
            if schema and kind.endswith("json"):
                whole = {**schema, "components": document["components"]}
                try:
                    # Chromium forgets the answers of a page that was left, and those of files.
                    body = json.loads(response.body() or "null")
                except Error:
                    continue
                if body is None:
                    continue
                for error in Draft202012Validator(whole).iter_errors(body):
                    faults.append(f"{request.method} {request.url}: {error.message[:200]}")
        return faults

    def _operation(self, document, request):
        parts = request.url.removeprefix(self.url).split("?")[0].split("/")
        best = None
        for path, methods in document["paths"].items():
            template = path.split("/")
            if len(template) != len(parts) or request.method.lower() not in methods:
                continue
            if all(name == part or name.startswith("{") for name, part in zip(template, parts)):
                operation = methods[request.method.lower()]
                if "{" not in path:
                    return operation
                best = best or operation
        return best

    def close(self):
        self.context.close()
