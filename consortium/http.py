"""Who is asking, and is it surely them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import reauthentication
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from consortium import policies
from consortium.models import User


def actor(request: HttpRequest) -> User:
    """The signed-in person. Use behind an access rule that needs one."""
    assert isinstance(request.user, User), "this route's rule must require a person"
    return request.user


def reauthentication_required(request: HttpRequest) -> HttpResponse | None:
    """Where to send somebody who is about to approve, sign or make a key; None: go on.

    They must have a second factor where their roles ask for one, and must have proved who
    they are within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds. Call it first, for GET and POST
    alike, so that nobody fills in a form only to be sent away from it.
    """
    factor = policies.second_factor(actor(request))
    if not factor:
        messages.warning(request, str(factor.reason))
        return redirect("mfa_index")
    if recently_proved(request):
        return None
    if request.method == "POST":
        messages.warning(request, _("Confirm that it is you, then send the form again."))
    return HttpResponseRedirect(
        f"{_first_way(request)}?{urlencode({'next': request.get_full_path()})}"
    )


def recently_proved(request: HttpRequest) -> bool:
    """Whether this session re-authenticated within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds.

    Nothing is read for those who did; who has no way to do so is as good as proved.
    """
    _how, at = proof_of_identity(request)
    within = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    return timezone.now() - at < within or bool(
        reauthentication.did_recently_reauthenticate(request)
    )


def proof_of_identity(request: HttpRequest) -> tuple[str, datetime]:
    """How and when this session last proved who it is."""
    records: list[dict[str, Any]] = get_authentication_records(request, actor(request))
    proofs = [record for record in records if record.get("reauthenticated")]
    last: dict[str, Any] = proofs[-1] if proofs else {"method": "unknown", "at": 0}
    return str(last["method"])[:40], datetime.fromtimestamp(float(last["at"]), UTC)


def _first_way(request: HttpRequest) -> str:
    """The page where this person proves who they are: by password if they have one."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    return str(ways[0]["url"]) if ways else reverse("account_reauthenticate")
