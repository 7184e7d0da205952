"""What can be counted about how the code reads, each figure with its limit: over a limit is an error.

  python scripts/dev/figures.py           the figures
  python scripts/dev/figures.py --where   and where each stands: the files, functions and classes behind it
"""
import ast
import re
import sys
import tokenize
from pathlib import Path

from check_layers import check as check_layers
from common import PKG, ROOT, notebooks, read_cells

WIDTH = 120
COMPLEX = 10
LONG = 300
FAMILY_NAMES = {
    'flux_fill': r'flux[-_ ]?fill|FluxFill',
    'sd_inpaint': r'sd[-_ ]?inpaint|SDInpaint|StableDiffusionInpaint',
    'sd3': r'sd3|SD3|StableDiffusion3',
}


def modules() -> list[Path]:
    "The exported modules, without the index that nbdev writes"
    return [p for p in sorted((ROOT/PKG).rglob('*.py')) if p.name != '_modidx.py']


def scripts() -> list[Path]:
    return sorted((ROOT/'scripts').rglob('*.py'))


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_cells():
    "(place, source) of every code cell that is run"
    for path in notebooks():
        for i, cell in enumerate(read_cells(path)):
            if cell['cell_type'] == 'code': yield f'{place(path)} cell {i}', cell['source']


def own_lines(path: Path):
    "(number, text) of the lines of a file, without those that nbdev writes: its markers and the list of public names"
    written = False
    for i, line in enumerate(path.read_text(encoding='utf-8').split('\n'), 1):
        if line.startswith('# %%'): written = line.startswith('# %% auto')
        elif not written: yield i, line


def wide_lines():
    "Lines over the width, in modules, scripts and cells"
    for path in (*modules(), *scripts()):
        yield from (f'{place(path)}:{i}' for i, line in own_lines(path) if len(line) > WIDTH)
    for where, source in code_cells():
        for i, line in enumerate(source.split('\n'), 1):
            if len(line) > WIDTH: yield f'{where}, line {i}'


def semicolons(source: str) -> int:
    "Statements joined by `;`; one at the end of a line, which hides an output, joins nothing"
    lines = iter(source.splitlines(keepends=True))
    count = 0
    try:
        for t in tokenize.generate_tokens(lambda: next(lines, '')):
            if t.type == tokenize.OP and t.string == ';' and t.line[t.end[1]:].strip(): count += 1
    except (tokenize.TokenError, IndentationError): return 0 # a shown fragment, which nobody runs
    return count


def joined_lines():
    for path in scripts():
        if semicolons(path.read_text(encoding='utf-8')): yield place(path)
    yield from (where for where, source in code_cells() if semicolons(source))


def complex_functions():
    "Functions that branch more than ten times, by radon"
    from radon.visitors import ComplexityVisitor
    for path in (*modules(), *scripts()):
        visitor = ComplexityVisitor.from_code(path.read_text(encoding='utf-8'))
        functions = [*visitor.functions, *(m for c in visitor.classes for m in c.methods)]
        for f in functions:
            if f.complexity > COMPLEX: yield f'{place(path)}:{f.lineno} {f.fullname} ({f.complexity})'


def class_bases() -> dict[str, list[str]]:
    "The classes of the package and the names of their bases"
    found = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if not isinstance(node, ast.ClassDef): continue
            found[node.name] = [b.attr if isinstance(b, ast.Attribute) else getattr(b, 'id', '') for b in node.bases]
    return found


def deep_classes():
    "Classes with more than three of ours in their line of descent, themselves counted"
    bases = class_bases()
    def depth(name: str) -> int:
        return 0 if name not in bases else 1+max(map(depth, bases[name]), default=0)
    yield from (f'{name} ({depth(name)})' for name in sorted(bases) if depth(name) > 3)


def names_in_code(path: Path) -> str:
    "The identifiers of a file, and its strings without a space, which are names too; not its prose, help and comments"
    source = path.read_text(encoding='utf-8')
    if path.suffix != '.py': return '\n'.join(line for line in source.split('\n') if not line.startswith('#'))
    found = [path.name]
    for node in ast.walk(ast.parse(source)):
        found += [v for _, v in ast.iter_fields(node) if isinstance(v, str) and ' ' not in v]
    return '\n'.join(found)


def family_files():
    "For the family that most files name in their code: those files, its own and recipes, which are for one, left out"
    named = {}
    started = [p for p in (ROOT/'scripts').rglob('*') if p.suffix in ('.py', '.sh') and 'dev' not in p.parts]
    files = [p for p in (*modules(), *started) if not p.stem.endswith('recipes')]
    for family, pattern in FAMILY_NAMES.items():
        named[family] = [place(p) for p in files if p.stem != family and re.search(pattern, names_in_code(p))]
    yield from max(named.values(), key=len)


def long_modules():
    for path in modules():
        n = len(path.read_text(encoding='utf-8').split('\n'))-1
        if n > LONG: yield f'{place(path)} ({n})'


def public_names(path: Path) -> list[str]:
    "What a module exports by `__all__`"
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '__all__':
            return ast.literal_eval(node.value)
    return []


def doubled_names():
    "Public names that two modules define, and files of one name in two packages"
    owners: dict[str, list[str]] = {}
    for path in modules():
        if path.stem == '__init__': continue
        for name in (f'module {path.stem}', *public_names(path)): owners.setdefault(name, []).append(place(path))
    yield from (f'{name}: {", ".join(where)}' for name, where in sorted(owners.items()) if len(where) > 1)


FIGURES = [
    ('lines over 120 columns', wide_lines, 0),
    ('files and cells that join statements with `;`', joined_lines, 0),
    ('functions of a complexity over 10', complex_functions, 40),
    ('classes more than 3 deep', deep_classes, 0),
    ('files that name a family, besides its own', family_files, 3),
    ('modules over 300 lines', long_modules, 3),
    ('public names and modules that are there twice', doubled_names, 0),
    ('imports from a higher floor', lambda: check_layers(ROOT), 0),
]


def main() -> int:
    over = []
    for what, find, limit in FIGURES:
        found = list(find())
        print(f'{len(found):5d}  (at most {limit})  {what}')
        if '--where' in sys.argv or len(found) > limit: print(''.join(f'         {w}\n' for w in found), end='')
        if len(found) > limit: over.append(what)
    print(f'too many: {", ".join(over)}' if over else 'ok: every figure is within its limit')
    return bool(over)


if __name__ == '__main__': sys.exit(main())
