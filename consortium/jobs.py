"""Wake-up calls to the workers."""

from celery import current_app
from django.db import transaction


def nudge(task_name: str, *args: object) -> None:
    """After commit, ask a worker to run `task_name` soon.

    Only a hint. The periodic sweep finds the same work, so losing it costs half a minute
    and never the work itself; hence the broker's absence is not an error here.
    """
    transaction.on_commit(
        lambda: current_app.send_task(task_name, args, ignore_result=True, retry=False),
        robust=True,
    )
