"""Which stage a job belongs to: what it states, then the machine's rules, then training."""

import pytest

from compute_grants.models import StageRule, UsageRecord
from compute_grants.stage_rules import StageRule as Rule
from compute_grants.stage_rules import by_rules
from tests.compute_grants.importing import clean, load
from tests.factories.allocations import HEADER, active, row, sacct

RULES = by_rules(
    [
        Rule("partition", "infer", "inference"),
        Rule("qos", "debug", "development"),
        Rule("comment", "sft", "finetuning"),
    ]
)


@pytest.mark.parametrize(
    ("partition", "qos", "comment", "stage"),
    [
        ("gpu", "normal", "", "training"),
        ("infer", "debug", "", "inference"),
        ("gpu", "debug", "sft", "development"),
        ("gpu", "normal", "run sft, again", "finetuning"),
        ("gpu", "normal", "softsft-2", "training"),
        ("infer", "debug", "portal:stage=training", "training"),
        ("infer", "", "portal:stage=nonsense", "inference"),
    ],
)
def test_what_the_job_states_goes_before_the_first_rule_that_fits(partition, qos, comment, stage):
    assert RULES(partition, qos, comment) == stage


@pytest.mark.django_db
def test_a_machines_rules_hold_for_its_jobs_and_a_new_rule_for_what_is_read_again():
    allocation = active()
    header = HEADER.replace("|Submit", "|QOS|Submit")
    lines = [
        row(allocation, job=1).replace("|gpu|", "|infer|high|"),
        row(allocation, job=2).replace("|gpu|", "|gpu|debug|"),
        row(allocation, job=3, Comment="portal:stage=finetuning").replace("|gpu|", "|infer||"),
    ]
    add = allocation.resource.machine.stage_rules.create
    add(position=1, field=StageRule.Field.PARTITION, value="infer", stage="inference")
    load(allocation, sacct(lines, header))
    assert stages() == ["inference", "training", "finetuning"]
    add(position=2, field=StageRule.Field.QOS, value="debug", stage="development")
    again = load(allocation, sacct(lines, header))
    assert stages() == ["inference", "development", "finetuning"]
    assert (again.corrected, again.unchanged, again.card_seconds) == (1, 2, 0)
    assert clean()


def stages() -> list[str]:
    return list(UsageRecord.objects.order_by("job_id_raw").values_list("stage", flat=True))
