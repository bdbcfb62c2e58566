"""A client of the wire protocol made from proto/ and the protobuf package alone.

usage: rpc_client.py HOST:PORT, with the output of `protoc --python_out` on PYTHONPATH.
"""
import itertools
import os
import socket
import sys

import echo_pb2
from envelope_pb2 import Frame, Hello, Kind

class Client:
    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.streams = itertools.count(1)
        hello = Hello(version=1, service="python", nonce=os.urandom(16), window_bytes=65536)
        self.send(Frame(kind=Kind.HELLO, hello=hello))
        self.hello = self.receive(Kind.HELLO).hello

    def send(self, frame):
        data = frame.SerializeToString()
        self.socket.sendall(len(data).to_bytes(4, "big") + data)

    def read(self, count):
        data = self.socket.recv(count, socket.MSG_WAITALL)
        assert len(data) == count, "the connection was closed"
        return data

    def receive(self, *kinds):
        frame = Frame.FromString(self.read(int.from_bytes(self.read(4), "big")))
        assert frame.kind in kinds, frame
        return frame

    def request(self, method, message):
        stream = next(self.streams)
        self.send(Frame(stream=stream, kind=Kind.REQUEST, method=method, deadline_ms=5000,
                        payload=message.SerializeToString()))
        return stream

client = Client(sys.argv[1])
client.send(Frame(kind=Kind.PING, payload=b"12345678"))
assert client.receive(Kind.PONG).payload == b"12345678"

message = echo_pb2.Message(data=bytes(range(256)) * 400, text="h\u00e9llo", number=2**64 - 1)
stream = client.request("echo.v1.Echo/Echo", message)
answer = client.receive(Kind.RESPONSE)
assert answer.stream == stream and echo_pb2.Message.FromString(answer.payload) == message

stream = client.request("echo.v1.Echo/Count", echo_pb2.CountRequest(count=200, bytes=4000))
items = 0
while (frame := client.receive(Kind.ITEM, Kind.END)).kind == Kind.ITEM:
    assert frame.stream == stream and len(echo_pb2.Message.FromString(frame.payload).data) == 4000
    client.send(Frame(stream=stream, kind=Kind.WINDOW, credit=len(frame.payload)))
    items += 1
assert items == 200, items

client.request("echo.v1.Echo/Missing", echo_pb2.Message())
assert client.receive(Kind.ERROR).status.code == 12
print("ok", client.hello.service)
