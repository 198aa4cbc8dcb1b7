"""The screens of identity: what happens at the door, and each person's own account."""
