import type { ServerResponse } from 'node:http';
import { Budget } from '../listen/budget.ts';
import type { Share } from '../listen/budget.ts';
import type { NodeRequest, NodeResponse } from './node-request.ts';

/** A request that is not here after so long is slow: while there is no room, others go before it. */
const SLOW_MS = 1000;

/** A call that is under way. */
interface Place {
  readonly request: NodeRequest;
  readonly takenAt: number;
  /** Gives the place back. Once it has, calls do nothing. */
  readonly leave: () => void;
}

/** Takes a place for a call until its response has ended, and answers with an error if there is none left: false. */
export type TakeCall = (connection: object, request: NodeRequest, response: NodeResponse) => boolean;

/**
 * Bounds how many calls are under way at once, fairly between connections. Where there is no room, the call whose request
 * has been arriving for the longest is ended: whoever never finishes one keeps nobody out.
 * @param now monotonic milliseconds
 */
export function roomForCalls(most: number, now: () => number): TakeCall {
  const calls = new Budget(most);
  const shares = new WeakMap<object, Share>();
  /** In the order in which they came. */
  const places = new Set<Place>();
  return (connection, request, response) => {
    const share = shares.get(connection) ?? calls.share();
    if (!share.take(1) && !(endSlow(places, now()) && share.take(1))) {
      refuse(response, 429, 'resource_exhausted', 'too many calls are under way at once');
      return false;
    }
    shares.set(connection, share);
    const place: Place = {
      request,
      takenAt: now(),
      leave: () => void (places.delete(place) && share.give(1)),
    };
    places.add(place);
    response.once('close', place.leave);
    return true;
  };
}

/** @returns whether one was ended */
function endSlow(places: ReadonlySet<Place>, nowMs: number): boolean {
  for (const { request, takenAt, leave } of places) {
    if (nowMs - takenAt < SLOW_MS) return false;
    if (request.readableEnded) continue;
    leave();
    request.destroy();
    return true;
  }
  return false;
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
