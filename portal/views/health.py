"""Is the portal, and each thing it leans on, in order?"""

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"database": _database()})
