import type { ServerResponse } from 'node:http';
import { Budget } from '../listen/budget.ts';
import type { Share } from '../listen/budget.ts';
import type { NodeResponse } from './node-request.ts';

/**
 * Bounds how many calls are under way at once, fairly between connections.
 * @returns takes a place for a call until its response has ended, and answers with an error if there is none left: false
 */
export function roomForCalls(most: number): (connection: object, response: NodeResponse) => boolean {
  const calls = new Budget(most);
  const shares = new WeakMap<object, Share>();
  return (connection, response) => {
    const share = shares.get(connection) ?? calls.share();
    if (!share.take(1)) {
      refuse(response, 429, 'resource_exhausted', 'too many calls are under way at once');
      return false;
    }
    shares.set(connection, share);
    response.once('close', () => share.give(1));
    return true;
  };
}

/** Answers with an error in the form of the Connect protocol; gRPC clients use the HTTP status. */
export function refuse(response: NodeResponse, status: number, code: string, message: string): void {
  const refused = response as ServerResponse;
  if (refused.headersSent) {
    refused.destroy();
    return;
  }
  refused.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  refused.end(`${JSON.stringify({ code, message })}\n`);
}
