#!/usr/bin/env python
"A folder that diffusers and ComfyUI load: `inpaint-rl export`"
import sys
from inpaint_rl.cli.main import main

if __name__=='__main__': main(['export', *sys.argv[1:]])
