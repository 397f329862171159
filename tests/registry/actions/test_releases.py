"""Research releases, from draft to withdrawal."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from consortium.errors import Invalid, Stale, WrongState
from consortium.models import AuditEvent
from registry.actions import releases
from registry.actions.checking import allows, known_licence
from registry.backends import store
from registry.models import RESEARCH_LICENCE, DownloadRecord, ResearchRelease
from registry.release_checks import read
from tests.factories import registry as make
from tests.factories.consortium import member, research_officer
from tests.factories.registry import CARD_EN, CARD_ZH

pytestmark = pytest.mark.django_db


def failed(release) -> set[str]:
    return {result.code for result in read(release.checks) if result.stops}


def test_the_whole_way(db):
    release = make.release()
    assert release.state == "released"
    assert release.released_at
    acts = AuditEvent.objects.filter(target_type="registry.researchrelease")
    assert [event.action for event in acts.order_by("pk")] == [
        "release.drafted",
        "release.edited",
        "release.checked",
        "release.submitted",
        "release.released",
    ]


def test_an_empty_draft_fails_by_name():
    release = make.release(state="draft")
    release = releases.check(release, by=make.maintainer(release.model.lab))
    assert release.state == "draft"
    assert failed(release) == {"card_en", "card_zh", "licence"}
    assert all(result.message for result in read(release.checks) if result.stops)


@pytest.mark.parametrize(
    ("contents", "code"),
    [
        ({"model.pkl": b"x"}, "weights"),
        ({"a.safetensors": b"\x80\x04\x95" + bytes(99)}, "weights"),
        (
            {"a.safetensors": make.safetensors(), "k.txt": b"-----BEGIN PRIVATE KEY-----"},
            "secrets",
        ),
    ],
)
def test_bad_files_fail_by_name(contents, code):
    release = make.release(make.checkpoint(contents=contents), state="draft")
    release = releases.check(release, by=make.maintainer(release.model.lab))
    assert code in failed(release)


def test_a_file_that_is_gone_from_the_store_fails():
    release = make.release(make.checkpoint(), state="draft")
    weights = release.checkpoint.files.get(path="MLmodel")
    path = store().path(weights.sha256)
    path.rename(path.with_name("gone"))
    release = releases.check(release, by=make.maintainer(release.model.lab))
    path.with_name("gone").rename(path)
    assert "store" in failed(release)


def test_data_without_licence_fails():
    checkpoint = make.checkpoint(data_sets=())
    release = releases.check(
        make.release(checkpoint, state="draft"), by=make.maintainer(checkpoint.model.lab)
    )
    assert "data" in failed(release)


@pytest.mark.parametrize(
    ("licence", "known"),
    [
        (RESEARCH_LICENCE, True),
        ("Apache-2.0", True),
        ("Apache-2.0 OR MIT", True),
        ("CC-BY-4.0", True),
        ("LicenseRef-mine", False),
        ("Apache", False),
        ("free for all", False),
        ("", False),
    ],
)
def test_licences_are_spdx_or_the_consortiums(licence, known):
    assert known_licence(licence) == known


@pytest.mark.parametrize(
    ("parent", "child", "agrees"),
    [
        (RESEARCH_LICENCE, "Apache-2.0", False),
        (RESEARCH_LICENCE, RESEARCH_LICENCE, True),
        ("CC-BY-NC-4.0", "MIT", False),
        ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", True),
        ("CC-BY-ND-4.0", "CC-BY-ND-4.0", False),
        ("Apache-2.0", "MIT", True),
    ],
)
def test_a_licence_agrees_with_its_ancestors(parent, child, agrees):
    assert allows(parent, child) == agrees


def test_a_grandparents_licence_binds():
    lab = make.lab()
    root = make.checkpoint(lab, name="root")
    make.release(root)
    middle = make.checkpoint(lab, name="middle", parents=((root, "fine_tuned"),))
    leaf = make.checkpoint(lab, name="leaf", parents=((middle, "quantised"),))
    by = make.maintainer(lab)
    draft = make.release(leaf, state="draft")
    draft = releases.edit(draft, revision=1, by=by, licence="MIT", card_en=CARD_EN, card_zh=CARD_ZH)
    assert failed(releases.check(draft, by=by)) == {"lineage"}


def test_an_edit_after_the_checks_undoes_them():
    release = make.release(state="checks")
    by = make.maintainer(release.model.lab)
    release = releases.edit(release, revision=release.revision, by=by, card_en="short")
    assert (release.state, release.checks) == ("draft", [])
    with pytest.raises(WrongState):
        releases.submit(release, by=by)


def test_two_editors_notice_each_other():
    release = make.release(state="draft")
    by = make.maintainer(release.model.lab)
    releases.edit(release, revision=1, by=by, card_en="mine")
    with pytest.raises(Stale):
        releases.edit(release, revision=1, by=by, card_en="theirs")
    release.refresh_from_db()
    assert release.card_en == "mine"


def test_nothing_is_edited_after_it_was_sent():
    for state in ("under_review", "released", "withdrawn"):
        release = make.release(state=state)
        with pytest.raises(PermissionDenied):
            releases.edit(
                release,
                revision=release.revision,
                by=make.maintainer(release.model.lab),
                card_en="x",
            )


def test_only_maintainers_send_to_review():
    release = make.release(state="checks")
    with pytest.raises(PermissionDenied):
        releases.submit(release, by=make.lab_member(release.model.lab))
    with pytest.raises(PermissionDenied):
        releases.submit(release, by=make.maintainer(make.lab()))


def test_the_author_and_the_interested_do_not_decide():
    release = make.release(state="under_review")
    author = release.submitted_by
    office = research_officer()
    with pytest.raises(PermissionDenied):
        releases.approve(release, by=author)
    with pytest.raises(PermissionDenied):
        releases.approve(release, by=member())
    interested = make.joins(office, release.model.lab.institution)
    with pytest.raises(PermissionDenied, match="interest"):
        releases.approve(release, by=interested)
    assert releases.approve(release, by=research_officer()).state == "released"


def test_it_is_sent_back_with_a_reason():
    release = make.release(state="under_review")
    office = research_officer()
    with pytest.raises(Invalid):
        releases.send_back(release, note=" ", by=office)
    release = releases.send_back(release, note="Say what it is not for.", by=office)
    assert release.state == "draft"
    assert release.decision_note


def test_an_embargo_ends_by_itself_and_once():
    release = make.release(state="embargoed")
    before, after = timezone.now(), release.embargo_until + timedelta(seconds=1)
    assert not releases.lift_embargo(release, now=before)
    assert releases.lift_embargo(release, now=after)
    assert not releases.lift_embargo(release, now=after)
    release.refresh_from_db()
    assert (release.state, release.released_at) == ("released", after)


def test_an_embargo_in_the_past_is_refused():
    release = make.release(state="under_review")
    with pytest.raises(releases.EmbargoInPast):
        releases.approve(release, embargo_until=timezone.now(), by=research_officer())


def test_withdrawal_says_why_and_is_final():
    release = make.release()
    by = make.maintainer(release.model.lab)
    with pytest.raises(Invalid):
        releases.withdraw(release, reason="", by=by)
    release = releases.withdraw(release, reason="A label was wrong.", by=by)
    with pytest.raises(WrongState):
        releases.withdraw(release, reason="again", by=by)
    with pytest.raises(PermissionDenied):
        releases.withdraw(make.release(), reason="x", by=by)


@pytest.mark.parametrize("version", ["main", "v1", "1..0", "../1", "a" * 41, "", "1.0\n", "f" * 40])
def test_a_version_is_numbers_and_dots(version):
    checkpoint = make.checkpoint()
    with pytest.raises(Invalid):
        releases.draft(checkpoint, version=version, by=make.maintainer(checkpoint.model.lab))


def test_a_version_is_given_once():
    checkpoint = make.checkpoint()
    by = make.maintainer(checkpoint.model.lab)
    releases.draft(checkpoint, version="1.0", by=by)
    with pytest.raises(Invalid):
        releases.draft(checkpoint, version="1.0", by=by)


def test_the_database_keeps_what_was_released():
    release = make.release()
    for change in ({"version": "9"}, {"licence": "MIT"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ResearchRelease.objects.filter(pk=release.pk).update(**change)
    record = DownloadRecord.objects.create(
        release=release, path="x", sha256="0" * 64, first=0, last=1, via="hub"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        DownloadRecord.objects.filter(pk=record.pk).update(path="y")
    with pytest.raises(IntegrityError), transaction.atomic():
        record.delete()
