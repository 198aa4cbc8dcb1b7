"""Every sentence the panel can say, for the translation catalogues.

Labels come from the declarations, sentences of screens from calls of ``_()``, and sentences of rules from the code:
what is raised as a refusal or a bad value, what the guards of steps answer, and what notices say.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

from babel.messages.extract import extract_from_dir

from app.panel import checklist, labels, navigation, saving
from app.schema import kinds
from app.schema.registry import registry
from app.schema.roles import Role

RAISED = {"Refusal", "NotPermitted", "NotFound", "Conflict", "BadValue", "CellError", "SheetError", "Sentence"}
RAISED |= {"Gone", "TooMany", "Unconditional", "NotRead", "NotJson", "NotForm", "NotAcceptable"}
RAISED |= {"Unavailable", "Infected"}
SAYING = {"_", "gettext", "ngettext"}
ROOMS = ("app", "models", "views")


def sentences(root: Path) -> dict[str, str | None]:
    """Every msgid of the application whose folder is `root`, with its plural where it counts something."""
    found = {role.value for role in Role}
    found |= set(labels.msgids()) | set(navigation.page_msgids()) | set(checklist.msgids())
    found |= {rule.message for kind in kinds.ALL for rule in kind.rules}
    found |= {text for each in registry.topics for text in (each.label, each.subject) if text}
    for record in registry:
        found |= set(saving.rules_of(record))
    found |= set(_guards())
    called: dict[str, str | None] = {}
    for room in ROOMS:
        for file in (root / room).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found.update(_raised(tree))
            called.update(_called(tree))
        called.update(_shown(root / room))
    return {sentence: called.get(sentence) for sentence in sorted(found | set(called)) if sentence.strip()}


def _shown(folder: Path) -> Iterator[tuple[str, str | None]]:
    """What templates below a folder say: the sentence and, of ``ngettext()``, its plural."""
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
    options = {"**.html": {"trimmed": "true"}}
    for _file, _line, message, _comments, _context in extract_from_dir(
        folder, [("**.html", "jinja2")], options, keywords
    ):
        one, *more = (message,) if isinstance(message, str) else message
        yield one, more[0] if more else None


def _called(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Arguments of ``_()`` and ``ngettext()`` in a module: the sentence and, of ``ngettext()``, its plural."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _name(node.func)) in SAYING:
            written = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
            texts = [text for text in written if isinstance(text, str)]
            if texts and len(written) == len(node.args[:2]):
                yield texts[0], texts[1] if name == "ngettext" else None


def _raised(tree: ast.AST) -> Iterator[str]:
    """First arguments of refusals and sentences, and constants in capitals that are sentences, such as ``NEEDED``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in RAISED and node.args:
            yield from _texts(node.args[0])
        elif isinstance(node, ast.Assign) and all(_constant(_name(target)) for target in node.targets):
            yield from (text for text in _texts(node.value) if " " in text)


def _constant(name: str) -> bool:
    return name.isupper() and not name.startswith("_")


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _guards() -> Iterator[str]:
    """What the guards of steps return."""
    for record in registry:
        for step in record.workflow.steps if record.workflow else ():
            if isinstance(step.when, FunctionType):
                tree = ast.parse(textwrap.dedent(inspect.getsource(step.when)))
                for node in ast.walk(tree):
                    if isinstance(node, ast.Return) and node.value is not None:
                        yield from _texts(node.value)
