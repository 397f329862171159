"""A sample of every route that takes arguments: for the access matrix and the browser crawl.

Each app contributes tests/<app>/samples.py with

    def samples() -> Samples:
        return {"<namespace>:<url name>": ({"slug": obj.slug}, person_who_may_see_it), ...}

which makes the rows it needs with the factories. `person` None is an anonymous visitor.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from consortium.models import User

Samples = dict[str, tuple[dict[str, Any], User | None]]
APPS = ("consortium", "compute_grants", "registry", "portal")


def samples() -> Samples:
    """{url name: (kwargs, person)} over all apps. Needs the database."""
    found: Samples = {}
    for app in APPS:
        name = f"tests.{app}.samples"
        if find_spec(name) is not None:
            found |= import_module(name).samples()
    return found
