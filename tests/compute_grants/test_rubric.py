"""What each score of a rubric means."""

import pytest

from compute_grants.rubric import anchors


@pytest.mark.parametrize(
    "text",
    [
        "0 cannot work; 3 credible plan; 5 shown at scale",
        "0 cannot work, 3 credible plan, 5 shown at scale",
        "0: cannot work\n3: credible plan\n5: shown at scale",
    ],
)
def test_anchors_of_every_score(text):
    found = anchors(text)
    assert (found[0], found[3], found[5]) == ("cannot work", "credible plan", "shown at scale")
    assert set(found) == set(range(6))
    assert found[4] == "very good"


def test_anchors_in_chinese_keep_their_figures():
    found = anchors("0 不可行；3 在512卡上可信；5 已有规模验证")
    assert (found[0], found[3], found[5]) == ("不可行", "在512卡上可信", "已有规模验证")


def test_no_anchors_at_all():
    assert anchors("")[5] == "outstanding"
