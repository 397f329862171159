"""What was handed in: versions, two side by side, the receipt on paper; and a new draft from it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import proposal_clone
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.proposal_clone import CloneForm
from compute_grants.models import Call, Proposal
from compute_grants.policies import proposals as policy
from compute_grants.queries import versions as queries
from compute_grants.views.proposals import visible
from consortium import pdf
from consortium.forms import number_sent
from consortium.http import actor


@require_safe
def versions(request: HttpRequest, number: str) -> HttpResponse:
    """Every submission; with two of them, what changed from one to the other."""
    proposal = visible(request, number)
    found = queries.submissions_of(proposal)
    by_version = {row.version: row for row in found}
    left = by_version.get(number_sent(request.GET, "left") or 0)
    right = by_version.get(number_sent(request.GET, "right") or 0)
    if (left is None or right is None) and len(found) > 1:
        right, left = found[0], found[1]
    fields = queries.compare(left.content, right.content) if left and right else []
    context = {
        "proposal": proposal,
        "submissions": found,
        "left": left,
        "right": right,
        "changed": [field for field in fields if field.changed],
        "same": len([field for field in fields if not field.changed]),
    }
    return render(request, "compute_grants/proposal_versions.html", context)


@require_safe
def receipt_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt of the newest submission as a document in both languages."""
    proposal = visible(request, number)
    submission = proposal.submissions.select_related("submitted_by").first()
    if submission is None:
        raise Http404
    context = {
        "proposal": proposal,
        "submission": submission,
        "files": submission.content.get("attachments", []),
        "number": proposal.number,
        "digest": submission.content_hash,
        "at": submission.submitted_at,
    }
    data = pdf.render_pdf("compute_grants/print/proposal_receipt.html", context)
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{proposal.number}-receipt.pdf"'
    return response


@require_http_methods(["GET", "POST"])
def clone(request: HttpRequest, number: str) -> HttpResponse:
    """Begin a new draft with what this proposal says."""
    source = visible(request, number)
    user = actor(request)
    policy.can_clone(user, source).require()
    calls = Call.objects.visible_to(user).accepting(timezone.now()).order_by("closes_at", "pk")
    form = CloneForm(request.POST or None, user=user, calls=calls)
    made: list[Proposal] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(proposal_clone.clone(source, **form.cleaned_data, by=user))
    ):
        messages.success(request, _("The draft was begun. Read every section before you submit."))
        return redirect("compute_grants:proposal_sections", made[0].number)
    context = {"proposal": source, "form": form, "calls": calls}
    return render(request, "compute_grants/proposal_clone.html", context, status=status_of(form))
