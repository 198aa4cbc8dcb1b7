"""How fast the panel is at a million contracts, beside plain SQL, stock Flask-AppBuilder and Django in the same run.

``python -m tests.bench`` measures (see ``docs/bench.md``); no test here looks at a clock.
"""
