"""What stands in no function: clocks in rules, checks in evolve, publishing past the relay, lost messages."""

import ast
from collections.abc import Iterator

from tests.architecture.tree import PRODUCT, Module, inside, modules, pure_modules
from tests.architecture.words import CLOCK_CALLS, MACHINE_CALLS, PUBLISHING_NAMES


def called_names(module: Module) -> Iterator[tuple[str, int]]:
    """The last name of each call: `now` for `datetime.now()`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name, node.lineno


def keywords(module: Module) -> Iterator[ast.keyword]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.keyword))


def test_rules_ask_no_clock_and_no_machine() -> None:
    offences = [
        f"{module.at(line)} calls {name}()"
        for module in pure_modules()
        for name, line in called_names(module)
        if name in CLOCK_CALLS | MACHINE_CALLS
    ]
    assert not offences, "\n".join(offences)


def test_evolve_believes_and_never_raises() -> None:
    offences = [
        f"{module.at(node.lineno)} stands in {function.name}"
        for module in modules("services")
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef) and function.name == "evolve"
        for node in ast.walk(function)
        if isinstance(node, ast.Raise | ast.Assert)
    ]
    assert not offences, "\n".join(offences)


def test_nobody_publishes_but_the_bus() -> None:
    offences = [
        f"{module.at(line)} publishes"
        for module in modules(*PRODUCT)
        if not inside(module.name, "shared.bus")
        for name, line in called_names(module)
        if name in {"publish", "basic_publish"}
    ]
    assert not offences, "\n".join(offences)


def test_namekos_event_dispatcher_is_used_nowhere() -> None:
    offences = []
    for module in modules(*PRODUCT):
        for node in ast.walk(module.tree):
            match node:
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) if (
                    name in PUBLISHING_NAMES
                ):
                    offences.append(f"{module.at(getattr(node, 'lineno', 1))} uses {name}")
    assert not offences, "\n".join(offences)


def test_no_message_is_requeued_on_error_and_no_queue_forgets() -> None:
    offences = [
        f"{module.at(keyword.value.lineno)} says {keyword.arg}"
        for module in modules(*PRODUCT)
        for keyword in keywords(module)
        if keyword.arg == "requeue_on_error"
        or (
            keyword.arg == "durable"
            and isinstance(keyword.value, ast.Constant)
            and keyword.value.value is False
        )
    ]
    assert not offences, "\n".join(offences)
