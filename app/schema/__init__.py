"""The language of model files. Nothing here knows Flask or opens a session."""
