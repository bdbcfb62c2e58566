"""Checks recorded answers against an OpenAPI 3.1 document.

Usage: check_answers.py openapi.json answers.jsonl
Each line of the latter: {"method", "path", "status", "type", "body"}.
Prints what does not fit and exits with 1 when there is anything.
"""
import json
import re
import sys
from decimal import Decimal

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

# Amounts are decimal: as binary fractions some would be no multiple of 0.0001.
document = json.load(open(sys.argv[1]), parse_float=Decimal)
validate(document)

templates = []
for template in document["paths"]:
    pattern = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template))
    templates.append((template.count("{"), template, re.compile(pattern + r"\Z")))
templates.sort()


def pointer(*parts):
    return "#/" + "/".join(p.replace("~", "~0").replace("/", "~1") for p in parts)


validators = {}
problems = set()
seen = set()
for line in open(sys.argv[2]):
    answer = json.loads(line, parse_float=Decimal)
    method, status = answer["method"].lower(), str(answer["status"])
    found = next((t for _, t, p in templates if p.match(answer["path"])), None)
    where = f"{answer['method']} {found or answer['path']} {status}"
    if found is None or method not in document["paths"][found]:
        # Unknown routes and methods answer with a problem, which has a schema of its own.
        if answer["status"] not in (400, 404, 405):
            problems.add(f"{where}: not in the document")
        continue
    seen.add((method, found, status))
    responses = document["paths"][found][method]["responses"]
    key = status if status in responses else "default" if "default" in responses else None
    if key is None:
        problems.add(f"{where}: this status is not documented")
        continue
    parts = ["paths", found, method, "responses", key]
    response = responses[key]
    if "$ref" in response:
        parts = response["$ref"].removeprefix("#/").split("/")
        response = document
        for part in parts:
            response = response[part]
    media = answer["type"].split(";")[0].strip()
    if media not in response.get("content", {}):
        problems.add(f"{where}: {media} is not documented")
        continue
    schema = pointer(*parts, "content", media, "schema")
    if schema not in validators:
        validators[schema] = Draft202012Validator({**document, "$ref": schema})
    for error in validators[schema].iter_errors(answer["body"]):
        at = "/".join(str(p) for p in error.absolute_path)
        problems.add(f"{where}: at /{at}: {error.message[:300]}")

for problem in sorted(problems):
    print(problem)
print(f"{len(seen)} kinds of answer checked, {len(problems)} problems")
sys.exit(1 if problems else 0)
