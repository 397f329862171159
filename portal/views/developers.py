"""For people who write programs: tokens, snippets, and every operation of the API."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from consortium.access import Auth, Rule, the_table
from consortium.models import Scope
from portal.routes import routes

CURL = """curl -H "Authorization: Bearer $PORTAL_TOKEN" \\
  {base}/api/v1/me/"""
PYTHON = """import os
import httpx

portal = httpx.Client(
    base_url="{base}/api/v1/",
    headers={{"Authorization": f"Bearer {{os.environ['PORTAL_TOKEN']}}"}},
)
print(portal.get("me/").raise_for_status().json())"""
MLFLOW = """export MLFLOW_TRACKING_URI={base}/mlflow
export MLFLOW_TRACKING_TOKEN=$PORTAL_TOKEN
python train.py"""
HUB = """export HF_ENDPOINT={base}/hf
export HF_TOKEN=$PORTAL_TOKEN
hf download <lab>/<model>"""
SNIPPETS = (
    (gettext_lazy("From a shell"), CURL),
    (gettext_lazy("From Python"), PYTHON),
    (gettext_lazy("Training runs, with the mlflow client"), MLFLOW),
    (gettext_lazy("Files of a release, with the huggingface_hub client"), HUB),
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one API address, and what it asks of the caller."""

    method: str
    path: str
    scope: str
    permission: str
    callers: str


def operations() -> list[Operation]:
    """Every operation under /api/v1/, by path and method."""
    table = the_table()
    found = [
        _operation(method, f"/{route.pattern}", rule)
        for route in routes()
        if route.name.startswith("api:")
        for method, rule in table.get(route.name, {}).items()
    ]
    return sorted(found, key=lambda operation: (operation.path, operation.method))


def _operation(method: str, path: str, rule: Rule) -> Operation:
    return Operation(
        method=method,
        path=path.replace("(?P<", "{").replace(">[^/.]+)", "}"),
        scope=rule.scope.value if rule.scope else "",
        permission=rule.permission.value if rule.permission else "",
        callers=_callers(rule),
    )


def _callers(rule: Rule) -> str:
    if rule.auth & Auth.ANONYMOUS:
        return _("anybody")
    if rule.auth & Auth.TOKEN:
        return _("a token or a session")
    return _("a session only")


@require_safe
def developers(request: HttpRequest) -> HttpResponse:
    base = settings.PORTAL_BASE_URL
    context = {
        "snippets": [(label, code.format(base=base)) for label, code in SNIPPETS],
        "scopes": Scope.choices,
        "operations": operations(),
    }
    return render(request, "portal/developers.html", context)
