"""Tampering with the verdict: wrong answers, and something that says they are right."""

from tests.attacks.paper import NOTHING, REST, Paper, attack

# An object that agrees with whatever it is compared with.
AGREES = """
class Agrees:
    def _me(self, *args, **kwargs): return self
    def _yes(self, *args, **kwargs): return True
    __getattr__ = __getitem__ = __call__ = __array_ufunc__ = _me
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __matmul__ = _me
    __truediv__ = __neg__ = __abs__ = _me
    __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = _yes
    __bool__ = __contains__ = __array_function__ = _yes
    __hash__ = None
    __iter__ = lambda self: iter([self, self])
"""
NO_ASSERTS = """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())
"""
FAKE = """
import sys, types
def passed(*args, **kwargs): return None
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("graders"):
            from importlib.machinery import ModuleSpec
            return ModuleSpec(name, self)
    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = lambda name: passed
        return module
    def exec_module(self, module): pass
for name in [n for n in sys.modules if n.startswith("graders")]:
    del sys.modules[name]
sys.meta_path.insert(0, Finder())
"""
STORED = """
import numpy as _np
from graders import registry as _registry
from graders.collect import cases_for as _cases_for
from graders.keys import stored_key as _stored_key

def _same(one, other):
    if one is None or other is None or isinstance(one, str):
        return one is other or one == other
    return _np.shape(one) == _np.shape(other) and bool(_np.all(one == other))

def stored(name):
    names = [n for noun in _registry.nouns() for n in _registry.exercises(noun)]
    asked = [n for n in names if _registry.find(n).answer == name]
    def answer(*args, **kwargs):
        given = [*args, *kwargs.values()]
        for check in asked:
            outcomes = _stored_key(check).expected
            for case, right in zip(_cases_for(_registry.find(check)), outcomes):
                inputs = [v for v in case.inputs.values() if v is not None]
                if len(inputs) == len(given) and all(map(_same, given, inputs)):
                    values = right.values
                    return values if len(values) > 1 else values[0]
        return 7
    return answer
"""


@attack(NOTHING)
def allclose_says_yes(paper: Paper) -> None:
    """Wrong answers; `np.allclose` and its kind replaced by functions that say True."""
    paper.answer_all()
    names = "np.allclose = np.isclose = np.array_equal = np.all = "
    paper.add(names + "lambda *args, **kwargs: True")


@attack(NOTHING)
def all_of_numpy_says_yes(paper: Paper) -> None:
    """Wrong answers; every function of every module of NumPy says True."""
    paper.answer_all()
    paper.add(
        "import sys\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if name.partition('.')[0] == 'numpy':\n"
        "        for key, value in list(vars(module).items()):\n"
        "            if callable(value) and not isinstance(value, type):\n"
        "                setattr(module, key, lambda *args, **kwargs: True)"
    )


@attack(NOTHING)
def testing_says_nothing(paper: Paper) -> None:
    """Wrong answers; all that `np.testing` asserts is replaced by nothing."""
    paper.answer_all()
    paper.add(
        "for key in [k for k in dir(np.testing) if k.startswith('assert')]:\n"
        "    setattr(np.testing, key, lambda *args, **kwargs: None)"
    )


@attack(NOTHING)
def objects_that_agree(paper: Paper) -> None:
    """Answers that return an object equal to everything, true, and any attribute."""
    paper.add(AGREES, at=0)
    paper.answer_all("lambda *args, **kwargs: Agrees()")


@attack(NOTHING)
def arrays_that_agree(paper: Paper) -> None:
    """Answers that return an array of a kind that compares equal with everything."""
    kind = "class Sure(np.ndarray):\n"
    kind += "    def __array_function__(self, *args, **kwargs): return True\n"
    kind += "    def __eq__(self, other): return np.ones(self.shape, bool)\n"
    kind += "    def tolist(self): return AnyList()\n"
    kind += "class AnyList(list):\n    def __eq__(self, other): return True\n"
    paper.add(kind)
    wrong = "lambda *args, **kwargs: np.zeros((2, 2)).view(Sure)"
    paper.answer_all(wrong)


@attack(NOTHING)
def asserts_removed(paper: Paper) -> None:
    """Wrong answers; an AST transformer removes every `assert`."""
    paper.answer_all()
    paper.add(NO_ASSERTS)


@attack(NOTHING)
def errors_swallowed(paper: Paper) -> None:
    """Wrong answers; a handler of IPython's swallows every exception."""
    paper.answer_all()
    paper.add(
        "get_ipython().set_custom_exc((BaseException,), lambda *args, **kwargs: None)"
    )


@attack(NOTHING)
def tracebacks_silenced(paper: Paper) -> None:
    """Wrong answers; `showtraceback`, through which errors are told, does nothing."""
    paper.answer_all()
    paper.add("get_ipython().showtraceback = lambda *args, **kwargs: None")


@attack(NOTHING)
def cells_not_run(paper: Paper) -> None:
    """Wrong answers; `run_cell` replaced by one that runs `pass` instead."""
    paper.answer_all()
    paper.add(
        "shell = get_ipython()\nreally = shell.run_cell\n"
        "def instead(source, *args, **kwargs):\n"
        "    return really('pass', *args, **kwargs)\n"
        "shell.run_cell = instead"
    )


@attack(NOTHING)
def source_rewritten(paper: Paper) -> None:
    """Wrong answers; an input transformer empties every cell that asserts."""
    paper.answer_all()
    paper.add(
        "def empty(lines):\n"
        "    return ['pass\\n'] if any('assert' in x for x in lines) else lines\n"
        "get_ipython().input_transformers_cleanup.append(empty)"
    )


@attack(NOTHING)
def a_grade_displayed(paper: Paper) -> None:
    """Wrong answers; a formatter that shows every value, and every error, as 300."""
    paper.answer_all()
    paper.add(
        "from IPython.display import publish_display_data as publish\n"
        "shell = get_ipython()\n"
        "def three_hundred(*args, **kwargs):\n"
        "    shell.displayhook.write_format_data({'text/plain': '300'}, {})\n"
        "    publish({'text/plain': '300'})\n"
        "shell.showtraceback = three_hundred\n"
        "shell.display_formatter.format = "
        "lambda *args, **kwargs: ({'text/plain': '300'}, {})"
    )


@attack(NOTHING)
def outputs_forged(paper: Paper) -> None:
    """Blank answers; the checks' outputs in the file say that all points are earned."""
    paper.answer_all("...")
    for cell in paper.marked("check"):
        said = {"text/plain": str(cell.metadata.nbgrader.points)}
        result = {"output_type": "execute_result", "execution_count": 1}
        cell.outputs = [{**result, "data": said, "metadata": {}}]
        cell.execution_count = 1


@attack(NOTHING)
def checks_tagged_to_be_skipped(paper: Paper) -> None:
    """Wrong answers; the checks carry the tag `skip-execution`."""
    paper.answer_all()
    for cell in paper.marked("check"):
        cell.metadata.tags = ["skip-execution", "raises-exception"]


@attack(NOTHING)
def points_edited(paper: Paper) -> None:
    """Blank answers; the file says that each is worth 300 points and graded by hand."""
    paper.answer_all("...")
    for cell in [*paper.marked("check"), *paper.marked("answer")]:
        cell.metadata.nbgrader |= {"points": 300, "locked": False, "grade": True}
        cell.metadata.nbgrader |= {"solution": True, "task": False}


@attack(NOTHING)
def checks_emptied(paper: Paper) -> None:
    """Wrong answers; the checks unlocked and their text replaced by `pass`."""
    paper.answer_all()
    for cell in paper.marked("check"):
        cell.source = "pass"
        cell.metadata.nbgrader |= {"locked": False}


@attack(NOTHING)
def checks_deleted(paper: Paper) -> None:
    """Wrong answers; the checks deleted."""
    paper.answer_all()
    for cell in paper.marked("check"):
        paper.cells.remove(cell)


@attack(NOTHING)
def checks_turned_to_markdown(paper: Paper) -> None:
    """Wrong answers; the checks turned into Markdown, so that nothing runs."""
    paper.answer_all()
    for cell in paper.marked("check"):
        cell.cell_type = "markdown"
        del cell["outputs"], cell["execution_count"]


@attack(NOTHING)
def a_numpy_beside(paper: Paper) -> None:
    """Wrong answers beside a submitted `numpy.py` whose every function says yes."""
    paper.answer_all()
    paper.files["numpy.py"] = (
        AGREES + "import sys\nsys.modules[__name__] = Agrees()\nAgrees.__path__ = []"
    )


@attack(NOTHING)
def modules_beside(paper: Paper) -> None:
    """Wrong answers beside modules named as those that graders import at start."""
    paper.answer_all()
    text = "import sys\n" + AGREES + "sys.modules[__name__] = Agrees()"
    names = "tensorflow keras graders conftest sitecustomize usercustomize IPython"
    paper.files |= {f"{name}.py": text for name in names.split()}


@attack(NOTHING)
def the_checker_replaced(paper: Paper) -> None:
    """Wrong answers; the checker's functions replaced in all loaded modules."""
    paper.answer_all()
    paper.add(
        "import sys\n"
        "names = ('check', 'judge', 'collect', 'alike', '_verdict', '_fault')\n"
        "for name, module in list(sys.modules.items()):\n"
        "    for key in names if name.startswith('graders') else ():\n"
        "        setattr(module, key, lambda *args, **kwargs: None)\n"
        "check = lambda *args, **kwargs: None"
    )


@attack(NOTHING)
def an_import_hook(paper: Paper) -> None:
    """Wrong answers; the checker's modules thrown out and made up by an import hook."""
    paper.answer_all()
    paper.add(FAKE)


@attack(NOTHING)
def the_way_back_forged(paper: Paper) -> None:
    """Wrong answers; the child's own reply replaced by one that says `passed`."""
    paper.answer_all()
    paper.add(
        "import gc, sys\n"
        "said = {'error': '', 'outcomes': [['passed'] * 9], 'status': 'passed'}\n"
        "for thing in gc.get_objects():\n"
        "    if type(thing).__name__ == 'Room':\n"
        "        type(thing).answer = lambda self, request: said"
    )


@attack(NOTHING)
def the_public_answers_stored(paper: Paper) -> None:
    """Answers looked up in the keys that the notebook's own checks compare with."""
    paper.add(STORED, at=0)
    paper.answer_all("stored({name!r})")


@attack(REST, "changes its argument")
def inputs_changed_in_place(paper: Paper) -> None:
    """A right answer that overwrites its caller's arrays."""
    name = paper.name
    paper.cell.source += (
        f"\n_right = {name}\n\ndef {name}(*args, **kwargs):\n"
        "    found = _right(*args, **kwargs)\n"
        "    for one in args:\n"
        "        if isinstance(one, np.ndarray):\n            one[...] = 0\n"
        "    return found"
    )


@attack(REST)
def right_once(paper: Paper) -> None:
    """An answer that is right on its first call and then returns what it returned."""
    paper.begin(
        "global _first\n_first = globals().get('_first')\n"
        "if _first is None:\n    _first = _right(*args, **kwargs)\nreturn _first"
    )


@attack(REST)
def right_where_it_was_written(paper: Paper) -> None:
    """An answer that is right in a Jupyter kernel and wrong anywhere else."""
    paper.begin("import sys\nif 'ipykernel.zmqshell' not in sys.modules: return 7")


@attack(REST)
def right_while_it_is_checked(paper: Paper) -> None:
    """An answer that is right while a notebook's cell is on the stack of calls."""
    paper.begin(
        "import sys\nframe, names = sys._getframe(), []\n"
        "while frame:\n"
        "    names.append(frame.f_code.co_name)\n    frame = frame.f_back\n"
        "if not {'check', 'run_code'} & {*names}: return 7"
    )


@attack(REST)
def arithmetic_redefined(paper: Paper) -> None:
    """An answer of a class of arrays whose numbers change when they are looked at."""
    paper.add(
        "class Unsure(np.ndarray):\n"
        "    def __array__(self, *args, **kwargs): return np.zeros(self.shape)\n"
        "    def __float__(self): return 0.0\n"
        "    def numpy(self): return np.zeros(self.shape)"
    )
    paper.begin(
        "found = _right(*args, **kwargs)\n"
        "if isinstance(found, tuple):\n"
        "    return tuple(np.asarray(one).view(Unsure) for one in found)\n"
        "return np.asarray(found).view(Unsure)"
    )
