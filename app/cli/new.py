"""``flask panel new``: a record's file, ready to be read and mended."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_origin

import click

from app.schema import kinds
from app.schema.record import Record, snake, words
from app.schema.registry import registry
from app.schema.roles import Role
from config import HERE

MODELS = HERE / "models"
WIDTH = 120
RESERVED = {
    *("id", "version", "created_at", "changed_at", "created_by_id", "changed_by_id", "owner_id", "unit_id"),
    *("state", "title", "grants", "panel", "workflow", "transfer", "parent", "pooled", "seen_through", "metadata"),
}
KINDS = {snake(name): name for name, each in vars(kinds).items() if get_origin(each) is Annotated}
"""The class of the language by the word of the command: ``yes_no`` is ``YesNo``."""
FILES = ("file", "image", "signature")
"""The kinds whose values are files; the language writes them as ``scan: Mapped[File] = file()``."""
NAMING = ("Code", "ShortText")


@dataclass(frozen=True)
class Asked:
    """A field as asked for: ``bill:money`` or, with a record for a kind, ``contract:contract``; ``?`` for optional."""

    name: str
    kind: str
    optional: bool
    link: type[Record] | None = None

    @property
    def column(self) -> str:
        """The name of its column."""
        return f"{self.name}_id" if self.link else self.name

    def lines(self) -> list[str]:
        """How the declaration says it."""
        none = " | None" if self.optional else ""
        if self.kind in FILES:
            return [f"{self.name}: Mapped[File{none}] = {self.kind}()"]
        if self.link is None:
            return [f"{self.name}: Mapped[{self.kind}{none}]"]
        other = self.link
        return [
            f'{self.column}: Mapped[int{none}] = ref("{other.__tablename__}")',
            f'{self.name}: Mapped["{other.__name__}{none}"] = relationship()',
        ]


@click.command("new")
@click.argument("domain")
@click.argument("record")
@click.argument("fields", nargs=-1, metavar="[FIELD:KIND …]")
def new(domain: str, record: str, fields: tuple[str, ...]) -> None:
    """Begin a RECORD in a DOMAIN: its file and its name in the domain; a kind may be a record to link to, `?` optional.

    For example: flask --app run panel new claims repair contract:contract ordered_on:day bill:money?
    """
    name = snake(record)
    cls = "".join(part.capitalize() for part in name.split("_"))
    folder = MODELS / domain
    refuse_unless_free(domain, name, folder)
    asked = [read_field(written) for written in fields]
    for each in asked:
        if [other.column for other in asked].count(each.column) > 1 or {each.name, each.column} & RESERVED:
            raise click.ClickException(f"a record has only one field {each.name!r}; call this one otherwise")
    (folder / f"{name}.py").write_text(file_of(domain, name, cls, asked), encoding="utf-8")
    enter(folder / "__init__.py", domain, name, cls)
    click.echo(f"Written: models/{domain}/{name}.py, and {cls} in models/{domain}/__init__.py.")
    click.echo("Read it and say in its docstring what it is. Then:")
    click.echo(f'  flask --app run db revision --autogenerate -m "{words(name).lower()}"')
    click.echo("  flask --app run panel upgrade")
    click.echo("Its 简体 is asked for by: flask --app run words")


def refuse_unless_free(domain: str, name: str, folder: Path) -> None:
    """Refuse a domain there is not, a name that is none, and a record there is already."""
    domains = sorted(file.parent.name for file in MODELS.glob("*/__init__.py") if file.parent.name != "demo")
    if domain not in domains:
        raise click.ClickException(
            f"there is no domain {domain!r}; there are: {', '.join(domains)}. "
            "A new one is a folder named in models/__init__.py and placed in pyproject.toml under `domains`."
        )
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise click.ClickException(f"{name!r} is no name for a record; write it like repair_order or RepairOrder")
    if name in registry or (folder / f"{name}.py").exists():
        raise click.ClickException(f"there is a {name} already; choose another name")


def read_field(written: str) -> Asked:
    """A field as written on the line. Raises `ClickException`, with the kinds there are, for what cannot be read."""
    found = re.fullmatch(r"([a-z][a-z0-9_]*):([A-Za-z_]+)(\??)", written)
    if found is None:
        raise click.ClickException(f"{written!r} is no field; write name:kind, such as bill:money or bill:money?")
    name, kind, optional = found[1], snake(found[2]), bool(found[3])
    if kind in KINDS or kind in FILES:
        return Asked(name, KINDS.get(kind, kind), optional)
    if (other := registry.get(kind)) is not None:
        return Asked(name.removesuffix("_id"), "", optional, other)
    raise click.ClickException(
        f"there is no kind {kind!r}; there are: {', '.join(sorted((*KINDS, *FILES)))}, or a record to link to"
    )


def file_of(domain: str, name: str, cls: str, asked: Sequence[Asked]) -> str:
    """The record's file, as `ruff format` would leave it."""
    kin = [r for r in registry if r.__module__.startswith(f"models.{domain}.") and hasattr(r, "grants")]
    menus = [r.panel.menu for r in kin if r.panel.menu]
    area, icon = (menus[0].area, menus[0].icon) if menus else (words(domain), "list")
    work = list(dict.fromkeys(role for r in kin for role in r.grants.work)) or [Role.OPERATIONS]
    title = next((each.name for each in asked if each.kind in NAMING and not each.optional), "")
    columns = [*([] if title else ["number"]), *(each.column for each in asked)]
    links = [each.link for each in asked if each.link]
    kinds_ = {each.kind for each in asked if each.kind}
    made = {*(kinds_ & set(FILES)), *(["ref"] if links else []), *([] if title else ["serial"])}
    types = (kinds_ - made) | ({"File"} if kinds_ & set(FILES) else set())
    used = [*sorted(types, key=str.casefold), *sorted(made)]
    orm = ["Mapped", *(["relationship"] if links else [])]
    checked = sorted({f"    from {link.__module__} import {link.__name__}" for link in links})
    roles = ", ".join(f"Role.{role.name}" for role in work)
    form = [words(name), *(each.column for each in asked)]
    typing = ["from typing import TYPE_CHECKING", ""] if links else []
    lines = [
        f'"""{words(name)}: what the department keeps of one."""',
        "",
        *typing,
        f"from sqlalchemy.orm import {', '.join(orm)}",
        "",
        "from app.schema.grants import Grants",
        *_call("from app.schema.kinds import ", "", used, "(", ")", always=False),
        "from app.schema.panel import Group, Menu, Panel",
        "from app.schema.record import Record",
        "from app.schema.roles import Role",
        "from app.schema.rows import Owned",
        *(["", "if TYPE_CHECKING:", *checked] if checked else []),
        "",
        "",
        f"class {cls}(Owned, Record):",
        f'    """{_article(words(name).lower())}: say here when one begins, and when it is done with."""',
        "",
        *([] if title else [f'    number: Mapped[str] = serial("{_initials(name)}-{{year}}-{{seq:06}}")']),
        *(f"    {line}" for each in asked for line in each.lines()),
        "",
        f"    grants = Grants(work=({roles},))" if len(work) == 1 else f"    grants = Grants(work=({roles}))",
        "    panel = Panel(",
        f'        menu=Menu("{area}", icon="{icon}"),',
        f'        title="{title or "number"}",',
        *_call("        columns=", ",", [f'"{c}"' for c in columns], "(", ")"),
        f'        search=("{title or "number"}",),',
        *([] if len(form) == 1 else _form(form)),
        "    )",
    ]
    return "\n".join(lines) + "\n"


def _form(form: list[str]) -> list[str]:
    quoted = [f'"{each}"' for each in form]
    line = f"        form=(Group({', '.join(quoted)}),),"
    if len(line) <= WIDTH:
        return [line]
    inner = f"            Group({', '.join(quoted)}),"
    group = [inner] if len(inner) <= WIDTH else _call("            Group", ",", quoted, "(", ")")
    return ["        form=(", *group, "        ),"]


def _call(before: str, after: str, items: list[str], opening: str, closing: str, always: bool = True) -> list[str]:
    """Items on one line if they fit, else one to a line; `always` in brackets, where an import goes without."""
    single = "," if always and len(items) == 1 and after else ""
    joined = ", ".join(items)
    line = f"{before}{opening}{joined}{single}{closing}{after}" if always else f"{before}{joined}"
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(before) - len(before.lstrip()))
    return [f"{before}{opening}", *(f"{indent}    {item}," for item in items), f"{indent}{closing}{after}"]


def _article(name: str) -> str:
    return f"{'An' if name[0] in 'aeiou' else 'A'} {name}"


def _initials(name: str) -> str:
    return name.replace("_", "")[:3].upper()


def enter(file: Path, domain: str, name: str, cls: str) -> None:
    """Name the record in the domain's ``__init__``: its import and its place in ``__all__``, both in order."""
    text = file.read_text(encoding="utf-8")
    line = f"from models.{domain}.{name} import {cls}"
    lines = text.splitlines()
    imports = [number for number, each in enumerate(lines) if re.match(rf"from models\.{domain}\.", each)]
    place = next((number for number in imports if lines[number] > line), None)
    if place is None:
        place = 1 + max((n for n, each in enumerate(lines) if each.startswith(("from ", "import ", '"""'))), default=-1)
        if not imports and lines[place - 1].startswith('"""'):
            lines.insert(place, "")
            place += 1
    lines.insert(place, line)
    file.write_text(_listed("\n".join(lines) + "\n", cls), encoding="utf-8")


def _listed(text: str, cls: str) -> str:
    """The text with `cls` in its ``__all__``."""
    found = next(
        (node for node in ast.parse(text).body if isinstance(node, ast.Assign) and "__all__" in ast.unparse(node)), None
    )
    if found is None:
        return f'{text}\n__all__ = ["{cls}"]\n'
    names = sorted({*ast.literal_eval(found.value), cls}, key=lambda each: (not each[0].isupper(), each))
    lines = text.splitlines()
    lines[found.lineno - 1 : found.end_lineno] = _call("__all__ = ", "", [f'"{n}"' for n in names], "[", "]")
    return "\n".join(lines) + "\n"
