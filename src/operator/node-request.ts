import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** The same for all requests of one connection. The socket of an HTTP/2 session is a proxy: the session stands for it. */
export function connectionOf(request: NodeRequest): object {
  return 'stream' in request ? (request.stream.session ?? request.stream) : request.socket;
}
