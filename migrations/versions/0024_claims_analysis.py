"""Recoveries and case reviews; four eyes in the database.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

import app.schema.rules
import app.schema.types

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TOOK = (
    "EXISTS (SELECT 1 FROM audit_entry WHERE record = 'claim' AND record_id = NEW.claim_id "
    "AND user_id = NEW.owner_id AND verb IN ('add', 'step:approve', 'step:refuse', 'step:pay'))"
)
RULE = "ck_case_review_owner_id_is_somebody_else"
COLUMNS = "owner_id, claim_id, state"
FUNCTION = (
    f"CREATE OR REPLACE FUNCTION {RULE}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {TOOK} THEN "
    "RAISE EXCEPTION 'owner_id_is_somebody_else' USING ERRCODE = 'check_violation', TABLE = 'case_review', "
    f"CONSTRAINT = '{RULE}'; END IF; RETURN NEW; END $$"
)
REFUSE = f"WHEN {TOOK} BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: {RULE}'); END"


RULES = (
    (
        "approval",
        "claim_approve_is_for_others",
        "NEW.record = 'claim' AND NEW.step = 'approve' AND NEW.void_at IS NULL AND EXISTS "
        "(SELECT 1 FROM claim WHERE id = NEW.row_id AND created_by_id = NEW.user_id)",
    ),
    (
        "payout",
        "nobody_pays_what_he_or_she_entered",
        "NEW.payee_account IS NOT NULL AND EXISTS "
        "(SELECT 1 FROM claim WHERE id = NEW.claim_id AND created_by_id = NEW.created_by_id)",
    ),
    (
        "payout",
        "nobody_pays_what_he_or_she_approved",
        "EXISTS (SELECT 1 FROM approval WHERE record = 'claim' AND row_id = NEW.claim_id AND void_at IS NULL "
        "AND user_id = NEW.created_by_id)",
    ),
)


def _refuse(table: str, name: str, when: str) -> None:
    rule = f"ck_{table}_{name}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE OR REPLACE FUNCTION {rule}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {when} THEN "
            f"RAISE EXCEPTION '{name}' USING ERRCODE = 'check_violation', TABLE = '{table}', CONSTRAINT = '{rule}'; "
            "END IF; RETURN NEW; END $$"
        )
        op.execute(f"CREATE TRIGGER {rule} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {rule}()")
        return
    for moment in ("insert", "update"):
        op.execute(
            f"CREATE TRIGGER {rule}_on_{moment} BEFORE {moment.upper()} ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: {rule}'); END"
        )


def _accept(table: str, name: str) -> None:
    rule = f"ck_{table}_{name}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {rule} ON {table}")
        op.execute(f"DROP FUNCTION {rule}()")
        return
    for moment in ("insert", "update"):
        op.execute(f"DROP TRIGGER {rule}_on_{moment}")


def upgrade() -> None:
    op.create_table(
        "case_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column(
            "cause_class",
            sa.Enum(
                "chance",
                "conduct",
                "defect",
                "disclosure",
                "handling",
                name="CauseClass_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "control",
            sa.Enum(
                "product",
                "underwriting",
                "service",
                "fraud",
                name="Control_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("addressee_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "accepted",
                "done",
                name="ReviewState_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(advice) <= 20000", name=op.f("ck_case_review_advice_has_at_most_20000_characters")),
        sa.CheckConstraint("length(found) <= 20000", name=op.f("ck_case_review_found_has_at_most_20000_characters")),
        sa.CheckConstraint("length(number) <= 40", name=op.f("ck_case_review_number_has_at_most_40_characters")),
        sa.CheckConstraint("length(remark) <= 20000", name=op.f("ck_case_review_remark_has_at_most_20000_characters")),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("isfinite(due_on)", "due_on IS date(due_on)"),
            name=op.f("ck_case_review_due_on_is_a_day"),
        ),
        sa.ForeignKeyConstraint(
            ["addressee_id"], ["person.id"], name=op.f("fk_case_review_addressee_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_case_review_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_case_review_claim_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_case_review_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["ab_user.id"], name=op.f("fk_case_review_owner_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_case_review_unit_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_review")),
        sa.UniqueConstraint("number", name=op.f("uq_case_review_number")),
    )
    with op.batch_alter_table("case_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_review_addressee_id"), ["addressee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_review_cause_class"), ["cause_class"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_review_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_review_control"), ["control"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_review_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_review_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_review_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "recovery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "third_party",
                "salvage",
                "overpayment",
                name="RecoveryKind_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("debtor", sa.String(length=200), nullable=False),
        sa.Column("expected", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("received", app.schema.types.Exact(precision=18, scale=2), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "expected",
                "claimed",
                "received",
                "given_up",
                name="RecoveryState_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(received IS NULL) = (received_on IS NULL)", name=op.f("ck_recovery_received_has_its_day")),
        sa.CheckConstraint("expected > 0", name=op.f("ck_recovery_expected_is_above_0")),
        sa.CheckConstraint("length(debtor) <= 200", name=op.f("ck_recovery_debtor_has_at_most_200_characters")),
        sa.CheckConstraint("length(number) <= 40", name=op.f("ck_recovery_number_has_at_most_40_characters")),
        sa.CheckConstraint("length(remark) <= 20000", name=op.f("ck_recovery_remark_has_at_most_20000_characters")),
        sa.CheckConstraint("received > 0", name=op.f("ck_recovery_received_is_above_0")),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "expected BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "expected BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_recovery_expected_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("isfinite(received_on)", "received_on IS date(received_on)"),
            name=op.f("ck_recovery_received_on_is_a_day"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "received BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "received BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_recovery_received_is_a_finite_number"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_recovery_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_recovery_claim_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_recovery_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["ab_user.id"], name=op.f("fk_recovery_owner_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_recovery_unit_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery")),
        sa.UniqueConstraint("number", name=op.f("uq_recovery_number")),
    )
    with op.batch_alter_table("recovery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_recovery_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_recovery_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_recovery_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_recovery_unit_id"), ["unit_id"], unique=False)

    _keep_apart()
    for table, name, when in RULES:
        _refuse(table, name, when)


def _keep_apart() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FUNCTION)
        op.execute(
            f"CREATE TRIGGER {RULE} BEFORE INSERT OR UPDATE OF {COLUMNS} ON case_review "
            f"FOR EACH ROW EXECUTE FUNCTION {RULE}()"
        )
        return
    for name, moment in (("insert", "INSERT"), ("update", f"UPDATE OF {COLUMNS}")):
        op.execute(f"CREATE TRIGGER {RULE}_on_{name} BEFORE {moment} ON case_review {REFUSE}")


def downgrade() -> None:
    for table, name, _when in RULES:
        _accept(table, name)
    op.drop_table("recovery")
    op.drop_table("case_review")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {RULE}()")
