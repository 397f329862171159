"""Tables as CSV, streamed: a header, then rows, whatever their number."""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import date
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from compute_grants.models import Allocation, UsageRecord

USAGE_COLUMNS = [
    *("cluster", "job_id", "job_id_raw", "account", "cluster_user", "partition", "job_state"),
    *("stage", "submit_at", "start_at", "end_at", "elapsed_seconds", "card_seconds"),
    *("core_seconds", "charged", "energy_joules", "energy_source", "job_name"),
]
AT_ONCE = 500
# A spreadsheet would run these as formulas.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file for csv.writer that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_response(
    request: HttpRequest, name: str, header: list[str], rows: Iterable[Iterable[object]]
) -> StreamingHttpResponse:
    """A download of `name`. UTF-8 with a mark, so that spreadsheets read Chinese."""
    parts = _parts(header, rows)
    content = _in_thread(parts) if isinstance(request, ASGIRequest) else parts
    response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _parts(header: list[str], rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    writer = csv.writer(_Echo())
    yield ("\ufeff" + writer.writerow(header)).encode()
    lines = (writer.writerow([_safe(value) for value in row]) for row in rows)
    while part := "".join(islice(lines, AT_ONCE)):
        yield part.encode()


def _safe(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULAS):
        return f"'{value}"
    return value


async def _in_thread(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Under ASGI: the database is read in the request's own thread, part by part."""
    following = sync_to_async(lambda: next(parts, None))
    while (part := await following()) is not None:
        yield part


def usage_csv(
    request: HttpRequest, allocation: Allocation, runs: QuerySet[UsageRecord]
) -> StreamingHttpResponse:
    """These job runs of an allocation. Times in UTC, quantities in their smallest units."""
    return runs_csv(request, f"{allocation.number}-usage.csv", runs)


def runs_csv(request: HttpRequest, name: str, runs: QuerySet[UsageRecord]) -> StreamingHttpResponse:
    """Job runs of any grants, likewise."""
    rows = runs.values_list(*USAGE_COLUMNS).iterator(chunk_size=2000)
    lines = ([iso(value) for value in row] for row in rows)
    return csv_response(request, name, USAGE_COLUMNS, lines)


def iso(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
