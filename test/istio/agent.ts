import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { realPart } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';

/** A mesh's authority. */
export interface Authority {
  /** PEM of its own certificate. */
  readonly certificate: string;
  /** A certificate for a workload, with its key, both PEM. @param id such as `spiffe://cluster.local/ns/shop/sa/default` */
  issue(id: string): { certificate: string; key: string };
}

export async function createAuthority(): Promise<Authority> {
  const folder = scratchFolder('mesh-ca');
  const openssl = await realPart('openssl');
  const run = (...args: string[]): void => void execFileSync(openssl, args, { cwd: folder, stdio: 'pipe' });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  run('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/O=cluster.local');
  let issued = 0;
  return {
    certificate: read('ca.crt'),
    issue(id) {
      const name = `workload-${issued++}`;
      const subject = ['-subj', '/O=workload', '-addext', `subjectAltName=URI:${id}`];
      const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
      run('req', '-x509', '-CA', 'ca.crt', '-CAkey', 'ca.key', ...key, ...files, ...subject);
      return { certificate: read(`${name}.crt`), key: read(`${name}.key`) };
    },
  };
}

/**
 * What Istio's agent does in each pod: it gives Envoy the workload's certificate (`default`) and the
 * mesh's authority (`ROOTCA`) over SDS.
 */
export async function startAgent(address: string, authority: Authority, id: string): Promise<Agent> {
  const workload = authority.issue(id);
  const secrets = new Map([
    ['default', field(2, [...field(1, inline(workload.certificate)), ...field(2, inline(workload.key))])],
    ['ROOTCA', field(4, field(1, inline(authority.certificate)))],
  ]);
  const server = new Server();
  const serialize = (value: Buffer): Buffer => value;
  const stream = {
    path: '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets',
    requestStream: true,
    responseStream: true,
    requestSerialize: serialize,
    requestDeserialize: serialize,
    responseSerialize: serialize,
    responseDeserialize: serialize,
  };
  server.addService(
    { streamSecrets: stream },
    {
      streamSecrets(call: ServerDuplexStream<Buffer, Buffer>) {
        const sent = new Set<string>();
        call.on('data', (request: Buffer) => {
          const wanted = [...secrets].filter(([name]) => request.includes(name) && !sent.has(name));
          if (wanted.length === 0) return;
          for (const [name] of wanted) sent.add(name);
          call.write(answer(wanted.map(([name, secret]) => field(1, Buffer.from(name)).concat(secret))));
        });
        call.on('error', () => undefined);
        call.on('end', () => call.end());
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:0`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

export interface Agent {
  readonly port: number;
  stop(): void;
}

const SECRET_TYPE = Buffer.from('type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret');

/** A `DiscoveryResponse` of these serialised Secrets. */
function answer(secrets: readonly (readonly number[])[]): Buffer {
  const resources = secrets.flatMap((secret) => field(2, [...field(1, SECRET_TYPE), ...field(2, secret)]));
  return Buffer.from([
    ...field(1, Buffer.from('1')),
    ...resources,
    ...field(4, SECRET_TYPE),
    ...field(5, Buffer.from('1')),
  ]);
}

/** A `DataSource` with `inline_bytes`. */
function inline(text: string): number[] {
  return field(2, Buffer.from(text));
}

/** A field of protobuf with its length before it. */
function field(number: number, content: Iterable<number>): number[] {
  const bytes = [...content];
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) return [number * 8 + 2, ...length, ...bytes];
  }
}
