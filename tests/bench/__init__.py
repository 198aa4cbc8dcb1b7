"""How fast the panel is at a million contracts: ours, the plain-SQL floor and a stock Flask-AppBuilder, side by side.

``python -m tests.bench`` measures (see ``docs/bench.md``); no test here looks at a clock.
"""
