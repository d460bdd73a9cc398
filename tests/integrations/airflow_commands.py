"""Run several commands of Airflow in one process, because loading it takes seconds.

python airflow_commands.py "db migrate" "dags test nightly"
"""

import contextlib
import shlex
import sys

from airflow.cli.cli_parser import get_parser

for command in sys.argv[1:]:
    arguments = get_parser().parse_args(shlex.split(command))
    # A run of a DAG with failed tasks ends its command.
    with contextlib.suppress(SystemExit):
        arguments.func(arguments)
