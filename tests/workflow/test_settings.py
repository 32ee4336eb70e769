"""analysis.toml: every choice, held to the fields of the settings' classes."""

from __future__ import annotations

import json

import pytest

from anodescope import analyse
from anodescope.errors import SettingsError
from anodescope.impedance import Tikhonov
from anodescope.workflow.settings import Settings, read_settings
from tests.generator import paper


def written(tmp_path, text: str):
    path = tmp_path / "analysis.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_changes_nothing(tmp_path):
    assert read_settings(written(tmp_path, "")) == Settings()


def test_every_table_reaches_its_class(tmp_path):
    chosen = read_settings(
        written(
            tmp_path,
            """
method = "drttools"
assumption = "the counter electrode has no resistance"
circuit = true
[kramers_kronig]
tolerance = 0.01
[detectors.capacity]
limit = 1.5
[detectors.onset]
factors = [2.0, 3.0]
headline = 2.0
[detectors.critical_current.shorts]
drop = 0.4
[rules."γ_GB"]
tau = [1e-8, 1e-5]
""",
        )
    )
    assert chosen.kramers_kronig.tolerance == 0.01
    assert chosen.detectors.capacity.limit == 1.5
    assert chosen.detectors.onset.factors == (2.0, 3.0)
    assert chosen.detectors.critical_current.shorts.drop == 0.4
    assert chosen.circuit
    assert [rule.name for rule in chosen.rules or ()] == ["γ_GB"]
    json.dumps(chosen.to_dict())


def test_a_table_gives_the_settings_of_a_method(tmp_path):
    text = """
[method]
name = "tikhonov"
order = 2
choose = "re_im"
lam_range = [1e-6, 1.0]
together = true
"""
    chosen = read_settings(written(tmp_path, text))
    wanted = Tikhonov(order=2, choose="re_im", lam_range=(1e-6, 1.0), together=True)
    assert chosen.method == wanted
    given = read_settings(written(tmp_path, '[method]\nname = "tikhonov"\nlam = 0.01'))
    assert given.method == Tikhonov(lam=0.01)
    assert json.loads(json.dumps(given.to_dict()))["method"]["lam"] == 0.01


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("voltage = 3", "there is no key 'voltage'"),
        ("[detectors.capacity]\nlimits = 3", "there is no key 'limits'. Did you mean 'limit'"),
        ('[detectors.capacity]\nlimit = "3 V"', "expected a number, found '3 V'"),
        ("[detectors.onset]\nfactors = 2", "expected a list, found 2"),
        ("[detectors.capacity]\nlimit = -1", "limit"),
        ('[detectors.onset]\nfactors = [1.5, "a"]', "expected a number, found 'a'"),
        ('method = "magic"', "expected one of auto"),
        ("method = 3", "expected text, found 3"),
        ('[method]\nname = "magic"', "expected one of auto"),
        ("[method]\norder = 2", "expected text, found None"),
        ('[method]\nname = "tikhonov"\nlambda = 1', "there is no key 'lambda'"),
        ('[method]\nname = "tikhonov"\nchoose = "eye"', "expected one of gcv, l_curve, re_im"),
        ('circuit = "yes"', "expected true or false"),
        ("kramers_kronig = 3", "expected a table"),
        ('protocol = "none.toml"', "none.toml"),
        ("= 3", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, told):
    with pytest.raises(SettingsError) as refused:
        read_settings(written(tmp_path, text))
    assert told in str(refused.value)
    assert (
        "analysis.toml" in str(refused.value)
        or "none.toml" in str(refused.value)
        or "method" in text
    )


def test_a_limit_of_the_user_moves_the_capacity(tmp_path):
    made = paper.pulsed(capacity=0.02)
    path = written(tmp_path, "[detectors.capacity]\nlimit = 1.0")
    findings = analyse(made.campaign, settings=path)["findings"]
    hit = findings["quantity"].values.astype(object) == "critical_capacity"
    value = findings["value"].values[hit][0]
    assert 0 < value < 0.99 * made.truth["capacity"]


def test_a_protocol_that_was_not_run_is_a_warning(tmp_path):
    from anodescope import protocols

    asked = protocols.pulsed_stripping(2.0, 1.0, 2.0, count=3600)
    (tmp_path / "asked.toml").write_text(asked.to_toml(), encoding="utf-8")
    made = paper.pulsed(capacity=0.02)
    campaign = analyse(made.campaign, settings=written(tmp_path, 'protocol = "asked.toml"'))
    assert any(text.startswith("protocol:") for text in campaign.attrs["warnings"])


def test_the_settings_used_are_kept_with_the_campaign():
    campaign = analyse(paper.rest(60.0).campaign)
    assert campaign.attrs["analysis"]["method"]["name"] == "auto"


def test_a_protocol_that_cannot_be_compared_is_a_warning_and_the_rest_comes_out():
    from anodescope import protocols

    made = paper.pulsed(capacity=0.02)
    campaign = made.campaign.with_attrs(specimen={"working_electrode": "alloy"})
    asked = protocols.pulsed_stripping(1.0, 1.0, 2.0, count=72)
    result = analyse(campaign, settings=Settings(asked=asked))
    assert any(text.startswith("protocol:") for text in result.attrs["warnings"])
    assert "findings" in result
