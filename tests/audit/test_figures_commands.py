"""``gonghui figures`` and ``gonghui figure``: of one programme, as of a moment, and the facts behind them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shared.cli import figures
from shared.cli.main import app
from tests.audit.district import opened
from tests.runtime.suite import token_of

YEAR = ("--from", "2024-01-01", "--to", "2024-12-31")


@pytest.fixture(autouse=True)
def auditor(folder: Path) -> None:
    (folder / "token").write_text(token_of(folder, "auditor"))


def gonghui(*arguments: str) -> Result:
    done = CliRunner().invoke(app, ["--lang", "en", *arguments, *YEAR])
    assert done.exit_code == 0, done.output
    return done


def test_each_fact_behind_a_figure_stands_on_a_line_with_the_positions_of_its_events(folder: Path) -> None:
    with opened(folder, "assistance") as house:
        confirmed = [
            (each.facts.data["grant_id"], each.position)
            for each in house.log.read(0, 10_000)
            if each.type == "PaymentConfirmed" and each.facts.data["grant_id"] != "grant-3"
        ]
    lines = gonghui("figure", "relief.amount").stdout.splitlines()

    for grant_id, position in confirmed:
        (line,) = (each for each in lines if f" {grant_id} " in each)
        assert line.split("│")[-2].strip() == str(position)


def test_the_rows_behind_a_figure_can_be_asked_as_of_a_moment() -> None:
    now = json.loads(gonghui("figure", "relief.amount", "--json").stdout)
    then = json.loads(gonghui("figure", "relief.amount", "--json", "--as-of", "2001-01-01").stdout)

    assert (now["as_of"], len(now["rows"])) == (None, 3)
    assert (then["as_of"], then["rows"]) == ("2001-01-01T23:59:59.999999+08:00", [])


def test_under_a_programme_the_chart_is_of_it_too_and_what_belongs_to_none_is_a_dash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, dict[str, Any]] = {}
    answer = figures.answer

    def noting(ask: Any, timeout: float, method: str, **arguments: Any) -> Any:
        asked[method] = arguments
        return answer(ask, timeout, method, **arguments)

    monkeypatch.setattr(figures, "answer", noting)
    page = tmp_path / "figures.html"
    told = gonghui("figures", "--programme", "winter_warmth", "--html", str(page)).stdout

    assert asked["figures"]["programme"] == asked["figure_parts"]["programme"] == "winter_warmth"
    assert "what belongs to no programme is left out" in told
    (packages,) = (each for each in told.splitlines() if "goods.packages" in each)
    assert "—" in packages
    assert page.exists()
