"""Samples of the registry's routes. See tests/samples.py."""

from consortium.models import User
from tests.factories import registry as make
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    return research_samples()


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
