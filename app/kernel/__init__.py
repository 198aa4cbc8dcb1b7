"""What records do, whoever asks: a screen, the API, an import or a job. No Flask here."""
