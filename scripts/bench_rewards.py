#!/usr/bin/env python
"""How fast do pictures reach a reward? Our protocol against a server that unpickles and against base64 PNG in JSON:
same pictures, same reward, same machine, one run.

  python scripts/bench_rewards.py                      # 16 pictures of 512 px with masks and sources, 9 rounds
  python scripts/bench_rewards.py --side 1024 --rounds 5
  python scripts/bench_rewards.py --table              # print what was measured last, run nothing

The baseline does what published servers do: it unpickles what the network sends. It is written for this comparison,
binds to loopback, and ends with it.
"""
import argparse, base64, io, json, os, platform, statistics, subprocess, sys, time
from pathlib import Path
KEPT = Path(__file__).parent.parent/'nbs/benchmarks_rewards.json'

def reward(samples): # cheap on purpose: what is measured is the way there and back
    return samples.image.flatten(1).mean(1)
reward.range = (0,1)

def serve_pickle():
    "The baseline: arrays and scores in pickles; fp32 tensors, reward, worker thread and web server as in ours"
    import pickle, socket, torch, uvicorn
    from fastapi import FastAPI, Request
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import Response
    from inpaint_rl.rewards.samples import Samples
    from inpaint_rl.rewards.scores import score
    from inpaint_rl.serving.wire_pictures import from_bytes
    app = FastAPI()
    def work(body):
        d = pickle.loads(body)
        image, source, mask = (from_bytes(torch.from_numpy(d[k])) for k in ('image','source','mask'))
        s = Samples(d['prompts'], source, mask, image, image, [str(i) for i in range(len(image))], d['metadata'])
        return pickle.dumps(score({'reward':reward}, s).values['reward'].numpy())
    @app.post('/score')
    async def scored(http:Request):
        return Response(await run_in_threadpool(work, await http.body()), media_type='application/octet-stream')
    config = uvicorn.Config(app, log_level='warning', access_log=False)
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(('127.0.0.1', 0))
    sock.listen(64)
    print(f'serving on http://127.0.0.1:{sock.getsockname()[1]}', flush=True)
    uvicorn.Server(config).run([sock])

def pictures(n, side):
    "Photo-like: structure at all scales, and a little noise"
    import torch, torch.nn.functional as F
    from inpaint_rl.core import generator
    from inpaint_rl.rewards.samples import Samples
    g = generator('bench', side)
    x = sum(
        F.interpolate(torch.randn(2*n,3,k,k, generator=g), size=(side,side), mode='bicubic')/k**.5
        for k in (4,8,16,32,64,128)
    )
    x = (.5+.2*x+.02*torch.randn(x.shape, generator=g)).clamp(0,1)
    mask = torch.zeros(n,1,side,side)
    mask[:,:,side//4:side//2,side//4:side//2] = 1
    return Samples(
        ['a house by the sea']*n, x[n:], mask, x[:n], x[:n], [str(i) for i in range(n)], [{} for _ in range(n)]
    )

def png(x): # [C,H,W] in [0,1]
    from PIL import Image
    f = io.BytesIO()
    Image.fromarray((x*255).round().byte().permute(1,2,0).squeeze(-1).numpy()).save(f, 'PNG')
    return base64.b64encode(f.getvalue()).decode()

def start(*words):
    "A server as a process; it prints its address"
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get('PYTHONPATH','')])
    return subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, text=True, env={**os.environ, 'PYTHONPATH':path}
    )

def make_ways(s, client, ours, theirs, size): # `Samples`, `RewardClient`, two addresses, name -> bytes of a request
    "name -> a function that sends all pictures that way and returns the scores"
    import pickle, requests, torch
    from inpaint_rl.serving.wire_pictures import to_bytes
    session = requests.Session()
    def u8(x): return to_bytes(x).numpy()
    def by_safetensors(): return client.submit(s).result()['reward'].values
    def by_pickle():
        body = pickle.dumps(dict(
            image=u8(s.composite), source=u8(s.source), mask=u8(s.mask), prompts=s.prompt, metadata=s.metadata
        ))
        size['pickle'] = len(body)
        return torch.from_numpy(pickle.loads(session.post(f'{theirs}/score', body).content))
    def by_png():
        body = json.dumps(dict(version=1, rewards=['reward'], items=[
            dict(image=png(s.composite[i]), source=png(s.source[i]), mask=png(s.mask[i]), prompt=s.prompt[i])
            for i in range(len(s))
        ]))
        size['base64 PNG in JSON'] = len(body)
        answer = session.post(f'{ours}/v1/score', body, headers={'Content-Type':'application/json'}).json()
        return torch.tensor(answer['scores']['reward'])
    return {'safetensors':by_safetensors, 'pickle':by_pickle, 'base64 PNG in JSON':by_png}

def time_ways(ways, rounds):
    "name -> seconds of each round; all ways have to give the same scores"
    import torch
    first = {k:f() for k,f in ways.items()} # warm
    for v in first.values(): torch.testing.assert_close(v, first['safetensors'], atol=1e-6, rtol=0)
    seconds = {k:[] for k in ways}
    for i in range(rounds):
        for k,f in ways.items():
            if k.startswith('base64') and i>=3: continue # seconds each
            begin = time.perf_counter()
            f()
            seconds[k].append(time.perf_counter()-begin)
    return seconds

def measure(a):
    "Both servers, all ways, and the figures"
    from inpaint_rl.serving.client import RewardClient
    servers = [
        start('-m', 'inpaint_rl.serving.server', '--rewards', 'bench_rewards.reward', '--port', '0'),
        start(__file__, '--serve-pickle'),
    ]
    size = {}
    try:
        ours, theirs = (p.stdout.readline().rsplit(' ', 1)[-1].strip() for p in servers)
        with RewardClient([ours], chunk=a.images) as client:
            seconds = time_ways(make_ways(pictures(a.images, a.side), client, ours, theirs, size), a.rounds)
    finally:
        for p in servers: p.terminate()
        for p in servers: p.wait(20)
    middle = {k:statistics.median(v) for k,v in seconds.items()}
    rows = {k:dict(
        milliseconds=round(1e3*m, 1), least=round(1e3*min(seconds[k]), 1),
        images_per_second=round(a.images/m, 1), megabytes=round(size[k]/1e6, 1) if k in size else None,
        against_pickle=round(middle['pickle']/m, 2), against_png=round(middle['base64 PNG in JSON']/m, 1)
    ) for k,m in middle.items()}
    threads = os.environ.get('OMP_NUM_THREADS', os.cpu_count())
    machine = f'{platform.machine()}, {os.cpu_count()} cores, {threads} threads'
    return dict(images=a.images, side=a.side, rounds=a.rounds, machine=machine, rows=rows)

def table(kept):
    lines = [
        f'{kept["images"]} pictures of {kept["side"]} px with sources and masks, '
        f'loopback, median of {kept["rounds"]} rounds; {kept["machine"]}',
        '',
        '| way | ms | fastest | pictures/s | against pickle | against base64 PNG |',
        '|:--|--:|--:|--:|--:|--:|',
    ]
    return '\n'.join([*lines, *(
        f'| {k} | {r["milliseconds"]} | {r["least"]} | {r["images_per_second"]} '
        f'| {r["against_pickle"]} | {r["against_png"]} |'
        for k,r in kept['rows'].items()
    )])

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--images', type=int, default=16)
    p.add_argument('--side', type=int, default=512)
    p.add_argument('--rounds', type=int, default=9)
    p.add_argument('--table', action='store_true')
    p.add_argument('--serve-pickle', action='store_true', help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.serve_pickle: return serve_pickle()
    if not a.table: KEPT.write_text(json.dumps(measure(a), indent=1)+'\n')
    print(table(json.loads(KEPT.read_text())))

if __name__=='__main__': main()
