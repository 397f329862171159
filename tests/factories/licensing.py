"""Transfers, offerings and licences in every state, led there by the actions themselves."""

from dataclasses import dataclass, field
from datetime import date
from itertools import count

from django.utils import timezone

from compute_grants.models import Allocation, UsageImport, UsageRecord
from consortium.models import Institution, User
from registry.actions import (
    gate_approval,
    gates,
    licences,
    money,
    offerings,
    signing,
    standing,
    trust,
)
from registry.backends import store
from registry.models import (
    Checkpoint,
    CheckpointFile,
    CheckpointJob,
    CommercialOffering,
    DataSetUse,
    Deployment,
    FieldOfUse,
    Lab,
    LabMember,
    Licence,
    Lineage,
    Model,
    ResearchRelease,
    RevenueStatement,
    Side,
    StoredBlob,
    TransferGate,
)
from registry.terms import Terms
from registry.verifier import manifest
from tests.factories import allocations
from tests.factories.consortium import (
    InstitutionFactory,
    delegate,
    deployment_officer,
    member,
    operator,
    principal,
    research_officer,
)

_number = count(1)
STATEMENTS = {
    "data_rights": "Licences of all data sets read on 2026-11-02, filed as DR-17.",
    "export": "No controlled technology: opinion of 2026-11-03.",
    "filing": "Not offered to the public by us; the licensee files its service.",
}
GateState, LicenceState = TransferGate.State, Licence.State


def lab(institution: Institution | None = None) -> Lab:
    """A lab with one maintainer."""
    n = next(_number)
    maintainer = principal(institution)
    home = maintainer.affiliations.get().institution
    made = Lab.objects.create(
        slug=f"lab-of-{n}",
        name_en=f"Lab {n}",
        name_zh=f"实验室{n}",
        institution=home,
        workspace=f"lab-of-{n}",
        created_by=maintainer,
    )
    LabMember.objects.create(lab=made, user=maintainer, role=LabMember.Role.MAINTAINER)
    return made


def maintainer(of: Lab) -> User:
    return of.members.order_by("pk").first().user


def blob(content: bytes) -> StoredBlob:
    writer = store().writer()
    writer.write(content)
    stored = writer.finish()
    return StoredBlob.objects.get_or_create(sha256=stored.sha256, defaults={"size": stored.size})[0]


def checkpoint(
    in_lab: Lab | None = None,
    *,
    allocation: Allocation | None = None,
    parents: tuple[Checkpoint, ...] = (),
    contents: dict[str, bytes] | None = None,
    **fields,
) -> Checkpoint:
    """A checkpoint in safetensors with a metric, its files stored."""
    in_lab = in_lab or lab()
    n = next(_number)
    by = maintainer(in_lab)
    model = Model.objects.create(
        lab=in_lab, slug=f"model-{n}", name_en=f"Model {n}", name_zh=f"模型{n}", created_by=by
    )
    contents = contents or {
        "model.safetensors": b"weights %d" % n,
        "README.md": b"# Card",
    }
    blobs = {path: blob(content) for path, content in contents.items()}
    files = [manifest.File(path, row.size, row.sha256) for path, row in blobs.items()]
    made = Checkpoint.objects.create(
        model=model,
        version=1,
        manifest_root=manifest.root(files),
        bytes_total=sum(file.size for file in files),
        format=fields.pop("format", Checkpoint.Format.SAFETENSORS),
        metrics=fields.pop("metrics", {"accuracy": 0.97}),
        allocation=allocation,
        created_by=by,
        **fields,
    )
    for path, row in blobs.items():
        CheckpointFile.objects.create(checkpoint=made, path=path, size=row.size, blob=row)
    for parent in parents:
        Lineage.objects.create(parent=parent, child=made, relation=Lineage.Relation.FINE_TUNED)
    return made


def trained_on(made: Checkpoint, owner: Institution, name: str = "Digits") -> DataSetUse:
    return DataSetUse.objects.create(
        checkpoint=made, name=name, origin=owner.name_en, licence="CC-BY-4.0"
    )


def run(made: Checkpoint, allocation: Allocation, *, card_seconds: int, tie=True) -> UsageRecord:
    """A job run charged to the allocation, tied to the checkpoint it trained."""
    n = next(_number)
    machine = allocation.resource.machine
    read = UsageImport.objects.create(machine=machine, source="test", sha256="0" * 64, size_bytes=1)
    now = timezone.now()
    record = UsageRecord.objects.create(
        cluster=machine.cluster,
        job_id_raw=n,
        job_id=str(n),
        submit_at=now,
        start_at=now,
        end_at=now,
        used_at=now,
        allocation=allocation,
        account=allocation.account_name,
        cluster_user="ada",
        partition="gpu",
        job_state="COMPLETED",
        elapsed_seconds=card_seconds,
        card_seconds=card_seconds,
        core_seconds=card_seconds * 16,
        energy_joules=card_seconds * 400,
        energy_source=UsageRecord.EnergySource.MEASURED,
        read_by=read,
        read_at=now,
    )
    if tie:
        CheckpointJob.objects.create(checkpoint=made, usage=record)
    return record


def released(made: Checkpoint | None = None, **fields) -> ResearchRelease:
    made = made or checkpoint()
    return ResearchRelease.objects.create(
        model=made.model,
        checkpoint=made,
        version="1.0",
        state=ResearchRelease.State.RELEASED,
        licence="LicenseRef-OMIC-Research-1.0",
        card_en="A card.",
        card_zh="模型卡。",
        released_at=timezone.now(),
        created_by=made.created_by,
        **fields,
    )


@dataclass
class Crossing:
    """A release on its way through the gate, and everybody who has a say."""

    release: ResearchRelease = field(default_factory=released)
    research: User = field(default_factory=research_officer)
    deployment: User = field(default_factory=deployment_officer)

    @property
    def requester(self) -> User:
        return maintainer(self.release.model.lab)

    def requested(self, **changes) -> TransferGate:
        words = {
            "purpose_en": "Defect inspection on production lines.",
            "purpose_zh": "产线缺陷检测。",
            "statements": STATEMENTS,
        }
        return gates.request(self.release, **words | changes, by=self.requester)

    def in_review(self) -> TransferGate:
        return gates.run_checks(self.requested(), by=self.requester)

    def consenting(self) -> TransferGate:
        return gates.approve_research(self.in_review(), note="Reproducible.", by=self.research)

    def consented(self) -> TransferGate:
        gate = self.consenting()
        for institution in contributors(gate):
            gate = gates.consent(
                gate, institution, verdict="consent", reason="", by=delegate(institution)
            )
        return gate

    def approved(self) -> TransferGate:
        trust.init_keys()
        gate = self.consented()
        return gate_approval.approve_deployment(gate, note="Market is there.", by=self.deployment)


def contributors(gate: TransferGate) -> list[Institution]:
    return list(
        Institution.objects.filter(contributions__snapshot__gate=gate).distinct().order_by("pk")
    )


def contributed_by_three() -> Crossing:
    """Compute by the lead's university, infrastructure by a centre, data by an institute."""
    home = InstitutionFactory.create()
    allocation = allocations.active()
    made = checkpoint(lab(home), allocation=allocation)
    run(made, allocation, card_seconds=7200)
    trained_on(made, InstitutionFactory.create())
    return Crossing(released(made))


def approved_gate() -> TransferGate:
    return Crossing().approved()


def offering(gate: TransferGate | None = None, *, offered=True, **fields) -> CommercialOffering:
    gate = gate or approved_gate()
    n = next(_number)
    officer = deployment_officer()
    details = {
        "code": f"inspect-{n}",
        "title_en": f"Visual inspection {n}",
        "title_zh": f"视觉检测{n}",
        "summary_en": "Finds defects on production lines.",
        "summary_zh": "发现产线缺陷。",
        "fields": [FieldOfUse.MANUFACTURING, FieldOfUse.ENERGY],
        "forms": [Deployment.ON_PREMISES],
        "list_price_fen": 120_000_00,
    } | fields
    made = offerings.create(gate, details=details, by=officer)
    return offerings.offer(made, by=officer) if offered else made


def terms(**changes) -> Terms:
    base = {
        "fields": ("manufacturing",),
        "regions": ("CN",),
        "nodes": 2,
        "cards": 16,
        "months": 12,
        "price_fen": 100_000_00,
    }
    return Terms(**base | changes)


def enterprise() -> Institution:
    made: Institution = InstitutionFactory.create(enterprise=True)
    return made


@dataclass
class Deal:
    """An enterprise, the deployment office, and the licence they negotiate."""

    offering: CommercialOffering = field(default_factory=offering)
    enterprise: Institution = field(default_factory=enterprise)
    officer: User = field(default_factory=deployment_officer)

    def __post_init__(self) -> None:
        self.buyer = member(self.enterprise)
        self.delegate = delegate(self.enterprise)

    def requested(self) -> Licence:
        note = "Inspect castings at two plants."
        return licences.request(self.offering, self.enterprise, note=note, by=self.buyer)

    def offered(self, **changes) -> Licence:
        licence = self.requested()
        licences.offer(licence, terms(**changes), comment="Our offer.", by=self.officer)
        return fresh(licence)

    def countered(self) -> Licence:
        licence = self.offered()
        other = terms(cards=32, price_fen=90_000_00)
        licences.counter(licence, other, comment="More cards.", by=self.buyer, answers=1)
        return fresh(licence)

    def agreed(self, **changes) -> Licence:
        return licences.accept(self.offered(**changes), by=self.buyer, revision=1)

    def sign(self, licence: Licence, side: Side, by: User) -> Licence:
        return signing.sign(
            licence,
            side,
            document_sha256=licence.document_sha256,
            method="password",
            reauthenticated_at=timezone.now(),
            by=by,
        )

    def half_signed(self, **changes) -> Licence:
        return self.sign(self.agreed(**changes), Side.LICENSEE, self.delegate)

    def active(self, **changes) -> Licence:
        return self.sign(self.half_signed(**changes), Side.LICENSOR, self.officer)

    def suspended(self) -> Licence:
        return standing.suspend(self.active(), reason="Unpaid.", by=self.officer)

    def revoked(self) -> Licence:
        return standing.revoke(self.active(), reason="Breach.", by=self.officer)

    def paid(self, **changes) -> RevenueStatement:
        return receipt(self.active(), by=self.officer, **changes)


def receipt(licence: Licence, *, by: User, **changes) -> RevenueStatement:
    amounts = {
        "amount_fen": 106_000_00,
        "tax_fen": 6_000_00,
        "third_party_fen": 0,
        "received_on": date(2026, 11, 1),
        "bank_reference": f"BANK-{next(_number)}",
    }
    return money.record_receipt(licence, **amounts | changes, by=by)


def fresh(licence: Licence) -> Licence:
    return Licence.objects.get(pk=licence.pk)


def centre_operator(gate: TransferGate) -> User:
    centre = gate.checkpoint.allocation.resource.machine.centre
    return operator(centre)
