"""Samples of a proposal's files and measurements."""

from compute_grants.actions import attachments
from tests.consortium import hostile
from tests.factories import compute_grants as make
from tests.factories.proposals import measured
from tests.samples import Samples


def samples() -> Samples:
    draft = make.proposal_for(make.call_with())
    file = hostile.upload(hostile.picture(), "curve.png")
    row = attachments.attach(draft, file=file, section="science", by=draft.lead)
    measured(draft)
    own: dict[str, str] = {"number": draft.number}
    return {
        "compute_grants:proposal_attachments": (own, draft.lead),
        "compute_grants:attachment": (own | {"pk": row.pk}, draft.lead),
        "compute_grants:attachment_remove": (own | {"pk": row.pk}, draft.lead),
        "compute_grants:proposal_scaling": (own, draft.lead),
        "compute_grants:proposal_scaling_csv": (own, draft.lead),
    }
