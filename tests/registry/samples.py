"""Samples of the registry's routes. See tests/samples.py."""

from consortium.models import User
from registry.verifier import WHEEL
from tests.factories import licensing
from tests.factories import registry as make
from tests.factories.consortium import delegate, research_officer
from tests.samples import Samples

# The API routes of the deployment track, each with the page that does the same.
SAME_AS = {
    "api:transfer-detail": "registry:gate",
    "api:transfer-restate": "registry:gate_restate",
    "api:transfer-run-checks": "registry:gate_check",
    "api:transfer-approve-research": "registry:gate_research",
    "api:transfer-consent": "registry:gate_consent",
    "api:transfer-approve-deployment": "registry:gate_deployment",
    "api:transfer-refuse": "registry:gate_research",
    "api:transfer-cancel": "registry:gate_cancel",
    "api:offering-detail": "registry:offering",
    "api:offering-offer": "registry:offering_offer",
    "api:offering-retire": "registry:offering_retire",
    "api:licence-detail": "registry:licence",
    "api:licence-offer": "registry:licence_offer",
    "api:licence-counter": "registry:licence_counter",
    "api:licence-accept": "registry:licence_accept",
    "api:licence-decline": "registry:licence_decline",
    "api:licence-sign": "registry:licence_sign",
    "api:licence-licence-file": "registry:licence_file",
    "api:licence-files": "registry:licence_files",
    "api:licence-provenance": "registry:licence_provenance",
    "api:licence-suspend": "registry:licence_standing",
    "api:licence-reinstate": "registry:licence_standing",
    "api:licence-revoke": "registry:licence_standing",
    "api:licence-receipts": "registry:receipt_create",
    "api:statement-detail": "registry:statement",
}


def samples() -> Samples:
    pages = deployment_samples()
    return research_samples() | pages | deployment_api_samples(pages)


def deployment_api_samples(pages: Samples) -> Samples:
    """The same things as on the pages, under their numbers or codes alone."""
    found: Samples = {}
    for route, page in SAME_AS.items():
        kwargs, person = pages[page]
        found[route] = ({k: kwargs[k] for k in ("number", "code") if k in kwargs}, person)
    return found


def research_samples() -> Samples:
    """The research track: a lab with a release under review, one in draft and one released."""
    checkpoint = make.checkpoint()
    lab, model = checkpoint.model.lab, checkpoint.model
    maintainer = make.maintainer(lab)
    released = make.release(checkpoint, audience="public")
    draft = make.release(make.checkpoint(lab), state="checks", version="2.0")
    waiting = make.release(make.checkpoint(lab), state="under_review", version="3.0")
    in_lab = {"lab": lab.slug}
    of_model = in_lab | {"model": model.slug}
    of_checkpoint = of_model | {"version": checkpoint.version}

    def of(release) -> dict[str, object]:
        return of_model | {"version": release.version}

    office: User = research_officer()
    return {
        "api:lab-detail": ({"slug": lab.slug}, maintainer),
        "api:lab-set-member": ({"slug": lab.slug}, maintainer),
        "api:lab-remove-member": ({"slug": lab.slug}, maintainer),
        "api:model-detail": ({"pk": model.pk}, maintainer),
        "api:checkpoint-detail": ({"pk": checkpoint.pk}, maintainer),
        "api:checkpoint-set-data-set": ({"pk": checkpoint.pk}, maintainer),
        "api:checkpoint-retire": ({"pk": checkpoint.pk}, maintainer),
        "api:release-detail": ({"pk": released.pk}, None),
        "api:release-edit": ({"pk": draft.pk}, maintainer),
        "api:release-check": ({"pk": draft.pk}, maintainer),
        "api:release-submit": ({"pk": draft.pk}, maintainer),
        "api:release-approve": ({"pk": waiting.pk}, office),
        "api:release-send-back": ({"pk": waiting.pk}, office),
        "api:release-withdraw": ({"pk": released.pk}, maintainer),
        "registry:lab": (in_lab, maintainer),
        "registry:lab_members": (in_lab, maintainer),
        "registry:lab_member_remove": (in_lab | {"pk": make.lab_member(lab).pk}, maintainer),
        "registry:model": (of_model, maintainer),
        "registry:model_edit": (of_model, maintainer),
        "registry:checkpoint": (of_checkpoint, maintainer),
        "registry:checkpoint_data": (of_checkpoint, maintainer),
        "registry:checkpoint_retire": (of_checkpoint, maintainer),
        "registry:release_create": (of_checkpoint, maintainer),
        "registry:release": (of(released), None),
        "registry:release_files": (of(released), None),
        "registry:release_file": (of(released) | {"path": "MLmodel"}, None),
        "registry:release_publish": (of(draft), maintainer),
        "registry:release_card": (of(draft), maintainer),
        "registry:release_terms": (of(draft), maintainer),
        "registry:release_check": (of(draft), maintainer),
        "registry:release_submit": (of(draft), maintainer),
        "registry:release_decide": (of(waiting), office),
        "registry:release_withdraw": (of(released), maintainer),
    }


def deployment_samples() -> Samples:
    """Transfers at each step, an offering, and licences negotiated, signed and paid."""
    crossing = licensing.Crossing()
    offering = licensing.offering(licensing.contributed_by_three().approved())
    draft = licensing.offering(licensing.approved_gate(), offered=False)
    return (
        _gate_samples(crossing)
        | _offering_samples(offering, draft)
        | _negotiation_samples(offering)
        | _issued_samples(offering)
    )


def _gate_samples(crossing: licensing.Crossing) -> Samples:
    lab = licensing.Crossing()
    asked = lab.requested(statements={})
    waiting = licensing.Crossing()
    in_review, consenting = waiting.in_review(), crossing.consenting()
    for_deployment = licensing.Crossing()
    consented = for_deployment.consented()
    approved = licensing.Crossing()
    gate = approved.approved()
    fresh = licensing.released()
    home = licensing.contributors(consenting)[0]
    release = {
        "lab": fresh.model.lab.slug,
        "model": fresh.model.slug,
        "version": fresh.version,
    }
    return {
        "registry:gate": ({"number": gate.number}, approved.requester),
        "registry:gate_certificate": ({"number": gate.number}, approved.requester),
        "registry:gate_request": (release, licensing.maintainer(fresh.model.lab)),
        "registry:gate_restate": ({"number": asked.number}, lab.requester),
        "registry:gate_check": ({"number": asked.number}, lab.requester),
        "registry:gate_cancel": ({"number": asked.number}, lab.requester),
        "registry:gate_research": ({"number": in_review.number}, waiting.research),
        "registry:gate_deployment": ({"number": consented.number}, for_deployment.deployment),
        "registry:gate_consent": (
            {"number": consenting.number, "institution": home.slug},
            delegate(home),
        ),
        "registry:offering_create": ({"number": gate.number}, approved.deployment),
    }


def _offering_samples(offering, draft) -> Samples:
    officer = licensing.deployment_officer()
    buyer = licensing.member(licensing.enterprise())
    return {
        "registry:offering": ({"code": offering.code}, None),
        "registry:offering_offer": ({"code": draft.code}, officer),
        "registry:offering_retire": ({"code": offering.code}, officer),
        "registry:licence_request": ({"code": offering.code}, buyer),
    }


def _negotiation_samples(offering) -> Samples:
    asked, answered, countered, agreed = (licensing.Deal(offering=offering) for _n in range(4))
    requested = {"number": asked.requested().number}
    offered = {"number": answered.offered().number}
    back = {"number": countered.countered().number}
    ready = {"number": agreed.agreed().number}
    return {
        "registry:licence_offer": (requested, asked.officer),
        "registry:licence_counter": (offered, answered.buyer),
        "registry:licence_accept": (offered, answered.buyer),
        "registry:licence_accept_counter": (back, countered.officer),
        "registry:licence_decline": (offered, answered.buyer),
        "registry:licence_close": (back, countered.officer),
        "registry:licence_sign": (ready, agreed.delegate),
    }


def _issued_samples(offering) -> Samples:
    deal = licensing.Deal(offering=offering)
    statement = deal.paid()
    licence = statement.licence
    number = {"number": licence.number}
    path = licence.offering.gate.checkpoint.files.first().path
    contributor = licensing.member(licensing.contributors(licence.offering.gate)[0])
    return {
        "registry:licence": (number, deal.buyer),
        "registry:licence_signed": (number, deal.buyer),
        "registry:licence_agreement": (number, deal.buyer),
        "registry:licence_file": (number, deal.buyer),
        "registry:licence_files": (number, deal.buyer),
        "registry:licence_manifest": (number, deal.buyer),
        "registry:licence_bytes": (number | {"path": path}, deal.buyer),
        "registry:licence_standing": (number | {"change": "suspend"}, deal.officer),
        "registry:licence_provenance": (number, contributor),
        "registry:receipt_create": (number, deal.officer),
        "registry:statement": ({"number": statement.number}, contributor),
        "registry:statement_csv": ({"number": statement.number}, contributor),
        "registry:verifier": ({"name": WHEEL}, None),
    }
