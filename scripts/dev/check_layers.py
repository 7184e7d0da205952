"Who may import whom: notebook numbers give one order, floors a table, and heavy or foreign imports have owners"
import ast
import re
import sys
from pathlib import Path

from common import GENERATED, PKG, ROOT, finish

# floor -> the decades of its notebooks' numbers, lowest floor first
FLOORS = {
    'core':       range(0, 10),
    'datasets':   range(10, 20),
    'diffusion':  range(20, 30),
    'backbones':  range(30, 40),
    'rollout':    range(40, 50),
    'rewards':    range(50, 57),
    'serving':    range(57, 60),
    'losses':     range(60, 70),
    'trainers':   range(70, 80),
    'evaluation': range(80, 90),
    'app':        range(90, 100),
    'cli':        range(100, 110),
}
SAME_FLOOR = {'explore': 'app'} # two packages on one floor
below = {f: set(list(FLOORS)[:i]) for i, f in enumerate(FLOORS)}
MAY = below | {
    'backbones': {'core', 'datasets', 'diffusion'},
    'diffusion': {'core'},
    'rewards':   {'core', 'datasets'},
    'serving':   {'core', 'datasets', 'rewards'},
    'losses':    {'core', 'diffusion', 'rollout'},
}
# the methods are for those who start runs: what looks at runs from outside needs none of them
METHODS = {f'inpaint_rl.trainers.{name}'
           for name in ('sft', 'collect', 'grpo', 'nft', 'elbo', 'dpo', 'best_of', 'recipes', 'draft',
                        'direct_align_method', 'reward_gradient_method', 'gradient_recipes')}
NO_METHODS = {'evaluation', 'app'}
OWNERS = {
    'diffusers': {'backbones', 'cli'},
    'transformers': {'backbones', 'rewards', 'trainers'},
    'peft': {'backbones', 'rewards', 'trainers'},
    'gradio': {'app'},
    'cv2': {'app'},
    'ipywidgets': {'explore'},
    **dict.fromkeys(('rapidocr', 'paddleocr', 'rapidfuzz'), {'rewards'}),
    **dict.fromkeys(('pycocotools', 'pyarrow', 'datasets'), {'datasets'}),
    **dict.fromkeys(('fastapi', 'starlette', 'uvicorn'), {'serving'}),
}
# seconds each: imported inside functions
LAZY = {'diffusers', 'transformers', 'peft', 'gradio', 'cv2', 'ipywidgets', 'matplotlib', 'sklearn', 'scipy', 'fastapi',
        'starlette', 'uvicorn', 'rapidocr', 'paddleocr', 'pycocotools', 'pyarrow', 'datasets'}
# tools of the workshop; and nothing is ever unpickled
NEVER = {'nbdev', 'fastcore', 'execnb', 'IPython', 'pickle', 'dill', 'cloudpickle', 'joblib'}
TORCH_ONLY = {'diffusion'}


def imports(tree, package, inside=False):
    "(dotted name, line, is it inside a function) of every import below `tree`; relative ones start at `package`"
    for n in ast.iter_child_nodes(tree):
        if isinstance(n, ast.Import): yield from ((a.name, n.lineno, inside) for a in n.names)
        elif isinstance(n, ast.ImportFrom):
            start = package[:len(package)-n.level+1] if n.level else []
            base = '.'.join([*start, *([n.module] if n.module else [])])
            yield from ((f'{base}.{a.name}', n.lineno, inside) for a in n.names)
        elif isinstance(n, ast.If) and 'TYPE_CHECKING' in ast.unparse(n.test):
            yield from imports(ast.Module(n.orelse, []), package, inside)
        else:
            function = isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from imports(n, package, inside or function)


def place(notebook):
    "(number, letters) of a notebook's file name, for the order"
    m = re.match(r'(\d+)([a-z]*)_', Path(notebook).name)
    return m and (int(m[1]), m[2])


def floor_of(module):
    "The floor of a dotted module: its sub-package, or its own name where that is a floor, else core"
    first = (module.split('.')+[''])[1]
    first = SAME_FLOOR.get(first, first)
    return first if first in FLOORS else 'core'


def read_modules(root):
    "{dotted module: (file, source, notebook or None)} of the package"
    found = {}
    for p in sorted((root/PKG).rglob('*.py')):
        parts = p.relative_to(root).with_suffix('').parts
        if parts[-1] in ('__init__', '_modidx'): continue
        source = p.read_text(encoding='utf-8')
        m = GENERATED.search(source)
        found['.'.join(parts)] = p, source, m and m[1]
    return found


def target(name, modules):
    "The module of the package that the dotted import `name` reaches, or None"
    return next((t for t in (name, name.rpartition('.')[0]) if t in modules), None)


def check_own(module, floor, order, name, modules):
    "What is wrong with one import from the package itself"
    t = target(name, modules)
    if t is None and name not in (PKG, f'{PKG}.__version__'): yield f'imports {name}, which no notebook makes'
    if t in (None, module): return
    theirs, other = place(modules[t][2] or ''), floor_of(t)
    if theirs and order and theirs >= order: yield f'imports {t}, whose notebook does not come before this one'
    if other != floor and other not in MAY[floor]: yield f'{floor} may not import {other} ({t})'
    if floor in NO_METHODS and t in METHODS: yield f'{floor} may not import a method of the trainers ({t})'


def check_foreign(module, floor, name, inside):
    "What is wrong with one import from elsewhere"
    top = name.split('.')[0]
    if top in NEVER: yield f'imports {top}, which exported code never does'
    if top in OWNERS and not {floor, module.split('.')[1]} & OWNERS[top]:
        yield f'imports {top}, which belongs to {", ".join(sorted(OWNERS[top]))}'
    if top in LAZY and not inside:
        yield f'imports {top} at the top; it takes seconds, import it inside the function that needs it'
    if floor in TORCH_ONLY and top != 'torch' and top not in sys.stdlib_module_names:
        yield f'imports {top}; {floor} is torch only'


def check_module(module, path, source, notebook, modules):
    "What is wrong with one module of the package"
    if not notebook:
        yield f'{path}: no notebook makes it; the notebooks are the source'
        return
    floor, order = floor_of(module), place(notebook)
    if not order: yield f'{notebook}: the name of an exporting notebook starts with its number'
    elif order[0] not in FLOORS[floor]:
        numbers = FLOORS[floor]
        yield f'{notebook}: number {order[0]} is not on the floor of {floor} ({numbers[0]} to {numbers[-1]})'
    for name, line, inside in imports(ast.parse(source), module.split('.')[:-1]):
        own = name.split('.')[0] == PKG
        wrong = check_own(module, floor, order, name, modules) if own else check_foreign(module, floor, name, inside)
        yield from (f'{path}:{line}: {s}' for s in wrong)


def check(root):
    "What is wrong in the package under `root`"
    modules = read_modules(root)
    for module, (path, source, notebook) in modules.items():
        yield from check_module(module, path.relative_to(root), source, notebook, modules)


if __name__ == '__main__':
    root = Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT
    finish(list(check(root)), f'{len(read_modules(root))} modules import only what is below them')
