"""Two pairs of eyes, kept by the database: who took a step of a row may not be the person another row names.

A case review is nobody's who entered, decided or paid the claim. The workflow says so by ``not_by``, in time and in
words; what stands here refuses it whoever writes, by looking into the history, which cannot be rewritten. The triggers
come with ``create_all``; migrations write the same ones out. SQLite drops a table's triggers when batch mode rebuilds
it: a migration that does so makes them again.
"""

from sqlalchemy import Table

from app.schema import triggers

RULE = "is_somebody_else"


def keep_apart(
    table: Table, person: str, link: str, record: str, verbs: tuple[str, ...], moved: tuple[str, ...], message: str
) -> None:
    """Refuse a row of `table` whose `person` took one of `verbs` of the row of `record` that `link` points at.

    It is asked when the row is made and when one of `person`, `link` and `moved` is written; `message` is what whoever
    is refused reads.
    """
    among = ", ".join(f"'{verb}'" for verb in verbs)
    took = (
        f"EXISTS (SELECT 1 FROM audit_entry WHERE record = '{record}' AND record_id = NEW.{link} "
        f"AND user_id = NEW.{person} AND verb IN ({among}))"
    )
    triggers.refuse(table, f"{person}_{RULE}", took, message, person, of=(person, link, *moved))
