"""The guards of the engine by area: what is tried against each, and how it is taken out; `test_guards` runs them."""
