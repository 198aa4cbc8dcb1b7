"""Getting a checkout ready: the Python environment, the static assets, a browser for the tests.

Standard library only, and nothing else of `app`: these modules run before anything is installed.
"""


class SetupError(Exception):
    """Set-up cannot go on; the message says what is missing and how to mend it."""
