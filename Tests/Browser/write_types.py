"""Writes the types of the studio's API client from the document of the built gateway."""
import subprocess
import sys

from running_set import ROOT, RunningSet

services = RunningSet()
try:
    subprocess.run(
        [sys.executable, ROOT / "scripts/web_types.py", services.url + "/openapi.json",
         ROOT / "Services/Gateway/Web/studio/src/api/schema.ts", *sys.argv[1:]], check=True)
finally:
    services.stop()
