"""Which parts of the standard library a rule may not touch, and which names and calls nobody may use."""

import sys

# What asks the clock, chance, the machine, the network or the disk, or brings in code that was not read here.
IMPURE = (
    "asyncio", "concurrent", "ctypes", "ftplib", "getpass", "glob", "http", "importlib", "io",
    "locale", "logging", "mmap", "multiprocessing", "os", "pathlib", "pickle", "platform", "random",
    "runpy", "sched", "secrets", "select", "selectors", "shelve", "shutil", "signal", "smtplib",
    "socket", "socketserver", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading",
    "time", "urllib", "uuid", "_thread",
)  # fmt: skip
CLOCK_CALLS = {"now", "today", "utcnow"}
MACHINE_CALLS = {"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"}
PUBLISHING_NAMES = {"EventDispatcher", "event_dispatcher"}


def is_standard_library(name: str) -> bool:
    """Whether a dotted name belongs to Python itself."""
    return name.partition(".")[0] in sys.stdlib_module_names
