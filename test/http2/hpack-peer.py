"""Encodes and decodes header blocks with the Python package hpack.

Reads sessions as JSON from standard input and writes what became of them. A step of a session first
sets the size of the table, where it has one. Octets are in hexadecimal, text is latin-1.
"""

import json
import sys

from hpack import Decoder, Encoder, HeaderTuple, NeverIndexedHeaderTuple


def encode(steps):
    encoder = Encoder()
    blocks = []
    for step in steps:
        if "size" in step:
            encoder.header_table_size = step["size"]
        fields = [
            (NeverIndexedHeaderTuple if secret else HeaderTuple)(name.encode("latin-1"), value.encode("latin-1"))
            for name, value, secret in step["fields"]
        ]
        blocks.append(encoder.encode(fields, huffman=step["huffman"]).hex())
    return blocks


def decode(steps):
    decoder = Decoder()
    lists = []
    for step in steps:
        if "size" in step:
            decoder.max_allowed_table_size = step["size"]
        fields = decoder.decode(bytes.fromhex(step["block"]), raw=True)
        lists.append([[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields])
    return lists


asked = json.load(sys.stdin)
json.dump({"encoded": [encode(each) for each in asked["encode"]], "decoded": [decode(each) for each in asked["decode"]]}, sys.stdout)
