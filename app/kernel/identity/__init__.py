"""Who somebody is, before it is asked what he or she may do: passwords, sessions, limits on guessing."""
