import { isMessage } from '../../generate/envoy-value.ts';
import type { SeenCertificate } from '../certificate.ts';
import { nodeIdOf } from '../envoy-dump.ts';
import type { EnvoyDump } from '../envoy-dump.ts';
import { resourceOf } from '../resource.ts';
import { readSamples } from '../service-state.ts';
import type { ServiceState } from '../service-state.ts';
import { clockOffsetMs, fetchOnce } from './http.ts';
import { silenceOf } from './silence.ts';

export interface RunningPorts {
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** Why something running could not be looked at. */
export class NotLooked extends Error {
  override name = 'NotLooked';
}

/** By ostiary's `--admin-listen`. @throws NotLooked (rejects with it) */
export async function readService(url: string, { now }: RunningPorts): Promise<ServiceState> {
  const base = url.replace(/\/$/, '');
  const ready = await page(`${base}/readyz`, now);
  if (ready.status !== 200 && ready.status !== 503)
    throw new NotLooked(`/readyz answered ${ready.status}: is this ostiary's --admin-listen?`);
  const metrics = await page(`${base}/metrics`, now);
  if (metrics.status !== 200) throw new NotLooked(`/metrics answered ${metrics.status}`);
  return {
    name: base,
    notReady: ready.status === 200 ? undefined : firstOf(ready.text),
    clockOffsetMs: clockOffsetMs(ready),
    metrics: readSamples(metrics.text),
  };
}

function firstOf(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 200) || 'it does not say why';
}

export interface EnvoyRead {
  readonly dump: EnvoyDump;
  readonly certificates: readonly SeenCertificate[];
}

/** By Envoy's administration: what it has in force, and its certificates. @throws NotLooked (rejects with it) */
export async function readEnvoy(url: string, { now }: RunningPorts): Promise<EnvoyRead> {
  const base = url.replace(/\/$/, '');
  const info = await json(`${base}/server_info`, now);
  const dumped = await json(`${base}/config_dump`, now);
  const resource = resourceOf(dumped, base);
  const node = isMessage(info['node']) ? info['node'] : {};
  const nodeId = typeof node['id'] === 'string' && node['id'] !== '' ? node['id'] : nodeIdOf(resource);
  const certs = await json(`${base}/certs`, now);
  const name = nodeId === '' ? `Envoy ${base}` : `Envoy ${nodeId}`;
  const certificates = listOf(certs['certificates']).flatMap((each) =>
    [...listOf(each['cert_chain']), ...listOf(each['ca_cert'])].map((certificate): SeenCertificate => {
      const { path: file, serial_number: serial } = certificate;
      const path = typeof file === 'string' ? file : typeof serial === 'string' ? serial : '';
      return {
        place: { object: name, field: `certificate ${path}` },
        notBefore: Date.parse(String(certificate['valid_from'])),
        notAfter: Date.parse(String(certificate['expiration_time'])),
        names: [],
      };
    }),
  );
  // A dump is no file: its lines help nobody.
  const { file: _, ...withoutFile } = resource;
  return { dump: { name, resource: withoutFile, nodeId }, certificates };
}

async function json(url: string, now: () => number): Promise<Readonly<Record<string, unknown>>> {
  const { status, text } = await page(url, now);
  try {
    const value: unknown = status === 200 ? JSON.parse(text) : undefined;
    if (isMessage(value)) return value;
  } catch {
    // Told below.
  }
  throw new NotLooked(`${new URL(url).pathname} answered ${status}, and no JSON: is this Envoy's administration?`);
}

async function page(url: string, now: () => number) {
  try {
    return await fetchOnce(url, { now });
  } catch (error) {
    throw new NotLooked(silenceOf(error), { cause: error });
  }
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isMessage) : [];
}
