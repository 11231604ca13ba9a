"""`python -m normalizer` is `mim-ecs`."""

from normalizer.cli import main

main()
