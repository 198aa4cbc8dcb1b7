"""The floor of appraisals: an insert for the people, one for each KPI, and an update for the totals."""

from collections.abc import Generator
from typing import Any, NamedTuple

from sqlalchemy import text

from tests.bench import cleaning
from tests.bench.floor_import import FloorImport
from tests.bench.shape import KPIS, WEIGHT, Kpi
from tests.bench.subject import Outcome, Work, task

PERIOD = "2026-06"
MILLION = 1_000_000
JUNE = "BETWEEN '2026-06-01' AND '2026-06-30'"


class Source(NamedTuple):
    """Where a KPI comes from: numerator and denominator by user. A rate without cases is left out."""

    select: str
    rate: bool = False
    money: bool = False
    factor: int = 1


def _count(column: str, table: str, where: str) -> str:
    return f"SELECT {column} AS user_id, count(*) AS num, 1 AS den FROM {table} WHERE {where} GROUP BY {column}"


SOURCES = {
    "renewal_rate": Source(
        "SELECT r.credited_to_id AS user_id, count(k.id) AS num, count(*) AS den FROM renewal r LEFT JOIN"
        " (SELECT DISTINCT q.id FROM renewal q JOIN contract s ON s.predecessor_id = q.contract_id"
        " WHERE s.paid_on IS NOT NULL AND s.voided_on IS NULL AND {late} <= 30) k ON k.id = r.id"
        f" WHERE r.expires_on {JUNE} AND r.left_out IS NULL GROUP BY r.credited_to_id",
        rate=True,
        factor=100,
    ),
    "contact_volume": Source(_count("made_by_id", "contact", f"contacted_on {JUNE}")),
    "renewed_premium": Source(
        "SELECT r.credited_to_id AS user_id, sum(s.premium) AS num, 1 AS den FROM renewal r JOIN contract s ON"
        f" s.id = r.successor_id WHERE s.paid_on {JUNE} AND s.voided_on IS NULL GROUP BY r.credited_to_id",
        money=True,
    ),
    "attainment": Source(
        "SELECT t.owner_id AS user_id, coalesce(a.num, 0) AS num, t.amount AS den FROM target t LEFT JOIN"
        " (SELECT coalesce(r.credited_to_id, c.owner_id) AS id, sum(c.premium) AS num FROM contract c LEFT JOIN"
        f" renewal r ON r.successor_id = c.id WHERE c.paid_on {JUNE} AND c.voided_on IS NULL GROUP BY 1) a"
        f" ON a.id = t.owner_id WHERE t.month = '{PERIOD}' AND t.state = 'in_force' AND t.product_id IS NULL",
        rate=True,
        money=True,
        factor=100,
    ),
    "bench_willing": Source(_count("made_by_id", "contact", f"contacted_on {JUNE} AND intent = 'willing'")),
    "bench_lost": Source(_count("owner_id", "renewal", f"expires_on {JUNE} AND state IN ('declined', 'lapsed')")),
    "bench_reached": Source(
        "SELECT owner_id AS user_id, count(first_contact_on) AS num, count(*) AS den FROM renewal"
        f" WHERE expires_on {JUNE} GROUP BY owner_id",
        rate=True,
        factor=100,
    ),
    "bench_kept": Source(_count("owner_id", "contract", "state = 'in_force'")),
}
PEOPLE = (
    "INSERT INTO appraisal (number, person_id, template_id, period, owner_id, unit_id, rescaled,"
    " measured_share, self_share, supervisor_share, state, version, created_at, changed_at)"
    f" SELECT '{PERIOD} ' || p.number || ' ' || t.code, p.id, t.id, '{PERIOD}', p.user_id,"
    " p.unit_id, (1 = 0), t.measured_share, t.self_share, t.supervisor_share, 'draft', 1,"
    " CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM person p"
    " JOIN ab_user_role m ON m.user_id = p.user_id JOIN ab_role r ON r.id = m.role_id"
    " JOIN appraisal_template t ON t.role = r.name AND t.state = 'in_force' AND t.cycle = 'month'"
    " WHERE p.state <> 'left' ON CONFLICT DO NOTHING"
)
LINE = (
    "INSERT INTO appraisal_line (appraisal_id, measure, label, weight, target, direction, numerator, denominator,"
    " actual, score, trace, left_out, version, created_at, changed_at)"
    " SELECT f.id, '{kpi.measure}', '{kpi.measure}', {weight}, {target}, '{kpi.direction}', f.num * {exact},"
    " f.den * {whole}, f.actual, {score}, '100 × ' || f.actual || '/{kpi.target}', f.actual IS NULL, 1,"
    " CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM (SELECT a.id, coalesce(s.num, 0) AS num,"
    f" coalesce(s.den, {{none}}) AS den, {{actual}} AS actual FROM appraisal a"
    f" LEFT JOIN ({{source}}) s ON s.user_id = a.owner_id WHERE a.period = '{PERIOD}') f"
    " WHERE 1 = 1 ON CONFLICT DO NOTHING"
)
TOTALS = (
    "UPDATE appraisal SET score = l.total, result = l.total, rescaled = l.rescaled FROM (SELECT appraisal_id,"
    " {total} AS total, count(score) < count(*) AS rescaled FROM appraisal_line GROUP BY appraisal_id) l"
    f" WHERE l.appraisal_id = appraisal.id AND appraisal.period = '{PERIOD}'"
)
NOTICES = (
    "INSERT INTO notice (dedupe_key, channel, user_id, subject, body, record, record_id, created_at, state, attempts)"
    " SELECT 'floor:' || number, 'app', owner_id, 'Your appraisal ' || period || ' is drafted',"
    " 'Look at the figures and rate yourself.', 'appraisal', id, CURRENT_TIMESTAMP, 'sent', 0 FROM appraisal"
    f" WHERE period = '{PERIOD}' ON CONFLICT DO NOTHING"
)


class FloorAppraise(FloorImport):
    """Appraisals by SQL."""

    @task("appraise")
    def appraise(self) -> Generator[Work, Any, Outcome]:
        """An appraisal with eight lines for each of the staff."""
        statements = [PEOPLE, *(self._line(kpi) for kpi in KPIS), TOTALS.format(total=self._total()), NOTICES]

        def work() -> int:
            with self.engine.begin() as connection:
                written = [connection.execute(text(sql)).rowcount for sql in statements]
            return written[0]

        written = yield work
        with self.engine.connect() as connection:
            found = cleaning.scores(connection)
        cleaning.clean(self.engine, cleaning.APPRAISED)
        return Outcome(rows=written, found=found)

    def _line(self, kpi: Kpi) -> str:
        """The insert of a KPI."""
        source = SOURCES[kpi.measure]
        late = "julianday(s.starts_on) - julianday(q.expires_on) - 1" if self.lite else "s.starts_on - q.expires_on - 1"
        none = 0 if source.rate else 1
        value = f"coalesce(s.num, 0) * {{}} / nullif(coalesce(s.den, {none}), 0)"
        fields = (_in_whole_numbers if self.lite else _in_decimals)(kpi, source, value)
        return LINE.format(kpi=kpi, source=source.select.format(late=late), none=none, **fields)

    def _total(self) -> str:
        mean = "sum(weight * score) {} / sum(CASE WHEN score IS NOT NULL THEN weight END)"
        return f"CAST(round({mean.format('* 1.0')}) AS INTEGER)" if self.lite else f"round({mean.format('')}, 2)"


def _in_decimals(kpi: Kpi, source: Source, value: str) -> dict[str, object]:
    """The fields of a line on PostgreSQL."""
    share = f"100 * f.actual / {kpi.target}"
    share = share if kpi.direction == "higher" else f"200 - {share}"
    return {
        "actual": f"round({value.format(f'{source.factor}.0')}, 6)",
        "score": f"CASE WHEN f.actual IS NOT NULL THEN round(greatest(0, least(120, {share})), 2) END",
        "weight": WEIGHT,
        "target": kpi.target,
        "exact": 1,
        "whole": 1,
    }


def _in_whole_numbers(kpi: Kpi, source: Source, value: str) -> dict[str, object]:
    """The fields of a line on SQLite, which keeps six decimals as millionths and two as hundredths."""
    unit = 10_000 if source.money else MILLION
    share = f"100.0 * f.actual / ({kpi.target} * {MILLION})"
    share = share if kpi.direction == "higher" else f"200 - {share}"
    points = f"CAST(round(max(0, min(120, {share})) * 100) AS INTEGER)"
    return {
        "actual": f"CAST(round({value.format(f'{source.factor * (MILLION if source.rate else unit)}.0')}) AS INTEGER)",
        "score": f"CASE WHEN f.actual IS NOT NULL THEN {points} END",
        "weight": f"CAST({WEIGHT} * 100 AS INTEGER)",
        "target": f"{kpi.target} * {MILLION}",
        "exact": unit,
        "whole": unit if source.rate else MILLION,
    }
