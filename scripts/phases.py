#!/usr/bin/env python
"""Where an iteration's time and memory go: `inpaint-rl phases`"""
import sys
from inpaint_rl.cli.main import main

if __name__=='__main__': main(['phases', *sys.argv[1:]])
