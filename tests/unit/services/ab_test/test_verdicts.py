"""Each verdict, and each thing that stands in its way."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backstay.ads import AttributionSetting, MetricBasis, Money, Platform
from backstay.errors import InvalidRequestError
from backstay.services.ab_test.decide import decide
from backstay.services.ab_test.evidence import ArmEvidence
from backstay.services.ab_test.verdict import Verdict
from backstay.services.ab_test.words import Clicks, Design, Metric, Outcome, Reason, SrmMethod, Stopping
from tests.support.ab import BASIS, MONDAY, around, evidence, series

A, SAME, BETTER, WORSE = (series(name, around(mean)) for name, mean in (("A", 50), ("B", 50), ("B", 65), ("B", 35)))


def why(verdict: Verdict) -> set[str]:
    return {reason.value for reason in verdict.reasons}


# Winners ----------------------------------------------------------------------------------------------------------


def test_an_arm_that_is_surely_better_wins() -> None:
    """Two whole weeks, 30 % more conversions: the arm, what it beat by, and what it would cost to choose the other."""
    verdict = decide(evidence([A, BETTER]))
    assert (verdict.outcome, verdict.arm, verdict.reasons) == (Outcome.WINNER, "B", (Reason.BETTER,))
    assert verdict.losers == ("A",)
    assert verdict.ended
    (compared,) = verdict.comparisons
    assert compared.change == pytest.approx(0.3, abs=0.01)
    assert compared.low is not None
    assert compared.low > 0
    assert compared.adjusted_p is not None
    assert compared.adjusted_p < 0.05
    control, arm = verdict.arms
    assert (control.value, arm.value) == (pytest.approx(0.05, abs=1e-3), pytest.approx(0.065, abs=1e-3))
    assert arm.expected_loss is not None
    assert control.expected_loss is not None
    assert arm.expected_loss < 1e-6 < control.expected_loss
    assert (verdict.best, verdict.good_enough) == ("B", True)


def test_a_control_that_is_surely_better_wins() -> None:
    """Where harm has not been found first, because its own alpha is stricter."""
    verdict = decide(evidence([A, series("B", around(42))], harm_alpha=1e-9))
    assert (verdict.outcome, verdict.arm, verdict.reasons) == (Outcome.WINNER, "A", (Reason.CONTROL_BETTER,))
    assert verdict.losers == ("B",)


@pytest.mark.parametrize("metric", list(Metric))
@pytest.mark.parametrize("stopping", list(Stopping))
def test_each_metric_finds_the_better_arm_by_each_rule(metric: Metric, stopping: Stopping) -> None:
    """More results for the same money, whichever way they are counted; cost per result is better when it is lower."""
    better = {
        Metric.CTR: series("B", around(50), clicks=1_300), Metric.CVR: BETTER, Metric.CPA: BETTER,
        Metric.ROAS: series("B", around(50), revenue=Money("390.00", "EUR")),
    }[metric]  # fmt: skip
    wobbling = [
        each.model_copy(update={"days": tuple(_wobbled(d, n) for n, d in enumerate(each.days))}) for each in (A, better)
    ]
    verdict = decide(evidence(wobbling, metric=metric, stopping=stopping, looks=2, max_days=14))
    assert (verdict.outcome, verdict.arm) == (Outcome.WINNER, "B")
    (compared,) = verdict.comparisons
    assert compared.better is True
    assert compared.change is not None
    assert compared.low is not None
    assert compared.high is not None
    assert compared.low < compared.change < compared.high
    assert (compared.change < 0) is (metric is Metric.CPA)
    assert (compared.bound is not None) is (stopping is Stopping.GROUP_SEQUENTIAL)


def _wobbled(each: Any, number: int) -> Any:
    """Revenue that differs a little from day to day, so that it has an error."""
    return each.but(revenue=each.revenue + Money(str(number % 3), "EUR"))


def test_of_several_better_arms_the_one_of_least_expected_loss_wins() -> None:
    """The claim is made against the control only, with the error shared out by Holm."""
    verdict = decide(evidence([A, series("B", around(62)), series("C", around(66)), series("D", around(50))]))
    assert (verdict.outcome, verdict.arm) == (Outcome.WINNER, "C")
    assert set(verdict.losers) == {"A", "B", "D"}
    assert "than A" in verdict.claim
    assert "Holm over 3 comparisons" in verdict.method
    adjusted = {each.arm: (each.p, each.adjusted_p) for each in verdict.comparisons}
    assert all(q is not None and p is not None and q >= p for p, q in adjusted.values())
    assert sum(each.chance_best or 0.0 for each in verdict.arms) == pytest.approx(1)


def test_more_arms_need_more_evidence() -> None:
    """The same difference that wins against one other arm does not among five."""
    arms = [A, series("B", around(57, 14))]
    alone = decide(evidence(arms))
    crowd = decide(evidence([*arms, *(series(name, around(50)) for name in ("C", "D", "E"))]))
    assert alone.comparisons[0].p == crowd.comparisons[0].p
    assert alone.comparisons[0].adjusted_p is not None
    assert crowd.comparisons[0].adjusted_p == pytest.approx(4 * alone.comparisons[0].adjusted_p)


# No winner --------------------------------------------------------------------------------------------------------


def test_practical_equivalence_ends_a_test() -> None:
    """Everything that the data still allow is within the region."""
    many = {"clicks": 100_000, "impressions": 4_000_000}
    arms = [series("A", around(5_000, 28), **many), series("B", around(5_010, 28), **many)]
    verdict = decide(evidence(arms))
    assert (verdict.outcome, verdict.reasons) == (Outcome.NO_DIFFERENCE, (Reason.EQUIVALENT,))
    assert verdict.losers == ()
    assert "no more than 2.0%" in verdict.claim
    assert decide(evidence(arms, equivalence=None)).outcome is Outcome.TIMEOUT


def test_a_test_ends_when_its_days_are_over() -> None:
    """Undecided, with the arm to take if one must."""
    verdict = decide(evidence([series("A", around(50, 28)), series("B", around(51, 28))]))
    assert (verdict.outcome, verdict.arm) == (Outcome.TIMEOUT, None)
    assert verdict.best == "B"
    assert verdict.ended


def test_a_test_without_settled_days_ends_too() -> None:
    """Five weeks and the time to settle after the start; an arm that never delivered does not keep it for ever."""
    arms = [series("A", around(50, 28)), series("B", [])]
    assert decide(evidence(arms, started=MONDAY, days=41)).outcome is Outcome.CONTINUE
    assert decide(evidence(arms, started=MONDAY, days=70)).outcome is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("arms", "facts", "reasons"),
    [
        ([A, SAME], {}, {"not_decided"}),
        ([series("A", []), series("B", [])], {}, {"no_settled_days", "not_decided"}),
        (
            [series("A", around(50, 6)), series("B", around(60, 6))], {},
            {"too_few_days", "too_few_results", "not_decided"},
        ),
        ([A, BETTER], {"min_results": 1_000}, {"too_few_results", "not_decided"}),
        (
            [series("A", around(50, 13)), series("B", around(52, 13))], {"min_days": 14},
            {"too_few_days", "not_decided"},
        ),
        (
            [series("A", around(50, 10)), series("B", around(52, 10))],
            {"stopping": Stopping.GROUP_SEQUENTIAL, "looks": 4}, {"between_planned_looks", "not_decided"},
        ),
    ],
)  # fmt: skip
def test_a_test_goes_on_and_says_why(arms: Any, facts: Any, reasons: set[str]) -> None:
    """Too young, too small, between planned looks, or simply not decided."""
    verdict = decide(evidence(arms, **facts))
    assert (verdict.outcome, verdict.arm, why(verdict)) == (Outcome.CONTINUE, None, reasons)
    assert not verdict.ended


def test_only_whole_weeks_count_for_a_winner() -> None:
    """Ten days are one week: a weekday that is there twice would count double."""
    verdict = decide(evidence([series("A", around(50, 10)), series("B", around(65, 10))]))
    assert (verdict.days, verdict.last) == (7, MONDAY + timedelta(days=6))
    loose = decide(evidence([series("A", around(50, 10)), series("B", around(65, 10))], whole_weeks=False))
    assert loose.days == 10


def test_unsettled_days_are_left_out_of_all_arms() -> None:
    """The basis says seven days after a click; days that the vendor calls final count at once."""
    arms = [series("A", around(50, 20), final=False), series("B", around(50, 20), final=False)]
    assert decide(evidence(arms, whole_weeks=False)).days == 20 - 7
    assert decide(evidence(arms, whole_weeks=False, settle_days=2)).days == 20 - 2
    assert decide(evidence(arms, whole_weeks=False, metric=Metric.CTR)).days == 20
    unnamed = [each.but(basis=MetricBasis(timezone=ZoneInfo("UTC"))) for each in arms]
    assert decide(evidence(unnamed, whole_weeks=False)).days == 20 - 7
    one = [arms[0], series("B", around(50, 20))]
    assert decide(evidence(one, whole_weeks=False)).days == 20 - 7


def test_today_never_counts() -> None:
    """A day that is not over is not compared, whatever it is called."""
    arms = [series("A", around(50, 15)), series("B", around(50, 15))]
    assert decide(evidence(arms, days=14, whole_weeks=False)).days == 14


# Harm and losses --------------------------------------------------------------------------------------------------


def test_harm_waits_for_no_week() -> None:
    """Four days, 60 % fewer conversions: the arm is stopped though no winner could be declared yet."""
    verdict = decide(evidence([series("A", around(50, 4)), series("B", around(20, 4))]))
    assert (verdict.outcome, verdict.arm, verdict.reasons) == (Outcome.HARM, "B", (Reason.WORSE,))
    assert verdict.losers == ("B",)
    assert verdict.ended
    assert decide(evidence([series("A", around(50, 4)), series("B", around(45, 4))])).outcome is Outcome.CONTINUE


def test_harm_to_one_of_three_arms_leaves_a_test() -> None:
    """It is stopped, and the others go on, with the error still shared out among all that there were."""
    arms = [series("A", around(50, 4)), series("B", around(15, 4)), series("C", around(52, 4))]
    verdict = decide(evidence(arms))
    assert (verdict.outcome, verdict.arm, verdict.ended) == (Outcome.HARM, "B", False)
    stopped = ArmEvidence(series=series("B", []), stopped=True)
    later = decide(evidence([series("A", around(50)), stopped, series("C", around(70))], seen=verdict.looks))
    assert (later.outcome, later.arm, later.losers) == (Outcome.WINNER, "C", ("A",))
    (compared,) = later.comparisons
    assert compared.adjusted_p == pytest.approx(2 * (compared.p or 0))
    assert later.looks[-1].of("B") == verdict.looks[-1].of("B")


@pytest.mark.parametrize(
    ("days", "target", "outcome"),
    [
        (3, "100.00 EUR", Outcome.HARM), (2, "100.00 EUR", Outcome.CONTINUE), (6, "200.00 EUR", Outcome.HARM),
        (6, "200.01 EUR", Outcome.CONTINUE),
    ],
)  # fmt: skip
def test_stop_loss_is_three_times_the_target_for_nothing(days: int, target: str, outcome: Outcome) -> None:
    """100 EUR a day without a conversion, settled or not."""
    arms = [series("A", [1] * days, final=False), series("B", [0] * days, final=False)]
    verdict = decide(evidence(arms, target_cpa=Money.of(target)))
    assert verdict.outcome is outcome
    if outcome is Outcome.HARM:
        assert (verdict.arm, verdict.reasons) == ("B", (Reason.STOP_LOSS,))
        assert "the chance is 0.0498" in verdict.notes[0]
    assert decide(evidence(arms)).outcome is Outcome.CONTINUE


def test_a_control_that_brings_nothing_ends_the_test() -> None:
    """There is nobody left to compare with."""
    verdict = decide(evidence([series("A", [0] * 5), series("B", [1] * 5)], target_cpa=Money.of("100.00 EUR")))
    assert (verdict.outcome, verdict.arm, verdict.ended) == (Outcome.HARM, "A", True)


# Numbers that cannot be compared ----------------------------------------------------------------------------------

OTHER = MetricBasis(timezone=ZoneInfo("Europe/Berlin"), attribution=AttributionSetting(click_days=1, view_days=1))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (OTHER, "attribution.click_days"),
        (BASIS.model_copy(update={"timezone": ZoneInfo("UTC")}), "timezone"),
        (BASIS.model_copy(update={"conversion_events": ("purchase",)}), "conversion_events"),
        (BASIS.model_copy(update={"modelled": True}), "modelled"),
    ],
)
def test_arms_that_are_counted_differently_are_refused(other: MetricBasis, said: str) -> None:
    """Whatever the difference, and however clear the winner seems."""
    verdict = decide(evidence([A, series("B", around(65), basis=other)]))
    assert (verdict.outcome, verdict.reasons, verdict.ended) == (Outcome.INVALID, (Reason.BASIS,), True)
    assert said in verdict.notes[0]
    assert (verdict.arms, verdict.comparisons, verdict.losers) == ((), (), ())


def test_an_arm_that_is_counted_differently_than_before_is_refused() -> None:
    """Both arms were changed alike, but their days do not add up with those of earlier looks."""
    arms = [ArmEvidence(series=series(name, around(50), basis=OTHER), expected=BASIS) for name in ("A", "B")]
    verdict = decide(evidence(arms))
    assert (verdict.outcome, verdict.reasons) == (Outcome.INVALID, (Reason.BASIS,))
    assert "differently than before: attribution.click_days" in verdict.notes[0]


def test_numbers_of_another_versions_basis_are_refused_loudly() -> None:
    """Evidence that was written when a basis had other fields raises, naming them, instead of adding unlike numbers."""
    old = evidence([A, BETTER])
    older = old.but(basis_fields=old.basis_fields.replace(",modelled", ""))
    with pytest.raises(InvalidRequestError, match="other fields: modelled") as caught:
        decide(older)
    assert "start it anew" in str(caught.value.hint)
    newer = old.but(basis_fields=old.basis_fields + ",view_rule")
    with pytest.raises(InvalidRequestError, match="other fields: view_rule"):
        decide(newer)


def test_no_basis_is_said() -> None:
    """It is compared, since a caller may know better, but the verdict says that nobody vouches for it."""
    verdict = decide(evidence([series("A", around(50), basis=None), series("B", around(65), basis=None)]))
    assert verdict.outcome is Outcome.WINNER
    assert "no basis is given" in verdict.notes[0]


@pytest.mark.parametrize("metric", [Metric.CPA, Metric.ROAS])
def test_two_currencies_are_refused(metric: Metric) -> None:
    """Also that of the target cost."""
    dollars = series("B", around(50), spend=Money("100", "USD"), revenue=Money("300", "USD"))
    verdict = decide(evidence([A, dollars], metric=metric))
    assert (verdict.outcome, verdict.reasons) == (Outcome.INVALID, (Reason.BASIS,))
    assert "EUR and USD" in verdict.notes[0]
    target = decide(evidence([A, SAME], metric=metric, target_cpa=Money("5", "USD")))
    assert target.reasons == (Reason.BASIS,)
    assert decide(evidence([A, dollars])).reasons == (Reason.NOT_DECIDED,)


@pytest.mark.parametrize(
    ("facts", "plan", "said"),
    [
        ({"revenue": None}, {"metric": Metric.ROAS}, "no revenue"),
        ({"spend": None}, {"metric": Metric.CPA}, "no spend"),
        ({"link_clicks": None}, {"clicks": Clicks.LINK}, "no link clicks"),
        ({"clicks": 10}, {}, "more conversions than clicks"),
        ({"impressions": 10}, {"metric": Metric.CTR}, "more clicks than impressions"),
    ],
)
def test_a_number_that_a_platform_does_not_report_is_undefined(facts: Any, plan: Any, said: str) -> None:
    """Undefined is neither 0 nor a loss: the test is invalid and says what is missing."""
    verdict = decide(evidence([A, series("B", around(50), **facts)], **plan))
    assert (verdict.outcome, verdict.reasons) == (Outcome.INVALID, (Reason.UNDEFINED,))
    assert said in verdict.notes[0]


def test_an_interruption_ends_a_test() -> None:
    """Paused, edited or short of budget: what the manager noted."""
    arm = ArmEvidence(series=BETTER, interruptions=("tiktok/1/ad_group/2 was edited",))
    verdict = decide(evidence([A, arm]))
    assert (verdict.outcome, verdict.reasons) == (Outcome.INVALID, (Reason.INTERRUPTED,))
    assert verdict.notes == ("B: tiktok/1/ad_group/2 was edited",)


def test_a_day_on_which_one_arm_stood_still_ends_a_test() -> None:
    """A day that is missing or has nothing in it, while the other arm ran; one on which both stood still does not."""
    gap = BETTER.model_copy(update={"days": (*BETTER.days[:5], *BETTER.days[6:])})
    verdict = decide(evidence([A, gap]))
    assert (verdict.outcome, verdict.reasons) == (Outcome.INVALID, (Reason.INTERRUPTED,))
    assert "B had no delivery on 2026-01-10" in verdict.notes[0]
    idle = BETTER.days[5].but(impressions=0, clicks=0, conversions=Decimal(0), spend=Money("0", "EUR"))
    empty = BETTER.model_copy(update={"days": (*BETTER.days[:5], idle, *BETTER.days[6:])})
    assert decide(evidence([A, empty])).reasons == (Reason.INTERRUPTED,)
    both = A.model_copy(update={"days": (*A.days[:5], *A.days[6:])})
    found = decide(evidence([both, empty]))
    assert (found.outcome, found.days) == (Outcome.WINNER, 7)


def test_arms_begin_when_the_last_one_delivers() -> None:
    """A longer review of one arm is no interruption."""
    late = BETTER.model_copy(update={"days": BETTER.days[3:]})
    verdict = decide(evidence([A, late]))
    assert (verdict.outcome, verdict.first) == (Outcome.WINNER, MONDAY + timedelta(days=3))


def test_days_up_to_the_start_do_not_count() -> None:
    """The day on which arms were activated is half a day."""
    verdict = decide(evidence([A, BETTER], started=MONDAY))
    assert (verdict.first, verdict.days) == (MONDAY + timedelta(days=1), 7)


@pytest.mark.parametrize(
    "arms",
    [
        [A, BETTER], [A, WORSE], [A, series("B", [0] * 14)], [A, series("B", around(65), basis=OTHER)],
        [A, ArmEvidence(series=BETTER, interruptions=("it is paused",))],
    ],
)  # fmt: skip
def test_stale_metrics_never_stop_a_test(arms: Any) -> None:
    """Not for a winner, not for harm, not for a loss, not for a basis: the test goes on and says why."""
    verdict = decide(evidence(arms, stale=True, target_cpa=Money.of("10.00 EUR")))
    assert verdict.outcome is Outcome.CONTINUE
    assert Reason.STALE in verdict.reasons
    assert (verdict.losers, verdict.looks, verdict.ended) == ((), (), False)


# Users ------------------------------------------------------------------------------------------------------------


def split(units: tuple[int, int], **facts: Any) -> Verdict:
    arms = [ArmEvidence(series=each, units=n) for each, n in zip((A, BETTER), units, strict=True)]
    return decide(evidence(arms, design=Design.RANDOMISED_PLATFORM_SPLIT, **facts))


def test_a_sample_ratio_mismatch_ends_a_test() -> None:
    """Six to four where one to one was planned; the winner is not one."""
    verdict = split((6_000, 4_000))
    assert (verdict.outcome, verdict.reasons) == (Outcome.INVALID, (Reason.SRM,))
    assert verdict.ratio is not None
    assert verdict.ratio.alarm
    assert split((5_050, 4_950)).outcome is Outcome.WINNER
    assert split((6_000, 4_000), weights=(3.0, 2.0)).outcome is Outcome.WINNER


def test_one_look_sees_smaller_mismatches_than_many() -> None:
    """The plan says which test it is; both numbers are shown."""
    many, once = split((44_000, 45_000)), split((44_000, 45_000), srm=SrmMethod.CHI_SQUARE)
    assert (many.outcome, once.outcome) == (Outcome.WINNER, Outcome.INVALID)
    assert many.ratio is not None
    assert once.ratio is not None
    assert many.ratio.p == once.ratio.p == pytest.approx(8.022781e-04)
    assert many.ratio.sequential_p == pytest.approx(0.1093519)


def test_users_are_not_counted_where_nobody_split_them() -> None:
    """Two campaigns side by side have the audiences that the platform gave them."""
    arms = [ArmEvidence(series=each, units=n) for each, n in zip((A, BETTER), (6_000, 4_000), strict=True)]
    verdict = decide(evidence(arms))
    assert verdict.ratio is None
    assert verdict.outcome is Outcome.WINNER
    assert split((7, 3)).ratio is None


# What may be said -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (
            Design.RANDOMISED_PLATFORM_SPLIT,
            ("B has a higher conversion rate than A", "users were split by the platform"),
        ),
        (
            Design.OBSERVATIONAL_ARMS,
            ("B has a higher conversion rate than A", "as delivered", "the content alone is not"),
        ),
    ],
)
def test_the_design_is_said_in_the_claim(design: Design, words: tuple[str, ...]) -> None:
    """What was compared decides what may be concluded."""
    verdict = decide(evidence([A, BETTER], design=design))
    assert verdict.design is design
    assert all(word in verdict.claim for word in words)


def test_platforms_are_compared_by_cost_as_reported_only() -> None:
    """Unequal bases are allowed there and nowhere else, and each is printed; a conversion rate has no p."""
    meta = series("B", around(65), basis=OTHER, platform=Platform.META)
    verdict = decide(evidence([A, meta], design=Design.CROSS_PLATFORM, metric=Metric.CPA))
    assert (verdict.outcome, verdict.arm) == (Outcome.WINNER, "B")
    assert "as each platform reports it" in verdict.claim
    assert "A on tiktok: 7 days after a click" in verdict.claim
    assert "B on meta: 1 days after a click" in verdict.claim
    assert [arm.basis for arm in verdict.arms] == [BASIS, OTHER]
    for metric in (Metric.CTR, Metric.CVR, Metric.ROAS):
        with pytest.raises(InvalidRequestError, match="only cost per result"):
            evidence([A, meta], design=Design.CROSS_PLATFORM, metric=metric)
    side_by_side = decide(evidence([A, series("B", around(65), platform=Platform.META)], metric=Metric.CPA))
    assert side_by_side.reasons == (Reason.BASIS,)
    assert "different platforms" in side_by_side.notes[0]


def test_a_return_that_one_order_made_is_no_winner() -> None:
    """Ten times the usual day: better with it, not without it."""
    steady = [Money(str(300 + n % 5), "EUR") for n in range(28)]
    control = series("A", around(50, 28))
    control = control.model_copy(
        update={"days": tuple(d.but(revenue=m) for d, m in zip(control.days, steady, strict=True))}
    )
    same = series("B", around(50, 28))
    up = tuple(d.but(revenue=m + Money("9", "EUR")) for d, m in zip(same.days, steady, strict=True))
    lucky = (*up[:10], up[10].but(largest_order=Money("309", "EUR")), *up[11:])
    won = decide(evidence([control, same.model_copy(update={"days": up})], metric=Metric.ROAS, equivalence=None))
    assert (won.outcome, won.arm) == (Outcome.WINNER, "B")
    assert "without its largest day B is no longer better: orders are not known" in won.notes
    found = decide(evidence([control, same.model_copy(update={"days": lucky})], metric=Metric.ROAS, equivalence=None))
    assert found.outcome is Outcome.TIMEOUT
    assert Reason.ONE_ORDER in found.reasons
    assert "without the largest order B is no longer better" in found.notes[-1]
    small = tuple(d.but(largest_order=Money("20", "EUR")) for d in up)
    kept = decide(evidence([control, same.model_copy(update={"days": small})], metric=Metric.ROAS, equivalence=None))
    assert (kept.outcome, kept.arm) == (Outcome.WINNER, "B")
    assert kept.arms[1].without_largest is not None


def test_fractional_conversions_are_compared_by_moments() -> None:
    """Google's conversions are no whole numbers; nothing is rounded."""
    halves = [n + 0.5 for n in around(65)]
    verdict = decide(evidence([A, series("B", halves)]))
    assert (verdict.outcome, verdict.arm) == (Outcome.WINNER, "B")
    assert verdict.arms[1].results == pytest.approx(sum(halves[:14]))
    assert verdict.arms[1].chance_best is not None
    assert verdict.arms[1].chance_best > 0.999


def test_days_that_vary_more_than_chance_widen_the_interval() -> None:
    """Overdispersion is estimated from the days and told; without it the interval is too narrow."""
    wild = [20, 90, 30, 80, 40, 70, 50] * 2
    arms = [series("A", wild), series("B", [round(1.3 * each) for each in reversed(wild)])]
    wide, narrow = decide(evidence(arms)), decide(evidence(arms, overdispersion=False))
    assert wide.arms[0].spread > 5
    assert narrow.arms[0].spread == 1.0
    assert (wide.outcome, narrow.outcome) == (Outcome.CONTINUE, Outcome.WINNER)


def test_arms_of_very_unlike_size_are_compared() -> None:
    """One arm has ten thousand times the other's data; the chances come from moments then."""
    big = {"clicks": 100_000_000, "impressions": 2_000_000_000}
    verdict = decide(evidence([series("A", around(5_000_000), **big), series("B", around(50))]))
    assert sum(each.chance_best or 0.0 for each in verdict.arms) == pytest.approx(1)


def test_an_arm_without_any_result_is_undefined_not_a_loser() -> None:
    """No ratio can be taken: it is no loser of a comparison."""
    verdict = decide(evidence([series("A", [2] * 14), series("B", [0] * 14)]))
    assert verdict.outcome is Outcome.CONTINUE
    assert (verdict.comparisons[0].change, verdict.comparisons[0].p) == (None, None)
    assert verdict.arms[1].value == 0.0
    cost = decide(evidence([series("A", [1] * 14), series("B", [0] * 14)], metric=Metric.CPA))
    assert cost.arms[1].value is None


@pytest.mark.parametrize("metric", [Metric.CVR, Metric.CPA])
def test_nothing_where_the_control_has_much_is_harm(metric: Metric) -> None:
    """Also without a target cost: by the score test, since none has no logarithm."""
    verdict = decide(evidence([series("A", around(20, 4)), series("B", [0] * 4)], metric=metric))
    assert (verdict.outcome, verdict.arm, verdict.reasons) == (Outcome.HARM, "B", (Reason.WORSE,))
    few = decide(evidence([series("A", around(8, 4)), series("B", [0] * 4)], metric=metric))
    assert few.outcome is Outcome.CONTINUE


def test_a_verdict_says_when_days_will_count() -> None:
    """Where days are over and none of them has settled."""
    arms = [series("A", around(50, 5), final=False), series("B", around(50, 5), final=False)]
    assert "more than 7 days old, or called final" in decide(evidence(arms)).notes[0]
    assert decide(evidence([A, SAME])).notes == ()
