"""Mutated files against everything that reads what strangers send: ``make fuzz``.

A loop of our own instead of atheris or AFL: what is looked for are exceptions that are no ``CxrError``, and
crashes and hangs of native decoders. Those need no instrumented interpreter (atheris has wheels for a few
versions of Python, on Linux alone), and a case made of a seed and a number can be made again from them,
whatever ran before it. The formats are taken apart and put together again with right lengths and checksums:
chance, led by coverage or not, hardly ever gets past those.
"""
