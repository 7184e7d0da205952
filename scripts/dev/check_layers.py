"Who may import whom: notebook numbers give one order, floors a table, and heavy or foreign imports have owners"
import ast,re,sys
from pathlib import Path
from common import GENERATED, PKG, ROOT, finish

# the decade of a number is its floor
FLOORS = ('core','datasets','diffusion','backbones','rollout','rewards','losses','trainers','evaluation','app')
ALIKE = {'explore':'app'} # two packages on one floor
below = {f:set(FLOORS[:i]) for i,f in enumerate(FLOORS)}
MAY = below | {
    'backbones':{'core','datasets','diffusion'}, 'diffusion':{'core'},
    'rewards':{'core','datasets'}, 'losses':{'core','diffusion','rollout'},
    'evaluation':below['evaluation']-{'trainers'}, 'app':below['app']-{'trainers'}
}
# single modules of a forbidden floor: who looks at runs must be able to open them
ALSO = {'app':('inpaint_rl.trainers.runs','inpaint_rl.trainers.checkpoints')}
OWNERS = {
    'diffusers':{'backbones'}, 'transformers':{'backbones','rewards','trainers'},
    'peft':{'backbones','rewards','trainers'}, 'gradio':{'app'}, 'cv2':{'app'}, 'ipywidgets':{'explore'},
    **dict.fromkeys(('fastapi','starlette','uvicorn','rapidocr','paddleocr','rapidfuzz'), {'rewards'})
}
# seconds each: imported inside functions
LAZY = {
    'diffusers','transformers','peft','gradio','cv2','ipywidgets','matplotlib','sklearn','scipy',
    'fastapi','starlette','uvicorn','rapidocr','paddleocr'
}
# tools of the workshop; and nothing is ever unpickled
NEVER = {'nbdev','fastcore','execnb','IPython', 'pickle','dill','cloudpickle','joblib'}
TORCH_ONLY = {'diffusion'}

def imports(tree, package, inside=False):
    "(dotted name, line, is it inside a function) of every import below `tree`; relative ones are resolved against `package`"
    for n in ast.iter_child_nodes(tree):
        if isinstance(n, ast.Import): yield from ((a.name, n.lineno, inside) for a in n.names)
        elif isinstance(n, ast.ImportFrom):
            base = '.'.join([*(package[:len(package)-n.level+1] if n.level else []), *([n.module] if n.module else [])])
            yield from ((f'{base}.{a.name}', n.lineno, inside) for a in n.names)
        elif isinstance(n, ast.If) and 'TYPE_CHECKING' in ast.unparse(n.test):
            yield from imports(ast.Module(n.orelse, []), package, inside)
        else: yield from imports(n, package, inside or isinstance(n, (ast.FunctionDef,ast.AsyncFunctionDef,ast.Lambda)))

def place(notebook):
    "(number, letters) of a notebook's file name, for the order"
    m = re.match(r'(\d+)([a-z]*)_', Path(notebook).name)
    return m and (int(m[1]), m[2])

def floor_of(module):
    "The floor of a dotted module: its sub-package, or its own name where that is a floor, else core"
    first = (module.split('.')+[''])[1]
    first = ALIKE.get(first, first)
    return first if first in FLOORS else 'core'

def read_modules(root):
    "{dotted module: (file, source, notebook or None)} of the package"
    found = {}
    for p in sorted((root/PKG).rglob('*.py')):
        parts = p.relative_to(root).with_suffix('').parts
        src = p.read_text(encoding='utf-8')
        m = GENERATED.search(src)
        if parts[-1] not in ('__init__','_modidx'): found['.'.join(parts)] = p, src, m and m[1]
    return found

def target(name, modules):
    "The module of the package that the dotted import `name` reaches, or None"
    return next((t for t in (name, name.rpartition('.')[0]) if t in modules), None)

def check_import(module, floor, order, name, inside, modules):
    "What is wrong with one import"
    top = name.split('.')[0]
    if top==PKG:
        t = target(name, modules)
        if t is None and name not in (PKG, f'{PKG}.__version__'): yield f'imports {name}, which no notebook makes'
        if t in (None,module): return
        theirs,other = place(modules[t][2] or ''), floor_of(t)
        if theirs and order and theirs >= order: yield f'imports {t}, whose notebook does not come before this one'
        if other!=floor and other not in MAY[floor] and t not in ALSO.get(floor, ()):
            yield f'{floor} may not import {other} ({t})'
        return
    if top in NEVER: yield f'imports {top}, which exported code never does'
    if top in OWNERS and not {floor, module.split('.')[1]} & OWNERS[top]:
        yield f'imports {top}, which belongs to {", ".join(sorted(OWNERS[top]))}'
    if top in LAZY and not inside:
        yield f'imports {top} at the top; it takes seconds, import it inside the function that needs it'
    if floor in TORCH_ONLY and top!='torch' and top not in sys.stdlib_module_names:
        yield f'imports {top}; {floor} is torch only'

def check(root):
    "What is wrong in the package under `root`"
    modules = read_modules(root)
    for name,(path,src,nb) in modules.items():
        if not nb:
            yield f'{path.relative_to(root)}: no notebook makes it; the notebooks are the source'
            continue
        floor,order = floor_of(name), place(nb)
        if not order: yield f'{nb}: the name of an exporting notebook starts with its number'
        elif order[0]//10 != FLOORS.index(floor):
            yield f'{nb}: number {order[0]} is not on the floor of {floor} ({FLOORS.index(floor)}x)'
        for dotted,line,inside in imports(ast.parse(src), name.split('.')[:-1]):
            yield from (
                f'{path.relative_to(root)}:{line}: {s}'
                for s in check_import(name, floor, order, dotted, inside, modules)
            )

if __name__=='__main__':
    root = Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT
    finish(list(check(root)), f'{len(read_modules(root))} modules import only what is below them')
