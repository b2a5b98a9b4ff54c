import type { Role } from '../access/caller.ts';
import type { RequestEvent } from '../analytics/event.ts';
import type { SampleArchive, SampledRequest } from '../analytics/sampled-request.ts';
import { qualifiedName } from '../document/names.ts';
import type { AnalyticsDesk } from '../operator/analytics-desk.ts';
import type { Condition, Question, SlotArchive } from '../rollup/question.ts';
import type { Dimension } from '../rollup/slot.ts';
import type { ResourceIndex } from './resource-index.ts';
import type { Rights } from './rights.ts';

/** Of which requests somebody may know: those to these APIs, and those of these client applications. */
export interface RequestScope {
  readonly apis: readonly string[];
  readonly clients: readonly string[];
}

const OF_APIS: readonly Role[] = ['admin', 'owner', 'viewer', 'auditor'];
const OF_CLIENTS: readonly Role[] = ['admin', 'developer', 'viewer', 'auditor'];

/** How an API handles its requests, which is not its callers' to know. */
const INNER: ReadonlySet<Dimension> = new Set(['policy', 'service', 'source']);
/** No name has a slash at its beginning. */
const NOTHING = '/';

/** @returns undefined: of all */
export function requestScope(rights: Rights, index: ResourceIndex): RequestScope | undefined {
  if (rights.seesEverything()) return undefined;
  const named = (kind: string, roles: readonly Role[]): readonly string[] => {
    if (!rights.isWithin('read', kind)) return [];
    return index.ofKind(kind).flatMap(({ facts, ...key }) => {
      const held = rights.rolesIn(rights.objectOf(key, facts).team);
      return roles.some((role) => held.has(role)) ? [qualifiedName(key)] : [];
    });
  };
  return { apis: named('Api', OF_APIS), clients: named('ClientApplication', OF_CLIENTS) };
}

/** Answers of what is in the scope, as if there were nothing else. */
export function deskWithin(scope: RequestScope, { archive, samples }: AnalyticsDesk): AnalyticsDesk {
  return {
    archive: archive && archiveWithin(scope, archive),
    samples: samples && samplesWithin(scope, samples),
    isOfSome: true,
  };
}

function archiveWithin({ apis, clients }: RequestScope, archive: SlotArchive): SlotArchive {
  const ofApis = conditionOf('api', apis);
  const ofClients = conditionOf('client', clients);
  const isInner = ({ by, where }: Question): boolean =>
    by.some((name) => INNER.has(name)) || where.some(({ dimension }) => INNER.has(dimension));
  return {
    ask(question) {
      const within = isInner(question) || clients.length === 0 ? ofApis : { ...ofApis, or: ofClients };
      return archive.ask({ ...question, where: [...question.where, within] });
    },
  };
}

function conditionOf(dimension: Dimension, values: readonly string[]): Condition {
  return { dimension, values: values.length === 0 ? [NOTHING] : values, isExcluded: false };
}

function samplesWithin(scope: RequestScope, samples: SampleArchive): SampleArchive {
  const apis = new Set(scope.apis);
  return {
    async find(question) {
      const isInner = question.where?.some(({ dimension }) => INNER.has(dimension)) ?? false;
      const within = isInner ? { ...scope, clients: [] } : scope;
      const found = await samples.find({ ...question, within });
      return found.map((sample) => (apis.has(sample.event.api ?? '') ? sample : asCallerSees(sample)));
    },
  };
}

function asCallerSees({ event }: SampledRequest): SampledRequest {
  const { policy: _1, shadow: _2, details: _3, destination: _4, source: _5, service: _6, ...told } = event;
  const { upstreamHost: _7, upstreamMs: _8, policyMs: _9, ...seen } = told satisfies Partial<RequestEvent>;
  return { event: seen, steps: [] };
}
