"""How quantities, moments and two-sided texts read, in the reader's language.

Stored quantities are integers in the smallest unit (seconds, joules, fen, bytes). These functions
are the one place that turns them into words for people; `portal.templatetags.ui` offers each as a
filter of the same name.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

BEIJING = ZoneInfo("Asia/Shanghai")
SECONDS_PER_HOUR = 3600
JOULES_PER_KWH = 3_600_000
# 万 and 亿 against thousand and million: the two languages group large numbers differently.
SCALES_EN = ((Decimal(10**9), "G"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))
SCALES_ZH = ((Decimal(10**8), "亿"), (Decimal(10**4), "万"))
POWER_SCALES = ((Decimal(10**6), "GWh"), (Decimal(10**3), "MWh"), (Decimal(1), "kWh"))
BYTE_SCALES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
OTHER_SIDE = {"zh": "en", "en": "zh"}
LANG_ATTRIBUTE = {"zh": "zh-Hans", "en": "en"}


def side() -> str:
    """Which of the two columns of a text this reader sees first: "zh" or "en"."""
    return "zh" if (get_language() or "en").startswith("zh") else "en"


def hours(seconds: int | None) -> str:
    """Card-seconds as short hours of three figures: 157k in English, 15.7万 in Chinese."""
    if seconds is None:
        return "–"
    amount = Decimal(seconds) / SECONDS_PER_HOUR
    rounded = _three_figures(amount)  # first, or 999,960 would read 1,000k
    for scale, mark in SCALES_ZH if side() == "zh" else SCALES_EN:
        if abs(rounded) >= scale:
            return _plain(rounded / scale) + mark
    return _grouped(amount, places=1, trim=True)


def card_hours(seconds: int | None) -> str:
    """Card-seconds as exact grouped hours with one decimal: 565200000 -> "157,000.0"."""
    return "–" if seconds is None else _grouped(Decimal(seconds) / SECONDS_PER_HOUR, places=1)


def yuan(fen: int | None) -> str:
    """Fen as yuan, alike in both languages: 123456 -> "¥1,234.56"."""
    if fen is None:
        return "–"
    sign = "−" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def kwh(joules: int | None) -> str:
    """Joules as kWh, MWh or GWh with the unit: 1_485_360_000_000 -> "412.6 MWh"."""
    if joules is None:
        return "–"
    amount = Decimal(joules) / JOULES_PER_KWH
    for scale, unit in POWER_SCALES:
        if abs(amount) >= scale or unit == "kWh":
            return f"{_grouped(amount / scale, places=1)} {unit}"
    raise AssertionError(amount)


def grouped(amount: float | Decimal | None, places: int = 0) -> str:
    """A number in groups of three, with so many decimals: 1234567 -> "1,234,567"."""
    return "–" if amount is None else _grouped(Decimal(str(amount)), places=places)


def filesize(size: int | None) -> str:
    """Bytes in decimal units, as disks and downloads are sold: 1_530_000 -> "1.5 MB"."""
    if size is None:
        return "–"
    for scale, unit in BYTE_SCALES:
        if size >= scale:
            return f"{_grouped(Decimal(size) / scale, places=1)} {unit}"
    return f"{size} B"


def short_hash(digest: str | None) -> SafeString:
    """The first 12 characters of a digest; the whole is in the title."""
    if not digest:
        return SafeString("–")
    plain = digest.removeprefix("sha256:")
    return format_html('<span class="hash" translate="no" title="{}">{}</span>', digest, plain[:12])


def moment(value: dt.datetime | dt.date | None, form: str = "") -> SafeString:
    """A <time> in Beijing time. `form`: "" to the minute, "date" the date, "exact" to the second.

    A plain date is shown as the date it is, whatever `form` says.
    """
    if value is None:
        return SafeString("–")
    if not isinstance(value, dt.datetime):
        return _time(value.isoformat(), formats.date_format(value, "DATE_FORMAT"))
    local = timezone.localtime(value, BEIJING)
    shown = formats.date_format(local, "DATE_FORMAT" if form == "date" else "DATETIME_FORMAT")
    if form == "exact":
        shown = f"{formats.date_format(local, 'DATETIME_FORMAT')}{local::%S}"
    return _time(local.isoformat(timespec="seconds"), shown)


def in_zone(value: dt.datetime, zone: ZoneInfo) -> SafeString:
    """A <time> in another zone than Beijing's, to the minute."""
    local = timezone.localtime(value, zone)
    shown = formats.date_format(local, "DATETIME_FORMAT")
    return _time(local.isoformat(timespec="seconds"), shown)


def differs_from_beijing(value: dt.datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` show another time than Beijing's at this moment."""
    return value.astimezone(zone).utcoffset() != value.astimezone(BEIJING).utcoffset()


def localized_text(obj: object, field: str) -> str:
    """`field`_zh or `field`_en of `obj` as plain text, for titles and attributes."""
    text, _ = _reader_side(obj, field)
    return text


def localized(obj: object, field: str) -> SafeString:
    """`field`_zh or `field`_en of `obj`, escaped; where empty, the other side, marked as such."""
    text, language = _reader_side(obj, field)
    if language == side() or not text:
        return format_html("{}", text)
    return format_html(
        '<span lang="{}" class="other-side">{}</span><small class="missing-side">{}</small>',
        LANG_ATTRIBUTE[language],
        text,
        missing_side_note(),
    )


def missing_side_note() -> str:
    """The mark beside a text that exists in the other language only."""
    return gettext("Chinese only") if side() == "en" else gettext("English only")


def _reader_side(obj: object, field: str) -> tuple[str, str]:
    """The text, and the language it is in."""
    mine = side()
    for language in (mine, OTHER_SIDE[mine]):
        text = str(getattr(obj, f"{field}_{language}", "") or "")
        if text.strip():
            return text, language
    return "", mine


def _time(iso: str, shown: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', iso, shown)


def _grouped(amount: Decimal, *, places: int, trim: bool = False) -> str:
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if trim and rounded == rounded.to_integral_value():
        rounded = rounded.to_integral_value()
    return f"{rounded:,}".replace("-", "−")


def _three_figures(amount: Decimal) -> Decimal:
    """`amount` to three significant figures, halves away from zero."""
    if not amount:
        return amount
    return amount.quantize(Decimal(1).scaleb(amount.adjusted() - 2), ROUND_HALF_UP)


def _plain(amount: Decimal) -> str:
    """Grouped, with as many decimals as it has and no trailing zeros."""
    text = f"{amount:,f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")
