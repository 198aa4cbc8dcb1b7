"""The floor of the jobs: a few statements of plain SQL, written by hand for these very tables."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from tests.bench import cleaning
from tests.bench.floor_appraise import FloorAppraise
from tests.bench.shape import TODAY
from tests.bench.subject import Outcome, Work, task

OFFSETS = (30, 15, 7, 1)
SUBJECT = (
    "'Contract ' || c.number || ' expires on ' || c.expires_on || ' · 合同 ' || c.number || ' 将于 ' || c.expires_on"
)
BODY = (
    "'Dear ' || cu.name || ', your contract ' || c.number || ' expires on ' || c.expires_on || ', in ' || :days ||"
    " ' days. Please renew it in time. 尊敬的 ' || cu.name || '：您的合同 ' || c.number || ' 将于 ' || c.expires_on ||"
    " ' 到期，还有 ' || :days || ' 天。请及时办理续保。'"
)
OWED = (
    "FROM contract c JOIN customer cu ON cu.id = c.customer_id JOIN product p ON p.id = c.product_id {join}"
    " WHERE c.expires_on = :day AND c.state = 'in_force' AND c.voided_on IS NULL AND c.cancelled_on IS NULL"
    " AND c.object_gone_on IS NULL AND p.renewable AND NOT c.declined_by_us"
    " AND NOT EXISTS (SELECT 1 FROM contract s WHERE s.predecessor_id = c.id AND s.paid_on IS NOT NULL"
    " AND s.voided_on IS NULL)"
)
NOTICE = (
    "INSERT INTO notice (dedupe_key, channel, user_id, address, subject, body, record, record_id, created_at, state,"
    " attempts) SELECT 'floor:' || c.id || ':' || :days || '-{to}', {channel}, {user}, {address}, " + SUBJECT + ", "
    f"{BODY}, 'contract', c.id, CURRENT_TIMESTAMP, 'waiting', 0 {OWED} ON CONFLICT DO NOTHING"
)
"""One statement for customers and one for staff, which the database does from beginning to end."""


class FloorJobs(FloorAppraise):
    """Jobs by SQL."""

    @task("remind")
    def remind(self) -> Generator[Work, Any, Outcome]:
        """One notice for each contract that expires in so many days, and one for who works it."""
        by_mail = "CASE WHEN cu.email IS NULL THEN {} ELSE {} END"
        customers = NOTICE.format(
            to="customer",
            channel=by_mail.format("'letter'", "'mail'"),
            user="NULL",
            address=by_mail.format("cu.address", "cu.email"),
            join="",
        )
        joined = "JOIN renewal r ON r.contract_id = c.id AND r.owner_id IS NOT NULL"
        staff = NOTICE.format(to="owner", channel="'app'", user="r.owner_id", address="NULL", join=joined)

        def work() -> int:
            written = 0
            with self.engine.begin() as connection:
                for days in OFFSETS:
                    day = TODAY + timedelta(days=days)
                    values = {"day": str(day) if self.lite else day, "days": str(days)}
                    written += sum(connection.execute(text(sql), values).rowcount for sql in (customers, staff))
            return written

        written = yield work
        cleaning.clean(self.engine, cleaning.REMINDED)
        return Outcome(rows=written)
