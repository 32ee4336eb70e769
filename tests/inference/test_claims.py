"""The ledger: nothing shown, nothing ruled; and each rule turns over when its evidence does."""

from dataclasses import replace

import pytest

from anodescope.cell import Cell
from anodescope.errors import Outcome
from anodescope.inference.claims import Claim, Evidence, Ruling, claims, stated
from anodescope.inference.claims_rules import RULES
from anodescope.inference.knockouts import Knockout
from anodescope.inference.observations import Computed, Judged, Verdict, rows
from anodescope.inference.recommendations import Recommendation, Winner

NAK50 = Cell.preset("NaK50")
NOTHING = Evidence(NAK50, {}, {}, {}, {}, {})


def knocked(key: str, before: float, after: float, *, bound: bool = False) -> Knockout:
    """Return a knock-out with these numbers."""
    outcome = Outcome.censored if bound else Outcome.determined
    return Knockout(key, "without", "q", "1", before, Outcome.determined, after, outcome)


def tried(key: str, first: float, second: float, wins: Winner) -> Recommendation:
    """Return a comparison with these numbers."""
    done = Outcome.determined
    return Recommendation(key, "?", "first", first, done, "second", second, done, "mAh/cm²", wins,
                          f"{first:g} against {second:g}.")  # fmt: skip


def judged(verdicts: dict[str, Verdict]) -> dict[str, Judged]:
    """Return rows of observations.toml with these verdicts."""
    return {key: Judged(rows()[key], Computed(1.0), verdict) for key, verdict in verdicts.items()}


def evidence(
    *knockouts: Knockout, rows_: dict[str, Verdict] | None = None,
    tried_: tuple[Recommendation, ...] = (),
) -> Evidence:  # fmt: skip
    """Return evidence of these parts alone."""
    return Evidence(
        NAK50, {}, judged(rows_ or {}), {one.key: one for one in knockouts},
        {one.key: one for one in tried_}, {},
    )  # fmt: skip


def ruling(key: str, given: Evidence) -> Ruling:
    """Return how a claim is ruled."""
    return RULES[key](given)[0]


def test_every_claim_has_a_rule_and_is_complete() -> None:
    """Keys are the same on both sides, and nothing is empty."""
    assert {one.key for one in stated()} == set(RULES)
    assert len({one.key for one in stated()}) == len(stated())
    for one in stated():
        assert all((one.claim, one.words, one.figure, one.assumed, one.decisive))


@pytest.mark.parametrize("key", sorted(RULES))
def test_without_evidence_nothing_is_decided(key: str) -> None:
    """No row, no knock-out, no comparison: not decidable, with a reason."""
    found, words = RULES[key](NOTHING)
    assert found is Ruling.not_decidable
    assert len(words) > 20


def test_depletion_needs_the_layer_and_the_alloy_that_was_left_out() -> None:
    """Supported only with both; contradicted where the threshold stays without the layer."""
    both = {"O5.threshold": Verdict.met, "O8.threshold": Verdict.within}
    gone = knocked("layer", 0.6, 3.0, bound=True)
    assert ruling("depletion", evidence(gone, rows_=both)) is Ruling.supported
    half = {**both, "O8.threshold": Verdict.missed}
    assert ruling("depletion", evidence(gone, rows_=half)) is Ruling.not_decidable
    stays = knocked("layer", 0.6, 0.62)
    assert ruling("depletion", evidence(stays, rows_=both)) is Ruling.contradicted


def test_the_liquid_is_slow_only_if_the_threshold_is_near_its_own_limit() -> None:
    """A threshold of 60 mA/cm² would be that of the liquid; one of 0.6 is not."""
    assert ruling("liquid", evidence(knocked("layer", 0.6, 3.0))) is Ruling.contradicted
    assert ruling("liquid", evidence(knocked("layer", 60.0, 90.0))) is Ruling.not_decidable


def test_the_liquidus_is_ruled_on_by_the_ratio_of_two_alloys() -> None:
    """The paper's tolerances leave (0.15 + 0.03)/(0.6 − 0.05) at most."""
    assert ruling("liquidus", evidence(knocked("liquidus", 0.26, 0.67))) is Ruling.contradicted
    assert ruling("liquidus", evidence(knocked("liquidus", 0.26, 0.3))) is Ruling.supported


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((0.95, 0.92), Ruling.supported),
        ((0.95, 0.3), Ruling.in_part),
        ((0.4, 0.3), Ruling.contradicted),
    ],
)
def test_a_rest_suffices_where_it_gives_what_a_long_one_gives(
    shares: tuple[float, float], expected: Ruling
) -> None:
    """For all pulses, some, none."""
    made = tuple(
        tried(f"slightly_longer_{k}", share, 1.0, Winner.second) for k, share in enumerate(shares)
    )
    assert ruling("slightly_longer", evidence(tried_=made)) is expected


@pytest.mark.parametrize(
    ("mean", "peak", "expected"),
    [
        (Winner.first, Winner.first, Ruling.supported),
        (Winner.second, Winner.first, Ruling.in_part),
        (Winner.second, Winner.second, Ruling.contradicted),
    ],
)
def test_pulsing(mean: Winner, peak: Winner, expected: Ruling) -> None:
    """At equal mean and at equal peak current."""
    made = (tried("equal_mean_1", 1.0, 2.0, mean), tried("equal_peak_1", 2.0, 1.0, peak))
    assert ruling("pulsing", evidence(tried_=made)) is expected


def test_realloying_limits_as_far_as_loss_and_healing_do() -> None:
    """Both have to show; a small effect is a part."""
    large = knocked("loss_pulses", 10.0, 25.0), knocked("heal_pulses", 10.0, 14.0)
    small = knocked("loss_pulses", 10.0, 12.0), knocked("heal_pulses", 10.0, 11.5)
    none = knocked("loss_pulses", 10.0, 10.1), knocked("heal_pulses", 10.0, 10.0)
    expected = Ruling.supported, Ruling.in_part, Ruling.contradicted
    for made, wanted in zip((large, small, none), expected, strict=True):
        assert ruling("realloying", evidence(*made)) is wanted


@pytest.mark.parametrize(
    ("row", "before", "after", "expected"),
    [
        (Verdict.met, 0.5, 0.95, Ruling.supported),
        (Verdict.within, 0.5, 0.95, Ruling.supported),
        (Verdict.met, 0.5, 0.6, Ruling.not_decidable),
        (Verdict.met, 0.5, 0.5, Ruling.contradicted),
        (Verdict.met, 1.0, 1.0, Ruling.not_decidable),
        (Verdict.missed, 0.5, 0.95, Ruling.not_decidable),
        (Verdict.not_decidable, 0.5, 0.95, Ruling.not_decidable),
        (Verdict.missed, 0.5, 0.5, Ruling.not_decidable),
    ],
)
def test_voids_are_filled_only_if_gamma_falls_and_the_deposit_makes_it(
    row: Verdict, before: float, after: float, expected: Ruling
) -> None:
    """The fall has to be there; concentration alone may make some of it, or all."""
    given = evidence(knocked("deposit", before, after), rows_={"O14.interface_falls": row})
    assert ruling("voids_filled", given) is expected


def test_voids_need_the_row_to_be_run() -> None:
    """A knock-out without the row shows nothing of γ_int."""
    given = evidence(knocked("deposit", 0.5, 0.95))
    assert ruling("voids_filled", given) is Ruling.not_decidable


def test_filaments_are_local_if_contact_decides_and_one_law_tells_all_shorts() -> None:
    """A missed short makes it a part; a face in full contact that shorts alike contradicts it."""
    keys = ("O4.short_current", "O17.short_charge", "O18.no_short", "O20.critical_current")
    met = dict.fromkeys(keys, Verdict.met)
    focus = knocked("focus", 0.5, 4.0, bound=True)
    assert ruling("filaments", evidence(focus, rows_=met)) is Ruling.supported
    missed = {**met, "O20.critical_current": Verdict.missed}
    assert ruling("filaments", evidence(focus, rows_=missed)) is Ruling.in_part
    alike = knocked("focus", 0.5, 0.5)
    assert ruling("filaments", evidence(alike, rows_=met)) is Ruling.contradicted


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (30.0, Ruling.in_part),
        (2.0, Ruling.in_part),
        (1.5, Ruling.not_decidable),
        (1.0, Ruling.contradicted),
    ],
)
def test_a_rest_before_plating_is_shown_in_part_at_most(after: float, expected: Ruling) -> None:
    """However far the longest rest goes: the filament is fitted to that very short."""
    made = tried("rest_before_plating_1s", after, 1.0, Winner.first)
    given = evidence(tried_=(made,), rows_={"O18.no_short": Verdict.met})
    assert ruling("rest_before_plating", given) is expected
    words = RULES["rest_before_plating"](given)[1]
    assert "after the staircase" in words
    assert "O18.no_short" in words


def test_what_does_not_short_says_nothing_of_shorts() -> None:
    """No filament in the cell, or a face that does not short either way: not decidable."""
    bare = NAK50.replace(filament=None)
    made = tried("rest_before_plating_1s", 1.0, 1.0, Winner.neither)
    given = replace(evidence(tried_=(made,)), cell=bare)
    assert ruling("rest_before_plating", given) is Ruling.not_decidable
    censored = replace(knocked("focus", 4.0, 4.0, bound=True), before_outcome=Outcome.censored)
    assert ruling("filaments", evidence(censored)) is Ruling.not_decidable


def test_a_cell_without_layer_or_loss_is_told_so() -> None:
    """What is not in the cell is not ruled on."""
    bare = replace(NOTHING, cell=NAK50.replace(layer=None, loss=None))
    for key in ("liquid", "liquidus", "potassium", "realloying"):
        assert ruling(key, bare) is Ruling.not_decidable


def test_the_ledger_keeps_the_order_and_names_rows_that_were_not_run() -> None:
    """From no campaign at all, with the other parts handed in."""
    found = claims({}, [], cell=NAK50, tried=[], knocked=[], wetting={"cure": "It would."})
    assert [one.key for one in found] == [one.key for one in stated()]
    assert all(isinstance(one, Claim) for one in found)
    by_key = {one.key: one for one in found}
    assert "It would." in by_key["cure"].evidence
    assert "was not run" in by_key["depletion"].evidence


def test_knock_outs_and_comparisons_are_computed_where_none_are_given() -> None:
    """On a cell that has next to nothing, so that it is quick."""
    bare = NAK50.replace(layer=None, loss=None)
    found = {one.key: one for one in claims({}, [], cell=bare, tried=[])}
    assert "the deposit adds no contact" in found["voids_filled"].evidence
    assert "no layer" in found["cure"].evidence
