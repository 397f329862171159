"""One's own account: profile, affiliations, and API tokens."""

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consortium import policies
from consortium.actions import people, tokens
from consortium.forms import ProfileForm, TokenForm, attempt, form_page
from consortium.http import actor, reauthentication_required
from consortium.models import ApiToken, Institution, User
from consortium.roles import scopes_open_to


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    user = actor(request)
    today = timezone.localdate()
    context = {
        "person": user,
        "affiliations": user.affiliations.select_related("institution").order_by("-since", "pk"),
        "appointments": user.appointments.order_by("-since"),
        "requests": user.affiliation_requests.select_related("institution").order_by("-asked_at")[
            :20
        ],
        "today": today,
        "suggested": _institutions_of_domain(user),
        "factor": policies.second_factor(user),
        "factors": Authenticator.objects.filter(user_id=user.pk).count(),
        "tokens": user.tokens.filter(revoked_at=None, expires_at__gt=timezone.now()).count(),
    }
    return render(request, "consortium/account.html", context)


def _institutions_of_domain(user: User) -> list[Institution]:
    """Active members whose mail domain the person writes from, and who do not know them yet."""
    domain = user.email.rpartition("@")[2].lower()
    parts = domain.split(".")
    domains = [".".join(parts[at:]) for at in range(len(parts) - 1)]
    found = Institution.objects.active().filter(mail_domains__overlap=domains)
    return [row for row in found.order_by("pk")[:5] if policies.can_ask_to_join(user, row)]


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = actor(request)
    now = {name: getattr(user, name) for name in ProfileForm.base_fields}
    form = ProfileForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: people.update_profile(user, **form.cleaned_data, by=user))
        if done is not None:
            messages.success(request, _("Your profile is changed."))
            return redirect("consortium:account")
    return form_page(request, "consortium/profile.html", form)


@require_safe
def token_list(request: HttpRequest) -> HttpResponse:
    user = actor(request)
    context = {
        "tokens": user.tokens.order_by("-created_at", "-pk"),
        "can_create": policies.can_create_token(user),
    }
    return render(request, "consortium/token_list.html", context)


@sensitive_variables("new")
@never_cache
@require_http_methods(["GET", "POST"])
def token_create(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once, in the answer to the form."""
    user = actor(request)
    policies.can_create_token(user).require()
    if (asked := reauthentication_required(request)) is not None:
        return asked
    form = TokenForm(request.POST or None, scopes=scopes_open_to(user))
    if request.method == "POST" and form.is_valid():
        new = attempt(form, lambda: tokens.create(**form.cleaned_data, by=user))
        if new is not None:
            return render(request, "consortium/token_created.html", {"new": new})
    return form_page(request, "consortium/token_create.html", form)


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.filter(user=actor(request)), pk=pk)
    tokens.revoke(token, by=actor(request))
    messages.success(request, _("The token is revoked. It is refused from now on."))
    return redirect("consortium:token_list")
