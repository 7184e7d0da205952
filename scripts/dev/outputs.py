"""Pages that keep their outputs, for readers who see them on a code host.

  python scripts/dev/outputs.py                       run these pages and store what they show
  python scripts/dev/outputs.py WORD ...              those whose path contains one of the words
  python scripts/dev/outputs.py --check [WORD ...]    run them and compare with what is stored

Text is compared, pictures are not. On the kind of machine that made the outputs (`nbs/outputs.json`) numbers must be
the same. Another CPU rounds differently, and a training that rounds differently goes another way: there the pages must
run, and what differs is printed, but is no failure; nor is it in `scripts/test.sh`, which shows it as DIFFERS. Times,
addresses and paths of one machine are replaced by … before anything is stored or compared; progress bars and warnings
are left out, and so is what hidden cells print.
"""
import atexit,base64,difflib,html,io,json,os,re,sys,tempfile,traceback
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
os.environ.setdefault('OMP_NUM_THREADS', '1')
from execnb.nbio import read_nb, write_nb
from execnb.shell import CaptureShell
from fastcore.xtras import working_directory
from nbdev.clean import nbdev_clean
from nbdev.config import get_config
from nbdev.process import extract_directives
from PIL import Image
from common import ROOT, notebooks
from run_nb import skipped
from sidebar import name_of

FOLDERS = ('tutorials',) # all pages of these
NAMES = ( # and these, by folder and what follows the number in the file name
    'masks', 'show', 'rollout', 'datasets/records', 'datasets/scenes', 'diffusion/regions', 'diffusion/flow',
    'backbones/family', 'backbones/backbone', 'backbones/sd3', 'rewards/samples', 'rewards/scores', 'losses/advantages',
    'losses/grpo', 'trainers/collect', 'trainers/grpo', 'trainers/recipes', 'evaluation/report',
    'invariants/inputs', 'invariants/leak',
)
MAX_KB = 300 # of a notebook
MAX_PICTURE = 20_000 # bytes; larger ones get fewer colours
MADE_WITH = ROOT/'nbs/outputs.json'

def keeps_outputs(path):
    "Is this one of the pages?"
    folder,name = name_of(Path(path))
    return folder in FOLDERS or name in NAMES

def has_outputs(path):
    "Does it hold any yet? A page that is new to the list is run as any other until they are stored"
    return any(c.get('outputs') for c in read_nb(path).cells)

def machine():
    "What decides the last digits of a number"
    import torch
    version = '.'.join(map(str, sys.version_info[:2]))
    return f'Python {version}, torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}'

HIDES = (
    (re.compile(r'(?<![\w.])/(?:tmp|home|root|Users|private|var|work)/[^\s\'",)]+'), '…'),
    (re.compile(re.escape(tempfile.gettempdir())+r'[^\s\'",)]*'), '…'),
    (re.compile(r'\b0x[0-9a-f]{6,}'), '0x…'),
    (re.compile(r'(127\.0\.0\.1|localhost):\d+'), r'\1:…'),
    (re.compile(r"(['\"]?\w*seconds?\w*['\"]?\s*[:=]\s*)\d+(?:\.\d+)?(?:e[+-]?\d+)?"), r'\1…'), # 'per_second': 40.14
    (re.compile(r'(?<![\w.])\d[\d,]*(?:\.\d+)?(?= ?(?:s|ms|µs|seconds?|minutes?|img/s|it/s|pictures/s)\b)'), '…'),
)

def plain(text):
    "Text without what differs from run to run"
    for pattern, instead in HIDES: text = pattern.sub(instead, text)
    return text

def smaller(picture):
    "A PNG (base64) in at most 128 colours and 800 pixels wide: a third of the size, and as readable"
    data = base64.b64decode(picture)
    if len(data)<MAX_PICTURE: return picture
    image = Image.open(io.BytesIO(data)).convert('RGB')
    if image.width>800: image = image.resize((800, round(image.height*800/image.width)), Image.Resampling.LANCZOS)
    image.quantize(128, dither=Image.Dither.NONE).save(buffer := io.BytesIO(), 'png', optimize=True)
    return base64.b64encode(min(buffer.getvalue(), data, key=len)).decode()+'\n'

def kept(outputs):
    "The outputs of a cell as they are stored"
    out = []
    for o in outputs:
        if o['output_type']=='stream':
            if o['name']=='stderr': continue
            o['text'] = plain(''.join(o['text'])).splitlines(True)
        else:
            data = o.get('data', {})
            if any('widget-view' in k for k in data): continue
            for k in data:
                if k=='image/png': data[k] = smaller(''.join(data[k]))
                if k.startswith('text/'): data[k] = plain(''.join(data[k])).splitlines(True)
        out.append(o)
    return out

def shown(outputs):
    "The text that a reader sees"
    for o in outputs:
        data = o.get('data', {})
        text = o.get('text') or data.get('text/markdown') or data.get('text/html') or data.get('text/plain') or ''
        text = plain(''.join(text))
        if 'text/html' in data and 'text/markdown' not in data: text = html.unescape(re.sub(r'<[^>]*>', ' ', text))
        yield from (' '.join(line.split()) for line in text.splitlines() if line.strip())

NUMBER = re.compile(r'[+-]?\d+\.\d+(?:e[+-]?\d+)?|[+-]?\d+e[+-]?\d+')

def near(stored, fresh, rtol):
    "Are two lines the same but for decimals that differ by `rtol`?"
    if stored==fresh: return True
    if not rtol or NUMBER.sub('#', stored)!=NUMBER.sub('#', fresh): return False
    pairs = zip(map(float, NUMBER.findall(stored)), map(float, NUMBER.findall(fresh)))
    return all(abs(a-b)<=rtol*max(abs(a), abs(b))+1e-3 for a,b in pairs)

def differences(stored, fresh, rtol):
    "Lines of a diff; empty where two lists of lines are the same"
    if len(stored)==len(fresh) and all(near(a, b, rtol) for a,b in zip(stored, fresh)): return []
    return [line for line in difflib.unified_diff(stored, fresh, 'stored', 'now', lineterm='', n=0)][2:22]

def executed(path, flags):
    "(the notebook with its new outputs, the shown lines that were stored: cell number -> list)"
    path = Path(path).absolute()
    nb,was = read_nb(path),{}
    os.environ['IN_TEST'] = '1' # as nbdev_test does
    shell = CaptureShell(path, mpl_format='png')
    run = [c for c in nb.cells if c.cell_type=='code' and not skipped(c, flags)]
    for c in run:
        was[c.idx_] = list(shown(c.get('outputs', [])))
        c.outputs = []
    with working_directory(path.parent):
        try: shell.run_all(nb, exc_stop=True, preproc=lambda c: skipped(c, flags))
        except Exception as e: raise SystemExit(shell.prettytb(fname=path)) from e
    for c in run: c.outputs = [] if 'hide' in extract_directives(c, remove=False) else kept(c.outputs)
    return nb, was

def store_page(path):
    "Run a page and write it with its outputs"
    cfg = get_config()
    sys.path.insert(0, str(cfg.config_path))
    nb,_ = executed(path, set(cfg.tst_flags.split()))
    write_nb(nb, path)
    nbdev_clean(fname=str(path))
    if (kb := Path(path).stat().st_size//1000)>MAX_KB:
        raise SystemExit(f'{path}: {kb} kB with its outputs, the limit is {MAX_KB}; make its pictures smaller or fewer')
    print(f'{path}: {kb} kB')

def check_page(
    path, # Of the notebook, from the root of the repository
    flags=None, # Cells with one of these are left out; None: those that the tests leave out
    strict=True, # Text that is not what is stored ends the process; False: it is printed
):
    "Run a page as a test: an exception in a cell ends the process"
    cfg = get_config()
    sys.path.insert(0, str(cfg.config_path))
    usual = set(cfg.tst_flags.split())
    made_with = json.loads(MADE_WITH.read_text())['made_with'] if MADE_WITH.exists() else ''
    nb,was = executed(path, usual if flags is None else flags)
    here = machine()==made_with
    bad = []
    for i,stored in was.items():
        if skipped(nb.cells[i], usual): continue # run this time only, so nothing of it is stored
        lines = differences(stored, list(shown(nb.cells[i].outputs)), 0 if here else .05)
        if not lines: continue
        bad.append(f'{path}, cell {i}: the stored output is not what the cell shows now')
        bad += [f'    {line}' for line in lines]
    if bad: bad += [f'If this is meant: python scripts/dev/outputs.py {path}']
    if bad and not here: bad += [f'The stored outputs were made with {made_with}, which this is not ({machine()}).']
    if bad and here and strict: raise SystemExit('\n'.join(bad))
    if bad: print('\n'.join(f'DIFFERS {line}' for line in bad))
    print('Success.')

def run(path, check):
    "Did it go well? In a process of its own: nothing leaks from one page to the next"
    pid = os.fork()
    if not pid:
        status = 1
        try:
            (check_page if check else store_page)(path)
            status = 0
        except SystemExit as e: print(e, file=sys.stderr)
        except Exception: traceback.print_exc()
        finally:
            atexit._run_exitfuncs() # a forked process does not by itself: temporary folders would stay
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return os.waitpid(pid, 0)[1]==0

def chosen(words):
    "The pages whose path contains one of the words, from the root of the repository; all without words"
    pages = [str(p.relative_to(ROOT)) for p in notebooks() if keeps_outputs(p)]
    gone = set(NAMES)-{name_of(Path(p))[1] for p in pages}
    if gone: raise SystemExit(f'NAMES in outputs.py lists pages that are not there: {", ".join(sorted(gone))}')
    found = [p for p in pages if not words or any(w in p for w in words)]
    if not found: raise SystemExit(f'no page that keeps its outputs has {" or ".join(words)!r} in its path')
    return found

def main():
    ap = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    ap.add_argument('words', nargs='*', help='just the pages whose path contains one of these')
    ap.add_argument('--check', action='store_true', help='compare, and change nothing')
    o = ap.parse_args()
    pages = chosen(o.words)
    os.chdir(ROOT)
    if not o.check and (not o.words or not MADE_WITH.exists()):
        MADE_WITH.write_text(json.dumps({'made_with':machine()}, indent=1)+'\n')
    bad = [p for p in pages if not run(p, o.check)]
    if bad: raise SystemExit('failed:\n'+'\n'.join(f'  {p}' for p in bad))

if __name__=='__main__': main()
