// What node does for GET /api/credits: look up the token, ask the credits service over one socket
// with the same frames, answer with the balance as JSON. Usage: node server.js PORT TOKEN USER
"use strict";
const http = require("http");
const net = require("net");

const [creditsPort, token, user] = process.argv.slice(2);
const users = new Map([[token, user]]);

// Protobuf, as far as it is needed.
function varint(value) {
  const bytes = [];
  while (value >= 128) {
    bytes.push((value % 128) | 128);
    value = Math.floor(value / 128);
  }
  bytes.push(value);
  return Buffer.from(bytes);
}
function number(field, value) {
  return Buffer.concat([varint(field * 8), varint(value)]);
}
function bytes(field, value) {
  const data = Buffer.from(value);
  return Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
}
function parse(data) {
  const fields = {};
  let at = 0;
  const read = () => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = data[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < data.length) {
    const tag = read();
    if (tag % 8 === 0) fields[tag >> 3] = read();
    else {
      const length = read();
      fields[tag >> 3] = data.subarray(at, at + length);
      at += length;
    }
  }
  return fields;
}
function frame(...parts) {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

const HELLO = 1, REQUEST = 2, RESPONSE = 3, PING = 9, PONG = 10;
const method = bytes(3, "credits.v1.Credits/GetBalance");
const pending = new Map();
let stream = 0;
let input = Buffer.alloc(0);

const socket = net.connect(Number(creditsPort), "127.0.0.1");
socket.setNoDelay(true);
socket.write(frame(
  number(2, HELLO),
  bytes(9, Buffer.concat([
    number(1, 1), bytes(2, "node"), bytes(3, Buffer.alloc(16, 7)), number(5, 1 << 20),
    number(6, 128), number(7, 1 << 18),
  ]))));
socket.on("data", (data) => {
  input = input.length ? Buffer.concat([input, data]) : data;
  let at = 0;
  while (input.length - at >= 4) {
    const length = input.readUInt32BE(at);
    if (input.length - at - 4 < length) break;
    receive(parse(input.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  input = input.subarray(at);
});
socket.on("close", () => process.exit(1));

function receive(fields) {
  if (fields[2] === HELLO) {
    server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${server.address().port}`));
  } else if (fields[2] === PING) {
    socket.write(frame(number(2, PONG), bytes(6, fields[6] || "")));
  } else {
    const done = pending.get(fields[1]);
    pending.delete(fields[1]);
    if (done) done(fields[2] === RESPONSE ? parse(fields[6] || Buffer.alloc(0)) : null);
  }
}

function credits(tenThousandths) {
  return (tenThousandths || 0) / 10000;
}

const server = http.createServer((request, response) => {
  const user = users.get((request.headers.authorization || "").slice(7));
  if (request.url !== "/api/credits" || !user) {
    response.writeHead(user ? 404 : 401).end();
    return;
  }
  stream += 1;
  pending.set(stream, (balance) => {
    if (!balance) {
      response.writeHead(502).end();
      return;
    }
    const body = JSON.stringify({
      balance: credits(balance[2]), held: credits(balance[3]), available: credits(balance[4]),
      lowBalance: balance[5] === 1,
    });
    response.writeHead(200, {
      "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body),
      "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
    });
    response.end(body);
  });
  socket.write(frame(
    number(1, stream), number(2, REQUEST), method, number(4, 5000), bytes(6, bytes(1, user))));
});
server.keepAliveTimeout = 60000;
