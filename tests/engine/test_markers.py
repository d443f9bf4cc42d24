import textwrap

import pytest

from autograder.grading.assignment import Function
from autograder.release import markers
from tests.engine import toy_homework
from tests.engine.toy_homework import DOUBLE, TOTAL, TRIPLE

F = Function("1.1", "m", "f", "F")


def strip(source, functions=(F,)):
    return markers.strip(markers.read(textwrap.dedent(source).encode(), "m.py", functions))


def complaint(source, functions=(F,)):
    with pytest.raises(markers.MarkerError) as caught:
        strip(source, functions)
    return str(caught.value)


def test_regions_become_stubs_and_everything_else_stays():
    stripped = strip(toy_homework.ARITHMETIC, (DOUBLE, TRIPLE, TOTAL))
    assert stripped == toy_homework.ARITHMETIC_TEMPLATE


def test_the_regions_know_their_lines_and_functions():
    regions = markers.read(toy_homework.ARITHMETIC.encode(), "arithmetic.py", (DOUBLE, TRIPLE, TOTAL)).regions
    lines = toy_homework.ARITHMETIC.split("\n")
    assert [region.function for region in regions] == [None, DOUBLE, TRIPLE, TOTAL]
    assert all(lines[region.begin - 1].strip() == markers.BEGIN for region in regions)
    assert all(lines[region.end - 1].strip() == markers.END for region in regions)


def test_markers_in_strings_are_text():
    source = '''\
    """Docstring.

    # BEGIN SOLUTION
    """
    NOTE = """
    # END SOLUTION
    """
    '''
    assert strip(source, ()) == textwrap.dedent(source)


def test_a_region_may_hold_strings_that_look_like_markers():
    stripped = strip('''\
    def f():
        # BEGIN SOLUTION
        return """
        # END SOLUTION
        """
        # END SOLUTION
    ''')
    assert stripped.endswith('    raise NotImplementedError("Part 1.1: f")\n')
    assert "END SOLUTION" not in stripped


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n\n", "\n\ndef g(): ...\n"),
        ("x = 1\n\n\n", "\n\n\ndef g(): ...\n"),
        ("x = 1\n", "def g(): ...\n"),
        ("", "\n\ndef g(): ...\n"),
        ("x = 1\n\n\n", ""),
    ],
)
def test_a_region_at_module_level_leaves_the_larger_of_its_two_gaps(before, after):
    stripped = strip(f"{before}# BEGIN SOLUTION\ny = 2\n# END SOLUTION\n{after}", ())
    gap_before = len(before) - len(before.rstrip("\n"))
    gap_after = len(after) - len(after.lstrip("\n"))
    gap = max(gap_before, gap_after + 1) if before and after else 1
    assert stripped.strip("\n").count("\n") == (gap if before and after else 0)
    assert not stripped.startswith("\n")
    assert stripped.endswith("\n")
    assert not stripped.endswith("\n\n")


def test_lines_are_counted_as_the_tokenizer_counts_them():
    # A form feed ends a line for str.splitlines, and for nothing else.
    stripped = strip("x = 1\n\x0c\ndef f():\n    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n")
    assert stripped.startswith("x = 1\n\x0c\ndef f():\n    # Part 1.1")


def test_a_nested_function_is_part_of_the_region_around_it():
    stripped = strip("""\
    def f():
        # BEGIN SOLUTION
        def inner():
            return 1  # a trailing comment

        return inner()
        # END SOLUTION


    x = 1  # of the next statement, not of f
    """)
    assert "inner" not in stripped
    assert stripped.endswith("\n\n\nx = 1  # of the next statement, not of f\n")


BODY = "    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n"


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("def f():\n    # BEGIN SOLUTION\n    x = 1\n    # BEGIN SOLUTION\n    return x\n", 4, "line 2"),
        ("def f():\n    # BEGIN SOLUTION\n    return 1\n", 2, "never closed"),
        ("def f():\n    return 1\n    # END SOLUTION\n", 3, 'without a "# BEGIN SOLUTION"'),
        ("def f():\n    x = 1  # BEGIN SOLUTION\n    return x\n    # END SOLUTION\n", 2, "its own line"),
        (f"def f():\n{BODY}    return 2\n", 4, "goes on (line 5)"),
        (f"def f():\n{BODY}    # Hint: below.\n", 4, "goes on (line 5)"),
        (f"def f():\n{BODY}\n\ndef g():\n{BODY}", 8, "g is not a function of the assignment"),
        (f"def f():\n{BODY}{BODY}", 4, "second region"),
        (f"def f():\n    return 0\n\n\nclass C:\n{BODY}", 6, "move it"),
        ("def f():\n    return 1\n", 1, "f (Part 1.1) has no solution region"),
        ("x = 1\n", 1, "f (Part 1.1) is not defined"),
        (f"def f():\n{BODY}\n\ndef f():\n{BODY}", 7, "a second time"),
        (f'def f():\n{BODY[:20]}\n    """Doc.\n\n    More."""\n{BODY[20:]}', 2, "above the docstring"),
        ("def f():\n    # BEGIN SOLUTION\n    # END SOLUTION\n    return 1\n", 2, "empty"),
        ("def f():\n    # BEGIN SOLUTION\n    # later\n    # END SOLUTION\n    ...\n", 2, "empty"),
        (f"# BEGIN SOLUTION\n\n# END SOLUTION\n\n\ndef f():\n{BODY}", 1, "empty"),
        (
            "def f():\n    if True:\n        # BEGIN SOLUTION\n        x = 1\n        # END SOLUTION\n",
            3,
            "indented",
        ),
        (
            "def f():\n    x = [\n    # BEGIN SOLUTION\n    1]\n    return x\n    # END SOLUTION\n",
            3,
            "line 2 begins",
        ),
        ("def f():\n    # BEGIN SOLUTION\n    x = [1,\n    # END SOLUTION\n    2]\n", 4, "goes on"),
        ("# BEGIN SOLUTION\ndef f():\n    x = 1\n    # END SOLUTION\n    return x\n", 1, "another function"),
        ("def f():\n    # BEGIN SOLUTION\n    return 1\n\n\nx = 1\n# END SOLUTION\n", 2, "another function"),
        ("def f(:\n", 1, "not valid Python"),
    ],
)
def test_a_misplaced_marker_is_an_error_with_file_and_line(source, line, words):
    message = complaint(source)
    assert message.startswith(f"m.py:{line}: ")
    assert words in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    "misspelt",
    [
        "# BEGIN SOLUTIONS",
        "#begin solution",
        "#BEGIN SOLUTION",
        "# Begin Solution",
        "### BEGIN SOLUTION",
        "# BEGIN SOLUTION: the easy one",
        "# BEGIN SOLUTOIN",
        "# END OF SOLUTION",
        "# END-SOLUTION",
    ],
)
def test_a_misspelt_marker_is_an_error_and_not_a_leak(misspelt):
    message = complaint(f"def f():\n    {misspelt}\n    return 1\n    # END SOLUTION\n")
    assert message.startswith("m.py:2: ")
    assert "resembles a marker" in message


@pytest.mark.parametrize(
    "ordinary", ["# The solution begins at θ^k.", "# Ends when no solution is left.", "# end"]
)
def test_an_ordinary_comment_is_no_misspelt_marker(ordinary):
    assert ordinary in strip(f"def f():\n    {ordinary}\n{BODY}")


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"\xef\xbb\xbfx = 1\n", 1, "byte order mark"),
        (b"x = 1\ny = 2\r\n", 2, "LF line ends"),
        (b"x = 1\ny = '\xe9'\n", 2, "UTF-8"),
        (b"# coding: latin-1\nx = 1\n", 1, "another encoding"),
        (b"# coding: nonsense\nx = 1\n", 1, "another encoding"),
    ],
)
def test_students_get_plain_utf8_with_lf_line_ends(content, line, words):
    with pytest.raises(markers.MarkerError, match=words) as caught:
        markers.decode(content, "m.py")
    assert str(caught.value).startswith(f"m.py:{line}: ")


def test_plain_utf8_is_decoded():
    assert markers.decode("θ = 1\n".encode(), "m.py") == "θ = 1\n"
    assert markers.decode("# coding: utf-8\nθ = 1\n".encode(), "m.py") == "# coding: utf-8\nθ = 1\n"
