"""The first gate: what a scene may say at all.

It keeps accidents and lazy attacks from being run, and tells their author early and exactly what to write instead. It is
not the boundary: that is the sandbox around it. Python is too rich for a list to hold it.
"""

import ast
import re

# What draws needs manim and numbers; the rest are parts of the standard library that touch nothing outside.
MODULES = frozenset(
    "manim numpy math cmath random itertools functools collections dataclasses typing enum colorsys string statistics "
    "fractions decimal textwrap abc copy bisect heapq numbers types __future__".split()
)
# `types` makes code objects: only these names may be taken from it.
TYPES_NAMES = frozenset({"SimpleNamespace"})
# Parts of Manim that hold nothing but colours and curves; others carry modules for files and programs with them.
MANIM_MODULES = frozenset(
    "manim.constants manim.utils.color manim.utils.color.core manim.utils.rate_functions manim.utils.space_ops "
    "manim.utils.bezier manim.typing".split()
)
BUILTINS_REFUSED = frozenset(
    "open exec eval compile input breakpoint globals locals vars dir help memoryview exit quit delattr".split()
)
# Built-in functions that reach an attribute by its name: only with the name spelt out.
BY_NAME = frozenset({"getattr", "setattr", "hasattr"})
# Attributes that lead out of the allowed modules, or to files.
ATTRIBUTES_REFUSED = frozenset(
    "os sys io subprocess shutil socket pathlib importlib builtins ctypes ctypeslib f2py threading multiprocessing "
    "fromfile tofile memmap loadtxt savetxt genfromtxt savez savez_compressed DataSource lib2to3 f_globals f_locals "
    "f_builtins f_back sp file_ops gi_frame cr_frame tb_frame func_globals mro embed interactive_embed".split()
)
# Special methods that a class may define, and call on `super()`.
METHODS = frozenset(
    "__init__ __call__ __str__ __repr__ __len__ __iter__ __next__ __getitem__ __setitem__ __contains__ __eq__ __ne__ "
    "__lt__ __le__ __gt__ __ge__ __hash__ __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __neg__ __abs__ "
    "__bool__ __enter__ __exit__ __post_init__".split()
)
SPECIAL_NAME = re.compile(r"__\w+__")

LATEX = "there is no LaTeX here"
INSTEAD = {
    "TypstMath": "there is no TypstMath in Manim: write MathTypst",
    "MathTex": f"{LATEX}: write MathTypst, in Typst's own notation, such as MathTypst('frac(a, b)')",
    "SingleStringMathTex": f"{LATEX}: write MathTypst, in Typst's own notation",
    "Tex": f"{LATEX}: write Text for words, MathTypst for formulas",
    "TexTemplate": f"{LATEX}: leave the template out",
    "Title": f"{LATEX}, and Title needs it: write Text(...).to_edge(UP)",
    "BulletedList": f"{LATEX}, and BulletedList needs it: write a VGroup of Text, arranged downwards",
}
# Picture and sound files are not there to be read.
FILE_READERS = frozenset({"ImageMobject", "SVGMobject", "add_sound"})


class Gate(ast.NodeVisitor):
    """Collects what is refused, as pairs of a line and a reason."""

    def __init__(self):
        self.refused = []

    def refuse(self, node, reason):
        self.refused.append((getattr(node, "lineno", 1), reason))

    def name(self, node, name):
        if name in INSTEAD:
            self.refuse(node, INSTEAD[name])

    def module(self, node, module):
        parts = module.split(".")
        if parts[0] not in MODULES:
            self.refuse(node, f"import of {module}: only manim, numpy and the mathematical standard modules are here")
        elif parts[0] == "manim" and len(parts) > 1 and module not in MANIM_MODULES:
            self.refuse(node, f"import of {module}: write `from manim import *`, which has all that draws")
        elif ATTRIBUTES_REFUSED.intersection(parts):
            self.refuse(node, f"import of {module}: it leads out of the scene")

    def visit_Import(self, node):
        for alias in node.names:
            self.module(node, alias.name)
            if alias.name.split(".")[0] == "types":
                self.refuse(node, "import of types: write `from types import SimpleNamespace`")

    def visit_ImportFrom(self, node):
        module = node.module or ""
        if node.level:
            self.refuse(node, "import from a package around the scene: the scene is one file")
            return
        self.module(node, module)
        for alias in node.names:
            if module == "types" and alias.name not in TYPES_NAMES:
                self.refuse(node, f"import of types.{alias.name}: it leads out of the scene")
            elif alias.name in ATTRIBUTES_REFUSED or (SPECIAL_NAME.search(alias.name) and module != "__future__"):
                self.refuse(node, f"import of {module}.{alias.name}: it leads out of the scene")
            self.name(node, alias.name)

    def visit_Name(self, node):
        if node.id in BUILTINS_REFUSED and isinstance(node.ctx, ast.Load):
            self.refuse(node, f"{node.id}: a scene reads and writes nothing, and runs no code but its own")
        elif SPECIAL_NAME.search(node.id) and node.id != "__name__":
            self.refuse(node, f"{node.id}: special names are not for scenes")
        elif node.id in BY_NAME and not getattr(node, "spelt_out", False):
            self.refuse(node, f"{node.id}: only with the attribute's name spelt out, as in {node.id}(x, 'color')")
        else:
            self.name(node, node.id)

    def visit_Attribute(self, node):
        if SPECIAL_NAME.search(node.attr) and not (node.attr in METHODS and is_super(node.value)):
            self.refuse(node, f".{node.attr}: special attributes are not for scenes")
        elif node.attr in ATTRIBUTES_REFUSED or (node.attr.startswith("_") and not is_own(node.value)):
            self.refuse(node, f".{node.attr}: it leads out of the scene")
        elif isinstance(node.ctx, (ast.Store, ast.Del)) and names_config(node.value):
            self.refuse(node, "config is set from outside: leave its size, its rate and its folders as they are")
        else:
            self.name(node, node.attr)
        self.generic_visit(node)

    def visit_Subscript(self, node):
        if isinstance(node.ctx, (ast.Store, ast.Del)) and names_config(node.value):
            self.refuse(node, "config is set from outside: leave its size, its rate and its folders as they are")
        self.generic_visit(node)

    def visit_Call(self, node):
        called = node.func
        name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
        if name in BY_NAME and isinstance(called, ast.Name):
            spelt = len(node.args) >= 2 and isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str)
            called.spelt_out = spelt
            if spelt and (node.args[1].value in ATTRIBUTES_REFUSED or node.args[1].value.startswith("_")):
                self.refuse(node, f"{name} of {node.args[1].value}: it leads out of the scene")
        if name in FILE_READERS and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            self.refuse(node, f"{name}: there are no files beside the scene; draw it with Manim's shapes")
        for keyword in node.keywords:
            if keyword.arg == "include_numbers" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True:
                self.refuse(keyword.value, f"include_numbers=True: {LATEX}, and numbers on axes need it: place Text beside the axis")
        self.generic_visit(node)

    def visit_MatchClass(self, node):
        for name in node.kwd_attrs:
            if name.startswith("_") or name in ATTRIBUTES_REFUSED:
                self.refuse(node, f"a pattern that looks at {name}: it leads out of the scene")
        self.generic_visit(node)

    def visit_Constant(self, node):
        # "{0.__class__}".format(...) reaches attributes through a text.
        if isinstance(node.value, str) and SPECIAL_NAME.search(node.value):
            self.refuse(node, "a text that holds a special name: leave the double underscores out")

    def visit_FunctionDef(self, node):
        if SPECIAL_NAME.search(node.name) and node.name not in METHODS:
            self.refuse(node, f"def {node.name}: this special method is not for scenes")
        self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node):
        self.refuse(node, "async def: Manim calls nothing that waits")

    def visit_Global(self, node):
        for name in node.names:
            if SPECIAL_NAME.search(name):
                self.refuse(node, f"global {name}: special names are not for scenes")


def is_own(node):
    """Whether it is the object itself, whose hidden attributes are its own business."""
    return (isinstance(node, ast.Name) and node.id in ("self", "cls")) or is_super(node)


def is_super(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def names_config(node):
    return (isinstance(node, ast.Name) and node.id == "config") or (
        isinstance(node, ast.Attribute) and node.attr == "config"
    )


def refusals(code, scene_class):
    """What is refused about the code: (fault, line or None, reason), in the order of lines; empty if it may run."""
    try:
        tree = ast.parse(code, "scene.py")
    except SyntaxError as error:
        return [("syntax", error.lineno, f"{type(error).__name__}: {error.msg}")]
    except (ValueError, RecursionError, MemoryError) as error:
        return [("syntax", None, f"{type(error).__name__}: {error}")]
    gate = Gate()
    try:
        gate.visit(tree)
    except RecursionError:
        return [("syntax", None, "it is nested too deeply to be read")]
    found = [("forbidden", line, reason) for line, reason in sorted(set(gate.refused))]
    if not found and not any(isinstance(node, ast.ClassDef) and node.name == scene_class for node in tree.body):
        found.append(("syntax", None, f"there is no class {scene_class} in it: the scene must be called that"))
    return found
