"""Samples of the consortium's routes. See tests/samples.py."""

from datetime import timedelta

from django.utils import timezone

from consortium.models import (
    Affiliation,
    AffiliationRequest,
    ApiToken,
    ArmAppointment,
    DesiredState,
    Institution,
    Notification,
    Scope,
    Topic,
)
from tests.factories import consortium as make
from tests.samples import Samples


def samples() -> Samples:
    secretary = make.staff(ArmAppointment.Office.SECRETARIAT)
    member = make.institution_admin()
    institution = member.affiliations.get().institution
    draft = make.InstitutionFactory.create(state=Institution.State.DRAFT)
    applicant = make.member(draft, Affiliation.Role.ADMIN)
    person = make.member(institution)
    office = make.research_officer()
    asked = AffiliationRequest.objects.create(user=office, institution=institution)
    token = ApiToken.objects.create(
        key_id="samplekey1",
        digest="0" * 64,
        user=member,
        label="sample",
        scopes=[Scope.PROFILE_READ],
        expires_at=timezone.now() + timedelta(days=9),
    )
    effect = DesiredState.objects.create(
        kind="allocation", key="G-2026-0001", spec={}, attempts=3, error="the cluster is down"
    )
    notice = Notification.objects.create(
        person=member,
        code="affiliation.confirmed",
        topic=Topic.MEMBERSHIP,
        subject_type="consortium.institution",
        subject_id=str(institution.pk),
        href=institution.get_absolute_url(),
        facts={"institution_en": institution.name_en, "institution_zh": institution.name_zh},
    )
    of_draft, of_institution = {"slug": draft.slug}, {"slug": institution.slug}
    return {
        "consortium:institution": (of_institution, None),
        "consortium:institution_edit": (of_draft, applicant),
        "consortium:institution_submit": (of_draft, applicant),
        "consortium:institution_move": (of_institution, secretary),
        "consortium:institution_join": (of_institution, make.principal()),
        "consortium:affiliation_add": (of_institution, member),
        "consortium:affiliation_end": ({"pk": person.affiliations.get().pk}, member),
        "consortium:affiliation_request": ({"pk": asked.pk}, member),
        "consortium:affiliation_request_withdraw": ({"pk": asked.pk}, office),
        "consortium:person": ({"pk": person.pk}, secretary),
        "consortium:person_appoint": ({"pk": person.pk}, secretary),
        "consortium:person_reviewer": ({"pk": person.pk}, secretary),
        "consortium:person_deactivate": ({"pk": person.pk}, secretary),
        "consortium:appointment_end": ({"pk": office.appointments.get().pk}, secretary),
        "consortium:token_revoke": ({"pk": token.pk}, member),
        "consortium:notice_list": ({}, member),
        "consortium:notice_preferences": ({}, member),
        "consortium:notice_read": ({"pk": notice.pk}, member),
        "api:notice-detail": ({"pk": notice.pk}, member),
        "api:notice-read": ({"pk": notice.pk}, member),
        "consortium:effect_retry": ({"pk": effect.pk}, office),
        "api:effect-detail": ({"pk": effect.pk}, office),
        "api:effect-retry": ({"pk": effect.pk}, office),
        "api:institution-detail": (of_institution, None),
        "api:institution-submit": (of_draft, applicant),
        "api:institution-move": (of_institution, secretary),
        "api:person-detail": ({"pk": person.pk}, member),
        "api:token-revoke": ({"pk": token.pk}, member),
    }
