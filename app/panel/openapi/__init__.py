"""The OpenAPI 3.1 document of the API, derived from the records: `schemas` says what rows look like, `operations` what
can be done with them, `document` puts both together for who asks.
"""
