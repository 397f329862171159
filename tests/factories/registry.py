"""Labs, checkpoints and releases in every state, led there by the actions themselves."""

import json
import struct
from datetime import timedelta
from itertools import count

from django.utils import timezone

from consortium import tokens
from consortium.models import Affiliation, ApiToken, Institution, User
from registry.actions import artifacts, checkpoints, labs, releases
from registry.actions.candidates import Candidate, content_of
from registry.backends import DataSet, store
from registry.models import RESEARCH_LICENCE, Checkpoint, Lab, LabMember, ResearchRelease
from registry.verifier.manifest import File
from tests.factories.consortium import (
    AffiliationFactory,
    InstitutionFactory,
    institution_admin,
    member,
    research_officer,
)

_number = count(1)
CARD_EN = (
    "Reads 8x8 images of single digits. For teaching and for trying the portal out; not for "
    "reading forms, money or anything that matters. Evaluated on 450 unseen images: 94 % right."
)
CARD_ZH = (
    "识别8×8像素的单个手写数字图像。用于教学和试用本平台；不可用于识读表单、金额或任何重要内容。"
    "在450幅未见过的图像上评测，正确率94%。"
)
SCOPES = ["registry:read", "registry:write"]


def token(user: User, *scopes: str) -> str:
    """The text of a new live token of this person."""
    minted = tokens.mint()
    ApiToken.objects.create(
        key_id=minted.key_id,
        digest=minted.digest,
        user=user,
        label="test",
        scopes=list(scopes or SCOPES),
        expires_at=timezone.now() + timedelta(days=1),
    )
    return minted.text


def lab(institution: Institution | None = None, slug: str = "") -> Lab:
    """A lab with one maintainer."""
    institution = institution or InstitutionFactory.create()
    return labs.create(
        institution,
        slug=slug or f"lab-{next(_number)}",
        name_en="Vision Lab",
        name_zh="视觉实验室",
        maintainer=member(institution),
        by=institution_admin(institution),
    )


def maintainer(of: Lab) -> User:
    """The lab's maintainer, read anew."""
    row = of.members.filter(role=LabMember.Role.MAINTAINER).first()
    return User.objects.get(pk=row.user_id)


def lab_member(of: Lab) -> User:
    """A new plain member of the lab."""
    user = member(of.institution)
    labs.set_member(of, user, role=LabMember.Role.MEMBER, by=maintainer(of))
    return User.objects.get(pk=user.pk)


def leaves_institution(user: User) -> None:
    """All affiliations of the person end as of yesterday."""
    yesterday = timezone.localdate() - timedelta(days=1)
    Affiliation.objects.filter(user=user).update(until=yesterday)


def joins(user: User, institution: Institution) -> User:
    AffiliationFactory.create(user=user, institution=institution)
    return User.objects.get(pk=user.pk)


def safetensors(shape=(4, 3), dtype: str = "F32", name: str = "layers.0.weight") -> bytes:
    """A well-formed file of one tensor."""
    size = 4
    for side in shape:
        size *= side
    header = {name: {"dtype": dtype, "shape": list(shape), "data_offsets": [0, size]}}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(size)


def put(at: Lab, path: str, content: bytes, by: User) -> File:
    """Store an artifact of the lab, as an upload does."""
    writer = store().writer()
    writer.write(content)
    stored = writer.finish()
    artifacts.record(at, path=path, stored=stored, by=by)
    return File(path, stored.size, stored.sha256)


def files(at: Lab, by: User, contents: dict[str, bytes] | None = None) -> tuple[File, ...]:
    """A small model's files, stored: paths relative to the model."""
    contents = contents or {
        "MLmodel": f"run {next(_number)}".encode(),
        "artifacts/model.safetensors": safetensors(),
    }
    root = f"workspaces/{at.workspace}/1/models/m-{next(_number):032x}/artifacts"
    stored = [put(at, f"{root}/{path}", body, by) for path, body in contents.items()]
    return tuple(File(f.path.removeprefix(f"{root}/"), f.size, f.sha256) for f in stored)


def candidate(at: Lab, by: User, contents: dict[str, bytes] | None = None, **fields) -> Candidate:
    found = files(at, by, contents)
    digits = DataSet("digits", "18f39105", "training", {"licence": "CC0-1.0", "origin": "UCI"})
    values = {"allocation": None, "data_sets": (digits,), "metrics": {"accuracy": 0.94}}
    return Candidate(
        run_id=f"{next(_number):032x}",
        logged_model_id="",
        files=found,
        content=content_of(found),
        **(values | fields),
    )


def checkpoint(
    at: Lab | None = None, name: str = "digits", contents: dict[str, bytes] | None = None, **fields
) -> Checkpoint:
    """A recorded checkpoint: the next version of `name` in the lab."""
    at = at or lab()
    by = maintainer(at)
    version = Checkpoint.objects.filter(model__lab=at, model__slug=name).count() + 1
    made = candidate(at, by, contents, **fields)
    recorded = checkpoints.record(made, lab=at, name=name, version=version, by=by)
    if version == 1:
        names = {"name_en": "Digits", "name_zh": "手写数字"}
        recorded.model = checkpoints.edit_model(recorded.model, by=by, **names)
    return recorded


def release(of: Checkpoint | None = None, state: str = "released", **terms) -> ResearchRelease:
    """A release of a checkpoint in `state`, by its makers and the research office."""
    of = of or checkpoint()
    author = terms.pop("by", None) or maintainer(of.model.lab)
    made = releases.draft(of, version=terms.pop("version", "1.0"), by=author)
    if state == "draft":
        return made
    values = {
        "licence": RESEARCH_LICENCE,
        "card_en": CARD_EN,
        "card_zh": CARD_ZH,
        "audience": "members",
        "citation": "Vision Lab, 2026.",
    }
    made = releases.edit(made, revision=made.revision, by=author, **(values | terms))
    made = releases.check(made, by=author)
    if state == "checks":
        return made
    made = releases.submit(made, by=author)
    if state == "under_review":
        return made
    office = research_officer()
    if state == "embargoed":
        until = timezone.now() + timedelta(days=30)
        return releases.approve(made, embargo_until=until, by=office)
    made = releases.approve(made, by=office)
    if state == "withdrawn":
        made = releases.withdraw(made, reason="A label was wrong.", by=author)
    return made
