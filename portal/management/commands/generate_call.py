from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consortium.errors import DomainError
from portal.demo.volume import run


class Command(BaseCommand):
    """Exit codes: 0 made; 1 the site is in use, or the seed was used before."""

    help = (
        "Makes up a call of full size, from a seed: machines, reviewers, proposals, reviews. "
        "For demo and test databases only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = run.Size()
        parser.add_argument("--proposals", type=int, default=default.proposals)
        parser.add_argument("--machines", type=int, default=default.machines)
        parser.add_argument("--reviewers", type=int, default=default.reviewers)
        parser.add_argument("--seed", type=int, default=default.seed)
        parser.add_argument("--until", choices=run.STAGES, default=run.RANKED)
        parser.add_argument("--force", action="store_true", help="even where people use the site")

    def handle(self, *args: Any, **options: Any) -> None:
        size = run.Size(
            **{name: options[name] for name in ("proposals", "machines", "reviewers", "seed")}
        )
        if min(size.proposals, size.machines) < 1 or size.reviewers < run.REVIEWS_EACH:
            raise CommandError("Ask for a proposal, a machine and three reviewers at least.")
        try:
            if not options["force"]:
                run.require_demo_site()
            made = run.make(size, until=options["until"], say=self.stdout.write)
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
        assert made.call
        counts = ", ".join(f"{count:,} {name}" for name, count in made.counts.items())
        self.stdout.write(f"{made.call.code}: {counts}")
        self.stdout.write(f"{sum(seconds for *_step, seconds in made.steps):.1f} seconds")
