"""Stripe's own SDK as the client of the fake.

With a URL and no session: every behaviour that payments rely on is asked for, and the last line is
"ok". With a session: prints events about it that the SDK has signed, one JSON object a line.
"""

import json
import sys
import time
import urllib.request

import stripe

url, *session, key, secret = sys.argv[1:]
client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0)


def fails(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}")


def control(action, name):
    request = urllib.request.Request(f"{url}/fake/{action}/{name}", data=b"", method="POST")
    with urllib.request.urlopen(request) as answer:
        return answer.read(), answer.headers["Stripe-Signature"]


def order(quantity=1, mode="payment"):
    price = {"currency": "usd", "unit_amount": 1500, "product_data": {"name": "Starter Pack"}}
    if mode == "subscription":
        price["recurring"] = {"interval": "month"}
    return {
        "mode": mode,
        "line_items": [{"price_data": price, "quantity": quantity}],
        "success_url": "https://studio.example/?a=b&session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://studio.example/",
        "client_reference_id": "usr_1",
        "metadata": {"purchase": "pur_1"},
    }


def sessions():
    return client.v1.checkout.sessions


def check_idempotency():
    first = sessions().create(order(2), {"idempotency_key": "k1"})
    assert (first.status, first.payment_status, first.amount_total) == ("open", "unpaid", 3000)
    assert first.metadata["purchase"] == "pur_1" and first.url.startswith("https://")
    again = sessions().create(order(2), {"idempotency_key": "k1"})
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    error = fails(
        stripe.IdempotencyError, lambda: sessions().create(order(3), {"idempotency_key": "k1"})
    )
    assert error.http_status == 400
    assert sessions().create(order(2), {"idempotency_key": "k2"}).id != first.id
    # What was not begun is not kept: the corrected call may use the same key.
    wrong = order()
    del wrong["mode"]
    error = fails(
        stripe.InvalidRequestError, lambda: sessions().create(wrong, {"idempotency_key": "k3"})
    )
    assert error.param == "mode"
    assert sessions().create(order(), {"idempotency_key": "k3"}).status == "open"


def check_errors():
    error = fails(stripe.InvalidRequestError, lambda: sessions().retrieve("cs_none"))
    assert (error.http_status, error.code) == (404, "resource_missing")
    other = stripe.StripeClient("sk_test_wrong", base_addresses={"api": url})
    fails(stripe.AuthenticationError, lambda: other.v1.checkout.sessions.create(order()))


def check_payment():
    made = sessions().create(order())
    body, header = control("pay", made.id)
    event = stripe.Webhook.construct_event(body, header, secret)
    assert event.type == "checkout.session.completed"
    assert event.data.object.id == made.id and event.data.object.payment_status == "paid"
    fails(
        stripe.SignatureVerificationError,
        lambda: stripe.Webhook.construct_event(body, header, "whsec_other"),
    )
    fails(
        stripe.SignatureVerificationError,
        lambda: stripe.Webhook.construct_event(body + b" ", header, secret),
    )
    paid = sessions().retrieve(made.id)
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    body, header = control("refund", made.id)
    event = stripe.Webhook.construct_event(body, header, secret)
    charge = client.v1.charges.retrieve(event.data.object.id)
    assert event.type == "charge.refunded" and charge.amount_refunded == 1500
    assert charge.payment_intent == paid.payment_intent


def check_subscription():
    made = sessions().create(order(mode="subscription"))
    control("pay", made.id)
    paid = sessions().retrieve(made.id)
    invoice = client.v1.invoices.retrieve(paid.invoice, {"expand": ["payments"]})
    assert invoice.status == "paid" and invoice.amount_paid == 1500
    assert invoice.parent.subscription_details.subscription == paid.subscription
    period = invoice.lines.data[0].period
    assert period.end - period.start == 30 * 86400
    ended = client.v1.subscriptions.update(paid.subscription, {"cancel_at_period_end": True})
    assert ended.status == "active" and ended.cancel_at_period_end
    again = client.v1.subscriptions.retrieve(paid.subscription)
    assert again.cancel_at_period_end and not again.livemode
    listed = client.v1.invoices.list({"subscription": paid.subscription, "status": "paid"})
    assert [item.id for item in listed.data] == [paid.invoice]
    intent = invoice.payments.data[0].payment.payment_intent
    charges = client.v1.charges.list({"payment_intent": intent})
    assert [charge.amount_refunded for charge in charges.data] == [0]
    assert client.v1.disputes.list({"payment_intent": intent}).data == []
    over = sessions().create(order())
    assert sessions().expire(over.id).status == "expired"


def signed(body, with_secret=secret, seconds=None, scheme="v1"):
    seconds = int(time.time()) if seconds is None else seconds
    code = stripe.WebhookSignature._compute_signature(f"{seconds}.{body}", with_secret)
    print(json.dumps({"body": body, "header": f"t={seconds},{scheme}={code}"}))


def sign_events(name):
    def event(number, kind):
        data = {"object": {"id": name, "object": "checkout.session"}}
        return json.dumps(
            {"id": f"evt_sdk_{number}", "object": "event", "type": kind, "data": data}, indent=2
        )

    completed = event(1, "checkout.session.completed")
    signed(completed)
    signed(completed)
    signed(event(2, "customer.created"))
    signed(event(3, "checkout.session.completed"), with_secret="whsec_other")
    signed(event(4, "checkout.session.completed"), seconds=int(time.time()) - 400)
    signed(event(5, "checkout.session.completed"), scheme="v0")


if session:
    sign_events(session[0])
else:
    check_idempotency()
    check_errors()
    check_payment()
    check_subscription()
    print("ok")
