"""Puts pictures of one size side by side. A script for the environment of Graphite, which has cairocffi.

`python montage.py RESULT.png COLUMNS PICTURE.png…`
"""

import sys

import cairocffi


def main(result: str, columns: int, files: list[str]) -> None:
    pictures = [cairocffi.ImageSurface.create_from_png(file) for file in files]
    width, height = pictures[0].get_width(), pictures[0].get_height()
    rows = -(-len(pictures) // columns)
    whole = cairocffi.ImageSurface(cairocffi.FORMAT_RGB24, width * columns, height * rows)
    context = cairocffi.Context(whole)
    context.set_source_rgb(1, 1, 1)
    context.paint()
    for place, picture in enumerate(pictures):
        context.set_source_surface(picture, place % columns * width, place // columns * height)
        context.paint()
    whole.write_to_png(result)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
