"""Documents that come with a call."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import call_documents as actions
from compute_grants.forms.call_documents import DocumentForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Call, CallDocument
from compute_grants.policies import call_documents as policy
from consortium.files_http import download
from consortium.http import actor


def _document(request: HttpRequest, code: str, pk: int) -> CallDocument:
    visible = CallDocument.objects.visible_to(request.user).select_related("call", "file")
    return get_object_or_404(visible, call__code=code, pk=pk)


@require_safe
def document(request: HttpRequest, code: str, pk: int) -> FileResponse:
    """The file itself."""
    return download(_document(request, code, pk).file)


@require_http_methods(["GET", "POST"])
def attach(request: HttpRequest, code: str) -> HttpResponse:
    user = actor(request)
    call = get_object_or_404(Call.objects.visible_to(user), code=code)
    policy.can_attach(user, call).require()
    form = DocumentForm(request.POST or None, request.FILES or None)
    if form.is_valid() and attempt(
        form, lambda: actions.attach(call, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The document is attached."))
        return redirect(f"{call.get_absolute_url()}#documents")
    context = {"call": call, "form": form, "title": _("Attach a document")}
    return render(request, "compute_grants/call_attach.html", context, status=status_of(form))


@require_POST
def remove(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    found = _document(request, code, pk)
    actions.remove(found, by=actor(request))
    messages.success(request, _("The document was taken off."))
    return redirect(f"{found.call.get_absolute_url()}#documents")
