"""The team of a proposal: the lead's page, and the page where each person answers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from compute_grants.actions import team as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.team import AnswerForm, InviteForm
from compute_grants.models import Proposal, SectionName, TeamMember
from compute_grants.policies import team as policy
from compute_grants.queries import team as queries
from compute_grants.views.proposal_rail import frame, own
from consortium.http import actor


@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, number: str) -> HttpResponse:
    """Who was asked and what they said, and a form to ask somebody."""
    proposal = own(request, number)
    user = actor(request)
    form = InviteForm(request.POST or None, user=user)
    if form.is_valid() and attempt(
        form, lambda: actions.invite(proposal, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The invitation is out."))
        return redirect("compute_grants:proposal_team", proposal.number)
    context = {
        **frame(proposal, SectionName.TEAM),
        "members": [
            (member, request.build_absolute_uri(member.get_absolute_url()))
            for member in queries.team_of(proposal)
        ],
        "form": form,
        "can_manage": policy.can_manage(user, proposal),
    }
    return render(request, "compute_grants/proposal_team.html", context, status=status_of(form))


@require_POST
def team_remove(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    proposal = own(request, number)
    member = get_object_or_404(proposal.team, pk=pk)
    actions.remove(member, by=actor(request))
    messages.success(request, _("The person was taken off the team."))
    return redirect("compute_grants:proposal_team", proposal.number)


@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """What one is asked to join, and one's answer."""
    user = actor(request)
    member = get_object_or_404(queries.invitations_of(user), pk=pk)
    form = AnswerForm(request.POST or None)
    if form.is_valid() and attempt(form, lambda: _answer(request, member, form)):
        messages.success(request, _("Your answer was recorded."))
        return redirect(member)
    reads = Proposal.objects.visible_to(user).filter(pk=member.proposal_id).exists()
    context = {"member": member, "proposal": member.proposal, "form": form, "reads": reads}
    return render(request, "compute_grants/team_invitation.html", context, status=status_of(form))


def _answer(request: HttpRequest, member: TeamMember, form: AnswerForm) -> None:
    if request.POST.get("act") == "confirm":
        actions.confirm(member, by=actor(request))
    else:
        actions.decline(member, note=form.cleaned_data["note"], by=actor(request))
