"""Recording what came of grants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import Allocation, GrantReport, Output, OutputAuthor
from compute_grants.policies import outputs as policy
from consortium import audit
from consortium.errors import DomainError, Invalid, WrongState
from consortium.identifiers import normal_doi, normal_orcid
from consortium.models import User
from consortium.numbers import numbered

SERIES = "OUT"
EARLIEST = 1950
YEARS_AHEAD = 2  # what is accepted now may appear with a later year


class AlreadyRecorded(DomainError):
    """The same DOI stands in the list already."""


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    orcid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is recorded of an output. doi and ORCID iDs in any usual form."""

    kind: str
    title: str
    year: int
    authors: Sequence[Author]
    venue: str = ""
    doi: str = ""
    url: str = ""
    licence: str = ""


@transaction.atomic
def add(
    work: Work, *, grants: Collection[Allocation], report: GrantReport | None = None, by: User
) -> Output:
    """Record an output of these grants. Raises PermissionDenied, AlreadyRecorded, Invalid."""
    grants = _locked(grants)
    policy.can_name(by, grants).require()
    clean = _checked(work, grants, report)
    _refuse_second(clean.doi, grants, by)
    output = Output.objects.create(
        number=numbered(SERIES, timezone.localdate().year),
        report=report,
        added_by=by,
        **_columns(clean),
    )
    _write(output, clean, grants)
    audit.record("output.added", output, by=by, kind=output.kind, grants=[g.number for g in grants])
    return output


@transaction.atomic
def change(
    output: Output,
    work: Work,
    *,
    grants: Collection[Allocation],
    report: GrantReport | None = None,
    by: User,
) -> Output:
    """Put it right. Grants come in and go out only by their own members.

    Raises PermissionDenied, AlreadyRecorded, WrongState, Invalid.
    """
    grants = _locked(grants)
    output = _standing(output)
    policy.can_edit(by, output).require()
    before = set(output.grants.select_related("proposal"))
    policy.can_name(by, before ^ set(grants)).require()
    clean = _checked(work, grants, report)
    _refuse_second(clean.doi, grants, by, besides=output)
    for name, value in _columns(clean).items():
        setattr(output, name, value)
    output.report = report
    output.save()
    _write(output, clean, grants)
    audit.record("output.changed", output, by=by, grants=[g.number for g in grants])
    return output


@transaction.atomic
def remove(output: Output, *, by: User) -> Output:
    """Take it back; it stays on record. Raises PermissionDenied, WrongState."""
    output = _standing(output)
    policy.can_edit(by, output).require()
    output.removed_at = timezone.now()
    output.save(update_fields=["removed_at"])
    audit.record("output.removed", output, by=by, title=output.title[:200])
    return output


def _locked(grants: Collection[Allocation]) -> list[Allocation]:
    """Two who record the same work for one grant take turns."""
    rows = Allocation.objects.select_for_update(of=("self",), no_key=True)
    ids = [grant.pk for grant in grants]
    return list(rows.select_related("proposal").filter(pk__in=ids).order_by("pk"))


def _standing(output: Output) -> Output:
    output = Output.objects.select_for_update().get(pk=output.pk)
    if output.removed_at is not None:
        raise WrongState(_("This output was taken back. Add it anew to have it listed."))
    return output


def _checked(work: Work, grants: Sequence[Allocation], report: GrantReport | None) -> Work:
    """The work with its identifiers in one form. Raises Invalid by field."""
    errors: dict[str, list[str]] = {}
    doi, authors = _doi(work, errors), _authors(work, errors)
    latest = timezone.localdate().year + YEARS_AHEAD
    if not EARLIEST <= work.year <= latest:
        message = _("Enter a year from %(first)s to %(last)s.")
        errors["year"] = [message % {"first": EARLIEST, "last": latest}]
    if not work.title.strip():
        errors["title"] = [_("Give the title.")]
    if not grants:
        errors["grants"] = [_("Choose at least one grant that it came of.")]
    if report is not None and report.allocation_id not in {grant.pk for grant in grants}:
        errors["report"] = [_("This report is on another grant. Choose one of the grants above.")]
    if errors:
        raise Invalid(errors)
    return Work(
        kind=work.kind,
        title=" ".join(work.title.split()),
        year=work.year,
        authors=authors,
        venue=work.venue.strip(),
        doi=doi,
        url=work.url.strip(),
        licence=work.licence.strip(),
    )


def _doi(work: Work, errors: dict[str, list[str]]) -> str:
    if not work.doi.strip():
        return ""
    try:
        return normal_doi(work.doi)
    except ValueError as error:
        errors["doi"] = [str(error)]
        return ""


def _authors(work: Work, errors: dict[str, list[str]]) -> list[Author]:
    found, wrong = [], []
    for author in work.authors:
        try:
            orcid = normal_orcid(author.orcid) if author.orcid.strip() else ""
            found.append(Author(author.name.strip(), orcid))
        except ValueError as error:
            wrong.append(str(error))
    if not work.authors or any(not author.name.strip() for author in work.authors):
        wrong.append(_("Name at least one author, and each by a name."))
    if wrong:
        errors["authors"] = wrong
    return found


def _refuse_second(
    doi: str, grants: Sequence[Allocation], by: User, besides: Output | None = None
) -> None:
    """A DOI stands once for a grant, and once in what a reader sees."""
    if not doi:
        return
    same = Output.objects.filter(doi=doi, removed_at__isnull=True)
    if besides is not None:
        same = same.exclude(pk=besides.pk)
    found = same.filter(grants__in=grants).first() or same.visible_to(by).first()
    if found is not None:
        message = _("This DOI is recorded as %(number)s. Add your grant to that output instead.")
        raise AlreadyRecorded(message % {"number": found.number})


def _columns(work: Work) -> dict[str, str | int]:
    return {
        "kind": work.kind,
        "title": work.title,
        "year": work.year,
        "venue": work.venue,
        "doi": work.doi,
        "url": work.url,
        "licence": work.licence,
    }


def _write(output: Output, work: Work, grants: Sequence[Allocation]) -> None:
    output.grants.set(grants)
    output.authors.all().delete()
    OutputAuthor.objects.bulk_create(
        OutputAuthor(output=output, position=n, name=author.name, orcid=author.orcid)
        for n, author in enumerate(work.authors, start=1)
    )
