"""What a claimant is asked for and told: a hint on papers, another clause and the reason of a refusal, links made void.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

RULES = {
    "ck_claim_refusal_under_has_at_most_200_characters": "length(refusal_under) <= 200",
    "ck_claim_refusal_reason_has_at_most_20000_characters": "length(refusal_reason) <= 20000",
    "ck_claim_more_papers_has_at_most_20000_characters": "length(more_papers) <= 20000",
    "ck_claim_papers_link_is_a_whole_number": "papers_link BETWEEN -2147483647 AND 2147483647",
}


def upgrade() -> None:
    with op.batch_alter_table("claim") as batch_op:
        batch_op.add_column(sa.Column("refusal_under", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("refusal_reason", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("more_papers", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("papers_link", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("claim") as batch_op:
        batch_op.alter_column("papers_link", server_default=None)
        for rule, condition in RULES.items():
            batch_op.create_check_constraint(op.f(rule), condition)
    with op.batch_alter_table("paper") as batch_op:
        batch_op.add_column(sa.Column("hint", sa.String(length=200), nullable=True))
        batch_op.create_check_constraint(op.f("ck_paper_hint_has_at_most_200_characters"), "length(hint) <= 200")


def downgrade() -> None:
    with op.batch_alter_table("paper") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_hint_has_at_most_200_characters"), type_="check")
        batch_op.drop_column("hint")
    with op.batch_alter_table("claim") as batch_op:
        for rule in RULES:
            batch_op.drop_constraint(op.f(rule), type_="check")
        batch_op.drop_column("papers_link")
        batch_op.drop_column("more_papers")
        batch_op.drop_column("refusal_reason")
        batch_op.drop_column("refusal_under")
