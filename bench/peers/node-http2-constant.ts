// gRPC framing by hand on node:http2, without a library: what Node's own HTTP/2 does at best.
// Prints the port it listens on.
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** `status {}` and `ok_response {}`, behind the five bytes of gRPC framing. */
const framedAllow = Buffer.from([0, 0, 0, 0, 4, 0x0a, 0x00, 0x1a, 0x00]);

const server = createServer();
server.on('stream', (stream) => {
  stream.on('data', () => {});
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.end(framedAllow);
  });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
