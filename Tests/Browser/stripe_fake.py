"""The part of Stripe that a purchase goes through: its API, its page, and its signed events."""
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse
import urllib.request

KEY = "sk_test_fake_0123456789abcdef"
SECRET = "whsec_fake_0123456789abcdefghijklmnop"
SITE = "https://studio.example"


class StripeFake:
    """Serves on a port of its own until it is stopped."""

    def __init__(self):
        self.studio = ""
        self.objects = {}
        self.count = 0
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                fake.get(self)

            def do_POST(self):
                fake.post(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self):
        return {
            "CREDITS_PAYMENT_PROVIDER": "stripe", "CREDITS_STRIPE_API_BASE": self.url,
            "CREDITS_STRIPE_SECRET_KEY": KEY, "CREDITS_STRIPE_WEBHOOK_SECRETS": SECRET,
            "CREDITS_PUBLIC_URL": SITE}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def make(self, kind, **fields):
        self.count += 1
        one = {"id": f"{kind}_test_{self.count}", "livemode": False, **fields}
        self.objects[one["id"]] = one
        return one

    # What is asked of it

    def get(self, request):
        parts = urllib.parse.urlsplit(request.path).path.strip("/").split("/")
        if parts[0] == "pay":
            return self.show(request, self.objects[parts[1]])
        found = self.objects.get(parts[-1])
        return answer(request, 200 if found else 404, found or {"error": {"code": "missing"}})

    def post(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        form = dict(urllib.parse.parse_qsl(body))
        parts = request.path.strip("/").split("/")
        if parts[0] == "pay":
            return self.pay(request, self.objects[parts[1]])
        if request.headers["Authorization"] != f"Bearer {KEY}":
            return answer(request, 401, {"error": {"code": "api_key_invalid"}})
        if parts[1] == "subscriptions":
            found = self.objects[parts[2]]
            found["cancel_at_period_end"] = form["cancel_at_period_end"] == "true"
            return answer(request, 200, found)
        data = "line_items[0][price_data]"
        session = self.make(
            "cs", object="checkout.session", status="open", payment_status="unpaid",
            mode=form["mode"], currency=form[f"{data}[currency]"],
            amount_total=int(form[f"{data}[unit_amount]"]) * int(form["line_items[0][quantity]"]),
            client_reference_id=form["client_reference_id"],
            metadata={"purchase": form["metadata[purchase]"]},
            expires_at=int(form["expires_at"]), success_url=form["success_url"],
            cancel_url=form["cancel_url"], payment_intent=None, subscription=None, invoice=None)
        session["url"] = f"{self.url}/pay/{session['id']}"
        return answer(request, 200, session)

    # What the buyer sees and does

    def show(self, request, session):
        page = (f"<!doctype html><title>Stripe</title><link rel=icon href='data:,'>"
                f"<h1>{session['amount_total'] / 100:.2f} USD</h1>"
                f"<form method=post><button>Pay</button></form>"
                f"<a href='{self.here(session['cancel_url'])}'>Back</a>").encode()
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        request.end_headers()
        request.wfile.write(page)

    def pay(self, request, session):
        session.update(status="complete", payment_status="paid")
        if session["mode"] == "subscription":
            self.subscribe(session)
        else:
            session["payment_intent"] = "pi_test"
        self.tell("checkout.session.completed", session)
        request.send_response(303)
        request.send_header("Location", self.here(session["success_url"]))
        request.end_headers()

    def subscribe(self, session):
        now = int(time.time())
        subscription = self.make(
            "sub", object="subscription", status="active", cancel_at_period_end=False)
        details = {"subscription": subscription["id"], "metadata": session["metadata"]}
        invoice = self.make(
            "in", object="invoice", status="paid", amount_paid=session["amount_total"],
            currency=session["currency"], period_start=now, period_end=now,
            parent={"type": "subscription_details", "subscription_details": details},
            lines={"data": [{"period": {"start": now, "end": now + 30 * 86_400}}]},
            payments={"data": [{"payment": {
                "type": "payment_intent", "payment_intent": "pi_test"}}]})
        session.update(subscription=subscription["id"], invoice=invoice["id"])

    def here(self, url):
        """The studio's address as the browser of the test knows it."""
        return url.replace(SITE, self.studio)

    def tell(self, kind, thing):
        """The signed event, as Stripe sends it."""
        now = int(time.time())
        body = json.dumps({
            "id": f"evt_{thing['id']}", "object": "event", "type": kind, "created": now,
            "livemode": False, "data": {"object": thing}}).encode()
        code = hmac.new(SECRET.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        urllib.request.urlopen(urllib.request.Request(
            self.studio + "/api/webhooks/stripe", data=body, method="POST",
            headers={"Content-Type": "application/json",
                     "Stripe-Signature": f"t={now},v1={code}"}), timeout=20)


def answer(request, status, body):
    body = json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
