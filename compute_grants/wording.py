"""Whole numbers in words, as official letters write amounts beside their figures."""

from __future__ import annotations

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = [
    "zero",
    "ten",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
]
_SCALES = ("", " thousand", " million", " billion", " trillion", " quadrillion")
_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")
THOUSAND, MYRIAD, HUNDRED, TWENTY = 1000, 10_000, 100, 20


def in_english(number: int) -> str:
    """1504 -> "one thousand five hundred and four". For 0 <= number < 10**18."""
    if number == 0:
        return _SMALL[0]
    groups, scale, rest = [], 0, number
    while rest:
        rest, group = divmod(rest, THOUSAND)
        if group:
            groups.append(_below_thousand(group) + _SCALES[scale])
        scale += 1
    words = groups[::-1]
    if len(words) > 1 and 0 < number % THOUSAND < HUNDRED:
        return " ".join(words[:-1]) + " and " + words[-1]
    return " ".join(words)


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, HUNDRED)
    parts = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest:
        tens, ones = divmod(rest, 10)
        below = _TENS[tens] + (f"-{_SMALL[ones]}" if ones else "")
        parts.append(_SMALL[rest] if rest < TWENTY else below)
    return " and ".join(parts)


def in_chinese(number: int) -> str:
    """1504 -> "一千五百零四"; groups of four digits. For 0 <= number < 10**16."""
    if number == 0:
        return _DIGITS[0]
    text, scale, rest, gap = "", 0, number, False
    while rest:
        rest, group = divmod(rest, MYRIAD)
        if group:
            text = _below_myriad(group) + _MYRIADS[scale] + (_DIGITS[0] if gap else "") + text
            gap = group < THOUSAND
        elif text:
            gap = True
        scale += 1
    return text[1:] if text.startswith("一十") else text


def _below_myriad(number: int) -> str:
    text, gap = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            text += (_DIGITS[0] if gap and text else "") + _DIGITS[digit] + _PLACES[place]
            gap = False
        else:
            gap = True
    return text
