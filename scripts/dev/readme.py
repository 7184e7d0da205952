"README.md from nbs/index.ipynb, the same on every machine: prose, shown code, text results; `--check` only compares"
import os,re,sys
from common import ROOT, directives, finish, read_cells

HIDDEN = {'hide','default_exp','export','exporti'}

def moved(text, bad):
    "Markdown with its relative links and pictures as seen from the root; a target that is not there goes into `bad`"
    def target(t):
        if re.match(r'[a-z]+:|#|/', t): return t
        path,mark,rest = t.partition('#')
        path = os.path.normpath(os.path.join('nbs', path))
        if not (ROOT/path).exists(): bad.append(f'index.ipynb points to {t}, which is not there')
        return path+mark+rest
    text = re.sub(r'(!?\[[^\]]*\]\()([^)\s]+)', lambda m: m[1]+target(m[2]), text)
    return re.sub(r'(<(?:img|a)\b[^>]*\b(?:src|href)=")([^"]+)', lambda m: m[1]+target(m[2]), text)

def fenced(language, text):
    return f'```{language}\n{text.strip(chr(10))}\n```'

def with_links_moved(text, bad):
    "A text; what stands between fences stays as it is"
    parts = re.split(r'(^```.*?^```)', text, flags=re.M|re.S)
    return ''.join(s if k%2 else moved(s, bad) for k,s in enumerate(parts))

def shown_outputs(c, i, bad):
    "The outputs of cell number `i` as texts"
    for o in c.get('outputs', []):
        data = o.get('data', {})
        text = o.get('text') or data.get('text/markdown') or data.get('text/plain')
        if any(k.startswith('image/') for k in data):
            bad.append(f'index.ipynb: cell {i} makes a picture; save it as a file and link that')
        elif text: yield ''.join(text).strip() if 'text/markdown' in data else fenced('', ''.join(text))

def readme(cells, bad):
    "The text of the README; what cannot be shown in it goes into `bad`"
    out = []
    for i,c in enumerate(cells):
        if c['cell_type']=='markdown': out.append(with_links_moved(c['source'], bad))
        if c['cell_type']!='code' or directives(c['source']).keys() & HIDDEN: continue
        out.append(fenced('python', '\n'.join(l for l in c['source'].split('\n') if not l.startswith('#|'))))
        out += shown_outputs(c, i, bad)
    return '\n\n'.join(s.strip() for s in out)+'\n'

if __name__=='__main__':
    bad = []
    target,text = ROOT/'README.md', readme(read_cells(ROOT/'nbs/index.ipynb'), bad)
    if '--check' not in sys.argv and not bad: target.write_text(text, encoding='utf-8')
    if target.read_text(encoding='utf-8')!=text:
        bad.append('README.md is not what nbs/index.ipynb says: edit the notebook and run `bash scripts/dev/prep.sh`')
    finish(bad, 'README.md')
