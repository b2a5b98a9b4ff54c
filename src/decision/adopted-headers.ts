import { NO_EXTRAS } from '../policy/extras.ts';
import type { Extras } from '../policy/extras.ts';
import type { Grant, Policy } from '../policy/policy.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import type { Bound } from '../snapshot/snapshot.ts';
import type { Deliberation } from './deliberation.ts';

export const NO_HEADERS: readonly HeaderEntry[] = [];

/** The headers that a policy sets for the upstream and removes. Only shadow policies see those of a shadow policy. */
export function adoptHeaders(
  deliberation: Deliberation,
  { mode, isPlatform, policy: { clientHeaders } }: Bound<Policy>,
  found: Pick<Grant, 'identity' | 'upstream' | 'remove'>,
): void {
  if (found.upstream !== undefined) {
    // Headers of a client that an earlier policy established must not stay.
    const dropped = found.identity?.client === undefined ? undefined : clientHeaders;
    if (mode === 'enforce') {
      deliberation.upstream = headersOver(deliberation.upstream, found.upstream, dropped);
      if (isPlatform === true) {
        const known = deliberation.platformUpstream ?? NO_HEADERS;
        deliberation.platformUpstream = headersOver(known, found.upstream, dropped);
      }
    } else
      deliberation.shadowUpstream = headersOver(deliberation.shadowUpstream ?? NO_HEADERS, found.upstream, dropped);
  }
  if (found.remove !== undefined && found.remove.length > 0 && mode === 'enforce')
    deliberation.remove.push(...found.remove);
}

/** What an enforced policy adds to the answer. */
export function adoptExtras(deliberation: Deliberation, { mode }: Bound<Policy>, found: Extras): void {
  const { append, response, appendResponse, emptyResponse, metadata } = found;
  if (mode === 'shadow' || (append ?? response ?? appendResponse ?? emptyResponse ?? metadata) === undefined) return;
  // The same findings give the same object, so that its serialised answer can be reused.
  if (deliberation.extras === undefined && isWhole(found)) {
    deliberation.extras = found;
    return;
  }
  const known = deliberation.extras ?? NO_EXTRAS;
  const kept = known.response.filter(([name]) => response?.some(([set]) => isSameHeader(set, name)) !== true);
  const emptied = [...known.emptyResponse, ...(emptyResponse ?? [])];
  const set = [...kept, ...(response ?? [])];
  deliberation.extras = {
    append: [...known.append, ...(append ?? [])],
    response: set,
    appendResponse: [...known.appendResponse, ...(appendResponse ?? [])],
    emptyResponse: emptied.filter((name) => !set.some(([other]) => isSameHeader(other, name))),
    metadata: { ...known.metadata, ...metadata },
  };
}

function isWhole(found: Extras): found is Required<Extras> {
  const { append, response, appendResponse, emptyResponse, metadata } = found;
  return [append, response, appendResponse, emptyResponse, metadata].every((part) => part !== undefined);
}

/** The later policy wins: one value a header, so that nothing is ever appended to an identity. */
function headersOver(
  known: readonly HeaderEntry[],
  set: readonly HeaderEntry[],
  dropped: readonly string[] = [],
): readonly HeaderEntry[] {
  if (known.length === 0 && !hasTwins(set)) return set;
  const headers = known.filter(([name]) => !dropped.some((other) => isSameHeader(name, other)));
  for (const header of set) {
    const at = headers.findIndex(([name]) => isSameHeader(name, header[0]));
    if (at < 0) headers.push(header);
    else headers[at] = header;
  }
  return headers;
}

function hasTwins(headers: readonly HeaderEntry[]): boolean {
  for (let i = 1; i < headers.length; i++) {
    for (let j = 0; j < i; j++) {
      if (isSameHeader((headers[i] as HeaderEntry)[0], (headers[j] as HeaderEntry)[0])) return true;
    }
  }
  return false;
}

/** Two spellings are one header to some upstreams. */
function isSameHeader(some: string, other: string): boolean {
  if (some === other) return true;
  return some.length === other.length && canonicalHeaderName(some) === canonicalHeaderName(other);
}
