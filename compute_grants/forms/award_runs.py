from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.actions.award_inputs import RANGES, Parameters
from compute_grants.forms.fields import HOUR, DayField, HoursField, ProseField
from compute_grants.models import AwardRun, CallBudget, CallRound
from compute_grants.queries.calls import Offer
from compute_grants.queries.rounds import Rounds
from consortium.models import Institution

MERIT = [
    ("raw", _("the mean of the reviews")),
    ("adjusted", _("the mean adjusted for how strict each reviewer is")),
]
WEIGH = [
    ("each", _("every proposal the same: many smaller ones are favoured")),
    ("size", _("by the size of what it asks: the panel's order is followed more closely")),
]


def _whole(name: str, label: Any, help_text: Any = "") -> forms.IntegerField:
    least, most = RANGES[name]
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=int(least), max_value=int(most)
    )


def _decimal(name: str, label: Any, help_text: Any = "") -> forms.FloatField:
    least, most = RANGES[name]
    return forms.FloatField(
        label=label,
        help_text=help_text,
        min_value=least,
        max_value=most,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )


def _round_field(rounds: Rounds) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Round"),
        help_text=_("Its proposals compete for what earlier rounds left."),
        choices=[
            (str(each.position), _("Round %(n)s") % {"n": each.position}) for each in rounds.all
        ],
        initial=str(rounds.chosen.position) if rounds.chosen else None,
    )


class AwardRunForm(forms.Form):
    """The parameters of a run; floors and budgets have a field each."""

    title = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        help_text=_("To tell runs apart, such as “a fifth for enterprises”."),
    )
    merit = forms.ChoiceField(label=_("Score"), choices=MERIT, widget=forms.RadioSelect)
    weigh = forms.ChoiceField(
        label=_("Weigh proposals"), choices=WEIGH, widget=forms.RadioSelect, initial="each"
    )
    alpha = _decimal(
        "alpha",
        _("Being awarded counts"),
        _(
            "Against the next figure: how much of the merit a "
            "proposal brings by being awarded any time at all."
        ),
    )
    beta = _decimal(
        "beta",
        _("The time awarded counts"),
        _("How much of the merit comes with the share of what it asked that it gets."),
    )
    min_share_percent = _whole(
        "min_share_percent",
        _("Least share, %"),
        _("Of what is feasible for it, a proposal gets at least so much, or nothing."),
    )
    min_machine_percent = _whole(
        "min_machine_percent",
        _("Least share on one machine, %"),
        _("Of all it asks; a smaller request is given whole or not at all."),
    )
    max_machines = _whole("max_machines", _("Most machines for one proposal"))
    min_merit = _decimal(
        "min_merit", _("Lowest score"), _("Proposals scored lower are not awarded.")
    )
    cap_percent = _whole(
        "cap_percent", _("Most for one proposal, %"), _("Of all the time offered, in credits.")
    )
    give_up_percent = _decimal(
        "give_up_percent",
        _("Merit that may be given up, %"),
        _("For the floors, and to stay near the panel's order."),
    )
    limit_seconds = _whole("limit_seconds", _("Longest search, seconds"))
    seed = _whole("seed", _("Number of the lot"), _("Decides among equals; write it down."))

    def __init__(
        self,
        *args: Any,
        offers: list[Offer],
        rounds: Rounds,
        based_on: AwardRun | None = None,
        **kwargs: Any,
    ) -> None:
        before = based_on.parameters if based_on else Parameters().to_data()
        kwargs.setdefault("initial", _initial(before))
        super().__init__(*args, **kwargs)
        self.rounds = rounds
        if rounds.several:
            self.fields["round"] = _round_field(rounds)
            self.order_fields(["title", "round"])
        self.budgets: list[CallBudget] = [offer.budget for offer in offers]
        for kind, label in Institution.Kind.choices:
            self.fields[f"floor_{kind}"] = forms.IntegerField(
                label=_("Floor for %(kind)s, %%") % {"kind": label},
                min_value=0,
                max_value=100,
                required=False,
            )
        for offer in offers:
            field = HoursField(
                label=_("Hours on %(machine)s") % {"machine": offer.budget.resource.label},
                help_text=_("Empty: what the call has left, %(hours)s.")
                % {"hours": f"{(offer.left or 0) // HOUR:,}"},
                min_value=0,
                required=False,
            )
            self.fields[f"budget_{offer.budget.resource_id}"] = field

    @property
    def groups(self) -> list[tuple[Any, list[str]]]:
        """Headings over the fields, for {% form_fields %}."""
        return [
            (_("Merit"), ["alpha", "beta", "min_merit", "give_up_percent"]),
            (
                _("Bounds of an award"),
                ["min_share_percent", "min_machine_percent", "max_machines", "cap_percent"],
            ),
            (_("Floors"), [name for name in self.fields if name.startswith("floor_")]),
            (_("Time there is"), [name for name in self.fields if name.startswith("budget_")]),
            (_("The search"), ["limit_seconds", "seed"]),
        ]

    def call_round(self) -> CallRound | None:
        """The one that was chosen, None where the call is decided as a whole."""
        chosen = self.cleaned_data.get("round", "")
        return next((each for each in self.rounds.all if str(each.position) == chosen), None)

    def parameters(self) -> Parameters:
        data = self.cleaned_data
        plain = {name: data[name] for name in (*RANGES, "merit", "weigh")}
        floors = {
            kind: data[f"floor_{kind}"]
            for kind in Institution.Kind.values
            if data.get(f"floor_{kind}")
        }
        budgets = {
            str(budget.resource_id): seconds
            for budget in self.budgets
            if (seconds := data.get(f"budget_{budget.resource_id}")) is not None
        }
        return Parameters(**plain, floors=floors, budgets=budgets)


class AdoptForm(forms.Form):
    """What a run does not say."""

    starts_on = DayField(label=_("First day"))
    ends_on = DayField(
        label=_("Last day"), help_text=_("Earlier where the access type does not give so long.")
    )
    award_reason = ProseField(
        label=_("Reason of the awards"),
        rows=3,
        max_length=4000,
        help_text=_("Every applicant who is awarded time reads it."),
    )
    declined = forms.ChoiceField(
        label=_("Proposals without time"),
        choices=[
            ("waitlisted", _("put on the waitlist")),
            ("rejected", _("turned down")),
            ("", _("left undecided")),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial="waitlisted",
    )
    decline_reason = ProseField(
        label=_("Reason of the declines"),
        rows=3,
        max_length=4000,
        required=False,
        help_text=_("Every applicant without time reads it."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("declined") and not data.get("decline_reason", "").strip():
            self.add_error("decline_reason", _("Give the reason; the applicant reads it."))
        return data


def _initial(parameters: dict[str, Any]) -> dict[str, Any]:
    given = {k: v for k, v in parameters.items() if k not in {"floors", "budgets"}}
    given |= {f"floor_{kind}": percent for kind, percent in parameters["floors"].items()}
    budgets = parameters["budgets"]
    return given | {f"budget_{key}": seconds // HOUR for key, seconds in budgets.items()}
