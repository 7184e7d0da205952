#!/usr/bin/env python
"Expected memory of a run: `inpaint-rl plan`"
import sys
from inpaint_rl.cli.main import main

if __name__=='__main__': main(['plan', *sys.argv[1:]])
