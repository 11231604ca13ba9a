"""The proof that the Python functions and the ingest pipelines make the same document of the same event.

    python -m tests.parity --events 5000            both ways on a genuine OpenSearch, with random events
    python -m tests.parity --seed 7 --limit 20000   the same events as another time; the pipelines split too

`compare` says how two documents differ, `simulate` runs pipelines, `check` holds both ways against each other, `cases`
and `events` give the events, `reduce` makes a differing one small.
"""
