"""Taking out again what jobs and imports wrote, so that every round finds the same database. Never timed.

The history stays, for the database lets nobody take it out: a line for each target of an import.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, text

from tests.bench.dialects import hurry
from tests.bench.incoming import MARK

IMPORTED = (
    f"DELETE FROM renewal WHERE number LIKE '{MARK}%'",
    f"DELETE FROM contract WHERE number LIKE '{MARK}%-2'",
    f"DELETE FROM contract WHERE number LIKE '{MARK}%'",
    f"DELETE FROM product WHERE code LIKE '{MARK}%'",
    f"DELETE FROM customer WHERE number LIKE '{MARK}%'",
)
PLAIN = (f"DELETE FROM contract WHERE number LIKE '{MARK}%'",)
REMINDED = ("DELETE FROM notice", "DELETE FROM job_period")
APPRAISED = ("DELETE FROM appraisal_line", "DELETE FROM appraisal", "DELETE FROM notice", "DELETE FROM job_period")


def clean(engine: Engine, statements: Sequence[str]) -> None:
    """Delete, and leave no dead rows behind for the next round to step over."""
    tables = dict.fromkeys(statement.split()[2] for statement in statements)
    with engine.begin() as connection:
        hurry(connection)
        for statement in statements:
            connection.execute(text(statement))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM {', '.join(tables)}")


def scores(connection: Connection) -> tuple[str, ...]:
    """What the appraisals came to: how many, their lines, and the sum of the scores."""
    sums = "(SELECT sum(score) FROM appraisal), (SELECT sum(score) FROM appraisal_line)"
    counts = "(SELECT count(*) FROM appraisal), (SELECT count(*) FROM appraisal_line)"
    return tuple(str(value) for value in connection.execute(text(f"SELECT {counts}, {sums}")).one())
