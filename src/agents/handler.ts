import type { IncomingMessage, ServerResponse } from 'node:http';
import { PeopleService } from '../../gen/ostiary/v1/people_pb.js';
import type { AddressOf } from '../grpc/peer-address.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import { bodyOf } from '../http-body.ts';
import { invokeAs } from './invoke.ts';
import { sendResponse } from './web-message.ts';

export interface AgentPorts {
  readonly methods: readonly Method[];
  /** Of ostiary. */
  readonly version: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Who has called, where proxies stand in front. */
  readonly addressOf: AddressOf;
  readonly onFailure: (path: string, error: unknown) => void;
}

/** Where agents call (Model Context Protocol, "Streamable HTTP"). */
export const MCP_PATH = '/mcp';
/** The longest that a tool may take. */
const PATIENCE_MS = 60_000;
const MOST_BODY_BYTES = 256 * 1024;
/** JSON-RPC 2.0, 5.1: the first is its own, the second one of ours. */
const INVALID_REQUEST = -32_600;
const REFUSED = -32_001;

/**
 * An MCP server of the protocol 2026-07-28 and of those of 2025, without sessions. It takes an access token alone, and never
 * a cookie: no page can make a browser call it for its reader.
 * @returns a handler; false: this is no request of an agent, and nothing was answered
 */
export function agentHandler(ports: AgentPorts): (request: IncomingMessage, response: ServerResponse) => boolean {
  const methods = new Map(ports.methods.map((method) => [method.path, method]));
  return (request, response) => {
    if ((request.url ?? '').split('?', 1)[0] !== MCP_PATH) return false;
    answer(request, response, methods, ports).catch((error: unknown) => {
      ports.onFailure(MCP_PATH, error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
    return true;
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  methods: ReadonlyMap<string, Method>,
  { addressOf, now, onFailure, version }: AgentPorts,
): Promise<void> {
  const left = new AbortController();
  response.once('close', () => left.abort());
  const invoke = invokeAs(
    { ...callOf(request, addressOf), signal: left.signal, deadline: now() + PATIENCE_MS },
    methods,
  );
  try {
    // Who calls is known before anything is read.
    await invoke(PeopleService.method.whoAmI, {});
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return refuse(response, error);
  }
  const body = await bodyOf(request, MOST_BODY_BYTES);
  if (body === undefined) return void response.writeHead(413).end();
  if (isBatch(body)) return sendError(response, 400, INVALID_REQUEST, 'send one message at a time');
  const failed = (tool: string, error: unknown): void => onFailure(`${MCP_PATH} ${tool}`, error);
  // Most control planes are never asked by an agent: these then cost neither time at the start nor memory.
  const { mcpHandlerFor } = await import('./mcp-server.ts');
  const handler = mcpHandlerFor(invoke, version, failed);
  const { method = 'GET' } = request;
  const asked = new Request(new URL(MCP_PATH, 'http://control.invalid'), {
    method,
    headers: headersOf(request),
    signal: left.signal,
    ...(method === 'POST' && { body }),
  });
  try {
    await sendResponse(response, await handler.fetch(asked));
  } finally {
    await handler.close();
  }
}

/** RFC 6750, 3; RFC 9110, 15.5.2. */
function refuse(response: ServerResponse, { code, message }: RpcError): void {
  const status = code === Code.unauthenticated ? 401 : code === Code.permissionDenied ? 403 : 503;
  if (status === 401) response.setHeader('www-authenticate', 'Bearer realm="ostiary"');
  sendError(response, status, REFUSED, message);
}

function sendError(response: ServerResponse, status: number, code: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } })}\n`);
}

/**
 * Several messages in one: a hundred questions would take the places of everybody's. The protocol has had none since
 * 2025-06-18.
 */
function isBatch(body: Buffer): boolean {
  return body.toString('latin1').trimStart().startsWith('[');
}

function callOf(
  { headers, socket }: IncomingMessage,
  addressOf: AddressOf,
): Pick<Call, 'address' | 'authorization' | 'connection'> {
  const address = addressOf(socket, headers['x-forwarded-for']);
  // Empty where there is none: then a cookie does not count either.
  return { address, authorization: headers.authorization ?? '', connection: socket };
}

function headersOf({ headers }: IncomingMessage): Headers {
  const taken = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    // The credential stays here: no tool needs it.
    if (typeof value === 'string' && name !== 'authorization' && name !== 'cookie' && !name.startsWith(':')) {
      taken.set(name, value);
    }
  }
  return taken;
}
