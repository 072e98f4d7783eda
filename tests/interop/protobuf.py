"""Protobuf, as far as the messages of libp2p go: numbers, bytes and fixed64, each message behind its length."""
import struct


class Malformed(Exception):
    pass


class Fixed(int):
    """A number of eight bytes."""


def varint(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])


def field(number, value):
    if isinstance(value, Fixed):
        return varint(number << 3 | 1) + struct.pack("<Q", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(*fields):
    return b"".join(field(number, value) for number, value in fields)


def framed(*fields):
    inside = message(*fields)
    return varint(len(inside)) + inside


def read_varint(encoded, at):
    value = shift = 0
    while at < len(encoded) and shift < 64:
        byte, at = encoded[at], at + 1
        value, shift = value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, at
    raise Malformed(f"no number ends in {encoded.hex()}")


def take(encoded, at, size):
    if at + size > len(encoded):
        raise Malformed(f"{encoded.hex()} ends too early")
    return encoded[at : at + size], at + size


def fields_of(inside):
    """The fields of a message: a list of values for each number."""
    fields, at = {}, 0
    while at < len(inside):
        key, at = read_varint(inside, at)
        if key & 7 == 0:
            value, at = read_varint(inside, at)
        elif key & 7 == 1:
            value, at = take(inside, at, 8)
        elif key & 7 == 2:
            size, at = read_varint(inside, at)
            value, at = take(inside, at, size)
        else:
            raise Malformed(f"{inside.hex()} has a field of another type")
        fields.setdefault(key >> 3, []).append(value)
    return fields


def messages_in(heard):
    """The fields of each message in what was heard, which ends with the last one."""
    found, at = [], 0
    while at < len(heard):
        size, at = read_varint(heard, at)
        inside, at = take(heard, at, size)
        found.append(fields_of(inside))
    return found
