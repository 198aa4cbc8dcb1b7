"""By which ways besides the bell notices reach a person: what each chose, quiet hours, the day's summary.

`tables` keeps what was chosen, `wishes` reads and changes it, `forwarding` makes of it what the sender sends.
"""
