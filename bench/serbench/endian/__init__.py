"""Two machines: what each writes, the other has to read.

`machines` are what there is besides this one, `setup` prepares the emulated ones, `case` is what a worker does on
either side, `accidents` the data in which a wrong byte order or word size shows, `control` what has to fail, and
`crossing` the run and its verdict.
"""
