"""What became of events: where each field of a document comes from, and what of events never arrives.

`trace` says it of one event, `coverage` counts it over many, `page` shows it. `picks` and `fates` are what they have in
common: what paths find, and what becomes of that.
"""
