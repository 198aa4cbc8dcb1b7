"""Rules of addresses: compiled late, they build what Werkzeug's own build."""

from werkzeug.routing import Map, Rule

from app.panel.routing import LateRule


def values_of(rule):
    """Something to put into each place of a rule."""
    kinds = {name: type(converter).__name__ for name, converter in rule._converters.items()}
    numbers = {"IntegerConverter": 7, "PathConverter": "a/b c", "FloatConverter": 1.5}
    return {name: numbers.get(kind, "ä x") for name, kind in kinds.items()} | {"page": "2"}


def test_every_address_is_built_as_a_plain_rule_builds_it(sqlite_backend):
    late = [rule for rule in sqlite_backend.app.url_map.iter_rules() if isinstance(rule, LateRule)]
    assert len(late) > 500
    for rule in late:
        plain = Rule(rule.rule, endpoint=rule.endpoint, methods=rule.methods, defaults=rule.defaults)
        Map([plain])
        for unknown in (True, False):
            assert rule.build(values_of(rule), unknown) == plain.build(values_of(rule), unknown), rule


def test_no_builder_is_compiled_before_it_is_needed(monkeypatch):
    compiled = []
    monkeypatch.setattr(
        Rule, "_compile_builder", lambda self, *unknown: compiled.append(self) or (lambda *a, **k: ("", "/"))
    )
    late = LateRule("/a/<int:key>", endpoint="a")
    Map([late])
    assert compiled == []
    assert late.build({"key": 1}) == ("", "/")
    assert compiled == [late]


def test_a_value_may_be_called_anything():
    late = LateRule("/a/<rule>/<self>", endpoint="a")
    Map([late])
    assert late.build({"rule": "r", "self": "s"}) == ("", "/a/r/s")
