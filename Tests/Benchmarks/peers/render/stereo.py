"""The Middlebury motorcycle pair out of scikit-image's wheel: what a second camera really saw.

usage: stereo.py scikit_image.whl FOLDER
Writes left.png, right.png and disparity.f32 (rows of 32-bit floats of the left picture's size) into
the folder. Where the disparity is not known it is that of the farther neighbour in the row.
"""

import io
import os
import sys
import zipfile

import numpy

wheel, folder = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
with zipfile.ZipFile(wheel) as archive:
    names = {os.path.basename(name): name for name in archive.namelist()}
    for side in ("left", "right"):
        with open(os.path.join(folder, side + ".png"), "wb") as file:
            file.write(archive.read(names[f"motorcycle_{side}.png"]))
    data = numpy.load(io.BytesIO(archive.read(names["motorcycle_disp.npz"])))
disparity = data[data.files[0]].astype(numpy.float32)
for row in disparity:
    known = numpy.flatnonzero(numpy.isfinite(row) & (row > 0))
    if known.size == 0:
        continue
    columns = numpy.arange(row.size)
    right = known[numpy.minimum(numpy.searchsorted(known, columns), known.size - 1)]
    left = known[numpy.maximum(numpy.searchsorted(known, columns, side="right") - 1, 0)]
    row[:] = numpy.minimum(row[left], row[right])
if not numpy.isfinite(disparity).all():
    sys.exit("a row without any known disparity")
disparity.tofile(os.path.join(folder, "disparity.f32"))
print("%dx%d, disparity %.1f to %.1f" % (*disparity.shape[::-1], disparity.min(), disparity.max()))
