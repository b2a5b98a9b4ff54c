import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../real/scratch.ts';

/** A document of `policies/`, less what every one has. */
export interface Document {
  readonly kind: 'Api' | 'PolicyBinding' | 'ClientApplication' | 'Contract' | 'Alert' | 'Webhook';
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: object;
}

/** Writes documents into a new folder, one file a document, and returns the folder. */
export function documentsFolder(documents: readonly Document[]): string {
  const folder = join(scratchFolder('docs'), 'policies');
  mkdirSync(folder);
  for (const document of documents) writeDocument(folder, document);
  return folder;
}

export function writeDocument(folder: string, document: Document): void {
  const whole = { apiVersion: 'ostiary.dev/v1alpha1', ...document };
  writeFileSync(join(folder, `${document.kind}-${document.metadata.name}.json`), JSON.stringify(whole));
}

/** An API on a base path of its own name. */
export function api(name: string, spec: object = {}): Document {
  return { kind: 'Api', metadata: { name }, spec: { basePath: `/${name}`, ...spec } };
}

/** A client whose secret is `<name>-secret` and whose id is `<name>-id`. */
export function client(name: string): Document {
  const salt = `salt of ${name}`;
  const sha256 = createHash('sha256').update(`${salt}${name}-secret`).digest('hex');
  return {
    kind: 'ClientApplication',
    metadata: { name },
    spec: { clientId: `${name}-id`, clientSecret: { salt, sha256 } },
  };
}

export function contract(clientApplication: string, apiName: string, tier?: string): Document {
  return {
    kind: 'Contract',
    metadata: { name: `${clientApplication}-${apiName}` },
    spec: { clientApplication, api: apiName, status: 'approved', ...(tier === undefined ? {} : { tier }) },
  };
}

/** The headers by which {@link client} is known. */
export function credentials(name: string): Record<string, string> {
  return { client_id: `${name}-id`, client_secret: `${name}-secret` };
}
