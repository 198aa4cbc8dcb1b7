"""Pictures of every kind of page, made by ``make pictures`` to be looked at."""
