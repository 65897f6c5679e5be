"""The smallest files of each kind that are whole."""

import struct
import zlib

PNG_START = b"\x89PNG\r\n\x1a\n"


def block(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*others: bytes, width: int = 1) -> bytes:
    """One grey pixel; ``others`` are blocks before its own."""
    header = block(b"IHDR", struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0))
    pixels = block(b"IDAT", zlib.compress(b"\0\x7f"))
    return PNG_START + header + b"".join(others) + pixels + block(b"IEND")


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(*others: bytes, scan: bytes = b"\x00\xff\x00\x12\xff\xd0\x34") -> bytes:
    """``scan`` has a stuffed byte and a restart marker; ``others`` are segments before it."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, 1, 1, 1) + b"\1\x11\0")
    start = segment(0xDA, b"\1\1\0\0\x3f\0")
    first = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    return b"\xff\xd8" + first + b"".join(others) + frame + start + scan + b"\xff\xd9"


def pdf(text: bytes = b"Devis") -> bytes:
    body = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Title (" + text + b") >>\nendobj\n"
    table = b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
    trailer = b"trailer\n<< /Size 2 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + table + trailer
