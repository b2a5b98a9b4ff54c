// Asks a running ostiary for one Check over gRPC, as Envoy does, and prints the status it would answer with.
import { connect } from 'node:http2';
const { OSTIARY_TEST_ADDRESS, OSTIARY_TEST_HOST, OSTIARY_TEST_PATH, OSTIARY_TEST_STATUS, OSTIARY_TEST_NOTE } = process.env;

// Protobuf by hand: the image has no packages. Every field here is length-delimited.
const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)]);
const field = (number, bytes) => Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length), ...bytes]);
const text = (number, value) => field(number, Buffer.from(value));
const http = Buffer.concat([text(2, 'GET'), text(4, OSTIARY_TEST_PATH), text(5, OSTIARY_TEST_HOST)]);
const request = field(1, field(4, field(2, http)));

const frame = Buffer.alloc(5 + request.length);
frame.writeUInt32BE(request.length, 1);
request.copy(frame, 5);
const session = connect(`http://${OSTIARY_TEST_ADDRESS}`);
const stream = session.request({
  ':method': 'POST',
  ':path': '/envoy.service.auth.v3.Authorization/Check',
  'content-type': 'application/grpc',
  te: 'trailers',
});
stream.setTimeout(5000, () => stream.destroy(new Error('no answer within 5 s')));
let trailers = {};
stream.on('trailers', (received) => (trailers = received));
stream.on('response', (received) => (trailers = { ...received, ...trailers }));
stream.end(frame);
const chunks = await stream.toArray();
session.close();
if (trailers['grpc-status'] !== '0') throw new Error(`gRPC status ${trailers['grpc-status']}: ${trailers['grpc-message']}`);

const fields = (bytes) => {
  const found = {};
  for (let at = 0; at < bytes.length; ) {
    const read = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++];
        value |= (byte & 127) << shift;
        if (byte < 128) return value;
      }
    };
    const tag = read();
    const value = read();
    found[tag >> 3] = (tag & 7) === 2 ? bytes.subarray(at, (at += value)) : value;
  }
  return found;
};
const answer = fields(Buffer.concat(chunks).subarray(5));
const code = answer[1] === undefined ? 0 : (fields(answer[1])[1] ?? 0);
if (code !== 0 && answer[2] === undefined) throw new Error('a denial without a denied_response');
const status = code === 0 ? 200 : fields(fields(answer[2])[1])[1];
console.log(`GET ${OSTIARY_TEST_HOST}${OSTIARY_TEST_PATH}: ${status}`);
if (OSTIARY_TEST_NOTE) console.log(OSTIARY_TEST_NOTE);
const expected = Number(OSTIARY_TEST_STATUS);
if (expected !== 0 && status !== expected) throw new Error(`expected ${expected}`);
