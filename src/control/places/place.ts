import { normalizeBasePath } from '../../document/fields.ts';
import type { Guest } from '../../document/guest-schema.ts';
import { isRecord } from '../../document/load.ts';
import { documentHost, nameOfHost } from '../../request/host.ts';
import type { HostMatching } from '../../request/host.ts';
import { normalizePath } from '../../request/path.ts';

/** Where an API takes requests: at a host, or a pattern of hosts, from a path on. */
export interface Place {
  /** As requests are compared with it; `*`: any. */
  readonly host: string;
  readonly path: string;
  /** Where it is written, below `spec`. */
  readonly field: string;
}

/** The field of the place that clients know: they get the metadata of the API there. */
const PUBLIC = 'publicUrl';

/** What is read of an API's document. */
export interface Address {
  readonly places: readonly Place[];
  readonly guests: readonly Guest[];
}

const ANY = '*';

/**
 * A sidecar may take no account of ports and of a dot at the end. What one of them can take for the same host is the same
 * place.
 */
const LOOSEST: HostMatching = { port: 'ignore', finalDot: 'ignore' };

/** It is read as written: the schema has been checked. */
export function addressOf(document: unknown): Address {
  const spec = fieldsOf(fieldsOf(document)['spec']);
  const path = pathOf(spec['basePath']);
  const hosts = textsOf(spec['hosts']);
  const places =
    hosts.length === 0
      ? [{ host: ANY, path, field: 'basePath' }]
      : hosts.map((host, at): Place => ({ host: hostAt(host), path, field: `hosts[${at}]` }));
  const known = publicPlaceOf(spec[PUBLIC]);
  const isOwn = known === undefined || places.some((place) => isSamePlace(place, known));
  return { places: isOwn ? places : [...places, known], guests: guestsOf(spec['guests']) };
}

function publicPlaceOf(written: unknown): Place | undefined {
  const url = typeof written === 'string' ? URL.parse(written) : null;
  if (url === null) return undefined;
  const path = normalizePath(url.pathname, { method: 'GET' });
  if (typeof path === 'string') return undefined;
  return { host: nameOfHost(url.host), path: normalizeBasePath(path.path), field: PUBLIC };
}

function guestsOf(written: unknown): readonly Guest[] {
  if (!Array.isArray(written) || written.length === 0) return [];
  return written.map((each): Guest => {
    const { team, namespace, hosts, basePath } = fieldsOf(each);
    return {
      ...(typeof team === 'string' && { team }),
      ...(typeof namespace === 'string' && { namespace }),
      ...(Array.isArray(hosts) && { hosts: textsOf(hosts).map(hostAt) }),
      basePath: pathOf(basePath),
    };
  });
}

function hostAt(host: string): string {
  return host === ANY ? ANY : documentHost(host, LOOSEST);
}

function pathOf(written: unknown): string {
  return normalizeBasePath(typeof written === 'string' ? written : '/');
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** Whether each request to the second is one to the first, by its host. */
export function hostCovers(outer: string, inner: string): boolean {
  if (outer === ANY || outer === inner) return true;
  return outer.startsWith('*.') && inner !== ANY && inner.endsWith(outer.slice(1));
}

/** Two patterns have a host in common only if one covers the other. */
export function hostsMeet(one: string, other: string): boolean {
  return hostCovers(one, other) || hostCovers(other, one);
}

export function isSamePlace(one: Place, other: Place): boolean {
  return one.host === other.host && one.path === other.path;
}

/**
 * Places that have requests in common do not count where one is a public URL and the other is for any host: that one is at
 * no host in particular, and may never be reached at this one.
 */
export function tellsNothing(one: Place, other: Place): boolean {
  return (one.field === PUBLIC && other.host === ANY) || (other.field === PUBLIC && one.host === ANY);
}

/** The patterns that cover a host or a pattern, without itself. */
export function patternsAbove(host: string): readonly string[] {
  if (host === ANY) return [];
  const found: string[] = [];
  const from = host.startsWith('*.') ? 2 : 0;
  for (let dot = host.indexOf('.', from); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    found.push(`*${host.slice(dot)}`);
  }
  return [...found, ANY];
}
