import type { Change } from '../registry/log.ts';
import type { Draft } from './event.ts';
import type { EventName } from './event-kinds.ts';
import { subjectOf, textAt, titleOf, whoText } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';

const LIFECYCLE: ReadonlyMap<string, readonly [EventName, string]> = new Map([
  ['published', ['api.published', 'published']],
  ['deprecated', ['api.deprecated', 'deprecated']],
  ['retired', ['api.retired', 'retired']],
]);

/** These tell whoever calls the API, too. */
const OF_CALLERS: ReadonlySet<EventName> = new Set(['api.deprecated', 'api.retired', 'api.deleted']);

/** What a write of an API has made of it. */
export function apiEvents(change: Change, around: Surroundings): readonly Draft[] {
  const { actor, reason, before, after } = change;
  const document = (after ?? before)?.document;
  const who = whoText(actor);
  const title = titleOf(change, document);
  const lifecycle = textAt(document, 'metadata.lifecycle');
  const draft = (event: EventName, did: string): Draft => ({
    event,
    by: actor,
    reason,
    about: subjectOf(change, document),
    teams: [around.teamOf(change, document), ...(OF_CALLERS.has(event) ? around.callersOf(change) : [])],
    text: `${who} ${did} the API ${title}${reason === '' ? '' : `: ${reason}`}`,
    data: { lifecycle, version: textAt(document, 'metadata.version') },
  });
  if (after === undefined) return [draft('api.deleted', 'deleted')];
  const moved = LIFECYCLE.get(lifecycle ?? '');
  const isMoved = lifecycle !== textAt(before?.document, 'metadata.lifecycle');
  return [
    ...(before === undefined ? [draft('api.created', 'made')] : []),
    ...(moved === undefined || !isMoved ? [] : [draft(...moved)]),
  ];
}
