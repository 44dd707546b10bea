# SPDX-License-Identifier: BSD-2-Clause
"""Moves a kernel image to another load address, for the emulator's -kernel."""

import struct

ELF_MAGIC = b'\x7fELF'
IMAGE_MAGIC = b'RSC\x05'    # at 56 of the RISC-V Linux Image header
EM_RISCV = 243
PT_LOAD = 1
EHDR = struct.Struct('<16sHHIQQQIHHHHHH')
PHDR = struct.Struct('<IIQQQQQQ')


class ImageError(Exception):
    """The file is not an image that can be moved."""


def _move_elf(data, address):
    header = EHDR.unpack_from(data)
    if header[0][4] != 2 or header[0][5] != 1 or header[2] != EM_RISCV:
        raise ImageError('not a 64-bit little-endian RISC-V ELF file')
    offset, size, count = header[5], header[9], header[10]
    rows = [offset + i * size for i in range(count)]
    loads = [row for row in rows if PHDR.unpack_from(data, row)[0] == PT_LOAD]
    if not loads:
        raise ImageError('an ELF file with nothing to load')
    moved = bytearray(data)
    lowest = min(PHDR.unpack_from(data, row)[4] for row in loads)
    for row in loads:
        fields = list(PHDR.unpack_from(data, row))
        fields[4] += address - lowest
        PHDR.pack_into(moved, row, *fields)
    return bytes(moved)


def _wrap_image(data, address):
    """An ELF file around a flat image: the emulator enters at the lowest address it loads."""
    size = struct.unpack_from('<Q', data, 16)[0]
    header = EHDR.pack(ELF_MAGIC + bytes([2, 1, 1]) + bytes(9), 2, EM_RISCV, 1, address, EHDR.size,
                       0, 0, EHDR.size, PHDR.size, 1, 0, 0, 0)
    start = 4096
    load = PHDR.pack(PT_LOAD, 7, start, address, address, len(data), max(size, len(data)), 4096)
    return (header + load).ljust(start, b'\0') + data


def move(data, address):
    """Returns an ELF file that loads the image (ELF, or RISC-V Linux Image) at address."""
    if address % 0x200000:
        raise ImageError(f'{address:#x} is not a multiple of 2 MiB')
    try:
        if data[:4] == ELF_MAGIC:
            return _move_elf(data, address)
        if data[56:60] == IMAGE_MAGIC:
            return _wrap_image(data, address)
    except struct.error as error:
        raise ImageError(f'a truncated file: {error}') from error
    raise ImageError('neither an ELF file nor a RISC-V Image')
