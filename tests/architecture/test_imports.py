"""Who may import whom: the pure core, the layers, the framework at arm's length."""

from tests.architecture.tree import PRODUCT, Module, inside, modules, pure_modules, service_of
from tests.architecture.words import IMPURE, is_standard_library

FRAMEWORK = ("nameko", "eventlet", "kombu", "amqp", "greenlet")
LAYERS = ["cli", "runtime", "files", "bus", "projections", "log", "rules", "standards"]


def test_a_service_meets_another_only_in_its_events() -> None:
    offences = [
        f"{module.at(line)} imports {name}"
        for module in modules("services")
        for name, line in module.imports
        if (other := service_of(name))
        and other != service_of(module.name)
        and not inside(name, f"{other}.events")
    ]
    assert not offences, "\n".join(offences)


def test_shared_imports_no_service() -> None:
    offences = [
        f"{module.at(line)} imports {name}"
        for module in modules("shared")
        for name, line in module.imports
        if inside(name, "services")
    ]
    assert not offences, "\n".join(offences)


def test_packages_of_shared_import_only_those_below_them() -> None:
    offences = [
        f"{module.at(line)} imports {name}"
        for module in modules("shared")
        for name, line in module.imports
        if len(own := module.name.split(".")) > 1
        and own[1] in LAYERS
        and inside(name, *(f"shared.{above}" for above in LAYERS[: LAYERS.index(own[1])]))
    ]
    assert not offences, "\n".join(offences)


def test_nobody_imports_relatively() -> None:
    offences = [
        f"{module.at(line)} imports {name}"
        for module in modules(*PRODUCT)
        for name, line in module.imports
        if name.startswith(".")
    ]
    assert not offences, "\n".join(offences)


def test_rules_import_only_what_is_pure() -> None:
    offences = []
    for module in pure_modules():
        own = service_of(module.name)
        # An aggregate may name another of its own service: a decision that reads a further stream's state
        # (`context.state(organisation, …)`) needs that stream's decider, which is as pure as its own.
        allowed = (
            "shared.rules",
            "shared.standards",
            f"{own}.events",
            f"{own}.parameters",
            f"{own}.aggregates",
        )
        offences += [
            f"{module.at(line)} imports {name}"
            for name, line in module.imports
            if not inside(name, *allowed) and (inside(name, *IMPURE) or not is_standard_library(name))
        ]
    assert not offences, "\n".join(offences)


def test_aggregates_read_no_projection() -> None:
    offences = [
        f"{module.at(line)} imports {name}"
        for module in modules("services")
        for name, line in module.imports
        if inside(module.name, f"{service_of(module.name)}.aggregates")
        and inside(name, "shared.projections", f"{service_of(name)}.projections")
    ]
    assert not offences, "\n".join(offences)


def test_the_framework_appears_only_where_the_design_says() -> None:
    def may_use_it(module: Module) -> bool:
        is_service_class = service_of(module.name) + ".service" == module.name
        return inside(module.name, "shared.bus", "shared.runtime") or is_service_class

    offences = [
        f"{module.at(line)} imports {name}"
        for module in modules(*PRODUCT)
        for name, line in module.imports
        if inside(name, *FRAMEWORK) and not may_use_it(module)
    ]
    assert not offences, "\n".join(offences)


def test_pickle_is_imported_nowhere() -> None:
    offences = [
        f"{module.at(line)} imports {name}"
        for module in modules(*PRODUCT, "demo", "bench")
        for name, line in module.imports
        if inside(name, "pickle", "shelve", "marshal")
    ]
    assert not offences, "\n".join(offences)
