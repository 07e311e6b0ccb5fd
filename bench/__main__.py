"""`python -m bench`: every bench there is."""

import sys

from bench.main_job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
