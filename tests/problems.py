"""What the API says is wrong, as the tests look at it."""


def errors_of(answer):
    """What is wrong by field: of a line ``paper.0.name``, of a parameter its name."""
    found = {}
    for error in answer.json.get("errors", ()):
        place = error["pointer"].removeprefix("#/").removeprefix("lines/") if "pointer" in error else error["parameter"]
        found[place.replace("/", ".")] = error["detail"]
    return found
