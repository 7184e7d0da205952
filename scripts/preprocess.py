#!/usr/bin/env python
"Encode a dataset once: `inpaint-rl preprocess`, for torchrun too"
import sys
from inpaint_rl.cli.main import main

if __name__=='__main__': main(['preprocess', *sys.argv[1:]])
