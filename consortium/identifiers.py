"""DOIs and ORCID iDs: checked by their form, written in one way. Nothing is looked up."""

from __future__ import annotations

import re
from urllib.parse import unquote

from django.utils.translation import gettext as _

# "10.", a registrant of 4 to 9 digits with parts, a slash, and a suffix without blanks.
# https://www.doi.org/doi-handbook/HTML/doi-name-syntax.html
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+")
_DOI_PREFIX = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_ORCID = re.compile(r"(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dX])")
_ORCID_PREFIX = re.compile(r"^(?:https?://)?(?:www\.)?orcid\.org/", re.IGNORECASE)
_TRAILING_ORCID = re.compile(
    r"[\s;,|<(]*((?:https?://)?(?:www\.)?(?:orcid\.org/)?\d{4}-?\d{4}-?\d{4}-?\d{3}[\dXx])[>)]?$",
    re.IGNORECASE,
)
_FOUR_DIGITS = re.compile(r"\d{4}")
LONGEST_DOI = 255


def normal_doi(text: str) -> str:
    """Without resolver or "doi:", in lower case (DOIs do not differ by case).

    Raises ValueError with a sentence for people.
    """
    text = _DOI_PREFIX.sub("", text.strip())
    found = unquote(text).lower()
    if not _DOI.fullmatch(found) or len(found) > LONGEST_DOI:
        message = _("“%(text)s” is no DOI. A DOI looks like 10.1000/182.")
        raise ValueError(message % {"text": text[:60]})
    return found


def orcid_check_digit(digits: str) -> str:
    """ISO 7064 MOD 11-2 over the first fifteen digits: 0 to 9 or X."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)  # noqa: PLR2004  the roman ten


def normal_orcid(text: str) -> str:
    """In its written form, 0000-0002-1825-0097. Raises ValueError with a sentence for people."""
    given = _ORCID_PREFIX.sub("", text.strip()).upper()
    match = _ORCID.fullmatch(given)
    if match is None:
        message = _("“%(text)s” is no ORCID iD. One looks like 0000-0002-1825-0097.")
        raise ValueError(message % {"text": text.strip()[:60]})
    digits = "".join(match.groups())
    if orcid_check_digit(digits[:15]) != digits[15]:
        message = _("The last character of ORCID iD %(text)s does not fit the others. Check it.")
        raise ValueError(message % {"text": "-".join(match.groups())})
    return "-".join(match.groups())


def parse_author(line: str) -> tuple[str, str]:
    """(name, ORCID iD or "") out of "Name, 0000-0002-1825-0097". Raises ValueError."""
    line = " ".join(line.split())
    match = _TRAILING_ORCID.search(line)
    if match is not None:
        name, orcid = line[: match.start()].strip(" ,;|"), normal_orcid(match.group(1))
    elif _FOUR_DIGITS.search(line) or "orcid" in line.lower():
        message = _("“%(text)s” holds no whole ORCID iD. One looks like 0000-0002-1825-0097.")
        raise ValueError(message % {"text": line[:60]})
    else:
        name, orcid = line, ""
    if not name:
        raise ValueError(_("Give the name before the ORCID iD."))
    return name, orcid
