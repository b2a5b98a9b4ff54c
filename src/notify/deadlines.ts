import type { Change, ResourceKey } from '../registry/log.ts';
import { secretsOf } from './application-events.ts';
import type { SeenSecret } from './application-events.ts';
import { betweenText, contractData, contractTeams, partiesOf } from './contract-events.ts';
import type { Draft } from './event.ts';
import { subjectOf, textAt, titleOf } from './surroundings.ts';
import type { ContractReading, Surroundings } from './surroundings.ts';

const DAY_MS = 86_400_000;
/** How long before the end people are warned. */
const WARNED_DAYS = [30, 7, 1] as const;

/** Something that ends at a time, of which people are warned before. */
export interface Deadline extends ResourceKey {
  /** Which of the ends of the resource it is; empty for a contract. */
  readonly part: string;
  /** Milliseconds since the Unix epoch. */
  readonly endsAt: number;
}

/** When to tell of it next after a time: at one of the warnings, or at the end; undefined: no more. */
export function nextTelling({ endsAt }: Pick<Deadline, 'endsAt'>, after: number): number | undefined {
  const moments = [...WARNED_DAYS.map((days) => endsAt - days * DAY_MS), endsAt];
  return moments.find((moment) => moment > after);
}

/** The same of what was there before anybody looked: a warning that has passed is told at once. */
export function firstTelling(deadline: Pick<Deadline, 'endsAt'>, now: number): number | undefined {
  if (deadline.endsAt <= now) return undefined;
  return deadline.endsAt - now <= WARNED_DAYS[0] * DAY_MS ? now : nextTelling(deadline, now);
}

/** Which telling is due: so many days before, 0 for the end. */
export function dueDays({ endsAt }: Pick<Deadline, 'endsAt'>, now: number): number {
  const left = endsAt - now;
  return left <= 0 ? 0 : (WARNED_DAYS.findLast((days) => left <= days * DAY_MS) ?? WARNED_DAYS[0]);
}

/** The ends that a resource has, as of a document; undefined: it is not there. */
export function deadlinesOf(
  key: ResourceKey,
  document: unknown,
  around: Pick<Surroundings, 'document'>,
  reading: ContractReading,
): readonly Deadline[] {
  const { kind, namespace, name } = key;
  if (document === undefined) return [];
  if (kind === 'ClientApplication') {
    return secretsOf(document).flatMap(({ identity, endsAt }) =>
      endsAt === undefined ? [] : [{ kind, namespace, name, part: identity, endsAt }],
    );
  }
  if (kind !== 'Contract') return [];
  const { api } = partiesOf(key, document);
  const endsAt = Date.parse(textAt(document, 'spec.expiresAt') ?? '');
  if (Number.isNaN(endsAt) || reading.statusOf(document, api && around.document(api)) !== 'approved') return [];
  return [{ kind, namespace, name, part: '', endsAt }];
}

/** What a change does to the ends of its resource: those that stay as they are are in neither list. */
export function deadlineChanges(
  { before, after, ...change }: Change,
  around: Pick<Surroundings, 'document'>,
  reading: ContractReading,
): { readonly set: readonly Deadline[]; readonly dropped: readonly Deadline[] } {
  const was = deadlinesOf(change, before?.document, around, reading);
  const is = deadlinesOf(change, after?.document, around, reading);
  const isIn = (list: readonly Deadline[], { part, endsAt }: Deadline): boolean =>
    list.some((each) => each.part === part && each.endsAt === endsAt);
  return {
    set: is.filter((each) => !isIn(was, each)),
    dropped: was.filter((each) => !is.some(({ part }) => part === each.part)),
  };
}

/** The event of an end that is due. @returns undefined where the resource does not end then any more */
export function deadlineDraft(
  deadline: Deadline,
  days: number,
  document: unknown,
  around: Surroundings,
  reading: ContractReading,
): Draft | undefined {
  const still = deadlinesOf(deadline, document, around, reading).some(
    ({ part, endsAt }) => part === deadline.part && endsAt === deadline.endsAt,
  );
  if (!still) return undefined;
  const endsAt = new Date(deadline.endsAt).toISOString();
  const about = subjectOf(deadline, document);
  if (deadline.kind === 'Contract') {
    const of = betweenText(deadline, document, around);
    const teams = contractTeams(deadline, document, around);
    const data = contractData(deadline, document);
    if (days === 0) return { event: 'contract.expired', about, teams, text: `The contract${of} has expired`, data };
    const text = `The contract${of} expires within ${daysText(days)}, at ${endsAt}`;
    return { event: 'contract.expiring', about, teams, text, data: { ...data, withinDays: days } };
  }
  const secret = secretsOf(document).find(({ identity }) => identity === deadline.part);
  const sort: SeenSecret['sort'] = secret?.sort ?? 'secret';
  const data = { sort: sort === 'secret' ? 'secret' : 'api-key', endsAt };
  const teams = [around.teamOf(deadline, document)];
  const title = titleOf(deadline, document);
  if (days === 0) return { event: 'secret.expired', about, teams, text: `The ${sort} of ${title} has ended`, data };
  const text = `The ${sort} of ${title} ends within ${daysText(days)}, at ${endsAt}`;
  return { event: 'secret.ending', about, teams, text, data: { ...data, withinDays: days } };
}

function daysText(days: number): string {
  return days === 1 ? 'a day' : `${days} days`;
}
