"""One's own notices, and what of them comes by mail."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consortium.actions import notices
from consortium.forms import NoticeForm, attempt, form_page, number_sent
from consortium.http import actor
from consortium.models import Notification

ROWS = 30


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """The newest first; with ?unread=1 only those not read."""
    rows = Notification.objects.visible_to(actor(request)).order_by("-pk")
    only_unread = request.GET.get("unread") == "1"
    page = Paginator(rows.unread() if only_unread else rows, ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "only_unread": only_unread,
        "newest": page.object_list[0].pk if page.object_list else 0,
    }
    return render(request, "consortium/notice_list.html", context)


@require_POST
def notice_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one read, and go on to what it is about where the button says so."""
    notice = get_object_or_404(Notification.objects.visible_to(actor(request)), pk=pk)
    notices.mark_read(notice, by=actor(request))
    if request.POST.get("then") == "open":
        return redirect(notice.href)
    return redirect("consortium:notice_list")


@require_POST
def notice_read_all(request: HttpRequest) -> HttpResponse:
    until = number_sent(request.POST, "newest")
    count = notices.mark_all_read(by=actor(request), newest=until)
    message = ngettext("%(count)s notice marked read.", "%(count)s notices marked read.", count)
    messages.success(request, message % {"count": count})
    return redirect("consortium:notice_list")


@require_http_methods(["GET", "POST"])
def notice_preferences(request: HttpRequest) -> HttpResponse:
    user = actor(request)
    sent = request.POST if request.method == "POST" else None  # no box ticked is a choice, too
    form = NoticeForm(sent, initial={"mailed": list(notices.topics_mailed_to(user))})
    if form.is_bound and form.is_valid():
        mailed = form.cleaned_data["mailed"]
        done = attempt(form, lambda: notices.set_preferences(user, mailed=mailed, by=user))
        if done is not None:
            messages.success(request, _("Your choice is kept."))
            return redirect("consortium:account")
    return form_page(request, "consortium/notice_preferences.html", form)
