"""What is wrong with a sacct file, as sentences that say what to do."""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from compute_grants.sacct import Code, Problem

SENTENCES = {
    Code.EMPTY: _(
        "The file is empty: not even a header line. Check that the cluster's accounting answers."
    ),
    Code.NOT_SACCT: _(
        "The first line is not a sacct header. Export with --parsable2 and --format."
    ),
    Code.MISSING_COLUMNS: _("The header lacks these columns: %(columns)s. Export again with them."),
    Code.DOUBLE_COLUMNS: _("The header names a column twice. Export again with each column once."),
    Code.TRAILING_BAR: _("Each line ends with a bar. Export with --parsable2, not --parsable."),
    Code.ENCODING: _("Byte %(byte)s is not UTF-8. Export in a UTF-8 locale, for instance C.UTF-8."),
    Code.CUT: _("The last line has no line end, so the file was cut off. Export or copy it again."),
    Code.DATE: _("%(column)s “%(value)s” is not between the years 2000 and 2099."),
    Code.TOO_LONG: _("The line is longer than 64 KiB. This is not sacct output."),
    Code.FIELDS: _(
        "The row has %(found)s fields and the header %(expected)s. "
        "Put JobName last: job names may contain bars."
    ),
    Code.CONTROL: _("The row contains control characters."),
    Code.JOB_ID: _("JobIDRaw “%(value)s” is not a job number."),
    Code.TIME: _("%(column)s “%(value)s” is neither a UTC time nor epoch seconds."),
    Code.NO_SUBMIT: _("The row has no Submit time, which is part of a run's identity."),
    Code.NUMBER: _("%(column)s “%(value)s” is not a plausible whole number."),
    Code.STATE: _("State “%(value)s” is not a Slurm job state."),
    Code.TRES: _("AllocTRES contains “%(value)s”, which is not a count of a resource."),
    Code.INEXACT: _("AllocTRES contains the rounded “%(value)s”. Export with --noconvert."),
    Code.ORDER: _("The job ends before it starts."),
    Code.ENERGY: _("ConsumedEnergyRaw “%(value)s” is not a plausible number of joules."),
    Code.CLUSTER: _("The row is of cluster “%(value)s”, not of “%(expected)s”."),
    Code.TEXT: _("%(column)s is longer than %(longest)s characters."),
}


def sentence(problem: Problem) -> str:
    """The problem in the reader's language, with its line where it has one."""
    text = str(SENTENCES[problem.code]) % dict(problem.values)
    if problem.line == 0:
        return text
    return gettext("Line %(line)s: %(text)s") % {"line": problem.line, "text": text}


def sentences(problems: list[Problem], total: int) -> list[str]:
    """The kept problems, and how many more there were."""
    lines = [sentence(problem) for problem in problems]
    more = total - len(problems)
    if more > 0:
        text = ngettext("And %(count)s more bad row.", "And %(count)s more bad rows.", more)
        lines.append(text % {"count": more})
    return lines
