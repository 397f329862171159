"""A page of a long list in one query: the rows and how many there are come together."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import IntegerField, QuerySet, Subquery


class _HowMany(Subquery):
    """Counted beside the rows: a window over them would have every row read whole and sorted."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) _counted)"
    output_field = IntegerField()


def page_of(rows: QuerySet[Any], given: str | None, per_page: int) -> Page[Any]:
    """The page that the query string asks for, as Paginator.get_page gives it.

    One query; a second only for a page beyond the last, which shows the last.
    """
    number = int(given) if given and given.isascii() and given.isdigit() and len(given) < 10 else 1  # noqa: PLR2004
    number = max(number, 1)
    begin = (number - 1) * per_page
    counted = rows.annotate(all_there_are=_HowMany(rows.order_by().values("pk")))
    found = list(counted[begin : begin + per_page])
    if not found and number > 1:
        return Paginator(rows, per_page).get_page(given)
    total = found[0].all_there_are if found else 0
    return Page(found, number, Paginator(range(total), per_page))
