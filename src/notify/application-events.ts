import { createHash } from 'node:crypto';
import { isRecord } from '../document/load.ts';
import type { Change } from '../registry/log.ts';
import type { Draft } from './event.ts';
import type { EventName } from './event-kinds.ts';
import { subjectOf, titleOf, valueAt, whoText } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';

/** A secret of an application, without what it is. */
export interface SeenSecret {
  /** The same as long as the secret is: a digest of its hash, for comparisons alone. Never told. */
  readonly identity: string;
  readonly sort: 'secret' | 'API key';
  /** Milliseconds since the Unix epoch; undefined: it does not end. */
  readonly endsAt: number | undefined;
}

/** The secrets and API keys that the document of an application holds. */
export function secretsOf(application: unknown): readonly SeenSecret[] {
  const listed = (path: string): readonly unknown[] => [valueAt(application, path)].flat();
  const secrets = [...listed('spec.clientSecret'), ...listed('spec.clientSecrets')].flatMap((each) =>
    secretOf(each, 'secret'),
  );
  return [...secrets, ...listed('spec.apiKeys').flatMap((each) => secretOf(each, 'API key'))];
}

function secretOf(written: unknown, sort: SeenSecret['sort']): readonly SeenSecret[] {
  if (!isRecord(written)) return [];
  const { expires, ...itself } = written;
  const entries = Object.entries(itself).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const identity = createHash('sha256')
    .update(JSON.stringify([sort, entries]))
    .digest('hex')
    .slice(0, 24);
  const endsAt = typeof expires === 'string' ? Date.parse(expires) : Number.NaN;
  return [{ identity, sort, endsAt: Number.isNaN(endsAt) ? undefined : endsAt }];
}

/** What a write of a client application has made of it. */
export function applicationEvents(change: Change, around: Surroundings): readonly Draft[] {
  const { actor, reason, before, after } = change;
  const document = (after ?? before)?.document;
  const who = whoText(actor);
  const title = titleOf(change, document);
  const draft = (event: EventName, text: string, data: Draft['data'] = {}): Draft => ({
    event,
    by: actor,
    reason,
    about: subjectOf(change, document),
    teams: [around.teamOf(change, document)],
    text: `${text}${reason === '' ? '' : `: ${reason}`}`,
    data,
  });
  if (after === undefined) return [draft('application.deleted', `${who} deleted the client application ${title}`)];
  if (before === undefined) return [draft('application.created', `${who} made the client application ${title}`)];
  return (['secret', 'API key'] as const).flatMap((sort) => {
    const found = secretChange(sort, before.document, after.document, change.at);
    if (found === undefined) return [];
    const { event, endsAt } = found;
    const ends = endsAt === undefined ? undefined : new Date(endsAt).toISOString();
    const text = secretText(event, sort, who, title, ends);
    return [draft(event, text, { sort: sort === 'secret' ? 'secret' : 'api-key', endsAt: ends })];
  });
}

type SecretEvent = 'secret.made' | 'secret.rotated' | 'secret.ended';

function secretChange(
  sort: SeenSecret['sort'],
  before: unknown,
  after: unknown,
  at: number,
): { readonly event: SecretEvent; readonly endsAt: number | undefined } | undefined {
  const ofSort = (document: unknown): readonly SeenSecret[] => secretsOf(document).filter((each) => each.sort === sort);
  const [was, is] = [ofSort(before), ofSort(after)];
  const find = (list: readonly SeenSecret[], { identity }: SeenSecret): SeenSecret | undefined =>
    list.find((each) => each.identity === identity);
  const isAdded = is.some((each) => find(was, each) === undefined);
  // One that had ended at its time is only cleared away.
  const removed = was.filter((each) => find(is, each) === undefined && (each.endsAt ?? Infinity) > at);
  const shortened = is.filter((each) => (each.endsAt ?? Infinity) < (find(was, each)?.endsAt ?? Infinity));
  const ending = shortened.filter((each) => find(was, each) !== undefined);
  const endsAt = ending.length === 0 ? undefined : Math.min(...ending.map((each) => each.endsAt ?? Infinity));
  const hasEnded = removed.length > 0 || ending.length > 0;
  if (isAdded) return { event: hasEnded ? 'secret.rotated' : 'secret.made', endsAt };
  return hasEnded ? { event: 'secret.ended', endsAt } : undefined;
}

function secretText(
  event: SecretEvent,
  sort: SeenSecret['sort'],
  who: string,
  title: string,
  ends: string | undefined,
): string {
  if (event === 'secret.made') return `${who} made a new ${sort} for ${title}`;
  const until = ends === undefined ? 'has ended' : `ends at ${ends}`;
  if (event === 'secret.rotated') return `${who} rotated the ${sort} of ${title}: the old one ${until}`;
  return `${who} ended a ${sort} of ${title}: it ${until}`;
}
