import type { IncomingMessage } from 'node:http';
import { readConsoleFiles } from '../console/files.ts';
import { consoleFolder } from '../console/folder.ts';
import { consoleHandler } from '../console/handler.ts';
import type { HandleConsole } from '../console/handler.ts';
import type { AddressOf } from '../grpc/peer-address.ts';
import type { Identify } from '../people/identify.ts';
import type { OwnOrigin } from '../people/own-origin.ts';
import { keyText } from '../registry/conflict.ts';
import type { CurrentIndex } from './current-index.ts';
import { FIELDS } from './facts.ts';
import { Rights } from './rights.ts';

export interface ConsolePorts {
  readonly identify: Identify;
  readonly urlOf: OwnOrigin['urlOf'];
  readonly index: Pick<CurrentIndex, 'current'>;
  /** Who has called, where proxies stand in front. */
  readonly addressOf: AddressOf;
}

const PUBLIC_URL = (FIELDS['Api'] ?? []).indexOf('spec.publicUrl');

/** The console, with references of APIs that may call these, as far as their reader sees them. */
export async function openConsole(ports: ConsolePorts): Promise<HandleConsole> {
  const files = await readConsoleFiles(consoleFolder());
  return consoleHandler(files, async (request, api) => {
    try {
      return await publicUrlFor(request, { kind: 'Api', ...api }, ports);
    } catch {
      // Nobody, or nothing can be told now: no call is let out.
      return undefined;
    }
  });
}

async function publicUrlFor(
  { headers, socket }: IncomingMessage,
  key: { readonly kind: string; readonly namespace: string; readonly name: string },
  { addressOf, identify, index, urlOf }: ConsolePorts,
): Promise<string | undefined> {
  const { cookie, host } = headers;
  // A document that is looked at, and no call: a browser sends no origin with it. It changes nothing, and who frames it is
  // ours, by its policy.
  const fields: Readonly<Record<string, string | undefined>> = {
    cookie,
    host,
    origin: URL.parse(urlOf(host))?.origin,
    'x-ostiary-csrf': '1',
  };
  const caller = await identify({
    address: addressOf(socket, headers['x-forwarded-for']),
    authorization: undefined,
    callerField: (name) => fields[name],
  });
  const state = await index.current();
  const entry = state.index.get(keyText(key));
  if (entry === undefined || !new Rights(caller, state.index).sees(entry)) return undefined;
  return entry.facts.fields[PUBLIC_URL];
}
