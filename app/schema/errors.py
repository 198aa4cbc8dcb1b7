"""The two kinds of failure: ours to mend, and the user's to read."""

from collections.abc import Mapping


class DeclarationError(Exception):
    """A model file says something that cannot hold; the message names the record and the cure."""


class Refusal(Exception):
    """A rule says no, and why. Shown to the person as it is, never as a server error.

    `message` is an English sentence that may hold ``%(name)s`` places filled from `args_`,
    so that the sentence as a whole can be translated. `field` names the input at fault, if one is.
    `status` is the HTTP status a screen or the API answers with: 403 not permitted, 404 not
    visible, 409 in conflict with the present state, 410 open no more, 422 not acceptable, 428 no version given, 429 too
    many, 503 something this house leans on does not answer.
    """

    status = 422

    def __init__(self, message: str, *, field: str | None = None, **args_: object) -> None:
        self.message = message
        self.field = field
        self.args_ = args_
        super().__init__(message % args_ if args_ else message)


class NotPermitted(Refusal):
    """The actor's roles do not grant the verb on this record."""

    status = 403


class NotFound(Refusal):
    """No such row among those the actor may see; says the same for hidden and missing rows."""

    status = 404


class Conflict(Refusal):
    """The row is no longer as the actor saw it, or its state does not allow the step."""

    status = 409


class Gone(Refusal):
    """What is asked for was there, and is open no more."""

    status = 410


class Unconditional(Refusal):
    """A change that does not say which version of the row it is meant for."""

    status = 428


class TooMany(Refusal):
    """More than is taken in a time; later it may be."""

    status = 429


class Unavailable(Refusal):
    """What this house leans on, such as the store of files, does not answer; later it may."""

    status = 503


class Invalid(Refusal):
    """One or more values are not acceptable; `problems` maps field name to a message."""

    def __init__(self, problems: Mapping[str, str | Refusal]) -> None:
        self.problems = dict(problems)
        field, first = next(iter(self.problems.items()))
        super().__init__(str(first), field=field)
