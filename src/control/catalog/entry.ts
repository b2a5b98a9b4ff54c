import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  CatalogEntrySchema,
  CatalogLimitSchema,
  CatalogTierSchema,
  TermsOfUseSchema,
} from '../../../gen/ostiary/v1/catalog_pb.js';
import { isRecord } from '../../document/load.ts';
import { CALENDAR_MS } from '../../quota/calendar.ts';
import type { ResourceKey } from '../../registry/log.ts';
import { valueAt } from '../facts.ts';

export type CatalogEntryMessage = MessageInitShape<typeof CatalogEntrySchema>;
export type CatalogTierMessage = MessageInitShape<typeof CatalogTierSchema>;
export type CatalogLimitMessage = MessageInitShape<typeof CatalogLimitSchema>;

/** A text of a document; empty where it has none. */
export function textAt(document: unknown, path: string): string {
  const value = valueAt(document, path.split('.'));
  return typeof value === 'string' ? value : '';
}

export function listAt(document: unknown, path: string): readonly unknown[] {
  const value = valueAt(document, path.split('.'));
  return Array.isArray(value) ? value : [];
}

/** What the catalog tells of an API to whoever sees it at all. */
export function entryMessage({ namespace, name }: ResourceKey, document: unknown, team: string): CatalogEntryMessage {
  const labels = valueAt(document, ['metadata', 'labels']);
  const own = isRecord(labels) ? Object.entries(labels).filter(([, value]) => typeof value === 'string') : [];
  return {
    namespace,
    name,
    displayName: textAt(document, 'metadata.displayName'),
    description: textAt(document, 'metadata.description'),
    team,
    lifecycle: textAt(document, 'metadata.lifecycle'),
    visibility: textAt(document, 'metadata.visibility'),
    version: textAt(document, 'metadata.version'),
    asset: textAt(document, 'metadata.asset'),
    basePath: textAt(document, 'spec.basePath') || '/',
    labels: Object.fromEntries(own) as Record<string, string>,
  };
}

export function tierMessages(api: unknown): readonly CatalogTierMessage[] {
  return listAt(api, 'spec.tiers')
    .filter(isRecord)
    .map((tier) => ({
      name: String(tier['name']),
      limits: Array.isArray(tier['limits']) ? tier['limits'].filter(isRecord).map(limitMessage) : [],
      autoApprove: tier['autoApprove'] === true,
      deprecated: tier['deprecated'] === true,
      approvers: typeof tier['approvers'] === 'number' ? tier['approvers'] : 0,
    }));
}

function limitMessage(written: Readonly<Record<string, unknown>>): CatalogLimitMessage {
  const { name, maximumRequests, timePeriodInMilliseconds, calendar, timeZone } = written;
  const unit = calendarUnit(calendar);
  return {
    name: typeof name === 'string' ? name : '',
    maximumRequests: whole(maximumRequests),
    timePeriodInMilliseconds: unit === undefined ? whole(timePeriodInMilliseconds) : BigInt(CALENDAR_MS[unit]),
    calendar: unit ?? '',
    timeZone: unit === undefined ? '' : typeof timeZone === 'string' ? timeZone : 'UTC',
  };
}

export function calendarUnit(calendar: unknown): keyof typeof CALENDAR_MS | undefined {
  return typeof calendar === 'string' && Object.hasOwn(CALENDAR_MS, calendar)
    ? (calendar as keyof typeof CALENDAR_MS)
    : undefined;
}

function whole(value: unknown): bigint {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : 0n;
}

/** @returns undefined: the API has none */
export function termsMessage(api: unknown): MessageInitShape<typeof TermsOfUseSchema> | undefined {
  const version = textAt(api, 'metadata.terms.version');
  if (version === '') return undefined;
  return { version, text: textAt(api, 'metadata.terms.text'), url: textAt(api, 'metadata.terms.url') };
}
