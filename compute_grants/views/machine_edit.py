"""What operators do with their centre's machines."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from compute_grants.actions import machines as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.machines import (
    CapacityForm,
    MachineForm,
    NewMachineForm,
    PartitionForm,
    PeaksForm,
    ResourceForm,
    StateForm,
)
from compute_grants.models import Machine, Partition
from compute_grants.policies import machines as policy
from consortium.http import actor


def _mine(request: HttpRequest, code: str) -> Machine:
    """A machine this person manages: 404 where they do not see it, 403 where they only see it."""
    visible = Machine.objects.visible_to(actor(request)).select_related("centre")
    machine = get_object_or_404(visible, code=code)
    policy.can_manage(actor(request), machine).require()
    return machine


def _form_page(request: HttpRequest, form: Any, **context: Any) -> HttpResponse:
    return render(
        request,
        "compute_grants/machine_form.html",
        {"form": form} | context,
        status=status_of(form),
    )


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    user = actor(request)
    form = NewMachineForm(request.POST or None, user=user)
    made: list[Machine] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(actions.create(**form.cleaned_data, by=user))
    ):
        messages.success(request, _("The draft is saved. Add partitions, peaks and resources."))
        return redirect(made[0])
    return _form_page(request, form, title=_("Add a machine"))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    machine = _mine(request, code)
    form = MachineForm.of(machine, request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.edit(machine, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The machine was saved."))
        return redirect("compute_grants:machine", form.cleaned_data["code"])
    return _form_page(request, form, machine=machine, title=_("Edit the machine"))


@require_http_methods(["GET", "POST"])
def partition_create(request: HttpRequest, code: str) -> HttpResponse:
    machine = _mine(request, code)
    form = PartitionForm(request.POST or None)
    made: list[Partition] = []
    if form.is_valid() and attempt(
        form,
        lambda: made.append(actions.add_partition(machine, **form.cleaned_data, by=actor(request))),
    ):
        messages.success(request, _("The partition was added. State its peaks."))
        return redirect("compute_grants:partition_peaks", machine.code, made[0].pk)
    return _form_page(request, form, machine=machine, title=_("Add a partition"))


@require_http_methods(["GET", "POST"])
def partition_peaks(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    machine = _mine(request, code)
    partition = get_object_or_404(machine.partitions, pk=pk)
    form = PeaksForm(request.POST or None, partition=partition)

    def state_all() -> None:
        actions.set_peaks(partition, gigaflops=form.gigaflops(), by=actor(request))

    if form.is_valid() and attempt(form, state_all):
        messages.success(request, _("The peaks were saved."))
        return redirect(machine)
    return _form_page(
        request,
        form,
        machine=machine,
        partition=partition,
        title=_("Peak rates"),
        lede=_("The vendor's peak of one card, or of one node without cards, in TFLOPS."),
    )


@require_http_methods(["GET", "POST"])
def partition_change(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    machine = _mine(request, code)
    partition = get_object_or_404(machine.partitions, pk=pk)
    form = PartitionForm.of(partition, request.POST or None)
    if form.is_valid() and attempt(
        form,
        lambda: actions.change_partition(partition, **form.cleaned_data, by=actor(request)),
    ):
        messages.success(request, _("The partition was changed."))
        return redirect(machine)
    return _form_page(
        request, form, machine=machine, partition=partition, title=_("Change the partition")
    )


@require_POST
def partition_remove(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    machine = _mine(request, code)
    actions.remove_partition(get_object_or_404(machine.partitions, pk=pk), by=actor(request))
    messages.success(request, _("The partition was removed."))
    return redirect(machine)


@require_http_methods(["GET", "POST"])
def resource_create(request: HttpRequest, code: str) -> HttpResponse:
    machine = _mine(request, code)
    form = ResourceForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.add_resource(machine, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("Calls can offer this from now on."))
        return redirect(machine)
    return _form_page(request, form, machine=machine, title=_("Offer time"))


@require_http_methods(["GET", "POST"])
def capacity(request: HttpRequest, code: str) -> HttpResponse:
    machine = _mine(request, code)
    form = CapacityForm(request.POST or None, machine=machine)
    if form.is_valid() and attempt(
        form, lambda: actions.certify(**form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The capacity is certified."))
        return redirect("compute_grants:machine_months", machine.code)
    return _form_page(
        request,
        form,
        machine=machine,
        title=_("Certify capacity"),
        lede=_("Calls can offer no more than what the centre has certified."),
    )


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, code: str) -> HttpResponse:
    """The page that shows what would be published, and the act itself."""
    machine = _mine(request, code)
    if request.method == "POST":
        actions.publish(machine, by=actor(request))
        messages.success(request, _("The machine is published. Everybody sees it now."))
        return redirect(machine)
    context = {"machine": machine, "lacking": actions.lacking(machine)}
    return render(request, "compute_grants/machine_publish.html", context)


@require_POST
def state(request: HttpRequest, code: str) -> HttpResponse:
    machine = _mine(request, code)
    form = StateForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, machine=machine, title=_("State"))
    actions.set_state(machine, state=form.cleaned_data["state"], by=actor(request))
    messages.success(request, _("The machine's state was changed."))
    return redirect(machine)
