"""Writes submissions whose marks are known: the reference, the template, every mistake, and right styles.

A mistake becomes a file that a student might hand in: the solution's module with its function renamed, and a
function of the right name that twists it. Nothing in it needs the grader.
"""

from __future__ import annotations

import ast
import inspect
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from autograder.grading.assignment import Assignment, Misconception


def _with_tabs(source: str) -> str:
    """Indent with tabs. Lines that only continue an expression or a docstring may change as they like."""
    lines = []
    for line in source.split("\n"):
        inside = line.lstrip(" ")
        depth, rest = divmod(len(line) - len(inside), 4)
        lines.append("\t" * depth + " " * rest + inside)
    return "\n".join(lines)


_DISGUISES: Mapping[str, Callable[[str], str]] = {
    "carriage_returns": lambda source: source.replace("\n", "\r\n"),
    "byte_order_mark": lambda source: "\ufeff" + source,
    "tabs": _with_tabs,
    "without_comments": lambda source: ast.unparse(ast.parse(source)) + "\n",
}
"""Right submissions that are the reference to Python, and differ from it as files."""


def write_reference(assignment: Assignment, folder: Path) -> Path:
    """Write the reference as a submission: the modules students fill in, and nothing else."""
    return _write(assignment, assignment.solutions, folder)


def write_template(assignment: Assignment, folder: Path) -> Path:
    """Write the template as it is handed out, as a submission."""
    return _write(assignment, assignment.template, folder)


def write_mistaken(assignment: Assignment, mistake: Misconception, folder: Path) -> Path:
    """Write the reference with one mistake in it, as a submission."""
    write_reference(assignment, folder)
    module, _, _ = mistake.function.partition(".")
    source = mistaken_source(assignment, mistake)
    (folder / assignment.package / f"{module}.py").write_text(source, encoding="utf-8")
    return folder


def mistaken_source(assignment: Assignment, mistake: Misconception) -> str:
    """The source of the module a mistake is made in, as a student might hand it in.

    Args:
        assignment: the homework.
        mistake: the mistake; its twist's file must define it at the top level, as `misconceptions` do.
    """
    module, _, function = mistake.function.partition(".")
    solution = _solution(assignment, module).read_text(encoding="utf-8")
    renamed = f"_right_{function}"
    right = _definition(ast.parse(solution), function)
    before, _, after = solution.partition(f"def {function}(")
    shim = _shim(right, renamed, mistake.twist.__name__)
    pieces = [before + f"def {renamed}(" + after, *_pieces(mistake, f"{assignment.package}.{module}"), shim]
    return "\n\n\n".join(piece.strip("\n") for piece in pieces) + "\n"


def write_right(assignment: Assignment, folder: Path) -> Iterator[tuple[str, Path]]:
    """Write every right submission in another style, each to a folder of its own.

    A style brings the modules it differs in; the others are the reference's.

    Args:
        assignment: the homework.
        folder: where to write them.

    Yields:
        The style's name, and its submission.
    """
    for name, disguise in _DISGUISES.items():
        submission = write_reference(assignment, folder / name)
        for file in (submission / assignment.package).iterdir():
            # Bytes, because writing text may translate the ends of lines.
            file.write_bytes(disguise(file.read_text(encoding="utf-8")).encode())
        yield name, submission
    for style in sorted(path for path in assignment.right_variants.glob("*") if path.is_dir()):
        submission = write_reference(assignment, folder / style.name)
        for file in style.glob("*.py"):
            shutil.copyfile(file, submission / assignment.package / file.name)
        yield style.name, submission


def _write(assignment: Assignment, source: Path, folder: Path) -> Path:
    (folder / assignment.package).mkdir(parents=True)
    for module in assignment.modules:
        name = f"{assignment.package}/{module}.py"
        shutil.copyfile(source / name, folder / name)
    return folder


def _solution(assignment: Assignment, module: str) -> Path:
    return assignment.solutions / assignment.package / f"{module}.py"


def _definition(tree: ast.Module, name: str) -> ast.FunctionDef:
    return next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)


def _shim(right: ast.FunctionDef, renamed: str, twist: str) -> str:
    """A function of the right one's name and arguments, which calls the twist."""
    names = ", ".join([renamed, *(argument.arg for argument in right.args.args)])
    return f"def {right.name}({ast.unparse(right.args)}):\n    return {twist}({names})"


def _pieces(mistake: Misconception, module: str) -> Iterator[str]:
    """What the twist needs: its file's imports, constants and helpers, and itself without its decorator."""
    tree = ast.parse(inspect.getsource(sys.modules[mistake.twist.__module__]))
    package = module.partition(".")[0]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            if node.name == mistake.twist.__name__:
                node.decorator_list = []
            elif node.decorator_list:
                continue
            yield ast.unparse(node)
        elif isinstance(node, ast.Import):
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module not in ("__future__", module):
            # Only what the student has as well. What the module itself defines is there already.
            root = str(node.module).partition(".")[0]
            if root == package or root in sys.stdlib_module_names:
                yield ast.unparse(node)
