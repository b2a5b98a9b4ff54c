import { shellWord } from '../commented-lines.ts';
import type { Finding, Place, Unlooked } from './finding.ts';
import { finding } from './finding.ts';

/** The answer that a caller without credentials got. */
export interface ProbeAnswer {
  readonly status: number;
}

/** How ostiary decided about it. */
export interface ProbeSighting {
  readonly outcome: 'allow' | 'deny' | 'answer';
  readonly httpStatus: number;
  readonly reason: string;
  readonly api: string;
  readonly policy: string;
  readonly destination: string;
}

/** What an ostiary told of a nonce. */
export type ProbeTelling =
  | { readonly sidecar: string; readonly sightings: readonly ProbeSighting[] }
  /** It could not be asked, so that nothing is known. */
  | { readonly sidecar: string; readonly silent: string };

/** A request with a nonce, and all that became of it. */
export interface Probed {
  readonly url: string;
  readonly answer: ProbeAnswer | { readonly why: string };
  /** Of each ostiary that may have been asked. */
  readonly tellings: readonly ProbeTelling[];
}

export interface ProbeVerdict {
  /** Such as `http://…: refused with 401 by ostiary`; only where that is confirmed. */
  readonly confirmed?: string;
  readonly finding?: Finding;
  readonly unlooked?: Unlooked;
}

const SEE = 'ostiary doctor --envoy-admin http://127.0.0.1:15000  # of that Envoy: where it does not ask, and why';

/**
 * Green only if the caller was refused and an ostiary says that it has refused this very request, with this status. A
 * refusal by somebody else, and one that nobody confirms, is red.
 */
export function judge({ url, answer, tellings }: Probed): ProbeVerdict {
  if ('why' in answer) return { unlooked: { what: url, why: answer.why } };
  const { status } = answer;
  const place: Place = { object: url, field: '' };
  const red = (message: string, remedy: string): ProbeVerdict => ({
    finding: finding('OST706', place, message, remedy),
  });
  const sightings = tellings.flatMap((each) =>
    'sightings' in each ? each.sightings.map((sighting) => ({ ...sighting, sidecar: each.sidecar })) : [],
  );
  const refused = sightings.find(({ outcome, httpStatus }) => outcome === 'deny' && httpStatus === status);
  if (refused !== undefined) {
    const { reason, api, destination, sidecar } = refused;
    const about = [reason, api === '' ? 'no API' : `API ${api}`, destination === '' ? '' : `Envoy at ${destination}`];
    const told = about.filter((each) => each !== '').join(', ');
    return { confirmed: `${url}: refused with ${status} by the ostiary at ${sidecar} (${told})` };
  }
  const [seen] = sightings;
  if (seen !== undefined) {
    if (seen.outcome === 'deny') {
      const message = `was refused by ostiary with ${seen.httpStatus} (${seen.reason}), and the caller got ${status}: Envoy does not keep to the decision`;
      return red(message, SEE);
    }
    const which = seen.api === '' ? 'no API matches it' : `API ${seen.api}`;
    const remedy = `choose a path that needs credentials; or see why it needs none:\nostiary check --host ${shellWord(hostOf(url))} --path ${shellWord(pathOf(url))}`;
    const did = seen.outcome === 'allow' ? 'let pass' : 'answered';
    return red(`was ${did} by ostiary without credentials (${which}), and answered with ${status}`, remedy);
  }
  const silent = tellings.flatMap((each) => ('silent' in each ? [each] : []));
  if (silent.length > 0) {
    const who = silent.map(({ silent: why }) => why).join(', ');
    const outcome = isRefusal(status)
      ? `was answered with ${status}, which nobody confirms`
      : `passed with ${status} while ostiary does not answer`;
    return red(`${outcome}: ${who}`, `${SEE}\n# failure_mode_allow must be false`);
  }
  const outcome = isRefusal(status)
    ? `was refused with ${status} by somebody else: ostiary was not asked`
    : `passed with ${status}: ostiary was not asked`;
  return red(outcome, SEE);
}

function isRefusal(status: number): boolean {
  return status === 401 || status === 403 || status === 429 || status >= 500;
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? '';
}

function pathOf(url: string): string {
  return URL.parse(url)?.pathname ?? '/';
}
