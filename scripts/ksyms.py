#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Makes the kernel's table of function names, as assembly, from a linked image; or checks the one in
an image.

usage: ksyms.py --empty > table.S          a table of no names, for the first link
       ksyms.py FIRST.elf > table.S        the table of that link's functions, for the second link
       ksyms.py --check SECOND.elf         0 if the table inside is true of the image, 1 if not

The table stands behind all text in read-only data, so the second link moves no function; --check
proves it. Offsets count from _image_start, where the text begins:

  ksyms_count    u32       number of names
  ksyms_offsets  u32[n+1]  sorted; the last one is the end of the text
  ksyms_marks    u32[]     where in ksyms_names each 16th name begins
  ksyms_names    the names in the same order, each ended by NUL
"""
import struct
import sys

MARK = 16
SHF_EXECINSTR = 4
SHT_SYMTAB, SHT_NOBITS = 2, 8
STT_NOTYPE, STT_FUNC = 0, 2


class Elf:
    """As much of a little-endian 64-bit ELF file as is needed here."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a little-endian 64-bit ELF file")
        self.data = data
        shoff = struct.unpack_from("<Q", data, 40)[0]
        size, count, _ = struct.unpack_from("<HHH", data, 58)
        # name, type, flags, addr, offset, size, link, info, align, entsize
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * size)
                         for i in range(count)]

    def string(self, table, offset):
        start = self.sections[table][4] + offset
        return self.data[start:self.data.index(b"\0", start)].decode()

    def symbols(self):
        """(name, value, type, section index) of each symbol."""
        for s in self.sections:
            if s[1] != SHT_SYMTAB:
                continue
            for at in range(s[4], s[4] + s[5], 24):
                name, info, _, shndx, value, _ = struct.unpack_from("<IBBHQQ", self.data, at)
                yield self.string(s[6], name), value, info & 15, shndx

    def value(self, wanted):
        for name, value, _, _ in self.symbols():
            if name == wanted:
                return value
        raise ValueError(f"no symbol {wanted}")

    def bytes_at(self, address, n):
        for s in self.sections:
            if s[1] != SHT_NOBITS and s[3] and s[3] <= address and address + n <= s[3] + s[5]:
                start = s[4] + address - s[3]
                return self.data[start:start + n]
        raise ValueError(f"no data at {address:#x}")


def functions(elf):
    """
    Sorted offsets and names of the text's symbols, and the end of the text. One name for an
    address.
    """
    base, end = elf.value("_image_start"), elf.value("_text_end")
    found = {}
    for name, value, kind, shndx in elf.symbols():
        if kind not in (STT_NOTYPE, STT_FUNC) or not 0 < shndx < len(elf.sections):
            continue
        # Local labels and the mapping symbols of the assembler ($x, $d) are no functions.
        if not elf.sections[shndx][2] & SHF_EXECINSTR or name[:1] in ("", "$", ".") \
                or name in ("_image_start", "_text_end") or not base <= value < end:
            continue
        # A function before a label, then the shorter, then the first in the alphabet: the same in
        # each link.
        rank = (kind != STT_FUNC, len(name), name)
        if value not in found or rank < found[value]:
            found[value] = rank
    return [(value - base, found[value][2]) for value in sorted(found)], end - base


def emit(names, end, out):
    out.write("/* Made by scripts/ksyms.py. */\n\t.section .ksyms, \"a\"\n")

    def words(label, values):
        out.write(f"\t.balign 4\n\t.globl {label}\n{label}:\n")
        for i in range(0, len(values), 8):
            out.write("\t.word " + ", ".join(f"{v:#x}" for v in values[i:i + 8]) + "\n")

    marks, at = [], 0
    for i, (_, name) in enumerate(names):
        if i % MARK == 0:
            marks.append(at)
        at += len(name.encode()) + 1
    words("ksyms_count", [len(names)])
    words("ksyms_offsets", [offset for offset, _ in names] + [end])
    words("ksyms_marks", marks)
    out.write("\t.globl ksyms_names\nksyms_names:\n")
    for _, name in names:
        out.write(f"\t.asciz \"{name}\"\n")


def check(elf):
    want, end = functions(elf)
    at = elf.value("ksyms_count")
    count = struct.unpack("<I", elf.bytes_at(at, 4))[0]
    offsets = struct.unpack(f"<{count + 1}I", elf.bytes_at(elf.value("ksyms_offsets"), 4 * count + 4))
    length = sum(len(name.encode()) + 1 for _, name in want)
    names = elf.bytes_at(elf.value("ksyms_names"), length).split(b"\0")
    have = list(zip(offsets, (name.decode() for name in names)))
    if count == 0:
        return "the table is empty"
    if offsets[-1] != end:
        return f"the text ends at {end:#x}, the table says {offsets[-1]:#x}"
    for w, h in zip(want, have):
        if w != h:
            return f"{w[1]} is at {w[0]:#x}, the table has {h[1]} at {h[0]:#x}"
    if len(want) != count:
        return f"the image has {len(want)} functions, the table {count}"
    return None


def main(argv):
    if argv == ["--empty"]:
        emit([], 0, sys.stdout)
        return 0
    checking = argv[:1] == ["--check"]
    if len(argv) != 1 + checking or argv[-1].startswith("-"):
        sys.stderr.write(__doc__)
        return 2
    path = argv[-1]
    try:
        with open(path, "rb") as f:
            elf = Elf(f.read())
        if not checking:
            emit(*functions(elf), sys.stdout)
            return 0
        wrong = check(elf)
    except (OSError, ValueError, struct.error) as e:
        sys.stderr.write(f"ksyms.py: {path}: {e}\n")
        return 2
    if wrong:
        sys.stderr.write(f"ksyms.py: {path}: the symbol table in the image is wrong: {wrong}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
