#!/usr/bin/env python3
"""Mints identity_tokens.json: key sets and tokens of two issuers, at a fixed time.

Needs PyJWT with its crypto extra (pip install 'pyjwt[crypto]'); run it only to change the cases,
since every run makes new keys.
"""
import base64
import json
import pathlib

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOW = 1_750_000_000
FIREBASE = "https://securetoken.google.com/studio-test"
SUPABASE = "https://studio.supabase.co/auth/v1"

rsa_key = rsa.generate_private_key(65537, 2048)
other_rsa_key = rsa.generate_private_key(65537, 2048)
short_rsa_key = rsa.generate_private_key(65537, 1024)
ec_key = ec.generate_private_key(ec.SECP256R1())


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public(key, kid):
    numbers = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        size = (numbers.n.bit_length() + 7) // 8
        return {"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig",
                "n": b64(numbers.n.to_bytes(size, "big")), "e": "AQAB"}
    return {"kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "use": "sig",
            "x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}


def firebase(kid="f1", key=rsa_key, alg="RS256", drop=(), **changes):
    claims = {"iss": FIREBASE, "aud": "studio-test", "sub": "user-1", "iat": NOW - 10,
              "auth_time": NOW - 10, "exp": NOW + 3600, "email": "ada@example.org", "name": "Ada"}
    claims.update(changes)
    for name in drop:
        del claims[name]
    headers = {"kid": kid} if kid else {}
    return jwt.encode(claims, key, algorithm=alg, headers=headers)


def supabase(**changes):
    claims = {"iss": SUPABASE, "aud": ["authenticated"], "role": "authenticated", "sub": "user-1",
              "iat": NOW - 10, "exp": NOW + 3600, "email": "ada@example.org"}
    claims.update(changes)
    return jwt.encode(claims, ec_key, algorithm="ES256", headers={"kid": "s1"})


def raw(header, payload, signature=b"x"):
    return ".".join([b64(header.encode()), b64(payload.encode()), b64(signature)])


good = firebase()
head, body, signature = good.split(".")
pem = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
# An HMAC over the public key: the classic confusion of algorithms.
import hashlib
import hmac
confused_head = b64(json.dumps({"alg": "HS256", "kid": "f1"}).encode())
confused = f"{confused_head}.{body}"
confused += "." + b64(hmac.new(pem, confused.encode(), hashlib.sha256).digest())
duplicate = '{"iss":"%s","sub":"a","sub":"b","aud":"studio-test","exp":%d}' % (FIREBASE, NOW + 60)

cases = {
    "now": NOW,
    "firebaseKeys": {"keys": [public(rsa_key, "f1"), public(short_rsa_key, "short"),
                              {"kty": "oct", "kid": "secret", "k": b64(b"k" * 32)}]},
    "firebaseKeysRotated": {"keys": [public(other_rsa_key, "f2")]},
    "supabaseKeys": {"keys": [public(ec_key, "s1")]},
    "valid": {
        "firebase": good,
        "supabase": supabase(),
        "within the skew after its end": firebase(exp=NOW - 59),
        "within the skew before its time": firebase(iat=NOW + 59, auth_time=NOW + 59),
    },
    "afterRotation": firebase(kid="f2", key=other_rsa_key),
    "invalid": {
        "expired": firebase(exp=NOW - 61),
        "without an end": firebase(drop=["exp"]),
        "issued in the future": firebase(iat=NOW + 61),
        "signed in in the future": firebase(auth_time=NOW + 61),
        "not valid yet": firebase(nbf=NOW + 61),
        "for another audience": firebase(aud="another-project"),
        "a custom token": firebase(aud="https://identitytoolkit.googleapis.com/google.identity"
                                       ".identitytoolkit.v1.IdentityToolkit"),
        "of another issuer": firebase(iss="https://securetoken.google.com/another"),
        "without a subject": firebase(drop=["sub"]),
        "with an empty subject": firebase(sub=""),
        "with a long subject": firebase(sub="x" * 129),
        "with a control character": firebase(sub="a\u0000b"),
        "by another key of the same name": firebase(key=other_rsa_key),
        "by a key that is not published": firebase(kid="f9"),
        "by a short key": firebase(kid="short", key=short_rsa_key),
        "without a key name": firebase(kid=None),
        "unsigned": jwt.encode({"iss": FIREBASE, "aud": "studio-test", "sub": "user-1",
                                "exp": NOW + 60}, None, algorithm="none", headers={"kid": "f1"}),
        "with HMAC over the public key": confused,
        "with another body": ".".join([head, b64(b'{"iss":"%s"}' % FIREBASE.encode()), signature]),
        "with a cut signature": ".".join([head, body, signature[:-4]]),
        "with padding": ".".join([head + "=", body, signature]),
        "with four parts": good + ".x",
        "with a name twice": raw('{"alg":"RS256","kid":"f1"}', duplicate),
        "with an extension": raw('{"alg":"RS256","kid":"f1","crit":["x"]}', "{}"),
        "not JSON": raw("alg", "claims"),
        "for nobody in particular": supabase(role="anon"),
        "of the service itself": supabase(role="service_role"),
        "of 9 KiB": firebase(name="x" * 9000),
    },
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(cases, indent=1) + "\n")
