"""The engine's own tables. They are not records: no screen or API is derived from them."""

from datetime import UTC, date, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.appendonly import append_only
from app.schema.types import Exact, UtcMoment


def _now() -> datetime:
    return datetime.now(UTC)


class AuditEntry(Model):
    """One change of one row, or one summary of a set-based change; written in the change's own transaction.

    Only ever added to, and sealed (`AuditSeal`): it names the user by a bare id, which outlives the user's account.
    `address` is where a request came from. A change of a line stands on the page of what it is a part of (`part_of`).
    `reverts_id` is the entry this one took back. A column added later has to be empty in the entries there are: what is
    empty does not count in a seal.
    """

    __tablename__ = "audit_entry"
    __table_args__: Any = (
        Index("ix_audit_entry_row", "record", "record_id", "id"),
        Index(
            "ix_audit_entry_part",
            "part_of",
            "part_of_id",
            "id",
            postgresql_where=text("part_of IS NOT NULL"),
            sqlite_where=text("part_of IS NOT NULL"),
        ),
        Index("ix_audit_entry_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    user_id: Mapped[int | None] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(String(64))
    record: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int | None] = mapped_column(Integer)
    part_of: Mapped[str | None] = mapped_column(String(80))
    part_of_id: Mapped[int | None] = mapped_column(Integer)
    verb: Mapped[str] = mapped_column(String(80))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    why: Mapped[str | None] = mapped_column(Text)
    reverts_id: Mapped[int | None] = mapped_column(Integer)


class Comment(Model):
    """What somebody said about a row. `earlier` are the moments and texts before edits; a removed one has no text.

    `named` are the people mentioned, by user name: id and name. Every word leaves an entry in the history.
    """

    __tablename__ = "comment"
    __table_args__: Any = (Index("ix_comment_row", "record", "record_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Integer)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    earlier: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    named: Mapped[dict[str, list[Any]]] = mapped_column(JSON, default=dict)
    edited_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    removed_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    removed_by: Mapped[str | None] = mapped_column(String(200))


class Trashed(Model):
    """A deleted row with its lines, kept for a while: see `app.kernel.trash`. The values are unmasked."""

    __tablename__ = "trash"
    __table_args__: Any = (Index("ix_trash_row", "record", "record_id"), Index("ix_trash_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(300))
    owner_id: Mapped[int | None] = mapped_column(Integer)
    unit_id: Mapped[int | None] = mapped_column(Integer)
    deleted_by_id: Mapped[int | None] = mapped_column(Integer)
    deleted_by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    kept: Mapped[dict[str, Any]] = mapped_column(JSON)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class AuditSeal(Model):
    """A batch of the history, sealed: see `app.kernel.history.sealing`. Only ever added to.

    `entries` are the ids sealed, as ranges ``[[first, last], …]``; `marks` the beginnings of their hashes. Once this
    seal stands, no entry up to `settled` can come any more but by a forger's hand.
    """

    __tablename__ = "audit_seal"
    __table_args__: Any = {"extend_existing": False}

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    count: Mapped[int] = mapped_column(Integer)
    entries: Mapped[list[list[int]]] = mapped_column(JSON)
    marks: Mapped[str] = mapped_column(Text)
    settled: Mapped[int] = mapped_column(Integer)
    high: Mapped[int] = mapped_column(Integer)
    waiting: Mapped[list[str]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


append_only(AuditEntry.__table__)
append_only(AuditSeal.__table__)


class Approval(Model):
    """An agreement somebody gave to a step of a row, or a reviewer's no; void when what it is bound to has changed.

    `part` is the level or the side of it; `for_id` is the person in whose place it was given, mostly the giver;
    `seal` is the digest of the fields agreed to. Among those not void, the database lets each part be given once,
    and each person give one.
    """

    __tablename__ = "approval"
    __table_args__: Any = (
        *(
            Index(
                f"uq_approval_{name}",
                "record",
                "row_id",
                "step",
                column,
                unique=True,
                sqlite_where=text("void_at IS NULL"),
                postgresql_where=text("void_at IS NULL"),
            )
            for name, column in (("part", "part"), ("giver", "user_id"), ("in_place_of", "for_id"))
        ),
        CheckConstraint("verdict IN ('yes', 'no')", name="verdict_is_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(String(80))
    row_id: Mapped[int] = mapped_column(Integer)
    step: Mapped[str] = mapped_column(String(80))
    part: Mapped[str] = mapped_column(String(80))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    for_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    verdict: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    seal: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    void_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    void_why: Mapped[str | None] = mapped_column(String(200))


class Submission(Model):
    """A form or a request somebody sent, by the key it carries: sent twice, it is done once.

    `row_id` is the row a form made; `status` and `answer` are what a request of the API was answered.
    """

    __tablename__ = "submission"
    __table_args__: Any = {"extend_existing": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    row_id: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[int | None] = mapped_column(Integer)
    answer: Mapped[str | None] = mapped_column(Text)


class Serial(Model):
    """The last number given out, by series and year."""

    __tablename__ = "serial"
    __table_args__: Any = {"extend_existing": False}

    series: Mapped[str] = mapped_column(String(80), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class Epoch(Model):
    """A counter raised when something cached by every process has changed, such as who may do what."""

    __tablename__ = "epoch"
    __table_args__: Any = {"extend_existing": False}

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


class RoleScope(Model):
    """How far a role reaches: in general or on one `record`, with all verbs or with one `verb`; empty means all."""

    __tablename__ = "role_scope"
    __table_args__: Any = {"extend_existing": False}

    role_id: Mapped[int] = mapped_column(ForeignKey("ab_role.id", ondelete="CASCADE"), primary_key=True)
    record: Mapped[str] = mapped_column(String(80), primary_key=True, default="")
    verb: Mapped[str] = mapped_column(String(80), primary_key=True, default="")
    scope: Mapped[int] = mapped_column(Integer)


class GrantedDefault(Model):
    """A declared default that has been given out once; what an administrator then takes away stays away."""

    __tablename__ = "granted_default"
    __table_args__: Any = {"extend_existing": False}

    role: Mapped[str] = mapped_column(String(64), primary_key=True)
    record: Mapped[str] = mapped_column(String(80), primary_key=True)
    verb: Mapped[str] = mapped_column(String(80), primary_key=True)


class RevealsOfDay(Model):
    """How many private values a person has had shown in full on a business day."""

    __tablename__ = "reveals_of_day"
    __table_args__: Any = {"extend_existing": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class SettingValue(Model):
    """The value in force of a setting, where it differs from the declared default."""

    __tablename__ = "setting_value"
    __table_args__: Any = {"extend_existing": False}

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    set_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)


class Clock(Model):
    """A time limit of a row, or a promise (`promised`); a `round` for each time it began. See `app.kernel.clocks`.

    `limits` names the settings whose sum is the `target`; `reckoned` says by which limit and calendar `due` was found.
    `met` is whether it stopped because what it waits for happened, None while it runs.
    """

    __tablename__ = "clock"
    __table_args__: Any = (
        UniqueConstraint("record", "row_id", "name", "promised", "round"),
        Index(
            "ix_clock_open",
            "record",
            "due",
            postgresql_where=text("stopped_at IS NULL"),
            sqlite_where=text("stopped_at IS NULL"),
        ),
        Index(
            "ix_clock_kept_late",
            "record",
            "row_id",
            postgresql_where=text("met IS true AND due <= stopped_at"),
            sqlite_where=text("met IS 1 AND due <= stopped_at"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(String(80))
    row_id: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(40))
    promised: Mapped[bool] = mapped_column(Boolean, default=False)
    round: Mapped[int] = mapped_column(Integer, default=1)
    started_at: Mapped[datetime] = mapped_column(UtcMoment)
    paused_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    pauses: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    limits: Mapped[str] = mapped_column(String(300), default="")
    target: Mapped[int | None] = mapped_column(Integer)
    reckoned: Mapped[str] = mapped_column(String(80), default="")
    due: Mapped[datetime | None] = mapped_column(UtcMoment)
    known: Mapped[bool] = mapped_column(Boolean, default=True)
    warn_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    warned_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    breached_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    level: Mapped[int] = mapped_column(Integer, default=0)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    met: Mapped[bool | None] = mapped_column(Boolean)


class JobPeriod(Model):
    """The ledger: one row per job and period, claimed by one process; effect and "done" are one transaction."""

    __tablename__ = "job_period"
    __table_args__: Any = (Index("ix_job_period_open", "status", "due"),)

    job: Mapped[str] = mapped_column(String(80), primary_key=True)
    period: Mapped[str] = mapped_column(String(80), primary_key=True)
    due: Mapped[datetime] = mapped_column(UtcMoment)
    status: Mapped[str] = mapped_column(String(20), default="due")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    started_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    finished_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    seconds: Mapped[Any] = mapped_column(Exact(12, 3), nullable=True)
    worker: Mapped[str | None] = mapped_column(String(120))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))


class JobControl(Model):
    """What operations decided about a job: paused or not; and up to when its periods are written."""

    __tablename__ = "job_control"
    __table_args__: Any = {"extend_existing": False}

    job: Mapped[str] = mapped_column(String(80), primary_key=True)
    paused: Mapped[bool] = mapped_column(Boolean, default=False)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    changed_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    written_until: Mapped[datetime | None] = mapped_column(UtcMoment)


class Heartbeat(Model):
    """When a worker process was last alive."""

    __tablename__ = "heartbeat"
    __table_args__: Any = {"extend_existing": False}

    worker: Mapped[str] = mapped_column(String(120), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)


class Notice(Model):
    """The outbox: what staff (`user_id`) or customers (`address`) are owed; one per dedupe key."""

    __tablename__ = "notice"
    __table_args__: Any = (
        UniqueConstraint("dedupe_key"),
        Index("ix_notice_queue", "channel", "state", "next_try_at"),
        Index("ix_notice_inbox", "user_id", "read_at"),
        Index("ix_notice_row", "record", "record_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    address: Mapped[str | None] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    record: Mapped[str | None] = mapped_column(String(80))
    record_id: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    leased_until: Mapped[datetime | None] = mapped_column(UtcMoment)
    sent_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    read_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    error: Mapped[str | None] = mapped_column(Text)
    topic: Mapped[str | None] = mapped_column(String(80))
    # The notice behind the bell that this one is besides, by another channel; and when the former was seen to.
    copy_of_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), index=True)
    forwarded_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class WorkGiven(Model):
    """The work of one user given to others: what was planned, and how far it is, written with each batch of rows.

    `key` is the form's own, so that a form sent twice begins one. `shares` names the new owners by record, `progress`
    tells by record which row was the last looked at, how many each has been given, and what was refused.
    """

    __tablename__ = "work_given"
    __table_args__: Any = (UniqueConstraint("key"), Index("ix_work_given_user", "user_id", "finished_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(200))
    shares: Mapped[dict[str, list[int]]] = mapped_column(JSON)
    progress: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class SavedView(Model):
    """A view of a record's list: see `app.kernel.saved_views`. For a user, for a unit and all below, else for all."""

    __tablename__ = "saved_view"
    __table_args__: Any = (
        Index("ix_saved_view_record", "record"),
        CheckConstraint("user_id IS NULL OR unit_id IS NULL", name="is_for_one_audience"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    unit_id: Mapped[int | None] = mapped_column(Integer)
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    saved_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)


class DefaultView(Model):
    """The view a person's list of a record opens with."""

    __tablename__ = "default_view"
    __table_args__: Any = {"extend_existing": False}

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    record: Mapped[str] = mapped_column(String(80), primary_key=True)
    view_id: Mapped[int] = mapped_column(ForeignKey("saved_view.id", ondelete="CASCADE"))


class ImportBatch(Model):
    """One file being loaded through a profile: where it lies, how far it is, what came of it.

    `options` is what whoever brings it said of it (`app.kernel.transfer.options`), `asked` counts how often it was
    looked at, `undone` is what came of taking it back.
    """

    __tablename__ = "import_batch"
    __table_args__: Any = {"extend_existing": False}

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    filename: Mapped[str] = mapped_column(String(300))
    path: Mapped[str] = mapped_column(String(400))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    state: Mapped[str] = mapped_column(String(20), default="previewed")
    rows: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    finished_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    error: Mapped[str | None] = mapped_column(Text)
    options: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    asked: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    undone: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class Attachment(Model):
    """A file: how it was called, what it is by its content, and whose it is. Its bytes lie in the store under `token`.

    `record`, `record_id` and `field` say of which row it is; without a record it waits for one, and `field` is empty
    where it stands in the row's list. `released_at` is when it was taken out of its place, `buried_at` when the row
    was deleted: the same moment as in the trash, from which it comes back with the row.
    """

    __tablename__ = "attachment"
    __table_args__: Any = (
        UniqueConstraint("token"),
        Index("ix_attachment_row", "record", "record_id", "field"),
        Index("ix_attachment_waiting", "user_id", "at"),
        CheckConstraint("size > 0", name="size_is_above_0"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(40))
    filename: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    record: Mapped[str | None] = mapped_column(String(80))
    record_id: Mapped[int | None] = mapped_column(Integer)
    field: Mapped[str] = mapped_column(String(80), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(UtcMoment, default=_now)
    released_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    buried_at: Mapped[datetime | None] = mapped_column(UtcMoment)
