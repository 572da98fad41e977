"""The source files of the project as data: where each stands, its syntax tree, what it imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("shared", "services")
EVERYTHING = (*PRODUCT, "demo", "bench", "tests")


@dataclass(frozen=True)
class Module:
    """One source file; `name` is its dotted import path, that of a package for its `__init__.py`."""

    path: Path

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def imports(self) -> Iterator[tuple[str, int]]:
        """Each imported dotted name with its line; `from a import b` counts as `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = "." * node.level + (node.module or "")
                yield from ((f"{origin}.{alias.name}", node.lineno) for alias in node.names)

    def at(self, line: int) -> str:
        """How an offence in this file is named."""
        return f"{self.path.relative_to(ROOT)}:{line}"


@cache
def modules(*folders: str) -> list[Module]:
    """All Python files below these top-level folders, in a steady order."""
    return [Module(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def services() -> list[Path]:
    """The folder of each service."""
    return [
        path for path in sorted((ROOT / "services").glob("*")) if path.is_dir() and path.name != "__pycache__"
    ]


def inside(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of these packages or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def service_of(name: str) -> str:
    """`services.<name>` for whatever lies in a service; empty for all else."""
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "services" and len(parts) > 1 else ""


def pure_modules() -> list[Module]:
    """The modules of all services that hold rules: nothing in them may reach outside."""
    rules = ("aggregates", "events", "parameters")
    return [
        module
        for module in modules("services")
        if inside(module.name.partition(".")[2].partition(".")[2], *rules)
    ]
