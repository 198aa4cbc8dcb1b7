"""Filling a database: the department, customers, contracts, renewals and talks, by set-based SQL, always the same."""

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder.security.sqla.models import Role, User, assoc_user_role
from sqlalchemy import Connection, Engine, Table, insert, literal_column, select, text
from werkzeug.security import generate_password_hash

from app.schema.registry import registry
from models.contracts.states import Channel
from tests.bench.dialects import Dialect, hurry, settle, without_indexes
from tests.bench.shape import (
    DRAFTS,
    GIVEN,
    KPIS,
    LEADERS,
    SPREAD,
    STRIDE,
    SURNAMES,
    TARGET,
    TEAM_ROLES,
    TODAY,
    WEIGHT,
    YEAR,
    Shape,
)
from tests.department import PASSWORD

PRODUCTS = (
    ("MOT-C", "Motor compulsory", "motor"),
    ("MOT-V", "Motor voluntary", "motor"),
    ("HEA-1", "Health", "health"),
)
EXPLICIT = ("ab_user", "unit", "person", "product", "customer", "contract", "appraisal_template")
"""Tables whose ids are given here."""
Expressions = dict[str, str]


def fill(engine: Engine, shape: Shape) -> None:
    """Fill an empty, migrated database whose roles are in place."""
    with engine.begin() as connection:
        hurry(connection)
        _department(connection, shape)
        _templates(connection, shape)
        sql = Dialect(connection.dialect.name)
        for name, source, values in (_customers(sql, shape), _contracts(sql, shape)):
            with without_indexes(connection, name):
                _insert(connection, name, source, values)
        # The pool and the talks are read from the contracts: their indexes help.
        for name, source, values in (_renewals(sql), _contacts(sql)):
            with without_indexes(connection, name):
                _insert(connection, name, source, values)
        settle(
            connection,
            [
                "appraisal_template",
                "ab_user",
                "unit",
                "person",
                "product",
                "customer",
                "contract",
                "renewal",
                "contact",
            ],
        )


def _insert(connection: Connection, name: str, source: str, values: Expressions) -> None:
    """INSERT … SELECT from SQL expressions; fields not named take the defaults their record declares."""
    table: Table = registry[name].__table__
    columns = [literal_column(expression).label(field) for field, expression in values.items()]
    connection.execute(insert(table).from_select(list(values), select(*columns).select_from(text(source))))


def _department(connection: Connection, shape: Shape) -> None:
    """Units, users and people: the leaders in the top unit, then the teams with a person for each place."""
    units = [{"id": 1, "code": "HQ", "name": "Head office", "parent_id": None}]
    units += [
        {"id": team + 2, "code": f"T{team + 1:02}", "name": f"Team {team + 1}", "parent_id": 1}
        for team in range(shape.teams)
    ]
    places = {
        shape.user_of(team, place): (team + 2, role)
        for team in range(shape.teams)
        for place, role in enumerate(TEAM_ROLES)
    }
    users = {id_: (f"{role}{id_}", unit, role) for id_, (unit, role) in sorted(places.items())}
    users |= {shape.staff + n: (role, 1, role) for n, role in enumerate(LEADERS, 1)}
    roles = {name: id_ for id_, name in connection.execute(select(Role.__table__.c.id, Role.__table__.c.name))}
    hashed, now = generate_password_hash(PASSWORD, "pbkdf2:sha256:1000"), datetime.now(UTC).replace(tzinfo=None)

    def user(id_: int) -> dict[str, Any]:
        name = users[id_][0]
        person = {"first_name": name.capitalize(), "last_name": "Bench", "email": f"{name}@example.cn"}
        return {"id": id_, "username": name, "active": True, "password": hashed, "created_on": now, **person}

    def person(id_: int) -> dict[str, Any]:
        name, unit, role = users[id_]
        known = {"number": f"E{id_:04}", "name": f"{name.capitalize()} Bench", "post": role, "state": "active"}
        return {"id": id_, "user_id": id_, "unit_id": unit, "licence": f"L{id_:06}", **known}

    products = [
        {"id": n, "code": code, "name": name, "line": line, "state": "on_sale"}
        for n, (code, name, line) in enumerate(PRODUCTS, 1)
    ]
    connection.execute(insert(registry["unit"].__table__), units)
    connection.execute(insert(User.__table__), [user(id_) for id_ in users])
    members = [{"user_id": id_, "role_id": roles[role]} for id_, (_, _, role) in users.items()]
    connection.execute(insert(assoc_user_role), members)
    connection.execute(insert(registry["person"].__table__), [person(id_) for id_ in users])
    connection.execute(insert(registry["product"].__table__), products)


def _templates(connection: Connection, shape: Shape) -> None:
    """A template of the eight KPIs for each role of a team, in force, and everybody's target."""
    roles = sorted(set(TEAM_ROLES))
    templates = [{"id": n, "code": f"B-{role}", "name": role, "role": role} for n, role in enumerate(roles, 1)]
    lines = [
        {"template_id": n, "measure": kpi.measure, "weight": WEIGHT, "target": kpi.target, "direction": kpi.direction}
        for n, _ in enumerate(roles, 1)
        for kpi in KPIS
    ]
    owners = range(1, shape.staff + 1)
    targets = [{"owner_id": id_, "month": f"{TODAY:%Y-%m}", "amount": TARGET, "state": "in_force"} for id_ in owners]
    forced = insert(registry["appraisal_template"].__table__).values(state="in_force")
    connection.execute(forced, templates)
    connection.execute(insert(registry["template_line"].__table__), lines)
    connection.execute(insert(registry["target"].__table__), targets)


def _keeper(shape: Shape, customer: str) -> Expressions:
    """Who keeps a customer and his contracts: the specialists for renewals in turn."""
    first, count = TEAM_ROLES.index("renewal"), TEAM_ROLES.count("renewal") * shape.teams
    turn = f"({customer}) % {count}"
    return {"owner_id": f"{turn} + {first * shape.teams + 1}", "unit_id": f"({turn}) % {shape.teams} + 2"}


def _customers(sql: Dialect, shape: Shape) -> tuple[str, str, Expressions]:
    name = " || ".join((sql.letter(SURNAMES, "n"), sql.letter(GIVEN, "n / 7"), sql.letter(GIVEN, "n / 11")))
    return (
        "customer",
        sql.series(shape.customers),
        {
            "id": "n",
            "number": f"'CUS-2025-' || {sql.padded('n', 6)}",
            "name": name,
            "kind": "'person'",
            "phone": f"'+86138' || {sql.padded('n', 8)}",
            "email": "CASE WHEN n % 5 < 4 THEN 'c' || n || '@example.cn' END",
            "address": "'Renmin Road ' || n",
            "region": sql.one_of(("Shanghai", "Jiangsu", "Zhejiang", "Anhui"), "n"),
            "state": "'confirmed'",
            **_keeper(shape, "n"),
        },
    )


def _contracts(sql: Dialect, shape: Shape) -> tuple[str, str, Expressions]:
    half, last = shape.half, YEAR - 1
    term = f"CASE WHEN n > {half} THEN n - {half} ELSE n END"
    expired = f"(({term}) * {STRIDE}) % {YEAR}"
    kept_on = f"({term}) % 10 < 7"
    customer = f"(CASE WHEN n > {half} AND NOT {kept_on} THEN n ELSE ({term}) END * {SPREAD}) % {shape.customers} + 1"
    old = f"CASE WHEN {kept_on} THEN 'renewed' WHEN {expired} > 30 THEN 'lapsed' ELSE 'in_force' END"
    premium = f"(80000 + (({term}) * 37) % 400000) / 1200 * 1200"
    return (
        "contract",
        sql.series(shape.rows),
        {
            "id": "n",
            "number": f"'C-2025-' || {sql.padded('n', 7)}",
            "customer_id": customer,
            "product_id": f"({term}) % {len(PRODUCTS)} + 1",
            "coverage": sql.one_of(("Basic", "Extended", "Premium"), "n"),
            "starts_on": sql.day(TODAY, f"CASE WHEN n > {half} THEN 1 ELSE {-last} END - {expired}"),
            "expires_on": sql.day(TODAY, f"CASE WHEN n > {half} THEN {YEAR} ELSE 0 END - {expired}"),
            "billing": "'monthly'",
            "instalment": sql.money(f"{premium} / 12"),
            "premium": sql.money(premium),
            "claims_amount": sql.quantity(f"CASE WHEN n % 9 = 0 THEN {premium} / 2 ELSE 0 END"),
            "channel": sql.one_of(tuple(Channel), "n"),
            "object_class": sql.one_of(("Sedan", "SUV", "Two-door", "Luxury"), "n / 3"),
            "plate": f"'沪A' || {sql.padded('n % 100000', 5)}",
            "predecessor_id": f"CASE WHEN n > {half} AND {kept_on} THEN n - {half} END",
            "paid_on": sql.day(TODAY, f"CASE WHEN n > {half} THEN 1 ELSE {-last} END - {expired} - 1"),
            "state": f"CASE WHEN n <= {half} THEN {old} WHEN n % {DRAFTS} = 1 THEN 'draft' ELSE 'in_force' END",
            **_keeper(shape, f"{customer}"),
        },
    )


def _renewals(sql: Dialect) -> tuple[str, str, Expressions]:
    """The pool: what expired in the last 90 days, and what will within 45."""
    open_ = sql.one_of(("new", "new", "contacted", "following", "agreed"), "c.id")
    past = "CASE WHEN s.id IS NOT NULL THEN 'renewed' WHEN c.state = 'lapsed' THEN 'lapsed' ELSE 'declined' END"
    today = f"'{TODAY}'" if sql.lite else f"DATE '{TODAY}'"
    talked = f"(c.expires_on <= {today} OR c.id % 5 > 1)"
    return (
        "renewal",
        "contract AS c LEFT JOIN contract AS s ON s.predecessor_id = c.id"
        f" WHERE c.expires_on BETWEEN {sql.day(TODAY, '-90')} AND {sql.day(TODAY, '45')} ORDER BY c.id",
        {
            "number": "c.number",
            "contract_id": "c.id",
            "customer_id": "c.customer_id",
            "expires_on": "c.expires_on",
            "cohort": "substr(CAST(c.expires_on AS TEXT), 1, 7)",
            "premium": "c.premium",
            "channel": "c.channel",
            "difficulty": "0",
            "owner_id": "c.owner_id",
            "unit_id": "c.unit_id",
            "credited_to_id": "c.owner_id",
            "allocated_on": sql.later("c.expires_on", "-45"),
            "first_contact_on": f"CASE WHEN {talked} THEN {sql.later('c.expires_on', '-43')} END",
            "next_contact_on": f"CASE WHEN c.expires_on > {today} THEN {sql.later('c.expires_on', '-20')} END",
            "successor_id": "s.id",
            "state": f"CASE WHEN c.expires_on > {today} THEN {open_} ELSE {past} END",
        },
    )


def _contacts(sql: Dialect) -> tuple[str, str, Expressions]:
    """One talk on each renewal that is not new, on the day of the first contact."""
    return (
        "contact",
        "renewal AS r WHERE r.first_contact_on IS NOT NULL ORDER BY r.id",
        {
            "customer_id": "r.customer_id",
            "renewal_id": "r.id",
            "made_by_id": "r.owner_id",
            "owner_id": "r.owner_id",
            "unit_id": "r.unit_id",
            "contacted_on": "r.first_contact_on",
            "channel": "'phone'",
            "intent": "CASE WHEN r.id % 3 = 0 THEN 'undecided' ELSE 'willing' END",
            "feedback": "'Asked for the price of the next year'",
        },
    )
