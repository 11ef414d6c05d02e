"""python -m proc_jail: the command line."""

import sys

from proc_jail.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
