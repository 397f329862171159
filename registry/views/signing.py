"""The review page before a signature, its receipt, and what a signed licence gives."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.forms.fields import attempt, status_of
from consortium.http import actor, proof_of_identity, reauthentication_required
from registry.actions import licensed_files, signing, trust
from registry.forms.licensing import SignForm
from registry.models import Licence, Side
from registry.policies import licences as policies
from registry.queries.negotiation import clause_table
from registry.sending import RangeOutside, hand_over, outside, plan
from registry.verifier.jws import canonical
from registry.views.licence_snippets import bundle_snippet
from registry.views.licences import visible_licence
from registry.views.posted import posted


@require_http_methods(["GET", "POST"])
def licence_sign(request: HttpRequest, number: str) -> HttpResponse:
    """Review and sign. Irreversible, so it stands on a page of its own."""
    found, user = visible_licence(request, number), actor(request)
    side = policies.side_of(user, found)
    if side is None:
        policies.can_sign(user, found, Side.LICENSEE).require()
        raise Http404
    if elsewhere := reauthentication_required(request):
        return elsewhere
    form = SignForm(posted(request), initial={"document_sha256": found.document_sha256})
    method, at = proof_of_identity(request)
    if form.is_valid() and attempt(
        form,
        lambda: signing.sign(
            found,
            side,
            document_sha256=form.cleaned_data["document_sha256"],
            method=method,
            reauthenticated_at=at,
            by=user,
        ),
    ):
        return redirect("registry:licence_signed", number=number)
    context = {
        "licence": found,
        "form": form,
        "side": side,
        "table": clause_table(found),
        "signatures": found.signatures.select_related("by", "institution"),
    }
    return render(request, "registry/licence_sign.html", context, status=status_of(form))


@require_safe
def licence_signed(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt of the signatures."""
    found = visible_licence(request, number)
    signatures = found.signatures.select_related("by", "institution")
    if not signatures:
        raise Http404
    context = {"licence": found, "signatures": signatures}
    return render(request, "registry/licence_signed.html", context)


@require_safe
def licence_agreement(request: HttpRequest, number: str) -> HttpResponse:
    """The agreement, byte for byte what its sha256 was taken of."""
    found = visible_licence(request, number)
    if not found.document:
        raise Http404
    response = HttpResponse(found.document.encode(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.txt"'
    return response


@require_safe
def licence_file(request: HttpRequest, number: str) -> HttpResponse:
    """The .lic file. Only for the licensee of a licence in force; else as if there were none."""
    found = _downloadable(request, number)
    text = licensed_files.licence_file(found, by=actor(request))
    response = HttpResponse(text, content_type="text/plain; charset=us-ascii")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.lic"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def licence_files(request: HttpRequest, number: str) -> HttpResponse:
    """The licensed bundle: every file with its size, its hash and a link."""
    found = _downloadable(request, number)
    checkpoint = found.offering.gate.checkpoint
    context = {
        "licence": found,
        "checkpoint": checkpoint,
        "files": checkpoint.files.all(),
        "bundle_code": bundle_snippet(request, found),
    }
    return render(request, "registry/licence_files.html", context)


@require_safe
def licence_manifest(request: HttpRequest, number: str) -> HttpResponse:
    """The bundle's manifest: the canonical JSON whose sha256 is the manifest root."""
    found = _downloadable(request, number)
    rows = [
        {"path": file.path, "size": file.size, "sha256": file.sha256}
        for file in found.offering.gate.checkpoint.files.all()
    ]
    body = canonical(sorted(rows, key=lambda row: row["path"]))
    return HttpResponse(body, content_type="application/json")


@require_safe
def licence_bytes(request: HttpRequest, number: str, path: str) -> HttpResponse:
    """One file's bytes: authorised and recorded here, sent by the server."""
    found = _downloadable(request, number)
    file = get_object_or_404(found.offering.gate.checkpoint.files, path=path)
    try:
        what = plan(file.sha256, file.size, {k.lower(): v for k, v in request.headers.items()})
    except RangeOutside as error:
        return outside(error)
    if request.method == "GET":
        licensed_files.record(found, file, what, by=actor(request))
    return hand_over(what, file.path)


def _downloadable(request: HttpRequest, number: str) -> Licence:
    """A licence whose files are open to this person. Raises Http404."""
    return get_object_or_404(Licence.objects.downloadable_by(request.user).shown(), number=number)


@require_safe
def status_list(request: HttpRequest) -> HttpResponse:
    """For omic-verify refresh: the trust document and the newest status list."""
    text = f"{trust.trust_text()}\n{trust.current_list().text}\n"
    return HttpResponse(text, content_type="text/plain; charset=us-ascii")


@require_safe
def verifier(request: HttpRequest, name: str) -> HttpResponse:
    """The verifier's wheel with this site's root key in it."""
    file_name, wheel = licensed_files.verifier_wheel()
    if name != file_name:
        raise Http404
    return HttpResponse(wheel, content_type="application/zip")
