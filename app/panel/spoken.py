"""Templates compiled once for each language, with all in them that is the same on every page.

What a template says word for word, as in ``_("Save")``, the icons it names and the addresses of static files are put in
when it is compiled, not asked for anew by each page, which has hundreds of them. A sentence with places to fill in is
said as ever (`app.panel.saying`). Where the panel is mounted and the language stand before the name of a compiled
template, as in ``/panel:zh_Hans:panel/list.html``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import has_request_context, request
from flask.sansio.app import App
from flask.templating import Environment
from flask_babel import force_locale, get_locale
from jinja2 import BaseLoader, Template, nodes
from jinja2.visitor import NodeTransformer

MARK = ":"


class Spoken(Environment):
    """An environment that keeps templates for each language; outside of a request it compiles them as they stand.

    `fixed` are the functions whose answer to the same words is always the same in one language and place.
    """

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, loader=_Named(app.create_global_jinja_loader()), **options)
        self.fixed: Mapping[str, Callable[..., str]] = {}

    def get_template(self, name: str | Template, parent: str | None = None, globals: Any = None) -> Template:
        """The template of that name, in the language of the request or of the template that asks for it."""
        if isinstance(name, str) and parent is None and has_request_context():
            name = MARK.join((request.script_root, str(get_locale()), name))
        return super().get_template(name, parent, globals)

    def join_path(self, template: str, parent: str) -> str:
        """What a template extends or includes is for the same place and language."""
        return "".join((*parent.rpartition(MARK)[:2], template))

    def compile(self, source: Any, name: str | None = None, filename: str | None = None, *more: Any) -> Any:
        """Compile a template, with what is fixed put in if its name says for which language."""
        place, mark, _name = (name or "").rpartition(MARK)
        if mark and isinstance(source, str):
            with force_locale(place.rpartition(MARK)[2]):
                source = _Fixed(self.fixed).visit(self.parse(source, name, filename))
        return super().compile(source, name, filename, *more)


class _Named(BaseLoader):
    """Finds the source of a template whatever stands before its name."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(self, environment: Any, template: str) -> Any:
        return self._loader.get_source(environment, template.rpartition(MARK)[2])

    def list_templates(self) -> list[str]:
        return self._loader.list_templates()


class _Fixed(NodeTransformer):
    """Puts the answer of a fixed function in the place of a call with nothing but words."""

    def __init__(self, fixed: Mapping[str, Callable[..., str]]) -> None:
        self._fixed = fixed

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        words = [each.value for each in node.args if isinstance(each, nodes.Const)]
        named = node.node.name if isinstance(node.node, nodes.Name) else ""
        if named not in self._fixed or node.kwargs or len(words) < len(node.args):
            return node
        return nodes.Const(self._fixed[named](*words), lineno=node.lineno)
