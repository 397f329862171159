"""Outputs as pages read them, and as BibTeX and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Prefetch, QuerySet

from compute_grants.models import Allocation, Output
from consortium.models import User

CSV_COLUMNS = (
    *("number", "kind", "title", "authors", "orcids", "venue", "year", "doi", "url"),
    *("licence", "grants"),
)
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{mark: f"\\{mark}" for mark in "#$%&_{}"},
}


def output_rows(user: User) -> QuerySet[Output]:
    """All that this person may see, the newest first. Three queries when read."""
    rows = Output.objects.visible_to(user).prefetch_related(
        "authors", Prefetch("grants", Allocation.objects.select_related("proposal"))
    )
    return rows.select_related("report").order_by("-year", "-pk")


def filtered(rows: QuerySet[Output], given: dict[str, str]) -> QuerySet[Output]:
    """Narrowed by `kind`, `year` and `grant`."""
    if given["kind"] in Output.Kind.values:
        rows = rows.filter(kind=given["kind"])
    if given["year"].isdecimal() and len(given["year"]) == 4:  # noqa: PLR2004  digits of a year
        rows = rows.filter(year=int(given["year"]))
    if given["grant"]:
        rows = rows.filter(grants__number=given["grant"])
    return rows


def years(user: User) -> list[int]:
    """Those in which something came out, the newest first. One query."""
    rows = Output.objects.visible_to(user).order_by("-year")
    return list(rows.values_list("year", flat=True).distinct())


def grants_of(user: User) -> QuerySet[Allocation]:
    """The grants that the person leads or is a member of, closed ones too."""
    rows = Allocation.objects.led_or_joined_by(user).visible_to(user)
    return rows.select_related("proposal").order_by("-pk")


def grants_named(output: Output) -> QuerySet[Allocation]:
    """Those that it names, whether its reader sees them or not."""
    return Allocation.objects.filter(outputs=output).select_related("proposal")


def seen_grants(output: Output, user: User) -> list[tuple[Allocation, bool]]:
    """The grants it names, each with whether this reader may open it. One query."""
    seen = set(
        Allocation.objects.visible_to(user).filter(outputs=output).values_list("pk", flat=True)
    )
    return [(grant, grant.pk in seen) for grant in output.grants.all()]


def csv_lines(outputs: Iterable[Output]) -> Iterator[list[object]]:
    """One line for each, in the order of CSV_COLUMNS."""
    for output in outputs:
        authors = list(output.authors.all())
        yield [
            *(output.number, output.kind, output.title),
            "; ".join(author.name for author in authors),
            "; ".join(author.orcid for author in authors if author.orcid),
            *(output.venue, output.year, output.doi, output.address, output.licence),
            "; ".join(grant.number for grant in output.grants.all()),
        ]


def bibtex(outputs: Iterable[Output]) -> str:
    """Entries of the classic BibTeX kinds, which every program reads: @article or @misc."""
    return "\n".join(_entry(output) for output in outputs)


def _entry(output: Output) -> str:
    article = output.kind == Output.Kind.ARTICLE
    authors = " and ".join(_name(author.name) for author in output.authors.all())
    grants = ", ".join(grant.number for grant in output.grants.all())
    fields = {
        "author": authors,
        "title": f"{{{_plain(output.title)}}}",
        "journal" if article else "howpublished": _plain(output.venue),
        "year": str(output.year),
        "doi": output.doi if not _unsafe(output.doi) else _plain(output.doi),
        "url": output.address if not _unsafe(output.address) else _plain(output.address),
        "note": f"Grant {_plain(grants)}" if grants else "",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{'article' if article else 'misc'}{{{output.number},", *lines, "}", ""])


def _name(name: str) -> str:
    """In braces where the name itself would be read as two."""
    plain = _plain(name)
    return f"{{{plain}}}" if " and " in plain.lower() else plain


def _plain(text: str) -> str:
    """Text as TeX prints it, on one line."""
    return "".join(_ESCAPED.get(mark, mark) for mark in " ".join(text.split()))


def _unsafe(text: str) -> bool:
    """Whether braces or a backslash would end a field that programs read as it is."""
    return any(mark in text for mark in "{}\\")
