"""Numbers in words, in both languages."""

import pytest

from compute_grants.wording import in_chinese, in_english


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [
        (0, "zero", "零"),
        (12, "twelve", "十二"),
        (110, "one hundred and ten", "一百一十"),
        (1_001, "one thousand and one", "一千零一"),
        (1_504, "one thousand five hundred and four", "一千五百零四"),
        (10_100, "ten thousand one hundred", "一万零一百"),
        (157_000, "one hundred and fifty-seven thousand", "十五万七千"),
        (3_010_050, "three million ten thousand and fifty", "三百零一万零五十"),
        (100_010_000, "one hundred million ten thousand", "一亿零一万"),
        (20_000_000_000, "twenty billion", "二百亿"),
    ],
)
def test_in_words(number, english, chinese):
    assert in_english(number) == english
    assert in_chinese(number) == chinese
