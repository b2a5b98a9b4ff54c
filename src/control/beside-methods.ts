import type { IncomingMessage, ServerResponse } from 'node:http';
import { agentHandler } from '../agents/handler.ts';
import type { AgentPorts } from '../agents/handler.ts';
import { apiCatalogHandler } from './api-catalog.ts';
import type { ApiCatalogPorts } from './api-catalog.ts';
import { openConsole } from './console.ts';
import type { ConsolePorts } from './console.ts';

/** @returns false: it is not for this one, and nothing was answered */
export type Handle = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface BesidePorts extends AgentPorts, ApiCatalogPorts, ConsolePorts {
  /** Pages of logins. */
  readonly pages: Handle;
}

/** Whatever the listener serves that is no method: pages of logins, agents, the catalog for programs, and the console. */
export async function besideMethods(ports: BesidePorts): Promise<Handle> {
  const handlers = [ports.pages, agentHandler(ports), apiCatalogHandler(ports), await openConsole(ports)];
  return (request, response) => handlers.some((handle) => handle(request, response));
}
