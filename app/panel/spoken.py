"""Templates compiled once for each language.

What a template says word for word, as in ``_("Save")``, is looked up when the template is compiled, not anew for each
page: a page says hundreds of such words, and they were a twelfth of its time. A sentence with places to fill in is said
as ever (`app.panel.saying`). The language stands before the name of a compiled template, as in ``zh_Hans:panel/list.html``.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.templating import Environment
from flask_babel import force_locale, get_locale
from jinja2 import BaseLoader, Template, nodes
from jinja2.visitor import NodeTransformer

from app.panel.saying import gettext

MARK = ":"


class Spoken(Environment):
    """An environment that keeps a template of its own for each language; outside of a request for none."""

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, loader=_Named(app.create_global_jinja_loader()), **options)

    def get_template(self, name: str | Template, parent: str | None = None, globals: Any = None) -> Template:
        """The template of that name, in the language of the request or of the template that asks for it."""
        if isinstance(name, str) and parent is None and (language := get_locale()):
            name = f"{language}{MARK}{name}"
        return super().get_template(name, parent, globals)

    def join_path(self, template: str, parent: str) -> str:
        """What a template extends or includes is in its language."""
        language, mark, _name = parent.rpartition(MARK)
        return f"{language}{mark}{template}"

    def compile(self, source: Any, name: str | None = None, filename: str | None = None, *rest: Any, **more: Any) -> Any:
        """Compile a template, with its words said in the language of its name."""
        language, _mark, _name = (name or "").rpartition(MARK)
        if language and isinstance(source, str):
            with force_locale(language):
                source = _Said(gettext).visit(self.parse(source, name, filename))
        return super().compile(source, name, filename, *rest, **more)


class _Named(BaseLoader):
    """Finds the source of a template whatever the language before its name."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(self, environment: Any, template: str) -> Any:
        return self._loader.get_source(environment, template.rpartition(MARK)[2])

    def list_templates(self) -> list[str]:
        return self._loader.list_templates()


class _Said(NodeTransformer):
    """Puts what a call of ``_`` with nothing but a sentence gives in the place of the call."""

    def __init__(self, say: Callable[[str], str]) -> None:
        self._say = say

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the name by which the visitor finds it
        self.generic_visit(node)
        match node:
            case nodes.Call(node=nodes.Name(name="_" | "gettext"), args=[nodes.Const(value=str(sentence))], kwargs=[]):
                return nodes.Const(self._say(sentence), lineno=node.lineno)
        return node
