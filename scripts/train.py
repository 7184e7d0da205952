#!/usr/bin/env python
"Post-train an inpainting model: `inpaint-rl train`, for torchrun and accelerate launch too"
import sys
from inpaint_rl.cli.main import main

if __name__=='__main__': main(['train', *sys.argv[1:]])
