import type { Change, ResourceKey } from '../registry/log.ts';
import { apiEvents } from './api-events.ts';
import { applicationEvents } from './application-events.ts';
import { contractEvents, partiesOf } from './contract-events.ts';
import { eventOf } from './event.ts';
import type { Draft, TeamEvent } from './event.ts';
import type { ContractReading, Surroundings } from './surroundings.ts';

/** The events of one change of the log: the same whenever they are made of it. */
export function eventsOfChange(change: Change, around: Surroundings, reading: ContractReading): readonly TeamEvent[] {
  const seen = `${around.history} ${change.revision}`;
  return draftsOf(change, around, reading).map((draft) => eventOf(draft, seen, change.at));
}

function draftsOf(change: Change, around: Surroundings, reading: ContractReading): readonly Draft[] {
  switch (change.kind) {
    case 'Contract':
      return contractEvents(change, around, reading);
    case 'ClientApplication':
      return applicationEvents(change, around);
    case 'Api':
      return apiEvents(change, around);
    default:
      return [];
  }
}

/** What has to be read to tell of a change. */
export function referredIn(change: Change): readonly ResourceKey[] {
  return referredBy(change, (change.after ?? change.before)?.document);
}

/** What has to be read to tell of a resource. */
export function referredBy(key: ResourceKey, document: unknown): readonly ResourceKey[] {
  if (key.kind !== 'Contract') return [];
  const { api, application } = partiesOf(key, document);
  return [api, application].filter((each) => each !== undefined);
}
