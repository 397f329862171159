"""Machines, calls, proposals and reviews in every state, and whole small settings of them."""

import uuid
from datetime import UTC, date, datetime, timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from compute_grants.actions.capacity import source_account
from compute_grants.models import (
    Call,
    CallBudget,
    CallRound,
    Capacity,
    Criterion,
    FusionStage,
    Machine,
    Origin,
    PanelDecision,
    Partition,
    PeakRate,
    Precision,
    Proposal,
    Resource,
    ResourceRequest,
    Review,
    ReviewAssignment,
    Score,
    Submission,
    TechnicalReview,
)
from consortium.actions import ledger
from consortium.models import Account, Affiliation, User
from tests.factories.consortium import (
    InstitutionFactory,
    operator,
    principal,
    research_officer,
    reviewer,
)

HOUR = 3600
HASH = "ab" * 32
WEIGHTS = (50, 30, 20)


def ago(**delta: int) -> datetime:
    return timezone.now() - timedelta(**delta)


class MachineFactory(DjangoModelFactory):
    """A draft without partitions; `machine()` makes a whole one."""

    class Meta:
        model = Machine

    class Params:
        published = factory.Trait(state=Machine.State.PUBLISHED)
        maintenance = factory.Trait(state=Machine.State.MAINTENANCE)
        retired = factory.Trait(state=Machine.State.RETIRED)

    code = factory.Sequence(lambda n: f"machine-{n}")
    cluster = factory.Sequence(lambda n: f"cluster_{n}")
    name_en = factory.Sequence(lambda n: f"Machine {n}")
    name_zh = factory.Sequence(lambda n: f"机器{n}")
    centre = factory.SubFactory(InstitutionFactory, centre=True)
    kind = Machine.Kind.AI
    power_watts = 2_000_000
    nodes = 256
    cards = 2048
    cores = 32768
    source = "The centre's data sheet, 2026"
    description_en = "Accelerated nodes."
    description_zh = "加速节点。"


class PartitionFactory(DjangoModelFactory):
    class Meta:
        model = Partition

    machine = factory.SubFactory(MachineFactory)
    name = factory.Sequence(lambda n: f"part{n}")
    nodes = 256
    accelerator = "Domestic accelerator A"
    accelerators_per_node = 8
    node_type = factory.LazyAttribute(
        lambda o: Partition.NodeType.DOMESTIC if o.accelerators_per_node else Partition.NodeType.CPU
    )
    accelerator_origin = factory.LazyAttribute(
        lambda o: Origin.DOMESTIC if o.accelerators_per_node else ""
    )
    cores_per_node = 128
    memory_bytes_per_node = 10**12
    max_wall_seconds = 72 * HOUR


class PeakRateFactory(DjangoModelFactory):
    class Meta:
        model = PeakRate

    partition = factory.SubFactory(PartitionFactory)
    precision = Precision.BF16
    gigaflops = 320_000


class ResourceFactory(DjangoModelFactory):
    class Meta:
        model = Resource

    machine = factory.SubFactory(MachineFactory, published=True)
    tres = Resource.Tres.CARDS
    unit = factory.LazyAttribute(lambda o: Resource.UNITS[Resource.Tres(o.tres)])


class CapacityFactory(DjangoModelFactory):
    class Meta:
        model = Capacity

    resource = factory.SubFactory(ResourceFactory)
    month = date(2026, 12, 1)
    seconds = 1_000_000 * HOUR
    certified_by = factory.LazyAttribute(lambda o: operator(o.resource.machine.centre))


class CallFactory(DjangoModelFactory):
    """A draft with a rubric; `call_with()` makes one with a funded budget."""

    class Meta:
        model = Call
        skip_postgeneration_save = True

    class Params:
        published = factory.Trait(
            state=Call.State.PUBLISHED,
            opens_at=factory.LazyFunction(lambda: ago(days=-1)),
        )
        open = factory.Trait(state=Call.State.OPEN)
        in_review = factory.Trait(
            state=Call.State.IN_REVIEW, closes_at=factory.LazyFunction(lambda: ago(hours=1))
        )
        decided = factory.Trait(
            state=Call.State.DECIDED, closes_at=factory.LazyFunction(lambda: ago(hours=1))
        )
        closed = factory.Trait(
            state=Call.State.CLOSED, closes_at=factory.LazyFunction(lambda: ago(hours=1))
        )

    code = factory.Sequence(lambda n: f"C-2025-{n:03d}")
    kind = Call.Kind.ROOT_MODEL
    stage = FusionStage.FOR_AI
    title_en = factory.Sequence(lambda n: f"Call {n}")
    title_zh = factory.Sequence(lambda n: f"征集{n}")
    summary_en = "Time for training."
    summary_zh = "训练机时。"
    opens_at = factory.LazyFunction(lambda: ago(days=7))
    closes_at = factory.LazyFunction(lambda: ago(days=-7))

    @factory.post_generation
    def panel(self, create, extracted, **kwargs):
        if create and extracted:
            self.panel.set(extracted)

    @factory.post_generation
    def rounds(self, create, extracted, **kwargs):
        """One round, of the call's own window, unless there shall be none."""
        if create and extracted is not False:
            CallRoundFactory.create(call=self)

    @factory.post_generation
    def weights(self, create, extracted, **kwargs):
        if create:
            Criterion.objects.bulk_create(
                Criterion(
                    call=self,
                    position=n,
                    name_en=f"Criterion {n}",
                    name_zh=f"准则{n}",
                    anchors_en="0 poor, 3 good, 5 outstanding",
                    anchors_zh="0差，3良，5优",
                    weight_percent=weight,
                )
                for n, weight in enumerate(extracted or WEIGHTS, start=1)
            )


class CallRoundFactory(DjangoModelFactory):
    class Meta:
        model = CallRound

    call = factory.SubFactory(CallFactory, rounds=False)
    position = factory.LazyAttribute(lambda o: o.call.rounds.count() + 1)
    opens_at = factory.SelfAttribute("call.opens_at")
    closes_at = factory.SelfAttribute("call.closes_at")


class CallBudgetFactory(DjangoModelFactory):
    class Meta:
        model = CallBudget

    call = factory.SubFactory(CallFactory)
    resource = factory.SubFactory(ResourceFactory)
    seconds = 10_000 * HOUR


class ProposalFactory(DjangoModelFactory):
    """A complete draft. It asks for nothing; `proposal_for()` makes one that does."""

    class Meta:
        model = Proposal

    class Params:
        handed_in = factory.Trait(
            submitted_at=factory.LazyFunction(lambda: ago(days=2)), content_hash=HASH
        )
        submitted = factory.Trait(state=Proposal.State.SUBMITTED, handed_in=True)
        returned = factory.Trait(
            state=Proposal.State.RETURNED, handed_in=True, return_reason="Name the data."
        )
        technical_review = factory.Trait(state=Proposal.State.TECHNICAL_REVIEW, handed_in=True)
        peer_review = factory.Trait(state=Proposal.State.PEER_REVIEW, handed_in=True)
        ranked = factory.Trait(state=Proposal.State.RANKED, handed_in=True)
        awarded = factory.Trait(state=Proposal.State.AWARDED, handed_in=True)
        rejected = factory.Trait(state=Proposal.State.REJECTED, handed_in=True)
        waitlisted = factory.Trait(state=Proposal.State.WAITLISTED, handed_in=True)
        withdrawn = factory.Trait(state=Proposal.State.WITHDRAWN)

    number = factory.Sequence(lambda n: f"P-2025-{n:04d}")
    call = factory.SubFactory(CallFactory, open=True)
    institution = factory.SubFactory(InstitutionFactory)
    lead = factory.LazyAttribute(lambda o: principal(o.institution))
    title_en = factory.Sequence(lambda n: f"Proposal {n}")
    title_zh = factory.Sequence(lambda n: f"申请书{n}")
    summary = "What we want."
    science_case = "Why it matters."
    software = "PyTorch, under a BSD licence."
    data_ethics = "Public data only."


class ResourceRequestFactory(DjangoModelFactory):
    class Meta:
        model = ResourceRequest

    proposal = factory.SubFactory(ProposalFactory)
    resource = factory.SubFactory(ResourceFactory)
    precision = Precision.BF16
    seconds = 1_000 * HOUR
    cards = 64
    justification = "Measured on 8 cards."


class AssignmentFactory(DjangoModelFactory):
    class Meta:
        model = ReviewAssignment

    class Params:
        declared = factory.Trait(declared_at=factory.LazyFunction(lambda: ago(days=1)))
        confirmed = factory.Trait(state=ReviewAssignment.State.CONFIRMED, declared=True)
        declined = factory.Trait(
            state=ReviewAssignment.State.DECLINED, declared=True, conflict="We publish together."
        )
        submitted = factory.Trait(state=ReviewAssignment.State.SUBMITTED, declared=True)

    proposal = factory.SubFactory(ProposalFactory, peer_review=True)
    reviewer = factory.LazyFunction(reviewer)
    assigned_by = factory.LazyFunction(research_officer)
    due_at = factory.LazyFunction(lambda: ago(days=-14))


def machine(
    *, centre=None, precisions=("BF16", "FP64"), hours: int = 1_000_000, **fields
) -> Machine:
    """A published machine with a partition, peaks, its card resource and certified capacity."""
    centre = centre or InstitutionFactory.create(centre=True)
    fields.setdefault("published", True)
    made: Machine = MachineFactory.create(centre=centre, **fields)
    partition = PartitionFactory.create(machine=made, name="gpu")
    for precision in precisions:
        PeakRateFactory.create(partition=partition, precision=precision)
    resource = ResourceFactory.create(machine=made)
    if hours:
        certified_by = operator_of(centre)
        CapacityFactory.create(resource=resource, seconds=hours * HOUR, certified_by=certified_by)
    return made


def operator_of(centre) -> User:
    """An operator of this centre: the first there is, or a new one."""
    row = Affiliation.objects.filter(institution=centre, role=Affiliation.Role.OPERATOR).first()
    return row.user if row else operator(centre)


def funded(call: Call, resource: Resource, hours: int) -> CallBudget:
    """A budget with its time in its ledger account, as publication leaves it."""
    budget: CallBudget = CallBudgetFactory.create(
        call=call, resource=resource, seconds=hours * HOUR
    )
    budget.account = ledger.open_account(
        unit=resource.unit,
        kind=Account.Kind.BUDGET,
        owner=ledger.owner_of(budget),
        capped=True,
    )
    ledger.post(
        key=uuid.uuid4(),
        debit=source_account(resource),
        credit=budget.account,
        amount=budget.seconds,
        code="call.funded",
        by=None,
    )
    budget.save(update_fields=["account"])
    return budget


def call_with(*resources: Resource, hours: int = 10_000, state: str = "open", **fields) -> Call:
    """A call in `state` that offers `hours` of each resource (of a new machine by default)."""
    made: Call = CallFactory.create(**{state: True} if state != "draft" else {}, **fields)
    for resource in resources or (machine().resources.get(),):
        if state == "draft":
            CallBudgetFactory.create(call=made, resource=resource, seconds=hours * HOUR)
        else:
            funded(made, resource, hours)
    return made


def proposal_for(
    call: Call, *, hours: int = 100, state: str = "draft", feasible: bool | None = None, **fields
) -> Proposal:
    """A proposal in `state` that asks for `hours` on each resource of the call.

    Past technical review (or with feasible=True) the centres have found it feasible.
    """
    made: Proposal = ProposalFactory.create(
        call=call, **{state: True} if state != "draft" else {}, **fields
    )
    if feasible is None:
        feasible = made.state in Proposal.JUDGED
    for budget in call.budgets.select_related("resource__machine__centre").order_by("pk"):
        if feasible:
            feasible_request(made, budget.resource, hours=hours)
        else:
            ResourceRequestFactory.create(
                proposal=made, resource=budget.resource, seconds=hours * HOUR
            )
    if made.submitted_at:
        Submission.objects.create(
            proposal=made,
            version=made.version,
            content={},
            content_hash=HASH,
            submitted_by=made.lead,
            submitted_at=datetime(2026, 1, 2, tzinfo=UTC),
        )
    return made


def feasible_request(proposal: Proposal, resource: Resource, *, hours: int) -> ResourceRequest:
    """A request that the machine's centre found feasible."""
    request: ResourceRequest = ResourceRequestFactory.create(
        proposal=proposal, resource=resource, seconds=hours * HOUR
    )
    TechnicalReview.objects.create(
        request=request,
        verdict="feasible",
        reason="It fits.",
        reviewed_by=operator_of(resource.machine.centre),
    )
    return request


def review_of(proposal: Proposal, values=(4, 4, 4), *, by: User | None = None) -> Review:
    """A review that is in, with these scores in the order of the criteria."""
    assignment = AssignmentFactory.create(
        proposal=proposal, submitted=True, **({"reviewer": by} if by else {})
    )
    made = Review.objects.create(
        assignment=assignment, comment="Well argued.", confidential_note="Between us."
    )
    for criterion, value in zip(proposal.call.criteria.all(), values, strict=True):
        Score.objects.create(review=made, criterion=criterion, value=value, reason="Because.")
    return made


def panellist(call: Call | None = None) -> User:
    """A person with standing as a panel member, seated on `call`."""
    person = reviewer(panellist=True)
    if call:
        call.panel.add(person)
    return person


def decision_on(proposal: Proposal, outcome: str = "rejected") -> PanelDecision:
    """A decision without its award lines."""
    return PanelDecision.objects.create(
        proposal=proposal, outcome=outcome, reason="Below the line.", decided_by=panellist()
    )
