"""Gates, offerings, licences and income, with each side's own people."""

from datetime import timedelta

from django.utils import timezone

from consortium.models import Institution
from portal.demo import clock
from portal.demo.content_models import QUANTISED, ROOT, WEATHER
from portal.demo.content_people import PEOPLE
from portal.demo.people import person
from portal.demo.research import released
from registry.actions import (
    gate_approval,
    gates,
    licences,
    money,
    offerings,
    revenue_policies,
    signing,
    trust,
)
from registry.models import CommercialOffering, Licence, Side, TransferGate
from registry.terms import Terms

OFFICE = "qiao.zhengyi"
STATED = {
    "data_rights": "Every data set's licence allows commercial use; the review is file DR-{n}.",
    "export": "No controlled items: classification note EC-{n}.",
    "filing": "Not offered to the public; a licensee that does so brings its own filing number.",
}


def load() -> None:
    with clock.at(clock.days(-22)):
        trust.init_keys()
        revenue_policies.policy_in_force()
        _through_the_gate(ROOT, "zhou.min")
        offering = _offer(_through_the_gate(WEATHER, "tang.yuhe"))
    with clock.at(clock.days(-20)):
        _license(offering, "hengyuan", "hao.jing", "ren.dong", price_fen=128_000_000)
        asked = _ask(offering, "ningyue", "su.mingyue")
        licences.offer(asked, _terms(96_000_000), comment="For two hospitals.", by=person(OFFICE))
        _ask(offering, "huayan", "yu.zhiyuan")
    with clock.at(clock.days(-6)):
        _to_consent(QUANTISED, "zhou.min")
    with clock.at(clock.days(-3)):
        _pay("hengyuan", 64_000_000)


def _delegate_of(institution: Institution) -> str:
    return next(
        row.handle
        for row in PEOPLE
        if row.institution == institution.slug and "delegate" in row.roles
    )


def _to_consent(number: str, by: str) -> TransferGate:
    """Request, checks and the research arm's yes: the institutions are asked next."""
    gate = gates.request(
        released(number),
        purpose_en="Deployment at enterprise partners under licence.",
        purpose_zh="按许可在企业伙伴处部署。",
        statements={code: text.format(n=number) for code, text in STATED.items()},
        by=person(by),
    )
    gate = gates.run_checks(gate, by=person(by))
    return gates.approve_research(
        gate, note="Released, evaluated, documented.", by=person("shen.ruolan")
    )


def _through_the_gate(number: str, by: str) -> TransferGate:
    gate = _to_consent(number, by)
    for institution in Institution.objects.filter(pk__in=gates.awaited(gate)):
        gate = gates.consent(
            gate,
            institution,
            verdict="consent",
            reason="The snapshot states our contribution correctly.",
            by=person(_delegate_of(institution)),
        )
    return gate_approval.approve_deployment(gate, note="Ready to offer.", by=person("lu.wanqing"))


def _offer(gate: TransferGate) -> CommercialOffering:
    details = {
        "code": "fenghe-3km",
        "title_en": "Fenghe 3 km for operations",
        "title_zh": "风禾 3 公里业务版",
        "summary_en": "Regional weather for power, transport and public services.",
        "summary_zh": "面向电力、交通与公共服务的区域天气模型，可在本单位机房部署。",
        "fields": ["energy", "transport", "public_service"],
        "forms": ["on_premises", "private_cloud"],
        "list_price_fen": 160_000_000,
    }
    offering = offerings.create(gate, details=details, by=person(OFFICE))
    return offerings.offer(offering, by=person(OFFICE))


def _terms(price_fen: int, **other: object) -> Terms:
    return Terms.from_json(
        {
            "fields": ["energy"],
            "regions": ["CN"],
            "nodes": 4,
            "cards": 32,
            "months": 24,
            "price_fen": price_fen,
            "finetune": True,
            "royalty_basis_points": 150,
            **other,
        }
    )


def _ask(offering: CommercialOffering, institution: str, by: str) -> Licence:
    licensee = Institution.objects.get(slug=institution)
    return licences.request(offering, licensee, note="For our own sites.", by=person(by))


def _license(
    offering: CommercialOffering, institution: str, by: str, delegate: str, *, price_fen: int
) -> None:
    """Ask, offer, counter, accept, and both sides sign."""
    licence = _ask(offering, institution, by)
    first = licences.offer(
        licence, _terms(price_fen + 20_000_000), comment="As listed.", by=person(OFFICE)
    )
    second = licences.counter(
        licence,
        _terms(price_fen, nodes=6),
        comment="Six nodes, as both control rooms need their own pair.",
        answers=first.revision,
        by=person(by),
    )
    licence = licences.accept(licence, revision=second.revision, by=person(OFFICE))
    for side, who in ((Side.LICENSEE, delegate), (Side.LICENSOR, OFFICE)):
        licence = signing.sign(
            licence,
            side,
            document_sha256=licence.document_sha256,
            method="password",
            reauthenticated_at=timezone.now(),
            by=person(who),
        )


def _pay(institution: str, amount_fen: int) -> None:
    licence = Licence.objects.get(licensee__slug=institution, state=Licence.State.ACTIVE)
    money.record_receipt(
        licence,
        amount_fen=amount_fen,
        tax_fen=amount_fen * 6 // 106,
        third_party_fen=0,
        received_on=(timezone.now() - timedelta(days=1)).date(),
        bank_reference="ICBC-2026-118842",
        by=person(OFFICE),
    )
