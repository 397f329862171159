"""Loaded first by pytest (`-p tests.environment`): says that this process is a test."""

import os

os.environ.setdefault("PORTAL_TESTING", "1")
