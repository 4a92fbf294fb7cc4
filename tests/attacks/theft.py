"""Theft: wrong answers that become right ones if anything can be found out."""

from tests.attacks.paper import NOTHING, REST, Paper, attack

# `take` reads right answers out of a notebook, a module or the text of one.
TAKE = """
import ast as _ast, glob as _glob, json as _json, os as _os
stolen = {}

def take(text):
    try:
        cells = _json.loads(text)["cells"]
    except Exception:
        cells = [{"cell_type": "code", "source": text}]
    for cell in cells:
        source = cell["source"]
        source = source if isinstance(source, str) else "".join(source)
        if cell["cell_type"] == "code" and "NotImplementedError" not in source:
            try:
                body = _ast.parse(source).body
            except SyntaxError:
                continue
            kinds = (_ast.FunctionDef, _ast.ClassDef)
            kept = [node for node in body if isinstance(node, kinds)]
            names = globals()
            exec(compile(_ast.Module(kept, []), "taken", "exec"), names)
            stolen.update({node.name: names[node.name] for node in kept})

def take_file(path):
    try:
        with open(path, encoding="utf-8") as file:
            take(file.read())
    except Exception:
        pass

def tops():
    here = _os.getcwd()
    while _os.path.dirname(here) != here:
        here = _os.path.dirname(here)
        yield here
        if _os.path.exists(_os.path.join(here, "nbgrader_config.py")):
            return
"""
STOLEN = "stolen.get({name!r}, lambda *args, **kwargs: 7)"
# What a test compares with, read from the test.
FROM_TESTS = """
def expected():
    texts = [In[-1]] if In else []
    for path in _glob.glob("*.ipynb"):
        cells = _json.load(open(path))["cells"]
        texts += ["".join(cell["source"]) for cell in cells]
    for text in texts:
        for node in _ast.walk(_ast.parse(text)):
            if isinstance(node, _ast.Assert):
                test = node.test
                right = test.args[1] if isinstance(test, _ast.Call) else None
                right = test.comparators[0] if right is None else right
                value = eval(_ast.unparse(right), globals())
                left = _ast.unparse(test)
                return [value] * 3 if "[0]," in left or "[1]" in left else value
    return 7
"""
SEARCH = """
import gc, sys
def expected():
    frame, found = sys._getframe(1), []
    while frame:
        found += [*frame.f_locals.values(), *frame.f_globals.values()]
        frame = frame.f_back
    for thing in [*found, *gc.get_objects()]:
        for name in ("expected", "want", "key", "truth"):
            try:
                outcomes = vars(thing)[name]
                values = outcomes[0].values
                return values if len(values) > 1 else values[0]
            except Exception:
                continue
    return 7
"""
FETCH = """
try:
    import urllib.request
    with urllib.request.urlopen("http://127.0.0.1:{port}/", timeout=2) as page:
        take(page.read().decode())
except Exception:
    pass
"""


def _steal(paper: Paper, how: str) -> None:
    paper.add(TAKE + how, at=0)
    paper.answer_all(STOLEN)


@attack(NOTHING)
def tests_read(paper: Paper) -> None:
    """Answers read from the text of the tests: `In[-1]`, and the notebook's file."""
    paper.add(TAKE + FROM_TESTS, at=0)
    paper.answer_all("lambda *args, **kwargs: expected()")


@attack(NOTHING)
def memory_searched(paper: Paper) -> None:
    """Answers looked for in the frames of all callers and among all objects."""
    paper.add(SEARCH, at=0)
    paper.answer_all("lambda *args, **kwargs: expected()")


@attack(NOTHING)
def a_neighbour_copied(paper: Paper) -> None:
    """Answers taken from other submissions, found from the work folder upwards."""
    deep = "('*/*/{noun}*.ipynb', '*/*/*/{noun}*.ipynb', '.*/*/*/*/{noun}*.ipynb')"
    _steal(
        paper,
        f"for top in tops():\n    for deep in {deep.format(noun=paper.noun)}:\n"
        "        for path in _glob.glob(_os.path.join(top, deep)):\n"
        "            take_file(path)",
    )


@attack(NOTHING)
def the_solution_read(paper: Paper) -> None:
    """Answers taken from the solved lesson, looked for above the work folder."""
    _steal(
        paper,
        "for top in tops():\n    for folder in ('solutions', 'source'):\n"
        "        for path in _glob.glob(_os.path.join(top, folder, '*', '*')):\n"
        "            take_file(path)",
    )


@attack(NOTHING)
def the_oracle_imported(paper: Paper) -> None:
    """Answers imported from the course's own modules of right answers."""
    _steal(
        paper,
        "try:\n"
        f"    import transformer.reference.{paper.noun} as oracle\n"
        "    stolen.update(vars(oracle))\n"
        "except Exception:\n    pass",
    )


@attack(NOTHING)
def the_parents_files_read(paper: Paper) -> None:
    """Answers looked for in `/proc`: other processes' folders and variables."""
    _steal(
        paper,
        "for pid in filter(str.isdigit, _os.listdir('/proc')):\n"
        "    if int(pid) == _os.getpid(): continue\n"
        "    for place in ('cwd', 'root'):\n"
        "        for deep in ('solutions/*/*', 'source/*/*', '../*/*/*.ipynb'):\n"
        "            for path in _glob.glob(f'/proc/{pid}/{place}/{deep}'):\n"
        "                take_file(path)\n"
        "    try:\n"
        "        text = open(f'/proc/{pid}/environ').read()\n"
        "        for one in text.split(chr(0)): take(one.partition('=')[2])\n"
        "    except Exception:\n        pass",
    )


@attack(NOTHING)
def the_network_asked(paper: Paper) -> None:
    """Answers fetched from a server that listens on this computer."""
    _steal(paper, FETCH.format(port=paper.port))


@attack(NOTHING)
def the_environment_read(paper: Paper) -> None:
    """Answers that stand in an environment variable of the grader, as a token would."""
    _steal(paper, "for text in _os.environ.values(): take(text)")


@attack(REST, "should not be|changes|differ|should have|should sum|should hold")
def a_number_asked_for(paper: Paper) -> None:
    """An answer right but for one number, so that the message names the right one."""
    paper.begin(
        "found = _right(*args, **kwargs)\n"
        "first = found[0] if isinstance(found, tuple) else found\n"
        "first = np.array(first, float)\nfirst.flat[0] += 1e-3\n"
        "return (first, *found[1:]) if isinstance(found, tuple) else first"
    )


@attack(REST, r"raised RuntimeError: \[\]")
def what_it_is_given_told(paper: Paper) -> None:
    """An answer that tells in its error what it finds of keys and verdicts."""
    paper.begin(
        "import gc, sys\n"
        "kinds = ('Key', 'KnownMistake', 'Mistake', 'Verdict')\n"
        "found = [o for o in gc.get_objects() if type(o).__name__ in kinds]\n"
        "raise RuntimeError(found)"
    )
