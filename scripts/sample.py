#!/usr/bin/env python
"""Fill a folder with a model's pictures: `inpaint-rl sample`, for torchrun too"""
import sys
from inpaint_rl.cli.main import main

if __name__=='__main__': main(['sample', *sys.argv[1:]])
