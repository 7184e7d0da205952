"""Lint of the notebooks: what would break export or tests without a clear word, and the habits of the house.

`--stats` prints a table.
"""
import ast,re,sys
from pathlib import Path
from statistics import median
from common import PKG, ROOT, directives, exported, finish, module_of, notebooks, read_cells

MAX_KB, MAX_LINES = 400, 80
MIN_WORDS, MIN_RATIO, MAX_MEDIAN = 150, .5, 12 # what a page should have; --stats marks those that have not
MIN_RATIO_ALL, MIN_RATIO_FOLDER = .5, .2 # lines of examples for each exported one; less is an error

def parsed(source):
    try: return compile(source, '<cell>', 'exec', ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), None
    except SyntaxError as e: return None, e

def lines(source): return [l for l in source.split('\n') if l.strip() and not re.match(r'\s*#\s*\|', l)]

def is_import(node): return isinstance(node, (ast.Import,ast.ImportFrom))

def imported(tree):
    "Dotted names of all absolute imports, those of `from a import b` as a.b too"
    for n in ast.walk(tree):
        if isinstance(n, ast.Import): yield from (a.name for a in n.names)
        elif isinstance(n, ast.ImportFrom) and n.module and not n.level:
            yield from (n.module, *(f'{n.module}.{a.name}' for a in n.names))

def check_syntax(src, error):
    line = (src.split('\n')+[''])[max((error.lineno or 1)-1, 0)].strip()
    yield (
        f'magics and shell lines do not survive export: {line!r}' if line[:1] in ('%','!')
        else f'line {error.lineno}: {error.msg}'
    )

def check_directives(c, module):
    "What is wrong with the directives of a cell, and with its length"
    src = c['source']
    rest = src.lstrip('\n').split('\n')[len(directives(src)):]
    if any(re.match(r'#\s*\|', l) for l in rest):
        yield 'a directive below other text is ignored; move it to the top of the cell'
    d = directives(src)
    if d.get('export') or d.get('exporti'): yield 'exports into another module; one notebook makes one module'
    if exported(c) and not module: yield 'exports, but the notebook has no #| default_exp'
    if exported(c) and (n:=len(lines(src))) > MAX_LINES:
        yield f'{n} exported lines in one cell, the limit is {MAX_LINES}'

def check_imports(c, tree):
    "What is wrong with the places of imports"
    if all(map(is_import, tree.body)): return
    runs = not exported(c) and directives(c['source']).get('eval')!='false'
    if any(map(is_import, tree.body)): yield 'imports stand in cells of their own'
    elif runs and any(map(is_import, ast.walk(tree))):
        yield (
            'an import inside of other code: the site is built by running every cell '
            'with an import, and this one would run alone; move it to the imports'
        )

def check_code(c, module):
    "What is wrong with one code cell"
    src = c['source']
    tree,error = parsed(src)
    if error:
        yield from check_syntax(src, error)
        return
    yield from check_directives(c, module)
    yield from check_imports(c, tree)
    if module and (name:=f'{PKG}.{module}') in imported(tree):
        yield f'imports {name}, the module this notebook makes: tests would see the last export'
    if re.search(r'^nbdev_export\(', src, re.M): yield 'nbdev_export() belongs in scripts/dev/prep.sh'

def check_outputs(c):
    for o in c.get('outputs', []):
        if o['output_type']=='error': yield f'a stored error: {o["ename"]}'
        text = ''.join(o.get('text') or o.get('data', {}).get('text/plain') or '')
        if m:=re.search(r'(?<![\w.])/(tmp|home|root|Users|private)/\S+', text):
            yield f'the stored output holds a path of one machine: {m[0]}'

def check_page(path, cells):
    "What is wrong with a notebook as a whole"
    ids = [c.get('id') for c in cells]
    if path.stat().st_size > MAX_KB*1000:
        yield f'{path.stat().st_size//1000} kB, the limit is {MAX_KB}; clear pictures that no reader needs'
    if None in ids or len(set(ids)) != len(ids): yield 'cell ids are missing or doubled'
    if not cells or not re.match(r'# .+\n+> .+', cells[0]['source']):
        yield 'the first cell is "# name", an empty line, "> one line saying what it is for"'
    exps = [c for c in cells if c['cell_type']=='code' and 'default_exp' in directives(c['source'])]
    if len(exps) > 1: yield 'more than one #| default_exp'

def check(path, seen):
    "What is wrong with one notebook; `seen` maps modules to the notebooks met so far"
    cells = read_cells(path)
    module = module_of(cells)
    yield from check_page(path, cells)
    if module and module in seen:
        yield f'#| default_exp {module} stands in {seen[module]} too; the later one would overwrite it'
    if module: seen[module] = path.name
    for i,c in enumerate(cells):
        if c['cell_type']=='code': yield from (f'cell {i}: {s}' for s in (*check_code(c, module), *check_outputs(c)))

def too_low(words, ratio, own):
    "The names of the bars that a notebook with exported cells of so many lines stays below"
    found = (('words',words<MIN_WORDS), ('ratio',ratio<MIN_RATIO), ('median',median(own)>MAX_MEDIAN))
    return ' '.join(name for name,low in found if low)

def stats(path, root):
    "One row of the table"
    cells = read_cells(path)
    code = [c for c in cells if c['cell_type']=='code']
    own = [len(lines(c['source'])) for c in code if exported(c)]
    trees = [(c,parsed(c['source'])[0]) for c in code if not exported(c)]
    example = sum(len(lines(c['source'])) for c,t in trees if not (t and all(map(is_import, t.body))))
    words = sum(len(c['source'].split()) for c in cells if c['cell_type']=='markdown')
    ratio = example/sum(own) if own else None
    return [
        str(path.relative_to(root/'nbs')), path.stat().st_size//1000, len(cells), words, sum(own),
        example, f'{ratio:.2f}' if own else '-', f'{median(own):g}' if own else '-',
        max(own, default='-'), too_low(words, ratio, own) if own else ''
    ]

def below_bar(rows):
    "Folders, and the whole, that show too little of what they export; pages that show nothing"
    rows = [r for r in rows if r[4]]
    yield from (f'{r[0]}: exports {r[4]} lines and shows no example of them' for r in rows if not r[5])
    folders = {'nbs':rows} | {f'nbs/{f}':[r for r in rows if r[0].startswith(f'{f}/')] for f in folders_of(rows)}
    for name,found in folders.items():
        ratio = sum(r[5] for r in found)/sum(r[4] for r in found)
        least = MIN_RATIO_FOLDER if '/' in name else MIN_RATIO_ALL
        if ratio<least: yield f'{name}: {ratio:.2f} lines of examples for each exported line, at least {least} needed'

def folders_of(rows): return sorted({r[0].split('/')[0] for r in rows if '/' in r[0]})

def table(rows):
    rows = [['notebook','kB','cells','words','export','example','ratio','median','max','below the bar'], *rows]
    wide = [max(len(str(r[i])) for r in rows) for i in range(len(rows[0]))]
    for r in rows:
        print('  '.join(
            str(x).ljust(w) if i in (0,len(wide)-1) else str(x).rjust(w)
            for i,(x,w) in enumerate(zip(r, wide))
        ).rstrip())

if __name__=='__main__':
    root = Path(next((a for a in sys.argv[1:] if a[0]!='-'), ROOT)).resolve()
    nbs,seen,bad = notebooks(root),{},[]
    rows = [stats(p, root) for p in nbs]
    if '--stats' in sys.argv: table(rows)
    for p in nbs: bad += [f'{p.relative_to(root)}: {s}' for s in check(p, seen)]
    bad += below_bar(rows)
    finish(bad, f'{len(nbs)} notebooks')
