# SPDX-License-Identifier: BSD-2-Clause
"""Reads, edits and writes flattened device trees (Devicetree Specification 0.4, chapter 5)."""

import struct
import subprocess
import tempfile
from pathlib import Path

BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
HEADER = struct.Struct('>10I')
MAGIC = 0xd00dfeed


class Node:
    """A node: its properties as bytes, its children in order."""

    def __init__(self, name=''):
        self.name = name
        self.props = {}
        self.children = []

    def child(self, name):
        """The child of that name, with or without its unit address."""
        for node in self.children:
            if node.name == name or node.name.split('@')[0] == name:
                return node
        raise KeyError(f'{self.name or "/"} has no {name}')

    def find(self, path):
        """The node at a path, without the leading slash."""
        node = self
        for name in filter(None, path.split('/')):
            node = node.child(name)
        return node

    def add(self, name):
        """A new last child."""
        node = Node(name)
        self.children.append(node)
        return node

    def walk(self):
        """This node and all below it."""
        yield self
        for node in self.children:
            yield from node.walk()

    def cells(self, name):
        """A property as 32-bit numbers."""
        data = self.props[name]
        return list(struct.unpack(f'>{len(data) // 4}I', data))

    def set_cells(self, name, *values):
        """Sets a property of 32-bit numbers."""
        self.props[name] = struct.pack(f'>{len(values)}I', *values)

    def set_text(self, name, *texts):
        """Sets a property of strings."""
        self.props[name] = b''.join(text.encode() + b'\0' for text in texts)


def parse(blob):
    """Returns the root Node of a well-formed blob."""
    magic, total, structs, strings = HEADER.unpack_from(blob)[:4]
    if magic != MAGIC or total > len(blob):
        raise ValueError('not a device tree')
    at, stack, root = structs, [], None
    while True:
        token = struct.unpack_from('>I', blob, at)[0]
        at += 4
        if token == BEGIN_NODE:
            end = blob.index(b'\0', at)
            node = Node(blob[at:end].decode())
            at = (end + 4) & ~3
            if stack:
                stack[-1].children.append(node)
            else:
                root = node
            stack.append(node)
        elif token == PROP:
            size, offset = struct.unpack_from('>II', blob, at)
            name = blob[strings + offset:blob.index(b'\0', strings + offset)].decode()
            stack[-1].props[name] = bytes(blob[at + 8:at + 8 + size])
            at = (at + 8 + size + 3) & ~3
        elif token == END_NODE:
            stack.pop()
        elif token == END:
            return root
        elif token != NOP:
            raise ValueError(f'unknown token {token}')


def build(root, boot_cpu=0):
    """Returns the blob of a tree."""
    strings, offsets, structs = bytearray(), {}, bytearray()

    def put(node):
        name = node.name.encode() + b'\0'
        structs.extend(struct.pack('>I', BEGIN_NODE) + name + bytes(-len(name) % 4))
        for key, data in node.props.items():
            if key not in offsets:
                offsets[key] = len(strings)
                strings.extend(key.encode() + b'\0')
            structs.extend(struct.pack('>III', PROP, len(data), offsets[key]) + data + bytes(-len(data) % 4))
        for child in node.children:
            put(child)
        structs.extend(struct.pack('>I', END_NODE))

    put(root)
    structs.extend(struct.pack('>I', END))
    reserve_at = HEADER.size
    structs_at = reserve_at + 16
    strings_at = structs_at + len(structs)
    total = strings_at + len(strings)
    header = HEADER.pack(MAGIC, total, structs_at, strings_at, reserve_at, 17, 16, boot_cpu,
                         len(strings), len(structs))
    return bytes(header) + bytes(16) + bytes(structs) + bytes(strings)


def dump(qemu, *args):
    """The tree that QEMU makes for a machine: dump(qemu, '-M', 'virt', '-smp', '2')."""
    args = list(args)
    with tempfile.TemporaryDirectory() as tmp:
        file = Path(tmp, 'tree.dtb')
        at = args.index('-M') + 1
        args[at] += f',dumpdtb={file}'
        subprocess.run([qemu, '-nodefaults', '-display', 'none', *args], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return parse(file.read_bytes())
