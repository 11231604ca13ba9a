"""The proof of the promises about delivery: genuine servers, a proxy that injects faults, one oracle.

    python -m tests.reliability --rows 1,4          some promises, in their full size
    python -m tests.reliability --scale small       all of them, quickly

`faults` says what may go wrong, `proxy` does it, `load` makes events whose uuids are known, `stage` runs `mim-ecs`,
`oracle` holds what was sent against what the server has, `promises` is the list of what is promised.
"""
