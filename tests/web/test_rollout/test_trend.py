from registry.database import Database
from registry.domain.freshness import months_before
from registry.domain.rollout.forecast import METHOD, forecast, with_trend
from registry.domain.rollout.scope import Scope
from registry.domain.rollout.trend import trend
from tests.web.browsing import Browser
from tests.web.test_rollout.tables import table, tables

PATH = "/deploiement/tendance"


async def test_one_reading_of_the_year_is_both_answers(world: None, database: Database) -> None:
    async with database.read() as session:
        past, expected = await with_trend(session, Scope())
        assert expected == await forecast(session, Scope())
        days = [point.as_of for point in past.points]
        assert days == [months_before(days[-1], months) for months in range(12, -1, -1)]
        alone = await trend(session, Scope(), days[0])
    assert [point.total for point in past.points][::12] == [
        point.total for point in alone.points[::12]
    ]


async def test_each_chart_has_a_table(public: Browser, database: Database) -> None:
    page = await public.open(PATH, departement="01")
    async with database.read() as session:
        past, expected = await with_trend(session, Scope(departement="01"))
    html = page.reply.text
    assert html.count('<svg class="chart"') == html.count("<desc id=") == 5
    shown = table(page, "Ensemble, chacune une fois")
    assert [row[1] for row in shown.rows] == [
        str(point.total.counts.connected) for point in past.points
    ]
    told = table(page, "Prévision au")
    assert [row[1:4] for row in told.rows] == [
        [str(one.connected), str(one.target_count), str(one.missing)] for one in expected.targets
    ]
    assert METHOD.replace("\u00a0", " ") in page.text


async def test_a_file_holds_every_date(public: Browser) -> None:
    page = await public.open(PATH, strate="EPCI")
    rows = (await public.open(page.link("JSON"))).reply.json()
    assert [row["stratum"] for row in rows] == ["EPCI", "TOTAL"] * 13
    assert len(tables(page)) == 3
