"""The entry of every process: ``python -m shared.runtime.start KIND SERVICE…``; nothing is imported above it.

Kinds: ``interface`` and ``worker`` of one service; ``supervise``, which keeps both of each service named
running as children; ``together``, all services named in this process; ``restored``, which begins a new
epoch after a restore. Green processes are patched before anything else is imported.
"""

import logging
import os
import signal
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.runtime.stopping import Stop

GREEN = ("interface", "together")
FAILED = 1
GRACE_MORE_SECONDS = 5
"""How much longer than its children's own limit a supervisor waits before it kills them."""

log = logging.getLogger(__name__)


def start(kind: str, names: list[str]) -> int:
    """Run a process of a kind to its end; its exit code, which is never 0 on a failure."""
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    if kind in GREEN:
        from shared.runtime.green import patch

        patch()
    from shared.runtime.logs import FORMATS, set_up
    from shared.runtime.stopping import WRONGLY_SET, Stop

    wanted = os.environ.get("GONGHUI_LOG_FORMAT", FORMATS[0])
    set_up(wanted)
    if wanted not in FORMATS:
        log.error("GONGHUI_LOG_FORMAT: 应为 %s / must be %s", " 或 ".join(FORMATS), " or ".join(FORMATS))
        return WRONGLY_SET
    os.umask(0o077)  # what a service writes is nobody else's to read
    stop = Stop()
    stop.listen()
    return supervise_all(names, stop) if kind == "supervise" else serve(kind, names, stop)


def supervise_all(names: list[str], stop: "Stop") -> int:
    """Keep the processes of services running; nothing large is imported for it."""
    from shared.runtime.process_settings import read_process_settings
    from shared.runtime.stopping import WRONGLY_SET
    from shared.runtime.supervisor import commands_of, supervise
    from shared.runtime.wrong_setting import WrongSetting

    try:
        grace_seconds = max(read_process_settings(name).grace_seconds for name in names)
    except WrongSetting as wrong:
        log.error("%s", wrong)  # noqa: TRY400 - the sentence says all
        return WRONGLY_SET
    return supervise(commands_of(names), stop, grace_seconds + GRACE_MORE_SECONDS)


def serve(kind: str, names: list[str], stop: "Stop") -> int:
    """Run a process that works for services itself; whatever it raises is told without its text."""
    from shared.runtime.calls import without_text
    from shared.runtime.finding import service_class
    from shared.runtime.health import PortTaken
    from shared.runtime.memory import collect_rarely, give_large_blocks_back
    from shared.runtime.stopping import WRONGLY_SET, CannotStart
    from shared.runtime.wrong_setting import WrongSetting

    collect_rarely()
    give_large_blocks_back()
    try:
        match kind, names:
            case "interface", [name]:
                from shared.runtime.interface import run_interface

                return run_interface(service_class(name), stop)
            case "worker", [name]:
                from shared.runtime.worker import run_worker

                return run_worker(service_class(name), stop)
            case "together", [_, *_]:
                from shared.runtime.together import run_together

                return run_together(names, stop)
            case "restored", [name]:
                from shared.runtime.founding import found
                from shared.runtime.opening import open_log
                from shared.runtime.settings import read_settings

                service = service_class(name)
                found(open_log(read_settings(name), service.language), restored=True)
                return 0
        log.error("there is no process of this kind: %s", kind)
    except PortTaken as taken:
        log.error("%s", taken)  # noqa: TRY400 - the sentence says all
        return FAILED
    except (WrongSetting, CannotStart) as wrong:
        log.error("%s", wrong)  # noqa: TRY400 - the sentence says all
    except Exception as error:  # noqa: BLE001 - its text may hold what it should not
        log.error("%s", without_text(error))  # noqa: TRY400
        return FAILED
    return WRONGLY_SET


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while modules are imported is no traceback
    sys.exit(start(sys.argv[1] if sys.argv[1:] else "", sys.argv[2:]))
