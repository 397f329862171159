"""The vendored files are the ones that their makers published."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from django.conf import settings

FOLDER = settings.BASE_DIR / "static" / "vendor"
LEDGER = json.loads((FOLDER / "vendor.json").read_text())
LICENCES = {"0BSD", "Apache-2.0", "BSD-3-Clause", "ISC", "MIT"}


@pytest.mark.parametrize("entry", LEDGER, ids=lambda entry: entry["file"])
def test_each_file_has_the_hash_written_down(entry):
    digest = hashlib.sha384((FOLDER / entry["file"]).read_bytes()).digest()
    assert base64.b64encode(digest).decode() == entry["sha384"]
    assert entry["licence"] in LICENCES
    assert entry["name"]
    assert entry["version"]


def test_nothing_else_is_vendored():
    listed = {entry["file"] for entry in LEDGER} | {"vendor.json"}
    assert {file.name for file in FOLDER.iterdir()} == listed
