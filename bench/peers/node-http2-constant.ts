// What Node's own HTTP/2 costs with the least gRPC on it: reads the message, answers the same allow
// each time. Prints the port it listens on.
import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { constantAnswer } from './constant-answer.ts';

const MESSAGE = Buffer.concat([Buffer.from([0, 0, 0, 0, constantAnswer.length]), constantAnswer]);

function answer(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(MESSAGE);
}

const server = createServer();
server.on('stream', (stream) => {
  stream.resume();
  stream.once('end', () => answer(stream));
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
