"""Wiring happens by argument: importing a module opens no connection, starts no program, makes no engine."""

import subprocess
import sys

from tests.architecture.tree import PRODUCT, ROOT, modules

IMPORT_ALL = """
import importlib, sys, traceback, warnings
import psycopg, sqlalchemy
warnings.simplefilter("ignore")

def refuse(*arguments, **named):
    raise RuntimeError("made at import")

def watch(event, arguments):
    if watching and event in {"socket.connect", "sqlite3.connect", "subprocess.Popen"}:
        raise RuntimeError(f"{event} at import")

watching = True
sys.addaudithook(watch)
psycopg.connect = psycopg.Connection.connect = refuse
sqlalchemy.create_engine = sqlalchemy.Engine.connect = refuse
failed = False
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception:
        failed = True
        print(name, traceback.format_exc(limit=-2), sep=": ")
watching = False
sys.exit(failed)
"""


def test_importing_any_module_connects_to_nothing() -> None:
    # Alembic runs migrations itself, and a __main__ is meant to act.
    names = [
        module.name
        for module in modules(*PRODUCT)
        if "migrations" not in module.path.parts and module.path.name != "__main__.py"
    ]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
